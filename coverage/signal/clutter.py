"""Representative clutter heights from land cover classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phusong.study import Clutter


def clutter_height_m(classes: NDArray[np.float32], clutter: Clutter) -> NDArray[np.float32]:
    """Return the representative clutter height of each cell.

    Parameters
    ----------
    classes
        (rows, cols) land cover codes, NaN where unknown.
    clutter
        The study's table; a code that is not in it counts as open ground.

    Returns
    -------
    ndarray
        (rows, cols) float32 metres, 0 where the class is unknown.
    """
    heights = np.zeros(256, dtype=np.float32)
    for code, height_m in clutter.heights_m.items():
        heights[code] = height_m
    known = np.isfinite(classes) & (classes >= 0) & (classes <= 255)
    return np.where(known, heights[np.where(known, classes, 0).astype(np.intp)], np.float32(0))
