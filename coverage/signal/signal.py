"""Signal of every operator and technology over the study grid."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.coverage.results import ANY, Signal, SignalLayer
from phusong.coverage.signal.combine import (
    ALL_LEFT,
    NO_LEVEL,
    NO_SHARE,
    Odds,
    add_mast,
    pick_best,
    share_steps,
    to_level_ticks,
)
from phusong.coverage.signal.correction import Correction
from phusong.coverage.signal.crew import Crew
from phusong.coverage.signal.layerfiles import TILE, LayerWriter, signal_kinds
from phusong.coverage.signal.losses import ELEVATION_STEP_DEG, LOSS_STEP_DB, Losses, LossReport
from phusong.coverage.signal.plan import Plan, plan_run
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.signal.tiles import Tiles
from phusong.errors import Where
from phusong.grid import Window
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import Study

_TileArrays = tuple[NDArray[np.int16], NDArray[np.int32], NDArray[np.uint8]]


_NO_STEPS: Final = np.zeros((0, 0), dtype=np.uint8)


class _BestServers:
    """Combines the masts that reach a tile into the best server of every layer."""

    def __init__(self, tiles: Tiles, correction: Correction) -> None:
        self._tiles = tiles
        self._correction = correction
        self._plan = tiles.plan
        cells = tiles.plan.cells
        self._reference = cells["reference_dbm"].to_numpy(dtype=np.float64)
        self._threshold = cells["threshold_dbm"].to_numpy(dtype=np.float64)
        self._sigma = cells["sigma_db"].to_numpy(dtype=np.float64)

    def combine(self, window: Window) -> _TileArrays:
        """Return (layers, rows, cols) level ticks, server plus one, and steps of spread left.

        Plain layers come first; the steps have no layers where the study has no field.
        """
        plan = self._plan
        plain, every = len(plan.plain), len(plan.layers)
        level = np.full((plain, *window.shape), -np.inf, dtype=np.float32)
        server = np.zeros((every, *window.shape), dtype=np.int32)
        for lit in self._tiles.lit(window):
            cells = lit.reach.mast.cells
            at = (slice(0, plain), *lit.inside)
            add_mast(
                lit.loss,
                LOSS_STEP_DB,
                lit.elevation,
                ELEVATION_STEP_DEG,
                lit.east_m,
                lit.north_m,
                self._tiles.grid.cell_m,
                lit.reach.beams,
                plan.beams.horizontal_db,
                plan.beams.vertical_db,
                lit.reach.beam_of,
                lit.reach.band_of,
                plan.layer_of_cell[cells],
                self._reference[cells],
                cells,
                level[at],
                server[at],
            )
        tightened = every if self._correction.tightens else 0
        left = np.full((tightened, *window.shape), ALL_LEFT, dtype=np.uint8)
        for i, name in enumerate(plan.plain):
            extra, share = self._correction.over(name.operator, name.technology, window)
            if extra is not None:
                level[i] += extra
            if share is not None:
                left[i] = share_steps(share)
        ticks = np.full((every, *window.shape), NO_LEVEL, dtype=np.int16)
        to_level_ticks(level, server[:plain], ticks[:plain])
        for i, layer in enumerate(plan.combined, start=plain):
            pick_best(
                ticks,
                server,
                left,
                np.array(layer.members, dtype=np.int64),
                self._threshold,
                self._sigma,
                layer.technology == ANY,
                ticks[i],
                server[i],
                left[i] if tightened else _NO_STEPS,
            )
        if tightened:
            left[server == 0] = NO_SHARE
        return ticks, server, left


def _with_problems(plan: Plan, report: LossReport) -> pd.DataFrame:
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
    crew: Crew | None = None,
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
        Who computes path losses that the store lacks; None: this process.

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
    best = _BestServers(tiles, correction)
    names = [(layer.operator, layer.technology) for layer in plan.layers]
    kinds = signal_kinds(len(cells), tightened=correction.tightens)
    with LayerWriter(out_folder, inputs.grid, names, kinds) as writer:
        for window, (ticks, server, left) in tiles.in_order(best.combine, windows):
            for i in range(len(names)):
                tight = tuple(left[i : i + 1])  # empty without a field
                steps = odds.steps(ticks[i], server[i], *tight)
                writer.write(i, window, (ticks[i], server[i], steps, *tight))
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
