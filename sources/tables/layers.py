"""One layer of the study, read: OGR formats and delimited text become the same frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.bounds import FARTHEST
from phusong.sources.datum import settled
from phusong.sources.straight import pieces
from phusong.sources.tables.columns import map_columns, present, take
from phusong.sources.tables.coordinates.pairs import PAIRED, column_of_pairs
from phusong.sources.tables.coordinates.points import (
    decimal_sign,
    middles,
    points_of,
    shapes_of,
    with_pairs,
)
from phusong.sources.tables.coordinates.written import column_of
from phusong.sources.tables.glossary import translated
from phusong.sources.tables.headers import GEOMETRY, Role
from phusong.sources.tables.numerals import Decimal, numbers, unit_of
from phusong.sources.tables.ogr import Box
from phusong.sources.tables.raw.garbled import report_garbled, texts_by_column
from phusong.sources.tables.rows import Rows, in_encoding, read_rows
from phusong.sources.tables.text import as_code, clean, tidy
from phusong.sources.vn2000 import report_no_crs
from phusong.study import Layer, Study

_WGS84 = CRS.from_epsg(4326)
_SHOWN = 60
"""Letters shown of a geometry that cannot be read."""


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
    total
        Records the layer was asked for, those left out since among them.
    """

    frame: gpd.GeoDataFrame
    where: Where
    decimal: Decimal
    columns: dict[str, str]
    decimal_stated: bool = False
    total: int = 0

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
    place: Any = None,
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
    place
        The study's area, a shapely polygon in degrees: where coordinates have no CRS, S05 names
        the zone of VN-2000 that puts them there.

    Returns
    -------
    Records or None
        None after a finding that leaves nothing to work with.
    """
    where = place_of(layer, study)
    path = study.resolve(layer.path)
    known = role if isinstance(role, Role) else None
    rows = read_rows(
        path, layer, known, findings, where, bbox, empty_rule=empty_rule, leave=study.gdal
    )
    if rows is None:
        return None
    read_as = in_encoding(path, layer, known, where, bbox, leave=study.gdal)
    return records_of(rows, layer, role, read_as, findings, where, place)


@dataclass(frozen=True)
class Unplaced:
    """Rows of a table whose records have no place.

    Attributes
    ----------
    frame
        Our columns, as written.
    row
        (n,) records of the file.
    columns
        Our columns -> those of the file.
    where, total
        File and layer; records asked for.
    """

    frame: pd.DataFrame
    row: NDArray[np.int64]
    columns: dict[str, str]
    where: Where
    total: int


def read_unplaced(study: Study, layer: Layer, role: Role, findings: Findings) -> Unplaced | None:
    """Read one table of the study whose records have no place.

    Returns
    -------
    Unplaced or None
        None after a finding that leaves nothing to work with.
    """
    where = place_of(layer, study)
    path = study.resolve(layer.path)
    rows = read_rows(path, layer, role, findings, where, leave=study.gdal)
    if rows is None:
        return None
    raw = rows.frame
    headers = [str(c) for c in raw.columns if c not in {"row", "geometry"}]
    read_as = in_encoding(path, layer, role, where, leave=study.gdal)
    report_garbled([headers, *texts_by_column(raw)], read_as, findings, where)
    columns = map_columns(headers, role, layer.columns, findings, where, coordinates=False)
    if columns is None:
        return None
    frame = pd.DataFrame({name: take(raw, source) for name, source in columns.items()})
    return Unplaced(frame, raw["row"].to_numpy(dtype=np.int64), columns, where, rows.total)


def records_of(
    rows: Rows,
    layer: Layer,
    role: Role | Callable[[Sequence[str]], Role],
    read_as: Callable[[str], pd.DataFrame | None],
    findings: Findings,
    where: Where,
    place: Any = None,
) -> Records | None:
    """Make rows records: our columns, places, one CRS; see :func:`read_layer`.

    ``read_as`` reads the same rows in another encoding.
    """
    raw, crs = rows.frame, rows.crs
    tabular = "geometry" not in raw
    written = _written(raw, layer) if tabular else None
    paired = None
    if tabular and written is None:
        paired = column_of_pairs(raw.drop(columns="row"), layer.columns)
    headers = [str(c) for c in raw.columns if c not in {"row", "geometry", written, paired}]
    if not isinstance(role, Role):
        role = role(headers)
    put_by = {GEOMETRY} if written is not None else set(PAIRED) if paired is not None else set()
    mapping = {ours: c for ours, c in layer.columns.items() if ours not in put_by}
    columns = map_columns(headers, role, mapping, findings, where, coordinates=tabular)
    if columns is None:
        # Headers that are garbled are not known: say so too.
        report_garbled([headers, *texts_by_column(raw)], read_as, findings, where)
        return None
    frame = pd.DataFrame({ours: take(raw, source) for ours, source in columns.items()})
    report_garbled([headers, *texts_by_column(frame)], read_as, findings, where)
    _report_untidy(raw, columns, findings, where)
    frame = translated(frame, layer.values, columns, list(role.columns), findings, where)
    frame["row"] = raw["row"].to_numpy(dtype=np.int64)
    frame["file"] = where.file
    stated = _stated_crs(layer, findings, where)
    halves = columns
    if paired is not None:
        at = replace(where, key=paired)
        parted = with_pairs(frame, raw[paired], layer.columns, stated, findings, at, place)
        if parted is None:
            return None
        frame, halves = parted[0], {**columns, **parted[1]}
    decimal = layer.decimal or decimal_sign(frame, findings, where)
    if tabular:
        located = (
            shapes_of(raw[written], written, stated, findings, where, place)
            if written is not None
            else points_of(
                frame,
                halves,
                headers,
                mapping,
                stated,
                decimal,
                findings,
                where,
                place,
                layer.degrees,
            )
        )
        if located is None:
            return None
        geometry, own = located
        crs = _crs(own, None, findings, where)
    else:
        geometry = raw["geometry"].to_numpy()
        if crs is None and stated is None and layer.crs is None and place is not None:
            report_no_crs(*middles(shapely.bounds(geometry)), place, where, findings)
            return None
        crs = _crs(crs, stated, findings, where)
    if crs is None:
        return None
    frame = frame.drop(columns=[c for c in ("lon", "lat", "x", "y") if c in frame])
    located_frame = gpd.GeoDataFrame(frame, geometry=geometry, crs=crs).reset_index(drop=True)
    records = Records(located_frame, where, decimal, columns, layer.decimal is not None, rows.total)
    texts = raw[written].to_numpy() if written is not None else np.full(len(raw), None)
    return _refuse_impossible(_refuse_without_place(records, texts, findings), findings)


def _written(raw: pd.DataFrame, layer: Layer) -> str | None:
    """Return the column of a table that holds geometry as text, None where its points have two."""
    if GEOMETRY in layer.columns:
        return present(layer.columns[GEOMETRY], [str(c) for c in raw.columns])
    mapped = {"lon", "lat", "x", "y"} & set(layer.columns)
    return None if mapped else column_of(raw.drop(columns="row"))


def _report_untidy(
    raw: pd.DataFrame, columns: dict[str, str], findings: Findings, where: Where
) -> None:
    """Say of each column that is used how many of its texts are not as they are read (S60)."""
    for header in dict.fromkeys(columns.values()):
        texts = [v for v in raw[header] if isinstance(v, str)] if header in raw else []
        untidy = [text for text in texts if tidy(text) != text]
        if untidy:
            findings.add(
                "S60",
                replace(where, key=header),
                tidy(untidy[0]),
                "{n} texts, the first {example}",
                n=len(untidy),
                example=tidy(untidy[0]),
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
    try:
        Transformer.from_crs(own, _WGS84, always_xy=True)
    except ProjError:
        findings.add(
            "S05",
            where,
            own.name,
            "nothing leads from {crs} to longitude and latitude",
            crs=own.name,
        )
        return None
    return settled(own, where, findings)


def _refuse_without_place(
    records: Records, texts: NDArray[np.object_], findings: Findings
) -> Records:
    """List and leave out records without a geometry (S11).

    ``texts`` holds what a table says of the geometry of each.
    """
    geometry = records.frame.geometry
    missing = (geometry.isna() | geometry.is_empty).to_numpy()
    for i in np.flatnonzero(missing):
        text = clean(texts[i])
        findings.add(
            "S11",
            records.at(int(i)),
            label(records, int(i)),
            "its geometry cannot be read: {text}" if text is not None else "",
            text=text[:_SHOWN] if text is not None else "",
        )
    return records.keep(~missing) if missing.any() else records


def _refuse_impossible(records: Records, findings: Findings) -> Records:
    """Leave out records with a vertex that is no number, or beyond the earth (S22; most: S12)."""
    shapes = records.frame.geometry.to_numpy()
    broken = np.zeros(len(shapes), dtype=bool)
    for part in pieces(len(shapes)):
        corners, of = shapely.get_coordinates(shapes[part], return_index=True)
        inside = (np.abs(corners) < FARTHEST).all(axis=1)
        broken[part.start + of[~inside]] = True
    if not broken.any():
        return records
    if broken.sum() * 2 > len(broken):
        findings.add(
            "S12",
            records.where,
            detail="{n} of {total} records lie outside what {crs} can hold",
            n=int(broken.sum()),
            total=len(broken),
            crs=records.frame.crs.to_string(),
        )
    else:
        for i in np.flatnonzero(broken):
            findings.add(
                "S22", records.at(int(i)), label(records, int(i)), "a vertex lies beyond the earth"
            )
    return records.keep(~broken)


def label(records: Records, i: int) -> str:
    """Return what a planner would call the ``i``-th record: its cell, or its first code or name."""
    for column in ("cell_id", *records.columns):
        if column in records.frame:
            text = as_code(records.frame[column].iloc[i])
            if text is not None:
                return text
    return ""
