"""The rows of one layer of the study as its file holds them: delimited, a sheet, or through OGR."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
from pyproj import CRS

from phusong.checks import Findings
from phusong.errors import InputError, Where
from phusong.sources.admission import report_missing
from phusong.sources.gdal import NO_LEAVE
from phusong.sources.tables.delimited import is_delimited, read_table
from phusong.sources.tables.headers import Role
from phusong.sources.tables.objects import read_objects
from phusong.sources.tables.ofds.ofds import read_ofds
from phusong.sources.tables.ogr import Box, read_ogr, summary
from phusong.sources.tables.raw import spreadsheets
from phusong.sources.tables.raw.filters import filtered, misnamed, report_filter
from phusong.sources.tables.raw.packed import refuse_drawing, unpacked
from phusong.study import Gdal, Layer

_CASE_MATTERS = frozenset({"GPKG", "SQLite"})
"""Drivers whose filters are SQLite's; OGR's own SQL compares texts without case."""


@dataclass(frozen=True)
class Rows:
    """What a file holds of a layer.

    Attributes
    ----------
    frame
        The planner's headers, ``row`` (place among the file's records, from 1; of a layer
        filtered by OGR, among those that pass), and ``geometry`` where the file has one.
    crs
        The file's, None where it says none.
    total
        Records asked for, those among them that could not be taken apart.
    """

    frame: pd.DataFrame
    crs: CRS | None
    total: int


def read_rows(
    path: Path,
    layer: Layer,
    role: Role | None,
    findings: Findings,
    where: Where,
    bbox: Box | None = None,
    *,
    empty_rule: str = "S06",
    leave: Gdal = NO_LEAVE,
) -> Rows | None:
    """Read the rows of a layer that pass its filter.

    Parameters
    ----------
    path
        The layer's, from the study's folder.
    role
        What the layer is for; None where that depends on its headers.
    bbox
        For OGR: only features that touch it are read.
    empty_rule
        Rule for a layer without records.
    leave
        What the study lets its files do.

    Returns
    -------
    Rows or None
        None after a finding that leaves nothing to work with.
    """
    if not path.exists():
        report_missing(layer.path, where, findings)
        return None
    before = _unread(findings)
    try:
        refuse_drawing(path, where)
        with unpacked(path, where) as plain:
            rows = _rows(plain, layer, role, findings, where, bbox, empty_rule, leave)
    except InputError as error:
        findings.refuse(error, path.name)
        return None
    if rows is None:
        return None
    if rows.frame.empty:
        if not rows.total or layer.where is None:
            findings.add(empty_rule, where, layer.path.name)
        return None
    return replace(rows, total=len(rows.frame) + _unread(findings) - before)


def _rows(
    path: Path,
    layer: Layer,
    role: Role | None,
    findings: Findings,
    where: Where,
    bbox: Box | None,
    empty_rule: str,
    leave: Gdal,
) -> Rows | None:
    """Read by the kind of file; None after a finding."""
    if is_delimited(path) or path.suffix.lower() in spreadsheets.SUFFIXES:
        table = (
            read_table(path, layer, findings, where, role)
            if is_delimited(path)
            else spreadsheets.read_sheet(path, layer, role, findings, where)
        )
        frame = None if table is None else table.rename_axis("row").reset_index()
        rows = None if frame is None else _picked(frame, None, layer, empty_rule, findings, where)
    elif (network := read_ofds(path, layer, role, findings, where)) is not None:
        part, crs = network
        rows = None if part is None else _picked(part, crs, layer, empty_rule, findings, where)
    elif (objects := read_objects(path)) is not None:
        frame = objects.rename_axis("row").reset_index()
        rows = _picked(frame, None, layer, empty_rule, findings, where)
    else:
        rows = _through_ogr(path, layer, findings, where, bbox, empty_rule, leave)
    return rows


def _unread(findings: Findings) -> int:
    """Count the rows that could not be taken apart (S14, S51) or have a broken geometry (S22).

    Those told together count each.
    """
    rules = ("S14", "S22", "S51")
    return sum(int(f.params.get("n", 1)) for rule in rules for f in findings.of(rule))


def in_encoding(
    path: Path,
    layer: Layer,
    role: Role | None,
    where: Where,
    bbox: Box | None = None,
    *,
    leave: Gdal = NO_LEAVE,
) -> Callable[[str], pd.DataFrame | None]:
    """Return what reads the same rows in another encoding, or gives None; nothing is reported."""

    def read_as(encoding: str) -> pd.DataFrame | None:
        other = layer.model_copy(update={"encoding": encoding})
        again = read_rows(path, other, role, Findings(), where, bbox, leave=leave)
        return None if again is None else again.frame

    return read_as


def _picked(
    frame: pd.DataFrame,
    crs: CRS | None,
    layer: Layer,
    empty_rule: str,
    findings: Findings,
    where: Where,
    *,
    case_matters: bool = True,
) -> Rows | None:
    """Apply the study's filter to a frame, and say what it does."""
    if layer.where is None or frame.empty:
        return Rows(frame, crs, len(frame))
    kept = filtered(frame, layer.where, findings, where, case_matters=case_matters)
    if kept is None:
        return None
    report_filter(layer.where, len(kept), len(frame), frame, empty_rule, findings, where)
    return Rows(kept.reset_index(drop=True), crs, len(frame))


def _through_ogr(
    path: Path,
    layer: Layer,
    findings: Findings,
    where: Where,
    bbox: Box | None,
    empty_rule: str,
    leave: Gdal,
) -> Rows | None:
    """Read with OGR, which filters itself where the condition has no letters to compose."""
    condition = layer.where
    if condition is None or not condition.isascii():
        whole = layer.model_copy(update={"where": None})
        read = read_ogr(path, whole, findings, where, bbox, leave)
        if read is None:
            return None
        case = summary(path, layer, leave).driver in _CASE_MATTERS
        return _picked(*read, layer, empty_rule, findings, where, case_matters=case)
    known = summary(path, layer, leave)
    if known.headers and misnamed(condition, known.headers, findings, where):
        return None
    read = read_ogr(path, layer, findings, where, bbox, leave)
    if read is None:
        return None
    frame, crs = read
    if bbox is None and known.records > 0:
        sample = frame
        if frame.empty:
            again = read_ogr(
                path, layer.model_copy(update={"where": None}), Findings(), where, None, leave
            )
            sample = again[0] if again is not None else frame
        report_filter(condition, len(frame), known.records, sample, empty_rule, findings, where)
    return Rows(frame, crs, max(known.records, 0) if bbox is None else len(frame))
