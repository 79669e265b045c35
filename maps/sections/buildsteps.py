"""The steps of a plan in order of building, and the communes it brings fibre to, for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from phusong.maps.codec import positions, scaled, texts
from phusong.maps.mercator import Frame
from phusong.planning.alternatives import MAST
from phusong.planning.stepwise import COMMUNE, COUNTED

if TYPE_CHECKING:
    from phusong.planning.results import SitePlan
    from phusong.sources.inputs import Inputs

_SUMMED = ("life", "people", "people_fibre", "villages", "communes")


def step_section(plan: SitePlan, inputs: Inputs, frame: Frame) -> dict[str, Any]:
    """Return one entry a step: what it builds, for whom, what it and all before it cost.

    ``mast``, ``commune`` and ``village`` are the rows of what a step ends with, -1 where it ends
    with something else.
    """
    steps = plan.steps
    x, y = frame.place(steps.geometry.x.to_numpy(float), steps.geometry.y.to_numpy(float))
    return {
        "what": texts(steps["what"]),
        "year": scaled(steps["year"], 0),
        "owner": texts(steps["owner"]),
        "id": texts(steps["id"]),
        "where": texts(steps["where"]),
        "mast": positions(steps["id"], plan.sites["site_id"]),
        "commune": _rows(steps, inputs.communes["code"], of_communes=True),
        "village": _rows(steps, inputs.villages["code"], of_communes=False),
        "capital": scaled(steps["capital"], 0),
        "yearly": scaled(steps["yearly"], 0),
        **{name: scaled(steps[name], 2) for name in COUNTED},
        **{name: scaled(steps[name], 0) for name in _SUMMED},
        **{f"{name}_total": scaled(steps[f"{name}_total"], 0) for name in (*_SUMMED, "counted")},
        "most_counted": scaled(steps["most_counted"], 0),
        "x": x,
        "y": y,
    }


def _rows(steps: pd.DataFrame, codes: pd.Series, *, of_communes: bool) -> list[int]:
    """Return rows of communes, or of villages served by themselves: codes of both may be alike."""
    mine = (steps["what"] == COMMUNE) if of_communes else ~steps["what"].isin([COMMUNE, MAST])
    return positions(steps["id"].astype(str).where(mine, ""), codes.astype(str))


def brought_section(plan: SitePlan, inputs: Inputs, frame: Frame) -> dict[str, Any]:
    """Return the commune centres that were to get fibre: when they do, or why they do not."""
    communes = plan.communes
    x, y = frame.place(communes.geometry.x.to_numpy(float), communes.geometry.y.to_numpy(float))
    return {
        "commune": positions(communes["commune_code"].astype(str), inputs.communes["code"]),
        "name": texts(communes["name"]),
        "status": texts(communes["status"]),
        "step": scaled(communes["step"], 0),
        "year": scaled(communes["year"], 0),
        "people": scaled(communes["people"], 0),
        "x": x,
        "y": y,
    }
