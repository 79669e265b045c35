"""GDAL under lock: which formats a planner's file may be in, and that none leads elsewhere.

rasterio and pyogrio may each bring a GDAL of their own; both are locked here and nowhere else. A
file can send GDAL over the network (a CRS given as a link, a VRT of ``/vsicurl/``, the description
of a WFS) and into other files; unless the study gives leave, it finds neither.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pyogrio
import pyogrio.core
import rasterio
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader

from phusong.errors import InputError, Overreach, StudyError, Where
from phusong.study import Gdal

NO_LEAVE: Final = Gdal()

VECTOR: Final = frozenset(
    {
        "CSV",
        "ESRI Shapefile",
        "ESRIJSON",
        "FlatGeobuf",
        "GML",
        "GPKG",
        "GPX",
        "GeoJSON",
        "GeoJSONSeq",
        "JSONFG",
        "KML",
        "LIBKML",
        "MapInfo File",
        "ODS",
        "OSM",
        "OpenFileGDB",
        "Parquet",
        "TopoJSON",
        "XLS",
        "XLSX",
    }
)
"""Drivers that read vector files and tables, and open nothing but what they are given.

Not among them are drawings: a DXF of a few kilobytes unfolds, block in block, to any size.
"""
_BY_SUFFIX: Final = {
    ".dgn": "DGN",
    ".dxf": "DXF",
    ".mbtiles": "MBTiles",
    ".pdf": "PDF",
    ".sqlite": "SQLite",
}
VRT: Final = "VRT"
RASTER: Final = (
    "GTiff",
    "SRTMHGT",
    "AAIGrid",
    "GRASSASCIIGrid",
    "DTED",
    "EHdr",
    "ENVI",
    "HFA",
    "JP2OpenJPEG",
    "PNG",
    "RST",
    "SAGA",
    "USGSDEM",
)
"""Drivers that read rasters; a VRT is looked into first (:mod:`phusong.sources.rasters.mosaic`)."""

_TELLING: Final = {
    b"<OGRVRTDataSource": "OGR_VRT",
    b"<OGRWFSDataSource": "WFS",
    b"<OGRWFS3DataSource": "OAPIF",
    b"<OGROAPIFDataSource": "OAPIF",
    b"<OGRCSWDataSource": "CSW",
    b"gdal_streamed_alg": "GDALG",
    b"<GDAL_WMS": "WMS",
    b"<WMT_MS_Capabilities": "WMS",
    b"<WCS_GDAL": "WCS",
    b"<GDAL_WMTS": "WMTS",
    b"<GDALTileIndexDataset": "GTI",
}
"""What a file that describes data elsewhere holds near its beginning -> the driver it is for."""
_HEAD: Final = 4096

CACHE_BYTES: Final = 256 * 2**20
"""Of blocks that GDAL keeps for rasters; of itself it takes a twentieth of the machine's memory."""
_ALWAYS: Final = {
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "GDAL_VRT_ENABLE_RAWRASTERBAND": "NO",
    "SHAPE_RESTORE_SHX": "NO",
    "CPL_TMPDIR": tempfile.gettempdir(),
}
# No name ends in {none}; and libcurl knows no proxy of that kind, so that it opens no socket.
_OFFLINE: Final = {
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
    "GDAL_HTTP_PROXY": "offline://none",
    "GDAL_HTTPS_PROXY": "offline://none",
}
_BYPASS: Final = ("no_proxy", "NO_PROXY")
"""What a machine excepts from proxies would be excepted from the lock."""


def _locks(leave: Gdal) -> dict[str, str]:
    return _ALWAYS if leave.network else {**_ALWAYS, **_OFFLINE}


@contextmanager
def _no_bypass(leave: Gdal) -> Iterator[None]:
    """Take the exceptions from proxies, and PROJ's own network, from the environment."""
    if leave.network:
        yield
        return
    before = {name: os.environ.pop(name, None) for name in (*_BYPASS, "PROJ_NETWORK")}
    os.environ["PROJ_NETWORK"] = "OFF"
    try:
        yield
    finally:
        del os.environ["PROJ_NETWORK"]
        os.environ.update({name: value for name, value in before.items() if value is not None})


@contextmanager
def vectors(leave: Gdal = NO_LEAVE) -> Iterator[None]:
    """Lock pyogrio's GDAL while a planner's file is read; afterwards it is as it was."""
    skipped = _vector_drivers() - VECTOR - set(leave.drivers)
    options = {**_locks(leave), "OGR_SKIP": ",".join(sorted(skipped))}
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    with _no_bypass(leave):
        try:
            _set(options)
            yield
        finally:
            _set(before)


@lru_cache(maxsize=1)
def _vector_drivers() -> frozenset[str]:
    """All that pyogrio's GDAL has; asked before the first lock, under which there are fewer."""
    return frozenset(pyogrio.list_drivers())


def _set(options: dict[str, Any]) -> None:
    """Set options, and register the drivers that are not skipped, as GDAL does at its start."""
    pyogrio.set_gdal_config_options(options)
    pyogrio.core._register_drivers()  # noqa: SLF001 - there is no public name


def refuse_description(path: Path, where: Where, leave: Gdal = NO_LEAVE) -> None:
    """Raise Overreach for a file that describes data elsewhere, unless the study allows its driver.

    The lock keeps such a driver away in any case; this says why the file is of no use.
    """
    if not path.is_file():
        return
    with path.open("rb") as file:
        head = file.read(_HEAD)
    driver = _BY_SUFFIX.get(path.suffix.lower())
    if driver is not None and driver not in leave.drivers:
        raise Overreach(
            "GDAL's driver {driver} may do more than read, and is only used where a study says so",
            where,
            "save the data as GeoPackage, or allow it: [gdal] drivers in study.toml",
            {"driver": driver},
        )
    for words, driver in _TELLING.items():
        if words in head and driver not in leave.drivers:
            raise Overreach(
                "it holds no data, but says where GDAL's driver {driver} would fetch some",
                where,
                "save the data themselves, or allow it: [gdal] drivers in study.toml",
                {"driver": driver},
            )


def driver_names() -> set[str]:
    """Return every driver that either GDAL has."""
    with rasterio.Env() as env:
        return {*_vector_drivers(), *env.drivers()}


def refuse_unknown_drivers(leave: Gdal) -> None:
    """Raise StudyError where the study asks for a driver that there is not."""
    if not leave.drivers:
        return
    unknown = sorted(set(leave.drivers) - driver_names())
    if unknown:
        raise StudyError(
            "GDAL has no driver {driver}",
            Where(file="study.toml", key="gdal.drivers"),
            "write one of: {known}",
            {"driver": unknown[0], "known": ", ".join(sorted(driver_names()))},
        )


@contextmanager
def opened(
    path: Path, where: Where, leave: Gdal = NO_LEAVE, *, mosaic: bool = True
) -> Iterator[Any]:
    """Open a planner's raster for reading with rasterio's GDAL locked, and keep it locked.

    Parameters
    ----------
    path, where
        The file, and how messages name it.
    leave
        What the study allows.
    mosaic
        Whether it may be a VRT (one that was looked into).

    Raises
    ------
    InputError
        When it cannot be opened, or what was asked of it inside the context cannot be read.
    """
    drivers = [*RASTER, *leave.drivers, *((VRT,) if mosaic else ())]
    with _no_bypass(leave), rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES, **_locks(leave)):
        try:
            # rasterio.open takes one driver at most before its version 1.5.
            dataset = DatasetReader(gdal_path(path), driver=drivers)
        except Exception as error:  # whatever it stumbles over is the file's fault
            raise _unreadable(where, error) from error
        try:
            with dataset as source:
                yield source
        except RasterioError as error:
            raise _unreadable(where, error) from error


def _unreadable(where: Where, error: Exception) -> InputError:
    return InputError(
        "the file cannot be read ({reason})",
        where,
        "fetch the file anew, or save it as GeoTIFF",
        {"reason": str(error.__cause__ or error)},
    )


def open_own(path: Path) -> Any:
    """Open a raster of the work folder, which is GeoTIFF and nothing else, for reading."""
    return rasterio.open(path, driver="GTiff")


def gdal_path(path: Path) -> str:
    """Return how GDAL names a file; a zip that is no ``.hgt.zip`` is looked into."""
    if path.suffix.lower() == ".zip" and not path.name.lower().endswith(".hgt.zip"):
        return f"/vsizip/{path}"
    return str(path)
