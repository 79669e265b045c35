"""H3 hexagons of the FCC's kind: the rule by hand, and the same whatever the tiles."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import CRS, Transformer
from shapely.geometry import box

from helpers.tiny import make_tiny_study
from phusong.coverage.results import ANY, Signal, SignalLayer
from phusong.coverage.signal.combine import NO_LEVEL, NO_PROBABILITY
from phusong.coverage.signal.layerfiles import LEVEL, PROBABILITY, LayerWriter
from phusong.errors import OutputError
from phusong.exports import CsvForm
from phusong.exports.formats import hexagons
from phusong.exports.formats.hexagons import write_hexagons
from phusong.grid import Grid
from phusong.pipeline.run import run_study
from phusong.study.file import read_study

h3 = pytest.importorskip("h3", reason="h3 is not installed")
UTM = CRS.from_epsg(32648)
GRID = Grid(UTM, 500_000.0, 2_504_000.0, 50.0, 80, 80)  # 4 x 4 km
TO_M = Transformer.from_crs(4326, UTM, always_xy=True)
COMMUNES = gpd.GeoDataFrame(
    {"code": ["1", "2"]},
    geometry=[box(500_400, 2_500_400, 502_000, 2_503_600), box(502_000, 2_500_400, 503_600, 2_503_600)],
    crs=UTM,
)  # fmt: skip
EAST = 502_000.0
"""Lit east of here: -80 dBm at the border, a dB less every 100 m east of it."""


def signal_in(folder: Path) -> Signal:
    x = GRID.x0_m + (np.arange(GRID.cols) + 0.5) * GRID.cell_m
    lit = np.broadcast_to(x > EAST, GRID.shape)
    level = np.where(lit, np.rint((-80 - (x - EAST) / 100) * 10), NO_LEVEL).astype(np.int16)
    steps = np.where(lit, 180, NO_PROBABILITY).astype(np.uint8)  # 0.9
    dark = np.full(GRID.shape, NO_LEVEL, dtype=np.int16), np.full(GRID.shape, 100, dtype=np.uint8)
    names = [("Đỏ", "LTE"), ("Đỏ", "NR"), ("Đỏ", ANY), (ANY, "LTE")]
    with LayerWriter(folder / "r", GRID, names, (LEVEL, PROBABILITY)) as writer:
        for i in range(len(names)):
            values = dark if i == 1 else (level, steps)
            for window in GRID.tiles(512):
                writer.write(i, window, values)
    layers = [
        SignalLayer(operator, technology, paths[0], paths[0], paths[1])
        for (operator, technology), paths in zip(names, writer.paths, strict=True)
    ]
    return Signal(GRID, tuple(layers), pd.DataFrame())


def place(cell: str) -> tuple[float, float]:
    lat, lon = h3.cell_to_latlng(cell)
    x, y = TO_M.transform(lon, lat)
    return float(x), float(y)


def lit_at(x: float, y: float) -> bool:
    return x > EAST


def in_communes(x: float, y: float) -> bool:
    return 500_400 < x < 503_600 and 2_500_400 < y < 2_503_600


def expected() -> dict[str, tuple[bool, float]]:
    """The rule, hexagon by hexagon, over a wide disc of them."""
    middle = Transformer.from_crs(UTM, 4326, always_xy=True).transform(502_000, 2_502_000)
    out = {}
    for cell in h3.grid_disk(h3.latlng_to_cell(middle[1], middle[0], 9), 20):
        inside = [p for c in h3.cell_to_children(cell, 11) if in_communes(*(p := place(c)))]
        served = [p for p in inside if lit_at(*p)]
        own = place(cell)
        covered = in_communes(*own) and lit_at(*own)
        if served or covered:
            out[cell] = covered, len(served) / len(inside)
    return out


def test_the_rule_by_hand(tmp_path: Path) -> None:
    described = write_hexagons(signal_in(tmp_path), COMMUNES, 0.9, tmp_path, CsvForm())
    table = pd.read_csv(tmp_path / "h3/coverage_hexagons.csv", encoding="utf-8-sig")
    assert set(table["operator"]) == {"Đỏ"}
    assert set(table["technology"]) == {"LTE"}  # NR is served with 0.5 only, sums are no carrier
    want = expected()
    assert len(want) > 30
    assert set(table["h3_res9_id"]) == set(want)
    assert not table["h3_res9_id"].duplicated().any()
    for row in table.itertuples():
        covered, share = want[row.h3_res9_id]
        assert row.covered == covered
        assert row.covered_share == pytest.approx(share, abs=1e-4)
        if covered:
            x, _ = place(row.h3_res9_id)
            assert row.level_centre_dbm == pytest.approx(-80 - (x - EAST) / 100, abs=0.31)
            assert row.min_signal_dbm <= row.level_centre_dbm
    assert (table["covered_share"] < 1).any()
    assert (table["covered_share"] == 1).any()
    layer = gpd.read_file(tmp_path / "h3/coverage_hexagons.gpkg")
    assert len(layer) == len(table)
    assert layer.crs.to_epsg() == 4326
    areas = layer.to_crs(6933).area / 1e6
    assert areas.between(0.08, 0.13).all()  # hexagons of resolution 9 have 0.105 km2 on average
    assert list(described) == [
        "h3/coverage_hexagons.csv",
        "h3/coverage_hexagons.gpkg/coverage_hexagons",
    ]


def test_tiles_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signal = signal_in(tmp_path)
    tables = []
    for size in (512, 17):
        monkeypatch.setattr(hexagons, "_TILE", size)
        parts = list(hexagons.hexagons(signal, COMMUNES, 0.9))
        assert (len(parts) > 1) == (size == 17)
        whole = pd.concat(parts).drop(columns="geometry").sort_values("h3_res9_id")
        tables.append(whole.reset_index(drop=True))
    pd.testing.assert_frame_equal(*tables)


def test_a_probability_that_nothing_reaches_leaves_an_empty_table(tmp_path: Path) -> None:
    described = write_hexagons(signal_in(tmp_path), COMMUNES, 0.95, tmp_path, CsvForm())
    table = pd.read_csv(tmp_path / "h3/coverage_hexagons.csv", encoding="utf-8-sig")
    assert table.empty
    assert "covered_share" in table.columns
    assert list(described) == ["h3/coverage_hexagons.csv"]
    assert not (tmp_path / "h3/coverage_hexagons.gpkg").exists()


def test_without_h3_it_is_said_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal = signal_in(tmp_path)
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == "h3" else find(n))
    with pytest.raises(OutputError, match=r"phusong\[h3\]"):
        write_hexagons(signal, COMMUNES, 0.9, tmp_path, CsvForm())


def test_a_run_writes_and_documents_them(tmp_path: Path) -> None:
    folder = make_tiny_study(tmp_path / "study")
    text = (folder / "study.toml").read_text("utf-8")
    (folder / "study.toml").write_text(f'{text}\n[outputs]\nformats = ["h3"]\n', "utf-8")
    results = run_study(read_study(folder), tmp_path / "out", fibre=False)
    assert not results.missing
    table = pd.read_csv(tmp_path / "out/h3/coverage_hexagons.csv", encoding="utf-8-sig")
    assert table["covered"].any()
    said = pd.read_csv(tmp_path / "out/columns.csv", encoding="utf-8-sig")
    assert set(said.loc[said["file"] == "h3/coverage_hexagons.csv", "column"]) == set(table.columns)
    listed = json.loads((tmp_path / "out/datapackage.json").read_text("utf-8"))["resources"]
    resource = next(r for r in listed if r["path"] == "h3/coverage_hexagons.csv")
    assert resource["schema"]["primaryKey"] == ["h3_res9_id", "operator", "technology"]
