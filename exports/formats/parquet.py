"""GeoParquet 1.1, for those who analyse further; needs the optional package pyarrow."""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import shapely

from phusong.errors import OutputError
from phusong.exports.formats.geopackage import Layer, write_geopackage
from phusong.results.missing import Attempts

FOLDER: Final = "parquet"
_VERSION: Final = "1.1.0"
_TURNED: Final = "turned.partial"


def write_layers(
    layers: Callable[[], Iterable[Layer]],
    stamp: dict[str, str],
    path: Path,
    attempt: Attempts,
    formats: Sequence[str],
) -> list[Layer]:
    """Write layers as a GeoPackage, and as GeoParquet beside it where the study asks for that.

    Parameters
    ----------
    layers
        Gives the layers; where that fails, each file says so.
    stamp, path, attempt
        As :func:`phusong.exports.formats.geopackage.write_geopackage` takes them.
    formats
        The study's ``outputs.formats``.

    Returns
    -------
    list of Layer
        Those in the GeoPackage.
    """
    made = cache(lambda: tuple(layers()))
    written = write_geopackage(made, stamp, path, attempt)
    if "parquet" in formats:
        with attempt(FOLDER, path.parent / FOLDER):
            write_parquet(made(), path.parent)
    return written


def write_parquet(layers: Sequence[Layer], folder: Path) -> None:
    """Write each layer that has rows as ``parquet/NAME.parquet`` (GeoParquet 1.1.0).

    With a ``bbox`` column that covers each geometry, by whose statistics readers pass over what
    they do not need; outer rings counter-clockwise.

    Raises
    ------
    OutputError
        When pyarrow is not installed.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise OutputError(
            "GeoParquet was asked for, and the package pyarrow is not installed",
            mend='install it with `pip install "phusong[parquet]"`, or take "parquet" out of '
            "outputs.formats in study.toml",
        )
    target = folder / FOLDER
    target.mkdir()
    for layer in layers:
        if not layer.frame.empty:
            _write(layer.frame, target / f"{layer.name}.parquet")


def _write(frame: gpd.GeoDataFrame, path: Path) -> None:
    geometry = shapely.orient_polygons(frame.geometry.to_numpy())
    turned = frame.set_geometry(gpd.GeoSeries(geometry, index=frame.index, crs=frame.crs))
    first = path.with_name(_TURNED)
    turned.to_parquet(first, index=False, schema_version=_VERSION, write_covering_bbox=True)
    _say_orientation(first, path)
    first.unlink()


def _say_orientation(source: Path, path: Path) -> None:
    """Copy a file, a row group at a time, with what geopandas does not say: how rings turn."""
    parquet: Any = importlib.import_module("pyarrow.parquet")  # optional, and without types
    with parquet.ParquetFile(source) as file:
        schema = file.schema_arrow
        geo = json.loads(schema.metadata[b"geo"])
        for column in geo["columns"].values():
            column["orientation"] = "counterclockwise"
        schema = schema.with_metadata({**schema.metadata, b"geo": json.dumps(geo).encode()})
        with parquet.ParquetWriter(path, schema) as writer:
            for group in range(file.num_row_groups):
                writer.write_table(
                    file.read_row_group(group).replace_schema_metadata(schema.metadata)
                )
