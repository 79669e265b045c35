"""Folders of `phusong sites` and `phusong cascade`, read back beside the run they belong to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import geopandas as gpd
import pandas as pd

from phusong.disc.swap import find_results
from phusong.errors import InputError, Where
from phusong.results.csvback import read_back
from phusong.results.finished import FinishedRun
from phusong.results.layerback import layer_back


class _Table(NamedTuple):
    """Columns that a report reads; tables that were not asked for may be missing."""

    texts: tuple[str, ...]
    numbers: tuple[str, ...]
    optional: bool = False


_LOSS = ("communes_dark", "sites_dark", "villages_lower", "people_without_signal")
_PAID = ("capital", "yearly", "life")
_REACHED = ("villages", "people", "communes", "people_fibre", "counted", "most_people")
_SITES: Final = {
    "site_plan_sites": _Table(
        ("site_id", "kind", "role", "backhaul", "from_site_id", "power"),
        ("step", "year", "villages", "people", "power_line_km", *_PAID),
    ),
    "site_plan_villages": _Table(
        ("code", "name", "commune_code", "status", "site_id"),
        ("people", "year", "best_share", "satellite_life"),
    ),
    "site_plan_hops": _Table(("from_site_id", "to_site_id"), ("year", "length_km", "life")),
    "site_plan_bill": _Table(("item", "unit"), ("year", "quantity", *_PAID)),
    "site_plan_figures": _Table(("figure", "unit"), ("before", "after")),
    "site_plan_curve": _Table((), ("budget", *_REACHED), optional=True),
    "site_plan_years": _Table((), ("year", "spent", "spent_total", *_REACHED), optional=True),
    "plan_steps": _Table(
        ("what", "id", "where", "owner"),
        (
            *("step", "year", "people", "people_fibre", "life"),
            *("people_total", "people_fibre_total", "life_total"),
        ),
    ),
    "plan_owners": _Table(("owner",), ("year", "works", *_PAID)),
    "plan_communes": _Table(
        ("commune_code", "name", "status"), ("step", "year", "people"), optional=True
    ),
    "plan_indicators": _Table(("figure", "unit"), ("year", "value"), optional=True),
}
_CASCADE: Final = {
    "cascade_events": _Table(
        ("element", "id", "name", "commune"),
        ("hours", "outage", "people_without_fibre", "villages_all", *_LOSS),
    ),
    "cascade_villages": _Table(("code", "before", "after"), ("outage", "people_lost")),
    "cascade_pairs": _Table(
        ("element_a", "id_a", "element_b", "id_b"),
        ("hours_a", "hours_b", *_LOSS, "people_more"),
    ),
    "cascade_cuts": _Table(("section_a", "section_b"), ("sections", *_LOSS)),
    "cascade_remedies": _Table(
        ("kind", "where", "by", "unit"),
        (
            *("quantity", "life", "events_mended", "person_hours", "step"),
            *("life_total", "person_hours_total"),
        ),
    ),
}


@dataclass(frozen=True)
class PlanFolder:
    """What `phusong sites` or `phusong cascade` left.

    Attributes
    ----------
    folder
        Where it lies.
    stamp
        Its run.json.
    tables
        CSV name without ending -> frame, of the columns that reports read; empty where the table
        was not asked for.
    """

    folder: Path
    stamp: dict[str, Any]
    tables: dict[str, pd.DataFrame]

    def layer(self, name: str, without: tuple[str, ...] | None = None) -> gpd.GeoDataFrame:
        """Return a layer of its GeoPackage.

        Parameters
        ----------
        without
            Columns of the empty layer to return where the file has none of the name: a plan
            without any mast has no layer of them. None: one has to be there.

        Raises
        ------
        InputError
            When the file or the layer is not there, or the file is broken.
        """
        bases = sorted(self.folder.glob("*.gpkg"))
        for base in bases:
            if (found := layer_back(base, name, "run the command again")) is not None:
                return found
        if bases and without is not None:
            return gpd.GeoDataFrame({column: [] for column in without}, geometry=[])
        raise InputError(
            "the folder has no layer {layer}",
            Where(file=str(self.folder)),
            "run the command again",
            {"layer": name},
        )


def open_site_plan(folder: Path, run: FinishedRun) -> PlanFolder:
    """Read a plan of masts back that was made on the study of a run.

    Raises
    ------
    InputError
        When the folder is none of `phusong sites`, is of another study or of another state of
        this one, or a file of it is broken.
    """
    return _opened(folder, run, "candidates", _SITES, "sites")


def open_cascade(folder: Path, run: FinishedRun) -> PlanFolder:
    """Read losses back that were followed on the study of a run; raises as the other one."""
    return _opened(folder, run, "judged", _CASCADE, "cascade")


def _opened(
    folder: Path, run: FinishedRun, mark: str, tables: Mapping[str, _Table], command: str
) -> PlanFolder:
    found = find_results(folder)
    try:
        stamp = json.loads((found / "run.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        stamp = None
    if not isinstance(stamp, dict) or mark not in stamp:
        raise InputError(
            "this is not a folder of `phusong {command}`",
            Where(file=str(folder)),
            "name the folder that `phusong {command}` wrote",
            {"command": command},
        )
    _refuse_another_study(stamp, run, folder, command)
    frames = {
        name: pd.DataFrame(columns=[*table.texts, *table.numbers])
        if table.optional and not (found / f"{name}.csv").is_file()
        else read_back(found / f"{name}.csv", table.texts, table.numbers, "run the command again")
        for name, table in tables.items()
    }
    return PlanFolder(found, stamp, frames)


def _refuse_another_study(
    stamp: Mapping[str, Any], run: FinishedRun, folder: Path, command: str
) -> None:
    if stamp.get("study") != run.study.study.name:
        raise InputError(
            "this folder is of another study than the run: {theirs}, not {ours}",
            Where(file=str(folder)),
            "name a folder of the same study as the run",
            {"theirs": str(stamp.get("study")), "ours": run.study.study.name},
        )
    if stamp.get("study_sha256") != run.stamp.get("study_sha256"):
        raise InputError(
            "the study said something else when this folder was made than when the run was",
            Where(file=str(folder)),
            "run the study and `phusong {command}` again, both on the study as it is now",
            {"command": command},
        )
