"""Communes and village points of a place: OpenStreetMap's, else the districts of boundaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

from phusong.disc.durable import replacing, sync
from phusong.disc.refused import refused
from phusong.errors import FetchError, Where
from phusong.fetch.gazetteer import folded

COMPLETE: Final = 0.95
"""Share of a place that a tier of units has to cover to stand for its communes."""
_INSIDE: Final = 0.5
"""Share of a unit that lies in the place, for it to belong there."""
_EQUAL_AREA: Final = "ESRI:54034"
PLACES: Final = (
    *("village", "hamlet", "isolated_dwelling", "town", "suburb", "quarter", "neighbourhood"),
)
"""OSM's words for places where people live, below a commune."""


@dataclass(frozen=True)
class Tier:
    """Units that may stand for communes."""

    title: str
    units: gpd.GeoDataFrame
    """``code``, ``name`` and geometry, EPSG:4326."""


def commune_words(country: str) -> tuple[str, ...]:
    """Return with which words the names of communes begin, where names tell them from others."""
    return ("xa", "phuong", "thi tran", "dac khu") if country == "VNM" else ()


def osm_tiers(admin: gpd.GeoDataFrame, country: str) -> list[Tier]:
    """Return the tiers of OpenStreetMap's units, the finest that are whole communes first.

    In Viet Nam level 6 holds communes since July 2025 and held districts before, when communes
    were level 8: there only units called Xã, Phường, Thị trấn or Đặc khu are communes.
    """
    words = commune_words(country)
    names = [folded(name or "") for name in admin["name"]]
    called = np.array(
        [not words or name.startswith(tuple(f"{w} " for w in words)) for name in names]
    )
    levels = ("6", "8", "7", "9") if words else ("8", "7", "6")
    out = []
    for level in levels:
        mine = admin[called & (admin["admin_level"] == level).to_numpy()]
        if len(mine):
            frame = gpd.GeoDataFrame(
                {"code": mine["osm_id"], "name": mine["name"]},
                geometry=mine.geometry,
                crs=mine.crs,
            )
            out.append(Tier(f"OpenStreetMap, admin_level {level}", frame))
    return out


def communes_of(outline: Any, tiers: Sequence[Tier]) -> tuple[gpd.GeoDataFrame, str]:
    """Return the units of the first tier that covers a place, and which that is.

    Raises
    ------
    FetchError
        When none does.
    """
    tried = []
    for tier in tiers:
        inside = _within(tier.units, outline)
        share = _share(inside, outline)
        tried.append(f"{tier.title} {share:.0%}")
        if share >= COMPLETE:
            frame = inside.assign(source=tier.title)
            return frame.reset_index(drop=True), f"{tier.title}, {len(frame)} units"
    raise FetchError(
        "no tier of units covers the place: {tried}",
        Where(key="communes"),
        "draw or ask for the communes, and name them under [boundaries.communes] in study.toml",
        {"tried": "; ".join(tried) or "-"},
    )


def villages_of(places: gpd.GeoDataFrame, outline: Any) -> gpd.GeoDataFrame:
    """Return where people live in a place: ``code``, ``name``, ``place``, ``population``."""
    kept = places[places["place"].isin(PLACES) & places.geometry.within(outline)]
    names = kept["name"].where(kept["name"].notna(), kept["name_vi"])
    return gpd.GeoDataFrame(
        {
            "code": kept["osm_id"],
            "name": names,
            "place": kept["place"],
            "population": kept["population"],
        },
        geometry=kept.geometry,
        crs=kept.crs,
    ).reset_index(drop=True)


def write_units(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    """Write units as a GeoPackage, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with refused(path, pyogrio.errors.DataSourceError), replacing(path) as temporary:
        pyogrio.write_dataframe(frame, temporary, layer=layer, driver="GPKG")
        sync(temporary)


def _within(units: gpd.GeoDataFrame, outline: Any) -> gpd.GeoDataFrame:
    """Return the units of which more than half lies in the outline."""
    near = units[units.geometry.intersects(outline)]
    shapes = shapely.make_valid(near.geometry.to_numpy())
    inside = gpd.GeoSeries(shapely.intersection(shapes, outline), crs=units.crs)
    share = (
        inside.to_crs(_EQUAL_AREA).area
        / gpd.GeoSeries(shapes, crs=units.crs).to_crs(_EQUAL_AREA).area
    )
    return near[(share > _INSIDE).to_numpy()]


def _share(units: gpd.GeoDataFrame, outline: Any) -> float:
    """Return the share of the outline that units cover."""
    if not len(units):
        return 0.0
    covered = shapely.intersection(shapely.union_all(units.geometry.to_numpy()), outline)
    areas = gpd.GeoSeries([covered, outline], crs=units.crs).to_crs(_EQUAL_AREA).area
    return float(areas.iloc[0] / areas.iloc[1])
