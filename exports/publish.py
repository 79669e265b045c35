"""What is handed to others: tables and layers of a finished run, without what is kept back.

The layers lie in the form of OGC API - Features (OGC 17-069r4): landing page, conformance,
collections, GeoJSON items, links. Any web server can serve the folder as it is; what needs a
program behind it (filters, paging) is not claimed in the conformance list.
"""

from __future__ import annotations

import difflib
import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import geopandas as gpd
import pandas as pd

from phusong.errors import StudyError, Where
from phusong.exports.datapackage import write_datapackage
from phusong.exports.dictionary import Column, tables
from phusong.exports.folder import STAMP, output_folder
from phusong.exports.spreadsheet import CsvForm, write_csv
from phusong.i18n import get_language
from phusong.runs import FinishedRun

_CONFORMS = [
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
]
_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
Frame = TypeVar("Frame", bound=pd.DataFrame)
# Columns of a layer that only the program reads.
_INNER = ("row", "reason_code", "reason_params")


def publish_run(run: FinishedRun, folder: Path, form: CsvForm, *, overwrite: bool) -> None:
    """Write the public part of a run.

    Raises
    ------
    StudyError
        When the study withholds a column that does not exist (a slip there would publish it).
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
        _write_features(run, public, partial)
        described = {f"{name}.csv": (name, _columns(name, frame)) for name, frame in kept.items()}
        extent = tuple(run.layer("communes").to_crs(4326).total_bounds)
        write_datapackage(partial, run.study, described, form, str(run.stamp["created"]), extent)
        stamp = {key: run.stamp[key] for key in ("study", "study_sha256", "version", "created")}
        text = json.dumps(
            {**stamp, "published": True}, ensure_ascii=False, indent=2, allow_nan=False
        )
        (partial / STAMP).write_text(text, "utf-8")


def _refuse_unknown(run: FinishedRun, frames: dict[str, pd.DataFrame]) -> None:
    for name, columns in run.study.publish.withhold.items():
        if name not in frames:
            continue
        known = [str(column) for column in frames[name].columns]
        for column in columns:
            if column not in known:
                near = difflib.get_close_matches(column, known, n=1, cutoff=0)
                raise StudyError(
                    "`{table}` has no column {column} to withhold",
                    Where(file="study.toml", key=f"publish.withhold.{name}"),
                    "the nearest column is `{near}`; correct it and run the study again",
                    {"table": name, "column": column, "near": near[0] if near else ""},
                )


def _without(frame: Frame, name: str, run: FinishedRun) -> Frame:
    return frame.drop(columns=run.study.publish.withhold.get(name, []))


def _columns(name: str, frame: pd.DataFrame) -> list[Column]:
    """Return the documented columns a table still has, in its order."""
    operators = [c.partition(":")[2] for c in frame.columns if ":" in c]
    documented = {c.name: c for c in tables()[name].expand(list(dict.fromkeys(operators)))}
    return [documented[column] for column in frame.columns]


def _write_features(run: FinishedRun, layers: dict[str, gpd.GeoDataFrame], folder: Path) -> None:
    title = run.study.study.name
    collections = [_collection(name, frame) for name, frame in layers.items()]
    _json(
        folder / "index.json",
        {
            "title": title,
            "description": run.study.study.description,
            "links": [
                _link("index.json", "self", "application/json"),
                _link("conformance.json", "conformance", "application/json"),
                _link("collections.json", "data", "application/json"),
                _link("datapackage.json", "describedby", "application/json"),
            ],
        },
    )
    _json(folder / "conformance.json", {"conformsTo": _CONFORMS})
    _json(
        folder / "collections.json",
        {"links": [_link("collections.json", "self", "application/json")],
         "collections": collections},
    )  # fmt: skip
    for collection in collections:
        frame = layers[collection["id"]]
        target = folder / "collections" / collection["id"]
        target.mkdir(parents=True)
        inner = {**collection, "links": [_link("items.json", "items", "application/geo+json")]}
        _json(target / "collection.json", inner)
        (target / "items.json").write_text(_items(frame), "utf-8")
    (folder / "index.html").write_text(_landing(title, collections), "utf-8")


def _items(frame: gpd.GeoDataFrame) -> str:
    collection = json.loads(frame.to_json(drop_id=True, na="null"))
    key = next((c for c in ("code", "commune_code", "site_id", "edge_id") if c in frame), None)
    for number, feature in enumerate(collection["features"]):
        value = feature["properties"].get(key) if key else None
        feature["id"] = number if value is None else value
    collection.pop("crs", None)  # RFC 7946: longitude, latitude of WGS 84 and nothing else
    collection["numberReturned"] = collection["numberMatched"] = len(collection["features"])
    collection["links"] = [_link("items.json", "self", "application/geo+json")]
    return json.dumps(collection, ensure_ascii=False, allow_nan=False)


def _collection(name: str, frame: gpd.GeoDataFrame) -> dict[str, Any]:
    base = f"collections/{name}"
    return {
        "id": name,
        "title": name,
        "extent": {
            "spatial": {"bbox": [[round(float(v), 6) for v in frame.total_bounds]], "crs": _CRS84}
        },
        "itemType": "feature",
        "crs": [_CRS84],
        "links": [
            _link(f"{base}/collection.json", "self", "application/json"),
            _link(f"{base}/items.json", "items", "application/geo+json"),
        ],
    }


def _link(href: str, rel: str, kind: str) -> dict[str, str]:
    return {"href": href, "rel": rel, "type": kind}


def _landing(title: str, collections: Sequence[dict[str, Any]]) -> str:
    rows = "\n".join(
        f'<li><a href="collections/{html.escape(c["id"])}/items.json">{html.escape(c["title"])}'
        "</a></li>"
        for c in collections
    )
    return (
        f'<!doctype html>\n<html lang="{get_language()}">\n<meta charset="utf-8">\n'
        f"<title>{html.escape(title)}</title>\n<h1>{html.escape(title)}</h1>\n<ul>\n{rows}\n"
        '<li><a href="datapackage.json">datapackage.json</a></li>\n</ul>\n</html>\n'
    )


def _json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False), "utf-8")
