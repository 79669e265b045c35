"""One layer of the study, read: OGR formats and delimited text become the same frame."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError
from pyproj import CRS
from pyproj.exceptions import CRSError

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.columns import map_columns, nearest, report_missing_coordinates, take
from phusong.sources.figures import Decimal, decimal_of, numbers
from phusong.sources.headers import Role
from phusong.sources.tables import SUFFIXES, read_table
from phusong.sources.text import convert, suspected_font_encoding
from phusong.study import Layer, Study

WGS84 = CRS.from_epsg(4326)
_FONT = frozenset({"tcvn3", "vni"})


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
    """

    frame: gpd.GeoDataFrame
    where: Where
    decimal: Decimal
    columns: dict[str, str]

    def texts(self, column: str) -> pd.Series[Any]:
        """Return a column, all None where the file has no such column."""
        if column in self.frame:
            return self.frame[column]
        return pd.Series([None] * len(self.frame), index=self.frame.index, dtype=object)

    def numbers(self, column: str, findings: Findings) -> NDArray[np.float64]:
        """Return a column as float64 (NaN: empty, absent, or no number, which is listed)."""
        if column not in self.frame:
            return np.full(len(self.frame), np.nan)
        where = replace(self.where, key=self.columns.get(column, column))
        rows = self.frame["row"].to_numpy()
        return numbers(self.frame[column], rows, self.decimal, findings, where)

    def at(self, i: int) -> Where:
        """Return the place of the ``i``-th record."""
        return replace(self.where, row=int(self.frame["row"].iat[i]))

    def keep(self, mask: NDArray[np.bool_]) -> Records:
        """Return the records for which ``mask`` holds."""
        return replace(self, frame=self.frame[mask].reset_index(drop=True))


def place_of(layer: Layer, study: Study) -> Where:
    """Return file and layer as findings name them."""
    path = layer.path
    if path.is_absolute() and path.is_relative_to(study.folder.resolve()):
        path = path.relative_to(study.folder.resolve())
    return Where(file=path.as_posix(), layer=layer.layer or "")


def read_layer(
    study: Study,
    layer: Layer,
    role: Role,
    findings: Findings,
    bbox: tuple[float, float, float, float, CRS] | None = None,
    *,
    empty_rule: str = "S06",
) -> Records | None:
    """Read one layer of the study.

    Parameters
    ----------
    study, layer, role
        Where it is and what it is for.
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
    if path.suffix.lower() in SUFFIXES:
        raw = read_table(path, layer, findings, where)
        if raw is not None:
            raw = raw.rename_axis("row").reset_index() if len(raw) else raw
    else:
        read = _read_ogr(path, layer, findings, where, bbox)
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
    role: Role,
    findings: Findings,
    where: Where,
) -> Records | None:
    tabular = "geometry" not in raw
    headers = [str(c) for c in raw.columns if c not in {"row", "geometry"}]
    columns = map_columns(headers, role, layer.columns, findings, where, coordinates=tabular)
    if columns is None:
        return None
    frame = pd.DataFrame({ours: take(raw, source) for ours, source in columns.items()})
    _check_text(frame, layer, findings, where)
    frame["row"] = raw["row"].to_numpy(dtype=np.int64)
    frame["file"] = where.file
    stated = _stated_crs(layer, findings, where)
    if tabular:
        decimal = layer.decimal or _decimal(frame, findings, where)
        located = _points(frame, columns, headers, layer.columns, stated, decimal, findings, where)
        if located is None:
            return None
        geometry, crs = located
    else:
        decimal = layer.decimal or "."
        geometry = raw["geometry"].to_numpy()
        crs = _crs(crs, stated, findings, where)
        if crs is None:
            return None
    frame = frame.drop(columns=[c for c in ("lon", "lat", "x", "y") if c in frame])
    located_frame = gpd.GeoDataFrame(frame, geometry=geometry, crs=crs).reset_index(drop=True)
    records = Records(located_frame, where, decimal, columns)
    return _refuse_without_place(records, findings)


def _read_ogr(
    path: Path,
    layer: Layer,
    findings: Findings,
    where: Where,
    bbox: tuple[float, float, float, float, CRS] | None,
) -> tuple[pd.DataFrame, CRS | None] | None:
    try:
        available = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    except (DataSourceError, DataLayerError) as error:
        findings.add(
            "S02", where, layer.path.name, "the file cannot be read ({reason})", reason=str(error)
        )
        return None
    if layer.layer is not None and layer.layer not in available:
        findings.add(
            "S03",
            where,
            layer.layer,
            "there is no layer {layer}; the nearest is {near}; there are {available}",
            layer=layer.layer,
            near=nearest(layer.layer, available) or "-",
            available=", ".join(available),
        )
        return None
    name = layer.layer or (available[0] if available else None)
    font = (layer.encoding or "").lower() in _FONT
    options: dict[str, Any] = {"layer": name, "where": layer.where}
    if layer.encoding is not None and not (font and path.suffix.lower() in {".gpkg", ".geojson"}):
        options["encoding"] = "ISO-8859-1" if font else layer.encoding
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            info = pyogrio.read_info(path, layer=name)
            if bbox is not None and info["crs"]:
                options["bbox"] = _bounds_in(bbox, CRS.from_user_input(info["crs"]))
            frame = pyogrio.read_dataframe(path, **options)
    except (DataSourceError, DataLayerError, FeatureError, GeometryError, ValueError, LookupError,
            UnicodeDecodeError) as error:  # fmt: skip
        rule = "S04" if layer.where is not None and isinstance(error, ValueError) else "S02"
        findings.add(
            rule, where, layer.where or layer.path.name,
            "the file cannot be read ({reason})", reason=str(error),
        )  # fmt: skip
        return None
    crs = CRS.from_user_input(frame.crs) if getattr(frame, "crs", None) is not None else None
    raw = pd.DataFrame(frame)
    raw["row"] = np.arange(1, len(raw) + 1)
    if font:
        encoding: Any = (layer.encoding or "").lower()
        for column in raw.columns.drop(["geometry", "row"], errors="ignore"):
            raw[column] = raw[column].map(
                lambda v: convert(v, encoding) if isinstance(v, str) else v
            )
    return raw, crs


def _bounds_in(
    bbox: tuple[float, float, float, float, CRS], crs: CRS
) -> tuple[float, float, float, float]:
    west, south, east, north, own = bbox
    corners = gpd.GeoSeries([shapely.box(west, south, east, north)], crs=own)
    bounds = corners.segmentize(max(east - west, north - south) / 20).to_crs(crs).total_bounds
    return tuple(float(b) for b in bounds)  # type: ignore[return-value]


def _check_text(frame: pd.DataFrame, layer: Layer, findings: Findings, where: Where) -> None:
    """Report texts that look like a font encoding the study did not name (S16)."""
    if (layer.encoding or "").lower() in _FONT:
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
            "S05", replace(where, key="crs"), layer.crs,
            "{crs} is not a known CRS", crs=layer.crs,
        )  # fmt: skip
        return None


def _crs(own: CRS | None, stated: CRS | None, findings: Findings, where: Where) -> CRS | None:
    """Return the file's CRS; what the study states wins over the file, said aloud (S18)."""
    if stated is not None:
        if own is not None and not own.equals(stated, ignore_axis_order=True):
            findings.add(
                "S18", where, detail="the file says {own}, the study {stated}",
                own=own.to_string() if own.to_authority() else own.name,
                stated=stated.to_string() if stated.to_authority() else stated.name,
            )  # fmt: skip
        return stated
    if own is None:
        findings.add("S05", where, detail="neither the file nor the study says the CRS")
    return own


def _decimal(frame: pd.DataFrame, findings: Findings, where: Where) -> Decimal:
    """Find the decimal sign of a table from its coordinates and other number columns."""
    coordinates = [c for c in ("lon", "lat", "x", "y") if c in frame]
    found = decimal_of(v for c in coordinates for v in frame[c])
    if found is None:
        texts = (v for c in frame if c.endswith(("_mhz", "_m", "_dbm", "_deg")) for v in frame[c])
        found = decimal_of(texts)
    if found == ",":
        findings.add("S21", where, detail="numbers are read with a decimal comma")
    return found or "."


def _points(
    frame: pd.DataFrame,
    columns: dict[str, str],
    headers: list[str],
    mapped: Collection[str],
    stated: CRS | None,
    decimal: Decimal,
    findings: Findings,
    where: Where,
) -> tuple[NDArray[np.object_], CRS] | None:
    """Make points from a table's coordinate columns."""
    rows = frame["row"].to_numpy()
    pair = _pair(frame, mapped, stated)
    if pair is None:
        report_missing_coordinates(headers, findings, where)
        return None
    x, y = (
        numbers(frame[c], rows, decimal, findings, replace(where, key=columns[c]), angle=True)
        for c in pair
    )
    crs = stated
    if crs is None and pair[0] == "lon":
        crs = WGS84
    if crs is None:
        if (np.abs(x) > 180).any() or (np.abs(y) > 90).any():
            findings.add(
                "S05", replace(where, key=f"{columns[pair[0]]}, {columns[pair[1]]}"),
                detail="projected coordinates, and the study does not say their CRS",
            )  # fmt: skip
            return None
        crs = WGS84
    nowhere = np.isnan(x) | np.isnan(y) | ((x == 0) & (y == 0))
    points = np.full(len(frame), None, dtype=object)
    points[~nowhere] = shapely.points(x[~nowhere], y[~nowhere])
    return points, crs


def _pair(
    frame: pd.DataFrame, mapped: Collection[str], stated: CRS | None
) -> tuple[str, str] | None:
    """Choose the coordinate columns: those the study maps, those its CRS fits, lon/lat, x/y."""
    pairs = [p for p in (("lon", "lat"), ("x", "y")) if all(c in frame for c in p)]
    projected = stated is not None and stated.is_projected
    pairs.sort(key=lambda p: (not any(c in mapped for c in p), (p[0] == "x") != projected))
    return pairs[0] if pairs else None


def _refuse_without_place(records: Records, findings: Findings) -> Records:
    """List and leave out records without a geometry (S11); drop heights of points quietly."""
    geometry = records.frame.geometry
    missing = (geometry.isna() | geometry.is_empty).to_numpy()
    for i in np.flatnonzero(missing):
        findings.add("S11", records.at(int(i)), _label(records, int(i)))
    return records.keep(~missing) if missing.any() else records


def _label(records: Records, i: int) -> str:
    """Return what a planner would call the record: its first code or name."""
    for column in records.columns:
        if column in records.frame:
            value = records.frame[column].iat[i]
            if isinstance(value, str) and value:
                return value
    return ""


def label(records: Records, i: int) -> str:
    """Return what a planner would call the ``i``-th record."""
    return _label(records, i)
