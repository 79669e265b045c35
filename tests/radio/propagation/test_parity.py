"""The sweep's own geometry against the path read off point by point, number by number.

Indices are equal; every other number differs by no more than 1e-9 of itself (or of one unit,
where it is smaller: 1 m, 1 mrad, 1 km, 1 √m). Receivers within 1e-9 of a branch, where rounding
may choose either side, are listed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from phusong.coverage.propagation import (
    FLAG_BRANCH_NEAR,
    FLAG_FREE_SPACE,
    PropagationSettings,
    Surface,
    Transmitter,
)
from phusong.coverage.propagation.diffraction import NU_CLEAR
from phusong.coverage.propagation.p526.path import bullington_edge, smooth_surface
from phusong.coverage.propagation.p1812.geometry import effective_earth_km, horizons
from phusong.coverage.propagation.p1812.loss import EARTH_KM, SPEED_OF_LIGHT
from phusong.coverage.propagation.p1812.path import BETA_EARTH_FACTOR, p1812_path
from phusong.coverage.propagation.p1812.receiver import TRACE
from phusong.coverage.propagation.p1812.sweep import sweep_p1812
from phusong.coverage.propagation.walk.fan import fan_of
from phusong.coverage.propagation.walk.profile import Profile, cell_profile
from worlds.terrain import rough_ground, tile_ground

CELLS = 480
CELL_M = 30.0
FREQS = (700.0, 2600.0)
MAST = Transmitter(7_213.0, 7_188.0, 35.0)
TIE = 1e-9
"""How near to each other two points may come before either may be the horizon."""
INDICES = ("at_t", "at_r")
EDGES = {"edge", "smooth", "edge_beta", "smooth_beta"}


@dataclass
class Parity:
    """What a comparison found."""

    receivers: int = 0
    worst: dict[str, float] = field(default_factory=dict)
    """Largest difference of each number, relative."""
    near: list[tuple[int, int, str]] = field(default_factory=list)
    """Row and column of the receivers within 1e-9 of a branch, and which branch."""


def wanted(profile: Profile, mast: Transmitter, config: PropagationSettings) -> dict[str, float]:
    """Return the numbers of a path, each read off the whole profile."""
    path = p1812_path(
        profile.distance_m,
        profile.height_m,
        tx_height_m=mast.height_m,
        rx_height_m=config.rx_height_m,
        freq_mhz=FREQS[0],
        latitude_deg=config.latitude_deg,
        clutter_m=profile.clutter_m,
        zone=profile.zone,
        time_percent=config.time_percent,
    )
    x, ground = profile.distance_m, profile.height_m
    tops = ground + profile.clutter_m
    h1, h2 = path.tx_m - path.diffraction_t_m, path.rx_m - path.diffraction_r_m
    out = {
        "clear": float(path.in_sight),
        "theta_t": path.theta_t_mrad,
        "theta_r": path.theta_r_mrad,
        "smooth_t_m": path.smooth_t_m,
        "smooth_r_m": path.smooth_r_m,
        "h1_m": h1,
        "h2_m": h2,
        "rough_m": max(path.roughness_m, 10.0),
        "sea_share": path.sea_share,
        "land_km": path.land_km,
        "inland_km": path.inland_km,
        "coast_t_km": path.tx_coast_km,
        "coast_r_km": path.rx_coast_km,
    }
    for name, radius_km in (("", path.earth_km), ("_beta", EARTH_KM * BETA_EARTH_FACTOR)):
        radius_m = radius_km * 1e3
        out[f"edge{name}"] = bullington_edge(x, tops, path.tx_m, path.rx_m, radius_m)[0]
        out[f"smooth{name}"] = bullington_edge(x, np.zeros_like(x), h1, h2, radius_m)[0]
    earth_m = effective_earth_km(config.delta_n) * 1e3
    _, at_t, at_r, _, _ = horizons(x, ground, path.tx_m, path.rx_m, earth_m)
    assert smooth_surface(x, ground, path.tx_m, path.rx_m)[0] == path.fit_t_m
    return out | {"at_t": at_t, "at_r": at_r}


def stands(
    profile: Profile, mast: Transmitter, config: PropagationSettings, which: str, i: int
) -> float:
    """Return what a point has the most of to be a horizon: ν in sight, else its slope."""
    x, total = float(profile.distance_m[i]), float(profile.distance_m[-1])
    tx = float(profile.height_m[0]) + mast.height_m
    rx = float(profile.height_m[-1]) + config.rx_height_m
    half = 0.5e-3 / effective_earth_km(config.delta_n)
    height = float(profile.height_m[i])
    if which == "at_t":
        return (height - tx) / x - half * x
    if which == "at_r":
        return (height - rx) / (total - x) - half * (total - x)
    above = height + half * x * (total - x) - (tx * (total - x) + rx * x) / total
    return above * math.sqrt(total / (x * (total - x)))


def compare(ground: Surface, mast: Transmitter, config: PropagationSettings, count: int) -> Parity:
    """Hold `count` receivers of a sweep against the direct reading of the same profile."""
    fan = fan_of(ground, mast, config)
    trace = np.full((fan.rows, fan.cols, len(TRACE)), np.nan)
    result = sweep_p1812(ground, mast, FREQS, config, np.float64, trace=trace)
    rows, cols = np.nonzero(np.isfinite(trace[..., 0]) & (result.flags & FLAG_FREE_SPACE == 0))
    chosen = np.random.default_rng(0).choice(rows.size, min(count, rows.size), replace=False)
    found = Parity(chosen.size)
    scale = math.sqrt(2.0 / (SPEED_OF_LIGHT / (FREQS[0] * 1e6)))
    for row, col in zip(rows[chosen].tolist(), cols[chosen].tolist(), strict=True):
        if result.flags[row, col] & FLAG_BRANCH_NEAR:
            found.near.append((row, col, "in sight or not"))
            continue
        profile = cell_profile(ground, mast, config, row + result.row0, col + result.col0)
        want = wanted(profile, mast, config)
        got = dict(zip(TRACE, trace[row, col].tolist(), strict=True))
        assert got["clear"] == want["clear"]
        tied = False
        for which in INDICES:
            i, j = int(got[which]), int(want[which])
            if i == j:
                continue
            kind = "ν" if want["clear"] else which
            a, b = (stands(profile, mast, config, kind, at) for at in (i, j))
            assert abs(a - b) <= TIE * max(1.0, abs(a)), (row, col, which, i, j)
            tied = True
        if tied:
            found.near.append((row, col, "two horizons"))
        for name in set(TRACE) - {"clear", *INDICES}:
            if name in EDGES and got[name] == -math.inf:
                # Left out: no band notices it. The smooth earth is checked through the loss.
                if name.startswith("edge") and not (
                    name == "edge_beta" and config.time_percent == 50.0
                ):
                    assert want[name] * scale <= NU_CLEAR + 1e-9
                continue
            if tied and name == "rough_m":
                continue  # it is taken between the horizons
            off = abs(got[name] - want[name]) / max(abs(want[name]), 1.0)
            found.worst[name] = max(found.worst.get(name, 0.0), off)
    return found


def world(kind: str, request: pytest.FixtureRequest) -> tuple[Surface, Transmitter]:
    """Return real mountains, made ones with clutter, a plain, or a plain by the sea."""
    layers: dict[str, Any] = {}
    if kind == "Andorra":
        # Asked for here, so that the other grounds are tried where it is absent.
        tile = request.getfixturevalue("shared") / "realdata/andorra/N42E001.hgt.zip"
        if not tile.is_file():
            pytest.skip(f"no SRTM tile at {tile}")
        ground: NDArray[np.float32] = tile_ground(tile, CELLS, CELL_M)
    elif kind == "mountains":
        ground = rough_ground(CELLS, relief_m=900.0)
        random = np.random.default_rng(3)
        layers["clutter_m"] = np.where(random.random(ground.shape) < 0.2, 12.0, 0.0).astype(
            np.float32
        )
    else:
        ground = rough_ground(CELLS, relief_m=12.0, seed=2, roughness=1.6)
    if kind == "sea":
        level = rough_ground(CELLS, relief_m=1.0, seed=9)
        low, high = np.percentile(level, (55, 65))
        layers["zone"] = np.where(level < low, 1, np.where(level < high, 3, 4)).astype(np.uint8)
        ground = np.where(layers["zone"] == 1, 0.0, ground).astype(np.float32)
    return Surface(ground, 0.0, CELLS * CELL_M, CELL_M, **layers), MAST


@pytest.mark.parametrize("kind", ["Andorra", "mountains", "plain", "sea"])
@pytest.mark.parametrize("percent", [50.0, 10.0])
def test_the_sweep_reads_the_same_path(
    kind: str, percent: float, request: pytest.FixtureRequest
) -> None:
    ground, mast = world(kind, request)
    config = PropagationSettings(model="p1812", radius_m=7000.0, time_percent=percent)
    found = compare(ground, mast, config, 400)
    assert found.receivers == 400
    assert max(found.worst.values()) <= 1e-9, found.worst
    assert len(found.near) <= 4, found.near


def test_receivers_at_a_branch_are_listed() -> None:
    # Both antennas 20 m above a plain: where points lie in pairs about the middle, either of the
    # two nearest to it may be the horizon.
    heights = np.zeros((CELLS, CELLS), np.float32)
    mast = Transmitter(7_215.0, 7_185.0, 20.0)
    config = PropagationSettings(model="p1812", radius_m=3000.0, rx_height_m=20.0)
    found = compare(Surface(heights, 0.0, CELLS * CELL_M, CELL_M), mast, config, 3000)
    assert {what for _, _, what in found.near} == {"two horizons"}
    assert 10 <= len(found.near) <= 60
    assert max(found.worst.values()) <= 1e-9, found.worst

    # A wall half-way to the receivers 3 km east that ends in the ray, to within a float32.
    fan = fan_of(Surface(heights, 0.0, CELLS * CELL_M, CELL_M), mast, config)
    row, col = round(fan.tx_row), round(fan.tx_col)
    bulge = 1500.0 * 1500.0 * 0.5e-3 / effective_earth_km(config.delta_n)
    heights[row, col + 50] = 20.0 - bulge
    found = compare(Surface(heights, 0.0, CELLS * CELL_M, CELL_M), mast, config, 30_000)
    branch = [(r + fan.row0, c + fan.col0) for r, c, what in found.near if what != "two horizons"]
    assert branch == [(row, col + 100)]
