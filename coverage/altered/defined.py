"""Verdicts of an altered study under another definition, looked up in sums that are held."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.altered.heldvillages import HeldVillages, with_thresholds
from phusong.coverage.altered.layerbook import OUTDOORS, AlteredVillages
from phusong.coverage.altered.levelsums import LevelSums
from phusong.coverage.altered.patched import Patched
from phusong.coverage.altered.ranked import Key, Lead, Pick, Rank, Sums
from phusong.coverage.results import ANY
from phusong.coverage.signal.bestservers import take_best
from phusong.coverage.signal.combine import ALL_LEFT, FLOOR_TICK, TICK_DB, Odds
from phusong.coverage.signal.layerfiles import Levels, LevelSource
from phusong.coverage.signal.plan import LayerName, Plan
from phusong.coverage.villages.figures.tally import Steps, Tally, share_of
from phusong.coverage.villages.footprints import Footprints
from phusong.coverage.villages.indoors import cells_behind, entry_of, plain_steps
from phusong.coverage.villages.verdict import grade
from phusong.grid import Window
from phusong.jit import get_num_threads
from phusong.study import TECHNOLOGIES, Study

MOST_RANKS: Final = 8
"""Ways in which technologies rank beside each other that are held at once."""
_KIND: Final = ("technology", "sigma_db", "freq_mhz")
"""What the odds of a server follow from, under any definition and at any place of the phone."""


@dataclass(frozen=True)
class Verdicts:
    """What another definition makes of villages, layer by layer, for one place of the phone.

    Attributes
    ----------
    names
        Layers.
    grade, served_share, probability_centre, served_centre
        (layers, villages), see :attr:`phusong.coverage.results.VillageCoverage.by_layer`.
    people_unserved, level_centre_dbm
        Likewise; the level is the one outdoors, wherever the phone is.
    """

    names: Sequence[LayerName]
    grade: NDArray[np.object_]
    served_share: NDArray[np.float64]
    people_unserved: NDArray[np.float64]
    probability_centre: NDArray[np.float64]
    served_centre: NDArray[np.bool_]
    level_centre_dbm: NDArray[np.float64]

    def by_layer(self, codes: NDArray[np.object_]) -> pd.DataFrame:
        """Return a long table, one row a layer and village."""
        count = len(codes)
        return pd.DataFrame(
            {
                "code": np.tile(codes, len(self.names)),
                "operator": np.repeat([n.operator for n in self.names], count),
                "technology": np.repeat([n.technology for n in self.names], count),
                "grade": self.grade.ravel(),
                "served_share": self.served_share.ravel(),
            }
        )


class Definitions:
    """Sums of the study as it stands, held so that definitions are looked up in them.

    What they are of does not move with a definition, but for one thing: of several technologies
    the one with the best odds outdoors serves a place. In the open a place is then served where
    any of them serves it (of two that differ in odds by less than the rounding of a level, either
    may be taken), see :class:`.ranked.Lead`. In a car and behind a wall it is not: one that gets in
    where the one that serves does not is not counted, see :class:`.ranked.Pick`.

    Parameters
    ----------
    villages
        The study as it stands.
    """

    def __init__(self, villages: HeldVillages) -> None:
        self._held, self._standing = villages, villages.standing
        self._steps = ALL_LEFT + 1 if self._standing.correction.tightens else 1
        self._kinds: dict[tuple[Any, ...], int] = {}
        self._grains = [
            np.rint(weight / np.repeat(villages.grain[b.rows], np.diff(b.offsets))).astype(
                np.uint32
            )
            for b, weight in villages.batches
        ]
        self._own_kinds = self._kind_of_server(self._standing.cells)
        if not self._kinds:  # nothing serves as yet: cuts are counted from the first kind still
            self._kinds[TECHNOLOGIES[0], 1.0, 900.0] = 0
        self._standing_kinds = len(self._kinds)
        self._sums: dict[int, list[Sums]] = {}
        self._ranked: OrderedDict[Key, dict[int, list[Sums]]] = OrderedDict()

    def judge(
        self, patched: Patched, villages: AlteredVillages, study: Study, place: str
    ) -> Verdicts:
        """Return the verdicts of all villages.

        Parameters
        ----------
        patched, villages
            Of an altered study: its signal, and what was made of it.
        study
            The study with other thresholds, probability or shares.
        place
            Where the phone is; :data:`OUTDOORS` in the open.
        """
        plan = with_thresholds(patched.cells.plan, study)
        kind_of = self._kind_of_server(plan.cells)
        odds = self._odds(study, place)
        cuts = Steps.of(plain_steps(study)).cuts(odds)[:, 0]
        first = odds.kind_of_server[1:]
        # By kind of server and step of spread left; odds count steps down from the last.
        steps = np.arange(self._steps) - self._steps + 1
        cut = cuts[first[:, None] + steps].ravel().astype(np.int32)
        rank = Lead(cut - cut[0], self._steps) if place == OUTDOORS else self._pick(study)
        served = self._served(patched, villages, kind_of, cut, rank)
        centres = self._centres(plan, villages.layers[OUTDOORS].tallies)
        about, shape = self._held.about, (len(plan.layers), len(self._held.about.total))
        share = np.array([share_of(one, about.total) for one in served]).reshape(shape)
        chance, hit = np.zeros(shape), np.zeros(shape, dtype=np.bool_)
        level = np.full(shape, np.nan)
        for i, levels in enumerate(centres):
            heard = levels.server > 0
            kind = first[kind_of[levels.server]]
            if levels.left is not None:
                kind = kind + levels.left.astype(np.int32) - ALL_LEFT
            tick = np.where(heard, levels.ticks, FLOOR_TICK)
            level[i][heard] = levels.ticks[heard] * TICK_DB
            hit[i] = heard & (tick >= cuts[kind])
            chance[i] = np.where(heard, odds.table[kind, tick - FLOOR_TICK], 0.0)
        return Verdicts(
            plan.layers,
            grade(hit, share, study.verdict),
            share,
            about.people * (1.0 - share),
            chance,
            hit,
            level,
        )

    def _kind_of_server(self, cells: pd.DataFrame) -> NDArray[np.int32]:
        """Return the kind of every server, by its number plus one."""
        kinds = np.zeros(len(cells) + 1, dtype=np.int32)
        serves = np.flatnonzero(cells["problem"].to_numpy() == "")
        told = cells[list(_KIND)].iloc[serves].itertuples(index=False, name=None)
        kinds[serves + 1] = [self._kinds.setdefault(row, len(self._kinds)) for row in told]
        return kinds

    def _kinds_under(self, study: Study) -> pd.DataFrame:
        """Return every kind of server, with a study's thresholds."""
        cells = pd.DataFrame(list(self._kinds), columns=list(_KIND))
        thresholds = {str(t): b.threshold_dbm for t, b in study.radio.technologies.items()}
        return cells.assign(threshold_dbm=cells["technology"].map(thresholds).astype(np.float64))

    def _pick(self, study: Study) -> Pick:
        """Return how technologies rank outdoors under a study's thresholds."""
        cells = self._kinds_under(study)
        threshold, sigma = (cells[n].to_numpy(np.float64) for n in ("threshold_dbm", "sigma_db"))
        own = self._kinds_under(self._held.study)["threshold_dbm"].to_numpy(np.float64)
        return Pick(threshold, sigma, self._steps, own[0])

    def _odds(self, study: Study, place: str) -> Odds:
        """Return the odds of every kind of server."""
        cells = self._kinds_under(study)
        there = cells if place == OUTDOORS else cells_behind(cells, entry_of(place, study))
        return Odds.of_cells(there, tightened=self._steps > 1)

    def _served(
        self,
        patched: Patched,
        villages: AlteredVillages,
        kind_of: NDArray[np.int32],
        cut: NDArray[np.int32],
        rank: Rank,
    ) -> NDArray[np.float64]:
        """Return the weight served, (layers, villages)."""
        names, grain = patched.cells.plan.layers, self._held.grain
        out = np.zeros((len(names), len(grain)))
        plain, ranked = self._plain(), self._combined(rank.first(self._standing_kinds))
        for i, name in enumerate(names):
            several, base = name.technology == ANY, patched.base[i]
            how = rank if several else None
            stands = [] if base < 0 else (ranked if several else plain)[base]
            way, key = ("", b"") if how is None else how.key
            if (i, way) not in villages.sums or villages.sums[i, way][0] != key:
                hits = self._hits(patched, villages, i)
                sums = [
                    self._sum(patched, name, i, part, kind_of, how) for part in self._parts(hits)
                ]
                villages.sums[i, way] = key, sums
            for part in (*stands, *villages.sums[i, way][1]):
                if how is None:
                    assert isinstance(part, LevelSums)
                    found = part.served(cut)
                else:
                    found = how.served(part, cut)
                out[i][part.rows] = found * grain[part.rows]
        return out

    def _hits(
        self, patched: Patched, villages: AlteredVillages, layer: int
    ) -> Sequence[NDArray[np.int64]]:
        """Return, by batch, the villages whose sums are not as they stand."""
        name = patched.cells.plan.layers[layer]
        hits = villages.hits
        if name.technology != ANY or not hits:
            return hits[layer] if hits else ()
        there = {(n.operator, n.technology) for n in patched.cells.plan.plain}
        gone = any(
            (n.operator, n.technology) not in there and name.operator in {ANY, n.operator}
            for n in self._standing.plan.plain
        )
        if gone:
            return [np.arange(len(batch.rows)) for batch, _ in self._held.batches]
        return [
            np.unique(np.concatenate(each))
            for each in zip(*(hits[i] for i in (*name.members, layer)), strict=True)
        ]

    def _parts(
        self, hits: Sequence[NDArray[np.int64]] | None = None
    ) -> Iterator[tuple[Footprints, NDArray[np.uint32]]]:
        """Give all villages, or some of each batch, and the grains of their parts."""
        for k, ((batch, _), grains) in enumerate(
            zip(self._held.batches, self._grains, strict=True)
        ):
            if hits is None:
                if batch.cells.size:
                    yield batch, grains
            elif k < len(hits) and len(hits[k]):
                some, parts = batch.only(hits[k])
                yield some, grains[parts]

    def _plain(self) -> dict[int, list[Sums]]:
        """Return the sums of all layers in which the same serve under any definition."""
        if not self._sums:
            self._sums = self._standing_sums(None)
        return self._sums

    def _combined(self, rank: Rank) -> dict[int, list[Sums]]:
        """Return the sums of combinations over technologies that rank like this."""
        if rank.key not in self._ranked:
            self._ranked[rank.key] = self._standing_sums(rank)
            while len(self._ranked) > MOST_RANKS:
                self._ranked.popitem(last=False)
        self._ranked.move_to_end(rank.key)
        return self._ranked[rank.key]

    def _standing_sums(self, rank: Rank | None) -> dict[int, list[Sums]]:
        """Return the sums of all combinations over technologies; without a rank, of the others."""
        names = self._standing.plan.layers
        several = rank is not None
        wanted = [i for i, name in enumerate(names) if (name.technology == ANY) == several]

        def sums(i: int) -> list[Sums]:
            return [
                self._sum(self._standing, names[i], i, part, self._own_kinds, rank)
                for part in self._parts()
            ]

        with ThreadPoolExecutor(get_num_threads()) as pool:
            return dict(zip(wanted, pool.map(sums, wanted), strict=True))

    def _sum(
        self,
        source: LevelSource,
        name: LayerName,
        layer: int,
        part: tuple[Footprints, NDArray[np.uint32]],
        kind_of: NDArray[np.int32],
        rank: Rank | None,
    ) -> Sums:
        """Sum a layer over some villages."""
        batch, grains = part
        if rank is not None:
            members = [source.read(member, batch.window) for member in name.members]
            return rank.sums(batch, grains, members, kind_of)
        levels = source.read(layer, batch.window)
        return LevelSums.of(batch, grains, levels, kind_of * self._steps, self._steps)

    def _centres(self, plan: Plan, tallies: Sequence[Tally]) -> list[Levels]:
        """Return what every layer holds at the centres of villages."""
        threshold, sigma = (
            plan.cells[name].to_numpy(dtype=np.float64) for name in ("threshold_dbm", "sigma_db")
        )
        own = [Levels(t.centre_tick, t.centre_server, t.centre_left) for t in tallies]
        line = Window(0, 0, 1, len(self._held.grain))
        out = []
        for name, held in zip(plan.layers, own, strict=True):
            levels = held
            if name.technology == ANY:
                parts = [own[m] for m in name.members]
                best = take_best(parts, line, threshold, sigma, by_odds=True)
                left = None if best.left is None else best.left[0]
                levels = Levels(best.ticks[0], best.server[0], left)
            out.append(levels)
        return out
