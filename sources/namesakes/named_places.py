"""Named places that villages may be: points and areas of the study's ``boundaries.places``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from phusong.checks import Findings
from phusong.sources.crs import Area, to_study
from phusong.sources.tables.headers import NAMESAKES
from phusong.sources.tables.layers import read_layer
from phusong.sources.tables.text import as_code, clean
from phusong.study import Study

_TEXTS = ("name", "other_name", "kind", "source", "place_id")
_AREAS = frozenset({"Polygon", "MultiPolygon"})


@dataclass(frozen=True)
class Places:
    """Places in the study's CRS.

    Attributes
    ----------
    frame
        ``name``, ``other_name``, ``kind`` (or None), ``source`` (file and layer), ``place_id``
        (its code, else ``#`` and its record), geometry.
    """

    frame: gpd.GeoDataFrame

    def shape_at(self, source: str, place_id: str, point: Any) -> Any:
        """Return the area of a place where it has one that holds the point, else the point."""
        frame = self.frame
        same = frame[(frame["source"] == source) & (frame["place_id"] == place_id)]
        for shape in same.geometry:
            if shape.geom_type in _AREAS and shape.intersects(point):
                return shape
        return point


def read_places(study: Study, area: Area, reach_m: float, findings: Findings) -> Places:
    """Read every layer of named places; records without a name are passed over.

    Parameters
    ----------
    area, reach_m
        See :func:`phusong.sources.crs.to_study`.
    """
    parts = []
    for layer in study.boundaries.places:
        records = read_layer(study, layer, NAMESAKES, findings)
        moved = None if records is None else to_study(records, area.crs, findings, area, reach_m)
        if moved is None or moved.frame.empty:
            continue
        where, own = moved.where, [as_code(v) for v in moved.texts("code")]
        given = {
            **{name: [clean(v) for v in moved.texts(name)] for name in _TEXTS[:3]},
            "source": f"{where.file}#{where.layer}" if where.layer else where.file,
            "place_id": [c or f"#{r}" for c, r in zip(own, moved.frame["row"], strict=True)],
        }
        part = gpd.GeoDataFrame(given, geometry=moved.frame.geometry.to_numpy(), crs=area.crs)
        parts.append(part[part["name"].notna()])
    if not parts:
        texts = {name: pd.Series([], dtype=object) for name in _TEXTS}
        return Places(gpd.GeoDataFrame(texts, geometry=[], crs=area.crs))
    whole = pd.concat(parts, ignore_index=True)
    for name in _TEXTS:
        column = whole[name].astype(object)
        whole[name] = column.where(column.notna(), None)
    return Places(whole)
