"""Cables and roads."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from phusong.checks import Findings
from phusong.sources.boundaries.shapes import keep_types, members
from phusong.sources.crs import Area
from phusong.sources.tables.layers import Records
from phusong.sources.tables.status import in_service
from phusong.sources.tables.text import as_code, clean

_LINE = 1
_LINEAR = {_LINE, 2, 5}
CABLE_COLUMNS = (
    "cable_id",
    "owner",
    "status",
    "kind",
    "cores",
    "group",
    "in_service",
    "file",
    "row",
)
ROAD_COLUMNS = ("road_id", "kind", "surface", "row")


def empty(columns: tuple[str, ...], crs: CRS) -> gpd.GeoDataFrame:
    """Return a frame without records, with the columns that later rooms look for."""
    kinds = {"row": "int64", "cores": "float64", "in_service": "bool"}
    frame = pd.DataFrame({c: pd.Series([], dtype=kinds.get(c, "object")) for c in columns})
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([], crs=crs), crs=crs)


def report_heights(records: Records, findings: Findings) -> None:
    """Say that heights drawn into lines are not used (F04)."""
    n = int(shapely.has_z(records.frame.geometry.to_numpy()).sum())
    if n:
        findings.add(
            "F04", records.where, detail="{n} of {total} records", n=n, total=len(records.frame)
        )


def _texts(records: Records, column: str) -> NDArray[np.object_]:
    return np.array([clean(v) or "" for v in records.texts(column)], dtype=object)


def ids_of(records: Records, column: str) -> tuple[list[str], int]:
    """Return ids, made up from the row where the file has none, and how many were made up."""
    given = [as_code(v) for v in records.texts(column)]
    stem = PurePosixPath(records.where.file).name.split(".")[0]
    rows = records.frame["row"].to_numpy()
    ids = [code or f"{stem}-{row}" for code, row in zip(given, rows, strict=True)]
    return ids, sum(code is None for code in given)


def _parts(records: Records) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Explode multi-lines; return the lines and the record of each."""
    shapes = records.frame.geometry.to_numpy()
    if (shapely.get_type_id(shapes) == _LINE).all():  # a part is a copy: of many, much memory
        return shapes, np.arange(len(shapes), dtype=np.int64)
    lines, index = shapely.get_parts(shapes, return_index=True)
    return lines, index.astype(np.int64)


def read_cables(records: Records, working: list[str], findings: Findings) -> gpd.GeoDataFrame:
    """Make cables of one layer already in the study's CRS.

    Lines without length are refused (F02). Doubles are another's (see
    :func:`phusong.sources.cables.doubles.single_cables`): they may lie in several layers.

    Parameters
    ----------
    working
        Statuses that carry traffic; empty: known words for that.

    Returns
    -------
    GeoDataFrame
        As :class:`phusong.sources.inputs.Inputs` describes ``cables``.
    """
    usable = keep_types(records, _LINEAR, findings)
    if usable.frame.empty:
        findings.add("F01", records.where, detail="no line is left")
        return empty(CABLE_COLUMNS, records.frame.crs)
    ids, made_up = ids_of(usable, "cable_id")
    if made_up:
        findings.add(
            "F05", usable.where, detail="{n} of {total} records", n=made_up, total=len(ids)
        )
    on = in_service(usable.texts("status").tolist(), working, "F08", findings, usable.where)
    cores = usable.numbers("cores", findings)
    lines, record = _parts(usable)
    group = np.array([clean(v) for v in usable.texts("group")], dtype=object)
    columns: dict[str, Any] = {
        "cable_id": np.array(ids, dtype=object)[record],
        "owner": _texts(usable, "owner")[record],
        "status": _texts(usable, "status")[record],
        "kind": _texts(usable, "kind")[record],
        "cores": cores[record],
        "group": group[record],
        "in_service": on[record],
        "file": usable.frame["file"].to_numpy(dtype=object)[record],
        "row": usable.frame["row"].to_numpy()[record],
    }
    frame = gpd.GeoDataFrame(columns, geometry=lines, crs=usable.frame.crs)
    short = shapely.length(lines) <= 0
    for i in np.flatnonzero(short):
        findings.add(
            "F02",
            usable.at(int(record[i])),
            str(frame["cable_id"].iloc[i]),
            x_m=float(shapely.get_x(shapely.get_point(lines[i], 0))),
            y_m=float(shapely.get_y(shapely.get_point(lines[i], 0))),
        )
    return frame[~short].reset_index(drop=True)


def read_roads(
    records: Records, area: Area, reach_m: float, findings: Findings, kind: str = ""
) -> gpd.GeoDataFrame:
    """Make roads of one layer already in the study's CRS.

    Those that name no kind are of ``kind``. Records that are no lines (parking places, squares)
    are counted, not listed one by one; so are roads farther than ``reach_m``
    from the communes' bounds (R01).
    """
    records = members(records, _LINEAR, findings)
    kinds = shapely.get_type_id(records.frame.geometry.to_numpy())
    linear = np.isin(kinds, list(_LINEAR))
    if not linear.all():
        findings.add(
            "R02",
            records.where,
            detail="{n} of {total} records",
            n=int((~linear).sum()),
            total=len(linear),
        )
    usable = records.keep(linear)
    west, south, east, north = area.bounds
    bounds = shapely.bounds(usable.frame.geometry.to_numpy())
    near = (
        (bounds[:, 2] >= west - reach_m)
        & (bounds[:, 0] <= east + reach_m)
        & (bounds[:, 3] >= south - reach_m)
        & (bounds[:, 1] <= north + reach_m)
    )
    if not near.all():
        findings.add(
            "R01",
            records.where,
            detail="{n} of {total} records",
            n=int((~near).sum()),
            total=len(near),
        )
    usable = usable.keep(near)
    ids, _ = ids_of(usable, "road_id")
    kind_of = _texts(usable, "kind")
    kind_of[kind_of == ""] = kind
    lines, record = _parts(usable)
    frame = gpd.GeoDataFrame(
        {
            "road_id": np.array(ids, dtype=object)[record],
            "kind": kind_of[record],
            "surface": _texts(usable, "surface")[record],
            "row": usable.frame["row"].to_numpy()[record],
        },
        geometry=lines,
        crs=usable.frame.crs,
    )
    return frame[shapely.length(lines) > 0].reset_index(drop=True)
