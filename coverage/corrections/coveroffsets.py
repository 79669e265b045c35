"""Offsets by technology and land cover of the receiver, added to predicted levels when asked for.

They hold at a place whoever serves it, so they move every cell of a technology there alike: the
best server and the ratio to interference stay, the level and the ratio to noise move.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phusong.errors import StudyError, Where
from phusong.grid import Window
from phusong.sources.inputs import Inputs
from phusong.study import Study

CLASSES = 256
"""Land cover classes are bytes."""


class CoverOffsets:
    """The study's ``radio.land_cover_offsets_db`` over its grid.

    Parameters
    ----------
    inputs, study
        Land cover, and the offsets asked for.

    Raises
    ------
    StudyError
        When offsets are asked for and the study has no land cover.
    """

    def __init__(self, inputs: Inputs, study: Study) -> None:
        self._tables: dict[str, NDArray[np.float32]] = {}
        for technology, offsets in study.radio.land_cover_offsets_db.items():
            table = np.zeros(CLASSES + 1, np.float32)  # the last: places without a class
            table[list(offsets)] = list(offsets.values())
            if table.any():
                self._tables[technology] = table
        if self._tables and inputs.landcover is None:
            raise StudyError(
                "radio.land_cover_offsets_db asks for land cover, and the study has none",
                Where(key="radio.land_cover_offsets_db"),
                "name the raster in terrain.landcover, or take the offsets out",
            )
        land = inputs.landcover
        self._land = None if land is None else land.elsewhere()

    def over(self, technology: str, window: Window) -> NDArray[np.float32] | None:
        """Return (rows, cols) dB over a window of the grid, or None where nothing is added."""
        if technology not in self._tables or self._land is None:
            return None
        return self._of(technology, self._land.read(window))

    def of(self, technology: str, land_cover: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the dB to add at places of given classes (NaN: none), of the same shape."""
        if technology not in self._tables:
            return np.zeros(land_cover.shape, np.float32)
        return self._of(technology, land_cover)

    def _of(self, technology: str, land_cover: NDArray[np.float32]) -> NDArray[np.float32]:
        known = (land_cover >= 0) & (land_cover < CLASSES)
        return self._tables[technology][np.where(known, land_cover, CLASSES).astype(np.int64)]
