"""A finished run, read back from its folder: for reports, and for comparing two."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from phusong.disc.swap import find_results
from phusong.errors import InputError, Where
from phusong.indicators import Indicator, Indicators
from phusong.results.layerback import layer_back
from phusong.study import Study

_TRIES = 3
"""A run that is replaced while it is read is read again, so often."""


@dataclass(frozen=True)
class FinishedRun:
    """What a run left in its folder.

    Attributes
    ----------
    folder
        Where it lies.
    stamp
        run.json.
    study
        The study as it was, from the stamp; its paths are no longer looked at.
    tables
        CSV name without ending (``villages``, ``indicators`` …) -> frame, text as text.
    """

    folder: Path
    stamp: dict[str, Any]
    study: Study
    tables: dict[str, pd.DataFrame]

    @property
    def indicators(self) -> Indicators:
        """The reportable figures, to be put into any language."""
        nan = float("nan")
        items: list[Indicator] = []
        for item in self.stamp["indicators"]:
            known: dict[str, Any] = {k: nan if v is None else v for k, v in item.items()}
            items.append(Indicator(**known))
        return Indicators(tuple(items), self.tables.get("sensitivity", pd.DataFrame()))

    def layer(self, name: str) -> gpd.GeoDataFrame:
        """Return a layer of results.gpkg; empty, in the run's CRS, when there is none.

        Raises
        ------
        InputError
            When the run could not write it, or the file is gone or broken.
        """
        base = self.folder / "results.gpkg"
        for lost in self.stamp.get("missing", []):
            if lost["file"] in {base.name, f"{base.name}/{name}"}:
                raise InputError(
                    "this run has no layer {layer}: {reason}",
                    Where(file=str(base)),
                    "run the study again",
                    {"layer": name, "reason": lost["reason"]},
                )
        if not base.is_file():
            raise _not_finished(self.folder, base.name)
        found = layer_back(base, name, "run the study again")
        return gpd.GeoDataFrame(geometry=[], crs=self.stamp["crs"]) if found is None else found


def open_run(folder: Path) -> FinishedRun:
    """Read the stamp and the tables of a finished run.

    Raises
    ------
    InputError
        When the folder is not a run, or a file of it is missing or broken.
    """
    for _ in range(_TRIES - 1):
        found = find_results(folder)
        before = _identity(found)
        try:
            run = _read_run(found)
        except (InputError, OSError):
            if _identity(found) == before:
                raise
        else:
            if _identity(found) == before:
                return run
    return _read_run(find_results(folder))


def _identity(folder: Path) -> tuple[int, int] | None:
    """Return what tells the folder from another that took its name while it was read."""
    try:
        known = folder.stat()
    except OSError:
        return None
    return known.st_dev, known.st_ino


def _read_run(folder: Path) -> FinishedRun:
    stamp = _json(folder / "run.json")
    package = _json(folder / "datapackage.json")
    try:
        tables = {
            resource["path"].removesuffix(".csv"): _table(folder, resource)
            for resource in package["resources"]
            if resource.get("profile") == "tabular-data-resource"
        }
        study = Study.model_validate(stamp["settings"])
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            "the file is broken: {reason}",
            Where(file=str(folder)),
            "run the study again",
            {"reason": str(error) or type(error).__name__},
        ) from error
    return FinishedRun(folder, stamp, study, tables)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise _not_finished(path.parent, path.name) from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            "the file is broken: {reason}",
            Where(file=str(path)),
            "run the study again",
            {"reason": str(error)},
        ) from None


def _not_finished(folder: Path, name: str) -> InputError:
    return InputError(
        "this is not a finished run: {name} is missing",
        Where(file=str(folder)),
        "name the folder that `phusong run` wrote",
        {"name": name},
    )


def _table(folder: Path, resource: dict[str, Any]) -> pd.DataFrame:
    fields = resource["schema"]["fields"]
    decimal = next((f["decimalChar"] for f in fields if "decimalChar" in f), ".")
    types = {f["name"]: "string" for f in fields if f["type"] == "string"}
    path = folder / resource["path"]
    if not (path.is_file() and path.resolve().is_relative_to(folder.resolve())):
        raise _not_finished(folder, resource["path"])
    return pd.read_csv(
        path,
        sep=resource["dialect"]["delimiter"],
        decimal=decimal,
        encoding="utf-8-sig",
        dtype=types,
        true_values=["true"],
        false_values=["false"],
        keep_default_na=False,
        na_values={f["name"]: [""] for f in fields},
    )
