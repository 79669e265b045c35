"""Which masts every place hears, best first, and what is served without some of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.signal.combine import (
    ALL_LEFT,
    NO_LEVEL,
    Odds,
    add_mast,
    share_steps,
    to_level_ticks,
)
from phusong.coverage.signal.correction import Correction
from phusong.coverage.signal.layerfiles import Levels
from phusong.coverage.signal.losses import ELEVATION_STEP_DEG, LOSS_STEP_DB
from phusong.coverage.signal.plan import Plan
from phusong.coverage.signal.tiles import Tiles
from phusong.grid import Window
from phusong.jit import njit

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
LevelsAt = tuple[NDArray[np.float32], NDArray[np.int32]]
"""(layers, places) level in dBm, and server plus one."""


@njit(cache=True, nogil=True)
def _insert(level: Any, server: Any, at: Any, place: Any, levels: Any, servers: Any) -> None:
    """Put the levels of one mast into the lists of places, best first.

    Parameters
    ----------
    level, server
        (layers, cells) of the mast, flat; server plus one, 0 without signal.
    at, place
        (places,) cell of the mast's window, and list.
    levels, servers
        (layers, lists, length), changed in place. Of equals the lower server is the better, so
        that the order in which masts come makes no difference.
    """
    layers, _, length = levels.shape
    for i in range(layers):
        for j in range(at.size):
            who = server[i, at[j]]
            if who == 0:
                continue
            value, p = level[i, at[j]], place[j]
            k = length
            while k > 0 and (
                servers[i, p, k - 1] == 0
                or value > levels[i, p, k - 1]
                or (value == levels[i, p, k - 1] and who < servers[i, p, k - 1])
            ):
                k -= 1
            if k == length:
                continue
            for m in range(length - 1, k, -1):
                levels[i, p, m] = levels[i, p, m - 1]
                servers[i, p, m] = servers[i, p, m - 1]
            levels[i, p, k] = value
            servers[i, p, k] = who


@njit(cache=True, nogil=True)
def _first_heard(
    levels: Any, servers: Any, dead: Any, places: Any, level: Any, server: Any
) -> bool:
    """Take the first of each list that is not silent; False where a full list is all silent.

    ``dead`` is (cells + 1,) by server plus one; ``level``, ``server`` are (layers, places).
    """
    layers, _, length = levels.shape
    whole = True
    for i in range(layers):
        for j in range(places.size):
            p = places[j]
            server[i, j] = 0
            for k in range(length):
                who = servers[i, p, k]
                if who == 0:
                    break
                if not dead[who]:
                    level[i, j], server[i, j] = levels[i, p, k], who
                    break
                if k == length - 1:
                    whole = False
    return whole


class Heard:
    """Which masts each place of some villages hears, as lists.

    Parameters
    ----------
    tiles
        The losses.
    window
        Cells of the grid that hold the places.
    cells
        (places,) flat in the window, unique.
    length
        Masts kept in a list.
    """

    def __init__(
        self, tiles: Tiles, layers: NDArray[np.int64], window: Window, cells: Ints, length: int
    ) -> None:
        plan = tiles.plan
        self.cells = cells
        self.levels = np.full((len(layers), len(cells), length), -np.inf, dtype=np.float32)
        self.servers = np.zeros(self.levels.shape, dtype=np.int32)
        layer_of = np.full(len(plan.plain), -1, dtype=np.int64)
        layer_of[layers] = np.arange(len(layers))
        reference = plan.cells["reference_dbm"].to_numpy(dtype=np.float64)
        row, col = np.divmod(cells, max(window.cols, 1))
        for lit in tiles.lit(window):
            mine = layer_of[plan.layer_of_cell[lit.reach.mast.cells]]
            wanted = mine >= 0
            if not wanted.any():
                continue
            own = lit.reach.mast.cells[wanted]
            level = np.full((len(layers), *lit.part.shape), -np.inf, dtype=np.float32)
            server = np.zeros(level.shape, dtype=np.int32)
            add_mast(
                lit.loss,
                LOSS_STEP_DB,
                lit.elevation,
                ELEVATION_STEP_DEG,
                lit.east_m,
                lit.north_m,
                tiles.grid.cell_m,
                lit.reach.beams,
                plan.beams.horizontal_db,
                plan.beams.vertical_db,
                lit.reach.beam_of[wanted],
                lit.reach.band_of[wanted],
                mine[wanted],
                reference[own],
                own,
                level,
                server,
            )
            rows, cols = lit.inside
            inside = (
                (row >= rows.start) & (row < rows.stop) & (col >= cols.start) & (col < cols.stop)
            )
            place = np.flatnonzero(inside)
            at = (row[place] - rows.start) * lit.part.cols + col[place] - cols.start
            flat = (len(layers), -1)
            _insert(level.reshape(flat), server.reshape(flat), at, place, self.levels, self.servers)

    def without(self, dead: Bools, places: Ints) -> LevelsAt | None:
        """Return (layers, places) level and server plus one; None where a list is too short."""
        level = np.full((len(self.levels), len(places)), -np.inf, dtype=np.float32)
        server = np.zeros(level.shape, dtype=np.int32)
        if not _first_heard(self.levels, self.servers, dead, places, level, server):
            return None
        return level, server


class Service:
    """Turns levels at places into service, as the signal's rasters would have them."""

    def __init__(
        self,
        correction: Correction,
        plan: Plan,
        layers: Ints,
        window: Window,
        cells: Ints,
        odds: Odds,
        cut: NDArray[np.int32],
    ) -> None:
        self._odds, self._cut = odds, cut
        self._extra: list[NDArray[np.float32] | None] = []
        self._left: list[NDArray[np.uint8] | None] = []
        for i in layers.tolist():
            name = plan.plain[i]
            extra, share = correction.over(name.operator, name.technology, window)
            self._extra.append(None if extra is None else extra.ravel()[cells])
            left = None if share is None else share_steps(share.ravel()[cells])
            if left is None and correction.tightens:
                left = np.full(len(cells), ALL_LEFT, dtype=np.uint8)
            self._left.append(left)

    def served(self, level: NDArray[np.float32], server: NDArray[np.int32], places: Ints) -> Bools:
        """Return whether any layer serves, by place."""
        out = np.zeros(len(places), dtype=bool)
        for i, (extra, left) in enumerate(zip(self._extra, self._left, strict=True)):
            own, who = level[i].reshape(1, 1, -1).copy(), server[i].reshape(1, 1, -1).copy()
            if extra is not None:
                own[0, 0] += extra[places]
            ticks = np.full(own.shape, NO_LEVEL, dtype=np.int16)
            to_level_ticks(own, who, ticks)
            levels = Levels(ticks.ravel(), who.ravel(), None if left is None else left[places])
            kind = self._odds.kind(levels.server, levels.left)
            out |= (levels.server > 0) & (levels.ticks >= self._cut[kind])
        return out
