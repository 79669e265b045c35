"""Signal of every operator and technology over the study grid."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.combine import NO_LEVEL, Odds, add_mast, pick_best, to_level_ticks
from phusong.coverage.layers import TILE, LayerWriter
from phusong.coverage.losses import ELEVATION_STEP_DEG, LOSS_STEP_DB, Losses, LossReport
from phusong.coverage.plan import Mast, Plan, plan_run
from phusong.coverage.results import ANY, Signal
from phusong.coverage.store import EntryError, PathLossStore
from phusong.errors import OutputError
from phusong.grid import Grid, Window
from phusong.jit import get_num_threads
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import Study

_TileArrays = tuple[NDArray[np.int16], NDArray[np.int32]]


@dataclass(frozen=True)
class _Reach:
    """A mast with the cells of the grid it reaches and the beams it has."""

    mast: Mast
    order: int
    window: Window
    beams: NDArray[np.float64]
    beam_of: NDArray[np.int64]

    @classmethod
    def of(cls, mast: Mast, plan: Plan, window: Window) -> _Reach:
        rows, beam_of = np.unique(plan.beam_of_cell[mast.cells], return_inverse=True)
        return cls(mast, int(mast.cells[0]), window, plan.beams.rows[rows], beam_of)


class _Tiles:
    """Combines the masts that reach a tile into the best server of every layer."""

    def __init__(
        self, plan: Plan, losses: Losses, report: LossReport, grid: Grid, store: PathLossStore
    ) -> None:
        self.plan = plan
        self._losses = losses
        self._report = report
        self._grid = grid
        self._store = store
        self._masts = [_Reach.of(mast, plan, losses.window(mast)) for mast in plan.masts]
        cells = plan.cells
        self._reference = cells["reference_dbm"].to_numpy(dtype=np.float64)
        self._threshold = cells["threshold_dbm"].to_numpy(dtype=np.float64)
        self._sigma = cells["sigma_db"].to_numpy(dtype=np.float64)
        self._freq = cells["freq_mhz"].to_numpy(dtype=np.float64)

    def combine(self, window: Window) -> _TileArrays:
        """Return (layers, rows, cols) level ticks and server plus one, plain layers first.

        Raises
        ------
        EntryError
            With the mast as its argument, when its losses cannot be read.
        """
        plain, every = len(self.plan.plain), len(self.plan.layers)
        level = np.full((plain, *window.shape), -np.inf, dtype=np.float32)
        server = np.zeros((every, *window.shape), dtype=np.int32)
        for reach in self._nearest_first(window):
            part = reach.window.intersect(window)
            if not part.empty:
                inside = (slice(0, plain), *part.slices_in(window))
                self._add(reach, part, level[inside], server[inside])
        ticks = np.full((every, *window.shape), NO_LEVEL, dtype=np.int16)
        to_level_ticks(level, server[:plain], ticks[:plain])
        for i, layer in enumerate(self.plan.combined, start=plain):
            pick_best(
                ticks, server, np.array(layer.members, dtype=np.int64), self._threshold,
                self._sigma, layer.technology == ANY, ticks[i], server[i],
            )  # fmt: skip
        return ticks, server

    def _nearest_first(self, window: Window) -> list[_Reach]:
        """Masts by distance: once a strong cell serves a place, the far ones cost little."""
        west, south, east, north = self._grid.bounds_of(window)
        x, y = (west + east) / 2, (south + north) / 2
        return sorted(
            self._masts, key=lambda r: ((r.mast.x_m - x) ** 2 + (r.mast.y_m - y) ** 2, r.order)
        )

    def _add(
        self, reach: _Reach, part: Window, level: NDArray[np.float32], server: NDArray[np.int32]
    ) -> None:
        mast = reach.mast
        try:
            found = self._losses.read(mast, part, self._report.problems)
        except EntryError as problem:
            raise EntryError(mast) from problem
        if found is None:
            return
        loss, elevation = found
        west, _, _, north = self._grid.bounds_of(part)
        half = self._grid.cell_m / 2
        beams = self.plan.beams
        add_mast(
            loss, LOSS_STEP_DB, elevation, ELEVATION_STEP_DEG,
            west + half - mast.x_m, north - half - mast.y_m, self._grid.cell_m,
            reach.beams, beams.horizontal_db, beams.vertical_db, reach.beam_of,
            np.searchsorted(mast.freqs_mhz, self._freq[mast.cells]),
            self.plan.layer_of_cell[mast.cells], self._reference[mast.cells], mast.cells,
            level, server,
        )  # fmt: skip

    def mend(self, mast: Mast) -> None:
        """Compute a mast again whose entries turned out damaged.

        Raises
        ------
        OutputError
            When they still cannot be read: something else removes or alters them.
        """
        self._losses.compute(mast, self._report, again=True)
        try:
            self._losses.read(mast, self._losses.window(mast), self._report.problems)
        except EntryError:
            raise OutputError(
                "path losses of site {site} vanish from {folder} while the run reads them",
                mend="run again when no other program works on that folder",
                params={"site": mast.site_id, "folder": str(self._store.folder)},
            ) from None


def _tiles_in_order(
    tiles: _Tiles, windows: list[Window], threads: int
) -> Iterator[tuple[Window, _TileArrays]]:
    """Combine tiles on several threads, give them in order, hold only a few at a time.

    Threads, not processes: the kernels release the GIL, and so does inflating a block. The
    arithmetic of a tile is one thread's, so the numbers do not depend on how many there are.
    """
    with ThreadPoolExecutor(threads) as pool:
        waiting: list[tuple[Window, Future[_TileArrays]]] = []
        queue = iter(windows)
        for window in queue:
            waiting.append((window, pool.submit(tiles.combine, window)))
            if len(waiting) > threads:
                yield _finished(tiles, *waiting.pop(0))
        for window, task in waiting:
            yield _finished(tiles, window, task)


def _finished(
    tiles: _Tiles, window: Window, task: Future[_TileArrays]
) -> tuple[Window, _TileArrays]:
    """Wait for a tile; a damaged entry is computed again and the tile with it."""
    try:
        return window, task.result()
    except EntryError as problem:
        tiles.mend(problem.args[0])
    while True:
        try:
            return window, tiles.combine(window)
        except EntryError as problem:
            tiles.mend(problem.args[0])


def _with_problems(plan: Plan, report: LossReport) -> Any:
    """Cells of the plan, with what the model refused."""
    cells = plan.cells.copy()
    freqs_mhz = cells["freq_mhz"].to_numpy(dtype=np.float64)
    for mast in plan.masts:
        for i in mast.cells:
            place = (mast.site_id, mast.height_m, float(freqs_mhz[i]))
            if place in report.problems:
                cells.loc[i, "problem"] = report.problems[place]
    return cells


def compute_signal(
    inputs: Inputs,
    study: Study,
    out_folder: Path,
    store: PathLossStore,
    progress: Progress | None = None,
) -> Signal:
    """Compute the signal rasters of a study.

    Path losses that the store holds are not computed again; a run that died resumes from its
    finished masts. Memory is bounded by one tile's layers and one mast's window, whatever the
    number of masts.

    Parameters
    ----------
    inputs
        Cells (only those in service count), sites, terrain.
    study
        Model, antenna, budgets and spreads.
    out_folder
        Receives ``coverage_<operator>_<technology>_{level,server,probability}.tif``; each
        appears when it is whole. See :func:`phusong.coverage.layers.safe_names`.
    store
        Where path losses are kept.
    progress
        Told of the steps ``propagation`` and ``combine``.

    Returns
    -------
    Signal
        A cell that cannot be computed stays in ``cells`` with its ``problem`` and serves
        nowhere.

    Raises
    ------
    InputError
        When an antenna file cannot be read.
    OutputError
        When a raster cannot be written.
    """
    told = progress or NoProgress()
    plan = plan_run(inputs, study)
    losses = Losses(inputs, study, store)
    report = losses.ensure(plan.masts, told)
    started = time.perf_counter()
    cells = plan.cells
    odds = Odds(
        cells["threshold_dbm"].to_numpy(dtype=np.float64),
        cells["sigma_db"].to_numpy(dtype=np.float64),
    )
    windows = inputs.grid.tiles(TILE)
    told.start("combine", len(windows), "Best server of every place")
    tiles = _Tiles(plan, losses, report, inputs.grid, store)
    names = [(layer.operator, layer.technology) for layer in plan.layers]
    with LayerWriter(out_folder, inputs.grid, names, len(cells)) as writer:
        for window, (ticks, server) in _tiles_in_order(tiles, windows, get_num_threads()):
            for i in range(len(names)):
                steps = odds.steps(ticks[i], server[i])
                writer.write(i, window, (ticks[i], server[i], steps))
            told.advance("combine")
    cells = _with_problems(plan, report)
    stats = {
        "masts": len(plan.masts),
        "computed": report.computed,
        "from_store": report.from_store,
        "pixels": report.pixels,
        "propagation_s": report.seconds,
        "us_per_pixel": 1e6 * report.seconds / report.pixels if report.pixels else 0.0,
        "combine_s": time.perf_counter() - started,
        "unusable_cells": int((cells["problem"] != "").sum()),
    }
    return Signal(inputs.grid, tuple(writer.layers), cells, stats)
