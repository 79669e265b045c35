"""Rows of one place and carrier made one: a parked phone weighs no more than one that drives by.

First fast fading goes: power is averaged over 40 wavelengths along the way, which leaves the local
mean (W. C. Y. Lee, IEEE Trans. Veh. Technol. VT-34, 1985). It is the mean of milliwatts, as RSRP
itself is (TS 36.214 clause 5.1.1). Then the rows of a cell of the DEM, for which one level is
predicted, give their median: the predicted level is the median of places, and a median is the same
in dB and in milliwatts and is not moved by a handful of odd rows.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.calibration.levels import RANGE_DBM
from phusong.grid import Grid

WAVELENGTHS: Final = 40.0
_LIGHT_M_MHZ: Final = 299.792458
"""Wavelength in metres times frequency in MHz."""
CARRIER: Final = ("place_id", "operator", "technology", "cell_id", "freq_mhz", "serving")
"""Rows alike in all of these are of one place and carrier."""
_STEP_NS: Final = 1e6
"""Nanoseconds that stand for a metre: pandas' rolling windows of unequal rows run over time."""


def place_ids(x_m: NDArray[np.float64], y_m: NDArray[np.float64], grid: Grid) -> NDArray[np.int64]:
    """Return (rows,) the cell of the grid each place lies in, counted by row; -1 off the grid."""
    row, col = grid.cell_of(x_m, y_m)
    on = (row >= 0) & (row < grid.rows) & (col >= 0) & (col < grid.cols)
    return np.asarray(np.where(on, row * grid.cols + col, -1), dtype=np.int64)


def _groups(frame: pd.DataFrame, columns: tuple[str, ...]) -> NDArray[np.int64]:
    """Give rows that are alike in some columns one number; missing is alike to missing."""
    keys = frame[list(columns)].astype(object).where(frame[list(columns)].notna(), "")
    return np.asarray(keys.groupby(list(columns), sort=False).ngroup(), dtype=np.int64)


def _sound(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Say which rows have a level that a handset may report."""
    low, high = RANGE_DBM
    level = frame["level_dbm"].to_numpy(dtype=np.float64)
    return np.asarray((level >= low) & (level <= high))


def weights(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return (rows,) one over the rows of the same place and carrier that have a level."""
    sound = _sound(frame)
    group = _groups(frame, CARRIER)
    count = np.bincount(group, weights=sound, minlength=1)
    return np.where(sound, 1.0 / np.maximum(count[group], 1.0), 0.0)


def local_means_dbm(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return levels averaged over 40 wavelengths along the way, in the order they were taken.

    Parameters
    ----------
    frame
        ``level_dbm``, ``x_m``, ``y_m``, ``carrier_mhz`` (NaN: not averaged), ``time``, ``row``,
        and the columns of ``CARRIER``.

    Returns
    -------
    ndarray
        (rows,) dBm.
    """
    out = frame["level_dbm"].to_numpy(dtype=np.float64).copy()
    sound = _sound(frame)
    group = _groups(frame, CARRIER[1:])
    order = np.lexsort((frame["row"], frame["time"].astype("int64"), group))
    cuts = np.flatnonzero(np.diff(group[order])) + 1
    for at in np.split(order, cuts):
        usable = at[sound[at]]
        freq = frame["carrier_mhz"].to_numpy(dtype=np.float64)[usable]
        if usable.size < 2 or np.isnan(freq).any():
            continue
        x, y = (frame[name].to_numpy(dtype=np.float64)[usable] for name in ("x_m", "y_m"))
        way = np.append(0.0, np.cumsum(np.hypot(np.diff(x), np.diff(y))))
        window_m = WAVELENGTHS * _LIGHT_M_MHZ / float(freq.max())
        out[usable] = _rolling_dbm(out[usable], way, window_m)
    return out


def _rolling_dbm(
    level_dbm: NDArray[np.float64], way_m: NDArray[np.float64], window_m: float
) -> NDArray[np.float64]:
    """Return the mean power in a window centred on each row."""
    index: Any = pd.to_datetime(np.round(way_m * _STEP_NS).astype(np.int64))
    power = pd.Series(10.0 ** (level_dbm / 10.0), index=index)
    window = pd.Timedelta(int(window_m * _STEP_NS), unit="ns")
    mean = power.rolling(window, center=True, closed="both").mean().to_numpy()
    return np.asarray(10.0 * np.log10(mean))


def _votes(frame: pd.DataFrame) -> NDArray[np.int64]:
    """Give rows that count together one number; one without a level, or off the grid, is alone."""
    alone = ~_sound(frame) | (frame["place_id"].to_numpy() < 0)
    return np.asarray(np.where(alone, -1 - np.arange(len(frame)), _groups(frame, CARRIER)))


def spokesmen(frame: pd.DataFrame) -> NDArray[np.int64]:
    """Return (rows,) the ``row`` under which each counts in :func:`one_a_place`."""
    if frame.empty:
        return np.zeros(0, dtype=np.int64)
    _, first, of = np.unique(_votes(frame), return_index=True, return_inverse=True)
    return np.asarray(frame["row"].to_numpy(dtype=np.int64)[first][of])


def one_a_place(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each place and carrier.

    Rows without a level, or off the grid, stay as they are. ``rows`` is how many stand behind
    each, ``row`` the first of them; places and coordinates are their mean.

    Parameters
    ----------
    frame
        See :attr:`phusong.coverage.calibration.measurements.Measurements.frame`.
    """
    frame = frame.reset_index(drop=True)
    if frame.empty:
        return frame.assign(rows=pd.Series(dtype="int64"))
    _, first, of = np.unique(_votes(frame), return_index=True, return_inverse=True)
    count = np.bincount(of)
    out = frame.iloc[first].reset_index(drop=True)
    for name in ("x_m", "y_m", "longitude", "latitude"):
        out[name] = np.bincount(of, weights=frame[name].to_numpy(dtype=np.float64)) / count
    level = pd.Series(local_means_dbm(frame)).groupby(of).median()
    out["level_dbm"] = level.to_numpy()
    out["rows"] = count
    out["weight"] = np.where(np.isnan(out["level_dbm"].to_numpy()), 0.0, 1.0)
    return out.sort_values("row", kind="stable").reset_index(drop=True)
