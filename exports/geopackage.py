"""results.gpkg: every layer in one file, with QGIS styles inside."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from phusong.exports.qml import to_qml
from phusong.exports.styles import style_of

_STYLE_TABLE = """
CREATE TABLE IF NOT EXISTS layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
    f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)
"""

# Of a column's unit; degrees and shares keep six.
_DECIMALS = {"_km": 3, "_m": 1, "_db": 2, "_dbm": 1, "_usd": 0}


@dataclass(frozen=True)
class Layer:
    """A layer to write; ``style`` names its look (see exports/styles.py)."""

    name: str
    frame: gpd.GeoDataFrame
    style: str


def write_geopackage(layers: Iterable[Layer], stamp: dict[str, str], path: Path) -> None:
    """Write layers, their styles and the run's stamp.

    Empty layers are left out: a GeoPackage layer needs a geometry type, and an empty frame has
    none to tell.
    """
    written = [layer for layer in layers if not layer.frame.empty]
    for layer in written:
        plain(layer.frame).to_file(path, layer=layer.name, driver="GPKG", engine="pyogrio")
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE run (key TEXT PRIMARY KEY, value TEXT)")
        base.executemany("INSERT INTO run VALUES (?, ?)", stamp.items())
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
            "VALUES ('run', 'attributes', 'run')"
        )
        _add_styles(base, written)
    base.close()


def plain(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the frame with columns any format can hold, and no digits nobody measured.

    Lists become text.
    """
    out = frame.copy()
    for name in out.columns.drop(out.geometry.name):
        if pd.api.types.is_float_dtype(out[name]):
            out[name] = out[name].round(
                next((n for end, n in _DECIMALS.items() if str(name).endswith(end)), 6)
            )
            continue
        if out[name].map(lambda value: isinstance(value, list | tuple | dict)).any():
            out[name] = out[name].map(
                lambda value: " ".join(map(str, value)) if isinstance(value, list | tuple) else None
            )
        elif out[name].dtype == object:
            out[name] = out[name].astype("string")
    return out


def _add_styles(base: sqlite3.Connection, layers: list[Layer]) -> None:
    base.execute(_STYLE_TABLE)
    registered = base.execute(
        "SELECT 1 FROM gpkg_contents WHERE table_name = 'layer_styles'"
    ).fetchone()
    if not registered:
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles')"
        )
    for layer in layers:
        qml = to_qml(style_of(layer.style, layer.frame))
        base.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
            "f_geometry_column, styleName, styleQML, useAsDefault) VALUES ('', '', ?, ?, ?, ?, 1)",
            (layer.name, "geom", layer.name, qml),
        )
