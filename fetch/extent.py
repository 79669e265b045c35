"""The ground that is fetched for: a box in degrees round the study's communes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from phusong.checks import Findings
from phusong.errors import InputError
from phusong.sources.tables import headers
from phusong.sources.tables.layers import place_of, read_layer
from phusong.study import Study

_KM_A_DEGREE: Final = 111.2


@dataclass(frozen=True)
class Extent:
    """A box in degrees, WGS 84."""

    west: float
    south: float
    east: float
    north: float

    @property
    def km2(self) -> float:
        """Its area, near enough to choose by."""
        middle = math.cos(math.radians((self.south + self.north) / 2))
        width = (self.east - self.west) * _KM_A_DEGREE * middle
        return width * (self.north - self.south) * _KM_A_DEGREE

    def wider(self, km: float) -> Extent:
        """Return the box with ``km`` more on every side."""
        up = km / _KM_A_DEGREE
        farthest = max(abs(self.south), abs(self.north))
        across = up / max(math.cos(math.radians(farthest)), 0.05)
        return Extent(
            max(-180.0, self.west - across),
            max(-90.0, self.south - up),
            min(180.0, self.east + across),
            min(90.0, self.north + up),
        )

    def squares(self, step: int) -> Iterator[tuple[int, int]]:
        """Yield south-west corners (latitude, longitude) of whole squares that it touches."""
        for lat in range(math.floor(self.south / step), math.ceil(self.north / step)):
            for lon in range(math.floor(self.west / step), math.ceil(self.east / step)):
                yield lat * step, lon * step

    def said(self) -> str:
        """Return it in one line, to three decimals (100 m)."""
        return f"{self.west:.3f},{self.south:.3f},{self.east:.3f},{self.north:.3f}"


def corner_words(lat: int, lon: int) -> dict[str, Any]:
    """Return the parts of a tile's name."""
    return {
        "ns": "S" if lat < 0 else "N",
        "lat": abs(lat),
        "ew": "W" if lon < 0 else "E",
        "lon": abs(lon),
    }


def extent_of(study: Study) -> Extent:
    """Return the box of a study's communes, as its ``[fetch]`` says or as they are drawn.

    Raises
    ------
    InputError
        When the study says no box, and its communes cannot be read.
    """
    if study.fetch.bbox is not None:
        return Extent(*study.fetch.bbox)
    layer = study.boundaries.communes
    where = place_of(layer, study)
    records = (
        read_layer(study, layer, headers.COMMUNES, Findings())
        if study.resolve(layer.path).exists()
        else None
    )
    if records is None or records.frame.empty:
        raise InputError(
            "there are no communes from which the area could be taken",
            where,
            "say it in study.toml, in degrees: [fetch] bbox = [west, south, east, north]; or begin "
            "with `phusong new DIR --place NAME`; or look with `phusong check` why they are not "
            "read",
        )
    west, south, east, north = records.frame.to_crs("EPSG:4326").total_bounds
    return Extent(float(west), float(south), float(east), float(north))


def with_margin(study: Study) -> Extent:
    """Return the box for which ground is fetched: as far as a mast is heard beyond the communes."""
    margin = study.fetch.margin_km
    return extent_of(study).wider(study.radio.radius_km if margin is None else margin)
