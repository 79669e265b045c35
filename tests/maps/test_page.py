"""The parts of the map page: registration, pictures, outlines, words, and writing the file."""

from __future__ import annotations

import base64
import json
import re
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS
from rasterio.io import MemoryFile
from shapely.geometry import LineString, MultiPolygon, Polygon, box

from helpers.book import book_of
from phusong.errors import OutputError
from phusong.grid import Grid
from phusong.i18n import catalogue
from phusong.maps import build_map
from phusong.maps.asset import (
    STUDIO_SCRIPTS,
    SWIPE_SCRIPTS,
    library_script,
    read,
    styles,
    template,
)
from phusong.maps.book import to_json
from phusong.maps.codec import coded, flags, positions, scaled, texts
from phusong.maps.hillshade import LARGEST_BASE64, hillshade, paint, shade
from phusong.maps.mercator import Frame
from phusong.maps.outline import encode_lines, encode_rings, shared_borders, simplify_areas
from phusong.maps.picture import encode_grey, encode_pairs, warp
from phusong.maps.sections.remarks import study_section
from phusong.maps.sections.signal import (
    chance_steps,
    colour_servers,
    level_bytes,
    level_steps,
    raster_section,
    signal_rasters,
)
from phusong.maps.words import both, both_from, page_words
from worlds import province

UTM = CRS.from_epsg(32648)
GRID = Grid(UTM, 450_000.0, 2_560_000.0, 50.0, 80, 100)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory):
    return province.make_world(
        tmp_path_factory.mktemp("world"),
        communes=6,
        villages=40,
        sites=9,
        cells_of_grid=160,
        cell_m=100.0,
    )


def _raster(
    path: Path, values: np.ndarray, grid: Grid = GRID, nodata: float | None = -9999
) -> Path:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=grid.cols,
        height=grid.rows,
        count=1,
        dtype=values.dtype,
        crs=grid.crs.to_wkt(),
        transform=grid.transform,
        nodata=nodata,
    ) as target:
        target.write(values, 1)
    return path


# ------------------------------------------------------------------ registration


@pytest.mark.parametrize("epsg", [32648, 9209, 9211, 3405, 32719])
def test_a_marked_cell_is_drawn_where_its_point_is_placed(tmp_path: Path, epsg: int) -> None:
    corner = {32719: (350_000.0, 8_000_000.0)}.get(epsg, (480_000.0, 2_540_000.0))
    grid = Grid(CRS.from_epsg(epsg), *corner, 50.0, 80, 100)
    frame = Frame.over(grid)
    values = np.zeros(grid.shape, dtype=np.float32)
    row, col = 23, 71
    values[row - 1 : row + 2, col - 1 : col + 2] = 1
    drawn, transform = warp(_raster(tmp_path / "mark.tif", values, grid), frame, 2000)
    west, north = grid.x0_m + (col + 0.5) * grid.cell_m, grid.y0_m - (row + 0.5) * grid.cell_m
    x, y = frame.place(np.array([west]), np.array([north]))
    assert x[0] is not None
    assert y[0] is not None
    at_col, at_row = ~transform @ (frame.west_m + x[0], frame.north_m - y[0])
    rows, cols = np.nonzero(drawn == 1)
    assert abs(rows.mean() + 0.5 - at_row) < 0.8
    assert abs(cols.mean() + 0.5 - at_col) < 0.8


def test_the_frame_holds_the_grid_and_invents_no_cells() -> None:
    frame = Frame.over(GRID)
    west, south, east, north = GRID.bounds
    x, y = frame.place(np.array([west, east]), np.array([north, south]))
    assert min(x) >= 0
    assert min(y) >= 0
    assert max(x) <= frame.east_m - frame.west_m
    assert max(y) <= frame.north_m - frame.south_m
    _, rows, cols = frame.picture(5000)
    assert cols <= GRID.cols * 1.1
    assert rows <= GRID.rows * 1.1
    _, rows, cols = frame.picture(40)
    assert max(rows, cols) == 40


def test_a_place_that_is_not_known_stays_unknown() -> None:
    x, y = Frame.over(GRID).place(np.array([np.nan, 451_000.0]), np.array([1.0, 2_559_000.0]))
    assert (x[0], y[0]) == (None, None)
    assert isinstance(x[1], int)


# ------------------------------------------------------------------ pictures


def test_scale_and_void_of_a_raster_are_applied(tmp_path: Path) -> None:
    values = np.full(GRID.shape, -1103, dtype=np.int16)
    values[:, :50] = -32768
    path = _raster(tmp_path / "level.tif", values, nodata=-32768)
    with rasterio.open(path, "r+") as target:
        target.scales = (0.1,)
    drawn, _ = warp(path, Frame.over(GRID), 500)
    assert np.nanmin(drawn) == pytest.approx(-110.3, abs=1e-4)
    assert np.nanmax(drawn) == pytest.approx(-110.3, abs=1e-4)
    assert np.isnan(drawn[20, 10])


def test_a_raster_without_nodata_is_seen_through_outside(tmp_path: Path) -> None:
    small = Grid(UTM, GRID.x0_m + 2000, GRID.y0_m - 1000, 50.0, 20, 20)
    path = _raster(tmp_path / "part.tif", np.full(small.shape, 3.0, np.float32), small, None)
    drawn, _ = warp(path, Frame.over(GRID), 500)
    assert np.isnan(drawn[0, 0])
    assert np.nanmax(drawn) == 3


def _pixels(text: str) -> np.ndarray:
    with warnings.catch_warnings(), MemoryFile(base64.b64decode(text)) as memory:
        warnings.simplefilter("ignore")
        with memory.open() as picture:
            assert picture.driver == "PNG"
            return picture.read()


def test_pictures_of_data_keep_every_value() -> None:
    grey = np.array([[0, 1], [90, 255]], dtype=np.uint8)
    assert _pixels(encode_grey(grey))[0].tolist() == grey.tolist()
    pairs = np.array([[0, 1], [256, 65535]], dtype=np.uint16)
    high, low, nothing = _pixels(encode_pairs(pairs)).astype(int)
    assert (high * 256 + low).tolist() == pairs.tolist()
    assert not nothing.any()


def test_a_level_is_whole_decibels_above_minus_200() -> None:
    levels = np.array([-110.0, -110.4, -199.9, -300, 100, np.nan], dtype=np.float32)
    assert level_bytes(levels).tolist() == [90, 90, 1, 1, 255, 0]


def test_neighbouring_server_areas_differ() -> None:
    servers = np.array([[1, 1, 2], [3, 4, 2], [3, 4, 0]])
    table = colour_servers(servers, 12)
    assert table[0] == 0
    assert (table[1:] > 0).all()
    for one, other in ((1, 2), (1, 3), (1, 4), (3, 4), (4, 2)):
        assert table[one] != table[other]


def test_steps_stand_round_the_studys_own_definitions(world) -> None:
    assert level_steps(world.study, "LTE")[3] == -110
    assert level_steps(world.study, "*")[3] == -110
    assert 0.75 in chance_steps(world.study)


def test_every_plain_layer_has_its_rasters(world) -> None:
    rasters = signal_rasters(world.signal, Frame.over(world.inputs.grid))
    keys = [(r["operator"], r["technology"]) for r in rasters]
    assert keys == [
        (x.operator, x.technology)
        for x in world.signal.layers
        if "*" not in (x.operator, x.technology)
    ]
    for raster in rasters:
        (level,) = _pixels(raster["level"])
        high, low, _ = _pixels(raster["server"]).astype(int)
        assert ((high * 256 + low > 0) == (level > 0)).mean() > 0.99
        assert (high * 256 + low).max() <= len(world.signal.cells)


def test_servers_carry_what_stands_between_them_and_a_room(world) -> None:
    signal = world.signal
    section = raster_section(signal, world.inputs, world.study, Frame.over(world.inputs.grid))
    ids = world.inputs.cells["cell_id"].to_numpy()[section["cell"]]
    assert ids.tolist() == signal.cells["cell_id"].tolist()
    kind = np.array(section["kind"])
    assert np.array(section["threshold_dbm"])[kind] == pytest.approx(
        signal.cells["threshold_dbm"].to_numpy()
    )
    places = section["places"]
    assert set(places["outdoor"]["loss_db"]) == {0.0}
    assert set(places["in_vehicle"]["loss_db"]) == {8.0}
    # ITU-R P.2109-2, traditional building, 1.8 GHz, horizontal incidence: median L_h = 12.64 +
    # 3.72 lg f + 0.96 lg^2 f = 13.66 dB; the wider spread is that of the two distributions.
    assert places["indoor"]["loss_db"][0] == pytest.approx(13.66, abs=1.2)
    assert places["indoor"]["sigma_db"][0] > places["outdoor"]["sigma_db"][0] == 0.0
    assert np.array(section["sigma_db"])[kind] == pytest.approx(signal.cells["sigma_db"])
    assert section["all_left"] == 0
    assert len(section["tints"]) == len(signal.layers)


def test_rasters_shrink_until_they_fit(world, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = Frame.over(world.inputs.grid)

    def weight() -> int:
        return sum(len(r["level"]) + len(r["server"]) for r in signal_rasters(world.signal, frame))

    whole = weight()
    monkeypatch.setattr("phusong.maps.sections.signal.MOST_BASE64", whole // 2)
    monkeypatch.setattr("phusong.maps.sections.signal.SIZES_PX", (300, 100, 50))
    assert weight() <= whole // 2


# ------------------------------------------------------------------ hillshade


def test_light_comes_from_the_north_west() -> None:
    row, col = np.mgrid[0:20, 0:20].astype(np.float32)
    facing = shade((row + col) * 10, 30.0)  # rises to the south-east, so it faces north-west
    away = shade(-(row + col) * 10, 30.0)
    flat = shade(np.zeros((20, 20), np.float32), 30.0)
    assert facing.mean() > flat.mean() > away.mean()
    assert np.ptp(flat) == 0


def test_the_edge_of_the_terrain_is_no_cliff() -> None:
    heights = np.full((20, 20), 900.0, dtype=np.float32)
    heights[:, 12:] = np.nan
    light = shade(heights, 30.0)
    assert np.isnan(light[:, 12:]).all()
    assert np.ptp(light[:, :12]) < 1e-6


def test_voids_are_paper_and_the_picture_is_small(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    heights = (rng.random(GRID.shape) * 500).astype(np.float32)
    heights[:, :30] = np.nan
    image = paint(heights, 50.0)
    assert (image[:, :, :30] == np.array([244, 242, 236])[:, None, None]).all()
    text = hillshade(
        _raster(tmp_path / "d.tif", np.nan_to_num(heights, nan=-9999)), Frame.over(GRID)
    )
    assert text.startswith("data:image/jpeg;base64,/9j/")
    assert len(text) < LARGEST_BASE64


def test_a_terrain_without_heights_is_blank_paper(tmp_path: Path) -> None:
    path = _raster(tmp_path / "void.tif", np.full(GRID.shape, -9999, np.float32))
    assert hillshade(path, Frame.over(GRID)).startswith("data:image/jpeg;base64,")


# ------------------------------------------------------------------ outlines


def _decode(line: list[int]) -> np.ndarray:
    return np.cumsum(np.array(line).reshape(-1, 2), axis=0)


@given(
    st.lists(
        st.tuples(st.floats(450_000, 455_000), st.floats(2_556_000, 2_560_000)),
        min_size=2,
        max_size=30,
    )
)
def test_a_line_comes_back_within_a_metre(points: list[tuple[float, float]]) -> None:
    frame = Frame.over(GRID)
    line = LineString(points)
    (parts,) = encode_lines([line], frame, 0.0)
    back = _decode(parts[0]) if parts else np.empty((0, 2))
    exact = shapely.get_coordinates(frame.project([shapely.simplify(line, 0.0)])[0])
    for point in exact if len(back) else []:
        assert np.min(np.hypot(*(back - point).T)) <= 0.75
    if not len(back):
        assert np.ptp(exact, axis=0).max() < 1.5


def test_holes_and_parts_are_kept_and_empty_shapes_give_nothing() -> None:
    frame = Frame.over(GRID)
    ring = Polygon(
        box(450_100, 2_559_000, 450_900, 2_559_800).exterior,
        [box(450_300, 2_559_200, 450_600, 2_559_500).exterior.coords],
    )
    two = MultiPolygon(
        [box(451_000, 2_558_000, 451_200, 2_558_200), box(452_000, 2_558_000, 452_200, 2_558_200)]
    )
    rings = encode_rings([ring, two, Polygon()], frame)
    assert [len(r) for r in rings] == [2, 2, 0]
    assert [len(line) for line in rings[0]] == [8, 8]


def test_neighbours_still_meet_after_simplification() -> None:
    rng = np.random.default_rng(3)
    x = np.linspace(0, 4000, 200)
    border = np.column_stack((2000 + rng.normal(0, 40, 200), x))
    left = Polygon([(0, 4000), (0, 0), *border])
    right = Polygon([(4000, 4000), (4000, 0), *border])
    simple = simplify_areas(np.array([left, right], dtype=object), 60.0, 60)
    assert shapely.get_num_coordinates(simple).sum() < 200
    assert shapely.intersection(*simple).area == pytest.approx(0, abs=1e-6)
    assert shapely.union(*simple).area == pytest.approx(simple[0].area + simple[1].area)
    assert simplify_areas(np.array([], dtype=object), 10, 10).size == 0


def test_a_border_between_two_is_drawn_once() -> None:
    squares = np.array([box(0, 0, 10, 10), box(10, 0, 20, 10)], dtype=object)
    lines = shared_borders(squares)
    assert shapely.length(lines).sum() == pytest.approx(70)


# ------------------------------------------------------------------ columns and JSON


def test_columns_become_short_lists() -> None:
    assert scaled(pd.Series([1.26, np.nan, -0.04]), 1) == [1.3, None, -0.0]
    assert scaled(pd.Series([1.5, np.inf]), 0) == [2, None]
    assert texts(pd.Series(["a", None, 3])) == ["a", "", "3"]
    assert flags(pd.Series([True, False, None])) == [1, 0, 0]
    assert coded(pd.Series(["x", "y", "x"])) == (["x", "y"], [0, 1, 0])
    assert positions(pd.Series(["b", None, "z"]), pd.Series(["a", "b"])) == [1, -1, -1]


@given(st.text())
def test_no_text_can_leave_its_script_element(text: str) -> None:
    written = to_json({"name": text + "</script><!--"})
    assert not set("<>&\u2028\u2029") & set(written)
    assert json.loads(written)["name"] == text + "</script><!--"


# ------------------------------------------------------------------ words


def _said() -> set[str]:
    """Every English template of the page's own files."""
    said: set[str] = set()
    for name in STUDIO_SCRIPTS:
        text = read(f"{name}.js")
        said |= set(re.findall(r'\bt\(\s*"((?:[^"\\]|\\.)*)"', text))
        said |= set(re.findall(r'\? t\("((?:[^"\\]|\\.)*)"\)', text))
        said |= set(re.findall(r'\b(?:title|label|subtitle|tab): "([^"]+)"', text))
        for table in (
            "QUANTITIES",
            "PLACES",
            "SEVERITY_NAMES",
            "SHORT_GRADES",
            "WEAK_NAMES",
            "FLAGS",
            "FIGURE_NAMES",
            "WAY_NAMES",
            "STATUS_NAMES",
            "RING_NAMES",
            "MAST_NAMES",
            "PLAN_FIGURES",
            "ITEMS",
            "STAYS",
            "LOSS_NAMES",
            "backhaul:",
            "power:",
            "titles:",
            "KINDS:",
            "SAYS:",
        ):
            found = re.search(rf"{table}(?: =)? \{{(.*?)\}}[;,]?\n", text, re.DOTALL)
            if found:
                said |= set(re.findall(r': "([^"]+)"', found.group(1)))
    said |= set(re.findall(r'data-t="([^"]+)"', template("page.html")))
    return said - {"level", "probability", "server"}


def test_every_word_of_the_page_has_its_vietnamese() -> None:
    said = _said()
    assert len(said) > 150
    assert not sorted(said - set(catalogue()))


def test_no_translation_is_left_over(checkout: Path) -> None:
    scripts = {*STUDIO_SCRIPTS, *SWIPE_SCRIPTS}
    bodies = (template("page.html"), template("swipe.html"))
    text = "\n".join([*(read(f"{name}.js") for name in scripts), *bodies])
    python = "\n".join(p.read_text("utf-8") for p in (checkout / "maps").rglob("*.py"))
    assert not [key for key in page_words() if f'"{key}"' not in text + python]


def test_both_languages_are_said_whatever_the_current_one() -> None:
    from phusong.i18n import get_language, tr

    assert both("Village")["vi"] == "Thôn"
    assert both_from(lambda: tr("Tower")) == {"vi": "Trạm", "en": "Tower"}
    assert get_language() == "en"


# ------------------------------------------------------------------ the file


def test_the_page_is_whole_and_asks_for_nothing(world, tmp_path: Path) -> None:
    page = build_map(world, tmp_path / "new" / "map.html")
    text = page.read_text("utf-8")
    assert '<html lang="vi">' in text
    assert not re.search(
        r'(?:src|href)\s*=\s*"(?!data:,|#)',
        re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL),
    )
    assert "url(" not in styles()
    assert "sourceMappingURL" not in library_script()
    assert "tile.openstreetmap.org" not in text
    assert "BSD 2-Clause License" in text
    assert list((tmp_path / "new").iterdir()) == [page]


def test_figures_of_the_page_are_those_of_the_frames(world, tmp_path: Path) -> None:
    book = book_of(build_map(world, tmp_path / "map.html", language="en"))
    frame = world.coverage.by_layer
    for figures in book["figures"]:
        part = frame if figures["place"] == "outdoor" else world.coverage.by_place
        part = part[
            (part["operator"] == figures["operator"])
            & (part["technology"] == figures["technology"])
        ]
        part = part.set_index("code").loc[book["villages"]["code"]]
        assert figures["grade"] == "".join(g[0] for g in part["grade"])
        assert figures["unserved"] == [round(v, 1) for v in part["people_unserved"]]
        assert figures["served"] == [round(v, 1) for v in part["served_share"] * 100]
    assert book["cells"]["id"] == world.inputs.cells["cell_id"].tolist()
    assert len(book["reach"]["x"]) == len(world.fiber.reach)
    assert book["findings"]["total"] == len(world.findings)
    assert {"vi", "en"} == set(book["indicators"][0]["title"])


def test_online_tiles_are_there_only_when_asked_for(world, tmp_path: Path) -> None:
    text = build_map(world, tmp_path / "map.html", online_base=True).read_text("utf-8")
    assert "https://tile.openstreetmap.org" in text
    assert "img-src data: blob: https://tile.openstreetmap.org" in text


def test_missing_results_leave_a_page_that_says_so(world, tmp_path: Path) -> None:
    bare = province.without(world, "signal", "coverage", "fiber")
    book = book_of(build_map(bare, tmp_path / "map.html"))
    assert book["figures"] == []
    assert book["cables"] is None
    assert book["layers"] == []
    assert len(book["villages"]["code"]) == len(world.inputs.villages)


def test_empty_layers_do_not_break_the_page(world, tmp_path: Path) -> None:
    from dataclasses import replace

    inputs = world.inputs
    none = {
        name: getattr(inputs, name).iloc[:0]
        for name in ("cells", "sites", "pops", "roads", "cables")
    }
    book = book_of(
        build_map(
            replace(world, inputs=replace(inputs, **none), signal=None, coverage=None, fiber=None),
            tmp_path / "map.html",
        )
    )
    assert book["cells"]["id"] == book["sites"]["id"] == book["roads"]["lines"] == []


def test_a_file_that_cannot_be_written_says_so_and_leaves_the_old_one(
    world, tmp_path: Path
) -> None:
    folder = tmp_path / "map.html"
    folder.mkdir()
    (folder / "kept").write_text("x")
    with pytest.raises(OutputError, match="the map cannot be written"):
        build_map(world, folder)
    assert [p.name for p in tmp_path.iterdir()] == ["map.html"]
    assert (folder / "kept").read_text() == "x"


def test_villages_that_overlap_are_still_drawn(world, tmp_path: Path) -> None:
    from dataclasses import replace

    villages = world.inputs.villages.copy()
    villages.loc[1, "geometry"] = villages.geometry.iloc[0].buffer(800)
    inputs = replace(world.inputs, villages=gpd.GeoDataFrame(villages, crs=world.inputs.crs))
    book = book_of(
        build_map(
            replace(world, inputs=inputs, signal=None, coverage=None, fiber=None),
            tmp_path / "map.html",
        )
    )
    assert all(book["villages"]["rings"])


def test_only_a_study_that_says_so_is_labelled_synthetic(world) -> None:
    assert study_section(world.study, "2026-01-01", "1")["synthetic"]
    about = world.study.study.model_copy(update={"synthetic": False})
    real = world.study.model_copy(update={"study": about})
    assert not study_section(real, "2026-01-01", "1")["synthetic"]
