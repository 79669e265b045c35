"""One path between two antennas, as planners write it down, and what is wrong with it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from phusong.coverage.propagation.p1812.geometry import centre_latitude
from phusong.coverage.propagation.pathkeys import known_keys
from phusong.coverage.propagation.surroundings import (
    STREET_M,
    PathEnds,
    Surroundings,
    surroundings_of,
)
from phusong.errors import ModelError, Where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

Polarisation = Literal["h", "v"]
TERMINALS = ("tx_lat", "tx_lon", "rx_lat", "rx_lon")
DISTANCES = (
    ("distances_km", 1000.0),
    ("distances_m", 1.0),
    ("distance_km", 1000.0),
    ("distance_m", 1.0),
)
"""Keys of the distances and their unit in metres; the first that is given counts."""
LOWEST_M, HIGHEST_M = -450.0, 9000.0
"""Ground beyond these is no height: a nodata value that was written out as one."""
REQUIRED = ("freq_mhz", "tx_height_m", "rx_height_m", "height_m")


@dataclass(frozen=True, eq=False)
class LinkPath:
    """A terrain profile with its terminals, frequency and air.

    Parameters
    ----------
    distance_m, height_m, clutter_m, zone
        Distance from the transmitter, ground height, representative clutter height and
        radio-climatic zone (1 sea, 3 coastal land, 4 inland) of each point, shape (n,), n >= 2.
    tx_height_m, rx_height_m
        Antenna heights above ground.
    freq_mhz, polarisation, time_percent
        What is sent, and the share of an average year the loss is not exceeded for.
    delta_n, n0
        Refractivity lapse rate (N-units/km) and sea-level refractivity at the path's centre.
    latitude_deg
        Latitude of the path's centre.
    location_percent, location_sigma_db
        Share of locations the loss is not exceeded at, and the deviation of location variability.
    tx_coast_km, rx_coast_km
        Distance of either terminal to the coast along the path; None takes it from `zone`.
    ends
        What stands round both antennas; None: no clutter is added.
    unknown
        Keys of the record that are not known, and were left out.
    """

    distance_m: NDArray[np.float64]
    height_m: NDArray[np.float64]
    clutter_m: NDArray[np.float64]
    zone: NDArray[np.uint8]
    tx_height_m: float
    rx_height_m: float
    freq_mhz: float
    polarisation: Polarisation = "v"
    time_percent: float = 50.0
    delta_n: float = 45.0
    n0: float = 325.0
    latitude_deg: float = 21.0
    location_percent: float = 50.0
    location_sigma_db: float = 0.0
    tx_coast_km: float | None = None
    rx_coast_km: float | None = None
    ends: PathEnds | None = None
    unknown: tuple[str, ...] = ()

    @property
    def length_m(self) -> float:
        """Length of the path."""
        return float(self.distance_m[-1])


def _finite(value: object) -> bool:
    """Whether a JSON value is a number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _number(record: Mapping[str, Any], key: str, default: float | None = None) -> float:
    """Return a finite number of the record.

    Raises
    ------
    ModelError
        When it is missing without a default, or no finite number.
    """
    value = record.get(key, default)
    if value is None:
        raise ModelError("{key} is missing", params={"key": key}, where=Where(key=key))
    if not _finite(value):
        raise ModelError(
            "{key} is {value}, not a number",
            params={"key": key, "value": value},
            where=Where(key=key),
        )
    return float(cast("float", value))


def _row(record: Mapping[str, Any], key: str) -> NDArray[np.float64]:
    """Return a list of finite numbers.

    Raises
    ------
    ModelError
        When it is no list, or holds something else.
    """
    value = record[key]
    if not isinstance(value, list):
        raise ModelError(
            "{key} must be a list of numbers", params={"key": key}, where=Where(key=key)
        )
    for at, entry in enumerate(value):
        if not _finite(entry):
            raise ModelError(
                "{key}: point {point} is {value}, not a number",
                params={"key": key, "point": at + 1, "value": entry},
                where=Where(key=key),
            )
    return np.array(value, np.float64)


def _distances(record: Mapping[str, Any], points: int) -> NDArray[np.float64]:
    """Distances in metres, given point by point or as the length of an evenly spaced profile."""
    for key, metres in DISTANCES:
        if key not in record:
            continue
        if isinstance(record[key], list):
            distance = _row(record, key) * metres
            if distance.size != points:
                raise ModelError(
                    "{key} has {n} points and height_m {points}",
                    params={"key": key, "n": distance.size, "points": points},
                    where=Where(key=key),
                )
            if distance[0] != 0.0 or (distance.size > 1 and np.diff(distance).min() <= 0.0):
                raise ModelError(
                    "{key} must start at 0 and rise", params={"key": key}, where=Where(key=key)
                )
            return distance
        length = _number(record, key) * metres
        if length <= 0.0:
            raise ModelError(
                "{key} is {value}: a path needs a length above 0",
                params={"key": key, "value": record[key]},
                where=Where(key=key),
            )
        spaced: NDArray[np.float64] = np.linspace(0.0, length, points)
        return spaced
    raise ModelError("distance_km is missing", where=Where(key="distance_km"))


def _latitude(record: Mapping[str, Any], length_km: float) -> float:
    """Latitude of the path's centre, given as such or by both terminals."""
    given = [key for key in TERMINALS if key in record]
    if "latitude_deg" in record or not given:
        latitude = _number(record, "latitude_deg", LinkPath.latitude_deg)
        _within("latitude_deg", latitude, 90.0)
        return latitude
    places = [_number(record, key) for key in TERMINALS]
    for key, place in zip(TERMINALS, places, strict=True):
        _within(key, place, 90.0 if key.endswith("lat") else 360.0)
    tx_lat, tx_lon, rx_lat, rx_lon = places
    return centre_latitude(tx_lat, tx_lon, rx_lat, rx_lon, length_km)


def _within(key: str, value: float, most: float) -> None:
    """Refuse an angle beyond ±`most` degrees."""
    if abs(value) > most:
        raise ModelError(
            "{key} is {value}, beyond ±{most:g} degrees",
            params={"key": key, "value": value, "most": most},
            where=Where(key=key),
        )


def _not_negative(record: Mapping[str, Any], key: str) -> float | None:
    """Return a number of at least 0, or None where it is not given."""
    if key not in record:
        return None
    value = _number(record, key)
    if value < 0.0:
        raise ModelError("{key} must not be below 0", params={"key": key}, where=Where(key=key))
    return value


def _refuse_nodata(height: NDArray[np.float64]) -> None:
    """Refuse a profile with a height that no ground on Earth has."""
    wrong = np.flatnonzero((height < LOWEST_M) | (height > HIGHEST_M))
    if wrong.size:
        raise ModelError(
            "height_m: point {point} is {value:g} m, no height of ground (nodata?)",
            params={"point": int(wrong[0]) + 1, "value": float(height[wrong[0]])},
            where=Where(key="height_m"),
        )


def _along(record: Mapping[str, Any], key: str, points: int) -> NDArray[np.float64] | None:
    """Return a list of one number a point, or None where it is not given."""
    if key not in record:
        return None
    row = _row(record, key)
    if row.size != points:
        raise ModelError(
            "{key} has {n} points and height_m {points}",
            params={"key": key, "n": row.size, "points": points},
            where=Where(key=key),
        )
    return row


def _ends(record: Mapping[str, Any], clutter: NDArray[np.float64] | None) -> PathEnds | None:
    """Return what stands round both antennas, of the keys that say so."""
    around: list[Surroundings | None] = []
    for side in ("tx", "rx"):
        key, height = f"{side}_environment", f"{side}_clutter_height_m"
        if key not in record:
            if height in record:
                raise ModelError(
                    "{key} goes with {other}",
                    params={"key": height, "other": key},
                    where=Where(key=height),
                )
            around.append(None)
            continue
        found = surroundings_of(str(record[key]))
        tall = _not_negative(record, height)
        around.append(found if tall is None else found._replace(clutter_m=tall))
    if around == [None, None]:
        return None
    if clutter is not None and clutter.any():
        raise ModelError(
            "clutter stands twice: in clutter_m along the path, and round its ends",
            where=Where(key="clutter_m"),
            mend="give one of them",
        )
    street = _not_negative(record, "street_m")
    return PathEnds(around[0], around[1], STREET_M if street is None else street)


def link_path(record: object) -> LinkPath:
    """Return the path a JSON object describes.

    Keys: ``freq_mhz``, ``tx_height_m``, ``rx_height_m``, ``height_m`` (list), ``distance_km``
    (length of an evenly spaced profile, or a list), ``distance_m`` or lists as ``distances_km``
    or ``distances_m``; optionally ``clutter_m``
    and ``zone`` (lists, or one value for all points), ``polarisation``, ``time_percent``,
    ``delta_n``, ``n0``, ``location_percent``, ``location_sigma_db``, ``tx_coast_km``,
    ``rx_coast_km``, ``tx_environment``, ``rx_environment`` (of P.2108-1: ``water``, ``open``,
    ``suburban``, ``urban``, ``trees``, ``dense_urban``) with ``tx_clutter_height_m``,
    ``rx_clutter_height_m`` and ``street_m``, and ``latitude_deg`` or ``tx_lat``, ``tx_lon``,
    ``rx_lat`` and ``rx_lon``.
    Other spellings are those of :data:`.pathkeys.SPELLINGS`; keys that are none of these are
    listed in `LinkPath.unknown`.

    Raises
    ------
    ModelError
        Naming the key that is missing, of another length, or not a number; also where a height
        lies outside -450 to 9000 m.
    """
    known, unknown = known_keys(record)
    for key in REQUIRED:
        if key not in known:
            raise ModelError("{key} is missing", params={"key": key}, where=Where(key=key))
    height = _row(known, "height_m")
    points = height.size
    if points < 2:
        raise ModelError(
            "height_m has {n} points; a profile needs at least 2",
            params={"n": points},
            where=Where(key="height_m"),
        )
    _refuse_nodata(height)
    distance = _distances(known, points)
    clutter = _along(known, "clutter_m", points)
    if clutter is not None and clutter.min() < 0.0:
        raise ModelError(
            "{key} must not be below 0", params={"key": "clutter_m"}, where=Where(key="clutter_m")
        )
    zone = _along(known, "zone", points)
    if zone is not None and not np.isin(zone, (1.0, 3.0, 4.0)).all():
        raise ModelError("zone must be 1, 3 or 4 at every point", where=Where(key="zone"))
    polarisation = known.get("polarisation", LinkPath.polarisation)
    if polarisation not in ("h", "v"):
        raise ModelError(
            "polarisation is {value}, not h or v",
            params={"value": polarisation},
            where=Where(key="polarisation"),
        )
    return LinkPath(
        distance_m=distance,
        height_m=height,
        clutter_m=np.zeros(points) if clutter is None else clutter,
        zone=np.full(points, 4, np.uint8) if zone is None else zone.astype(np.uint8),
        tx_height_m=_number(known, "tx_height_m"),
        rx_height_m=_number(known, "rx_height_m"),
        freq_mhz=_number(known, "freq_mhz"),
        polarisation=cast("Polarisation", polarisation),
        time_percent=_number(known, "time_percent", LinkPath.time_percent),
        delta_n=_number(known, "delta_n", LinkPath.delta_n),
        n0=_number(known, "n0", LinkPath.n0),
        latitude_deg=_latitude(known, float(distance[-1]) / 1000.0),
        location_percent=_number(known, "location_percent", LinkPath.location_percent),
        location_sigma_db=_not_negative(known, "location_sigma_db") or 0.0,
        tx_coast_km=_not_negative(known, "tx_coast_km"),
        rx_coast_km=_not_negative(known, "rx_coast_km"),
        ends=_ends(known, clutter),
        unknown=unknown,
    )
