"""Which masts every place hears, best first, and what is served without some of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.signal.combine import (
    ALL_LEFT,
    NO_LEVEL,
    TICK_DB,
    Odds,
    add_mast,
    level_tick,
    share_steps,
)
from phusong.coverage.signal.correction import Correction
from phusong.coverage.signal.losses import ELEVATION_STEP_DEG, LOSS_STEP_DB
from phusong.coverage.signal.plan import Plan
from phusong.coverage.signal.tiles import Lit, Tiles
from phusong.grid import Window
from phusong.jit import njit

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class Service:
    """When a level at a place is service, as the signal's rasters would have it.

    Attributes
    ----------
    cut, kind_of_server, least
        Lowest tick served by kind, kind by server plus one; no lower tick is served by any.
    floor_dbm
        No level at or under it is served anywhere, whatever measurements add.
    extra
        (layers, places) dB that measurements add; (layers, 0) where they add nothing.
    left
        (layers, places) steps of the spread that is left; (layers, 0): all of it.
    """

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
        self.cut, self.kind_of_server = cut, odds.kind_of_server
        self.least = int(cut.min(initial=0))
        extras, lefts = [], []
        for i in layers.tolist():
            name = plan.plain[i]
            extra, share = correction.over(name.operator, name.technology, window)
            extras.append(None if extra is None else extra.ravel()[cells])
            lefts.append(None if share is None else share_steps(share.ravel()[cells]))
        self.extra = _stacked(extras, np.float32(0), len(cells))
        self.left = _stacked(lefts, np.uint8(ALL_LEFT), len(cells))
        most = float(np.nanmax(self.extra, initial=0.0))
        self.floor_dbm = np.float32((self.least - 1) * TICK_DB - most)


def _stacked(parts: list[Any], nothing: Any, places: int) -> NDArray[Any]:
    if all(part is None for part in parts):
        return np.zeros((len(parts), 0), dtype=type(nothing))
    whole = np.full((len(parts), places), nothing)
    for i, part in enumerate(parts):
        if part is not None:
            whole[i] = part
    return whole


class Heard:
    """Which masts each place of some villages hears: one list a place, layer by layer, best first.

    Of equal levels the lower server is the better, so that the order in which masts come makes
    no difference. What could not serve, however much fell silent, is left out.

    Attributes
    ----------
    offsets
        (places + 1,) where the list of each place begins.
    who
        (heard,) server plus one, negative where it would not serve the place.
    """

    def __init__(
        self, tiles: Tiles, layers: Ints, window: Window, cells: Ints, service: Service
    ) -> None:
        plan = tiles.plan
        layer_of = np.full(len(plan.plain), -1, dtype=np.int64)
        layer_of[layers] = np.arange(len(layers))
        layer_of_cell = layer_of[plan.layer_of_cell]
        self.layer = np.concatenate([[0], layer_of_cell]).astype(np.int16)
        """By server plus one."""
        row, col = np.divmod(cells, max(window.cols, 1))
        found = [
            (np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, np.int32)),
            *(
                _competing(tiles, lit, layer_of_cell, len(layers), row, col, service)
                for lit in tiles.lit(window)
            ),
        ]
        place, level, who = (np.concatenate(part) for part in zip(*found, strict=True))
        self.offsets, self.who = _in_order(place, level, who, self.layer, len(cells))

    def served(self, dead: Bools, places: Ints) -> Bools:
        """Return whether places are served by any layer while cells are ``dead``.

        Parameters
        ----------
        dead
            (cells + 1,) by server plus one.
        places
            Those asked for.
        """
        return np.asarray(_served(self.offsets, self.who, self.layer, dead, places))

    def serving(self) -> tuple[Ints, Ints]:
        """Return pairs of a place and a server plus one: all that serve or hide another now."""
        place, server = _serving(self.offsets, self.who, self.layer)
        return place, server


def _competing(
    tiles: Tiles, lit: Lit, layer_of_cell: Ints, layers: int, row: Ints, col: Ints, service: Service
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int32]]:
    """Return place, level and server of all that one mast may serve."""
    plan = tiles.plan
    cells = lit.reach.mast.cells
    wanted = layer_of_cell[cells] >= 0
    own = cells[wanted]
    # What cannot serve need not be computed: no cell wins a place at less.
    level = np.full((layers, *lit.part.shape), service.floor_dbm, dtype=np.float32)
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
        layer_of_cell[own],
        plan.cells["reference_dbm"].to_numpy(dtype=np.float64)[own],
        own,
        level,
        server,
    )
    rows, cols = lit.inside
    inside = (row >= rows.start) & (row < rows.stop) & (col >= cols.start) & (col < cols.stop)
    place = np.flatnonzero(inside)
    at = (row[place] - rows.start) * lit.part.cols + col[place] - cols.start
    flat = (layers, -1)
    return _entries(  # type: ignore[no-any-return]
        level.reshape(flat),
        server.reshape(flat),
        at,
        place,
        service.extra,
        service.left,
        service.kind_of_server,
        service.cut,
        service.least,
    )


@njit(cache=True, nogil=True)
def _entries(
    level: Any,
    server: Any,
    at: Any,
    place: Any,
    extra: Any,
    left: Any,
    kind_of_server: Any,
    cut: Any,
    least: int,
) -> Any:
    """Return place, level and server plus one, negative where it would not serve."""
    layers = level.shape[0]
    places = np.empty(layers * at.size, np.int32)
    levels = np.empty(layers * at.size, np.float32)
    who = np.empty(layers * at.size, np.int32)
    count = 0
    for i in range(layers):
        for j in range(at.size):
            one = server[i, at[j]]
            if one == 0:
                continue
            value = level[i, at[j]]
            felt = value
            if extra.shape[1] > 0:
                felt = np.float32(value + extra[i, place[j]])
            tick = level_tick(felt)
            if tick == NO_LEVEL or tick < least:
                continue
            kind = kind_of_server[one]
            if left.shape[1] > 0:
                kind += np.int32(left[i, place[j]]) - ALL_LEFT
            places[count], levels[count] = place[j], value
            who[count] = one if tick >= cut[kind] else -one
            count += 1
    return places[:count].copy(), levels[:count].copy(), who[:count].copy()


@njit(cache=True, nogil=True)
def _in_order(place: Any, level: Any, who: Any, layer: Any, places: int) -> Any:
    """Sort entries by place, layer, level (falling) and server; return offsets and servers."""
    offsets = np.zeros(places + 1, np.int64)
    for p in place:
        offsets[p + 1] += 1
    for p in range(places):
        offsets[p + 1] += offsets[p]
    stop = offsets[:-1].copy()
    out = np.empty(place.size, np.int32)
    height = np.empty(place.size, np.float32)
    for e in range(place.size):
        p = place[e]
        one, value = who[e], level[e]
        mine = layer[abs(one)]
        k = stop[p]
        while k > offsets[p]:
            other, best = out[k - 1], height[k - 1]
            theirs = layer[abs(other)]
            if theirs < mine:
                break
            if theirs == mine and (best > value or (best == value and abs(other) < abs(one))):
                break
            out[k], height[k] = other, best
            k -= 1
        out[k], height[k] = one, value
        stop[p] += 1
    return offsets, out


@njit(cache=True, nogil=True)
def _served(offsets: Any, who: Any, layer: Any, dead: Any, places: Any) -> Any:
    out = np.zeros(places.size, np.bool_)
    for j in range(places.size):
        decided = -1
        for k in range(offsets[places[j]], offsets[places[j] + 1]):
            one = abs(who[k])
            if dead[one] or layer[one] == decided:
                continue
            decided = layer[one]
            if who[k] > 0:
                out[j] = True
                break
    return out


@njit(cache=True, nogil=True)
def _serving(offsets: Any, who: Any, layer: Any) -> Any:
    places = offsets.size - 1
    count = 0
    place = np.empty(who.size, np.int64)
    server = np.empty(who.size, np.int64)
    for p in range(places):
        decided = -1
        for k in range(offsets[p], offsets[p + 1]):
            one = abs(who[k])
            if layer[one] != decided:
                decided = layer[one]
                place[count], server[count] = p, one
                count += 1
    return place[:count].copy(), server[:count].copy()
