"""How much of a village hears what: weights summed from the strongest place down.

A threshold is looked up in such sums, where it would else be asked of every place again. Weights
are whole grains (see :class:`phusong.coverage.villages.weights.Weights`), so that the sums are
exact, and what is looked up equals what a run sums place by place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.signal.layerfiles import Levels
from phusong.coverage.villages.footprints import Footprints
from phusong.jit import njit

_NO_STEPS: Final = np.zeros(0, dtype=np.uint8)


@dataclass(frozen=True)
class LevelSums:
    """What a layer gives some villages: for each kind of server, weight by level.

    Attributes
    ----------
    rows
        (villages,) positions in the frame of villages.
    firsts
        (villages + 1,) where each village's kinds begin.
    kinds
        (kinds of all villages,) kind of server.
    starts
        (kinds of all villages + 1,) where the levels of each begin.
    ticks, grains
        Levels, falling within a kind, and the grains at that level or above.
    """

    rows: NDArray[np.int64]
    firsts: NDArray[np.int64]
    kinds: NDArray[np.int32]
    starts: NDArray[np.int64]
    ticks: NDArray[np.int16]
    grains: NDArray[np.uint32]

    @classmethod
    def of(
        cls,
        batch: Footprints,
        grains: NDArray[np.uint32],
        levels: Levels,
        kind_of_server: NDArray[np.int32],
        steps: int,
    ) -> LevelSums:
        """Sum one layer over a batch of villages.

        Parameters
        ----------
        batch, grains
            Part cells, and the grains of each.
        levels
            Of the layer over the batch's window.
        kind_of_server
            By server plus one; with steps of spread, the kind of the first of them.
        steps
            Steps of spread that a kind is told apart by; 1: none.
        """
        count, most = len(batch.rows), batch.cells.size
        kinds, ticks = np.empty(most, dtype=np.int32), np.empty(most, dtype=np.int16)
        sums, found = np.empty(most, dtype=np.uint32), np.zeros(count, dtype=np.int64)
        left = _NO_STEPS if steps == 1 or levels.left is None else levels.left.ravel()
        _sum_levels(
            batch.offsets,
            batch.cells,
            grains,
            levels.ticks.ravel(),
            levels.server.ravel(),
            left,
            kind_of_server,
            np.full((int(kind_of_server.max(initial=0)) + 1) * steps, -1, dtype=np.int64),
            kinds,
            ticks,
            sums,
            found,
        )
        ends = np.concatenate([[0], np.cumsum(found)])
        taken = np.arange(ends[-1]) + np.repeat(batch.offsets[:-1] - ends[:-1], found)
        kind = kinds[taken]
        village = np.repeat(np.arange(count), found)
        new = np.ones(len(kind), dtype=np.bool_)
        new[1:] = (np.diff(kind) != 0) | (np.diff(village) != 0)
        starts = np.flatnonzero(new)
        firsts = np.searchsorted(village[starts], np.arange(count + 1))
        starts = np.append(starts, len(kind)).astype(np.int64)
        return cls(batch.rows, firsts, kind[new], starts, ticks[taken], sums[taken])

    def served(self, cuts: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the grains served, (villages,).

        Parameters
        ----------
        cuts
            By kind of server, the lowest tick that is served.
        """
        found = np.zeros(len(self.rows), dtype=np.int64)
        _look_up(self.firsts, self.kinds, self.starts, self.ticks, self.grains, cuts, found)
        return found


@njit(cache=True, nogil=True)
def _kinds_of(cells: Any, server: Any, left: Any, kind_of_server: Any) -> Any:
    """Return the kind of server at some places, -1 where nothing is heard."""
    kinds = np.full(cells.size, -1, dtype=np.int64)
    for i in range(cells.size):
        who = server[cells[i]]
        if who > 0:
            kinds[i] = kind_of_server[who]
            if left.size > 0:
                kinds[i] += left[cells[i]]
    return kinds


@njit(cache=True, nogil=True)
def _sum_levels(  # noqa: C901 - kinds of a village, their levels, and both put in order
    offsets: Any,
    cells: Any,
    grains: Any,
    ticks: Any,
    server: Any,
    left: Any,
    kind_of_server: Any,
    place_of_kind: Any,
    out_kinds: Any,
    out_ticks: Any,
    out_grains: Any,
    found: Any,
) -> None:
    """Write each village's kinds and levels from where its cells begin, and how many there are."""
    for v in range(offsets.size - 1):
        own = cells[offsets[v] : offsets[v + 1]]
        kinds = _kinds_of(own, server, left, kind_of_server)
        low, high = 32767, -32768
        for i in range(own.size):
            if kinds[i] >= 0:
                place_of_kind[kinds[i]] = 0
                low, high = min(low, ticks[own[i]]), max(high, ticks[own[i]])
        if low > high:
            continue
        present = np.flatnonzero(place_of_kind >= 0)
        for k in range(present.size):
            place_of_kind[present[k]] = k
        span = high - low + 1
        table = np.zeros((present.size, span), dtype=np.int64)
        heard = np.zeros((present.size, span), dtype=np.bool_)
        for i in range(own.size):
            if kinds[i] >= 0:
                k, t = place_of_kind[kinds[i]], high - ticks[own[i]]
                table[k, t] += grains[offsets[v] + i]
                heard[k, t] = True
        n = offsets[v]
        for k in range(present.size):
            together = 0
            for t in range(span):
                if heard[k, t]:
                    together += table[k, t]
                    out_kinds[n] = present[k]
                    out_ticks[n] = high - t
                    out_grains[n] = together
                    n += 1
            place_of_kind[present[k]] = -1
        found[v] = n - offsets[v]


@njit(cache=True, nogil=True)
def _look_up(
    firsts: Any, kinds: Any, starts: Any, ticks: Any, grains: Any, cuts: Any, found: Any
) -> None:
    """Add, over the kinds of each village, the grains at the cut or above."""
    for v in range(firsts.size - 1):
        for s in range(firsts[v], firsts[v + 1]):
            cut = cuts[kinds[s]]
            low, high = starts[s], starts[s + 1]
            while low < high:
                middle = (low + high) // 2
                if ticks[middle] >= cut:
                    low = middle + 1
                else:
                    high = middle
            if low > starts[s]:
                found[v] += grains[low - 1]
