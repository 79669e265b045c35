"""One path between two antennas, as planners write it down, and what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from phusong.coverage.propagation.p1812_terrain import centre_latitude
from phusong.errors import ModelError, Where

if TYPE_CHECKING:
    from numpy.typing import NDArray

Polarisation = Literal["h", "v"]
TERMINALS = ("tx_lat", "tx_lon", "rx_lat", "rx_lon")
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
    for key, metres in (("distance_km", 1000.0), ("distance_m", 1.0)):
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


def link_path(record: object) -> LinkPath:
    """Return the path a JSON object describes.

    Keys: ``freq_mhz``, ``tx_height_m``, ``rx_height_m``, ``height_m`` (list), ``distance_km``
    (length of an evenly spaced profile, or a list) or ``distance_m``; optionally ``clutter_m``
    and ``zone`` (lists), ``polarisation``, ``time_percent``, ``delta_n``, ``n0``, and
    ``latitude_deg`` or ``tx_lat``, ``tx_lon``,
    ``rx_lat`` and ``rx_lon``. Others are ignored.

    Raises
    ------
    ModelError
        Naming the key that is missing, of another length, or not a number.
    """
    if not isinstance(record, Mapping):
        raise ModelError("The line is no JSON object")
    for key in REQUIRED:
        if record.get(key) is None:
            raise ModelError("{key} is missing", params={"key": key}, where=Where(key=key))
    height = _row(record, "height_m")
    if height.size < 2:
        raise ModelError(
            "height_m has {n} points; a profile needs at least 2",
            params={"n": height.size},
            where=Where(key="height_m"),
        )
    distance = _distances(record, height.size)
    clutter, zone = np.zeros(height.size), np.full(height.size, 4, np.uint8)
    for key in ("clutter_m", "zone"):
        if record.get(key) is None:
            continue
        row = _row(record, key)
        if row.size != height.size:
            raise ModelError(
                "{key} has {n} points and height_m {points}",
                params={"key": key, "n": row.size, "points": height.size},
                where=Where(key=key),
            )
        if key == "clutter_m":
            if row.min() < 0.0:
                raise ModelError("clutter_m must not be below 0", where=Where(key=key))
            clutter = row
        else:
            if not np.isin(row, (1.0, 3.0, 4.0)).all():
                raise ModelError("zone must be 1, 3 or 4 at every point", where=Where(key=key))
            zone = row.astype(np.uint8)
    polarisation = record.get("polarisation", "v")
    if polarisation not in {"h", "v"}:
        raise ModelError(
            "polarisation is {value}, not h or v",
            params={"value": polarisation},
            where=Where(key="polarisation"),
        )
    if "latitude_deg" not in record and all(key in record for key in TERMINALS):
        tx_lat, tx_lon, rx_lat, rx_lon = (_number(record, key) for key in TERMINALS)
        length_km = float(distance[-1]) / 1000.0
        latitude = centre_latitude(tx_lat, tx_lon, rx_lat, rx_lon, length_km)
    else:
        latitude = _number(record, "latitude_deg", LinkPath.latitude_deg)
    return LinkPath(
        distance_m=distance,
        height_m=height,
        clutter_m=clutter,
        zone=zone,
        tx_height_m=_number(record, "tx_height_m"),
        rx_height_m=_number(record, "rx_height_m"),
        freq_mhz=_number(record, "freq_mhz"),
        polarisation=cast("Polarisation", polarisation),
        time_percent=_number(record, "time_percent", LinkPath.time_percent),
        delta_n=_number(record, "delta_n", LinkPath.delta_n),
        n0=_number(record, "n0", LinkPath.n0),
        latitude_deg=latitude,
    )
