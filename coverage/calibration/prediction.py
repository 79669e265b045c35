"""The predicted level at single places, from the kept path losses: what the rasters hold there.

A place stands for the raster cell it lies in, so a level read here is the level of the signal
raster. Only masts that a place asks about are looked at, and only their losses that the store
lacks are computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.calibration.joins import on_frequency
from phusong.coverage.propagation import Surface, Transmitter
from phusong.coverage.propagation.walk.profile import Profile, line_profile
from phusong.coverage.signal.antenna import attenuation_db
from phusong.coverage.signal.clutter import clutter_height_m, stands_along
from phusong.coverage.signal.combine import FLOOR_TICK, TICK_DB
from phusong.coverage.signal.coveroffsets import CoverOffsets
from phusong.coverage.signal.losses import ELEVATION_STEP_DEG, LOSS_STEP_DB, Losses
from phusong.coverage.signal.plan import Mast, Plan
from phusong.coverage.signal.store import NODATA, EntryError
from phusong.coverage.signal.tiles import Tiles
from phusong.errors import ModelError
from phusong.grid import Window
from phusong.progress import Progress
from phusong.sources.inputs import Inputs, Raster
from phusong.sources.tables.columns import plain
from phusong.study import Study

CLEAR: Final = "clear"
OBSTRUCTED: Final = "obstructed"
UNKNOWN: Final = "unknown"

FLOOR_DBM: Final = FLOOR_TICK * TICK_DB
"""Levels under it are no signal; the rasters keep none."""
_TILE: Final = 512


@dataclass(frozen=True)
class Asked:
    """Which cells each place asks about.

    Attributes
    ----------
    named
        (places,) index of the cell named, -1 where none is.
    group
        (places,) row of ``wants``; of no meaning where a cell is named.
    wants
        (groups, cells) whether a cell is of the group's operator, technology and frequency.
    unknown_cell, other_carrier
        (places,) whether the cell named is not in the plan, or is of another carrier than the
        place says.
    """

    named: NDArray[np.int64]
    group: NDArray[np.int64]
    wants: NDArray[np.bool_]
    unknown_cell: NDArray[np.bool_]
    other_carrier: NDArray[np.bool_]

    def of(self, at: NDArray[np.int64], cells: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return (at, cells) whether each place asks about each cell."""
        named = self.named[at].reshape(-1, 1)
        by_carrier = self.wants[self.group[at].reshape(-1, 1), cells.reshape(1, -1)]
        return np.asarray(
            np.where(named >= 0, named == cells.reshape(1, -1), by_carrier), dtype=bool
        )

    def nobody(self) -> NDArray[np.bool_]:
        """Return (places,) whether a place asks about no cell at all."""
        heard_of = np.asarray(self.wants.any(axis=1))
        return np.asarray((self.named < 0) & ~heard_of[self.group], dtype=bool)


def ask(frame: pd.DataFrame, cells: pd.DataFrame) -> Asked:
    """Find the cells that places ask about.

    Parameters
    ----------
    frame
        ``operator``, ``technology``, ``cell_id`` (None: not said), ``freq_mhz`` (NaN); where it
        is there, ``earfcn`` says that the frequency is exact. Of two operators that are called
        alike the one spelt as in the frame is meant.
    cells
        See :attr:`phusong.coverage.signal.plan.Plan.cells`.
    """
    index = {str(name): i for i, name in enumerate(cells["cell_id"])}
    spelt = cells["operator"].to_numpy(dtype=object)
    operators = np.array([plain(str(name)) for name in spelt], dtype=object)
    technologies = cells["technology"].to_numpy(dtype=object)
    freqs_mhz = cells["freq_mhz"].to_numpy(dtype=np.float64)
    keys: dict[tuple[str, str, float, bool], int] = {}
    wants: list[NDArray[np.bool_]] = []
    count = len(frame)
    named, group = np.full(count, -1, dtype=np.int64), np.zeros(count, dtype=np.int64)
    unknown, other = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
    exact = frame["earfcn"].notna() if "earfcn" in frame else np.zeros(count, dtype=np.bool_)
    names = ("cell_id", "operator", "technology", "freq_mhz")
    places = zip(*(frame[name] for name in names), exact, strict=True)
    for i, (cell, operator, technology, freq, known) in enumerate(places):
        who = plain(operator) if operator else ""
        if cell is not None:
            named[i] = index.get(cell, -1)
            unknown[i] = cell not in index
            if named[i] >= 0:
                other[i] = (who not in {"", operators[named[i]]}) or (
                    technology not in {None, technologies[named[i]]}
                )
        key = (operator or "", technology or "", -1.0 if np.isnan(freq) else float(freq), known)
        if key not in keys:
            keys[key] = len(wants)
            own = spelt == operator
            carrier = (own if own.any() else operators == who) & (technologies == technology)
            wants.append(on_frequency(carrier, freqs_mhz, float(freq), exact=bool(known)))
        group[i] = keys[key]
    table = np.stack(wants) if wants else np.zeros((1, len(cells)), dtype=np.bool_)
    return Asked(named, group, table, unknown, other)


@dataclass(frozen=True)
class Predicted:
    """Levels at places.

    Attributes
    ----------
    level_dbm
        (places,) of the cell named, else of the best server asked about; NaN where none is
        heard above -160 dBm.
    server
        (places,) its index in the plan's cells, -1 where there is none.
    under_floor
        (places,) whether there is a level, but not above -160 dBm.
    """

    level_dbm: NDArray[np.float64]
    server: NDArray[np.int64]
    under_floor: NDArray[np.bool_]


class Places:
    """Places on the study grid, and the masts that reach them.

    Parameters
    ----------
    x_m, y_m
        (places,) on the grid.
    asked
        What they ask about.
    plan
        Masts, cells and antennas.
    inputs, study
        Terrain and model.
    """

    def __init__(
        self,
        x_m: NDArray[np.float64],
        y_m: NDArray[np.float64],
        asked: Asked,
        plan: Plan,
        inputs: Inputs,
        study: Study,
    ) -> None:
        self.x_m, self.y_m = x_m, y_m
        self._asked, self._plan, self._inputs, self._study = asked, plan, inputs, study
        self._grid = inputs.grid
        self._row, self._col = self._grid.cell_of(x_m, y_m)
        self._centre_x = self._grid.x0_m + (self._col + 0.5) * self._grid.cell_m
        self._centre_y = self._grid.y0_m - (self._row + 0.5) * self._grid.cell_m

    def _reached(self, mast: Mast) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the places that ask about cells of a mast within the radius, and which."""
        reach = self._study.radio.radius_km * 1000.0 + self._grid.cell_m
        away = np.hypot(self._centre_x - mast.x_m, self._centre_y - mast.y_m)
        at = np.flatnonzero(away <= reach)
        wanted = self._asked.of(at, mast.cells)
        some = wanted.any(axis=1)
        return at[some], wanted[some]

    def predict(self, losses: Losses, progress: Progress) -> Predicted:
        """Return the level at every place.

        Raises
        ------
        OutputError
            When the store loses entries while they are read.
        StudyError
            When the study asks for offsets by land cover and has none.
        """
        masts = [mast for mast in self._plan.masts if self._reached(mast)[0].size]
        report = losses.ensure(masts, progress)
        tiles = Tiles(self._plan, losses, report, self._grid)
        level = np.full(self.x_m.size, -np.inf)
        server = np.full(self.x_m.size, -1, dtype=np.int64)
        progress.start("predict", len(masts), "Predicted level of the measurements")
        for mast in masts:
            at, wanted = self._reached(mast)
            window = self._window(at)
            try:
                found = losses.read(mast, window, report.problems)
            except EntryError:
                tiles.mend(mast)
                found = losses.read(mast, window, report.problems)
            if found is not None:
                self._compete(mast, at, wanted, window, found, level, server)
            progress.advance("predict")
        level += self._cover_offsets(server)
        heard = level >= FLOOR_DBM
        return Predicted(
            np.where(heard, level, np.nan), np.where(heard, server, -1), ~heard & (server >= 0)
        )

    def _cover_offsets(self, server: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what the land cover of each place adds; all that a place asks is of one kind."""
        offsets = CoverOffsets(self._inputs, self._study)
        extra = np.zeros(server.size)
        land = self._inputs.landcover
        if land is None or not self._study.radio.land_cover_offsets_db:
            return extra
        classes = sample_cells(land, self.x_m, self.y_m)
        technology = self._plan.cells["technology"].to_numpy(dtype=object)[server]
        for name in self._study.radio.land_cover_offsets_db:
            at = (technology == name) & (server >= 0)
            extra[at] = offsets.of(name, classes[at])
        return extra

    def _window(self, at: NDArray[np.int64]) -> Window:
        """Return the cells round some places."""
        row, col = self._row[at], self._col[at]
        return Window(int(row.min()), int(col.min()), int(np.ptp(row)) + 1, int(np.ptp(col)) + 1)

    def _compete(
        self,
        mast: Mast,
        at: NDArray[np.int64],
        wanted: NDArray[np.bool_],
        window: Window,
        found: tuple[NDArray[np.int16], NDArray[np.int16]],
        level: NDArray[np.float64],
        server: NDArray[np.int64],
    ) -> None:
        """Let the cells of a mast compete; the arithmetic of :func:`combine.add_mast`."""
        loss, elevation = (
            part[..., self._row[at] - window.row0, self._col[at] - window.col0] for part in found
        )
        azimuth = np.degrees(
            np.arctan2(self._centre_x[at] - mast.x_m, self._centre_y[at] - mast.y_m)
        )
        cells = self._plan.cells
        band_of = np.searchsorted(mast.freqs_mhz, cells["freq_mhz"].to_numpy()[mast.cells])
        reference = cells["reference_dbm"].to_numpy(dtype=np.float64)
        for j, cell in enumerate(mast.cells):
            steps = loss[band_of[j]]
            there = wanted[:, j] & (steps != NODATA) & (elevation != NODATA)
            if not there.any():
                continue
            weaker = attenuation_db(
                self._plan.beams,
                int(self._plan.beam_of_cell[cell]),
                azimuth[there],
                elevation[there] * ELEVATION_STEP_DEG,
            )
            value = reference[cell] - steps[there] * LOSS_STEP_DB - weaker
            into = at[there]
            wins = (value > level[into]) | ((value == level[into]) & (cell < server[into]))
            level[into[wins]] = value[wins]
            server[into[wins]] = cell

    def nearest_asked_m(self, at: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the distance from some places to the nearest mast they ask about, inf without."""
        nearest = np.full(at.size, np.inf)
        for mast in self._plan.masts:
            some = self._asked.of(at, mast.cells).any(axis=1)
            away = np.hypot(self.x_m[at] - mast.x_m, self.y_m[at] - mast.y_m)
            nearest[some] = np.minimum(nearest[some], away[some])
        return nearest

    def _serving(self, server: NDArray[np.int64]) -> Iterator[tuple[Mast, NDArray[np.int64]]]:
        """Give the masts with the places they serve."""
        for mast in self._plan.masts:
            at = np.flatnonzero(np.isin(server, mast.cells))
            if at.size:
                yield mast, at

    def distance_m(self, server: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the distance to the serving mast, NaN without one."""
        away = np.full(server.size, np.nan)
        for mast, at in self._serving(server):
            away[at] = np.hypot(self.x_m[at] - mast.x_m, self.y_m[at] - mast.y_m)
        return away

    def sight(self, server: NDArray[np.int64], progress: Progress) -> NDArray[np.object_]:
        """Say whether ground or clutter stands in the ray from the serving mast.

        Returns
        -------
        ndarray
            (places,) ``CLEAR``, ``OBSTRUCTED``, or ``UNKNOWN`` where there is no server or a
            void of the DEM lies on the way.
        """
        out = np.full(server.size, UNKNOWN, dtype=object)
        progress.start("sight", server.size, "Line of sight of the measurements")
        for mast, at in self._serving(server):
            surface = self._surface(mast, at)
            tx = Transmitter(mast.x_m, mast.y_m, mast.height_m)
            for i in at:
                x, y = float(self.x_m[i]), float(self.y_m[i])
                try:
                    line = line_profile(surface, tx, x, y, self._grid.cell_m)
                except ModelError:
                    continue
                out[i] = CLEAR if self._clear(line, mast.height_m) else OBSTRUCTED
            progress.advance("sight", at.size)
        return out

    def _surface(self, mast: Mast, at: NDArray[np.int64]) -> Surface:
        """Read the ground between a mast and the places it serves."""
        margin = 2 * self._grid.cell_m
        x, y = np.append(self.x_m[at], mast.x_m), np.append(self.y_m[at], mast.y_m)
        window = self._grid.window_of(
            (x.min() - margin, y.min() - margin, x.max() + margin, y.max() + margin)
        )
        west, _, _, north = self._grid.bounds_of(window)
        land, clutter = self._inputs.landcover, None
        if land is not None and stands_along(self._study):
            clutter = clutter_height_m(land.read(window), self._study.radio.clutter)
        heights = self._inputs.terrain.read(window)
        return Surface(heights, west, north, self._grid.cell_m, clutter)

    def _clear(self, line: Profile, tx_height_m: float) -> bool:
        """Whether nothing stands above the ray, the earth being of the effective radius."""
        x, total = line.distance_m, line.distance_m[-1]
        bulge = x * (total - x) / (2000.0 * self._study.radio.effective_earth_radius_km)
        top = line.height_m + line.clutter_m + bulge
        start = line.height_m[0] + tx_height_m
        end = line.height_m[-1] + self._study.radio.rx_height_m
        ray = start + (end - start) * x / max(total, 1e-9)
        return bool((top[1:-1] <= ray[1:-1]).all())


def sample_cells(
    raster: Raster, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return what a raster holds in the cells of places, NaN where nothing or off the grid.

    Parameters
    ----------
    raster
        Read tile by tile, only where places are.
    x_m, y_m
        (places,) in the raster's CRS.
    """
    row, col = raster.grid.cell_of(x_m, y_m)
    out = np.full(x_m.size, np.nan, dtype=np.float32)
    tiles, tile_of = np.unique(
        np.stack([row // _TILE, col // _TILE], axis=1), axis=0, return_inverse=True
    )
    for k in range(len(tiles)):
        at = np.flatnonzero(tile_of.ravel() == k)
        row0, col0 = int(row[at].min()), int(col[at].min())
        window = Window(row0, col0, int(np.ptp(row[at])) + 1, int(np.ptp(col[at])) + 1)
        out[at] = raster.read(window)[row[at] - row0, col[at] - col0]
    return out
