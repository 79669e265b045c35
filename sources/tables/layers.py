"""One layer of the study, read: OGR formats and delimited text become the same frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.datum import settled
from phusong.sources.tables.columns import map_columns, take
from phusong.sources.tables.delimited import is_delimited, read_table
from phusong.sources.tables.headers import Role
from phusong.sources.tables.numerals import Decimal, numbers, unit_of
from phusong.sources.tables.ogr import FONTS, Box, read_ogr
from phusong.sources.tables.points import decimal_sign, points_of
from phusong.sources.tables.text import as_code, convert, suspected_font_encoding
from phusong.study import Layer, Study


@dataclass(frozen=True)
class Records:
    """A layer as read, with our column names.

    Attributes
    ----------
    frame
        Our columns that the file has (cells as read), ``row`` (1-based place among the records
        read; of a filtered layer, among those that pass the filter), ``file``, and
        ``geometry`` in the file's CRS. RangeIndex.
    where
        File and layer.
    decimal
        Decimal sign of its texts.
    columns
        Our name -> the file's header.
    decimal_stated
        Whether the study says the decimal sign.
    """

    frame: gpd.GeoDataFrame
    where: Where
    decimal: Decimal
    columns: dict[str, str]
    decimal_stated: bool = False

    def texts(self, column: str) -> pd.Series[Any]:
        """Return a column, all None where the file has no such column."""
        if column in self.frame:
            own: pd.Series[Any] = self.frame[column]
            return own
        return pd.Series([None] * len(self.frame), index=self.frame.index, dtype=object)

    def numbers(self, column: str, findings: Findings) -> NDArray[np.float64]:
        """Return a column as float64 (NaN: empty, absent, or no number, which is listed)."""
        if column not in self.frame:
            return np.full(len(self.frame), np.nan)
        where = replace(self.where, key=self.columns.get(column, column))
        rows = self.frame["row"].to_numpy()
        return numbers(
            self.frame[column],
            rows,
            self.decimal,
            findings,
            where,
            unit=unit_of(column),
            stated=self.decimal_stated,
        )

    def at(self, i: int) -> Where:
        """Return the place of the ``i``-th record."""
        return replace(self.where, row=int(self.frame["row"].iloc[i]))

    def keep(self, mask: NDArray[np.bool_]) -> Records:
        """Return the records for which ``mask`` holds."""
        if mask.all():
            return self
        return replace(self, frame=self.frame[mask].reset_index(drop=True))


def place_of(layer: Layer, study: Study) -> Where:
    """Return file and layer as findings name them."""
    return Where(file=study.named(layer.path).as_posix(), layer=layer.layer or "")


def read_layer(
    study: Study,
    layer: Layer,
    role: Role | Callable[[Sequence[str]], Role],
    findings: Findings,
    bbox: Box | None = None,
    *,
    empty_rule: str = "S06",
) -> Records | None:
    """Read one layer of the study.

    Parameters
    ----------
    study, layer, role
        Where it is and what it is for; a role may depend on the file's headers.
    findings
        Takes everything wrong with it.
    bbox
        (west, south, east, north, CRS of these): only features that touch it are read. For
        large extracts, where formats allow it.
    empty_rule
        Rule for a layer without records.

    Returns
    -------
    Records or None
        None after a finding that leaves nothing to work with.
    """
    where = place_of(layer, study)
    path = study.resolve(layer.path)
    if not path.exists():
        findings.add("S01", where, layer.path.name, "{path} does not exist", path=str(layer.path))
        return None
    raw: pd.DataFrame | None
    crs: CRS | None = None
    if is_delimited(path):
        raw = read_table(path, layer, findings, where)
        if raw is not None:
            raw = raw.rename_axis("row").reset_index() if len(raw) else raw
    else:
        read = read_ogr(path, layer, findings, where, bbox)
        raw, crs = read if read is not None else (None, None)
    if raw is None:
        return None
    if raw.empty:
        findings.add(empty_rule, where, layer.path.name)
        return None
    return _records(raw, crs, layer, role, findings, where)


def _records(
    raw: pd.DataFrame,
    crs: CRS | None,
    layer: Layer,
    role: Role | Callable[[Sequence[str]], Role],
    findings: Findings,
    where: Where,
) -> Records | None:
    tabular = "geometry" not in raw
    headers = [str(c) for c in raw.columns if c not in {"row", "geometry"}]
    if not isinstance(role, Role):
        role = role(headers)
    columns = map_columns(headers, role, layer.columns, findings, where, coordinates=tabular)
    if columns is None:
        return None
    frame = pd.DataFrame({ours: take(raw, source) for ours, source in columns.items()})
    _check_text(frame, layer, findings, where)
    frame["row"] = raw["row"].to_numpy(dtype=np.int64)
    frame["file"] = where.file
    stated = _stated_crs(layer, findings, where)
    if tabular:
        decimal = layer.decimal or decimal_sign(frame, findings, where)
        located = points_of(
            frame, columns, headers, layer.columns, stated, decimal, findings, where
        )
        if located is None:
            return None
        geometry, crs = located
    else:
        decimal = layer.decimal or decimal_sign(frame, findings, where)
        geometry = raw["geometry"].to_numpy()
        crs = _crs(crs, stated, findings, where)
        if crs is None:
            return None
    frame = frame.drop(columns=[c for c in ("lon", "lat", "x", "y") if c in frame])
    located_frame = gpd.GeoDataFrame(frame, geometry=geometry, crs=crs).reset_index(drop=True)
    records = Records(located_frame, where, decimal, columns, layer.decimal is not None)
    return _refuse_without_place(records, findings)


def _check_text(frame: pd.DataFrame, layer: Layer, findings: Findings, where: Where) -> None:
    """Report texts that look like a font encoding the study did not name (S16)."""
    if (layer.encoding or "").lower() in FONTS:
        return
    texts = [v for column in frame for v in frame[column] if isinstance(v, str)]
    suspected = suspected_font_encoding(texts)
    if suspected is not None:
        encoding, example = suspected
        findings.add(
            "S16",
            where,
            example,
            "texts look like {encoding}: {example} would be {converted}",
            encoding=encoding,
            example=example,
            converted=convert(example, encoding),
        )


def _stated_crs(layer: Layer, findings: Findings, where: Where) -> CRS | None:
    if layer.crs is None:
        return None
    try:
        return CRS.from_user_input(layer.crs)
    except CRSError:
        findings.add(
            "S05",
            replace(where, key="crs"),
            layer.crs,
            "{crs} is not a known CRS",
            crs=layer.crs,
        )
        return None


def _crs(own: CRS | None, stated: CRS | None, findings: Findings, where: Where) -> CRS | None:
    """Return the file's CRS; what the study states wins over the file, said aloud (S18)."""
    if stated is not None:
        if own is not None and not own.equals(stated, ignore_axis_order=True):
            findings.add(
                "S18",
                where,
                detail="the file says {own}, the study {stated}",
                own=own.to_string() if own.to_authority() else own.name,
                stated=stated.to_string() if stated.to_authority() else stated.name,
            )
        return stated
    if own is None or own.geodetic_crs is None:  # a local system is no place on earth
        findings.add("S05", where, detail="neither the file nor the study says the CRS")
        return None
    return settled(own, where, findings)


def _refuse_without_place(records: Records, findings: Findings) -> Records:
    """List and leave out records without a geometry (S11); drop heights of points quietly."""
    geometry = records.frame.geometry
    missing = (geometry.isna() | geometry.is_empty).to_numpy()
    for i in np.flatnonzero(missing):
        findings.add("S11", records.at(int(i)), label(records, int(i)))
    return records.keep(~missing) if missing.any() else records


def label(records: Records, i: int) -> str:
    """Return what a planner would call the ``i``-th record: its cell, or its first code or name."""
    for column in ("cell_id", *records.columns):
        if column in records.frame:
            text = as_code(records.frame[column].iloc[i])
            if text is not None:
                return text
    return ""
