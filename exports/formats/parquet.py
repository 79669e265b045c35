"""GeoParquet, for those who analyse further; needs the optional package pyarrow."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from phusong.errors import OutputError
from phusong.exports.formats.geopackage import Layer


def write_parquet(layers: Sequence[Layer], folder: Path) -> None:
    """Write each layer as ``parquet/NAME.parquet`` (GeoParquet 1.0).

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
    target = folder / "parquet"
    target.mkdir()
    for layer in layers:
        if not layer.frame.empty:
            path = target / f"{layer.name}.parquet"
            layer.frame.to_parquet(path, schema_version="1.0.0")
