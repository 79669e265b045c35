"""Vector files through OGR: whichever layer, filter and encoding the study names."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError
from pyproj import CRS

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.columns import nearest
from phusong.sources.tables.raw.dbf import overflown
from phusong.sources.tables.raw.encodings import (
    BYTES,
    FONTS,
    codec_of,
    decoded,
    stated_by_shapefile,
)
from phusong.study import Layer

_NAMESPACE = b' xmlns:ogr="http://osgeo.org/gdal"'
_ELEMENT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)[^<>]*>([^<>]*)</")

Box = tuple[float, float, float, float, CRS]
"""(west, south, east, north) and the CRS of these."""


def read_ogr(
    path: Path,
    layer: Layer,
    findings: Findings,
    where: Where,
    bbox: Box | None,
) -> tuple[pd.DataFrame, CRS | None] | None:
    """Read one layer with OGR.

    Returns
    -------
    (DataFrame, CRS or None) or None
        The file's columns and ``geometry`` (absent in tables such as a spreadsheet), with
        ``row``, the place among the records read, from 1; and the file's CRS. None after S02
        (unreadable), S03 (no such layer) or S04 (filter).
    """
    options: dict[str, Any] = {"layer": layer.layer, "where": layer.where}
    try:
        encoding, as_bytes = _encoding(path, layer)
        if as_bytes or (encoding is not None and encoding not in FONTS):
            options["encoding"] = BYTES if as_bytes else encoding
        if layer.layer is None:
            _report_several(path, findings, where)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if bbox is not None:
                crs = pyogrio.read_info(_source(path), layer=layer.layer)["crs"]
                options["bbox"] = _bounds_in(bbox, CRS.from_user_input(crs)) if crs else None
            frame = _unfolded(pyogrio.read_dataframe(_source(path), **options), path)
            crs = _stated(getattr(frame, "crs", None))
            raw = _with_overflow(pd.DataFrame(frame), path, options)
            if as_bytes or encoding in FONTS:
                raw = decoded(raw, str(encoding), ("geometry",))
    except DataLayerError as error:
        _report_layer(path, layer, str(error), findings, where)
        return None
    except (
        DataSourceError,
        FeatureError,
        GeometryError,
        ValueError,
        LookupError,
        UnicodeDecodeError,
    ) as error:
        filtered = layer.where is not None and not isinstance(error, UnicodeError)
        rule = "S04" if filtered and isinstance(error, ValueError) else "S02"
        findings.add(
            rule,
            where,
            layer.where or layer.path.name,
            "the file cannot be read ({reason})",
            reason=str(error),
        )
        return None
    raw = raw.rename(columns={"row": "row_2"})
    raw["row"] = np.arange(1, len(raw) + 1)
    return raw, crs


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
    shapes = path.suffix.lower() in {".shp", ".dbf", ".zip"}
    said = layer.encoding or ((stated_by_shapefile(path) or "cp1252") if shapes else None)
    if said is None:
        return None, False
    font = said.lower() if said.lower() in FONTS else None
    codec = font or codec_of(said)
    if codec is None:
        raise LookupError("unknown encoding: " + said)
    bare = path.suffix.lower() not in {".gpkg", ".geojson"}
    return codec, bare if font else shapes and codec not in {"utf-8", "iso8859-1"}


def _is_gpx(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return b"<gpx" in file.read(512)


def _source(path: Path) -> Path | bytes:
    """Return what to read; GPX is handed over in a form whose extensions GDAL reads.

    It passes over the extensions of files that do not declare its own namespace.
    """
    if not _is_gpx(path):
        return path
    data = path.read_bytes()
    return data if b"xmlns:ogr" in data[:4096] else data.replace(b"<gpx", b"<gpx" + _NAMESPACE, 1)


def _unfolded(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Give the elements inside of a GPX extension (read as one text of XML) their own columns."""
    if not _is_gpx(path):
        return frame
    texts = frame.drop(columns="geometry", errors="ignore").select_dtypes(exclude="number")
    for column in texts.columns:
        found = [dict(_ELEMENT.findall(v)) if isinstance(v, str) else {} for v in frame[column]]
        for name in dict.fromkeys(name for one in found for name in one):
            frame[f"{column}_{name}"] = [one.get(name) for one in found]
    return frame


def headers_of_layers(path: Path) -> dict[str, tuple[list[str], int]]:
    """Return each layer's headers and how many records it has; nothing of an unreadable file."""
    out = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in _names(path):
                info = pyogrio.read_info(_source(path), layer=name, force_feature_count=True)
                out[name] = ([str(field) for field in info["fields"]], int(info["features"]))
    except (DataSourceError, DataLayerError, FeatureError, GeometryError, ValueError):
        return {}
    return out


@dataclass(frozen=True)
class Summary:
    """What OGR says of a layer before it is read; nothing of an unreadable one."""

    driver: str = ""
    headers: tuple[str, ...] = ()
    records: int = -1
    """-1: not known without reading."""


def summary(path: Path, layer: Layer) -> Summary:
    """Return driver, headers and number of records of the layer that would be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            info = pyogrio.read_info(_source(path), layer=layer.layer)
    except (DataSourceError, DataLayerError, FeatureError, GeometryError, ValueError):
        return Summary()
    return Summary(str(info["driver"]), tuple(map(str, info["fields"])), int(info["features"]))


def _names(path: Path) -> list[str]:
    return [str(name) for name in pyogrio.list_layers(_source(path))[:, 0]]


def _report_several(path: Path, findings: Findings, where: Where) -> None:
    """Say which layer is taken where the study names none and the file has several (S24)."""
    names = _names(path)
    if len(names) > 1:
        findings.add(
            "S24",
            where,
            names[0],
            "{layer} is taken; there are {available}",
            layer=names[0],
            available=", ".join(names),
        )


def _report_layer(path: Path, layer: Layer, reason: str, findings: Findings, where: Where) -> None:
    """Say what keeps a layer from being read: its name (S03), the filter (S04), or itself (S02)."""
    names = _names(path)
    if layer.layer is not None and layer.layer not in names:
        findings.add(
            "S03",
            where,
            layer.layer,
            "there is no layer {layer}; the nearest is {near}; there are {available}",
            layer=layer.layer,
            near=nearest(layer.layer, names) or "-",
            available=", ".join(names) or "-",
        )
        return
    findings.add(
        "S02" if layer.where is None else "S04",
        where,
        layer.where or path.name,
        "the file cannot be read ({reason})",
        reason=reason,
    )


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
