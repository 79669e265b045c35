"""Where things are: the study's CRS, exchanged coordinates, records far from the province."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError, ProjError

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.datum import Box, report_way
from phusong.sources.straight import moved_shapes
from phusong.sources.tables.layers import Records, label
from phusong.study import Study

STUDY_FILE = "study.toml"


@dataclass(frozen=True)
class Area:
    """The communes together, in the study's CRS."""

    crs: CRS
    polygon: Any
    """Union of the communes (shapely geometry)."""

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) in metres."""
        west, south, east, north = self.polygon.bounds
        return float(west), float(south), float(east), float(north)

    @property
    def lonlat(self) -> Box:
        """(west, south, east, north) in degrees of WGS 84."""
        return lonlat_box(self.crs, self.bounds)

    @cached_property
    def in_degrees(self) -> Any:
        """The communes in degrees of WGS 84, without detail below 500 m."""
        back = Transformer.from_crs(self.crs, 4326, always_xy=True)
        plain = shapely.simplify(self.polygon, 500.0)
        return shapely.transform(plain, lambda xy: np.stack(back.transform(*xy.T), axis=1))

    def near(
        self, x_m: NDArray[np.float64], y_m: NDArray[np.float64], margin_m: float
    ) -> NDArray[np.bool_]:
        """Say which points lie in the area's bounds widened by ``margin_m``; NaN never does."""
        west, south, east, north = self.bounds
        return np.asarray(
            (x_m >= west - margin_m)
            & (x_m <= east + margin_m)
            & (y_m >= south - margin_m)
            & (y_m <= north + margin_m),
            dtype=bool,
        )


def study_crs(study: Study, communes: Records | None, findings: Findings) -> CRS | None:
    """Return the study's CRS: as stated, or the UTM zone of the communes (``auto``).

    A CRS that is not projected, or not in metres, is S19.
    """
    asked = study.study.crs
    if asked.strip().lower() == "auto":
        return _utm_zone(communes)
    where = Where(file=STUDY_FILE, key="study.crs")
    try:
        crs = CRS.from_user_input(asked)
    except CRSError:
        findings.add("S19", where, asked, "{crs} is not a known CRS", crs=asked)
        return None
    units = {axis.unit_name for axis in crs.axis_info}
    if not crs.is_projected:
        findings.add("S19", where, asked, "{crs} is in degrees, not in metres", crs=asked)
    elif not units <= {"metre", "meter"}:
        findings.add(
            "S19",
            where,
            asked,
            "{crs} is in {unit}, not in metres",
            crs=asked,
            unit=", ".join(sorted(units)),
        )
    else:
        box = None if communes is None or communes.frame.empty else _box_of(communes)
        report_way(crs, CRS.from_epsg(4326), box, where, findings)
        return crs
    return None


def lonlat_box(crs: CRS, bounds: Any) -> Box:
    """Return bounds (west, south, east, north) of a CRS in degrees of WGS 84."""
    back = Transformer.from_crs(crs, 4326, always_xy=True)
    west, south, east, north = (float(b) for b in bounds)
    box = back.transform_bounds(west, south, east, north, densify_pts=5)
    west, south, east, north = (round(float(b), 3) for b in box)
    return west, south, east, north


def _box_of(records: Records) -> Box | None:
    """Return where records lie, None where their coordinates are no place on earth."""
    crs = records.frame.crs
    if crs.geodetic_crs is None:
        return None
    try:
        box = lonlat_box(crs, records.frame.total_bounds)
    except ProjError:
        return None
    west, south, east, north = box
    on_earth = -180 <= west <= east <= 180 and -90 <= south <= north <= 90
    return box if on_earth else None


def _utm_zone(communes: Records | None) -> CRS | None:
    """Return the UTM zone of the communes, None where their coordinates are no place on earth."""
    if communes is None or communes.frame.empty:
        return None
    bounds = communes.frame.total_bounds
    if communes.frame.crs.is_geographic and (np.abs(bounds) > (180, 90, 180, 90)).any():
        return None
    west, south, east, north = bounds
    back = Transformer.from_crs(communes.frame.crs, 4326, always_xy=True)
    lon, lat = back.transform((west + east) / 2, (south + north) / 2)
    zone = int((lon + 180) // 6) % 60 + 1
    return CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)


def to_study(
    records: Records, crs: CRS, findings: Findings, area: Area | None = None, reach_m: float = 0.0
) -> Records:
    """Bring a layer into the study's CRS, two-dimensional, after looking where it lies.

    Parameters
    ----------
    records
        Layer in its own CRS.
    crs
        The study's.
    findings
        Takes S09 (most records exchanged), S10 (one record exchanged), S12 (most coordinates
        no degrees) and S22 (one such record). Records of these are left out. S32 and S33 say
        that the datum has no known way here, or a coarse one.
    area
        Where records are expected; without it only impossible degrees are noticed.
    reach_m
        How far outside the area's bounds a record may lie before exchanging is considered.
    """
    frame = records.frame
    x, y = _middles(frame)
    impossible = _beyond_degrees(x, y) & bool(frame.crs.is_geographic)
    exchanged = impossible & ~_beyond_degrees(y, x)
    if area is not None:
        near = area.near(*_moved(frame.crs, crs, x, y), reach_m)
        exchanged = ~near & area.near(*_moved(frame.crs, crs, y, x), reach_m)
        impossible = impossible & ~near
    impossible = impossible & ~exchanged
    _report_exchanged(records, exchanged, findings)
    _report_impossible(records, impossible, findings)
    kept = records.keep(~(exchanged | impossible))
    if area is not None and len(kept.frame) and not near[~(exchanged | impossible)].any():
        away_km, lon, lat = _middle_of(records, area)
        findings.add(
            "S23",
            records.where,
            detail="no record lies within {km} km of the communes; the middle one lies {away} km "
            "away, at {lat:.3f}, {lon:.3f}",
            km=f"{reach_m / 1000:g}",
            away=f"{away_km:.0f}",
            lat=lat,
            lon=lon,
        )
        kept = records.keep(np.zeros(len(near), dtype=bool))
    moved = _move(kept, crs, None if area is None else area.lonlat, findings)
    bounds = shapely.bounds(moved.frame.geometry.to_numpy())
    broken = np.asarray(~np.isfinite(bounds).all(axis=1), dtype=bool)
    if broken.any():
        _report_impossible(moved, broken, findings)
        moved = moved.keep(~broken)
    return moved


def _move(records: Records, crs: CRS, place: Box | None, findings: Findings) -> Records:
    """Transform a layer, two-dimensional, by the best way at a place; straight lines stay so."""
    frame = records.frame
    shapes = frame.geometry.to_numpy()
    if frame.crs.equals(crs, ignore_axis_order=True) or frame.empty:
        deep = shapely.get_coordinate_dimension(shapes) != 2
        flat = shapely.force_2d(shapes) if deep.any() else shapes
        return replace(records, frame=frame.set_geometry(flat, crs=crs))
    box = place if place is not None else _box_of(records)
    way = report_way(frame.crs, crs, box, records.where, findings)
    if way.transformer is None:
        return replace(records, frame=frame.iloc[:0].set_geometry(shapes[:0], crs=crs))
    return replace(
        records, frame=frame.set_geometry(moved_shapes(shapes, way.transformer), crs=crs)
    )


def _middle_of(records: Records, area: Area) -> tuple[float, float, float]:
    """Return how far from the area (km), and where (longitude, latitude), the middle record is."""
    x, y = _middles(records.frame)
    wgs84 = CRS.from_epsg(4326)
    lon, lat = _moved(records.frame.crs, wgs84, x, y)
    west, south, east, north = area.bounds
    own = Transformer.from_crs(area.crs, wgs84, always_xy=True)
    middle = own.transform((west + east) / 2, (south + north) / 2)
    there = float(np.median(lon)), float(np.median(lat))
    away_m = Geod(ellps="WGS84").inv(*middle, *there)[2]
    return away_m / 1000, *there


def _beyond_degrees(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which coordinates cannot be (longitude, latitude)."""
    return np.asarray((np.abs(x) > 180) | (np.abs(y) > 90), dtype=bool)


def _middles(frame: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middle of each geometry's bounds, in the frame's CRS."""
    bounds = shapely.bounds(frame.geometry.to_numpy())
    return (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2


def _moved(
    source: CRS, target: CRS, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Transform points; where that is impossible the result is infinite."""
    transformer = Transformer.from_crs(source, target, always_xy=True)
    moved_x, moved_y = transformer.transform(x, y)
    return np.asarray(moved_x), np.asarray(moved_y)


def _report_exchanged(records: Records, mask: NDArray[np.bool_], findings: Findings) -> None:
    rows = np.flatnonzero(mask)
    if rows.size * 2 > len(mask):
        findings.add(
            "S09",
            records.where,
            detail="{n} of {total} records lie in the province when x and y are exchanged",
            n=int(rows.size),
            total=len(mask),
        )
        return
    for i in rows:
        findings.add("S10", records.at(int(i)), label(records, int(i)))


def _report_impossible(records: Records, mask: NDArray[np.bool_], findings: Findings) -> None:
    rows = np.flatnonzero(mask)
    if rows.size * 2 > len(mask):
        findings.add(
            "S12",
            records.where,
            detail="{n} of {total} records lie outside what {crs} can hold",
            n=int(rows.size),
            total=len(mask),
            crs=records.frame.crs.to_string(),
        )
        return
    for i in rows:
        findings.add("S22", records.at(int(i)), label(records, int(i)))


def exchanged_against(
    records: Records, dem_lonlat: tuple[float, float, float, float], findings: Findings
) -> bool:
    """Say whether the communes lie under the DEM only with their coordinates exchanged (S09).

    Parameters
    ----------
    dem_lonlat
        (west, south, east, north) of the DEM in degrees.
    """
    frame = records.frame
    x, y = _middles(frame)
    wgs84 = CRS.from_epsg(4326)
    dem = Area(wgs84, shapely.box(*dem_lonlat))
    near = dem.near(*_moved(frame.crs, wgs84, x, y), 0.0)
    exchanged = ~near & dem.near(*_moved(frame.crs, wgs84, y, x), 0.0)
    if exchanged.sum() * 2 <= len(near):
        return False
    _report_exchanged(records, exchanged, findings)
    return True


def lonlat(crs: CRS, x_m: float, y_m: float) -> tuple[float, float]:
    """Return (longitude, latitude) of a place, for messages."""
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x_m, y_m)
    return round(float(lon), 6), round(float(lat), 6)
