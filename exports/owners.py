"""What each owner has to do of a plan, and the workbook for the budget office."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd
from pydantic import BaseModel

from phusong.exports.formats.spreadsheet import CsvForm, write_csv
from phusong.exports.formats.workbook import Sheet, write_book, write_workbook
from phusong.exports.tables.dictionary import Described, conform, described_by
from phusong.i18n import tr
from phusong.names import safe_names
from phusong.planning.bill import BETWEEN, ITEMS
from phusong.planning.results import SitePlan
from phusong.planning.stepwise import WORDS
from phusong.results.missing import Attempts
from phusong.study import Study
from phusong.study.settings.sources import Layer

FOLDER: Final = "carriers"
BUDGET: Final = "budget.xlsx"


def write_owners(
    plan: SitePlan, study: Study, folder: Path, form: CsvForm, attempt: Attempts
) -> dict[str, Described]:
    """Write ``carriers/OWNER.csv``, ``plan_owners.csv`` and ``plan_assumptions.csv``.

    With workbooks among the study's formats, ``carriers/OWNER.xlsx`` and ``budget.xlsx`` too.

    Returns
    -------
    dict
        What each CSV holds.
    """
    book = "xlsx" in study.outputs.formats
    notes = [(tr("Assumption"), text) for text in study.study.assumptions]
    works = works_table(plan)
    owners = owners_of(works)
    names = safe_names(owners)
    described: dict[str, Described] = {}
    for owner in owners:
        mine = [owner in str(whose).split(BETWEEN) for whose in works["owner"]]
        frame = conform(works[mine], "plan_works")
        path = folder / FOLDER / f"{names[owner]}.csv"
        path.parent.mkdir(exist_ok=True)
        write_csv(frame, path, form)
        described[f"{FOLDER}/{path.name}"] = described_by("plan_works")
        if book:
            _attempted(frame, path.with_suffix(".xlsx"), notes, attempt)
    tables = {"plan_owners": owner_table(works), "plan_assumptions": assumptions(study)}
    for name, table in tables.items():
        write_csv(conform(table, name), folder / f"{name}.csv", form)
        described[f"{name}.csv"] = described_by(name)
    if book:
        with attempt(BUDGET, folder / BUDGET):
            write_book(_sheets(plan, tables), folder / BUDGET, notes=notes)
    return described


def owners_of(works: pd.DataFrame) -> list[str]:
    """Return every owner by itself: what several do together is in the file of each."""
    return sorted({one for whose in works["owner"] for one in str(whose).split(BETWEEN)})


def works_table(plan: SitePlan) -> pd.DataFrame:
    """Return the pieces of a plan with where they are."""
    where = plan.steps.set_index("step")["where"]
    places = plan.works.geometry.representative_point().to_crs(4326)
    table = pd.DataFrame(plan.works.drop(columns=plan.works.geometry.name))
    table["where"] = table["step"].map(where)
    table["longitude"], table["latitude"] = places.x.to_numpy(), places.y.to_numpy()
    return table


def owner_table(works: pd.DataFrame) -> pd.DataFrame:
    """Return what each owner, or carriers of one mast together, spend by year."""
    sums = works.groupby(["owner", "year"], sort=True, as_index=False)
    table = sums[["capital", "yearly", "life"]].sum()
    return pd.DataFrame(table.merge(sums.size().rename(columns={"size": "works"})))


def assumptions(study: Study) -> pd.DataFrame:
    """Return every figure of the study that a plan rests on: ``key``, ``value``."""
    rows = [
        *_flat("planning", study.planning),
        *_flat("extension", study.extension),
        ("radio.model", study.radio.model),
        ("verdict.probability", str(study.verdict.probability)),
        ("verdict.covered_share", str(study.verdict.covered_share)),
    ]
    return pd.DataFrame(rows, columns=["key", "value"])


def _flat(key: str, value: Any) -> list[tuple[str, str]]:
    """Return settings by dotted key; files that are read are no assumptions."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        return [row for name in fields for row in _flat(f"{key}.{name}", getattr(value, name))]
    if isinstance(value, dict):
        return [row for name, part in value.items() for row in _flat(f"{key}.{name}", part)]
    if isinstance(value, list):
        if any(isinstance(part, Layer) for part in value):
            return []
        return [(key, ", ".join(map(str, value)))]
    return [(key, "" if value is None else str(value))]


def _in_words(frame: pd.DataFrame, column: str, words: Mapping[str, str]) -> pd.DataFrame:
    """Say codes of a column in words of the current language: a workbook is read by people."""
    return frame.assign(**{column: [tr(words[code]) for code in frame[column]]})


def _sheets(plan: SitePlan, tables: dict[str, pd.DataFrame]) -> list[Sheet]:
    bill = _in_words(plan.bill, "item", ITEMS)
    steps = _in_words(pd.DataFrame(plan.steps), "what", WORDS)
    return [
        Sheet(tr("Bill by year"), conform(bill, "site_plan_bill"), "site_plan_bill"),
        Sheet(tr("By owner"), conform(tables["plan_owners"], "plan_owners"), "plan_owners"),
        Sheet(tr("Steps"), conform(steps, "plan_steps"), "plan_steps"),
        Sheet(
            tr("Assumptions"),
            conform(tables["plan_assumptions"], "plan_assumptions"),
            "plan_assumptions",
        ),
    ]


def _attempted(
    frame: pd.DataFrame, path: Path, notes: list[tuple[str, str]], attempt: Attempts
) -> None:
    with attempt(f"{FOLDER}/{path.name}", path):
        write_workbook(_in_words(frame, "item", ITEMS), "plan_works", path, notes=notes)
