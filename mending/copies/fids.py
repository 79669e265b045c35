"""Which feature of a file each record of a layer is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyogrio

from phusong.sources.gdal import vectors
from phusong.study import Layer


def fids_of(path: Path, layer: Layer) -> tuple[str, list[int]]:
    """Return a layer's name in the file, and the feature ids of its records, in reading order.

    Of a filter that OGR applies (letters that compose are filtered later) those that pass.
    """
    where = layer.where if layer.where is not None and layer.where.isascii() else None
    name = layer.layer if layer.layer is not None else str(pyogrio.list_layers(path)[0, 0])
    known = {str(n).casefold(): str(n) for n in pyogrio.list_layers(path)[:, 0]}
    name = known.get(name.casefold(), name)
    with vectors():
        frame: Any = pyogrio.read_dataframe(
            path, layer=name, where=where, columns=[], read_geometry=False, fid_as_index=True
        )
    return name, [int(fid) for fid in frame.index]
