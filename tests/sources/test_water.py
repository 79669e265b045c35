"""Rivers and lakes as planners hand them in: read for the base map, never in the way."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Point, box

from helpers.province import CRS, X0, Y0, build, check, only, read
from phusong.maps.mercator import Frame
from phusong.maps.sections.rivers import river_section
from sample import make, relief, rivers
from sample.erosion import route
from sample.grid import Grid


@pytest.fixture
def spec(tmp_path: Path) -> dict:
    made = build(tmp_path)
    made["rivers"] = [{"path": "data/rivers.gpkg"}]
    return made


def write(folder: Path, shapes: list, names: list[str | None]) -> None:
    gpd.GeoDataFrame({"ten_song": names}, geometry=shapes, crs=CRS).to_file(
        folder / "data/rivers.gpkg"
    )


def test_lines_and_areas_are_water_and_a_point_is_not(tmp_path: Path, spec: dict) -> None:
    lake = box(X0 + 3000, Y0 + 3000, X0 + 4000, Y0 + 4000)
    stream = LineString([(X0 + 100, Y0 + 100), (X0 + 9000, Y0 + 9000)])
    write(tmp_path, [stream, lake, Point(X0 + 10, Y0 + 10)], ["Sông Gâm", None, "x"])
    inputs, findings = read(tmp_path, spec)
    assert inputs.rivers["name"].tolist() == ["Sông Gâm", ""]
    assert only(findings, "S20").where.row == 3
    assert "data/rivers.gpkg" in inputs.sources
    section = river_section(inputs, Frame.over(inputs.grid), 10.0)
    assert section["line_name"] == ["Sông Gâm"]
    assert len(section["lines"]) == len(section["areas"]) == 1


def test_what_leaves_the_grid_is_cut_and_what_is_far_away_is_no_record(
    tmp_path: Path, spec: dict
) -> None:
    near = LineString([(X0 + 5000, Y0 + 5000), (X0 + 40_000, Y0 + 5000)])
    beside = LineString([(X0 + 30_000, Y0), (X0 + 31_000, Y0)])
    write(tmp_path, [near, beside], ["a", "b"])
    inputs, _ = read(tmp_path, spec)
    section = river_section(inputs, Frame.over(inputs.grid), 10.0)
    assert section["line_name"] == ["a"]
    (line,) = section["lines"][0]
    east = np.cumsum(np.array(line).reshape(-1, 2), axis=0)[:, 0].max()
    frame = Frame.over(inputs.grid)
    assert east <= frame.east_m - frame.west_m


def test_a_study_without_rivers_has_none_and_a_missing_file_is_said(
    tmp_path: Path, spec: dict
) -> None:
    assert any("rivers.gpkg" in str(f) for f in check(tmp_path, spec))
    del spec["rivers"]
    inputs, _ = read(tmp_path, spec)
    assert inputs.rivers is None
    assert river_section(inputs, Frame.over(inputs.grid), 10.0) is None


def test_reaches_run_from_confluence_to_confluence() -> None:
    # A valley that falls south and one that joins it from the east, on 60 m cells.
    size = 80
    row, col = np.mgrid[0:size, 0:size].astype(float)
    height = 400 - row + 3 * np.minimum(abs(col - 40), np.hypot(row - 40, 0) + (col < 40) * 99)
    outlet = np.zeros((size, size), bool)
    outlet[-1] = True
    flow = route(height, outlet, 60.0)
    land = relief.Relief(
        Grid(0.0, 4800.0, 30.0, 160), np.zeros((160, 160)), Grid(0.0, 4800.0, 60.0, size), flow
    )
    rivers_before = rivers.STREAM_KM2
    try:
        rivers.STREAM_KM2 = 1.0
        found = rivers.trace(land)
    finally:
        rivers.STREAM_KM2 = rivers_before
    assert len(found.lines) >= 3
    assert len(found.kinds) == len(found.lines) == len(found.catchment_km2)
    ends = shapely.MultiPoint([line.coords[-1] for line in found.lines])
    starts = shapely.MultiPoint([line.coords[0] for line in found.lines])
    meeting = ends.intersection(starts)
    assert not meeting.is_empty
    assert min(point.y for point in ends.geoms) < 100


def test_the_samples_rivers_flow_down_its_own_land() -> None:
    import rasterio

    folder = make.DATA
    frame = gpd.read_file(folder / "rivers/rivers.gpkg")
    assert set(frame["loai"]) == {"song", "suoi"}
    first = np.array([line.coords[0] for line in frame.geometry])
    last = np.array([line.coords[-1] for line in frame.geometry])
    with rasterio.open(folder / "terrain/dem.tif") as source:
        high = np.array([v[0] for v in source.sample(first)], float)
        low = np.array([v[0] for v in source.sample(last)], float)
    known = (high > 0) & (low > 0)
    assert np.mean(high[known] >= low[known] - 5) > 0.97
