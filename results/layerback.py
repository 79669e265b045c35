"""Layers of ours read back from a GeoPackage, which may have been damaged since."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pyogrio

from phusong.errors import InputError, Where
from phusong.sources.gdal import vectors


def layer_back(base: Path, name: str, mend: str) -> gpd.GeoDataFrame | None:
    """Read a layer that phusong wrote; None where the file has none of that name.

    Parameters
    ----------
    mend
        What to do where the file cannot be read: a template that needs no values.

    Raises
    ------
    InputError
        When the file is broken.
    """
    try:
        with vectors():
            if name not in {str(row[0]) for row in pyogrio.list_layers(base)}:
                return None
            return gpd.read_file(base, layer=name)
    except (MemoryError, PermissionError):
        raise
    except Exception as error:
        # Whatever GDAL, SQLite or a geometry stumbles over: the file is not as it was written.
        raise InputError(
            "the file is broken: {reason}",
            Where(file=str(base)),
            mend,
            {"reason": (str(error) or type(error).__name__).splitlines()[0][:200]},
        ) from error
