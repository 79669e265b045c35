"""What measurements add to predicted levels: along a path, at a place, and to the spread.

Along a path: by whether the receiver is in sight of its mast, and by slopes on the loss beyond
free space and on distance. They differ from mast to mast, so they come before the best server is
chosen. At a place: by land cover, and by the field of residuals near measured roads, which move
every cell of a carrier alike (:mod:`phusong.coverage.corrections`). Nothing of it is in the kept
path losses: no propagation is computed again.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phusong.coverage.corrections.coveroffsets import CoverOffsets
from phusong.coverage.corrections.residualfield import ResidualField, read_field
from phusong.coverage.kept.lossbytes import NODATA
from phusong.coverage.propagation.p526.path import free_space_db
from phusong.coverage.propagation.walk.fan import bilinear
from phusong.coverage.signal.losses import ELEVATION_STEP_DEG, LOSS_STEP_DB
from phusong.coverage.signal.plan import Mast
from phusong.errors import InputError, Where
from phusong.grid import Window
from phusong.sources.inputs import Inputs
from phusong.study import Slope, Study

_Floats = NDArray[np.float64]
_Ticks = NDArray[np.int16]

RISE_DEG: Final = 0.03
"""A horizon this far above the receiver hides it: three steps of the kept angles, so that
neither rounding nor a model's own effective earth decides."""
NEAREST_M: Final = 1.0


def excess_db(loss_db: _Floats, freq_mhz: ArrayLike, distance_m: _Floats) -> _Floats:
    """Return the loss beyond that of free space (ITU-R P.525-4)."""
    at_1_mhz = free_space_db(1.0, 1000.0) + 20.0 * log_distance(distance_m)
    free = at_1_mhz + 20.0 * np.log10(np.asarray(freq_mhz, dtype=np.float64))
    return np.asarray(loss_db - free, dtype=np.float64)


def log_distance(distance_m: _Floats) -> _Floats:
    """Return the decadic logarithm of the distance in km."""
    return np.asarray(np.log10(np.maximum(distance_m, NEAREST_M) / 1000.0), dtype=np.float64)


def along_slope(slope: Slope, values: _Floats) -> _Floats:
    """Return what a slope adds: nothing in the middle of its span, and flat beyond its ends."""
    held = np.clip(values, slope.low, slope.high)
    return np.asarray(slope.db_per_unit * (held - 0.5 * (slope.low + slope.high)))


class Sight:
    """Tells from the kept elevation angles whether a receiver is in sight of its mast.

    Parameters
    ----------
    inputs, study
        Ground, height of receivers, effective earth.
    """

    def __init__(self, inputs: Inputs, study: Study) -> None:
        self._terrain = inputs.terrain.elsewhere()
        self._rx_height_m = study.radio.rx_height_m
        self._earth_m = 1000.0 * study.radio.effective_earth_radius_km
        self._antennas: dict[tuple[float, float, float], float] = {}

    def _antenna_m(self, mast: Mast) -> float:
        """Return the height of an antenna above the sea, as propagation takes it."""
        place = (mast.x_m, mast.y_m, mast.height_m)
        if place not in self._antennas:
            grid = self._terrain.grid
            col = int((mast.x_m - grid.x0_m) // grid.cell_m)
            row = int((grid.y0_m - mast.y_m) // grid.cell_m)
            window = Window(row - 1, col - 1, 3, 3).intersect(grid.window)
            west, _, _, north = grid.bounds_of(window)
            ground = bilinear(
                self._terrain.read(window),
                (north - mast.y_m) / grid.cell_m - 0.5,
                (mast.x_m - west) / grid.cell_m - 0.5,
            )
            self._antennas[place] = float(ground) + mast.height_m
        return self._antennas[place]

    def obstructed(
        self, mast: Mast, elevation: _Ticks, distance_m: _Floats, ground_m: NDArray[Any]
    ) -> NDArray[np.bool_]:
        """Return where the radio horizon stands above the receiver, all arrays of one shape."""
        away = np.maximum(distance_m, NEAREST_M)
        rise = (ground_m + self._rx_height_m - self._antenna_m(mast)) / away
        ray = np.degrees(np.arctan(rise - away / (2.0 * self._earth_m)))
        return np.asarray(elevation * ELEVATION_STEP_DEG > ray + RISE_DEG, dtype=np.bool_)


class Correction:
    """What a calibration put into a study, over its grid.

    The keys ``land_cover_offsets_db``, ``obstruction_offsets_db``, ``slopes`` and
    ``residual_field`` of ``radio``; ``offsets_db`` is part of each cell's level.

    Parameters
    ----------
    inputs, study
        Ground, land cover, and what is asked for.

    Raises
    ------
    StudyError
        When offsets by land cover are asked for and the study has none.
    InputError
        When the field cannot be read, or lies in another CRS.
    """

    def __init__(self, inputs: Inputs, study: Study) -> None:
        radio = study.radio
        self.cover = CoverOffsets(inputs, study)
        self._grid, self._terrain = inputs.grid, inputs.terrain.elsewhere()
        self._obstruction = {k: v for k, v in radio.obstruction_offsets_db.items() if v}
        self._slopes = {k: v for k, v in radio.slopes.items() if v.db_per_unit}
        self._sight = Sight(inputs, study)
        self.field: ResidualField | None = None
        if radio.residual_field is not None:
            file = study.resolve(radio.residual_field)
            self.field = read_field(file)
            if self.field.about.get("crs") != inputs.crs.to_string():
                raise InputError(
                    "the field of residuals is in {its}, the study in {ours}",
                    Where(file=str(file), key="radio.residual_field"),
                    "calibrate again with --apply, or take the key out",
                    {"its": self.field.about.get("crs"), "ours": inputs.crs.to_string()},
                )

    @property
    def tightens(self) -> bool:
        """Whether the spread is less near some measured place."""
        return bool(self.field and self.field.carriers)

    @property
    def along_paths(self) -> bool:
        """Whether anything differs from mast to mast."""
        return bool(self._obstruction or self._slopes)

    def path_db(
        self,
        mast: Mast,
        loss: _Ticks,
        elevation: _Ticks,
        distance_m: _Floats,
        ground_m: NDArray[Any] | None,
    ) -> NDArray[np.float64]:
        """Return what sight and slopes add to levels from a mast.

        Parameters
        ----------
        mast
            Its bands are those of ``loss``.
        loss, elevation
            (bands, …) and (…) steps; what is added where there is none is of no meaning.
        distance_m, ground_m
            (…) from the mast, and of the ground; the latter may be None where sight counts
            for nothing.
        """
        added = np.zeros(loss.shape)
        if self._obstruction and ground_m is not None:
            hidden = self._sight.obstructed(mast, elevation, distance_m, ground_m)
            added += np.where(
                hidden,
                self._obstruction.get("obstructed", 0.0),
                self._obstruction.get("clear", 0.0),
            )
        if "log_distance" in self._slopes:
            added += along_slope(self._slopes["log_distance"], log_distance(distance_m))
        if "excess" in self._slopes:
            for band, freq_mhz in enumerate(mast.freqs_mhz):
                excess = excess_db(loss[band] * LOSS_STEP_DB, freq_mhz, distance_m)
                added[band] += along_slope(self._slopes["excess"], excess)
        return added

    def on_losses(self, mast: Mast, part: Window, loss: _Ticks, elevation: _Ticks) -> _Ticks:
        """Return the losses of a mast over a window with sight and slopes taken off.

        Parameters
        ----------
        mast, part
            Whose, and of which cells of the grid.
        loss, elevation
            (bands, rows, cols) and (rows, cols) steps.
        """
        if not self.along_paths:
            return loss
        west, _, _, north = self._grid.bounds_of(part)
        east = west - mast.x_m + (np.arange(part.cols) + 0.5) * self._grid.cell_m
        up = north - mast.y_m - (np.arange(part.rows) + 0.5) * self._grid.cell_m
        ground = self._terrain.read(part) if self._obstruction else None
        away = np.hypot(east[None, :], up[:, None])
        steps = loss - np.rint(self.path_db(mast, loss, elevation, away, ground) / LOSS_STEP_DB)
        there = (loss != NODATA) & (elevation != NODATA)
        limits = np.iinfo(np.int16)
        return np.where(there, np.clip(steps, limits.min + 1, limits.max), loss).astype(np.int16)

    def over(
        self, operator: str, technology: str, window: Window
    ) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
        """Return what a carrier's levels gain at places, and the share of their spread left.

        Returns
        -------
        ndarray or None, ndarray or None
            (rows, cols) dB and share; None where nothing is added, and where all is left.
        """
        cover = self.cover.over(technology, window)
        found = self.field.carriers.get((operator, technology)) if self.field else None
        field = None if found is None else found.over(self._grid, window)
        if field is None:
            return cover, None
        level, share = (part.astype(np.float32) for part in field)
        return (level if cover is None else cover + level), share

    def field_of(
        self, operator: str, technology: str, x_m: _Floats, y_m: _Floats
    ) -> tuple[_Floats, _Floats]:
        """Return dB and share of the spread left at places, of one carrier."""
        found = self.field.carriers.get((operator, technology)) if self.field else None
        if found is None:
            return np.zeros(x_m.size), np.ones(x_m.size)
        return found.at(x_m, y_m)
