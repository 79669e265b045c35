"""Radio-climatic zones of a study: what is sea, what coast, and that the sweep's losses know."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from helpers.radio import (
    CRS_M,
    X0,
    Y0,
    cells_frame,
    make_inputs,
    make_study,
    villages_frame,
    write_raster,
)
from phusong.commands.link import _path
from phusong.coverage.kept.lossbytes import BLOCK
from phusong.coverage.propagation import FLAG_FREE_SPACE, Surface, Transmitter, propagate
from phusong.coverage.propagation.p1812.path import p1812_path
from phusong.coverage.propagation.surface import ZONE_COASTAL, ZONE_INLAND, ZONE_SEA
from phusong.coverage.propagation.walk.profile import cell_profile
from phusong.coverage.signal.losses import LOSS_STEP_DB, Losses, LossReport
from phusong.coverage.signal.plan import Mast
from phusong.coverage.signal.seazones import radio_zones, sea_cells
from phusong.coverage.signal.store import PathLossStore
from phusong.grid import Grid

CELL_M = 300.0
SIZE = 120
MAST = Mast("S1", X0 + 13_350.0, Y0 - 18_150.0, 15.0, (150.0, 700.0), ())


def shore() -> np.ndarray:
    """Hills in the west, a beach and, from column 50 on, the sea with an island."""
    row, col = np.indices((SIZE, SIZE))
    heights = np.maximum(0.0, (50 - col) * 6.0) + 8.0 * np.sin(row / 7.0) ** 2
    heights[col >= 50] = 0.0
    heights[60:66, 90:96] = 25.0
    return heights.astype(np.float32)


def world(folder: Path, heights: np.ndarray, *, sea: bool = True, **radio: Any) -> Losses:
    inputs = make_inputs(
        folder,
        cells=cells_frame([{}]),
        sites={"S1": (MAST.x_m, MAST.y_m)},
        villages=villages_frame({"A": (X0 + 100, Y0 - 400, X0 + 400, Y0 - 100)}),
        heights=heights,
        cell_m=CELL_M,
    )
    study = make_study(
        folder,
        terrain={"dem": ["d.tif"], "sea_level_voids": sea},
        radio={
            "model": "p1812",
            "radius_km": 18.0,
            "time_percent": 10.0,
            "clutter": {"at": "none"},
            **radio,
        },
    )
    return Losses(inputs, study, PathLossStore(folder / "store"))


def test_sea_is_wide_water_at_sea_level() -> None:
    heights = np.full((60, 60), 5.0, np.float32)
    heights[:, 40:] = 0.0  # the sea, at the edge of the grid
    heights[10, 30:40] = -0.5  # a creek below it that opens into it
    heights[20:23, 20:23] = 0.0  # a pond at sea level
    heights[30:50, 5:25] = -30.0  # a mine: wide, but not at sea level
    heights[5, 5] = np.nan
    sea = sea_cells(heights, 100.0, 500.0)
    assert sea[:, 40:].all()
    assert sea[10, 30:40].all()
    assert sea.sum() == 60 * 20 + 10
    assert sea_cells(heights, 100.0, 250.0)[20:23, 20:23].all()  # 300 m wide
    assert not sea_cells(heights + 1.0, 100.0, 0.0).any()
    assert sea_cells(np.zeros((4, 4), np.float32), 30.0, 500.0).all()


def test_coast_is_low_land_within_fifty_kilometres() -> None:
    heights = np.full((3, 700), 10.0, np.float32)
    heights[:, :3] = 0.0
    heights[1, 100] = 100.5
    heights[0, 100] = 100.0
    heights[1, 101] = np.nan
    zones = radio_zones(heights, 100.0, 0.0)
    assert zones is not None
    assert (zones[:, :3] == ZONE_SEA).all()
    assert zones[0, 100] == ZONE_COASTAL
    assert zones[1, 100] == zones[1, 101] == ZONE_INLAND
    assert zones[0, 502] == ZONE_COASTAL  # 500 cells of 100 m from the last of the sea
    assert (zones[:, 503:] == ZONE_INLAND).all()
    assert radio_zones(heights[:, 3:], 100.0, 0.0) is None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.0, 800.0))
def test_every_cell_has_one_zone_and_turning_the_grid_turns_the_zones(
    seed: int, narrow_m: float
) -> None:
    random = np.random.default_rng(seed)
    heights = np.round(random.normal(20.0, 40.0, (14, 17)).clip(-5.0, None)).astype(np.float32)
    heights[random.random(heights.shape) < 0.4] = 0.0
    zones = radio_zones(heights, 90.0, narrow_m)
    turned = radio_zones(np.ascontiguousarray(np.rot90(heights)), 90.0, narrow_m)
    if zones is None or turned is None:
        assert zones is turned
        return
    assert np.array_equal(np.rot90(zones), turned)
    assert set(np.unique(zones)) <= {ZONE_SEA, ZONE_COASTAL, ZONE_INLAND}
    assert (heights[zones == ZONE_SEA] <= 0.0).all()
    assert ((zones == ZONE_INLAND) == (heights > 100.0)).all()


def test_a_run_over_a_coast_equals_the_path_formula_with_its_zones(tmp_path: Path) -> None:
    losses = world(tmp_path, shore())
    losses.compute(MAST, LossReport())
    window = losses.window(MAST)
    found = losses.read(MAST, window, {})
    assert found is not None
    ticks = found[0]
    west, _, _, north = losses._ground.grid.bounds_of(window)
    zones = radio_zones(shore(), CELL_M, 500.0)
    assert zones is not None
    here = window.slices_in(losses._ground.grid.window)
    ground = Surface(shore()[here], west, north, CELL_M, zone=zones[here])
    mast = Transmitter(MAST.x_m, MAST.y_m, MAST.height_m)
    flags = propagate(ground, mast, MAST.freqs_mhz, losses.settings)
    random, compared, other = np.random.default_rng(1), 0, 0
    for row, col in random.integers(0, min(window.shape), (150, 2)):
        r, c = int(row) - flags.row0, int(col) - flags.col0
        if not (0 <= r < flags.flags.shape[0] and 0 <= c < flags.flags.shape[1]):
            continue
        if np.isnan(flags.loss_db[0, r, c]) or flags.flags[r, c] & FLAG_FREE_SPACE:
            continue
        profile = cell_profile(ground, mast, losses.settings, int(row), int(col))
        for band, freq in enumerate(MAST.freqs_mhz):
            path = {
                "tx_height_m": MAST.height_m,
                "rx_height_m": 1.5,
                "freq_mhz": freq,
                "latitude_deg": losses.settings.latitude_deg,
                "time_percent": 10.0,
            }
            want = p1812_path(
                profile.distance_m, profile.height_m, zone=profile.zone, **path
            ).loss_db
            got = ticks[band, row, col] * LOSS_STEP_DB
            assert got == pytest.approx(want, abs=LOSS_STEP_DB / 2 + 1e-4)
            inland = p1812_path(profile.distance_m, profile.height_m, **path).loss_db
            other += abs(inland - want) > LOSS_STEP_DB
            compared += 1
    assert compared > 100
    assert other > compared // 4  # the zones matter here


def test_only_what_a_sea_shapes_has_other_keys(tmp_path: Path) -> None:
    coast, hills = shore(), np.maximum(shore(), 3.0)
    cases = [
        ("a", coast, True, "p1812"),
        ("b", coast, False, "p1812"),
        ("c", coast, True, "p526"),
        ("d", coast, False, "p526"),
        ("e", hills, True, "p1812"),
        ("f", hills, False, "p1812"),
    ]
    keys = {
        name: world(tmp_path / name, heights, sea=sea, model=model).keys(MAST)
        for name, heights, sea, model in cases
    }
    assert keys["a"] != keys["b"]
    assert keys["c"] == keys["d"]  # P.526 knows no zones
    assert keys["e"] == keys["f"]  # no sea, no zones

    far = np.full((SIZE, 2 * BLOCK), 300.0, np.float32)
    land = world(tmp_path / "g", far).keys(MAST)
    far[:, -20:] = 0.0  # beyond the mast's reach, and in another block of the store
    assert world(tmp_path / "h", far).keys(MAST) == land


@pytest.mark.parametrize("sea", [True, False])
def test_a_link_over_the_sea_of_a_study_knows_its_zones(tmp_path: Path, sea: bool) -> None:
    write_raster(tmp_path / "d.tif", shore(), Grid(CRS_M, X0, Y0, CELL_M, SIZE, SIZE))
    study = make_study(tmp_path, terrain={"dem": ["d.tif"], "sea_level_voids": sea})
    to_degrees = Transformer.from_crs(CRS_M, 4326, always_xy=True).transform
    ends = tuple(to_degrees(X0 + x, Y0 - 18_000.0) for x in (6_000.0, 24_000.0))
    path = _path((ends[0], ends[1]), study, (), 900.0, (30.0, 1.5), 100.0)
    assert path.zone[-1] == (ZONE_SEA if sea else ZONE_INLAND)
    assert path.zone[0] == ZONE_INLAND  # above 100 m
    at_sea = path.distance_m[path.zone == ZONE_SEA]
    coast = path.distance_m[path.zone == ZONE_COASTAL]
    if sea:
        assert at_sea.min() == pytest.approx(50 * CELL_M - 6_000.0, abs=1.5 * CELL_M)
        assert at_sea.size + coast.size < path.zone.size
        assert coast.max() < at_sea.min()
    else:
        assert at_sea.size == coast.size == 0
