"""Shapefiles: written anew with the same columns, texts in UTF-8 and said so by a .cpg."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely

from phusong.checks import Findings
from phusong.errors import Where
from phusong.mending.copies.fids import fids_of
from phusong.mending.mends import Act, CannotMendError, Mend, holds
from phusong.sources.digest import files_of
from phusong.sources.gdal import vectors
from phusong.sources.tables.ogr import read_ogr
from phusong.sources.tables.raw.encodings import BYTES
from phusong.study import Layer


def mend_shapefile(path: Path, layer: Layer, mends: Sequence[Mend]) -> list[Mend]:
    """Change records of a shapefile by writing it anew in its place.

    Names, order and types of the columns stay; their widths are what the values need.

    Returns
    -------
    list of Mend
        Those carried out.

    Raises
    ------
    CannotMendError
        When its records cannot be read one by one.
    """
    stated = next((m.value for m in mends if m.act is Act.ENCODING and m.value), None)
    told = layer if stated is None else layer.model_copy(update={"encoding": stated})
    read = read_ogr(
        path, told.model_copy(update={"where": None}), Findings(), Where(file=path.name), None
    )
    with vectors():
        meta, _, shapes, fields = pyogrio.raw.read(path, encoding=BYTES)
    if read is None or len(read[0]) != (len(fields[0]) if len(fields) else len(shapes)):
        raise CannotMendError("records of the file are not read one by one")
    places = _places(path, layer)
    texts = read[0]
    names = [str(c) for c in texts.columns if c not in {"row", "geometry"}]
    columns, masks = _columns(fields, meta["dtypes"], texts, names)
    done = [m for m in mends if m.act is Act.ENCODING]
    kept = np.ones(len(texts), dtype=bool)
    for mend in mends:
        if mend.row is None or mend.row > len(places):
            continue
        at = places[mend.row - 1]
        if mend.act is Act.DROP:
            kept[at] = False
        elif mend.act is Act.GEOMETRY:
            shapes[at] = shapely.to_wkb(mend.value)
        elif stated is None and not _set(columns, names, at, mend):
            continue
        done.append(mend)
    _write(path, meta, shapes, columns, masks, names, kept)
    return done


def _places(path: Path, layer: Layer) -> list[int]:
    whole = fids_of(path, layer.model_copy(update={"where": None}))[1]
    at = {fid: i for i, fid in enumerate(whole)}
    return [at[fid] for fid in fids_of(path, layer)[1]]


def _columns(
    fields: Sequence[Any], types: Sequence[str], texts: Any, names: Sequence[str]
) -> tuple[list[Any], list[Any]]:
    """Return columns of the file's own types, texts decoded, and which cells of each are empty."""
    columns: list[Any] = []
    masks: list[Any] = []
    for values, kind, name in zip(fields, types, names, strict=True):
        if kind == "object":
            column = texts[name].to_numpy(dtype=object)
            columns.append(np.array([v if isinstance(v, str) else None for v in column], object))
            masks.append(None)
            continue
        column = np.asarray(values)
        empty = np.isnat(column) if column.dtype.kind == "M" else np.isnan(column.astype(float))
        if column.dtype.kind == "f" and kind.startswith(("int", "uint")):
            column = np.where(empty, 0, column).astype(kind)
        columns.append(column)
        masks.append(empty if empty.any() else None)
    return columns, masks


def _set(columns: list[Any], names: Sequence[str], at: int, mend: Mend) -> bool:
    if mend.act is not Act.CELL or mend.column not in names:
        return False
    column = columns[names.index(mend.column)]
    if column.dtype != object:
        raise CannotMendError("the column holds numbers, and the mend is a text")
    if not holds(mend, column[at]):
        return False
    column[at] = mend.value
    return True


def _write(
    path: Path,
    meta: Any,
    shapes: Any,
    columns: list[Any],
    masks: list[Any],
    names: Sequence[str],
    kept: Any,
) -> None:
    for part in files_of(path):
        if part.suffix.lower() in {".shp", ".shx", ".dbf", ".cpg", ".prj"}:
            part.unlink()
    with vectors():
        pyogrio.raw.write(
            path,
            None if shapes is None else shapes[kept],
            [column[kept] for column in columns],
            np.array(names, dtype=object),
            field_mask=[None if mask is None else mask[kept] for mask in masks],
            geometry_type=meta["geometry_type"],
            crs=meta["crs"],
            driver="ESRI Shapefile",
            encoding="UTF-8",
        )
