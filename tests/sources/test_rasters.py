"""Rasters on the study grid: heights by hand, voids, sea, tiles, people kept, work kept."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS as Crs
from pyproj import Transformer
from rasterio.transform import from_origin
from scipy import ndimage
from shapely.geometry import box

from helpers.province import CRS, X0, Y0, dem, numbers_of, only, read, villages, write_raster
from phusong.checks import Findings
from phusong.disc.workplace import sweep, workplace
from phusong.errors import OutputError, Where
from phusong.grid import Grid, Window
from phusong.progress import NoProgress
from phusong.sources.rasters.landcover import prepare_landcover
from phusong.sources.rasters.people import people_by_village, prepare_people
from phusong.sources.rasters.prepared import create
from phusong.sources.rasters.rasterfile import RasterFile, open_raster
from phusong.sources.rasters.studygrid import cell_size, footprint
from phusong.sources.rasters.terrain import prepare_terrain
from phusong.sources.rasters.voids import _parts, _width
from phusong.study import PeopleSource, TerrainSource


def opened(path: Path) -> RasterFile:
    file = open_raster(path, Where(file=path.name), None, Findings())
    assert file is not None
    return file


def grid_of(cell_m: float, size_m: float = 3000.0, crs: str = CRS) -> Grid:
    return Grid.over(Crs.from_user_input(crs), (X0, Y0, X0 + size_m, Y0 + size_m), cell_m)


def prepare(paths: list[Path], grid: Grid, folder: Path, **keys: Any) -> Any:
    files = [opened(p) for p in paths]
    ground = footprint(files, grid.crs)
    settings_ = TerrainSource(dem=paths, **keys)
    return prepare_terrain(
        files, [str(p) for p in paths], ground, grid, settings_, folder, NoProgress()
    )


def plane(
    path: Path, size_m: float, cell_m: float, x0: float = X0, y0: float = Y0, **kwargs: Any
) -> None:
    """Heights 0.01 x + 0.02 y over a square, which bilinear interpolation keeps exactly."""
    n = round(size_m / cell_m)
    x = x0 + (np.arange(n) + 0.5) * cell_m - X0
    y = y0 + size_m - (np.arange(n) + 0.5) * cell_m - Y0
    heights = (100 + 0.01 * x[None, :] + 0.02 * y[:, None]).astype(np.float32)
    write_raster(path, heights, from_origin(x0, y0 + size_m, cell_m, cell_m), **kwargs)


def plane_on(grid: Grid) -> np.ndarray:
    west, _, _, north = grid.bounds
    x = west + (np.arange(grid.cols) + 0.5) * grid.cell_m - X0
    y = north - (np.arange(grid.rows) + 0.5) * grid.cell_m - Y0
    return 100 + 0.01 * x[None, :] + 0.02 * y[:, None]


# ------------------------------------------------------------------ heights


def test_heights_by_hand(tmp_path: Path) -> None:
    plane(tmp_path / "dem.tif", 5400, 90, X0 - 900, Y0 - 900)
    grid = grid_of(30)
    terrain = prepare([tmp_path / "dem.tif"], grid, tmp_path)
    found = terrain.heights.read(grid.window)
    np.testing.assert_allclose(found, plane_on(grid), atol=0.01)
    assert terrain.filled is None
    assert terrain.holes == []


def test_same_grid_is_kept_exactly(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    grid = Grid.over(Crs.from_user_input(CRS), (X0, Y0, X0 + 3600, Y0 + 3600), 90)
    heights = rng.uniform(0, 900, grid.shape).astype(np.float32)
    write_raster(tmp_path / "dem.tif", heights, grid.transform)
    np.testing.assert_array_equal(
        prepare([tmp_path / "dem.tif"], grid, tmp_path).heights.read(grid.window), heights
    )


def test_tiles_join(tmp_path: Path) -> None:
    for name, x0 in (("a", X0 - 900), ("b", X0 + 900)):
        plane(tmp_path / f"{name}.tif", 5400, 90, x0, Y0 - 900)
    grid = grid_of(60)
    found = prepare([tmp_path / "a.tif", tmp_path / "b.tif"], grid, tmp_path).heights.read(
        grid.window
    )
    np.testing.assert_allclose(found, plane_on(grid), atol=0.01)


def test_tiles_that_only_touch_have_no_seam(tmp_path: Path) -> None:
    plane(tmp_path / "a.tif", 1800, 90, X0 - 300, Y0)
    plane(tmp_path / "b.tif", 1800, 90, X0 + 1500, Y0)
    plane(tmp_path / "c.tif", 1800, 90, X0 - 300, Y0 + 1800)
    plane(tmp_path / "d.tif", 1800, 90, X0 + 1500, Y0 + 1800)
    grid = grid_of(30)
    found = prepare([tmp_path / f"{n}.tif" for n in "abcd"], grid, tmp_path).heights.read(
        grid.window
    )
    # At a tile's edge the outermost half cell is held level: 45 m of slope 0.02 at most.
    np.testing.assert_allclose(found, plane_on(grid), atol=1.35)
    assert not np.isnan(found).any()


def test_second_tile_fills_the_first_ones_void(tmp_path: Path) -> None:
    plane(tmp_path / "b.tif", 5400, 90, X0 - 900, Y0 - 900)
    with rasterio.open(tmp_path / "b.tif") as source:
        heights, transform = source.read(1), source.transform
    heights[20:40, 20:40] = -9999
    write_raster(tmp_path / "a.tif", heights, transform)
    grid = grid_of(90)
    terrain = prepare([tmp_path / "a.tif", tmp_path / "b.tif"], grid, tmp_path)
    assert terrain.holes == []
    # Beside the void the first tile has neighbours on one side only: half a cell of slope.
    np.testing.assert_allclose(terrain.heights.read(grid.window), plane_on(grid), atol=0.5)


@pytest.mark.parametrize("zipped", [False, True])
def test_hgt(tmp_path: Path, zipped: bool) -> None:
    n = 1201
    lon = 105 + np.arange(n) / (n - 1)
    heights = np.broadcast_to((lon * 10).round(), (n, n)).astype(">i2").copy()
    heights[600:603, 600:603] = -32768
    path = tmp_path / "N22E105.hgt"
    path.write_bytes(heights.tobytes())
    if zipped:
        with zipfile.ZipFile(tmp_path / "N22E105.hgt.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(path, path.name)
        path.unlink()
        path = tmp_path / "N22E105.hgt.zip"
    file = opened(path)
    crs = Crs.from_epsg(32648)
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(105.5, 22.5)
    assert cell_size(file, crs, (x, y)) == 90
    grid = Grid.over(crs, (x - 3000, y - 3000, x + 3000, y + 3000), 90)
    terrain = prepare([path], grid, tmp_path)
    assert np.nanmean(terrain.heights.read(grid.window)) == pytest.approx(1055, abs=0.5)
    assert 4 <= terrain.filled_cells <= 12


def test_cell_of_the_grid(tmp_path: Path) -> None:
    crs = Crs.from_user_input(CRS)
    heights = np.ones((20, 20), np.float32)
    for name, size, projection, expected in (
        ("a", 30.0, CRS, 30.0),
        ("b", 12.5, CRS, 12.5),
        ("c", 5.0, CRS, 10.0),
        ("d", 1 / 3600, "EPSG:4326", 30.0),
        ("e", 90.0, "EPSG:3405", 90.0),
    ):
        origin = (X0, Y0) if size > 1 else (105.0, 22.8)
        write_raster(
            tmp_path / f"{name}.tif", heights, from_origin(*origin, size, size), crs=projection
        )
        assert cell_size(opened(tmp_path / f"{name}.tif"), crs, (X0, Y0)) == pytest.approx(expected)


# ------------------------------------------------------------------ voids and sea


@pytest.mark.parametrize(("shape", "width"), [((1, 1), 1), ((1, 9), 1), ((3, 9), 3), ((5, 5), 5)])
def test_width_of_a_void(shape: tuple[int, int], width: float) -> None:
    assert _width(np.ones(shape, dtype=bool)) == width


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.02, 0.2, 0.6, 1.0]))
def test_voids_are_told_apart_as_on_the_whole_grid(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    void = rng.random((12, 15)) < share
    void[: rng.integers(0, 6)] = void[rng.integers(6, 13) :] = False
    labels, count = ndimage.label(void, structure=np.ones((3, 3)))
    found = np.zeros(void.shape, dtype=int)
    for number, (where, part) in enumerate(_parts(void), start=1):
        assert not found[where][part].any()
        found[where][part] = number
    assert found.max(initial=0) == count
    assert np.array_equal(found, labels)


def with_void(tmp_path: Path, rows: slice, cols: slice) -> Path:
    plane(tmp_path / "dem.tif", 5400, 90, X0 - 900, Y0 - 900)
    with rasterio.open(tmp_path / "dem.tif", "r+") as source:
        heights = source.read(1)
        heights[rows, cols] = -9999
        source.write(heights, 1)
    return tmp_path / "dem.tif"


def test_narrow_voids_are_filled_and_marked(tmp_path: Path) -> None:
    path = with_void(tmp_path, slice(20, 24), slice(15, 35))
    grid = grid_of(90)
    terrain = prepare([path], grid, tmp_path, void_fill_max_m=400)
    found = terrain.heights.read(grid.window)
    assert terrain.filled_cells == 80
    assert terrain.filled is not None
    marked = terrain.filled.read(grid.window) == 1
    assert marked.sum() == 80
    truth = plane_on(grid)
    assert np.abs(found - truth)[marked].max() < 4
    np.testing.assert_allclose(found[~marked], truth[~marked], atol=0.5)


def test_wide_voids_stay_empty(tmp_path: Path) -> None:
    path = with_void(tmp_path, slice(20, 26), slice(15, 35))
    grid = grid_of(90)
    terrain = prepare([path], grid, tmp_path, void_fill_max_m=400)
    (hole,) = terrain.holes
    assert (hole.cells, hole.width_m) == (120, 450.0)
    assert np.isnan(terrain.heights.read(hole.window)).all()
    assert terrain.filled is None


def test_sea(tmp_path: Path, spec: dict[str, Any]) -> None:
    heights, transform = dem()
    heights -= heights.min()
    heights[60:, :] = np.minimum(heights[60:, :], 3)
    heights[80:, :] = -9999  # open sea in the south
    heights[20:31, 20:31] = -9999  # a void in the hills
    write_raster(tmp_path / "data/dem.tif", heights, transform)
    spec["terrain"]["sea_level_voids"] = True
    spec["terrain"]["void_fill_max_m"] = 1000
    inputs, findings = read(tmp_path, spec)
    found = inputs.terrain.read(inputs.grid.window)
    assert not np.isnan(found).any()
    assert (found[-20:] == 0).all()
    assert only(findings, "D06").params["n"] == 121
    assert "D08" in numbers_of(findings)
    spec["terrain"]["void_fill_max_m"] = 300
    from helpers.province import check

    assert only(check(tmp_path, spec), "D04").params["n"] == 121


def test_sea_without_a_tile(tmp_path: Path, spec: dict[str, Any]) -> None:
    heights, transform = dem()
    heights[:, 90:] = 2
    write_raster(tmp_path / "data/dem.tif", heights[:, :100].copy(), transform)
    spec["terrain"]["sea_level_voids"] = True
    inputs, findings = read(tmp_path, spec)
    east = inputs.terrain.read(inputs.grid.window)[:, -10:]
    assert (east == 0).all()
    assert only(findings, "D08").params["n"] > 2000
    assert only(findings, "D11").params["percent"] == "19"


# ------------------------------------------------------------------ kept work


def test_prepared_rasters_are_kept_and_renewed(tmp_path: Path, spec: dict[str, Any]) -> None:
    first, findings = read(tmp_path, spec)
    made = first.terrain.path.stat().st_mtime_ns
    again, once_more = read(tmp_path, spec)
    assert again.terrain.path == first.terrain.path
    assert again.terrain.path.stat().st_mtime_ns == made
    assert findings.to_frame().equals(once_more.to_frame())
    heights, transform = dem()
    write_raster(tmp_path / "data/dem.tif", heights + 1, transform)
    renewed, _ = read(tmp_path, spec)
    assert renewed.terrain.sha256 != first.terrain.sha256
    window = renewed.grid.window
    np.testing.assert_allclose(
        renewed.terrain.read(window), first.terrain.read(window) + 1, atol=1e-3
    )
    assert not list((tmp_path / ".phusong/prepared").glob(".*"))


def test_half_written_raster_is_made_anew(tmp_path: Path, spec: dict[str, Any]) -> None:
    first, _ = read(tmp_path, spec)
    before = first.terrain.read(first.grid.window)
    first.terrain.path.write_bytes(b"cut short")
    first.terrain.path.with_suffix(".json").unlink()
    again, _ = read(tmp_path, spec)
    np.testing.assert_array_equal(again.terrain.read(again.grid.window), before)


@pytest.mark.parametrize("ending", [".tif", ".json"])
@pytest.mark.parametrize("place", [0.02, 0.5, 0.98])
def test_a_flipped_byte_is_seen_and_the_raster_made_anew(
    tmp_path: Path, spec: dict[str, Any], ending: str, place: float
) -> None:
    first, _ = read(tmp_path, spec)
    before = first.terrain.read(first.grid.window)
    kept = first.terrain.path.with_suffix(ending)
    data = bytearray(kept.read_bytes())
    data[int(len(data) * place)] ^= 4
    kept.write_bytes(data)
    again, _ = read(tmp_path, spec)
    np.testing.assert_array_equal(again.terrain.read(again.grid.window), before)
    assert kept.read_bytes() != data


def test_a_pipe_or_a_folder_in_the_place_of_a_raster_stops_nothing(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    first, _ = read(tmp_path, spec)
    before = first.terrain.read(first.grid.window)
    for path in (first.terrain.path, first.terrain.path.with_suffix(".json")):
        path.unlink()
    first.terrain.path.mkdir()
    os.mkfifo(first.terrain.path.with_suffix(".json"))
    again, _ = read(tmp_path, spec)
    np.testing.assert_array_equal(again.terrain.read(again.grid.window), before)


def test_what_a_killed_run_was_making_is_swept_once_nobody_works_there(tmp_path: Path) -> None:
    with workplace(tmp_path, "making-") as mine:
        (tmp_path / "making-dead").mkdir()
        (tmp_path / "making-dead" / ".owner").write_text("")
        (tmp_path / "making-new").mkdir()  # made this moment, not taken yet
        sweep(tmp_path, "making-")
        assert {p.name for p in tmp_path.iterdir()} == {mine.name, "making-new"}
    assert [p.name for p in tmp_path.iterdir()] == ["making-new"]


def test_a_work_folder_that_cannot_be_written_costs_time_only(
    tmp_path: Path, spec: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    first, _ = read(tmp_path, spec)
    shutil.rmtree(tmp_path / ".phusong")
    (tmp_path / ".phusong").write_text("a file")
    again, _ = read(tmp_path, spec)
    window = first.grid.window
    assert not again.terrain.path.is_relative_to(tmp_path)
    assert (again.terrain.read(window) >= 0).any()
    assert ".phusong" in caplog.text


def test_a_spill_that_cannot_be_read_back_is_an_error(tmp_path: Path) -> None:
    grid = grid_of(30.0)
    values = np.arange(grid.rows * grid.cols, dtype=np.float32).reshape(grid.shape)
    with create(tmp_path / "good.tif", grid, "float32", np.nan) as target:
        for window in grid.tiles(40):
            target.write(window, np.zeros(window.shape))
            target.write(window, values[window.slices_in(grid.window)])
        np.testing.assert_array_equal(
            target.read(Window(30, 35, 20, 20)), values[30:50, 35:55], strict=True
        )
    with rasterio.open(tmp_path / "good.tif") as source:
        np.testing.assert_array_equal(source.read(1), values)
    with (
        pytest.raises(OutputError, match="cannot be read back"),
        create(tmp_path / "bad.tif", grid, "float32", np.nan) as target,
    ):
        target.write(grid.window, values)
        target._file.truncate(100)  # the disc lost what it took
    assert [path.name for path in tmp_path.iterdir()] == ["good.tif"]


def test_a_prepared_raster_that_goes_while_it_is_read_is_told(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    inputs, _ = read(tmp_path, spec)
    inputs.terrain.path.unlink()
    with pytest.raises(OutputError, match="removed or changed"):
        inputs.terrain.read(inputs.grid.window)


# ------------------------------------------------------------------ people and land cover


def people_on(grid: Grid, path: Path, folder: Path, **keys: Any) -> np.ndarray:
    settings_ = PeopleSource(raster=path, **keys)
    raster = prepare_people(
        [opened(path)], str(path), grid, settings_, folder, Findings(), NoProgress()
    )
    return raster.read(grid.window)


@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from([10.0, 30.0, 75.0, 120.0, 400.0]),
    st.sampled_from(["EPSG:4326", "EPSG:3405", CRS]),
    st.integers(0, 99),
)
def test_people_are_kept(
    tmp_path_factory: pytest.TempPathFactory, cell_m: float, crs: str, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("people")
    people = np.random.default_rng(seed).gamma(0.3, 30, (22, 22)).astype(np.float32)
    x, y = Transformer.from_crs(CRS, crs, always_xy=True).transform(X0 + 400, Y0 + 2600)
    size = 1 / 1200 if crs == "EPSG:4326" else 100.0
    write_raster(folder / "p.tif", people, from_origin(x, y, size, size), crs=crs)
    found = people_on(grid_of(cell_m), folder / "p.tif", folder)
    assert found.sum() == pytest.approx(people.sum(), rel=1e-4)
    assert found.min() >= 0


def test_density(tmp_path: Path) -> None:
    write_raster(
        tmp_path / "p.tif",
        np.full((60, 60), 50, np.float32),
        from_origin(X0 - 1000, Y0 + 5000, 100, 100),
    )
    found = people_on(grid_of(30), tmp_path / "p.tif", tmp_path, unit="people_per_km2")
    np.testing.assert_allclose(found, 50 * 0.0009, rtol=1e-4)


def test_people_by_village_by_hand(tmp_path: Path) -> None:
    values = np.zeros((30, 30), np.float32)
    values[5, 5], values[20, 20] = 12, 7
    grid = grid_of(100)
    write_raster(tmp_path / "p.tif", values, grid.transform)
    raster = prepare_people(
        [opened(tmp_path / "p.tif")],
        "h",
        grid,
        PeopleSource(raster=tmp_path),
        tmp_path,
        Findings(),
        NoProgress(),
    )
    small = box(
        X0 + 2041, Y0 + 910, X0 + 2045, Y0 + 915
    )  # no cell centre in it, touches one with 7
    shapes = gpd.GeoDataFrame(
        geometry=[box(X0, Y0 + 2000, X0 + 1000, Y0 + 3000), small, box(X0, Y0, X0 + 100, Y0 + 100)],
        crs=CRS,
    )
    assert people_by_village(raster, shapes).tolist() == [12, 7, 0]


def test_landcover_is_the_nearest_class(tmp_path: Path) -> None:
    classes = np.where(np.arange(60)[None, :] < 30, 10, 50).repeat(60, axis=0).astype(np.uint8)
    write_raster(tmp_path / "l.tif", classes, from_origin(X0 - 1500, Y0 + 4500, 100, 100), nodata=0)
    grid = grid_of(30)
    raster, known = prepare_landcover(
        [opened(tmp_path / "l.tif")], "h", grid, tmp_path, NoProgress()
    )
    assert known == grid.rows * grid.cols
    found = raster.read(grid.window)
    assert set(np.unique(found)) == {10, 50}
    assert (found == 10).mean() == pytest.approx(0.5, abs=0.01)


def test_landcover_through_the_study(tmp_path: Path, spec: dict[str, Any]) -> None:
    write_raster(
        tmp_path / "data/lc.tif",
        np.full((120, 60), 40, np.uint8),
        from_origin(X0 - 1000, Y0 + 11_000, 100, 100),
        nodata=0,
    )
    spec["terrain"]["landcover"] = "data/lc.tif"
    inputs, findings = read(tmp_path, spec)
    assert inputs.landcover is not None
    assert only(findings, "D10").params["percent"] == "50"
    assert np.isnan(inputs.landcover.read(inputs.grid.window)).any()
    write_raster(
        tmp_path / "data/lc.tif",
        np.full((20, 20), 40, np.uint8),
        from_origin(0, 0, 100, 100),
        nodata=0,
    )
    from helpers.province import check

    assert only(check(tmp_path, spec), "D09").where.file == "data/lc.tif"


def test_smallest_village_counts(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages()
    frame.loc[0, "geometry"] = box(X0 + 1010, Y0 + 1010, X0 + 1014, Y0 + 1014)
    frame.to_file(tmp_path / "data/villages.gpkg")
    _, findings = read(tmp_path, spec)
    assert "P03" not in numbers_of(findings)
