"""The best server of every layer on a tile: the masts that reach it compete, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.results import ANY
from phusong.coverage.signal.combine import (
    ALL_LEFT,
    NO_LEVEL,
    NO_SHARE,
    add_mast,
    pick_best,
    share_steps,
    to_level_ticks,
)
from phusong.coverage.signal.correction import Correction
from phusong.coverage.signal.layerfiles import Levels
from phusong.coverage.signal.losses import ELEVATION_STEP_DEG, LOSS_STEP_DB
from phusong.coverage.signal.plan import LayerName
from phusong.coverage.signal.tiles import Lit, Tiles
from phusong.grid import Window

TileArrays = tuple[NDArray[np.int16], NDArray[np.int32], NDArray[np.uint8]]
Ints = NDArray[np.int64]

_NO_STEPS: Final = np.zeros((0, 0), dtype=np.uint8)


class BestServers:
    """Combines the masts that reach a tile into the best server of every layer."""

    def __init__(self, tiles: Tiles, correction: Correction) -> None:
        self.tiles = tiles
        self._correction = correction
        self._plan = tiles.plan
        cells = tiles.plan.cells
        self._reference = cells["reference_dbm"].to_numpy(dtype=np.float64)
        self._threshold = cells["threshold_dbm"].to_numpy(dtype=np.float64)
        self._sigma = cells["sigma_db"].to_numpy(dtype=np.float64)

    def combine(self, window: Window) -> TileArrays:
        """Return (layers, rows, cols) level ticks, server plus one, and steps of spread left.

        Plain layers come first; the steps have no layers where the study has no field.
        """
        level, server = self.strongest(window)
        return self.finish(window, level, server)

    def strongest(self, window: Window) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Return (plain layers, rows, cols) level of the best server, and server plus one.

        Levels are those of the masts alone: nothing is added that holds at a place. -inf and 0
        where no mast reaches.
        """
        plain = len(self._plan.plain)
        level = np.full((plain, *window.shape), -np.inf, dtype=np.float32)
        server = np.zeros((plain, *window.shape), dtype=np.int32)
        for lit in self.tiles.lit(window):
            self.compete(lit, lit.reach.mast.cells, level, server)
        return level, server

    def compete(
        self,
        lit: Lit,
        cells: Ints,
        level: NDArray[np.float32],
        server: NDArray[np.int32],
        places: NDArray[np.bool_] | None = None,
        layer_of: Ints | None = None,
    ) -> None:
        """Let cells of one mast compete for the places of a tile.

        Parameters
        ----------
        cells
            Those of the mast that take part.
        level, server
            (plain layers, rows, cols) of the tile, see :meth:`strongest`; changed in place.
        places
            (rows, cols) of the tile, those competed for; None: all.
        layer_of
            By server index, the layer of ``level`` a cell competes in; None: the plan's.
        """
        plan = self._plan
        layers = plan.layer_of_cell if layer_of is None else layer_of
        own = np.isin(lit.reach.mast.cells, cells)
        some = lit.reach.mast.cells[own]
        elevation = lit.elevation
        if places is not None:
            elevation = np.where(places[lit.inside], elevation, np.int16(NO_LEVEL))
        at = (slice(None), *lit.inside)
        add_mast(
            lit.loss,
            LOSS_STEP_DB,
            elevation,
            ELEVATION_STEP_DEG,
            lit.east_m,
            lit.north_m,
            self.tiles.grid.cell_m,
            lit.reach.beams,
            plan.beams.horizontal_db,
            plan.beams.vertical_db,
            lit.reach.beam_of[own],
            lit.reach.band_of[own],
            layers[some],
            self._reference[some],
            some,
            level[at],
            server[at],
        )

    def finish(
        self, window: Window, level: NDArray[np.float32], server: NDArray[np.int32]
    ) -> TileArrays:
        """Return what :meth:`combine` does, of what :meth:`strongest` gave (which is changed)."""
        plain, every = len(self._plan.plain), len(self._plan.layers)
        ticks = np.full((every, *window.shape), NO_LEVEL, dtype=np.int16)
        servers = np.zeros((every, *window.shape), dtype=np.int32)
        tightened = every if self._correction.tightens else 0
        left = np.full((tightened, *window.shape), ALL_LEFT, dtype=np.uint8)
        for i in range(plain):
            ticks[i], servers[i], steps = self.settle(i, window, level[i], server[i])
            if steps is not None:
                left[i] = steps
        for i, layer in enumerate(self._plan.combined, start=plain):
            self.pick(layer, ticks, servers, left, i)
        if tightened:
            left[servers == 0] = NO_SHARE
        return ticks, servers, left

    def settle(
        self, layer: int, window: Window, level: NDArray[np.float32], server: NDArray[np.int32]
    ) -> tuple[NDArray[np.int16], NDArray[np.int32], NDArray[np.uint8] | None]:
        """Return ticks, servers and steps of spread of a plain layer, measurements added.

        Steps are None where all of the spread is left.
        """
        name = self._plan.plain[layer]
        extra, share = self._correction.over(name.operator, name.technology, window)
        if extra is not None:
            level += extra
        ticks = np.full((1, *window.shape), NO_LEVEL, dtype=np.int16)
        to_level_ticks(level[None], server[None], ticks)
        return ticks[0], server, None if share is None else share_steps(share)

    def pick(
        self,
        layer: LayerName,
        ticks: NDArray[np.int16],
        server: NDArray[np.int32],
        left: NDArray[np.uint8],
        into: int,
    ) -> None:
        """Write a combination into layer ``into`` of arrays that hold its members.

        Parameters
        ----------
        ticks, server, left
            (layers, rows, cols), as :meth:`combine` returns them.
        """
        pick_best(
            ticks,
            server,
            left,
            np.array(layer.members, dtype=np.int64),
            self._threshold,
            self._sigma,
            layer.technology == ANY,
            ticks[into],
            server[into],
            left[into] if len(left) else _NO_STEPS,
        )

    def best_of(self, layer: LayerName, parts: Sequence[Levels], window: Window) -> Levels:
        """Return a combination of layers that are its members, in their order."""
        by_odds = layer.technology == ANY
        return take_best(parts, window, self._threshold, self._sigma, by_odds=by_odds)


def take_best(
    parts: Sequence[Levels],
    window: Window,
    threshold_dbm: NDArray[np.float64],
    sigma_db: NDArray[np.float64],
    *,
    by_odds: bool,
) -> Levels:
    """Return the best of several layers, place by place.

    Parameters
    ----------
    parts
        Layers over the window; none: nothing is there.
    threshold_dbm, sigma_db
        (cells,) by server.
    by_odds
        Best by probability; else by level.
    """
    count = len(parts)
    tight = any(part.left is not None for part in parts)
    ticks = np.full((count + 1, *window.shape), NO_LEVEL, dtype=np.int16)
    server = np.zeros((count + 1, *window.shape), dtype=np.int32)
    left = np.full((count + 1 if tight else 0, *window.shape), ALL_LEFT, dtype=np.uint8)
    for k, part in enumerate(parts):
        ticks[k], server[k] = part.ticks, part.server
        if part.left is not None:
            left[k] = part.left
    members = np.arange(count, dtype=np.int64)
    best_left = left[count] if tight else _NO_STEPS
    pick_best(
        ticks,
        server,
        left,
        members,
        threshold_dbm,
        sigma_db,
        by_odds,
        ticks[count],
        server[count],
        best_left,
    )
    if tight:
        left[count][server[count] == 0] = NO_SHARE
    return Levels(ticks[count], server[count], left[count] if tight else None)
