"""Rivers and lakes of the base map, as the page reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from phusong.maps.codec import texts
from phusong.maps.mercator import Frame
from phusong.maps.outline import encode_lines, encode_rings

if TYPE_CHECKING:
    from phusong.sources.inputs import Inputs


def river_section(inputs: Inputs, frame: Frame, tolerance_m: float) -> dict[str, Any] | None:
    """Return lines and areas of water within the frame; None where the study names no rivers.

    Outlines of lakes are simplified one by one: they share borders with nothing.
    """
    if inputs.rivers is None:
        return None
    shapes = shapely.intersection(
        inputs.rivers.geometry.to_numpy(), shapely.box(*inputs.grid.bounds)
    )
    kept = ~shapely.is_empty(shapes)
    wide = shapely.get_dimensions(shapes) == 2
    lakes = shapely.simplify(shapes[kept & wide], tolerance_m)
    names = np.array(texts(inputs.rivers["name"]), dtype=object)
    return {
        "line_name": names[kept & ~wide].tolist(),
        "lines": encode_lines(shapes[kept & ~wide], frame, tolerance_m),
        "area_name": names[kept & wide].tolist(),
        "areas": encode_rings(lakes, frame),
    }
