"""Vector files through OGR: whichever layer, filter and encoding the study names."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError
from pyproj import CRS
from shapely.errors import GEOSException

from phusong.checks import Findings
from phusong.errors import InputError, Where
from phusong.sources.admission import admit
from phusong.sources.gdal import NO_LEAVE, vectors
from phusong.sources.tables.columns import nearest
from phusong.sources.tables.raw.database import (
    has_table,
    is_database,
    layers,
    refuse_packed_database,
    refuse_query,
    settled,
)
from phusong.sources.tables.raw.dbf import overflown
from phusong.sources.tables.raw.encodings import (
    BYTES,
    FONTS,
    codec_of,
    decoded,
    is_shapefile,
    stated_by_mapinfo,
    stated_by_shapefile,
)
from phusong.sources.tables.raw.filters import is_query
from phusong.sources.tables.raw.geojson import crs_link
from phusong.sources.tables.raw.gpx_extensions import readable, unfolded
from phusong.sources.tables.raw.shapefile import refuse_torn
from phusong.study import Gdal, Layer

_HEAD = 4096
_RAW = frozenset({".mif", ".tab", ".dxf", ".gmt"})
"""Formats besides shapefiles whose bytes GDAL hands on; in others a font's letters are text."""

Box = tuple[float, float, float, float, CRS]
"""(west, south, east, north) and the CRS of these."""


def read_ogr(
    path: Path,
    layer: Layer,
    findings: Findings,
    where: Where,
    bbox: Box | None,
    leave: Gdal = NO_LEAVE,
) -> tuple[pd.DataFrame, CRS | None] | None:
    """Read one layer with OGR, locked (:mod:`phusong.sources.gdal`).

    Parameters
    ----------
    path, layer, where
        The file, what the study says of it, and how findings name it.
    findings
        Takes S02 (unreadable), S03 (no such layer), S04 (filter), S05 (a CRS given as a link),
        S22 (records whose geometry is broken) and S30 (more than a file to be read).
    bbox
        Only features that touch it are read.
    leave
        What the study lets its files do.

    Returns
    -------
    (DataFrame, CRS or None) or None
        The file's columns and ``geometry`` (absent in tables such as a spreadsheet), with
        ``row``, the place among the records read, from 1; and the file's CRS. None after an error.
    """
    if layer.where is not None and is_query(layer.where, findings, where):
        return None
    try:
        admit(path, where, leave)
        refuse_packed_database(path, where)
        refuse_torn(path, where)
        with settled(path) as copy, vectors(leave), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            name = _chosen(copy, layer, findings, where)
            if name is None:
                return None
            frame, broken, cut = _frame(path, copy, name, layer, bbox)
    except InputError as error:
        findings.refuse(error, path.name)
        return None
    except Exception as error:  # noqa: BLE001 - whatever a reader stumbles over is the file's fault
        _report_unreadable(layer, error, findings, where)
        return None
    crs = _stated(getattr(frame, "crs", None))
    if crs is not None and layer.crs is None and (link := crs_link(path)) is not None:
        findings.add(
            "S05", where, detail="its CRS is a link, {link}, which is not followed", link=link
        )
        return None
    if cut:
        findings.add(
            "S49",
            where,
            cut[0],
            "{n} texts, the first {example}",
            n=len(cut),
            example=cut[0],
        )
    raw = pd.DataFrame(frame).rename(columns={"row": "row_2"})
    raw["row"] = np.arange(1, len(raw) + 1)
    for i in broken:
        at = replace(where, row=int(i) + 1)
        findings.add("S22", at, detail="its geometry is broken: {reason}", reason=broken[i])
    raw = raw.drop(index=list(broken)).reset_index(drop=True) if broken else raw
    return raw, crs


def _frame(
    path: Path, copy: Path, name: str, layer: Layer, bbox: Box | None
) -> tuple[gpd.GeoDataFrame | pd.DataFrame, dict[int, str], list[str]]:
    """Return a layer's records, of those with a broken geometry why it is, and texts cut short.

    ``copy`` is what is read, ``path`` what lies beside the file's others.
    """
    options: dict[str, Any] = {"layer": name, "where": layer.where, **_open_options(copy)}
    source = readable(copy)
    encoding, as_bytes = _encoding(path, layer)
    if as_bytes or (encoding is not None and encoding not in FONTS):
        options["encoding"] = BYTES if as_bytes else encoding
    if bbox is not None:
        crs = pyogrio.read_info(source, layer=name, **_open_options(copy))["crs"]
        options["bbox"] = _bounds_in(bbox, CRS.from_user_input(crs)) if crs else None
    broken: dict[int, str] = {}
    try:
        frame = pyogrio.read_dataframe(source, **options)
    except GEOSException:
        frame, broken = _around_broken(source, options)
    frame = _with_overflow(unfolded(frame, copy), path, options)
    cut: list[str] = []
    if as_bytes or encoding in FONTS:
        frame, cut = decoded(frame, str(encoding), ("geometry",))
    return frame, broken, cut


def _around_broken(
    source: Path | bytes, options: dict[str, Any]
) -> tuple[gpd.GeoDataFrame, dict[int, str]]:
    """Read a layer of which some geometries are none, such as rings that do not close."""
    frame = pyogrio.read_dataframe(source, **options, read_geometry=False)
    meta, _, shapes, _ = pyogrio.raw.read(source, **options, columns=[])
    geometry: list[Any] = []
    broken: dict[int, str] = {}
    for i, shape in enumerate(shapes):
        try:
            geometry.append(shapely.from_wkb(shape))
        except GEOSException as error:
            geometry.append(None)
            broken[i] = str(error)
    return gpd.GeoDataFrame(frame, geometry=geometry, crs=meta["crs"]), broken


def broken_shapes(path: Path, layer: Layer, leave: Gdal = NO_LEAVE) -> dict[int, Any]:
    """Return, by record, geometries that are none as written, with their rings closed.

    Of a layer without filter; records that closing does not mend are not in it.
    """
    where = Where(file=path.name)
    with settled(path) as copy, vectors(leave), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        name = _chosen(copy, layer, Findings(), where)
        options = {"layer": name, **_open_options(copy)}
        shapes = pyogrio.raw.read(readable(copy), **options, columns=[])[2]
    out = {}
    for i, shape in enumerate(shapes):
        if shape is None or shapely.from_wkb(shape, on_invalid="ignore") is not None:
            continue
        closed = shapely.from_wkb(shape, on_invalid="fix")
        if closed is not None:
            out[i + 1] = closed
    return out


def _report_unreadable(layer: Layer, error: Exception, findings: Findings, where: Where) -> None:
    """Say that a file cannot be read (S02), or its filter not be applied (S04)."""
    filtering = isinstance(error, (ValueError, DataLayerError)) and not isinstance(
        error, UnicodeError
    )
    rule = "S04" if layer.where is not None and filtering else "S02"
    findings.add(
        rule,
        where,
        layer.where or layer.path.name,
        "the file cannot be read ({reason})",
        reason=str(error) or type(error).__name__,
    )


def _with_overflow(frame: pd.DataFrame, path: Path, options: dict[str, Any]) -> pd.DataFrame:
    """Put the asterisks of numbers too long for a .dbf back in their cells, so that they are said.

    Of a filtered layer the places in the file are not known, and the cells stay empty.
    """
    filtered = options["where"] is not None or "bbox" in options
    if path.suffix.lower() not in {".shp", ".dbf"} or filtered:
        return frame
    for name, places in overflown(path).items():
        if name in frame and max(places) < len(frame):
            cells = frame[name].astype(object).to_numpy(copy=True)
            cells[places] = "***"
            frame[name] = cells
    return frame


def _encoding(path: Path, layer: Layer) -> tuple[str | None, bool]:
    """Return the encoding of a layer's texts (None: GDAL knows), and whether to read bytes for it.

    Raises
    ------
    LookupError
        When there is no such encoding.
    """
    shapes = is_shapefile(path)
    own = (stated_by_shapefile(path) or "cp1252") if shapes else stated_by_mapinfo(path)
    said = layer.encoding or own
    if said is None:
        return None, False
    font = said.lower() if said.lower() in FONTS else None
    codec = font or codec_of(said)
    if codec is None:
        raise LookupError("unknown encoding: " + said)
    return codec, shapes or (font is not None and path.suffix.lower() in _RAW)


def _open_options(path: Path) -> dict[str, str]:
    """Return what keeps GDAL from writing beside a file, and from fetching what it refers to."""
    if is_database(path):
        return {"IMMUTABLE": "YES"}
    with path.open("rb") if path.is_file() else BytesIO() as file:
        head = file.read(_HEAD)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"\x1f\x8b")):
        return {"WRITE_GFS": "NO", "DOWNLOAD_SCHEMA": "NO"}
    return {}


def headers_of_layers(path: Path, leave: Gdal = NO_LEAVE) -> dict[str, tuple[list[str], int]]:
    """Return each layer's headers and how many records it has; nothing of an unreadable file."""
    out = {}
    where = Where(file=path.name)
    try:
        admit(path, where, leave)
        refuse_packed_database(path, where)
        with settled(path) as copy, vectors(leave), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            options = _open_options(copy)
            for name in _names(copy, where):
                _refuse_query(copy, name, where)
                info = pyogrio.read_info(
                    readable(copy), layer=name, force_feature_count=True, **options
                )
                out[name] = ([str(field) for field in info["fields"]], int(info["features"]))
    except Exception:  # noqa: BLE001 - reading the layer itself says what is wrong
        return {}
    return out


@dataclass(frozen=True)
class Summary:
    """What OGR says of a layer before it is read; nothing of an unreadable one."""

    driver: str = ""
    headers: tuple[str, ...] = ()
    records: int = -1
    """-1: not known without reading."""


def summary(path: Path, layer: Layer, leave: Gdal = NO_LEAVE) -> Summary:
    """Return driver, headers and number of records of the layer that would be read."""
    where = Where(file=path.name)
    try:
        admit(path, where, leave)
        refuse_packed_database(path, where)
        with settled(path) as copy, vectors(leave), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            name = _chosen(copy, layer, Findings(), where)
            info = pyogrio.read_info(readable(copy), layer=name, **_open_options(copy))
    except Exception:  # noqa: BLE001 - reading the layer itself says what is wrong
        return Summary()
    return Summary(str(info["driver"]), tuple(map(str, info["fields"])), int(info["features"]))


def _names(path: Path, where: Where) -> list[str]:
    """Return the names of a file's layers."""
    named = layers(path, where) if is_database(path) else []
    if named:
        return named
    options = _open_options(path)
    if not options or is_database(path):
        return [str(name) for name in pyogrio.list_layers(readable(path))[:, 0]]
    names: list[str] = []
    while True:  # a list of layers cannot be asked for with options
        try:
            info = pyogrio.read_info(readable(path), layer=len(names), **options)
        except DataLayerError:
            return names
        names.append(str(info["layer_name"]))


def _chosen(path: Path, layer: Layer, findings: Findings, where: Where) -> str | None:
    """Return the layer to read: the study's, else the first (S24 where there are several)."""
    names = _names(path, where)
    asked = (layer.layer or "").casefold()
    name = next((n for n in names if n.casefold() == asked), layer.layer)
    if name is None and not names:
        findings.add("S02", where, layer.path.name, "the file holds no layer")
        return None
    if name is None:
        name = names[0]
        if len(names) > 1:
            findings.add(
                "S24",
                where,
                name,
                "{layer} is taken; there are {available}",
                layer=name,
                available=", ".join(names),
            )
    elif name not in names and not (is_database(path) and has_table(path, name, where)):
        findings.add(
            "S03",
            where,
            name,
            "there is no layer {layer}; the nearest is {near}; there are {available}",
            layer=name,
            near=nearest(name, names) or "-",
            available=", ".join(names) or "-",
        )
        return None
    _refuse_query(path, name, where)
    return name


def _refuse_query(path: Path, name: str, where: Where) -> None:
    if is_database(path):
        refuse_query(path, name, where)


def _stated(crs: Any) -> CRS | None:
    """Return the CRS a file states; GeoPackage's two words for "none" are none.

    Older GDAL hands on srs_id -1 and 0 as CRSs called "Undefined ...".
    """
    if crs is None or CRS.from_user_input(crs).name.startswith("Undefined "):
        return None
    return CRS.from_user_input(crs)


def _bounds_in(bbox: Box, crs: CRS) -> tuple[float, float, float, float]:
    west, south, east, north, own = bbox
    corners = gpd.GeoSeries([shapely.box(west, south, east, north)], crs=own)
    bounds = corners.segmentize(max(east - west, north - south) / 20).to_crs(crs).total_bounds
    return tuple(float(b) for b in bounds)  # type: ignore[return-value]
