"""Remedies against losses: each followed as built, ranked, then one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from phusong.planning.cascade.followed import followed_events
from phusong.planning.cascade.judged import Judged
from phusong.planning.cascade.losable import Network
from phusong.planning.cascade.remedies.batteries import battery_remedies
from phusong.planning.cascade.remedies.detours import route_remedies
from phusong.planning.cascade.remedies.mended import Mended, what_mends
from phusong.planning.cascade.remedies.spare_hops import hop_remedies
from phusong.planning.cascade.remedies.works import BATTERY, HOP, ROUTE, Remedy, Works, built
from phusong.planning.cascade.toll import Toll, burdens, hours_a_year, toll_of
from phusong.planning.costs import life_cost
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import Study

STEP = "remedies"
LEAST: Final = 1e-6
"""Person-hours a year: less is rounding."""
COLUMNS: Final = (
    *("remedy", "kind", "where", "by", "quantity", "unit", "capital", "yearly", "life"),
    *("events_mended", "events_eased", "communes", "sites", "villages", "people"),
    *("worst_people", "person_hours_signal", "person_hours_fibre", "person_hours", "per_1000"),
    *("step", "life_added", "person_hours_added", "life_total", "person_hours_total"),
)
UNITS: Final = {BATTERY: "h", HOP: "hop", ROUTE: "km"}


@dataclass(frozen=True)
class _Trial:
    """A remedy that was followed."""

    remedy: Remedy
    life: float
    saved: Toll
    mended: Mended
    worst: float
    """People who lose signal in the worst single loss that is left; NaN where not known."""

    @property
    def per_cost(self) -> float:
        return _ratio(self.saved.total, self.life)


class _Step(NamedTuple):
    """A trial that is built, what it costs then, and what it saves, given the steps before."""

    trial: int
    life: float
    saved: float


def find_remedies(
    network: Network,
    events: pd.DataFrame,
    study: Study,
    judged: Judged,
    most: int,
    budget: float | None = None,
    progress: Progress | None = None,
) -> gpd.GeoDataFrame:
    """Return remedies that save person-hours, most for their cost first, and an order to build.

    Every one is followed through the network with it built; so is every step of the order, in
    which each is what saves most per cost given those before it.

    Parameters
    ----------
    network, events
        As they stand, with the figures of the events.
    judged
        Villages under the events.
    most
        Remedies of each kind that are followed: those that promise most per cost.
    budget
        What the order may cost in all, over life; None: as long as anything is saved.

    Returns
    -------
    GeoDataFrame
        See :attr:`phusong.planning.cascade.results.Cascade.remedies`.
    """
    told = progress or NoProgress()
    search = _Search(network, events, study, judged)
    candidates = _candidates(network, events, study, most, told)
    told.start(STEP, len(candidates), "Remedies")
    trials = []
    for remedy in candidates:
        trial = search.follow(remedy)
        if trial.saved.total > LEAST:
            trials.append(trial)
        told.advance(STEP)
    trials.sort(key=lambda t: (-t.per_cost, t.life, t.remedy.kind, t.remedy.where))
    order = search.in_order(trials, budget)
    return _frame(trials, order, network)


def no_remedies(inputs: Inputs) -> gpd.GeoDataFrame:
    """Return the table of remedies of a run that looks for none."""
    empty = pd.DataFrame({name: pd.Series([], dtype=object) for name in COLUMNS})
    return gpd.GeoDataFrame(empty, geometry=[], crs=inputs.crs)


def _candidates(
    network: Network, events: pd.DataFrame, study: Study, most: int, told: Progress
) -> list[Remedy]:
    """Return the most promising remedies of each kind."""
    settings = study.planning
    hours = hours_a_year(events, network.fiber, settings.losses)
    expected = hours * sum(burdens(events))
    kinds: list[Sequence[Remedy]] = [
        battery_remedies(network, events, expected, settings.outage_hours, settings.prices),
        hop_remedies(network, events, expected, study, most, told),
        route_remedies(network, events, expected, study, most),
    ]
    out: list[Remedy] = []
    for kind in kinds:
        worth = [_ratio(r.estimate, life_cost(r.price, settings.prices)) for r in kind]
        first = np.argsort(-np.array(worth), kind="stable")[:most]
        out += [kind[i] for i in first.tolist() if kind[i].estimate > 0]
    return out


def _felt(saved: float) -> float:
    """Return person-hours, nothing where they are rounding."""
    return saved if abs(saved) > LEAST else 0.0


def _ratio(saved: float, cost: float) -> float:
    if saved <= LEAST:
        return 0.0
    return saved / cost if cost > 0 else np.inf


class _Search:
    """Follows works through the network."""

    def __init__(
        self, network: Network, events: pd.DataFrame, study: Study, judged: Judged
    ) -> None:
        self.network, self.events, self.study, self.judged = network, events, study, judged
        self.toll = toll_of(events, network.fiber, study.planning.losses)

    def toll_with(self, works: Works) -> tuple[Network, pd.DataFrame, Toll]:
        """Return the network with works in it, its events, and their toll."""
        settings = self.study.planning
        network = built(self.network, self.study, works)
        events = followed_events(network, settings.outage_hours, self.judged)
        return network, events, toll_of(events, network.fiber, settings.losses)

    def follow(self, remedy: Remedy) -> _Trial:
        """Follow a remedy by itself."""
        network, events, toll = self.toll_with(remedy.works)
        mended = what_mends(self.network, self.events, network, events, self.judged)
        life = life_cost(remedy.price, self.study.planning.prices)
        worst = float(events["people_without_signal"].max()) if len(events) else 0.0
        return _Trial(remedy, life, self.toll - toll, mended, worst)

    def in_order(self, trials: Sequence[_Trial], budget: float | None) -> list[_Step]:
        """Return which trials to build in turn, and what each saves given those before.

        What a remedy saved before others were built is taken as what it saves at most, as long as
        nothing else is known of it: the first in line is followed again until it stays first.
        """
        prices = self.study.planning.prices
        works, toll, spent = Works(), self.toll, 0.0
        promised = {i: trial.saved.total for i, trial in enumerate(trials)}
        out: list[_Step] = []
        while promised:
            left = {i: trials[i].remedy.after(works) for i in promised}
            lives = {i: life_cost(remedy.price, prices) for i, remedy in left.items()}
            fits = [i for i in promised if budget is None or spent + lives[i] <= budget]
            known: dict[int, Toll] = {}
            while fits:
                best = max(fits, key=lambda i: (_ratio(promised[i], lives[i]), -i))
                if best in known or promised[best] <= LEAST:
                    break
                known[best] = self.toll_with(works + left[best].works)[2]
                promised[best] = (toll - known[best]).total
            if not fits or promised[best] <= LEAST:
                return out
            spent += lives[best]
            out.append(_Step(best, lives[best], promised.pop(best)))
            works, toll = works + left[best].works, known[best]
        return out


def _frame(trials: Sequence[_Trial], order: Sequence[_Step], network: Network) -> gpd.GeoDataFrame:
    number = {step.trial: i for i, step in enumerate(order)}
    lives = np.cumsum([step.life for step in order])
    saved = np.cumsum([step.saved for step in order])
    found = []
    for i, trial in enumerate(trials):
        remedy, mended = trial.remedy, trial.mended
        at = number.get(i)
        turn = (None, *[np.nan] * 4)
        if at is not None:
            step = order[at]
            turn = (at + 1, step.life, step.saved, lives[at], saved[at])
        values = (
            *(i + 1, remedy.kind, ", ".join(remedy.where), remedy.by, remedy.quantity),
            *(UNITS[remedy.kind], remedy.price.capital, remedy.price.yearly, trial.life),
            *(mended.events_mended, mended.events_eased, mended.communes, mended.sites),
            *(mended.villages, mended.people, trial.worst),
            *(_felt(trial.saved.signal), _felt(trial.saved.fibre)),
            *(trial.saved.total, 1000.0 * trial.per_cost, *turn),
        )
        found.append(dict(zip(COLUMNS, values, strict=True)))
    table = pd.DataFrame(found, columns=list(COLUMNS))
    table["step"] = table["step"].astype("Int64")
    geometry = [trial.remedy.geometry for trial in trials]
    return gpd.GeoDataFrame(table, geometry=geometry, crs=network.inputs.crs)
