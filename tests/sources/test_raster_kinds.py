"""Rasters as programs write them: row order, turn, scale, unit, bands, damage, longitudes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from click.testing import CliRunner
from pyproj import CRS, Transformer
from rasterio.enums import ColorInterp
from rasterio.transform import Affine, from_origin

from helpers.province import CRS as UTM
from helpers.province import X0, Y0, check, numbers_of, only, read
from phusong.checks import Findings
from phusong.cli import main
from phusong.errors import InputError, Where
from phusong.grid import Grid
from phusong.progress import NoProgress
from phusong.sources.rasters.landcover import prepare_landcover
from phusong.sources.rasters.metadata import metres_in
from phusong.sources.rasters.people import prepare_people
from phusong.sources.rasters.rasterfile import RasterFile, near, open_raster
from phusong.sources.rasters.studygrid import footprint
from phusong.sources.rasters.terrain import prepare_terrain
from phusong.sources.rasters.transect import read_profile
from phusong.study import PeopleSource, TerrainSource

GRID = Grid.over(CRS.from_user_input(UTM), (X0, Y0, X0 + 3000, Y0 + 3000), 60)


def write(
    path: Path,
    bands: np.ndarray,
    transform: Affine,
    *,
    crs: Any = UTM,
    nodata: float | None = None,
    scale: float = 1.0,
    offset: float = 0.0,
    unit: str = "",
    colours: tuple[ColorInterp, ...] = (),
    palette: dict[int, tuple[int, int, int, int]] | None = None,
    **options: Any,
) -> Path:
    bands = bands if bands.ndim == 3 else bands[None]
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=bands.shape[2],
        height=bands.shape[1],
        count=len(bands),
        dtype=bands.dtype,
        crs=crs,
        transform=transform,
        nodata=nodata,
        **options,
    ) as target:
        target.write(bands)
        if (scale, offset) != (1.0, 0.0):
            target.scales, target.offsets = [scale] * len(bands), [offset] * len(bands)
        if unit:
            target.units = [unit] * len(bands)
        if colours:
            target.colorinterp = colours
        if palette:
            target.write_colormap(1, palette)
    return path


def height_at(x: Any, y: Any) -> Any:
    """A plane, which bilinear interpolation keeps."""
    return 300 + 0.01 * (x - X0) + 0.02 * (y - Y0)


def plane(transform: Affine, rows: int, cols: int) -> np.ndarray:
    row, col = np.mgrid[0:rows, 0:cols] + 0.5
    x = transform.a * col + transform.b * row + transform.c
    y = transform.d * col + transform.e * row + transform.f
    return height_at(x, y)


NORTH_UP = from_origin(X0 - 900, Y0 + 3900, 90, 90)


def on_grid(grid: Grid = GRID) -> np.ndarray:
    west, _, _, north = grid.bounds
    x = west + (np.arange(grid.cols) + 0.5) * grid.cell_m
    y = north - (np.arange(grid.rows) + 0.5) * grid.cell_m
    return height_at(x[None, :], y[:, None])


def opened(path: Path, holds: Any = "heights", **keys: Any) -> tuple[RasterFile | None, Findings]:
    findings = Findings()
    return open_raster(path, Where(file=path.name), None, findings, holds, **keys), findings


def heights(path: Path, grid: Grid = GRID, **keys: Any) -> np.ndarray:
    file, _ = opened(path, **keys)
    assert file is not None
    files = near([file], grid.crs, grid.bounds)
    return prepare_terrain(
        files,
        ["h"],
        footprint(files, grid.crs),
        grid,
        TerrainSource(dem=[path]),
        path.parent,
        NoProgress(),
    ).heights.read(grid.window)


def ends() -> list[tuple[float, float]]:
    """Two places on the grid, in degrees."""
    to = Transformer.from_crs(UTM, 4326, always_xy=True)
    return [to.transform(X0 + 200, Y0 + 300), to.transform(X0 + 2700, Y0 + 2500)]


def profile(path: Path, **keys: Any) -> np.ndarray:
    file, _ = opened(path, **keys)
    assert file is not None
    return read_profile([file], *ends(), 100.0).height_m[[0, -1]]


ALONG = pytest.approx(
    [float(height_at(X0 + 200, Y0 + 300)), float(height_at(X0 + 2700, Y0 + 2500))], abs=0.05
)

WAYS = {
    "north_up": NORTH_UP,
    "south_up": Affine(90, 0, X0 - 900, 0, 90, Y0 - 900),
    "east_first": Affine(-90, 0, X0 + 3900, 0, -90, Y0 + 3900),
    "turned_quarter": Affine(0, 90, X0 - 900, 90, 0, Y0 - 900),
    "turned_30": Affine.translation(X0 - 3000, Y0 + 1500)
    @ Affine.rotation(-30)
    @ Affine.scale(90, 90),
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_way_the_rows_run(tmp_path: Path, way: str) -> None:
    transform, n = WAYS[way], 90 if way == "turned_30" else 54
    path = write(tmp_path / "dem.tif", plane(transform, n, n).astype("float32"), transform)
    np.testing.assert_allclose(heights(path), on_grid(), atol=0.05)
    assert profile(path) == ALONG


def test_classes_and_people_whatever_way_the_rows_run(tmp_path: Path) -> None:
    up, down = from_origin(X0, Y0 + 3000, 100, 100), Affine(100, 0, X0, 0, 100, Y0)
    people = np.zeros((30, 30), np.float32)
    people[4, 7] = 90
    classes = np.where(np.arange(30)[:, None] < 10, 10, 50).repeat(30, axis=1).astype(np.uint8)
    found = []
    for name, transform, step in (("up", up, 1), ("down", down, -1)):
        folder = tmp_path / name
        p = write(folder / "p.tif", people[::step], transform)
        c = write(folder / "c.tif", classes[::step], transform, nodata=0)
        pfile, cfile = opened(p, "people")[0], opened(c, "classes")[0]
        assert pfile is not None
        assert cfile is not None
        settings = PeopleSource(raster=p)
        raster = prepare_people([pfile], "h", GRID, settings, folder, Findings(), NoProgress())
        cover, known = prepare_landcover([cfile], "h", GRID, folder, NoProgress())
        assert known == 50 * 50
        found.append((raster.read(GRID.window), cover.read(GRID.window)))
    assert found[0][0].sum() == pytest.approx(90)
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])


@pytest.mark.parametrize(
    ("dtype", "scale", "offset"), [("int16", 0.1, 0.0), ("uint16", 0.25, -500)]
)
def test_scale_and_offset_as_declared(
    tmp_path: Path, dtype: str, scale: float, offset: float
) -> None:
    stored = np.round((plane(NORTH_UP, 54, 54) - offset) / scale).astype(dtype)
    path = write(tmp_path / "dem.tif", stored, NORTH_UP, nodata=0, scale=scale, offset=offset)
    np.testing.assert_allclose(heights(path), on_grid(), atol=scale)
    assert profile(path) == pytest.approx(ALONG.expected, abs=scale)


def test_scaled_voids_that_are_not_declared_are_voids(tmp_path: Path) -> None:
    stored = np.round(plane(NORTH_UP, 54, 54) * 10).astype("uint16")
    stored[20:40, 20:40] = 65535  # 6553.5 m would be a height
    path = write(tmp_path / "dem.tif", stored, NORTH_UP, scale=0.1)
    found = heights(path)
    assert np.nanmax(found) < 400
    assert np.isnan(found).any()


def test_a_scale_of_nothing_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "dem.tif", plane(NORTH_UP, 5, 5).astype("int16"), NORTH_UP, scale=0.0)
    file, findings = opened(path)
    assert file is None
    assert only(findings, "S02").params["scale"] == "0"


@pytest.mark.parametrize(
    ("unit", "metres"),
    [
        ("m", 1.0),
        ("Meters", 1.0),
        ("metres above EGM2008", 1.0),
        ("[m]", 1.0),
        ("mét", 1.0),
        ("feet", 0.3048),
        ("ft", 0.3048),
        ("Foot", 0.3048),
        ("foot (International)", 0.3048),
        ("US survey foot", 1200 / 3937),
        ("US Survey Feet", 1200 / 3937),
        ("us-ft", 1200 / 3937),
        ("ftUS", 1200 / 3937),
        ("cm", 0.01),
        ("decimetre", 0.1),
        ("Decimeters", 0.1),
        ("kelvin", None),
        ("", None),
    ],
)
def test_units_in_every_spelling(unit: str, metres: float | None) -> None:
    assert metres_in(unit) == (pytest.approx(metres, rel=1e-12) if metres else None)


@pytest.mark.parametrize(
    ("unit", "crs"),
    [("ft", UTM), ("", "EPSG:32648+8228"), ("ft", "EPSG:32648+5773")],
    ids=["band", "vertical_crs", "band_over_vertical_crs"],
)
def test_feet_are_converted_and_said(tmp_path: Path, unit: str, crs: str) -> None:
    stored = (plane(NORTH_UP, 54, 54) / 0.3048).astype("float32")
    path = write(tmp_path / "dem.tif", stored, NORTH_UP, crs=crs, unit=unit)
    np.testing.assert_allclose(heights(path), on_grid(), atol=0.05)
    assert profile(path) == ALONG
    assert only(opened(path)[1], "D13").params["metres"] == "0.3048"


def test_the_study_says_the_unit(tmp_path: Path, spec: dict[str, Any]) -> None:
    stored = (plane(NORTH_UP, 54, 54) / 0.3048).astype("float32")
    path = write(tmp_path / "dem.tif", stored, NORTH_UP)
    np.testing.assert_allclose(heights(path, unit="ft"), on_grid(), atol=0.05)
    path = write(tmp_path / "dem.tif", stored, NORTH_UP, unit="furlong per fortnight")
    assert only(opened(path)[1], "D14").params["unit"] == "furlong per fortnight"
    spec["terrain"]["unit"] = "ft"
    assert only(check(tmp_path, spec), "D13").where.file == "data/dem.tif"


RGB = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
PICTURES: dict[str, dict[str, Any]] = {
    "rgb": {"n": 3, "colours": RGB},
    "rgba": {"n": 4, "colours": (*RGB, ColorInterp.alpha)},
    "bytes_without_colours": {"n": 3, "colours": (ColorInterp.gray, *(ColorInterp.undefined,) * 2)},
    "rgb_16": {"n": 3, "colours": RGB, "dtype": "uint16"},
    "palette": {"n": 1, "palette": {1: (255, 0, 0, 255)}},
}


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("holds", ["heights", "people", "classes"])
def test_pictures_are_refused_by_name(tmp_path: Path, kind: str, holds: str) -> None:
    said = dict(PICTURES[kind])
    bands = np.full((said.pop("n"), 54, 54), 1, said.pop("dtype", "uint8"))
    file, findings = opened(write(tmp_path / "a.tif", bands, NORTH_UP, **said), holds)
    if kind == "palette" and holds == "classes":  # as ESA WorldCover comes
        assert file is not None
        return
    assert file is None
    assert only(findings, "D15").where.file == "a.tif"


def test_a_picture_stops_the_check(tmp_path: Path, spec: dict[str, Any]) -> None:
    write(tmp_path / "data/dem.tif", np.ones((3, 54, 54), np.uint8), NORTH_UP, colours=RGB)
    assert "D15" in numbers_of(check(tmp_path, spec))


def test_bands_and_bytes_are_said(tmp_path: Path) -> None:
    bands = np.stack([plane(NORTH_UP, 54, 54), np.zeros((54, 54))]).astype("float32")
    path = write(tmp_path / "two.tif", bands, NORTH_UP)
    np.testing.assert_allclose(heights(path), on_grid(), atol=0.05)
    assert only(opened(path)[1], "D18").params["n"] == 2
    path = write(tmp_path / "grey.tif", np.full((9, 9), 128, np.uint8), NORTH_UP)
    only(opened(path)[1], "D16")


def test_a_mask_beside_the_heights_is_no_second_band(tmp_path: Path) -> None:
    bands = np.stack([plane(NORTH_UP, 54, 54), np.full((54, 54), 255)]).astype("float32")
    path = write(tmp_path / "dem.tif", bands, NORTH_UP, photometric="minisblack", alpha="yes")
    assert not numbers_of(opened(path)[1])


@pytest.mark.parametrize("dtype", ["int64", "uint32", "float64", "int32"])
def test_types_of_figures(tmp_path: Path, dtype: str) -> None:
    stored = np.round(plane(NORTH_UP, 54, 54)).astype(dtype)
    path = write(tmp_path / "dem.tif", stored, NORTH_UP)
    np.testing.assert_allclose(heights(path), on_grid(), atol=0.51)


def test_complex_figures_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "dem.tif", np.ones((9, 9), np.complex64), NORTH_UP)
    file, findings = opened(path)
    assert file is None
    only(findings, "S02")


@pytest.mark.parametrize("value", [-32767, -32768, -9999, 3.4e38, -3.4028235e38, 65535, np.inf])
def test_link_reads_impossible_heights_as_check_does(tmp_path: Path, value: float) -> None:
    stored = plane(NORTH_UP, 54, 54).astype("float32")
    stored[:, 28:30] = value
    path = write(tmp_path / "dem.tif", stored, NORTH_UP)
    file, _ = opened(path)
    assert file is not None
    with pytest.raises(InputError, match="impossible heights"):
        read_profile([file], *ends(), 100.0)
    found = read_profile([file], *ends(), 100.0, TerrainSource(dem=[path]))
    straight = np.linspace(*ALONG.expected, found.height_m.size)
    assert found.height_m == pytest.approx(straight, abs=0.5)
    assert found.mended > 0
    a, b = (f"{lon:.6f},{lat:.6f}" for lon, lat in ends())
    shown = CliRunner().invoke(main, ["link", a, b, "--dem", str(path), "--model", "p526"])
    assert shown.exit_code == 0, shown.output
    assert "impossible heights" in shown.output
    assert "lie in voids of the DEM" in shown.output


def cut_short(folder: Path, name: str, values: np.ndarray, transform: Affine) -> None:
    options = {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "deflate"}
    path = write(folder / name, values, transform, **options)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])


@pytest.mark.parametrize("role", ["dem", "people", "landcover"])
def test_a_raster_cut_short_is_named(tmp_path: Path, spec: dict[str, Any], role: str) -> None:
    rng = np.random.default_rng(0)
    transform = from_origin(X0 - 900, Y0 + 10_900, 90, 90)
    kind = "uint8" if role == "landcover" else "float32"
    cut_short(tmp_path, f"data/{role}.tif", rng.uniform(1, 90, (132, 132)).astype(kind), transform)
    if role == "landcover":
        spec["terrain"]["landcover"] = "data/landcover.tif"
    assert only(check(tmp_path, spec), "S02").where.file == f"data/{role}.tif"


def test_a_mosaic_without_its_tile_is_named(tmp_path: Path, spec: dict[str, Any]) -> None:
    (tmp_path / "data/dem.vrt").write_text(
        f"""<VRTDataset rasterXSize="132" rasterYSize="132"><SRS>{UTM}</SRS>
        <GeoTransform>{X0 - 900},90,0,{Y0 + 10_900},0,-90</GeoTransform>
        <VRTRasterBand dataType="Float32" band="1"><SimpleSource>
        <SourceFilename relativeToVRT="1">gone.tif</SourceFilename><SourceBand>1</SourceBand>
        <SourceProperties RasterXSize="132" RasterYSize="132" DataType="Float32"
         BlockXSize="132" BlockYSize="1"/><SrcRect xOff="0" yOff="0" xSize="132" ySize="132"/>
        <DstRect xOff="0" yOff="0" xSize="132" ySize="132"/></SimpleSource></VRTRasterBand>
        </VRTDataset>""",
        "utf-8",
    )
    spec["terrain"]["dem"] = ["data/dem.vrt"]
    found = only(check(tmp_path, spec), "S02")
    assert found.where.file == "data/dem.vrt"
    assert "gone.tif" in found.text()
    a, b = (f"{lon:.6f},{lat:.6f}" for lon, lat in ends())
    shown = CliRunner().invoke(main, ["link", a, b, "--dem", str(tmp_path / "data/dem.vrt")])
    assert shown.exit_code == 1
    assert "gone.tif" in shown.output


def test_a_raster_of_nothing(tmp_path: Path, spec: dict[str, Any]) -> None:
    void = np.full((132, 132), -9999, np.float32)
    transform = from_origin(X0 - 900, Y0 + 10_900, 90, 90)
    kept = (tmp_path / "data/dem.tif").read_bytes()
    write(tmp_path / "data/dem.tif", void, transform, nodata=-9999)
    assert "D04" in numbers_of(check(tmp_path, spec))
    (tmp_path / "data/dem.tif").write_bytes(kept)
    write(tmp_path / "data/lc.tif", np.zeros((132, 132), np.uint8), transform, nodata=0)
    spec["terrain"]["landcover"] = "data/lc.tif"
    assert "no cell" in only(check(tmp_path, spec), "D09").text()


def test_people_beyond_what_can_be_are_none(tmp_path: Path) -> None:
    people = np.full((30, 30), 2, np.float32)
    people[0, 0], people[1, 1] = 3.4e38, -99999
    path = write(tmp_path / "p.tif", people, from_origin(X0, Y0 + 3000, 100, 100))
    file, _ = opened(path, "people")
    assert file is not None
    findings = Findings()
    raster = prepare_people(
        [file], "h", GRID, PeopleSource(raster=path), tmp_path, findings, NoProgress()
    )
    assert raster.read(GRID.window).sum() == pytest.approx(2 * 898)
    assert only(findings, "P02").params["value"] == "-99999, 3.4e+38"


def test_people_scaled(tmp_path: Path, spec: dict[str, Any]) -> None:
    stored = np.full((100, 100), 64, np.int16)
    transform = from_origin(X0, Y0 + 10_000, 100, 100)
    write(tmp_path / "data/people.tif", stored, transform, nodata=-1, scale=0.01)
    inputs, _ = read(tmp_path, spec)
    assert inputs.people is not None
    assert np.nansum(inputs.people.read(inputs.grid.window)) == pytest.approx(6400, rel=1e-3)


def test_pixel_is_point(tmp_path: Path) -> None:
    """The tie point is the middle of the first cell: GDAL says so, and nothing shifts it again."""
    path = write(tmp_path / "dem.tif", plane(NORTH_UP, 54, 54).astype("float32"), NORTH_UP)
    with rasterio.open(path, "r+") as target:
        target.update_tags(AREA_OR_POINT="Point")
    np.testing.assert_allclose(heights(path), on_grid(), atol=0.05)


def degrees_dem(path: Path, west: float, east: float, step: float, **keys: Any) -> Path:
    """Heights that rise 100 m a degree eastward from 0 at 170° E, over 10° S to 20° S."""
    cols, rows = round((east - west) / step), round(10 / step)
    lon = west + (np.arange(cols) + 0.5) * step
    values = np.broadcast_to(100 * ((lon - 170) % 360), (rows, cols)).astype("float32")
    return write(path, values, from_origin(west, -10, step, step), crs="EPSG:4326", **keys)


@pytest.mark.parametrize(
    "tiles",
    [
        [(178, 182)],  # one raster over the meridian
        [(-182, -178)],
        [(178, 180), (-180, -178)],  # two tiles that meet there
        [(0, 360)],
        [(-180, 180)],
    ],
    ids=str,
)
def test_across_the_180th_meridian(tmp_path: Path, tiles: list[tuple[float, float]]) -> None:
    crs = CRS.from_epsg(32760)
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(180.0, -15.0)
    grid = Grid.over(crs, (x - 30_000, y - 30_000, x + 30_000, y + 30_000), 1000)
    files = []
    for i, (west, east) in enumerate(tiles):
        file, _ = opened(degrees_dem(tmp_path / f"{i}.tif", west, east, 0.05))
        assert file is not None
        files += near([file], crs, grid.bounds)
    raster = prepare_terrain(
        files,
        ["h"],
        footprint(files, crs),
        grid,
        TerrainSource(dem=[tmp_path]),
        tmp_path,
        NoProgress(),
    ).heights
    row, col = np.mgrid[0 : grid.rows, 0 : grid.cols] + 0.5
    back = Transformer.from_crs(crs, 4326, always_xy=True)
    west, _, _, north = grid.bounds
    lon, _ = back.transform(west + col * grid.cell_m, north - row * grid.cell_m)
    # At a seam the outermost half cell is held level: 0.025° of 100 m a degree.
    np.testing.assert_allclose(raster.read(grid.window), 100 * ((lon - 170) % 360), atol=2.6)
    path = read_profile(files, (179.9, -15.0), (-179.9, -15.0), 2000.0)
    assert path.height_m == pytest.approx(np.linspace(990, 1010, path.height_m.size), abs=2.6)


def test_a_western_place_on_longitudes_from_0_to_360(tmp_path: Path) -> None:
    file, _ = opened(degrees_dem(tmp_path / "dem.tif", 170, 210, 0.05))
    assert file is not None
    path = read_profile([file], (-170.2, -15.0), (-170.0, -15.0), 2000.0)
    assert path.height_m[[0, -1]] == pytest.approx([1980, 2000], abs=0.1)


def test_axes_exchanged_are_refused(tmp_path: Path) -> None:
    transform = Affine(0.01, 0, 22.0, 0, -0.01, 106.0)
    path = write(tmp_path / "dem.tif", np.ones((99, 99), "float32"), transform, crs="EPSG:4326")
    file, findings = opened(path)
    assert file is None
    assert only(findings, "D17").params["north"] == "106"


def test_metres_under_a_crs_of_degrees_are_no_axes_exchanged(tmp_path: Path) -> None:
    path = write(tmp_path / "dem.tif", plane(NORTH_UP, 9, 9).astype("float32"), NORTH_UP)
    findings = Findings()
    assert open_raster(path, Where(file="dem.tif"), "EPSG:4326", findings) is None
    assert only(findings, "D01").params["crs"] == "WGS 84"


@pytest.mark.parametrize("crs", ["EPSG:nonsense", 'LOCAL_CS["site",UNIT["metre",1]]'])
def test_a_crs_that_is_none_is_named(tmp_path: Path, crs: str) -> None:
    path = write(tmp_path / "dem.tif", plane(NORTH_UP, 9, 9).astype("float32"), NORTH_UP)
    findings = Findings()
    assert open_raster(path, Where(file="dem.tif"), crs, findings) is None
    only(findings, "D01")


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_raster_that_lies_nowhere_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "dem.tif", np.ones((9, 9), "float32"), Affine.identity())
    assert opened(path)[0] is None
