"""Roads of the base map, as the page reads them: of very many, those that show a country."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.maps.codec import texts
from phusong.maps.mercator import Frame
from phusong.maps.outline import encode_lines

if TYPE_CHECKING:
    from phusong.sources.inputs import Inputs

MOST_VERTICES = 180_000
"""On the page, once lines are simplified: some two megabytes."""
MOST_DRAWN = 8 * MOST_VERTICES
"""As the files draw them: more are not even simplified."""


def road_section(inputs: Inputs, frame: Frame, tolerance_m: float) -> dict[str, Any]:
    """Return kinds and lines of the roads, and the ``total`` of them.

    Where there are more than a page can hold, the kinds with the least of them come first (those
    are the main roads), and of a kind the longest.
    """
    roads = inputs.roads
    shapes = roads.geometry.to_numpy()
    drawn = shapely.get_num_coordinates(shapes)
    kept = _main_first(roads, drawn)
    kept = kept[_first(drawn[kept], MOST_DRAWN)]
    simple = shapely.simplify(shapes[kept], tolerance_m)
    kept = np.sort(kept[_first(shapely.get_num_coordinates(simple), MOST_VERTICES)])
    return {
        "kind": texts(roads["kind"].iloc[kept]),
        "lines": encode_lines(shapes[kept], frame, tolerance_m),
        "total": len(roads),
    }


def _first(vertices: NDArray[np.integer[Any]], most: int) -> NDArray[np.bool_]:
    """Say which come first up to so many vertices in all; one that has more by itself, never."""
    held = np.where(vertices <= most, vertices, 0)
    first: NDArray[np.bool_] = (vertices <= most) & (np.cumsum(held) <= most)
    return first


def _main_first(roads: pd.DataFrame, vertices: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Return the rows of roads: the kind with the fewest vertices first, the longest of a kind."""
    kind = pd.factorize(roads["kind"], use_na_sentinel=False)[0]
    of_kind = np.bincount(kind, weights=vertices)
    length = shapely.length(roads.geometry.to_numpy())
    return np.lexsort((-length, kind, of_kind[kind] if len(kind) else kind))
