"""datapackage.json: a Frictionless Data descriptor of everything in a run's folder."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from phusong.exports.formats.spreadsheet import CsvForm, harmless
from phusong.exports.tables.dictionary import Column, tables
from phusong.names import numbered
from phusong.study import Study

_TYPES = {
    ".tif": ("image/tiff", "geotiff"),
    ".gpkg": ("application/geopackage+sqlite3", "gpkg"),
    ".html": ("text/html", "html"),
    ".kmz": ("application/vnd.google-earth.kmz", "kmz"),
    ".parquet": ("application/vnd.apache.parquet", "parquet"),
    ".geojson": ("application/geo+json", "geojson"),
    "network.ofds.json": ("application/json", "json"),
    "items.json": ("application/geo+json", "geojson"),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
}


def write_datapackage(
    folder: Path,
    study: Study,
    csv_files: Mapping[str, tuple[str, Sequence[Column]]],
    form: CsvForm,
    created: str,
    extent: tuple[float, float, float, float],
) -> Path:
    """Describe a run's files.

    Parameters
    ----------
    csv_files
        File name within ``folder`` -> (table of the dictionary, the columns it holds).
    created
        ISO 8601 time of the run.
    extent
        West, south, east, north in degrees, WGS 84.
    """
    resources = [
        _table_resource(folder, name, table, columns, form)
        for name, (table, columns) in csv_files.items()
    ]
    for path in sorted(folder.rglob("*")):
        kind = _TYPES.get(path.name, _TYPES.get(path.suffix))
        if kind is not None:
            mediatype, fmt = kind
            name = path.relative_to(folder).as_posix()
            resources.append(
                {
                    "name": _slug(name.replace(".", "-")),
                    "path": name,
                    "format": fmt,
                    "mediatype": mediatype,
                    **_digest(path),
                }
            )
    # Two carriers may differ in a diacritic only.
    for resource, unique in zip(resources, numbered([r["name"] for r in resources]), strict=True):
        resource["name"] = unique
    package: dict[str, Any] = {
        "profile": "data-package",
        "name": _slug(study.study.name),
        "title": study.title,
        "created": created,
        "resources": resources,
    }
    package.update(_about(study, extent))
    target = folder / "datapackage.json"
    target.write_text(json.dumps(package, ensure_ascii=False, indent=2, allow_nan=False), "utf-8")
    return target


def _about(study: Study, extent: tuple[float, float, float, float]) -> dict[str, Any]:
    """Return what a catalogue asks for, under DCAT's own ideas: who, licence, when, where."""
    west, south, east, north = (round(float(value), 6) for value in extent)
    about: dict[str, Any] = {"spatial": {"bbox": [west, south, east, north], "crs": "OGC:CRS84"}}
    if study.study.description:
        about["description"] = study.study.description
    if study.study.publisher:
        about["contributors"] = [{"title": study.study.publisher, "role": "publisher"}]
    if study.study.licence:
        about["licenses"] = [{"name": study.study.licence, "title": study.study.licence}]
    if study.study.period:
        about["temporal"] = study.study.period
    if study.study.assumptions:
        about["assumptions"] = list(study.study.assumptions)
    return about


def _table_resource(
    folder: Path, name: str, table: str, columns: Sequence[Column], form: CsvForm
) -> dict[str, Any]:
    described = tables()[table]
    schema: dict[str, Any] = {
        "fields": [_field(column, form) for column in columns],
        "missingValues": [""],
    }
    if described.key and set(described.key) <= {column.name for column in columns}:
        schema["primaryKey"] = list(described.key)
    return {
        "name": _slug(name.removesuffix(".csv")),
        "path": name,
        "title": described.words(),
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8-sig",
        "dialect": {"delimiter": form.separator, "lineTerminator": "\r\n"},
        "schema": schema,
        **_digest(folder / name),
    }


def _field(column: Column, form: CsvForm) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": harmless(column.name),
        "type": column.type,
        "title": column.heading(),
        "description": column.words(),
    }
    if column.unit:
        field["unit"] = column.unit_words()
    if column.type == "number" and form.decimal != ".":
        field["decimalChar"] = form.decimal
    return field


def _digest(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "hash": f"sha256:{digest}"}


def _slug(text: str) -> str:
    """Return a name of a-z, 0-9 and hyphens, as the Data Package standard asks."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    kept = [
        c.lower() if c.isascii() and (c.isalnum() or c in "._-") else "-"
        for c in plain
        if not unicodedata.combining(c)
    ]
    return "-".join(part for part in "".join(kept).split("-") if part) or "data"
