"""Roads, places, administrative units, water, power and telecommunications out of one OSM file.

GDAL's OSM driver puts ways and areas together; it keeps nodes in a temporary file, so that what
takes memory is what is found. The file is gone through once for each of its three kinds of shapes.
"""

from __future__ import annotations

import tempfile
import tomllib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from phusong.disc.durable import replacing, sync
from phusong.disc.refused import refused
from phusong.disc.workplace import session_folder
from phusong.errors import InputError, OutputError, Overreach, Where
from phusong.sources.admission import admit
from phusong.sources.gdal import vectors
from phusong.sources.osm.overpass import as_xml, is_overpass

MOST: Final = 1_000_000
"""Features of one kind of shape held at once: about 2 GB."""
_KINDS: Final = ("points", "lines", "multipolygons")
_IDS: Final = {"points": "n", "lines": "w", "multipolygons": "r"}
_AREAS: Final = (
    *("boundary", "natural=water", "power=substation", "power=sub_station", "place"),
    *("man_made=mast", "man_made=tower", "man_made=communications_tower", "man_made=antenna"),
)
"""Tags by which a closed way is an area."""

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class OsmLayer:
    """One layer of what is taken, as ``layers.toml`` says."""

    name: str
    of: tuple[str, ...]
    where: str
    overpass: tuple[str, ...]
    columns: tuple[str, ...]
    """OSM's keys; as columns of the file, ``:`` is ``_``."""
    kind: str


@cache
def osm_layers() -> tuple[OsmLayer, ...]:
    """Return all layers that are taken."""
    text = (files("phusong.sources.osm") / "layers.toml").read_text("utf-8")
    return tuple(
        OsmLayer(
            name,
            tuple(row["of"]),
            row["where"],
            tuple(row["overpass"]),
            tuple(row["columns"]),
            row["kind"],
        )
        for name, row in tomllib.loads(text).items()
    )


def write_osm_layers(source: Path, target: Path, bounds: Bounds | None = None) -> dict[str, int]:
    """Write every layer of an OSM file into one GeoPackage, whole or not at all.

    Parameters
    ----------
    source
        ``.osm.pbf``, ``.osm`` or what Overpass answered as JSON.
    target
        The GeoPackage; whatever lies there is replaced.
    bounds
        West, south, east, north in degrees: only what touches it.

    Returns
    -------
    dict
        Layer -> how many features it has; layers without any are there, too.

    Raises
    ------
    InputError
        When the file is none of these, or cannot be read.
    Overreach
        When it holds more than is read at once.
    OutputError
        When the GeoPackage cannot be written.
    """
    found = read_osm_layers(source, bounds)
    with refused(target, pyogrio.errors.DataSourceError), replacing(target) as temporary:
        target.parent.mkdir(parents=True, exist_ok=True)
        for layer in osm_layers():
            frame = found[layer.name]
            pyogrio.write_dataframe(
                frame,
                temporary,
                layer=layer.name,
                driver="GPKG",
                append=temporary.exists(),
                geometry_type=layer.kind,
                promote_to_multi=layer.kind == "MultiPolygon",
            )
            back = pyogrio.read_info(temporary, layer=layer.name)["features"]
            if back != len(frame):
                raise OutputError(
                    "{file} is not on the disc as it was written",
                    Where(file=str(target)),
                    "free space on that disc, and give the same command again",
                    {"file": target.name},
                )
        sync(temporary)
    return {name: len(frame) for name, frame in found.items()}


def read_osm_layers(source: Path, bounds: Bounds | None = None) -> dict[str, gpd.GeoDataFrame]:
    """Return every layer of an OSM file (see :func:`write_osm_layers`), in EPSG:4326.

    Every frame has ``osm_id`` (``n``, ``w`` or ``r`` and OSM's number), the layer's columns, text
    or None, and ``geometry``.
    """
    where = Where(file=source.name)
    admit(source, where)
    parts: dict[str, list[gpd.GeoDataFrame]] = {layer.name: [] for layer in osm_layers()}
    with _as_osm(source, where) as readable, _configuration() as configuration:
        for kind in _KINDS:
            layers = [layer for layer in osm_layers() if kind in layer.of]
            frame = _read(readable, kind, layers, bounds, configuration, where)
            for layer in layers:
                parts[layer.name].append(_taken(frame, layer, kind))
    return {
        name: gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs="EPSG:4326")
        for name, frames in parts.items()
    }


def _read(
    path: Path,
    kind: str,
    layers: Sequence[OsmLayer],
    bounds: Bounds | None,
    configuration: Path,
    where: Where,
) -> gpd.GeoDataFrame:
    """Return all features of one kind of shape that any layer takes, each in one pass."""
    try:
        with vectors(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame = pyogrio.read_dataframe(
                path,
                layer=kind,
                where=" OR ".join(f"({layer.where})" for layer in layers),
                bbox=bounds,
                max_features=MOST + 1,
                CONFIG_FILE=str(configuration),
            )
    except Exception as error:
        raise InputError(
            "the file cannot be read ({reason})",
            where,
            "fetch the OpenStreetMap file anew (.osm.pbf, .osm or Overpass JSON)",
            {"reason": str(error) or type(error).__name__},
        ) from error
    if len(frame) > MOST:
        raise Overreach(
            "it holds more than {most} {kind} that a study could use",
            where,
            "name an area: --study or --bbox",
            {"most": MOST, "kind": kind},
        )
    return frame


def _taken(frame: gpd.GeoDataFrame, layer: OsmLayer, kind: str) -> gpd.GeoDataFrame:
    """Return the features of one layer, with its columns."""
    mine = frame if len(frame) == 0 else frame[_holds(frame, layer)]
    numbers = mine["osm_id"].astype(object)
    ids = _IDS[kind] + numbers.astype(str)
    if "osm_way_id" in mine:  # a closed way, where there is no relation
        ids = ids.where(numbers.notna(), "w" + mine["osm_way_id"].astype(object).astype(str))
    data: dict[str, Any] = {"osm_id": ids.astype(object)}
    for key in layer.columns:
        column = key.replace(":", "_")
        texts = mine[column].astype(object)
        data[column] = texts.where(texts.notna(), None)
    shapes = mine.geometry.to_numpy()
    if layer.kind == "Point" and kind == "multipolygons":
        shapes = shapely.point_on_surface(shapes)
    return gpd.GeoDataFrame(data, geometry=list(shapes), crs="EPSG:4326").reset_index(drop=True)


def _holds(frame: gpd.GeoDataFrame, layer: OsmLayer) -> Any:
    """Return which features a layer's condition holds for: the condition is SQL, and SQLite's."""
    import sqlite3  # noqa: PLC0415 - only here

    tags = pd.DataFrame(frame.drop(columns="geometry")).astype(object)
    tags = tags.where(tags.notna(), None)
    with sqlite3.connect(":memory:") as memory:
        tags.to_sql("tags", memory, index_label="at_row")
        # The condition is layers.toml's own, no planner's.
        rows = memory.execute(f"SELECT at_row FROM tags WHERE {layer.where}")  # noqa: S608
        held = {int(at) for (at,) in rows}
    memory.close()
    return frame.index.isin(held)


@contextmanager
def _as_osm(path: Path, where: Where) -> Iterator[Path]:
    """Give the file as GDAL's driver takes it; Overpass JSON is written as OSM's XML."""
    if path.name.lower().endswith((".osm", ".pbf")):
        yield path
        return
    if not is_overpass(path):
        raise InputError(
            "this is no OpenStreetMap file",
            where,
            "fetch the OpenStreetMap file anew (.osm.pbf, .osm or Overpass JSON)",
        )
    with tempfile.TemporaryDirectory(dir=session_folder()) as folder:
        yield as_xml(path, Path(folder) / "overpass.osm")


@contextmanager
def _configuration() -> Iterator[Path]:
    """Give GDAL's configuration of its OSM driver: the tags that layers ask for, as columns."""
    with tempfile.TemporaryDirectory(dir=session_folder()) as folder:
        path = Path(folder) / "osm.ini"
        path.write_text(_ini(osm_layers()), "utf-8")
        yield path


def _ini(layers: Sequence[OsmLayer]) -> str:
    keys: Mapping[str, set[str]] = {kind: set() for kind in _KINDS}
    asked = ("power", "communication", "telecom", "man_made", "tower:type", "boundary", "natural")
    for layer in layers:
        for kind in layer.of:
            keys[kind].update(layer.columns, asked, ["waterway", "place", "highway"])
            keys[kind].add("communication:mobile_phone")
    lines = ["attribute_name_laundering=yes", f"closed_ways_are_polygons={','.join(_AREAS)}"]
    for kind in (*_KINDS, "multilinestrings", "other_relations"):
        lines += [f"[{kind}]", "osm_id=yes", "other_tags=no"]
        lines.append(f"attributes={','.join(sorted(keys.get(kind, {'name'})))}")
    return "\n".join(lines) + "\n"
