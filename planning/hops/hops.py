"""Hops that hold: clear of the ground, strong enough, and up for the share of the year asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from phusong.planning.hops.clearance import clearance_ratios
from phusong.planning.hops.fading import (
    free_space_db,
    geoclimatic_factor,
    multipath_outage_percent,
)
from phusong.planning.hops.rain import rain_fade_db, rain_outage_percent
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Raster
from phusong.study.settings.planning import Microwave

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_AT_ONCE: Final = 64
"""Masts whose hops are looked at together: their ground is one window."""
_LEAST_M: Final = 30.0
"""Masts nearer than this stand on one place: no hop."""


@dataclass(frozen=True)
class Masts:
    """Places that hops may join.

    Attributes
    ----------
    x_m, y_m
        (masts,) in the study's CRS.
    height_m
        (masts,) above ground.
    """

    x_m: Floats
    y_m: Floats
    height_m: Floats


@dataclass(frozen=True)
class Hops:
    """Pairs of masts and what stands between them; every array is (hops,).

    Attributes
    ----------
    a, b
        Masts, ``a < b``, in that order.
    length_km
        Along the ground.
    clearance
        Least clearance over the radius of the first Fresnel zone; NaN where the ground is not
        known all along.
    margin_db
        Flat fade margin.
    outage_percent
        Of a year: rain's, and the multipath of the worst month.
    """

    a: Ints
    b: Ints
    length_km: Floats
    clearance: Floats
    margin_db: Floats
    outage_percent: Floats

    def holding(self, microwave: Microwave) -> Hops:
        """Return the hops that are clear and up often enough."""
        clear = self.clearance >= microwave.clearance
        up = self.outage_percent <= 100.0 - microwave.availability_percent + 1e-9
        return self.only(clear & up)

    def only(self, keep: NDArray[np.bool_] | Ints) -> Hops:
        """Return some of the hops."""
        return Hops(
            self.a[keep],
            self.b[keep],
            self.length_km[keep],
            self.clearance[keep],
            self.margin_db[keep],
            self.outage_percent[keep],
        )


def fade_margin_db(length_km: Floats, microwave: Microwave) -> Floats:
    """Return what is left of the level over the threshold, without fading."""
    sent = microwave.tx_power_dbm + 2.0 * microwave.antenna_gain_dbi - microwave.losses_db
    lost = free_space_db(length_km, microwave.freq_ghz) + microwave.gas_db_per_km * length_km
    return np.asarray(sent - lost - microwave.rx_threshold_dbm)


def outage_percent(
    length_km: Floats, low_m: Floats, high_m: Floats, microwave: Microwave
) -> Floats:
    """Return the share of a year a hop is down, at most 100.

    Rain's share is of an average year, multipath's of the worst month: on the safe side.

    Parameters
    ----------
    low_m, high_m
        (hops,) antennas above sea level.
    """
    margin = fade_margin_db(length_km, microwave)
    fade = rain_fade_db(length_km, microwave.freq_ghz, microwave.polarisation, microwave.rain_mm_h)
    rain = rain_outage_percent(margin, fade, microwave.freq_ghz)
    factor = geoclimatic_factor(microwave.gradient_n_per_km, microwave.roughness_m)
    multipath = multipath_outage_percent(
        margin, length_km, low_m, high_m, microwave.freq_ghz, factor
    )
    return np.minimum(rain + multipath, 100.0)


def pairs_within(
    masts: Masts, max_km: float, wanted: NDArray[np.bool_] | None = None
) -> tuple[Ints, Ints]:
    """Return the pairs of masts that are near enough for a hop, sorted.

    Parameters
    ----------
    wanted
        (masts,) of which a pair needs at least one, as hops between masts that both have
        fibre mend nothing; all by default.
    """
    places = np.column_stack([masts.x_m, masts.y_m])
    pairs = KDTree(places).query_pairs(max_km * 1000.0, output_type="ndarray").astype(np.int64)
    pairs = np.sort(pairs, axis=1)
    far = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T) >= _LEAST_M
    if wanted is not None:
        far &= wanted[pairs].any(axis=1)
    pairs = pairs[far]
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return pairs[order, 0], pairs[order, 1]


def longest_km(microwave: Microwave) -> float:
    """Return the longest hop that rain leaves up often enough, at most the study's.

    A hop's outage grows with its length, so that longer ones need not be looked at.
    """
    lengths = np.linspace(0.1, microwave.max_km, 1000)
    down = outage_percent(lengths, np.zeros(1000), np.full(1000, 1e9), microwave)
    held = np.flatnonzero(down <= 100.0 - microwave.availability_percent)
    return float(lengths[held[-1]]) if len(held) else 0.0


def find_hops(
    masts: Masts,
    terrain: Raster,
    microwave: Microwave,
    wanted: NDArray[np.bool_] | None = None,
    progress: Progress | None = None,
) -> Hops:
    """Look at every pair of masts that could be a hop.

    Memory is bounded by the ground round some masts, whatever their number.

    Parameters
    ----------
    masts
        Places and heights.
    terrain
        Ground heights on the study grid.
    wanted
        See :func:`pairs_within`.
    progress
        Told of the step ``hops``.

    Returns
    -------
    Hops
        All pairs looked at, those that do not hold too.
    """
    told = progress or NoProgress()
    reach_km = longest_km(microwave) if microwave.max_hops else 0.0
    a, b = pairs_within(masts, reach_km, wanted)
    told.start("hops", len(a), "Microwave hops")
    dish_m = np.maximum(masts.height_m - microwave.below_top_m, 1.0)
    tops = terrain.sample(masts.x_m, masts.y_m).astype(np.float64) + dish_m
    length_km = np.hypot(masts.x_m[a] - masts.x_m[b], masts.y_m[a] - masts.y_m[b]) / 1000.0
    clearance = np.full(len(a), np.nan)
    for part in _neighbourhoods(masts, a):
        clearance[part] = _clearances(masts, tops, a[part], b[part], terrain, microwave)
        told.advance("hops", len(part))
    low, high = np.minimum(tops[a], tops[b]), np.maximum(tops[a], tops[b])
    return Hops(
        a,
        b,
        length_km,
        clearance,
        fade_margin_db(length_km, microwave),
        outage_percent(length_km, low, high, microwave),
    )


def nearest_hops(hops: Hops, fresh: NDArray[np.bool_], most: int) -> Hops:
    """Keep the shortest hops of every new place: a longer one costs as much and holds worse.

    Parameters
    ----------
    fresh
        (masts,) which do not stand yet.
    most
        Hops kept of a new place to others that do not stand either; to masts that stand, half.
    """
    ends = np.concatenate([hops.a, hops.b])
    other = np.concatenate([hops.b, hops.a])
    which = np.tile(np.arange(len(hops.a)), 2)
    mine = fresh[ends]
    ends, other, which = ends[mine], other[mine], which[mine]
    stands = ~fresh[other]
    order = np.lexsort((which, hops.length_km[which], stands, ends))
    group = np.column_stack([ends, stands])[order]
    starts = np.ones(len(order), dtype=bool)
    starts[1:] = (group[1:] != group[:-1]).any(axis=1)
    first = np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))
    rank = np.arange(len(order)) - first
    enough = rank < np.where(stands[order], most // 2, most)
    return hops.only(np.unique(which[order][enough]))


def _neighbourhoods(masts: Masts, a: Ints) -> list[Ints]:
    """Group pairs by their first masts, masts near each other together."""
    firsts = np.unique(a)
    # Strips of masts from south to north, cut from west to east: near enough to one another.
    across = max(1, int(np.sqrt(len(firsts) / _AT_ONCE)))
    strip = np.argsort(np.argsort(masts.y_m[firsts], kind="stable"), kind="stable")
    strip = strip * across // max(len(firsts), 1)
    order = np.lexsort((masts.x_m[firsts], strip))
    out = []
    for start in range(0, len(firsts), _AT_ONCE):
        some = firsts[order[start : start + _AT_ONCE]]
        out.append(np.flatnonzero(np.isin(a, some)))
    return out


def _clearances(
    masts: Masts, tops: Floats, a: Ints, b: Ints, terrain: Raster, microwave: Microwave
) -> Floats:
    """Return the (hops,) clearance of some hops, from one window of ground."""
    ends = np.column_stack([masts.x_m[a], masts.y_m[a], masts.x_m[b], masts.y_m[b]])
    x, y = ends[:, [0, 2]], ends[:, [1, 3]]
    cell = terrain.grid.cell_m
    window = terrain.grid.window_of(
        (x.min() - 2 * cell, y.min() - 2 * cell, x.max() + 2 * cell, y.max() + 2 * cell)
    )
    west, _, _, north = terrain.grid.bounds_of(window)
    return clearance_ratios(
        terrain.read(window),
        (west, north),
        cell,
        ends,
        np.column_stack([tops[a], tops[b]]),
        microwave.freq_ghz,
        k_factor=microwave.k_factor,
        obstacles_m=microwave.obstacles_m,
        near_m=microwave.near_m,
    )
