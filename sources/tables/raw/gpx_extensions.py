"""GPX as programs write it: its extensions, which GDAL passes over, as columns."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

_NAMESPACE = b' xmlns:ogr="http://osgeo.org/gdal"'
_ELEMENT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)[^<>]*>([^<>]*)</")


def is_gpx(path: Path) -> bool:
    """Say whether a file is GPX, by its first bytes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return b"<gpx" in file.read(512)


def readable(path: Path) -> Path | bytes:
    """Return what to read; GPX is handed over in a form whose extensions GDAL reads.

    It passes over the extensions of files that do not declare its own namespace.
    """
    if not is_gpx(path):
        return path
    data = path.read_bytes()
    return data if b"xmlns:ogr" in data[:4096] else data.replace(b"<gpx", b"<gpx" + _NAMESPACE, 1)


def unfolded(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Give the elements inside of a GPX extension (read as one text of XML) their own columns."""
    if not is_gpx(path):
        return frame
    texts = frame.drop(columns="geometry", errors="ignore").select_dtypes(exclude="number")
    for column in texts.columns:
        found = [dict(_ELEMENT.findall(v)) if isinstance(v, str) else {} for v in frame[column]]
        for name in dict.fromkeys(name for one in found for name in one):
            frame[f"{column}_{name}"] = [one.get(name) for one in found]
    return frame
