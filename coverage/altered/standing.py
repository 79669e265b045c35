"""The signal of a study as it stands, held so that cells may be put into it and taken out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.altered.heldtiles import HeldTiles
from phusong.coverage.signal.bestservers import TileArrays
from phusong.coverage.signal.combine import NO_LEVEL
from phusong.coverage.signal.correction import Correction
from phusong.coverage.signal.layerfiles import Levels
from phusong.coverage.signal.losses import Losses, LossReport
from phusong.coverage.signal.plan import LayerName, Plan
from phusong.coverage.signal.signal import with_problems
from phusong.grid import Grid, Window


@dataclass
class Standing:
    """Every layer of a signal: levels before rounding, and what the rasters hold.

    Filled by :func:`phusong.coverage.signal.signal.compute_signal`, which is given it to keep
    what it computes.

    Attributes
    ----------
    plan, report, correction
        What was computed, what the model refused, what measurements add.
    cells
        As :attr:`phusong.coverage.results.Signal.cells`.
    """

    folder: Path
    grid: Grid
    plan: Plan = field(init=False)
    report: LossReport = field(init=False)
    correction: Correction = field(init=False)
    cells: pd.DataFrame = field(init=False)

    def begin(
        self,
        plan: Plan,
        losses: Losses,  # noqa: ARG002 - edits have losses of their own
        report: LossReport,
        correction: Correction,
    ) -> None:
        """Take what the tiles are combined from."""
        self.plan, self.report, self.correction = plan, report, correction
        self.cells = with_problems(plan, report)
        plain, every = len(plan.plain), len(plan.layers)
        wide = "uint16" if len(plan.cells) < np.iinfo(np.uint16).max else "uint32"
        self._level = self._held("level", plain, "float32")
        self._ticks = self._held("ticks", every, "int16")
        self._server = self._held("server", every, wide)
        self._left = self._held("left", every, "uint8") if correction.tightens else None
        self._index = {(n.operator, n.technology): i for i, n in enumerate(plan.layers)}

    def _held(self, name: str, layers: int, dtype: str) -> HeldTiles:
        self.folder.mkdir(parents=True, exist_ok=True)
        return HeldTiles(self.folder / f"{name}.tiles", self.grid, layers, dtype)

    def tile(self, window: Window, level: NDArray[np.float32], best: TileArrays) -> None:
        """Take a tile."""
        ticks, server, left = best
        self._level.write(window, level)
        self._ticks.write(window, ticks)
        self._server.write(window, server)
        if self._left is not None:
            self._left.write(window, left)

    def index(self, name: LayerName) -> int:
        """Return where a layer stands here; -1 where the study has none such."""
        return self._index.get((name.operator, name.technology), -1)

    def read(self, layer: int, window: Window) -> Levels:
        """Return what a layer holds over a window; nothing for layer -1."""
        if layer < 0:
            left = None if self._left is None else np.zeros(window.shape, dtype=np.uint8)
            ticks = np.full(window.shape, NO_LEVEL, dtype=np.int16)
            return Levels(ticks, np.zeros(window.shape, dtype=np.int32), left)
        return Levels(
            self._ticks.read(layer, window),
            self._server.read(layer, window).astype(np.int32),
            None if self._left is None else self._left.read(layer, window),
        )

    def strongest(
        self, layer: int, window: Window
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Return level and server plus one of a plain layer, measurements not added.

        A level that is no signal is none here either: whatever is stronger takes its place.
        """
        if layer < 0:
            return np.full(window.shape, -np.inf, dtype=np.float32), self.read(-1, window).server
        server = self._server.read(layer, window).astype(np.int32)
        level: NDArray[Any] = self._level.read(layer, window).copy()
        level[server == 0] = -np.inf
        return level, server

    def close(self) -> None:
        """Let go of the files."""
        for held in (self._level, self._ticks, self._server, self._left):
            if held is not None:
                held.close()
