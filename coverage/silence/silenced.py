"""Villages when masts fall silent: what is left of the signal without some sites, many times over.

A cut cable silences some sites; a province has thousands of cuts. Judging the villages anew for
each would combine the same levels again and again. Here every place of a village keeps, for each
operator and technology, the masts it hears, best first; without the silent ones the next in the
list serves, so that the answer equals a run without those sites, cell by cell. The lists are made
once, in one walk over the villages; of an event only the places are looked at that its sites serve.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.signal.combine import Odds
from phusong.coverage.signal.correction import Correction
from phusong.coverage.signal.losses import Losses
from phusong.coverage.signal.plan import plan_run
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.signal.tiles import Tiles
from phusong.coverage.silence.heard import Heard, Service
from phusong.coverage.silence.vicinities import Vicinity, vicinities
from phusong.coverage.villages.verdict import grade
from phusong.coverage.villages.weights import Weights, census
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import Study

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Silence:
    """What becomes of villages in one event.

    Attributes
    ----------
    village
        (changed,) rows of the villages of which another part is served.
    share, centre
        (changed,) served share, and whether the centre is served.
    """

    village: Ints
    share: Floats
    centre: Bools


class SilencedVillages:
    """Verdicts of the villages now, and without sets of sites.

    Parameters
    ----------
    inputs, study
        As for :func:`phusong.coverage.signal.signal.compute_signal`.
    store
        Where path losses are kept; what is missing is computed.
    """

    def __init__(self, inputs: Inputs, study: Study, store: PathLossStore) -> None:
        self._inputs, self._study = inputs, study
        self._plan = plan_run(inputs, study)
        self._losses = Losses(inputs, study, store)
        self._heard: list[_Silenceable] | None = None
        self._now = pd.DataFrame()

    def now(self, progress: Progress | None = None) -> pd.DataFrame:
        """Return ``share``, ``centre``, ``grade``, ``people`` (NaN: not known) of every village.

        The first call walks over all villages and keeps what every place hears: some 4 bytes for
        each mast that a place may be served by.
        """
        if self._heard is None:
            self._heard = self._listen(progress or NoProgress())
        return self._now

    def without(
        self, events: Sequence[frozenset[str]], progress: Progress | None = None
    ) -> tuple[pd.DataFrame, list[Silence]]:
        """Judge the villages under every event.

        Parameters
        ----------
        events
            Sites that fall silent at once.
        progress
            Told of the steps ``propagation`` and ``silenced``, at first.

        Returns
        -------
        now, changes
            As :meth:`now` gives it; and one :class:`Silence` an event, of the layer of any
            operator and technology of the verdict.
        """
        now = self.now(progress)
        found: list[list[tuple[Ints, Floats, Bools]]] = [[] for _ in events]
        for some in self._heard or []:
            for which, after in some.under(events):
                found[which].append(after)
        return now, [_together(parts) for parts in found]

    def _listen(self, told: Progress) -> list[_Silenceable]:
        report = self._losses.ensure(self._plan.masts, told)
        correction = Correction(self._inputs, self._study)
        tiles = Tiles(self._plan, self._losses, report, self._inputs.grid, correction)
        layers = np.array(self._plan.combined[-1].members, dtype=np.int64)
        odds = Odds.of_cells(self._plan.cells, tightened=correction.tightens)
        cut = odds.served_from_tick(self._study.verdict.probability)
        count = len(self._inputs.villages)
        share, centre = np.zeros(count), np.zeros(count, dtype=bool)
        told.start("silenced", count, "Villages when sites fall silent")
        weights = Weights(self._inputs.villages, self._study, self._inputs.people)

        def listen(some: Vicinity) -> _Silenceable:
            service = Service(correction, self._plan, layers, some.window, some.cells, odds, cut)
            heard = Heard(tiles, layers, some.window, some.cells, service)
            return _Silenceable(self._plan.cells, some, heard)

        out = []
        for some, one in tiles.in_order(listen, list(vicinities(self._inputs, weights))):
            out.append(one)
            share[some.rows], centre[some.rows] = one.now
            told.advance("silenced", len(some.rows))
        table = pd.DataFrame({"share": share, "centre": centre})
        table["grade"] = grade(centre, share, self._study.verdict)
        table["people"], _ = census(self._inputs.villages, weights.on_raster)
        self._now = table
        return out


def _together(parts: list[tuple[Ints, Floats, Bools]]) -> Silence:
    if not parts:
        return Silence(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, dtype=bool))
    village, share, centre = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(village, kind="stable")
    return Silence(village[order], share[order], centre[order])


class _Silenceable:
    """Villages that lie together, judged under any event."""

    def __init__(self, cells: pd.DataFrame, some: Vicinity, heard: Heard) -> None:
        self._some, self._heard = some, heard
        site, names = pd.factorize(cells["site_id"].astype(str))
        self._site = np.concatenate([[-1], site])
        """By server plus one."""
        self._number = {str(name): i for i, name in enumerate(names)}
        every = np.arange(len(some.cells))
        self._served = heard.served(np.zeros(len(self._site), dtype=bool), every)
        self.now = some.judge(self._served)
        self._places, self._villages = self._of_sites(*heard.serving())
        self._serving = frozenset(str(names[i]) for i in self._places)
        anywhere = np.unique(self._site[np.unique(np.abs(heard.who))])
        self._heard_of = frozenset(str(names[i]) for i in anywhere)

    def _of_sites(
        self, place: Ints, server: Ints
    ) -> tuple[dict[int, NDArray[np.int32]], dict[int, Bools]]:
        """Return, by site, the places it serves in any layer, and the villages that hold them."""
        pairs = self._site[server] * len(self._some.cells) + place
        pairs.sort()
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]
        site, place = np.divmod(pairs, max(len(self._some.cells), 1))
        sites, first, group = np.unique(site, return_index=True, return_inverse=True)
        parts = np.split(place.astype(np.int32), first[1:])[: len(sites)]
        touched = self._some.touched(place, group, len(sites))
        numbers = sites.tolist()
        return dict(zip(numbers, parts, strict=True)), dict(zip(numbers, touched, strict=True))

    def under(
        self, events: Sequence[frozenset[str]]
    ) -> Iterator[tuple[int, tuple[Ints, Floats, Bools]]]:
        """Give event and (village, share, centre) of what changes in each event."""
        known: dict[frozenset[str], tuple[Ints, Floats, Bools]] = {}
        for which, event in enumerate(events):
            if self._serving.isdisjoint(event):
                continue
            here = event & self._heard_of
            if here not in known:
                known[here] = self._judge(here)
            if len(known[here][0]):
                yield which, known[here]

    def _judge(self, silent: frozenset[str]) -> tuple[Ints, Floats, Bools]:
        numbers = [self._number[name] for name in silent if name in self._number]
        dead = np.isin(self._site, numbers)
        serving = [i for i in numbers if i in self._places]
        places = np.concatenate([self._places[i] for i in serving])
        villages = np.flatnonzero(np.any([self._villages[i] for i in serving], axis=0))
        served = self._served.copy()
        served[places] = self._heard.served(dead, places)
        share, centre = self._some.judge(served, villages)
        changed = (share != self.now[0][villages]) | (centre != self.now[1][villages])
        village = villages[changed]
        return self._some.rows[village], share[changed], centre[changed]
