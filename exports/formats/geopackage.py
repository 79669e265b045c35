"""results.gpkg: every layer in one file, with QGIS styles inside."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError

from phusong.disc.refused import refused
from phusong.errors import OutputError, Where
from phusong.exports.layers.qml import to_qml
from phusong.exports.layers.styles import style_of
from phusong.exports.tables.dictionary import Column, Described, conform, described_by, tables
from phusong.results.missing import Attempts

_FAULTS = (sqlite3.Error, DataSourceError, DataLayerError, FeatureError, GeometryError)
_STYLE_TABLE = """
CREATE TABLE IF NOT EXISTS layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
    f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)
"""

_SCHEMA = """
CREATE TABLE gpkg_data_columns (
    table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
    mime_type TEXT, constraint_name TEXT,
    CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
    CONSTRAINT gdc_tn UNIQUE (table_name, name)
);
CREATE TABLE IF NOT EXISTS gpkg_extensions (
    table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL,
    scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name)
);
INSERT INTO gpkg_extensions VALUES (
    'gpkg_data_columns', NULL, 'gpkg_schema',
    'http://www.geopackage.org/spec121/#extension_schema', 'read-write'
)
"""

_APPLICATION = 0x47504B47
"""``GPKG``: by this number in its head programs know a GeoPackage (OGC 12-128r18, 1.1.1.1.1)."""
_OLDEST = 10_200
"""Version 1.2, the first that says its own in ``user_version``."""


@dataclass(frozen=True)
class Layer:
    """A layer to write.

    Attributes
    ----------
    name
        Of the layer in the file.
    frame
        Its rows; as :func:`documented` gives them.
    style
        Names its look (see exports/styles.py).
    table
        Of the dictionary, that says what its columns mean.
    operators
        Carriers that have columns of their own.
    """

    name: str
    frame: gpd.GeoDataFrame
    style: str
    table: str
    operators: tuple[str, ...] = ()

    @property
    def columns(self) -> list[Column]:
        """What its columns mean, in order."""
        return tables()[self.table].expand(self.operators)


def documented(
    name: str,
    frame: gpd.GeoDataFrame,
    style: str,
    table: str | None = None,
    operators: Sequence[str] = (),
) -> Layer:
    """Return a layer with exactly the columns of a table (default: called as the layer).

    Lists become text: no GIS format holds them.
    """
    flat = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    for column in flat.columns:
        if flat[column].dtype != object:
            continue
        flat[column] = flat[column].map(
            lambda value: " ".join(map(str, value)) if isinstance(value, list | tuple) else value
        )
    shown = conform(flat, table or name, operators)
    geometry = frame.geometry.to_numpy()
    return Layer(
        name,
        gpd.GeoDataFrame(shown, geometry=geometry, crs=frame.crs),
        style,
        table or name,
        tuple(operators),
    )


def of_geopackage(path: str, layers: Iterable[Layer]) -> dict[str, Described]:
    """Return what each table of a GeoPackage holds, as ``columns_table`` takes it.

    GeoParquet files and a KMZ made of the same layers have no columns beside these.
    """
    known: dict[str, Described] = {
        f"{path}/{layer.name}": (layer.table, layer.columns)
        for layer in layers
        if not layer.frame.empty
    }
    return {**known, f"{path}/run": described_by("run")}


def write_geopackage(
    layers: Callable[[], Iterable[Layer]], stamp: dict[str, str], path: Path, attempt: Attempts
) -> list[Layer]:
    """Write layers, their styles and the run's stamp; return the layers that are in the file.

    Empty layers are left out: a GeoPackage layer needs a geometry type, and an empty frame has
    none to tell. A layer or a style that fails costs no other (see ``attempt.missing``); a
    file that does not hold what was written is missing as a whole.

    Parameters
    ----------
    layers
        Gives the layers; called here, so that tables stand when it fails.
    """
    written: list[Layer] = []
    with attempt(path.name, path), refused(path, *_FAULTS):
        for layer in layers():
            if not layer.frame.empty:
                with attempt(f"{path.name}/{layer.name}"), refused(path, *_FAULTS):
                    _add_layer(layer, written, path)
        _finish(path, written, stamp, attempt)
        check_geopackage(path, {layer.name: layer.frame for layer in written})
    return written if path.is_file() else []


def check_geopackage(path: Path, frames: Mapping[str, gpd.GeoDataFrame]) -> None:
    """See that a GeoPackage is whole: GDAL writes counts, extents and indexes when it closes.

    Parameters
    ----------
    frames
        Layer -> what was written.

    Raises
    ------
    OutputError
        When it is not; named are the layers, or what SQLite says.
    sqlite3.Error
        When it cannot even be asked.
    """
    with closing(sqlite3.connect(path)) as base:
        told = {str(line[0]) for line in base.execute("PRAGMA integrity_check")}
        said = [
            base.execute(f"PRAGMA {n}").fetchone()[0] for n in ("application_id", "user_version")
        ]
        if said[0] != _APPLICATION or said[1] < _OLDEST:
            told.add("application_id, user_version")
        described = {
            table: {str(row[0]) for row in base.execute(f"SELECT table_name FROM {table}")}  # noqa: S608 - ours
            for table in ("gpkg_geometry_columns", "gpkg_extensions")
        }
        triggers = dict(
            base.execute(
                "SELECT tbl_name, count(*) FROM sqlite_master WHERE type = 'trigger' GROUP BY 1"
            )
        )
        counted = dict(base.execute("SELECT table_name, feature_count FROM gpkg_ogr_contents"))
        extents = {
            name: bounds
            for name, *bounds in base.execute(
                "SELECT table_name, min_x, min_y, max_x, max_y FROM gpkg_contents"
            )
        }
        for name, frame in frames.items():
            shapes = int((~(frame.geometry.isna() | frame.geometry.is_empty)).sum())
            found = [
                base.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608 - ours
                for table in (name, f"rtree_{name}_geom")
            ]
            if [*found, counted[name]] != [len(frame), shapes, len(frame)]:
                told.add(name)
            if not _is_extent_of(extents[name], frame):
                told.add(name)
            if any(name not in known for known in described.values()):
                told.add(name)
        # Every layer has the same: what keeps its index true when it is edited.
        if len({triggers.get(name, 0) for name in frames}) > 1:
            told.add("triggers")
    told.discard("ok")
    if told:
        raise OutputError(
            "what was written cannot be read back as it was: {what}",
            Where(file=str(path)),
            "free space on the disc, or choose a folder that can be written to",
            {"what": ", ".join(sorted(told))},
        )


def _is_extent_of(extent: Sequence[float | None], frame: gpd.GeoDataFrame) -> bool:
    """Whether an extent is that of a frame; one without shapes has none."""
    bounds = frame.total_bounds
    if np.isnan(bounds).all():
        return True
    return None not in extent and bool(np.allclose(np.array(extent, dtype=float), bounds))


def _add_layer(layer: Layer, written: list[Layer], path: Path) -> None:
    """Write a layer beside those written; when it fails, the file is as it was before."""
    try:
        _to_file(layer, path)
    except Exception:
        path.unlink(missing_ok=True)
        for earlier in written:
            _to_file(earlier, path)
        raise
    written.append(layer)


def _to_file(layer: Layer, path: Path) -> None:
    with warnings.catch_warnings():
        # A file that GDAL finds odd on its next layer is refused at the end, in our words.
        warnings.filterwarnings("ignore", "GPKG: ", RuntimeWarning)
        layer.frame.to_file(path, layer=layer.name, driver="GPKG", engine="pyogrio")


def _finish(path: Path, written: list[Layer], stamp: dict[str, str], attempt: Attempts) -> None:
    """Add what no GIS program needs to draw the layers: stamp, styles, meanings."""
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE TABLE run (key TEXT PRIMARY KEY, value TEXT)")
        base.executemany("INSERT INTO run VALUES (?, ?)", stamp.items())
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
            "VALUES ('run', 'attributes', 'run')"
        )
        _add_style_table(base)
        for layer in written:
            with attempt(f"{path.name}/layer_styles/{layer.name}"):
                _add_style(base, layer)
        with attempt(f"{path.name}/gpkg_data_columns"):
            _add_meanings(base, written)


def _add_style_table(base: sqlite3.Connection) -> None:
    base.execute(_STYLE_TABLE)
    registered = base.execute(
        "SELECT 1 FROM gpkg_contents WHERE table_name = 'layer_styles'"
    ).fetchone()
    if not registered:
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles')"
        )


def _add_style(base: sqlite3.Connection, layer: Layer) -> None:
    qml = to_qml(style_of(layer.style, layer.frame))
    base.execute(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
        "f_geometry_column, styleName, styleQML, useAsDefault) VALUES ('', '', ?, ?, ?, ?, 1)",
        (layer.name, "geom", layer.name, qml),
    )


def _add_meanings(base: sqlite3.Connection, layers: list[Layer]) -> None:
    """Say what each column means where GIS programs look for it: OGC 12-128r18, annex F.9."""
    base.executescript(_SCHEMA)
    run = [("run", column) for column in tables()["run"].columns]
    every = [(layer.name, column) for layer in layers for column in layer.columns]
    for name, column in [*every, *run]:
        unit = column.unit_words()
        heading = f"{column.heading()}, {unit}" if unit else column.heading()
        base.execute(
            "INSERT INTO gpkg_data_columns VALUES (?, ?, ?, ?, ?, NULL, NULL)",
            (name, column.name, heading, heading, column.words()),
        )
