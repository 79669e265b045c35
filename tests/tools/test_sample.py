"""The embedded province: exact where it must be, natural where it should be, honest throughout."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from scipy import ndimage

from phusong.study.file import read_study
from sample import (
    backhaul,
    erosion,
    make,
    masts,
    names,
    outlines,
    relief,
    settlements,
    writing,
)
from sample.costpaths import Land, meetings
from sample.grid import Grid, block_mean, refined

DATA = make.DATA


def layer(name: str) -> gpd.GeoDataFrame:
    return gpd.read_file(DATA / name)


@pytest.fixture(scope="module")
def communes() -> gpd.GeoDataFrame:
    return layer("boundaries/communes.gpkg")


@pytest.fixture(scope="module")
def villages() -> gpd.GeoDataFrame:
    return layer("boundaries/villages.gpkg")


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    return pd.read_csv(DATA / "towers/cells.csv", encoding="utf-8-sig", dtype={"ma_tram": str})


@pytest.fixture(scope="module")
def dem() -> tuple[np.ndarray, rasterio.DatasetReader]:
    with rasterio.open(DATA / "terrain/dem.tif") as source:
        yield source.read(1), source


def cells_of(source: rasterio.DatasetReader, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of points, shape (n, 2)."""
    left, top = source.bounds.left, source.bounds.top
    return ((top - xy[:, 1]) // 30).astype(int), ((xy[:, 0] - left) // 30).astype(int)


# ------------------------------------------------------------------ files


def test_size_and_honesty() -> None:
    files = [p for p in DATA.rglob("*") if p.suffix in {".gpkg", ".tif", ".csv"}]
    assert len(files) == 12
    assert sum(p.stat().st_size for p in files) <= 8_000_000
    for path in files:
        if path.suffix == ".tif":
            with rasterio.open(path) as source:
                assert "Synthetic" in source.tags()["note"]
        elif path.suffix == ".gpkg":
            assert writing.NOTE.encode() in path.read_bytes()
    assert "synthetic" in (DATA / "README.md").read_text("utf-8").lower()


def test_study_reads_and_names_files_that_exist() -> None:
    study = read_study(DATA / "study.toml")
    assert "synthetic" in study.study.name
    named = [
        study.boundaries.communes.path,
        *(v.path for v in study.boundaries.villages),
        study.boundaries.village_centres.path,
        *(c.path for c in study.boundaries.commune_centres),
        *(t.path for t in study.towers),
        *study.terrain.dem,
        study.people.raster,
        *(c.path for c in study.fiber.cables),
        *(p.path for p in study.fiber.pops),
        *(b.path for b in study.fiber.backhaul),
        *(r.path for r in study.roads),
        *(r.path for r in study.rivers),
    ]
    assert len(named) == 12
    for path in named:
        assert (DATA / Path(path).relative_to("data")).is_file(), path


def test_study_columns_exist(cells: pd.DataFrame) -> None:
    study = read_study(DATA / "study.toml")
    assert set(study.towers[0].columns.values()) <= set(cells.columns)
    for source in (
        study.boundaries.communes,
        *study.boundaries.villages,
        study.boundaries.village_centres,
        *study.boundaries.commune_centres,
        *study.fiber.cables,
        *study.fiber.pops,
    ):
        frame = layer(str(Path(source.path).relative_to("data")))
        assert set(source.columns.values()) <= set(frame.columns), source.path


# ------------------------------------------------------------------ boundaries


def test_counts_and_codes(communes: gpd.GeoDataFrame, villages: gpd.GeoDataFrame) -> None:
    assert len(communes) == settlements.COMMUNES
    assert len(villages) == settlements.VILLAGES
    assert communes["ma_xa"].is_unique
    assert villages["ma_thon"].is_unique
    assert communes["ma_xa"].str.fullmatch(r"0\d{4}").all()
    assert villages["ma_thon"].str.fullmatch(r"0\d{7}").all()
    assert (villages["ma_thon"].str[:5] == villages["ma_xa"]).all()
    assert set(villages["ma_xa"]) == set(communes["ma_xa"])
    assert set(communes["loai"]) == {"xã", "phường"}
    assert (villages["dan_so"] >= villages["so_ho"]).all()


def test_names(communes: gpd.GeoDataFrame, villages: gpd.GeoDataFrame) -> None:
    assert communes["ten_xa"].is_unique
    assert not villages.duplicated(["ma_xa", "ten_thon"]).any()
    every = [*communes["ten_xa"], *villages["ten_thon"]]
    assert all(unicodedata.is_normalized("NFC", name) for name in every)
    assert np.mean([not name.isascii() for name in every]) > 0.95
    assert not set(communes["ten_xa"]) & names.REAL_COMMUNES


def test_villages_partition_communes(
    communes: gpd.GeoDataFrame, villages: gpd.GeoDataFrame
) -> None:
    assert communes.is_valid.all()
    assert villages.is_valid.all()
    assert shapely.coverage_is_valid(villages.geometry.to_numpy())
    assert shapely.coverage_is_valid(communes.geometry.to_numpy())
    province = shapely.union_all(communes.geometry.to_numpy())
    assert province.geom_type == "Polygon"
    assert not province.interiors
    assert abs(villages.area.sum() - province.area) < 1.0
    assert abs(communes.area.sum() - province.area) < 1.0
    for code, own in villages.groupby("ma_xa"):
        commune = communes.set_index("ma_xa").geometry[code]
        assert shapely.union_all(own.geometry.to_numpy()).symmetric_difference(commune).area < 1.0


def test_province_lies_inside_dem(communes: gpd.GeoDataFrame, dem: tuple) -> None:
    heights, source = dem
    assert source.crs.to_epsg() == 32648
    assert source.res == (30.0, 30.0)
    assert min(heights.shape) * 30 >= 60_000
    west, south, east, north = communes.total_bounds
    box = source.bounds
    margin = min(west - box.left, south - box.bottom, box.right - east, box.top - north)
    assert margin > 1_500.0


# ------------------------------------------------------------------ land and places


def test_land_is_mountainous_without_voids_or_steps(dem: tuple) -> None:
    heights, source = dem
    assert heights.dtype == np.int16
    assert (heights != source.nodata).all()
    assert 30 <= heights.min() < 200
    assert 1_500 < heights.max() < 3_200
    z = heights.astype(float)
    slope = np.degrees(np.arctan(np.hypot(*np.gradient(z, 30.0))))
    assert 12.0 < np.median(slope) < 30.0
    # A seam between blocks or levels would show as a row or column unlike those beside it.
    for axis in (0, 1):
        step = np.abs(np.diff(z, axis=axis)).mean(axis=1 - axis)
        ratio = step / ndimage.median_filter(step, 9)
        assert ratio.min() > 0.85
        assert ratio.max() < 1.15


def test_rivers_are_cut_and_join(dem: tuple) -> None:
    """Filled depressions are shallow karst hollows: valleys lead out of the land."""
    z = block_mean(dem[0].astype(float), 4)
    edge = np.ones(z.shape, dtype=bool)
    edge[1:-1, 1:-1] = False
    flow = erosion.route(z, edge, 120.0)
    depth = flow.filled_m - z
    assert np.mean(depth > 15.0) < 0.12
    assert flow.area_km2.max() > 600.0


def test_centres_stand_in_valleys_on_gentle_ground(villages: gpd.GeoDataFrame, dem: tuple) -> None:
    heights, source = dem
    z = block_mean(heights.astype(float), 4)
    low, high = ndimage.minimum_filter(z, 21), ndimage.maximum_filter(z, 21)
    position = (z - low) / np.maximum(high - low, 1.0)
    slope = np.degrees(np.arctan(np.hypot(*np.gradient(heights.astype(float), 30.0))))
    for name, typical, worst in (("commune_centres", 0.15, 0.5), ("village_centres", 0.35, 0.9)):
        points = layer(f"boundaries/{name}.gpkg").geometry
        row, col = cells_of(source, np.column_stack((points.x, points.y)))
        here = position[row // 4, col // 4]
        assert np.median(here) < typical
        assert np.quantile(here, 0.95) < worst
        assert np.median(slope[row, col]) < 0.6 * np.median(slope)


def test_each_centre_is_in_its_own_land(
    communes: gpd.GeoDataFrame, villages: gpd.GeoDataFrame
) -> None:
    for name, key, areas in (
        ("commune_centres", "ma_xa", communes),
        ("village_centres", "ma_thon", villages),
    ):
        centres = layer(f"boundaries/{name}.gpkg").set_index(key).geometry
        land = areas.set_index(key).geometry
        assert sorted(centres.index) == sorted(land.index)
        assert land.loc[centres.index].contains(centres).all()


def test_people_sum_to_the_villages(villages: gpd.GeoDataFrame) -> None:
    with rasterio.open(DATA / "people/population.tif") as source:
        people = source.read(1)
        assert source.nodata == people[0, 0]
        inside = np.where(people == source.nodata, 0.0, people)
    assert inside.min() == 0.0
    assert inside.sum() == pytest.approx(villages["dan_so"].sum(), rel=0.001)
    assert 0.03 < np.mean(inside[people != source.nodata] > 0) < 0.25


# ------------------------------------------------------------------ roads, fibre, cells


def line_graph(lines: list[shapely.LineString], tolerance_m: float) -> nx.Graph:
    """Join line ends that lie within a tolerance of another line's end."""
    graph = nx.Graph()
    ends = [shapely.Point(line.coords[k]) for line in lines for k in (0, -1)]
    tree = shapely.STRtree(ends)
    for k, line in enumerate(lines):
        graph.add_edge(2 * k, 2 * k + 1, length_m=line.length)
    for a, b in tree.query(ends, predicate="dwithin", distance=tolerance_m).T.tolist():
        if a < b:
            graph.add_edge(a, b, length_m=0.0)
    return graph


def test_roads_connect_every_commune_centre() -> None:
    roads = layer("roads/roads.gpkg")
    assert set(roads["loai"]) == {"quoc_lo", "tinh_lo", "duong_xa", "duong_thon"}
    graph = line_graph(list(roads.geometry), 0.0)
    assert nx.is_connected(graph)
    assert len(nx.cycle_basis(graph)) >= 5
    centres = layer("boundaries/commune_centres.gpkg").geometry
    nearest = shapely.STRtree(roads.geometry.to_numpy()).query_nearest(
        centres.to_numpy(), return_distance=True, all_matches=False
    )[1]
    assert nearest.max() < 250.0


def test_roads_follow_gentle_ground(dem: tuple) -> None:
    heights, source = dem
    slope = np.hypot(*np.gradient(heights.astype(float), 30.0))
    roads = layer("roads/roads.gpkg")
    main = roads[roads["loai"].isin(["quoc_lo", "tinh_lo"])]
    xy = shapely.get_coordinates(shapely.segmentize(main.geometry.to_numpy(), 60.0))
    row, col = cells_of(source, xy)
    assert np.median(slope[row, col]) < 0.5 * np.median(slope)


def reached(cables: gpd.GeoDataFrame, tolerance_m: float) -> int:
    """Count commune centres within 500 m of cable that connects to a PoP."""
    lines = list(cables.geometry)
    graph = line_graph(lines, tolerance_m)
    pops = layer("fiber/pops.gpkg").geometry
    tree = shapely.STRtree(lines)
    entries = {2 * int(k) for k in tree.query(pops.to_numpy(), "dwithin", distance=50.0)[1]}
    lit = set().union(*(nx.node_connected_component(graph, e) for e in entries))
    served = shapely.union_all([lines[k // 2] for k in lit])
    centres = layer("boundaries/commune_centres.gpkg").geometry
    return int((centres.distance(served) < 500.0).sum())


def test_fibre_reaches_most_communes_and_has_gaps() -> None:
    cables = layer("fiber/cables.gpkg")
    assert {"dang_khai_thac", "du_kien"} == set(cables["trang_thai"])
    assert cables["ma_tuyen"].is_unique
    assert cables["chu_so_huu"].nunique() == 3
    live = cables[cables["trang_thai"] == "dang_khai_thac"]
    as_drawn, snapped, mended = (reached(live, t) for t in (1.0, 15.5, 100.0))
    assert as_drawn < snapped < mended
    assert 0.8 * settlements.COMMUNES <= snapped <= 0.95 * settlements.COMMUNES


def test_cables_lie_on_roads() -> None:
    cables = layer("fiber/cables.gpkg").geometry.to_numpy()[:-1]
    points = shapely.points(shapely.get_coordinates(shapely.segmentize(cables, 50.0)))
    roads = shapely.STRtree(layer("roads/roads.gpkg").geometry.to_numpy())
    off = roads.query_nearest(points, return_distance=True, all_matches=False)[1]
    assert off.max() < 1.0


def test_cells(cells: pd.DataFrame, communes: gpd.GeoDataFrame) -> None:
    assert (DATA / "towers/cells.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert 240 <= len(cells) <= 260
    assert cells["ma_cell"].is_unique
    assert cells["ma_tram"].nunique() == 120
    assert set(cells["nha_mang"]) == set(masts.CARRIERS)
    assert set(cells["cong_nghe"]) == {"GSM", "UMTS", "LTE", "NR"}
    site = cells.groupby("ma_tram")
    for column in ("nha_mang", "kinh_do", "vi_do", "trang_thai"):
        assert (site[column].nunique() == 1).all()  # noqa: PD101 - one count a site
    assert 5 <= cells["do_cao_m"].isna().sum() <= 40
    assert cells["do_cao_m"].dropna().between(15, 60).all()
    assert cells["huong_anten"].isna().any()
    assert cells["huong_anten"].dropna().between(0, 359).all()
    assert {"hoat_dong", "du_kien"} == set(cells["trang_thai"])
    points = gpd.GeoSeries.from_xy(cells["kinh_do"], cells["vi_do"], crs=4326).to_crs(32648)
    assert points.within(communes.union_all()).all()


def test_backhaul_leads_every_site_to_fibre_or_a_pop(cells: pd.DataFrame) -> None:
    table = pd.read_csv(DATA / "fiber/backhaul.csv", encoding="utf-8-sig", keep_default_na=False)
    study = read_study(DATA / "study.toml")
    assert set(study.fiber.backhaul[0].columns.values()) <= set(table.columns)
    assert table["ma_tram"].is_unique
    assert set(table["ma_tram"]) <= set(cells["ma_tram"])
    assert 100 < len(table) <= 120
    site = cells.groupby("ma_tram")["nha_mang"].first()
    assert (table["nha_mang"] == table["ma_tram"].map(site)).all()
    fibre = table["truyen_dan"] == "cap_quang"
    assert set(table.loc[~fibre, "truyen_dan"]) == {"viba"}
    assert ((table["tram_nguon"] == "") == fibre).all()
    place = cells.drop_duplicates("ma_tram").set_index("ma_tram")
    xy = gpd.GeoSeries.from_xy(place["kinh_do"], place["vi_do"], crs=4326).to_crs(32648)
    cables = layer("fiber/cables.gpkg").query("trang_thai == 'dang_khai_thac'").union_all()
    drops = xy.set_axis(place.index)[table.loc[fibre, "ma_tram"]].distance(cables)
    assert drops.max() < study.fiber.drop_m
    upstream = table.set_index("ma_tram")["tram_nguon"]
    pops = set(layer("fiber/pops.gpkg")["ma_pop"])
    depths = []
    for name in upstream.index:
        at, hops = name, 0
        while upstream.get(at):
            at, hops = upstream[at], hops + 1
            assert hops < 10
        assert at in pops or at in set(table.loc[fibre, "ma_tram"])
        depths.append(hops)
    assert max(depths) >= 3


def test_a_mast_behind_a_ridge_is_fed_over_the_mast_on_it() -> None:
    """Worked by hand: fibre at A, a wall, B on the wall, C behind it; D beyond every hop."""
    rows, cols = np.mgrid[0:40, 0:400]
    ground = np.where((cols >= 48) & (cols < 52), 300.0, 0.0) + 0.0 * rows
    square = np.vstack([ground] * 10)
    grid = Grid(0.0, 40_000.0, 100.0, 400)
    cells = pd.DataFrame(
        {
            "ma_tram": ["A", "B", "C", "D"],
            "nha_mang": "x",
            "x_m": [1_000.0, 5_000.0, 9_000.0, 39_000.0],
            "y_m": 20_000.0,
        }
    )
    cable = gpd.GeoDataFrame(geometry=[shapely.LineString([(1_000, 20_100), (1_000, 30_000)])])
    pops = gpd.GeoDataFrame({"ma_pop": ["P"], "chu_so_huu": "x"}, geometry=[shapely.Point(0, 0)])

    class Always(np.random.Generator):
        def random(self, size: int) -> np.ndarray:
            return np.zeros(size)

    table = backhaul.hang(Always(np.random.PCG64()), cells, cable, pops, square, grid)
    assert table[["ma_tram", "truyen_dan", "tram_nguon"]].to_numpy().tolist() == [
        ["A", "cap_quang", ""],
        ["B", "viba", "A"],
        ["C", "viba", "B"],
    ]


# ------------------------------------------------------------------ the program


@pytest.mark.slow
def test_program_makes_the_committed_files(tmp_path: Path) -> None:
    """The same seed gives the same province; heights may round apart on another machine."""
    make.main([str(tmp_path)])
    with (
        rasterio.open(tmp_path / "terrain/dem.tif") as a,
        rasterio.open(DATA / "terrain/dem.tif") as b,
    ):
        assert a.transform == b.transform
        apart = np.abs(a.read(1).astype(int) - b.read(1))
        assert np.mean(apart > 1) < 0.001
    for name in (
        "boundaries/villages",
        "boundaries/communes",
        "roads/roads",
        "rivers/rivers",
        "fiber/cables",
    ):
        new, old = gpd.read_file(tmp_path / f"{name}.gpkg"), layer(f"{name}.gpkg")
        pd.testing.assert_frame_equal(
            pd.DataFrame(new.drop(columns="geometry")), pd.DataFrame(old.drop(columns="geometry"))
        )
        assert new.geometry.geom_equals_exact(old.geometry, 0.2).all()
    made, kept = ((p / "towers/cells.csv").read_bytes() for p in (tmp_path, DATA))
    assert made == kept
    made, kept = ((p / "fiber/backhaul.csv").read_bytes() for p in (tmp_path, DATA))
    assert made == kept


def test_refined_keeps_means_and_planes() -> None:
    y, x = np.mgrid[0:12, 0:12].astype(float)
    fine = refined(3.0 * x - 2.0 * y, 4)
    assert fine.shape == (48, 48)
    assert block_mean(fine, 4)[3:-3, 3:-3] == pytest.approx(
        (3.0 * x - 2.0 * y)[3:-3, 3:-3], abs=0.02
    )


def test_flow_leaves_a_hollow_by_its_lowest_rim() -> None:
    z = np.full((5, 5), 9.0)
    z[2, 2] = 1.0
    z[2, 3] = 4.0
    z[2, 4] = 0.0
    edge = np.ones((5, 5), dtype=bool)
    edge[1:-1, 1:-1] = False
    flow = erosion.route(z, edge, 1000.0)
    assert flow.filled_m[2, 2] == pytest.approx(4.0, abs=0.01)
    assert flow.receiver[2 * 5 + 2] == 2 * 5 + 3
    assert flow.area_km2[2 * 5 + 4] >= 3.0


def test_erosion_reaches_the_steady_slope() -> None:
    """At rest S = U / (K A^m): a narrow strip drains along itself, one cell more each step."""
    size = 40
    z = np.zeros((3, size))
    edge = np.zeros((3, size), dtype=bool)
    edge[:, 0] = True
    wall = np.zeros((3, size))
    z = erosion.erode(
        z,
        edge,
        1000.0,
        uplift_m=wall + np.where(edge, 0.0, 1.0),
        erodibility=wall + 1.0,
        creep=0.0,
        steps=200,
        seed=3,
    )
    flow = erosion.route(z, edge, 1000.0, seed=203)
    flat = z.ravel()
    inner = np.flatnonzero(flow.receiver != np.arange(flat.size))
    drop = (flat[inner] - flat[flow.receiver[inner]]) / flow.length[inner]
    steady = flow.area_km2[inner] ** -erosion.AREA_EXPONENT
    assert np.median(drop / steady) == pytest.approx(1.0, abs=0.1)


def test_spread_takes_the_detour_round_a_wall() -> None:
    height = np.zeros((5, 5))
    height[:4, 2] = 1_000.0
    land = Land(height, np.ones((5, 5)), np.zeros((5, 5)), 100.0)
    spread = land.spread(np.array([0]))
    assert 4 * 5 + 2 in spread.path(4)
    # Down, round the foot of the wall and up again: four steps aslant, four straight.
    assert spread.cost[0, 4] == pytest.approx(100.0 * (4 * np.sqrt(2) + 4))


def test_meetings_give_the_cheapest_crossing() -> None:
    land = Land(np.zeros((3, 9)), np.ones((3, 9)), np.zeros((3, 9)), 100.0)
    found = meetings(land.spread(np.array([9, 17])))
    assert list(found) == [(0, 1)]
    assert found[0, 1][0] == pytest.approx(700.0)


def test_outlines_share_borders() -> None:
    y, x = np.mgrid[0:40, 0:40]
    label = np.where(x + 6 * np.sin(y / 5.0) < 20, 0, np.where(y < 18, 1, 2)).astype(np.int64)
    label[:2] = label[-2:] = label[:, :2] = label[:, -2:] = -1
    shapes = outlines.polygons(label, Grid(0.0, 4_800.0, 120.0, 40))
    assert len(shapes) == 3
    assert shapely.coverage_is_valid(shapes)
    whole = np.count_nonzero(label >= 0) * 120.0**2
    assert shapely.union_all(shapes).area == pytest.approx(whole, rel=0.02)
    for k, shape in enumerate(shapes):
        assert shape.area == pytest.approx(np.count_nonzero(label == k) * 120.0**2, rel=0.06)


def test_outlines_refuse_a_label_without_land() -> None:
    label = np.full((8, 8), -1, dtype=np.int64)
    label[2:6, 2:6] = 1
    with pytest.raises(ValueError, match="label 0 has no polygon"):
        outlines.polygons(label, Grid(0.0, 960.0, 120.0, 8))


def test_village_names_are_unique_and_composed() -> None:
    rng = np.random.default_rng(11)
    for _ in range(20):
        found = names.village_names(rng, 30, town=False)
        assert len(set(found)) == len(found) == 30
    assert names.village_names(rng, 2, town=True) == ["Tổ dân phố 1", "Tổ dân phố 2"]
    assert names.commune_codes(3) == ["09700", "09703", "09706"]
    assert names.village_codes("09700", 2) == ["09700001", "09700002"]


def test_relief_constants_match_the_published_dem(dem: tuple) -> None:
    assert dem[0].shape == (relief.SIZE, relief.SIZE)
    assert dem[1].bounds.left == relief.WEST_M
    assert dem[1].bounds.top == relief.NORTH_M
