"""What was seen of a scenario as a page that needs no studio."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from phusong.coverage.results import Signal, SignalLayer
from phusong.coverage.signal.combine import Odds
from phusong.coverage.signal.layerfiles import TILE, LayerWriter, signal_kinds
from phusong.disc.workplace import session_folder
from phusong.i18n import Language
from phusong.maps.page import page_text
from phusong.progress import Progress
from phusong.results.model import Results
from phusong.studio.session import Seen


def offline_page(now: Results, seen: Seen, language: Language, progress: Progress) -> str:
    """Return the map page of a scenario.

    Parameters
    ----------
    now
        The study as it stands.
    seen
        The study with the scenario carried out.
    progress
        Told of the step ``combine``; may raise to stop.
    """
    study = now.study.model_copy(update={"scenario": seen.scenario})
    with TemporaryDirectory(dir=session_folder()) as folder:
        signal = write_signal(seen, Path(folder), progress)
        results = replace(
            now,
            study=study,
            inputs=seen.inputs,
            signal=signal,
            coverage=seen.coverage,
            fiber=seen.fiber,
            indicators=seen.indicators,
        )
        return page_text(results, language)


def write_signal(seen: Seen, folder: Path, progress: Progress) -> Signal:
    """Write the rasters of a scenario, as a run of it does."""
    patched = seen.signal
    grid, cells = patched.standing.grid, patched.cells.in_service
    tightened = patched.standing.correction.tightens
    odds = Odds.of_cells(cells, tightened=tightened)
    number = np.zeros(len(patched.cells.plan.cells) + 1, dtype=np.int32)
    number[patched.cells.numbers + 1] = np.arange(1, len(cells) + 1)
    names = [(layer.operator, layer.technology) for layer in patched.cells.plan.layers]
    windows = grid.tiles(TILE)
    progress.start("combine", len(windows), "Best server of every place")
    kinds = signal_kinds(len(cells), tightened=tightened)
    with LayerWriter(folder, grid, names, kinds) as writer:
        for window in windows:
            for i in range(len(names)):
                levels = patched.read(i, window)
                server = number[levels.server]
                tight = () if levels.left is None else (levels.left,)
                ticks = levels.ticks.astype(np.int16)
                writer.write(i, window, (ticks, server, odds.steps(ticks, server, *tight), *tight))
            progress.advance("combine")
    layers = [SignalLayer(*name, *paths) for name, paths in zip(names, writer.paths, strict=True)]
    return Signal(grid, tuple(layers), cells)
