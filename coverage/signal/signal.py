"""Signal of every operator and technology over the study grid."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.coverage.results import Signal, SignalLayer
from phusong.coverage.signal.bestservers import BestServers, TileArrays
from phusong.coverage.signal.combine import Odds
from phusong.coverage.signal.correction import Correction
from phusong.coverage.signal.layerfiles import TILE, LayerWriter, signal_kinds
from phusong.coverage.signal.losses import Losses, LossReport
from phusong.coverage.signal.plan import Plan, plan_run
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.signal.tiles import Tiles
from phusong.crew import Crew
from phusong.errors import Where
from phusong.grid import Window
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import Study


class Tile(NamedTuple):
    """A tile's best servers, and what rasters say of them.

    Attributes
    ----------
    level
        As of :meth:`BestServers.strongest`; None where nobody keeps it.
    best
        As of :meth:`BestServers.combine`.
    odds
        (layers, rows, cols) probability of service, in the steps it is written in.
    """

    level: NDArray[np.float32] | None
    best: TileArrays
    odds: NDArray[np.uint8]


class TileWork:
    """What is done on a tile, in a thread of this process or by a worker.

    Parameters
    ----------
    best, odds
        What tiles are combined by, and what makes a probability of a level.
    levels
        Whether levels are wanted beside what is made of them.
    """

    def __init__(self, best: BestServers, odds: Odds, *, levels: bool) -> None:
        self._best = best
        self._odds = odds
        self._levels = levels

    def __call__(self, window: Window) -> Tile:
        """Return a tile.

        Raises
        ------
        EntryError
            With a mast whose losses cannot be read.
        """
        level, server = self._best.strongest(window)
        kept = level.copy() if self._levels else None
        ticks, server, left = self._best.finish(window, level, server)
        odds = np.empty(ticks.shape, dtype=np.uint8)
        for i in range(len(odds)):
            odds[i] = self._odds.steps(ticks[i], server[i], *left[i : i + 1])
        return Tile(kept, (ticks, server, left), odds)

    def mending(self, window: Window) -> tuple[Window, Tile]:
        """Return a tile and its place; losses that cannot be read are computed again here."""
        return window, self._best.tiles.mending(self, window)


def _tiles_of(
    work: TileWork, tiles: Tiles, windows: list[Window], crew: Crew | None
) -> Iterator[tuple[Window, Tile]]:
    """Give every tile: in order from threads, as they are done from a crew."""
    return tiles.in_order(work, windows) if crew is None else crew.each(work.mending, windows)


class Keep(Protocol):
    """Keeps what rasters do not hold: for whoever goes on from a signal, cell by cell."""

    def begin(self, plan: Plan, losses: Losses, report: LossReport, correction: Correction) -> None:
        """Take what the tiles are combined from, before the first."""
        ...

    def tile(self, window: Window, level: NDArray[np.float32], best: TileArrays) -> None:
        """Take a tile: levels as of :meth:`BestServers.strongest`, and what is made of them."""
        ...


def with_problems(plan: Plan, report: LossReport) -> pd.DataFrame:
    """Return the cells of a plan, with what the model refused."""
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
    crew: Crew | None = None,
    keep: Keep | None = None,
) -> Signal:
    """Compute the signal rasters of a study.

    Path losses that the store holds are not computed again; a run that died resumes from its
    finished masts. Memory is bounded by one tile's layers and one mast's window, whatever the
    number of masts, and at the end by one raster of the grid at a time.

    Parameters
    ----------
    inputs
        Cells (only those in service count), sites, terrain.
    study
        Model, antenna, budgets and spreads.
    out_folder
        Receives ``coverage_<operator>_<technology>_{level,server,probability}.tif``, and
        ``_spread.tif`` where a field tightens any spread; each appears when it is whole. See
        :func:`phusong.names.safe_names`.
    store
        Where path losses are kept.
    progress
        Told of the steps ``propagation`` and ``combine``.
    crew
        Who computes path losses that the store lacks, and best servers; None: this process.
    keep
        Given every tile beside the rasters; None: nobody keeps them.

    Returns
    -------
    Signal
        A cell that cannot be computed stays in ``cells`` with its ``problem`` and serves
        nowhere.

    Raises
    ------
    InputError
        When an antenna file cannot be read.
    StudyError
        When offsets by land cover are asked for and there is none.
    InputError
        When the field of residuals cannot be read.
    OutputError
        When a raster cannot be written.
    """
    told = progress or NoProgress()
    correction = Correction(inputs, study)
    plan = plan_run(inputs, study)
    losses = Losses(inputs, study, store, crew)
    report = losses.ensure(plan.masts, told)
    started = time.perf_counter()
    cells = plan.cells
    odds = Odds.of_cells(cells, tightened=correction.tightens)
    windows = inputs.grid.tiles(TILE)
    told.start("combine", len(windows), "Best server of every place")
    tiles = Tiles(plan, losses, report, inputs.grid, correction)
    best = BestServers(tiles, correction)
    names = [(layer.operator, layer.technology) for layer in plan.layers]
    kinds = signal_kinds(len(cells), tightened=correction.tightens)
    with LayerWriter(out_folder, inputs.grid, names, kinds) as writer:
        if keep is not None:
            keep.begin(plan, losses, report, correction)

        work = TileWork(best, odds, levels=keep is not None)
        for window, tile in _tiles_of(work, tiles, windows, crew if keep is None else None):
            if keep is not None and tile.level is not None:
                keep.tile(window, tile.level, tile.best)
            ticks, server, left = tile.best
            for i in range(len(names)):
                writer.write(i, window, (ticks[i], server[i], tile.odds[i], *left[i : i + 1]))
            told.advance("combine")
    cells = with_problems(plan, report)
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
    layers = [SignalLayer(*n, *paths) for n, paths in zip(names, writer.paths, strict=True)]
    return Signal(inputs.grid, tuple(layers), cells, stats)


def report_problems(inputs: Inputs, signal: Signal, findings: Findings) -> None:
    """Add a finding (rule C01) for every cell in service that could not be computed."""
    sites = inputs.sites.drop_duplicates("site_id").set_index("site_id")
    problems: Any = signal.cells[signal.cells["problem"] != ""]
    for cell in problems.itertuples():
        site = sites.loc[cell.site_id]
        findings.add(
            "C01",
            Where(file=str(cell.file), row=int(cell.row)),
            str(cell.cell_id),
            "{reason}",
            float(site["x_m"]),
            float(site["y_m"]),
            reason=cell.problem,
        )
