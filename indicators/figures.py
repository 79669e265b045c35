"""From village verdicts and fibre reach to the figures a province reports."""

from __future__ import annotations

import numpy as np
import pandas as pd

from phusong.coverage.results import VillageCoverage
from phusong.coverage.villages.simulation import Simulation
from phusong.fiber.results import FiberResult
from phusong.frames import rows
from phusong.indicators.indoor_figures import place_figures
from phusong.indicators.results import ANY, Indicator, Indicators
from phusong.indicators.sensitivity import sensitivity_table
from phusong.study import Study

_VILLAGES = (
    "A village counts when its centre and at least {share} of its {weight} are served by the "
    "carrier and technology named; where no technology is named, {counted} counts. A place is "
    "served where P(level ≥ threshold) ≥ {probability} ({thresholds}). Denominator: all villages "
    "of the study. Circles: the same, with a place served inside {radii} of a mast."
)
_WEIGHT = {"people": "people (of its area where nobody is known to live)", "area": "area"}
_HOLLOW = (
    "Neither covered nor white: the centre is served or at least {hollow} of the {weight} is, "
    "but not both the centre and {share}."
)
_WHITE = "The centre is not served, and less than {hollow} of the {weight} is."
_GRADE = {
    "hollow": ("Villages with partial signal (lõm sóng), {who}", _HOLLOW),
    "white": ("Villages without signal (trắng sóng), {who}", _WHITE),
}
_PEOPLE = (
    "People living where P(level ≥ threshold) ≥ {probability} ({thresholds}), of all people of "
    "the study's villages; where no technology is named, {counted} counts. Circles: people "
    "inside {radii} of a mast."
)


_FIBRE = (
    "A connected in-service route leads from a point of presence to within {drop} of the commune "
    "centre, inside the optical budget of one of: {classes}, with an attenuator where the route "
    "loses too little. Denominator: all communes of the study. Circles: any cable within {drop} "
    "of the centre, connected or not. No official definition was found; this one is the study's."
)
_SINGLE = (
    "Of the communes with fibre to the centre: every route to every point of presence passes one "
    "same cable section, so that one cut isolates the centre."
)
_SIMULATED_TITLES = {
    "villages_covered": "Villages with mobile signal, any carrier: expected over the model's error",
    "people_covered": "People with mobile signal, any carrier: expected over the model's error",
}
_SIMULATED = (
    "Mean, and the middle {interval}, of {draws} draws (seed {seed}) of the model's error, which "
    "is alike at places near one another. In a draw a place is served where its level reaches "
    "the threshold: no probability is asked for on top, so this figure is not the one reported."
)


def compute_indicators(
    study: Study,
    coverage: VillageCoverage | None,
    fiber: FiberResult | None,
    communes: int,
    simulation: Simulation | None = None,
) -> Indicators:
    """Return every figure the results allow.

    Parameters
    ----------
    coverage, fiber
        Results of the rooms; None where the study has no such input.
    communes
        Communes of the study, the denominator of fibre figures.
    simulation
        Draws of the model's error, for the figures with an interval.
    """
    items: list[Indicator] = []
    sensitivity = pd.DataFrame()
    if coverage is not None:
        items += _village_figures(study, coverage)
        items += place_figures(study, coverage)
        if simulation is not None and simulation.draws:
            items += _simulated(simulation, coverage)
        if not coverage.sensitivity.empty:
            sensitivity = sensitivity_table(study, coverage)
    if fiber is not None:
        items += _fiber_figures(study, fiber, communes)
    return Indicators(tuple(items), sensitivity)


def _village_figures(study: Study, coverage: VillageCoverage) -> list[Indicator]:
    layers = _by_layer(coverage.by_layer)
    circles = _by_layer(coverage.circles)
    people = coverage.villages[["code", "people"]].fillna({"people": 0.0})
    items: list[Indicator] = []
    for operator, technology in sorted(layers, key=_report_order):
        frame = layers[operator, technology]
        circle = circles.get((operator, technology))
        inside = None if circle is None else _in_order_of(frame, circle)
        params = _params(study, operator, technology)
        main = (operator, technology) == (ANY, ANY)
        tail = "" if main else f":{operator}:{technology}"
        items.append(_covered(study, frame, inside, f"villages_covered{tail}", params))
        if main:
            items += [
                Indicator(
                    id=f"villages_{grade}",
                    title=title,
                    definition=definition,
                    params=params,
                    unit="share of villages",
                    numerator=float((frame["grade"] == grade).sum()),
                    denominator=len(frame),
                )
                for grade, (title, definition) in _GRADE.items()
            ]
        weight = _in_order_of(frame, people)["people"]
        if weight.sum() > 0:
            items.append(_people(frame, inside, weight, f"people_covered{tail}", params))
    return items


def _in_order_of(frame: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Return another table of the same villages row by row beside a table."""
    codes = frame["code"].to_numpy()
    if not np.array_equal(codes, other["code"].to_numpy()):
        other = other.set_index("code").reindex(codes)
    return other.set_axis(frame.index)


def _by_layer(frame: pd.DataFrame) -> dict[tuple[str, str], pd.DataFrame]:
    return {
        (str(key[0]), str(key[1])): part
        for key, part in frame.groupby(["operator", "technology"], sort=False)
    }


def _covered(
    study: Study,
    frame: pd.DataFrame,
    inside: pd.DataFrame | None,
    name: str,
    params: dict[str, object],
) -> Indicator:
    circles = float("nan")
    if inside is not None:
        enough = inside["circle_share"] >= study.verdict.covered_share
        circles = float((inside["circle_centre"].astype(bool) & enough).sum())
    return Indicator(
        id=name,
        title="Villages with mobile signal, {who}",
        definition=_VILLAGES,
        params=params,
        unit="share of villages",
        numerator=float((frame["grade"] == "covered").sum()),
        denominator=len(frame),
        circles=circles,
    )


def _people(
    frame: pd.DataFrame,
    inside: pd.DataFrame | None,
    weight: pd.Series[float],
    name: str,
    params: dict[str, object],
) -> Indicator:
    circles = float("nan")
    if inside is not None:
        circles = float((weight * inside["circle_share"]).sum())
    return Indicator(
        id=name,
        title="People with mobile signal, {who}",
        definition=_PEOPLE,
        params=params,
        unit="share of people",
        numerator=float((weight * frame["served_share"]).sum()),
        denominator=float(weight.sum()),
        circles=circles,
    )


def _report_order(key: tuple[str, str]) -> tuple[int, str, str]:
    """Any carrier first, then technologies over all carriers, then each carrier's own."""
    operator, technology = key
    rank = (operator != ANY) * 2 + (technology != ANY)
    return rank, operator, technology


def _params(study: Study, operator: str, technology: str) -> dict[str, object]:
    if operator == ANY:
        who = "any carrier" if technology == ANY else technology
    else:
        who = operator if technology == ANY else f"{operator} {technology}"
    budgets = study.radio.technologies
    return {
        "who": who,
        "share": f"{study.verdict.covered_share:.0%}",
        "hollow": f"{study.verdict.hollow_share:.0%}",
        "weight": _WEIGHT[study.verdict.weight],
        "probability": f"{study.verdict.probability:.0%}",
        "counted": " / ".join(study.verdict.technologies),
        "thresholds": ", ".join(f"{t} {row.threshold_dbm:g} dBm" for t, row in budgets.items()),
        "radii": ", ".join(f"{t} {r:g} km" for t, r in study.indicators.circles_km.items()),
    }


def _simulated(simulation: Simulation, coverage: VillageCoverage) -> list[Indicator]:
    figures = simulation.figures
    main = figures[(figures["operator"] == ANY) & (figures["technology"] == ANY)]
    params: dict[str, object] = {
        "draws": simulation.draws,
        "seed": simulation.seed,
        "interval": f"{simulation.interval:.0%}",
    }
    people = float(coverage.villages["people"].fillna(0.0).sum())
    sizes = {"villages_covered": len(coverage.villages), "people_covered": people}
    return [
        Indicator(
            id=f"{row.figure}_simulated",
            title=_SIMULATED_TITLES[row.figure],
            definition=_SIMULATED,
            params=params,
            unit="share of villages" if row.figure == "villages_covered" else "share of people",
            numerator=row.mean * sizes[row.figure],
            denominator=sizes[row.figure],
            low=row.low,
            high=row.high,
        )
        for row in rows(main)
        if row.figure in _SIMULATED_TITLES and sizes[row.figure] > 0
    ]


def _fiber_figures(study: Study, fiber: FiberResult, communes: int) -> list[Indicator]:
    if study.fiber is None:
        return []
    per_commune = fiber.reach.groupby("commune_code")
    reached = per_commune["reached"].any()
    single = fiber.reach[fiber.reach["reached"]].groupby("commune_code")["single_route"].all()
    near = per_commune["nearest_cable_m"].min() <= study.fiber.drop_m
    params: dict[str, object] = {
        "drop": f"{study.fiber.drop_m:g} m",
        "classes": ", ".join(c.name for c in study.fiber.optics.classes),
    }
    return [
        Indicator(
            id="communes_fibre",
            title="Communes with fibre to the centre",
            definition=_FIBRE,
            params=params,
            unit="share of communes",
            numerator=float(reached.sum()),
            denominator=communes,
            circles=float(near.sum()),
        ),
        Indicator(
            id="communes_single_route",
            title="Communes whose fibre hangs on one route",
            definition=_SINGLE,
            params=params,
            unit="share of communes with fibre",
            numerator=float(single.sum()),
            denominator=float(reached.sum()),
        ),
    ]
