"""Every single loss followed to villages and people, ranked; the worst pairs."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.silence.silenced import SilencedVillages
from phusong.fiber.results import FiberResult
from phusong.frames import rows
from phusong.planning.cascade.followed import followed_events
from phusong.planning.cascade.judged import Judged
from phusong.planning.cascade.losable import Network
from phusong.planning.cascade.remedies.assess import find_remedies, no_remedies
from phusong.planning.cascade.results import Cascade
from phusong.planning.cascade.ring_cuts import ring_cuts
from phusong.planning.cascade.toll import toll_of
from phusong.planning.cascade.worst_pairs import worst_pairs
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import Study

STEP = "cascade"
EVENTS = (
    *("element", "id", "name", "hours", "commune_code", "commune", "outage", "communes_dark"),
    *("people_without_fibre", "sites_dark", "villages_lower", "villages_all"),
    *("people_without_signal", "x_m", "y_m"),
)


@dataclass(frozen=True)
class Ask:
    """Which remedies are wanted.

    Attributes
    ----------
    most
        Of each kind that are followed; 0: none.
    budget
        What the order of building may cost in all, over life; None: no limit.
    """

    most: int = 10
    budget: float | None = None


def assess_cascade(
    inputs: Inputs,
    study: Study,
    fiber: FiberResult,
    hazards: gpd.GeoDataFrame,
    feeders: pd.DataFrame,
    store: PathLossStore,
    ask: Ask | None = None,
    progress: Progress | None = None,
) -> Cascade:
    """Follow every single loss of a study to the villages, and pairs of the worst.

    Parameters
    ----------
    inputs, study, fiber
        As they stand.
    hazards
        Areas lost at once, as
        :func:`phusong.sources.beside.shapes_of_interest.read_shapes` gives them.
    feeders
        As :func:`phusong.sources.beside.feeders.read_feeders` gives them.
    store
        Where path losses are kept; what is missing is computed.
    ask
        Remedies that are wanted; None: none.
    progress
        Told of the steps ``cascade``, ``propagation``, ``silenced``, ``hops`` and ``remedies``.
    """
    told = progress or NoProgress()
    told.start(STEP, 1, "Single losses")
    network = Network(fiber, inputs, hazards, feeders)
    judged = Judged(SilencedVillages(inputs, study, store), inputs, study)
    ranked = followed_events(network, study.planning.outage_hours, judged, told)
    told.advance(STEP)
    outages = ranked.drop_duplicates("outage")
    cuts = ring_cuts(network, judged, told)
    remedies = no_remedies(inputs)
    if ask is not None and ask.most:
        remedies = find_remedies(network, ranked, study, judged, ask.most, ask.budget, told)
    return Cascade(
        events=_placed(ranked, inputs),
        villages=_villages(outages, judged, "outage"),
        dark=_dark(outages, inputs),
        pairs=worst_pairs(network, ranked, study.planning.outage_hours, judged, told),
        judged=len(judged),
        remedies=remedies,
        cuts=cuts,
        cut_villages=_villages(cuts.assign(cut=np.arange(1, len(cuts) + 1)), judged, "cut"),
        today=judged.today(),
        toll=toll_of(ranked, fiber, study.planning.losses),
    )


def _placed(events: pd.DataFrame, inputs: Inputs) -> gpd.GeoDataFrame:
    """Return events as points, with the commune each lies in (the first, where they overlap)."""
    points = gpd.points_from_xy(events["x_m"], events["y_m"])
    inside = np.full(len(events), -1, dtype=np.int64)
    event, commune = inputs.communes.sindex.query(points, predicate="intersects", sort=True)
    inside[event[::-1]] = commune[::-1]
    for column, source in (("commune_code", "code"), ("commune", "name")):
        values = np.array([*inputs.communes[source], None], dtype=object)
        events[column] = values[inside]
    return gpd.GeoDataFrame(events[list(EVENTS)], geometry=points, crs=inputs.crs)


def _villages(silent: pd.DataFrame, judged: Judged, number: str) -> pd.DataFrame:
    """Return the villages of every set of silent ``sites``, with the ``number`` of the set."""
    parts = [
        judged.of(frozenset(row.sites)).assign(**{number: getattr(row, number)})
        for row in rows(silent)
        if row.sites
    ]
    columns = [number, "code", "name", "commune_code", "before", "after", "people_lost"]
    none = judged.of(frozenset()).assign(**{number: 0})
    whole = pd.concat([p for p in parts if len(p)] or [none])
    return whole[columns].reset_index(drop=True)


def _dark(outages: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """Return the communes and sites of every outage."""
    names = dict(zip(inputs.communes["code"].astype(str), inputs.communes["name"], strict=True))
    found: list[tuple[int, str, str, str | None]] = []
    for row in rows(outages):
        found += [(row.outage, "commune", code, names.get(code)) for code in row.communes]
        found += [(row.outage, "site", site, None) for site in row.sites]
    return pd.DataFrame(found, columns=["outage", "kind", "id", "name"])
