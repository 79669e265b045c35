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
from phusong.coverage.kept.lossbytes import NODATA
from phusong.coverage.signal.antenna import attenuation_db
from phusong.coverage.signal.combine import FLOOR_TICK, TICK_DB
from phusong.coverage.signal.correction import Correction, Sight
from phusong.coverage.signal.losses import ELEVATION_STEP_DEG, LOSS_STEP_DB, Losses
from phusong.coverage.signal.plan import Mast, Plan
from phusong.coverage.signal.store import EntryError
from phusong.coverage.signal.tiles import Tiles
from phusong.grid import Window
from phusong.progress import Progress
from phusong.sources.inputs import Inputs, Raster
from phusong.sources.tables.columns import plain
from phusong.study import Study

CLEAR: Final = "clear"
OBSTRUCTED: Final = "obstructed"

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
    loss_db
        (places,) kept loss to the server, of no meaning without one.
    obstructed
        (places,) whether its radio horizon hides the place.
    added_db, field_db
        (places,) what of the level is from an earlier calibration, its field apart.
    """

    level_dbm: NDArray[np.float64]
    server: NDArray[np.int64]
    under_floor: NDArray[np.bool_]
    loss_db: NDArray[np.float64]
    obstructed: NDArray[np.bool_]
    added_db: NDArray[np.float64]
    field_db: NDArray[np.float64]


class _Best:
    """The best server of every place so far."""

    def __init__(self, places: int) -> None:
        self.level = np.full(places, -np.inf)
        self.server = np.full(places, -1, dtype=np.int64)
        self.loss_db = np.zeros(places)
        self.path_db = np.zeros(places)
        self.obstructed = np.zeros(places, dtype=np.bool_)


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
        self._centre_x = np.asarray(
            self._grid.x0_m + (self._col + 0.5) * self._grid.cell_m, dtype=np.float64
        )
        self._centre_y = np.asarray(
            self._grid.y0_m - (self._row + 0.5) * self._grid.cell_m, dtype=np.float64
        )

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
        best = _Best(self.x_m.size)
        ground = sample_cells(self._inputs.terrain, self._centre_x, self._centre_y)
        correction, sight = Correction(self._inputs, self._study), Sight(self._inputs, self._study)
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
                self._compete(mast, at, wanted, window, found, (ground, correction, sight), best)
            progress.advance("predict")
        cover, field = self._at_places(correction, best.server)
        level, server = best.level + cover + field, best.server
        heard = level >= FLOOR_DBM
        offsets = np.array(
            [self._study.radio.offsets_db.get(t, 0.0) for t in self._plan.cells["technology"]]
        )
        return Predicted(
            np.where(heard, level, np.nan),
            np.where(heard, server, -1),
            ~heard & (server >= 0),
            best.loss_db,
            best.obstructed,
            (offsets[server] if offsets.size else 0.0) + best.path_db + cover,
            field,
        )

    def _at_places(
        self, correction: Correction, server: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what land cover and the field add; all that a place asks is of one carrier."""
        cover, field = np.zeros(server.size), np.zeros(server.size)
        land = self._inputs.landcover
        classes = None
        if land is not None and self._study.radio.land_cover_offsets_db:
            classes = sample_cells(land, self.x_m, self.y_m)
        served = self._plan.cells.iloc[server]
        operator, technology = (
            served[n].to_numpy(dtype=object) for n in ("operator", "technology")
        )
        for who, what in dict.fromkeys(zip(operator, technology, strict=True)):
            at = (operator == who) & (technology == what) & (server >= 0)
            if classes is not None:
                cover[at] = correction.cover.of(what, classes[at])
            # The rasters hold the field at the middle of cells.
            field[at], _ = correction.field_of(who, what, self._centre_x[at], self._centre_y[at])
        return cover, field

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
        shaped_by: tuple[NDArray[np.float32], Correction, Sight],
        best: _Best,
    ) -> None:
        """Let the cells of a mast compete; the arithmetic of :func:`combine.add_mast`."""
        loss, elevation = (
            part[..., self._row[at] - window.row0, self._col[at] - window.col0] for part in found
        )
        east, north = self._centre_x[at] - mast.x_m, self._centre_y[at] - mast.y_m
        azimuth, away = np.degrees(np.arctan2(east, north)), np.hypot(east, north)
        ground, correction, sight = shaped_by
        hidden = sight.obstructed(mast, elevation, away, ground[at])
        path_db = correction.path_db(mast, loss, elevation, away, ground[at])
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
            added = path_db[band_of[j]][there]
            value = reference[cell] - steps[there] * LOSS_STEP_DB + added - weaker
            into = at[there]
            wins = (value > best.level[into]) | (
                (value == best.level[into]) & (cell < best.server[into])
            )
            won = into[wins]
            best.level[won] = value[wins]
            best.server[won] = cell
            best.loss_db[won] = (steps[there] * LOSS_STEP_DB)[wins]
            best.path_db[won] = added[wins]
            best.obstructed[won] = hidden[there][wins]

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
