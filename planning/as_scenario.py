"""A plan as a scenario: the study with it built can be run, compared and planned on."""

from __future__ import annotations

from typing import Any

import shapely

from phusong.i18n import tr
from phusong.planning.results import SitePlan
from phusong.planning.sites.equipment import degrees_of, mast_of
from phusong.planning.sites.places import EXISTING
from phusong.sources.cables.backhaul import MICROWAVE
from phusong.sources.inputs import Inputs
from phusong.study.scenario import Cable, Hang, Mast, Scenario
from phusong.study.settings.planning import NewSite


def scenario_of(
    plan: SitePlan, inputs: Inputs, new: NewSite, name: str = "", *, until: int | None = None
) -> Scenario:
    """Return what a plan builds, as a scenario.

    Parameters
    ----------
    plan
        The plan.
    inputs
        What it was made for.
    new
        What its masts carry.
    name
        Of the scenario; by default it says how many masts are built.
    until
        The last year whose building is taken; all by default.

    Returns
    -------
    Scenario
        Masts that serve with their cells, masts that only relay without; cable; and, where the
        study says what hangs on what, the backhaul of the new masts.
    """
    built = plan.sites if until is None else plan.sites[plan.sites["year"] <= until]
    lines = plan.lines if until is None else plan.lines[plan.lines["year"] <= until]
    fresh = built[built["kind"] != EXISTING]
    return Scenario(
        name=name or tr("Plan of {n} masts", n=len(built)),
        masts=_masts(built, inputs, new),
        cables=_cables(lines, inputs),
        backhaul=[
            Hang(
                site_id=row.site_id,
                upstream=row.from_site_id if row.backhaul == MICROWAVE else None,
            )
            for row in fresh.itertuples()
            if len(inputs.backhaul)
        ],
    )


def _masts(built: Any, inputs: Inputs, new: NewSite) -> list[Mast]:
    places = degrees_of(inputs, shapely.get_coordinates(built.geometry.to_numpy()))
    return [
        mast_of(
            new,
            row.site_id,
            float(row.height_m),
            None if row.kind == EXISTING else place,
            serves=row.role == "serves",
        )
        for row, place in zip(built.itertuples(), places, strict=True)
        # A mast that stands and only relays is left as it is.
        if row.role == "serves" or row.kind != EXISTING
    ]


def _cables(lines: Any, inputs: Inputs) -> list[Cable]:
    taken = set(inputs.cables["cable_id"].astype(str))
    out: list[Cable] = []
    number = 0
    for line in shapely.get_parts(lines.geometry.to_numpy()):
        number += 1
        while f"NEW-{number}" in taken:
            number += 1
        points = degrees_of(inputs, shapely.get_coordinates(line))
        out.append(Cable(cable_id=f"NEW-{number}", points=points))
    return out
