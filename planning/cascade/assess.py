"""Every single loss followed to villages and people, ranked; the worst pairs."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.silence.silenced import SilencedVillages
from phusong.fiber.results import FiberResult
from phusong.frames import rows
from phusong.planning.cascade.events import all_events
from phusong.planning.cascade.judged import Felt, Judged
from phusong.planning.cascade.losable import Network
from phusong.planning.cascade.results import Cascade
from phusong.planning.cascade.worst_pairs import worst_pairs
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import Study

STEP = "cascade"
_FIGURES = ("villages_lower", "villages_all", "people_without_signal")
_WORST = (
    "people_without_signal",
    "villages_lower",
    "people_without_fibre",
    "communes_dark",
    "sites_dark",
)
_NAMED = ("element", "id", "hours")
EVENTS = (
    *("element", "id", "name", "hours", "commune_code", "commune", "outage", "communes_dark"),
    *("people_without_fibre", "sites_dark", *_FIGURES, "x_m", "y_m"),
)


def assess_cascade(
    inputs: Inputs,
    study: Study,
    fiber: FiberResult,
    hazards: gpd.GeoDataFrame,
    feeders: pd.DataFrame,
    store: PathLossStore,
    progress: Progress | None = None,
) -> Cascade:
    """Follow every single loss of a study to the villages, and pairs of the worst.

    Parameters
    ----------
    inputs, study, fiber
        As they stand.
    hazards
        Areas lost at once, as :func:`phusong.sources.shapes_of_interest.read_shapes` gives them.
    feeders
        As :func:`phusong.sources.feeders.read_feeders` gives them.
    store
        Where path losses are kept; what is missing is computed.
    progress
        Told of the steps ``cascade``, ``propagation`` and ``silenced``.
    """
    told = progress or NoProgress()
    told.start(STEP, 1, "Single losses")
    network = Network(fiber, inputs, hazards, feeders)
    events = all_events(network, study.planning.outage_hours)
    told.advance(STEP)
    judged = Judged(SilencedVillages(inputs, study, store), inputs, study)
    silent = {sites: frozenset(sites) for sites in events["sites"]}
    judged.judge(silent.values(), told)
    ranked = _ranked(events, {sites: judged.felt(s) for sites, s in silent.items()})
    outages = ranked.drop_duplicates("outage")
    return Cascade(
        events=_placed(ranked, inputs),
        villages=_villages(outages, judged),
        dark=_dark(outages, inputs),
        pairs=worst_pairs(network, ranked, judged, told),
        judged=len(judged),
    )


def _ranked(events: pd.DataFrame, measured: Mapping[tuple[str, ...], Felt]) -> pd.DataFrame:
    """Return events with their figures and the number of their outage, worst first."""
    felt = {sites: (f.lower, int(f.all.sum()), f.lost) for sites, f in measured.items()}
    found = [felt[sites] for sites in events["sites"]]
    figures = pd.DataFrame(found, columns=list(_FIGURES), index=events.index)
    table = pd.concat([events.rename(columns={"people": "people_without_fibre"}), figures], axis=1)
    table["communes_dark"] = table["communes"].map(len)
    table["sites_dark"] = table["sites"].map(len)
    table = table.sort_values(
        [*_WORST, *_NAMED],
        ascending=[False] * len(_WORST) + [True] * len(_NAMED),
        na_position="last",
        ignore_index=True,
    )
    dark = pd.Series(list(zip(table["communes"], table["sites"], strict=True)), dtype=object)
    table["outage"] = pd.factorize(dark)[0] + 1
    return table


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


def _villages(outages: pd.DataFrame, judged: Judged) -> pd.DataFrame:
    """Return the villages of every outage."""
    parts = [
        judged.of(frozenset(row.sites)).assign(outage=row.outage)
        for row in rows(outages)
        if row.sites
    ]
    columns = ["outage", "code", "name", "commune_code", "before", "after", "people_lost"]
    whole = pd.concat([p for p in parts if len(p)] or [judged.of(frozenset()).assign(outage=0)])
    return whole[columns].reset_index(drop=True)


def _dark(outages: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """Return the communes and sites of every outage."""
    names = dict(zip(inputs.communes["code"].astype(str), inputs.communes["name"], strict=True))
    found: list[tuple[int, str, str, str | None]] = []
    for row in rows(outages):
        found += [(row.outage, "commune", code, names.get(code)) for code in row.communes]
        found += [(row.outage, "site", site, None) for site in row.sites]
    return pd.DataFrame(found, columns=["outage", "kind", "id", "name"])
