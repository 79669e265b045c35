"""datapackage.json: a Frictionless Data descriptor of everything in a run's folder."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from phusong.exports.dictionary import Column, tables
from phusong.exports.spreadsheet import CsvForm, harmless
from phusong.i18n import get_language
from phusong.study import Study

_TYPES = {
    ".tif": ("image/tiff", "geotiff"),
    ".gpkg": ("application/geopackage+sqlite3", "gpkg"),
    ".html": ("text/html", "html"),
}


def write_datapackage(
    folder: Path,
    study: Study,
    csv_files: Mapping[str, tuple[str, Sequence[str]]],
    form: CsvForm,
    created: str,
) -> Path:
    """Describe a run's files.

    Parameters
    ----------
    csv_files
        File name within ``folder`` -> (table of the dictionary, its carriers).
    """
    resources = [
        _table_resource(folder, name, table, operators, form)
        for name, (table, operators) in csv_files.items()
    ]
    for path in sorted(folder.iterdir()):
        if path.suffix in _TYPES:
            mediatype, fmt = _TYPES[path.suffix]
            resources.append(
                {
                    "name": _slug(path.stem),
                    "path": path.name,
                    "format": fmt,
                    "mediatype": mediatype,
                    **_digest(path),
                }
            )
    package: dict[str, Any] = {
        "profile": "data-package",
        "name": _slug(study.study.name),
        "title": study.study.name,
        "created": created,
        "resources": resources,
    }
    if study.study.description:
        package["description"] = study.study.description
    if study.study.publisher:
        package["contributors"] = [{"title": study.study.publisher, "role": "publisher"}]
    if study.study.licence:
        package["licenses"] = [{"name": study.study.licence}]
    if study.study.period:
        package["temporal"] = study.study.period
    target = folder / "datapackage.json"
    target.write_text(json.dumps(package, ensure_ascii=False, indent=2), "utf-8")
    return target


def _table_resource(
    folder: Path, name: str, table: str, operators: Sequence[str], form: CsvForm
) -> dict[str, Any]:
    described = tables()[table]
    schema: dict[str, Any] = {
        "fields": [_field(column, form) for column in described.expand(operators)],
        "missingValues": [""],
    }
    if described.key:
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
        "description": column.words(get_language()),
    }
    if column.unit:
        field["unit"] = column.unit
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
    kept = [c.lower() if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in plain
            if not unicodedata.combining(c)]  # fmt: skip
    return "-".join(part for part in "".join(kept).split("-") if part) or "data"
