"""A small hilly province that scenarios alter, and a run of a scenario held against the studio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import LineString

from helpers import province
from helpers.files import write_layers, write_raster
from phusong.coverage.altered import heldtiles, patched
from phusong.coverage.signal import signal as signal_module
from phusong.coverage.signal.layerfiles import LayerReader
from phusong.pipeline.compute import compute
from phusong.studio.session import Seen, Studio
from phusong.study import Study
from phusong.study.scenario import Scenario

HEADER = [*province.TOWER_HEADER[:7], "do_cao_m", "huong_anten", "eirp_dbm", "trang_thai"]
SITES = {
    "T1": (2500, 2500),
    "T2": (7500, 2600),
    "T3": (5200, 8100),
    "T4": (1200, 8800),
    "T5": (9000, 9100),
}
CELLS = [
    ("C11", "T1", "Mạng A", "LTE", 1800, 0, 58),
    ("C12", "T1", "Mạng A", "LTE", 900, "", 56),
    ("C13", "T1", "Mạng A", "NR", 3500, 120, 60),
    ("C21", "T2", "Mạng A", "LTE", 1800, 240, 58),
    ("C22", "T2", "Mạng B", "LTE", 900, "", 55),
    ("C31", "T3", "Mạng B", "NR", 3500, "", 57),
    ("C32", "T3", "Mạng B", "GSM", 900, 60, 57),
    ("C41", "T4", "Mạng A", "LTE", 900, "", 52),
    ("C51", "T5", "Mạng B", "LTE", 1800, 200, 59),
]
CELL_IDS = [row[0] for row in CELLS]
BACKHAUL = "site_id,medium,upstream\nT1,fibre,\nT2,fibre,\nT3,microwave,T2\nT5,microwave,T3\n"


def hills(cell_m: float = 90.0, margin_m: float = 900.0) -> tuple[np.ndarray, Any]:
    flat, place = province.dem(cell_m, margin_m)
    rows, cols = np.indices(flat.shape)
    waves = 90 * np.sin(rows / 7.0) * np.cos(cols / 9.0) + 60 * np.sin(cols / 4.0)
    return (flat + waves).astype(np.float32), place


def make_hills(folder: Path, **changed: Any) -> Study:
    """Write the province; ``changed``: tables of the study."""
    spec = province.build(folder)
    write_raster(folder / "data/dem.tif", *hills())
    rows = []
    for cell, site, operator, technology, freq, azimuth, eirp in CELLS:
        lon, lat = province.lonlat(province.X0 + SITES[site][0], province.Y0 + SITES[site][1])
        rows.append(
            [cell, site, operator, technology, freq, lon, lat, 35, azimuth, eirp, "hoat_dong"]
        )
    province.write_csv(folder / "data/cells.csv", HEADER, rows, encoding="utf-8-sig")
    (folder / "data/backhaul.csv").write_text(BACKHAUL, "utf-8")
    spec["fiber"]["backhaul"] = [{"path": "data/backhaul.csv"}]
    street = LineString([spot(1000, 1000), spot(1000, 6000), spot(6000, 6000)])
    roads = gpd.GeoDataFrame({"kind": ["road"]}, geometry=[street], crs=province.CRS)
    write_layers(folder / "data", {"roads.gpkg": roads})
    spec["roads"] = [{"path": "data/roads.gpkg"}]
    spec["radio"] = {"radius_km": 4.0, "model": "p526"}
    spec["indicators"] = {"places": ["in_vehicle", "indoor"]}
    spec["uncertainty"] = {"draws": 0}
    return province.study(folder, {**spec, **changed})


def small_tiles(patch: Any) -> None:
    """Cut the grid into many tiles, so that what differs lies on some of them."""
    for module in (signal_module, heldtiles, patched):
        patch.setattr(module, "TILE", 32)


def spot(east_m: float, north_m: float) -> tuple[float, float]:
    return province.X0 + east_m, province.Y0 + north_m


def place(east_m: float, north_m: float) -> tuple[float, float]:
    return province.lonlat(province.X0 + east_m, province.Y0 + north_m)


def hold_to_a_run(studio: Studio, scenario: Scenario, folder: Path) -> Seen:
    """Hold what the studio shows of a scenario to a run of it, cell by cell, village by village."""
    seen = studio.see(scenario)
    study = studio.study.model_copy(update={"scenario": scenario})
    run = compute(study, folder)
    _same_signal(seen, run)
    for name in ("villages", "by_layer", "circles", "by_place"):
        same_tables(getattr(seen.coverage, name), getattr(run.coverage, name))
    same_tables(seen.indicators.to_frame("en"), run.indicators.to_frame("en"))
    for name in ("reach", "edges", "failures"):
        same_tables(getattr(seen.fiber, name), getattr(run.fiber, name))
    return seen


def same_tables(one: pd.DataFrame, other: pd.DataFrame) -> None:
    a, b = (pd.DataFrame(t).drop(columns="geometry", errors="ignore") for t in (one, other))
    pd.testing.assert_frame_equal(a, b, check_exact=True, check_dtype=False)


def _same_signal(seen: Seen, run: Any) -> None:
    cells = seen.signal.cells
    told = ["cell_id", "reference_dbm", "threshold_dbm", "sigma_db", "problem"]
    same_tables(cells.in_service[told], run.signal.cells[told])
    window = run.signal.grid.window
    names = [(layer.operator, layer.technology) for layer in run.signal.layers]
    assert [(n.operator, n.technology) for n in cells.plan.layers] == names
    number = np.concatenate([[0], cells.numbers + 1])
    with LayerReader(run.signal.layers) as reader:
        for i in range(len(names)):
            theirs, ours = reader.read(i, window), seen.signal.read(i, window)
            np.testing.assert_array_equal(ours.ticks, theirs.ticks)
            np.testing.assert_array_equal(ours.server, number[theirs.server])
            if theirs.left is not None:
                np.testing.assert_array_equal(ours.left, theirs.left)
