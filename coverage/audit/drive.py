"""Where to drive next: the day's way over the roads that narrows the intervals most.

Each stretch of road passes places that a carrier claims and nobody has tested. What a test is worth
is how much it narrows the interval of its commune, carrier and technology, and less with every
test that is there already. The way is grown greedily: to the stretch whose way there and along it
narrows most for its length, as long as there is enough of the day left to come home. Several such
days, which weigh the length of the way differently, are grown. The roads of the best are then
driven in a shorter round, and what that saves is spent on more of them. The sum of widths is
submodular in the places tested, where greedy choices do well, but no bound is proven for a way on
a network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import ndtri

from phusong.coverage.audit.intervals import clopper_pearson
from phusong.coverage.audit.ways import (
    SHORTEST_M,
    Floats,
    Ints,
    Search,
    Steps,
    Ways,
    path_to,
    round_trip,
)

STOP_EVERY_M: Final = 5_000.0
"""Points of a way lie no further apart than this, so that a navigator keeps to it."""
_HOW: Final = tuple((power, homeward) for power in (0.7, 1.0, 1.4) for homeward in (0.0, 0.5))
"""Ways of choosing that are tried, the best day of them is kept: none is best on every network."""
_ROUNDS: Final = 6
"""How often what a shorter round saves is spent again, at most."""


@dataclass(frozen=True)
class Untested:
    """What a drive could test.

    Attributes
    ----------
    edge, place
        (pairs,) which roads pass which places.
    of_place, of_group
        (tests,) a test of a group (commune, carrier, technology) at a place.
    tests, share
        (groups,) made so far; share expected to succeed.
    """

    edge: Ints
    place: Ints
    of_place: Ints
    of_group: Ints
    tests: Floats
    share: Floats


@dataclass(frozen=True)
class Drive:
    """A day's way.

    Attributes
    ----------
    edges, forward
        (steps,) roads in the order driven, and whether from tail to head.
    stops
        Points in order: ``order``, ``node``, ``km`` (from the start), ``new_tests`` (of all
        carriers, since the stop before), ``narrowing`` (sum of widths of intervals gained).
    length_m
        There and back.
    new_tests
        (groups,) tests it makes.
    low_before, high_before, low_after, high_after
        (groups,) exact intervals now, and when the new tests succeed as often as expected.
    """

    edges: Ints
    forward: NDArray[np.bool_]
    stops: pd.DataFrame
    length_m: float
    new_tests: Ints
    low_before: Floats
    high_before: Floats
    low_after: Floats
    high_after: Floats


def expected_width(tests: Floats, share: Floats, confidence: float) -> Floats:
    """Return the width of an interval after a number of tests, before they are made.

    That of Agresti and Coull (1998), which falls and flattens with every test from the first on;
    exact intervals do so in steps, and would make the first test of a commune look worthless.
    """
    z = float(ndtri(0.5 + confidence / 2.0))
    count = tests + z * z
    middle = (share * tests + z * z / 2.0) / count
    return np.asarray(2.0 * z * np.sqrt(middle * (1.0 - middle) / count), dtype=np.float64)


def _along(before: Ints, by: Ints, gain: Floats) -> Floats:
    """Return (nodes,) the gain of all edges on the way to each node, by doubling the steps."""
    here = np.arange(len(before))
    total = np.where(by >= 0, gain[np.maximum(by, 0)], 0.0)
    jump = np.where(before >= 0, before, here)
    while True:
        further = jump[jump]
        total = total + np.where(jump != here, total[jump], 0.0)
        if (further == jump).all():
            return total
        jump = further


class _Day:
    """A way that grows, and what it has tested."""

    def __init__(
        self, ways: Ways, untested: Untested, start: int, day_m: float, confidence: float
    ) -> None:
        self.search = Search(ways)
        self.start, self.day_m = start, day_m
        self._confidence = confidence
        places = int(max(untested.place.max(initial=-1), untested.of_place.max(initial=-1))) + 1
        groups = len(untested.tests)
        self._share, self._before = untested.share, untested.tests
        ones = np.ones(len(untested.edge))
        self._places_of = csr_array(
            (ones, (untested.edge, untested.place)), shape=(len(ways.tail), places)
        )
        self._tests_of = csr_array(
            (np.ones(len(untested.of_place)), (untested.of_place, untested.of_group)),
            shape=(places, groups),
        )
        self._home, self._home_before, self._home_by = self.search.ways_from(start)
        self._begin(places)

    def _begin(self, places: int) -> None:
        """Stand at the start with nothing driven."""
        self.at, self.driven_m, self.tests = self.start, 0.0, self._before
        self.steps: Steps = []
        self.log: list[tuple[int, float, int, float]] = []
        self._left = np.ones(places, dtype=bool)

    @property
    def narrowed(self) -> float:
        """By how much intervals narrow, summed over groups."""
        return sum(narrowed for *_, narrowed in self.log)

    def _width(self) -> Floats:
        return expected_width(self.tests, self._share, self._confidence)

    def _worth(self) -> Floats:
        """(edges,) what the next test at each of an edge's places would narrow, summed."""
        next_ = expected_width(self.tests + 1.0, self._share, self._confidence)
        of_place = np.asarray(self._tests_of @ (self._width() - next_))
        return np.asarray(self._places_of @ np.where(self._left, of_place, 0.0))

    def step(self, power: float, homeward: float) -> bool:
        """Drive to and along the stretch that is worth most for its way; False: none is.

        Parameters
        ----------
        power
            Of the way's length: above 1 the next stretch counts, below it the far one.
        homeward
            Part (0 to 1) of the way home that counts as driven, too.
        """
        search, worth = self.search, self._worth()
        left_m = self.day_m - self.driven_m
        away, before, by = search.ways_from(self.at, left_m)
        gain = _along(before, by, worth)
        tail, head, edge = search.tail, search.head, search.edge
        way_m = away[tail] + search.length[edge]
        worth_there = gain[tail] + np.where(by[tail] == edge, 0.0, worth[edge])
        can = np.isfinite(way_m) & (way_m + self._home[head] <= left_m) & (worth_there > 0)
        if not can.any():
            return False
        further_m = np.where(can, self._home[head] - self._home[self.at], 0.0)
        price_m = np.maximum(way_m + homeward * further_m, SHORTEST_M)
        rate = np.where(can, worth_there / price_m**power, -1.0)
        best = int(rate.argmax())
        self._go([*path_to(before, by, int(tail[best])), (int(edge[best]), int(head[best]))])
        return True

    def go_home(self) -> None:
        """Drive back to the start by the shortest way."""
        steps, node = [], self.at
        while node != self.start:
            after = int(self._home_before[node])
            steps.append((int(self._home_by[node]), after))
            node = after
        self._go(steps)

    def tighten(self) -> None:
        """Drive the roads that tell something in a round of their own, if that is shorter."""
        driven = [edge for edge, _ in self.steps]
        telling = {edge for edge, (*_, made, _) in zip(driven, self.log, strict=True) if made}
        shorter = round_trip(self.search, telling, set(driven), self.start)
        if sum(float(self.search.length[edge]) for edge, _ in shorter) < self.driven_m:
            self._begin(len(self._left))
            self._go(shorter)

    def _go(self, steps: Steps) -> None:
        self.steps += steps
        for edge, node in steps:
            width = self._width()
            self.driven_m += float(self.search.length[edge])
            row = slice(self._places_of.indptr[edge], self._places_of.indptr[edge + 1])
            seen = self._places_of.indices[row]
            fresh = seen[self._left[seen]]
            self._left[fresh] = False
            made: Floats = np.asarray(self._tests_of[fresh].sum(axis=0)).ravel()
            self.tests = self.tests + made
            narrowed = float((width - self._width()).sum())
            self.log.append((node, self.driven_m, round(float(made.sum())), narrowed))
            self.at = node


def _grown(day: _Day, power: float, homeward: float) -> _Day:
    """Grow a day until nothing more can be reached in time, and drive home."""
    while day.step(power, homeward):
        pass
    day.go_home()
    return day


def _filled(day: _Day, power: float, homeward: float) -> _Day:
    """Drive a day's roads in a shorter round, and fill what that saves."""
    for _ in range(_ROUNDS):
        length_m = day.driven_m
        day.tighten()
        if day.driven_m >= length_m:
            break
        _grown(day, power, homeward)
    return day


def plan_drive(
    ways: Ways, untested: Untested, start: int, day_m: float, confidence: float = 0.95
) -> Drive:
    """Plan a day's drive from a node and back to it.

    Parameters
    ----------
    ways
        The roads.
    untested
        What can be tested on them.
    start
        Node to leave from.
    day_m
        Length of the way at most, the way home included.
    confidence
        Of the intervals.

    Returns
    -------
    Drive
        Without edges where nothing that can be reached is left to test.
    """
    days = [(_grown(_Day(ways, untested, start, day_m, confidence), *how), how) for how in _HOW]
    best, how = max(days, key=lambda one: one[0].narrowed)
    day = _filled(best, *how)
    edges, nodes = np.array(day.steps, dtype=np.int64).reshape(-1, 2).T
    before, share = untested.tests, untested.share
    return Drive(
        edges,
        np.asarray(ways.head[edges] == nodes),
        _stops(day.log, start),
        day.driven_m,
        np.rint(day.tests - before).astype(np.int64),
        *clopper_pearson(share * before, before, confidence),
        *clopper_pearson(share * day.tests, day.tests, confidence),
    )


def _stops(log: list[tuple[int, float, int, float]], start: int) -> pd.DataFrame:
    """Return points of the way: the start, then the end of each five kilometres, and the last."""
    rows = [(start, 0.0, 0, 0.0)]
    tests, narrowing = 0, 0.0
    for i, (node, driven_m, made, narrowed) in enumerate(log):
        tests, narrowing = tests + made, narrowing + narrowed
        last = i + 1 == len(log)
        if last or log[i + 1][1] - rows[-1][1] > STOP_EVERY_M:
            rows.append((node, driven_m, tests, narrowing))
            tests, narrowing = 0, 0.0
    out = pd.DataFrame(rows, columns=["node", "driven_m", "new_tests", "narrowing"])
    out["km"] = out["driven_m"] / 1000.0
    out["order"] = np.arange(len(out))
    return out[["order", "node", "km", "new_tests", "narrowing"]]
