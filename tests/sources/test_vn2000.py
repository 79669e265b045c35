"""Projected coordinates without a CRS: the zone of VN-2000 that puts them into the area."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from helpers.province import X0, Y0, check, only, write_csv
from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.vn2000 import report_no_crs, zones_of

PLACE = shapely.box(104.9, 22.3, 105.5, 22.9)
ZONES = [5897, 5898, 5899, *range(9205, 9219)]


def written(epsg: int, n: int = 60) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(104.92, 105.48, n), rng.uniform(22.32, 22.88, n)
    x, y = Transformer.from_crs(4326, epsg, always_xy=True).transform(lon, lat)
    return np.asarray(x), np.asarray(y)


@given(st.sampled_from(ZONES), st.booleans())
def test_every_zone_is_among_those_named(epsg: int, exchanged: bool) -> None:
    x, y = written(epsg)
    found = zones_of(*((y, x) if exchanged else (x, y)), PLACE)
    assert (epsg, exchanged) in {(z.epsg, z.exchanged) for z in found}
    assert all(z.exchanged == exchanged for z in found)
    assert all(z.share >= 0.98 for z in found)
    # A quarter of a degree (25 km of a width of 62 km) is told apart.
    assert len({z.epsg for z in found} & set(ZONES)) == 1


def test_coordinates_of_elsewhere_have_no_zone() -> None:
    x, y = written(9210)
    assert zones_of(x, y - 900_000, PLACE) == []
    assert zones_of(np.array([np.nan]), np.array([1.0]), PLACE) == []
    findings = Findings()
    report_no_crs(x, y - 900_000, PLACE, Where(file="a.csv"), findings)
    assert "in no zone" in next(iter(findings)).text()


def test_the_line_names_the_columns_the_right_way_round() -> None:
    x, y = written(9210)
    findings = Findings()
    report_no_crs(y, x, PLACE, Where(file="a.csv"), findings, ("X (m)", "Y (m)"))
    text = next(iter(findings)).text()
    assert 'crs = "EPSG:9210", columns = { x = "Y (m)", y = "X (m)" }' in text
    assert "100 %" in text


def test_a_study_is_told_the_line_and_reads_the_file_with_it(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    """Villages in VN-2000, 105-30, X the northing: refused with the line, read once it is said."""
    way = Transformer.from_crs(32648, 9209, always_xy=True)
    rows = []
    for k in range(16):
        east, north = way.transform(X0 + 1250 + 2500 * (k % 4), Y0 + 1250 + 2500 * (k // 4))
        rows.append([f"V{k}", f"Thôn {k}", round(north, 1), round(east, 1)])
    write_csv(tmp_path / "data/thon.csv", ["ma_thon", "ten_thon", "X", "Y"], rows)
    layer: dict[str, Any] = {"path": "data/thon.csv"}
    spec["boundaries"]["villages"] = [layer]
    text = only(check(tmp_path, spec), "S05").text()
    assert 'crs = "EPSG:9209", columns = { x = "Y", y = "X" }' in text
    assert "100 %" in text
    layer |= {"crs": "EPSG:9209", "columns": {"x": "Y", "y": "X"}}
    found = check(tmp_path, spec)
    assert not {"S05", "S09", "S54", "B07"} & {f.rule.number for f in found}
    layer["crs"] = "EPSG:9210"  # the zone beside it
    told = only(check(tmp_path, spec), "S54").text()
    assert "0 % of the records lie in the study's area as EPSG:9210, 100 % as EPSG:9209" in told
