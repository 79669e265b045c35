"""Losses and what goes dark in them, as the page reads them: each set of villages once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from phusong.coverage.villages.verdict import GRADE_LETTERS
from phusong.maps.codec import coded, differences, positions, scaled, texts
from phusong.maps.mercator import Frame
from phusong.maps.outline import encode_rings, simplify_areas
from phusong.maps.sections.mending import remedy_section, ring_section

if TYPE_CHECKING:
    from phusong.fiber.results import FiberResult
    from phusong.maps.subjects import Losses
    from phusong.planning.cascade.results import Cascade
    from phusong.sources.inputs import Inputs
    from phusong.study.settings.planning import Prices

_NOBODY = ((), "", "", ())


def outage_section(
    losses: Losses, fiber: FiberResult, inputs: Inputs, prices: Prices, frame: Frame
) -> dict[str, Any]:
    """Return events ranked, what goes dark in each outage, pairs, rings, remedies, hazards.

    Rows are named by number, and numbers that rise are differences: most outages share their
    villages with others, and a village costs a handful of letters.
    """
    cascade, hazards = losses.cascade, losses.hazards
    known: dict[tuple[Any, ...], int] = {_NOBODY: 0}
    of = _village_sets(known, cascade.villages, "outage", _outages(cascade), inputs)
    of_cuts = _village_sets(known, cascade.cut_villages, "cut", len(cascade.cuts), inputs)
    return {
        "judged": cascade.judged,
        "events": _events(cascade.events, fiber, inputs, hazards, frame),
        "outages": {
            "communes": _dark(cascade, "commune", inputs.communes["code"].astype(str)),
            "sites": _dark(cascade, "site", inputs.sites["site_id"].astype(str)),
            "villages": of,
        },
        "sets": [
            {"village": steps, "before": before, "after": after, "people": people}
            for steps, before, after, people in known
        ],
        "today": _today(cascade, inputs),
        "rings": ring_section(cascade.cuts, of_cuts, fiber, inputs, frame),
        "remedies": remedy_section(cascade, prices, inputs, frame),
        "pairs": _pairs(cascade.pairs, cascade.events),
        "hazards": encode_rings(
            simplify_areas(hazards.geometry.to_numpy(), inputs.grid.cell_m / 2, 60_000), frame
        ),
    }


def _events(
    events: gpd.GeoDataFrame,
    fiber: FiberResult,
    inputs: Inputs,
    hazards: gpd.GeoDataFrame,
    frame: Frame,
) -> dict[str, Any]:
    elements, element = coded(events["element"])
    x, y = frame.place(events["x_m"].to_numpy(float), events["y_m"].to_numpy(float))
    return {
        "elements": elements,
        "element": element,
        "id": texts(events["id"]),
        "name": texts(events["name"]),
        "hours": scaled(events["hours"], 1),
        "commune": positions(events["commune_code"], inputs.communes["code"]),
        "outage": scaled(events["outage"] - 1, 0),
        "communes": scaled(events["communes_dark"], 0),
        "people_fibre": scaled(events["people_without_fibre"], 0),
        "sites": scaled(events["sites_dark"], 0),
        "lower": scaled(events["villages_lower"], 0),
        "all": scaled(events["villages_all"], 0),
        "people": scaled(events["people_without_signal"], 0),
        "cables": _cut(events, fiber),
        "hazard": [
            row if kind == "hazard" else -1
            for row, kind in zip(
                positions(events["id"], hazards["place_id"]), events["element"], strict=True
            )
        ],
        "x": x,
        "y": y,
    }


def _cut(events: gpd.GeoDataFrame, fiber: FiberResult) -> list[list[int]]:
    """Return the rows of the cable sections that each event itself cuts; hazards apart."""
    row = {str(name): i for i, name in enumerate(fiber.edges["edge_id"])}
    cut: list[list[int]] = []
    for element, name in zip(events["element"], events["id"].astype(str), strict=True):
        if element == "group":
            cut.append(sorted(int(i) for i in fiber.groups.get(name, ())))
        else:
            cut.append([row[name]] if element in {"edge", "tail"} and name in row else [])
    return cut


def _dark(cascade: Cascade, kind: str, among: pd.Series) -> list[list[int]]:
    """Return the rows of what goes dark in each outage, as differences."""
    table = cascade.dark[cascade.dark["kind"] == kind]
    rows = pd.Series(positions(table["id"].astype(str), among), dtype=np.int64)
    found: list[list[int]] = [[] for _ in range(_outages(cascade))]
    for outage, part in rows.groupby(table["outage"].to_numpy()):
        found[int(str(outage)) - 1] = differences(part[part >= 0])
    return found


def _today(cascade: Cascade, inputs: Inputs) -> str:
    """Return a letter a village, its grade with nothing lost; none where no village was judged."""
    if cascade.today.empty:
        return ""
    grade = inputs.villages["code"].map(cascade.today.set_index("code")["grade"])
    return "".join(GRADE_LETTERS.get(str(name), "n") for name in grade)


def _village_sets(
    known: dict[tuple[Any, ...], int],
    table: pd.DataFrame,
    numbered: str,
    count: int,
    inputs: Inputs,
) -> list[int]:
    """Return which set of villages each number from 1 to ``count`` has; new ones become known."""
    if table.empty:
        return [0] * count
    row = np.array(positions(table["code"], inputs.villages["code"]), dtype=np.int64)
    people = np.array([-1 if v is None else v for v in scaled(table["people_lost"], 0)])
    letters = [
        np.array([GRADE_LETTERS.get(str(grade), "n") for grade in table[name]], dtype=object)
        for name in ("before", "after")
    ]
    of = [0] * count
    for name, mine in table.groupby(numbered).indices.items():
        number, inside = int(str(name)) - 1, np.asarray(mine)
        if number < 0:
            continue
        at = inside[np.argsort(row[inside], kind="stable")]
        found = (
            tuple(differences(row[at])),
            *("".join(part[at]) for part in letters),
            tuple(people[at].tolist()),
        )
        of[number] = known.setdefault(found, len(known))
    return of


def _pairs(pairs: pd.DataFrame, events: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return pairs, each by the rows of its two events."""
    row = {key: i for i, key in enumerate(_keys(events, ""))}
    return {
        "a": [row.get(key, -1) for key in _keys(pairs, "_a")],
        "b": [row.get(key, -1) for key in _keys(pairs, "_b")],
        **{
            short: scaled(pairs[name], 0)
            for short, name in (
                ("communes", "communes_dark"),
                ("sites", "sites_dark"),
                ("lower", "villages_lower"),
                ("people", "people_without_signal"),
                ("communes_more", "communes_more"),
                ("sites_more", "sites_more"),
                ("villages_more", "villages_more"),
                ("people_more", "people_more"),
            )
        },
    }


def _keys(table: pd.DataFrame, suffix: str) -> list[tuple[str, str, float]]:
    hours = pd.to_numeric(table[f"hours{suffix}"]).fillna(-1.0)
    return list(
        zip(
            table[f"element{suffix}"].astype(str),
            table[f"id{suffix}"].astype(str),
            hours,
            strict=True,
        )
    )


def _outages(cascade: Cascade) -> int:
    return int(cascade.events["outage"].max()) if len(cascade.events) else 0
