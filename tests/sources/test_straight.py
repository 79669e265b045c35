"""Long straight lines keep to where they were drawn when the CRS changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Transformer

from helpers.province import X0, Y0, check, communes, lonlat, read
from phusong.fiber.network.drawing import build_network
from phusong.sources import straight
from phusong.sources.straight import TOLERANCE_M, longest_span, moved_shapes, with_vertices

TO_UTM = Transformer.from_crs(4326, 32648, always_xy=True)


def moved(geometry: Any) -> Any:
    return shapely.transform(
        geometry, lambda xy: np.stack(TO_UTM.transform(xy[:, 0], xy[:, 1]), axis=1)
    )


def cut_up(layer: Any) -> Any:
    return with_vertices(layer, longest_span(layer, TO_UTM))


def test_a_span_of_41_km_lies_within_a_centimetre_of_what_was_drawn() -> None:
    span = shapely.LineString([(104.8, 22.6972), (105.2, 22.6972)])
    places = moved(shapely.line_interpolate_point(span, np.linspace(0, 1, 41), normalized=True))
    bare = moved(span)
    (bent,) = moved(cut_up(np.array([span], dtype=object)))
    assert 13 < shapely.distance(places, bare).max() < 15
    assert shapely.distance(places, bent).max() <= 1.01 * TOLERANCE_M


def test_what_does_not_bend_stays_as_it_is() -> None:
    short = shapely.LineString([(105.0, 22.7), (105.0005, 22.7), (105.0005, 22.7005)])
    area = short.buffer(0.0005)
    layer = np.array([short, area, shapely.Point(105, 22), shapely.Point()], dtype=object)
    assert cut_up(layer) is layer


def test_neighbours_get_the_same_vertices() -> None:
    west = shapely.box(104.7, 22.5, 105.0, 22.8)
    east = shapely.box(105.0, 22.5, 105.25, 22.8)
    both = moved(cut_up(np.array([west, east], dtype=object)))
    assert shapely.area(shapely.intersection(*both)) < 0.01
    assert len(shapely.get_coordinates(both)) > 100
    assert shapely.coverage_is_valid(shapely.set_precision(both, 0.001))


def test_a_layer_is_moved_alike_whole_and_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    ends = np.array([104.8, 22.6]) + random.uniform(0, 0.3, (30, 2, 2))
    lines = shapely.linestrings(ends)
    deep = shapely.linestrings(np.dstack([ends, random.uniform(0, 900, (30, 2, 1))]))
    layer = np.array([*lines, *deep, shapely.Point(105, 22), shapely.box(105, 22, 105.3, 23)])
    whole = moved_shapes(layer, TO_UTM)
    assert shapely.get_num_coordinates(whole).sum() > 2 * shapely.get_num_coordinates(layer).sum()
    assert shapely.to_wkb(moved(cut_up(shapely.force_2d(layer)))).tolist() == (
        shapely.to_wkb(whole).tolist()
    )
    monkeypatch.setattr(straight, "_AT_ONCE", 7)
    assert shapely.to_wkb(moved_shapes(layer, TO_UTM)).tolist() == shapely.to_wkb(whole).tolist()


def test_a_record_at_the_other_end_of_the_world_does_no_harm() -> None:
    layer = np.array([shapely.LineString([(-170, -80), (170, 80)])], dtype=object)
    assert len(shapely.get_coordinates(cut_up(layer))) < 3000


def test_a_branch_in_the_middle_of_a_long_span_is_joined(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    # 40 km along a parallel, the branch in its middle; GeoJSON is in degrees
    west, east = lonlat(X0 - 15_000, Y0 + 2500), lonlat(X0 + 25_000, Y0 + 2500)
    trunk = shapely.LineString([(west[0], west[1]), (east[0], west[1])])
    middle = trunk.interpolate(0.5, normalized=True)
    branch = shapely.LineString([middle, (middle.x, middle.y + 0.05)])
    frame = gpd.GeoDataFrame(
        {"ma_tuyen": ["TRUC", "NHANH"]}, geometry=[trunk, branch], crs="EPSG:4326"
    )
    frame.to_file(tmp_path / "data/c.geojson")
    spec["fiber"]["cables"] = [{"path": "data/c.geojson"}]
    inputs, _ = read(tmp_path, spec)
    network = build_network(inputs.cables, snap_m=5.0)
    assert len(np.unique(network.graph.components())) == 1


def test_communes_in_degrees_share_their_borders(tmp_path: Path, spec: dict[str, Any]) -> None:
    wide = communes().to_crs(4326)
    wide.geometry = [
        shapely.box(
            104.9 + 0.2 * (i % 2),
            22.6 + 0.2 * (i // 2),
            105.1 + 0.2 * (i % 2),
            22.8 + 0.2 * (i // 2),
        )
        for i in range(4)
    ]
    wide.to_file(tmp_path / "data/communes.gpkg")
    assert not check(tmp_path, spec).of("B02")


def test_an_outline_that_crosses_itself_is_not_repaired_on_the_way(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    """Half of a figure eight would be gone, and nobody told."""
    eight = shapely.Polygon([(105, 22.7), (105.1, 22.8), (105.1, 22.7), (105, 22.8)])
    hole = shapely.Polygon(
        [(106, 22), (107, 22), (107, 23), (106, 23)], [[(106, 22), (106.5, 22.5), (107, 22)]]
    )
    both = shapely.multipolygons([eight, hole])
    layer = np.array([eight, hole, both], dtype=object)
    cut = cut_up(layer)
    assert (shapely.get_num_coordinates(cut) > shapely.get_num_coordinates(layer)).all()
    assert not shapely.is_valid(cut).any()
    assert shapely.get_type_id(cut).tolist() == [3, 3, 6]
    assert shapely.hausdorff_distance(cut, layer).max() < 1e-9
    frame = communes().to_crs(4326)
    west, south, east, north = frame.geometry.iloc[0].bounds
    frame.loc[0, "geometry"] = shapely.Polygon(
        [(west, south), (east, north), (east, south), (west, north)]
    )
    frame.to_file(tmp_path / "data/communes.gpkg")
    assert check(tmp_path, spec).of("B01")
