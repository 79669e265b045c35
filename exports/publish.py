"""What is handed to others: tables and layers of a finished run, without what is kept back.

The layers lie in the form of OGC API - Features (exports/features.py): any web server can serve
the folder as it is.
"""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import TypeVar, get_args

import geopandas as gpd
import pandas as pd

from phusong.errors import StudyError, Where
from phusong.exports.folder import STAMP, output_folder
from phusong.exports.formats.datapackage import write_datapackage
from phusong.exports.formats.features import write_features
from phusong.exports.formats.meanings import write_meanings
from phusong.exports.formats.open_fibre import FOLDER, PACKAGE, read_network, write_network
from phusong.exports.formats.spreadsheet import CsvForm, write_csv
from phusong.exports.tables.dictionary import Column, Described, described_by, tables
from phusong.results.finished import FinishedRun
from phusong.study import Publish

Frame = TypeVar("Frame", bound=pd.DataFrame)
# Columns of a layer that only the program reads.
_INNER = ("row", "reason_code", "reason_params")
_NAMES = sorted(
    {
        name
        for field in ("tables", "layers")
        for choice in get_args(Publish.model_fields[field].annotation)
        for name in get_args(choice)
    }
)


def publish_run(
    run: FinishedRun, folder: Path, form: CsvForm, *, overwrite: bool, url: str = ""
) -> None:
    """Write the public part of a run.

    Parameters
    ----------
    url
        Where the folder will be served; links are relative without it.

    Raises
    ------
    StudyError
        When the study withholds a table or column that does not exist: a slip there would
        publish it.
    OutputError
        When the folder may not be replaced.
    """
    settings = run.study.publish
    layers: dict[str, gpd.GeoDataFrame] = {str(name): run.layer(name) for name in settings.layers}
    layers = {name: frame for name, frame in layers.items() if not frame.empty}
    chosen = {str(name): run.tables[name] for name in settings.tables if name in run.tables}
    _refuse_unknown(run, {**layers, **chosen})
    with output_folder(folder, overwrite=overwrite) as partial:
        kept = {name: _without(frame, name, run) for name, frame in chosen.items()}
        for name, frame in kept.items():
            write_csv(frame, partial / f"{name}.csv", form)
        public = {
            name: _without(frame.to_crs(4326), name, run).drop(
                columns=list(_INNER), errors="ignore"
            )
            for name, frame in layers.items()
        }
        if "fibre" in public:
            _publish_network(run, partial)
        write_features(run.study, public, list(kept), partial, url)
        described: dict[str, Described] = {
            f"{name}.csv": (name, _columns(name, frame)) for name, frame in kept.items()
        }
        items = {
            f"collections/{name}/items.json": _properties(name, frame)
            for name, frame in public.items()
        }
        write_meanings({**described, **items}, partial, form)
        described["columns.csv"] = described_by("columns")
        extent = tuple(run.layer("communes").to_crs(4326).total_bounds)
        write_datapackage(partial, run.study, described, form, str(run.stamp["created"]), extent)
        stamp = {key: run.stamp[key] for key in ("study", "study_sha256", "version", "created")}
        text = json.dumps(
            {**stamp, "published": True}, ensure_ascii=False, indent=2, allow_nan=False
        )
        (partial / STAMP).write_text(text, "utf-8")


_FIELDS = {
    "cable_id": "name",
    "owner": "physicalInfrastructureProvider",
    "status": "status",
    "kind": "deployment",
    "cores": "fibreCount",
}
"""Columns of the layer of cables -> what a span says of them."""


def _publish_network(run: FinishedRun, folder: Path) -> None:
    """Hand on the network of a run that wrote one, without what is withheld of its cables."""
    path = run.folder / FOLDER / PACKAGE
    if not path.is_file():
        return
    network = read_network(path)
    held = set(run.study.publish.withhold.get("fibre", []))
    fields = {field for column, field in _FIELDS.items() if column in held}
    network["spans"] = [
        {key: value for key, value in span.items() if key not in fields}
        for span in network["spans"]
    ]
    if "owner" in held:
        network.pop("organisations", None)
    (folder / FOLDER).mkdir()
    write_network(network, folder / FOLDER)


def _refuse_unknown(run: FinishedRun, frames: dict[str, pd.DataFrame]) -> None:
    for name, columns in run.study.publish.withhold.items():
        if name not in _NAMES:
            raise StudyError(
                "there is no table or layer `{table}` to withhold columns of",
                Where(file="study.toml", key="publish.withhold"),
                "the nearest is `{near}`; correct it and run the study again",
                {"table": name, "near": _nearest(name, _NAMES)},
            )
        if name not in frames:
            continue
        known = [str(column) for column in frames[name].columns]
        for column in columns:
            if not any(_is_column(each, column) for each in known):
                raise StudyError(
                    "`{table}` has no column {column} to withhold",
                    Where(file="study.toml", key=f"publish.withhold.{name}"),
                    "the nearest column is `{near}`; correct it and run the study again",
                    {"table": name, "column": column, "near": _nearest(column, known)},
                )


def _nearest(wrong: str, known: list[str]) -> str:
    return difflib.get_close_matches(wrong, known, n=1, cutoff=0)[0]


def _is_column(column: str, named: str) -> bool:
    """Whether a column is the one named; a carrier's own column by its name without the carrier."""
    return column == named or column.startswith(f"{named}:")


def _without(frame: Frame, name: str, run: FinishedRun) -> Frame:
    held = run.study.publish.withhold.get(name, [])
    return frame.drop(
        columns=[c for c in frame.columns if any(_is_column(str(c), each) for each in held)]
    )


def _properties(name: str, frame: gpd.GeoDataFrame) -> Described:
    return name, _columns(name, pd.DataFrame(frame.drop(columns=frame.geometry.name)))


def _columns(name: str, frame: pd.DataFrame) -> list[Column]:
    """Return the documented columns a table still has, in its order."""
    operators = [c.partition(":")[2] for c in frame.columns if ":" in c]
    documented = {c.name: c for c in tables()[name].expand(list(dict.fromkeys(operators)))}
    return [documented[column] for column in frame.columns]
