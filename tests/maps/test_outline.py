"""Outlines come from any polygons: matched vertex by vertex or not, doubled, apart, over each other."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from shapely.errors import GEOSException
from shapely.geometry import box

from phusong.maps import outline
from phusong.maps.outline import join_areas, shared_borders, simplify_areas
from phusong.maps.sections.areas import commune_outlines

SIDE_M = 1000.0
Shapes = NDArray[np.object_]


def wavy_villages(count: int = 4) -> Shapes:
    """Return count x count villages whose common borders bend, matched vertex by vertex."""
    random = np.random.default_rng(7)
    known: dict[tuple[tuple[int, int], tuple[int, int]], NDArray[np.float64]] = {}

    def border(one: tuple[int, int], two: tuple[int, int]) -> NDArray[np.float64]:
        first, last = min(one, two), max(one, two)
        if (first, last) not in known:
            t = np.linspace(0, 1, 20)[1:-1]
            along = np.subtract(last, first) * SIDE_M
            aside = random.normal(0, 0.06, t.size) * t * (1 - t)
            known[first, last] = (
                np.multiply(first, SIDE_M) + np.outer(t, along) + np.outer(aside, along[::-1])
            )
        points = known[first, last]
        return points if one == first else points[::-1]

    shapes = []
    for i in range(count):
        for j in range(count):
            corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
            sides = zip(corners, corners[1:] + corners[:1], strict=True)
            ring = [[np.multiply([one], SIDE_M), border(one, two)] for one, two in sides]
            shapes.append(shapely.Polygon(np.vstack([part for side in ring for part in side])))
    return np.array(shapes, dtype=object)


def shaken(shapes: Shapes, metres: float) -> Shapes:
    random = np.random.default_rng(8)
    rings = [shapely.get_coordinates(shape)[:-1] for shape in shapes]
    moved = [shapely.Polygon(ring + random.normal(0, metres, ring.shape)) for ring in rings]
    return np.array(moved, dtype=object)


FAULTS: dict[str, Callable[[Shapes], Shapes]] = {
    "matched": lambda shapes: shapes,
    "a vertex on one side only": lambda shapes: np.array(
        [shapely.segmentize(shape, 37.0 + n) for n, shape in enumerate(shapes)], dtype=object
    ),
    "millimetres": lambda shapes: shaken(shapes, 0.001),
    "decimetres": lambda shapes: shaken(shapes, 0.1),
    "a centimetre over each other": lambda shapes: shapely.buffer(shapes, 0.01),
    "a centimetre apart": lambda shapes: shapely.buffer(shapes, -0.01),
    "five metres apart": lambda shapes: shapely.buffer(shapes, -5.0),
    "drawn twice": lambda shapes: np.concatenate([shapes, shapes[:3]]),
    "drawn twice, by hand": lambda shapes: np.concatenate([shapes, shaken(shapes[:3], 0.5)]),
    "generalised one by one": lambda shapes: np.array(
        [shapely.simplify(shape, 2.0 + n % 5) for n, shape in enumerate(shapes)], dtype=object
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_communes_are_drawn_from_any_villages(fault: str) -> None:
    whole = wavy_villages()
    codes = np.repeat(["north", "south"], 8)
    communes = np.array([shapely.union_all(whole[codes == c]) for c in ("north", "south")])
    villages = FAULTS[fault](whole)
    drawn = simplify_areas(villages, 15.0, 100)
    outlines = commune_outlines(
        gpd.GeoDataFrame({"code": ["north", "south"]}, geometry=communes),
        gpd.GeoDataFrame({"commune_code": np.resize(codes, len(villages))}, geometry=villages),
        drawn,
        15.0,
    )
    assert shapely.is_valid(outlines).all()
    assert shapely.area(outlines) == pytest.approx(shapely.area(communes), rel=0.01)
    # One ring each: neither slits between villages nor a border of a village inside.
    assert [len(shapely.get_rings(shapely.get_parts(o))) for o in outlines] == [1, 1]
    borders = shapely.length(shared_borders(outlines)).sum()
    assert borders < shapely.length(outlines).sum() * 1.01


def test_areas_join_over_a_vertex_on_one_side_only() -> None:
    left = shapely.Polygon([(0, 0), (100, 0), (100, 50), (100, 100), (0, 100)])
    joined = join_areas(np.array([left, box(100, 0, 200, 100)], dtype=object))
    assert joined is not None
    assert joined.equals(box(0, 0, 200, 100))
    over = join_areas(np.array([box(0, 0, 100.01, 100), box(100, 0, 200, 100)], dtype=object))
    assert over is not None
    assert over.equals(box(0, 0, 200, 100))
    twice = join_areas(np.array([left, left], dtype=object))
    assert twice is not None
    assert twice.equals(left)


def test_what_geos_cannot_take_together_is_taken_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise GEOSException("TopologyException")

    shapes = wavy_villages(2)
    for name in ("coverage_simplify", "coverage_union_all", "union_all"):
        monkeypatch.setattr(outline.shapely, name, refuses)
    drawn = simplify_areas(shapes, 15.0, 20)
    assert shapely.area(drawn) == pytest.approx(shapely.area(shapes), rel=0.05)
    assert join_areas(drawn) is None
    assert len(shared_borders(drawn)) == 4
