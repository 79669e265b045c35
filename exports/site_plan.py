"""The files of a plan of masts, and of one with cables: steps, tables, bill, figures, layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from phusong.exports.formats.geopackage import Layer, documented, of_geopackage
from phusong.exports.formats.meanings import write_meanings
from phusong.exports.formats.parquet import write_layers
from phusong.exports.formats.spreadsheet import CsvForm, write_csv
from phusong.exports.owners import write_owners
from phusong.exports.tables.dictionary import conform, described_by
from phusong.planning.results import SitePlan
from phusong.results.missing import Attempts
from phusong.study import Study
from phusong.study.scenario import Scenario, scenario_text

GEOPACKAGE = "site_plan.gpkg"


def write_site_plan(
    plan: SitePlan,
    figures: pd.DataFrame,
    folder: Path,
    stamp: dict[str, Any],
    form: CsvForm,
    attempt: Attempts,
    study: Study,
    yearly: pd.DataFrame | None = None,
) -> None:
    """Write ``plan_*.csv`` and ``site_plan_*.csv``, what each owner does, then ``site_plan.gpkg``.

    ``columns.csv`` says what they mean.

    Parameters
    ----------
    figures
        Before and after.
    study
        Whose assumptions stand beside the plan.
    yearly
        Figures at the end of each year, where communes were planned too.
    """
    tables = {
        "plan_steps": plan.steps,
        "site_plan_sites": plan.sites,
        "site_plan_villages": plan.villages,
        "site_plan_hops": plan.hops,
        "site_plan_bill": plan.bill,
        "site_plan_figures": figures,
    }
    if yearly is not None:
        tables |= {"plan_communes": plan.communes, "plan_indicators": yearly}
    tables |= {
        name: frame
        for name, frame in (("site_plan_curve", plan.curve), ("site_plan_years", plan.years))
        if len(frame)
    }
    for name, frame in tables.items():
        write_csv(conform(frame, name), folder / f"{name}.csv", form)
    meanings = {f"{name}.csv": described_by(name) for name in tables}
    meanings |= write_owners(plan, study, folder, form, attempt)
    short = {key: str(value) for key, value in stamp.items()}
    # A GeoPackage without any layer is none.
    if len(plan.villages) or len(plan.communes):
        formats = study.outputs.formats
        written = write_layers(lambda: _layers(plan), short, folder / GEOPACKAGE, attempt, formats)
        meanings |= of_geopackage(GEOPACKAGE, written)
    write_meanings(meanings, folder, form)


def write_scenarios(scenarios: Mapping[str, Scenario], folder: Path) -> None:
    """Write a plan as scenarios, by file name: for runs with it built."""
    for name, scenario in scenarios.items():
        (folder / name).write_text(scenario_text(scenario), "utf-8")


def _layers(plan: SitePlan) -> Iterator[Layer]:
    yield documented("site_plan_villages", plan.villages, "planned_villages")
    yield documented("site_plan_lines", plan.lines, "planned")
    yield documented("site_plan_hops", plan.hops, "second")
    yield documented("site_plan_sites", plan.sites, "planned_sites")
    if len(plan.communes):
        yield documented("plan_communes", plan.communes, "targets")
    yield documented("plan_steps", plan.steps, "steps")
