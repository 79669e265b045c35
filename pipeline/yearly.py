"""Figures at the end of each year of a plan, judged with what stands by then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.coverage.results import VillageCoverage
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.silence.silenced import SilencedVillages
from phusong.coverage.villages.verdict import grade
from phusong.fiber.built import before_and_after, cable_network, with_new_lines
from phusong.fiber.reach.reach import assess_reach
from phusong.fiber.results import FiberResult
from phusong.frames import rows
from phusong.planning.alternatives import MAST, REPEATER, SATELLITE
from phusong.planning.headcount import tally
from phusong.planning.results import SitePlan
from phusong.planning.sites.equipment import site_names, with_sites
from phusong.progress import Progress
from phusong.sources import Inputs
from phusong.study import FiberSources, Study

COLUMNS = ("figure", "unit", "year", "value")


def yearly_figures(
    inputs: Inputs,
    study: Study,
    coverage: VillageCoverage,
    after: VillageCoverage,
    fiber: FiberResult | None,
    plan: SitePlan,
    store: PathLossStore,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Judge what stands at the end of each year; year 0 is now.

    Villages are those of a run of the study with the masts built by then: only those within
    ``radio.radius_km`` of a new mast can change, and are judged on the masts they hear with the
    later ones silent (:mod:`phusong.coverage.silence`). Fibre is measured anew on the network
    with the cable laid by then, that of masts too.

    Parameters
    ----------
    coverage, after
        Of a run now, and of one with all of the plan built: the last year's.

    Returns
    -------
    pandas.DataFrame
        ``figure``, ``unit``, ``year``, ``value``: villages by grade, people served and their
        share (where people are known), and what ``extend`` reports of fibre. What is served by
        repeater or satellite counts as it is without; those are counted by themselves.
    """
    years = max([1, *plan.steps["year"], *plan.years["year"]])
    found = _villages(inputs, study, (coverage, after), plan, years, store, progress)
    found += _alone(study, plan, years)
    if fiber is not None:
        found += _fibre(inputs, study, fiber, plan, years)
    order = {name: i for i, name in enumerate(dict.fromkeys(row[0] for row in found))}
    table = pd.DataFrame(found, columns=list(COLUMNS))
    rank = table["figure"].map(order)
    return table.assign(rank=rank).sort_values(["rank", "year"], ignore_index=True)[list(COLUMNS)]


def left_unreached(
    inputs: Inputs, study: Study, fiber: FiberResult, plan: SitePlan
) -> tuple[str, ...]:
    """Return codes of the centres that get cable, but no optical class can run over it."""
    network = cable_network(with_new_lines(inputs, plan.lines), study)
    reach = assess_reach(network, fiber.reach.geometry.to_numpy(), study.fiber or FiberSources())
    codes = fiber.reach["commune_code"].astype(str).to_numpy(dtype=object)
    reached = set(codes[reach.table["reached"].to_numpy(dtype=bool)])
    built = plan.communes.loc[plan.communes["status"] == "built", "commune_code"].astype(str)
    return tuple(sorted(set(built) - reached))


def _villages(
    inputs: Inputs,
    study: Study,
    runs: tuple[VillageCoverage, VillageCoverage],
    plan: SitePlan,
    years: int,
    store: PathLossStore,
    progress: Progress | None,
) -> list[tuple[str, str, int, float]]:
    (grades, unserved), last = (
        (
            run.villages["grade"].to_numpy(dtype=object),
            run.villages["people_unserved"].to_numpy(dtype=np.float64),
        )
        for run in runs
    )
    people = runs[0].villages["people"].to_numpy(dtype=np.float64)
    stands = [(grades, unserved)]
    near = _near(inputs, study, plan)
    if years > 1 and len(near):
        for share, judged in _judged(inputs, study, plan, near, years, store, progress):
            then, left = grades.copy(), unserved.copy()
            then[near] = judged
            left[near] = people[near] * (1.0 - share)
            stands.append((then, left))
    stands += [(grades, unserved)] * (years - len(stands)) + [last]
    return [
        (figure, unit, year, value)
        for year, (grades, left) in enumerate(stands)
        for figure, unit, value in tally(grades, people, left)
    ]


def _alone(study: Study, plan: SitePlan, years: int) -> list[tuple[str, str, int, float]]:
    """Count the villages served by repeater and satellite, where plans may choose these."""
    villages = plan.villages
    return [
        (f"villages_{kind}", "villages", year, float((begun <= year).sum()))
        for kind in (REPEATER, SATELLITE)
        if kind in study.planning.alternatives
        for begun in [villages.loc[villages["status"] == kind, "year"]]
        for year in range(years + 1)
    ]


def _near(inputs: Inputs, study: Study, plan: SitePlan) -> NDArray[np.int64]:
    """Return rows of the villages that a new mast may reach."""
    if not len(plan.places):
        return np.zeros(0, dtype=np.int64)
    masts = shapely.multipoints(np.column_stack([plan.places.x_m, plan.places.y_m]))
    reach_m = study.radio.radius_km * 1000.0 + 2.0 * inputs.grid.cell_m
    return np.flatnonzero(shapely.dwithin(inputs.villages.geometry.to_numpy(), masts, reach_m))


def _judged(
    inputs: Inputs,
    study: Study,
    plan: SitePlan,
    near: NDArray[np.int64],
    years: int,
    store: PathLossStore,
    progress: Progress | None,
) -> list[tuple[NDArray[np.float64], NDArray[np.object_]]]:
    """Return (near,) served share and grade of each year but the last, from one pass."""
    masts = plan.steps[plan.steps["what"] == MAST]
    begun = dict(zip(masts["id"].astype(str), masts["year"], strict=True))
    built = with_sites(inputs, plan.places, study.planning.site, apart=True)
    built = replace(built, villages=inputs.villages.iloc[near].reset_index(drop=True))
    own = site_names(plan.places, inputs, apart=True)
    when = {
        new: int(begun[name])
        for new, name in zip(own, site_names(plan.places, inputs), strict=True)
    }
    events = [
        frozenset(site for site, year in when.items() if year > number)
        for number in range(1, years)
    ]
    whole, changes = SilencedVillages(built, study, store).without(events, progress)
    out = []
    for change in changes:
        share = whole["share"].to_numpy(dtype=np.float64).copy()
        centre = whole["centre"].to_numpy(dtype=bool).copy()
        share[change.village], centre[change.village] = change.share, change.centre
        out.append((share, np.asarray(grade(centre, share, study.verdict), dtype=object)))
    return out


def _fibre(
    inputs: Inputs, study: Study, fiber: FiberResult, plan: SitePlan, years: int
) -> list[tuple[str, str, int, float]]:
    found: list[tuple[str, str, int, float]] = []
    for year in range(1, years + 1):
        lines = plan.lines[plan.lines["year"] <= year]
        for row in rows(before_and_after(inputs, study, fiber, lines)):
            if year == 1:
                found.append((str(row.indicator), str(row.unit), 0, float(row.before)))
            found.append((str(row.indicator), str(row.unit), year, float(row.after)))
    return found
