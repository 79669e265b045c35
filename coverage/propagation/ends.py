"""Clutter round the two antennas of a path, once for every model (ITU-R P.2108-1).

Up to 3 GHz §3.1 holds: the path is computed with an antenna below its clutter raised to the
clutter's height, and the loss from there down comes on top. Above 3 GHz §3.2 holds: the path is
computed with the antenna where it is, and the median loss of built-up ground comes on top; the
Recommendation gives nothing for open ground there, so nothing is added. Neither loss depends on
the terrain: a sweep takes the heights, and the losses are added to what it gives.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from phusong.coverage.propagation.p2108 import (
    CAP_KM,
    HEIGHT_GAIN_MHZ,
    height_gain_db,
    statistical_db,
)
from phusong.coverage.propagation.surface import FLAG_LINE_OF_SIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from phusong.coverage.propagation.linkpath import LinkPath
    from phusong.coverage.propagation.surface import (
        PathLoss,
        PropagationSettings,
        Surface,
        Transmitter,
    )
    from phusong.coverage.propagation.surroundings import Surroundings

LEAST_RISE_M: Final = 1.0
"""An antenna is never taken to stand lower over the top of a surface model (P.1812-7 Table 1)."""
NEAREST_KM: Final = 0.25
"""Nearer, §3.2 has no value: that at this distance is taken."""


def is_raised(freq_mhz: float) -> bool:
    """Whether §3.1 holds: the path is computed from the top of the clutter."""
    return freq_mhz <= HEIGHT_GAIN_MHZ[1]


def path_height_m(height_m: float, around: Surroundings | None, *, over_top: bool) -> float:
    """Return the height above the ground (or the surface) to compute the path with (§3.1)."""
    if around is None or height_m >= around.clutter_m:
        return height_m
    if over_top and around.diffracts:
        return LEAST_RISE_M  # the surface is the top of the clutter
    return around.clutter_m


def loss_db(
    freq_mhz: float,
    height_m: float,
    around: Surroundings | None,
    street_m: float,
    distance_km: float = CAP_KM,
) -> float:
    """Return the median clutter loss of one antenna, dB.

    Parameters
    ----------
    freq_mhz, height_m
        Frequency, and the antenna's own height above ground.
    around, street_m
        What stands round it.
    distance_km
        Length of the path; matters above 3 GHz, up to 2 km.
    """
    if around is None or height_m >= around.clutter_m:
        return 0.0
    if is_raised(freq_mhz):
        low = max(freq_mhz, HEIGHT_GAIN_MHZ[0])
        return float(
            height_gain_db(low / 1e3, height_m, around.clutter_m, street_m, around.diffracts)
        )
    if not around.diffracts:
        return 0.0
    at_km = min(max(distance_km, NEAREST_KM), CAP_KM)
    return float(statistical_db(freq_mhz / 1e3, at_km, 0.0, 1.0))


def groups(freqs_mhz: Sequence[float]) -> list[tuple[float, ...]]:
    """Part bands by the heights their paths are computed with: §3.1's, then §3.2's."""
    low = tuple(f for f in freqs_mhz if is_raised(f))
    high = tuple(f for f in freqs_mhz if not is_raised(f))
    return [group for group in (low, high) if group]


def raise_ends(
    surface: Surface, tx: Transmitter, freqs_mhz: Sequence[float], settings: PropagationSettings
) -> tuple[Surface, Transmitter, PropagationSettings]:
    """Return what a sweep is to be given for bands of one group: heights of the path's ends.

    A surface without classes keeps one height for all receivers; else ``Surface.rise_m`` holds
    that of every cell.
    """
    ends = settings.ends
    if ends is None or not is_raised(freqs_mhz[0]):
        return surface, tx, settings
    height = path_height_m(tx.height_m, ends.mast, over_top=ends.over_top)
    rise = np.array(
        [
            path_height_m(settings.rx_height_m, around, over_top=ends.over_top)
            for around in ends.receivers
        ],
        dtype=np.float32,
    )
    tx = replace(tx, height_m=height)
    if surface.end is None or (rise == rise[0]).all():
        return surface, tx, replace(settings, rx_height_m=float(rise[0]))
    return replace(surface, rise_m=rise[surface.end]), tx, settings


def add_losses(
    found: PathLoss,
    surface: Surface,
    tx: Transmitter,
    settings: PropagationSettings,
    raised: tuple[Surface, Transmitter, PropagationSettings],
) -> PathLoss:
    """Add the clutter's loss to what a sweep gave, and see the antenna and the phone as they are.

    Parameters
    ----------
    found
        The sweep's losses, changed in place.
    surface, tx, settings
        As they are.
    raised
        What the sweep was given, of :func:`raise_ends`.
    """
    ends = settings.ends
    if ends is None:
        return found
    rows, cols = found.flags.shape
    inside = (slice(found.row0, found.row0 + rows), slice(found.col0, found.col0 + cols))
    kind = None if surface.end is None else surface.end[inside]
    east_m, south_m = _from_mast_m(found, surface, tx)
    for band, freq in enumerate(found.freqs_mhz):
        mast_db = loss_db(freq, tx.height_m, ends.mast, ends.street_m)
        table = np.array(
            [
                mast_db + loss_db(freq, settings.rx_height_m, around, ends.street_m)
                for around in ends.receivers
            ],
            dtype=np.float32,
        )
        found.loss_db[band] += table[0] if kind is None else table[kind]
        if not is_raised(freq):
            away_m = np.hypot(east_m[None, :], south_m[:, None])
            found.loss_db[band] -= _less_when_near(freq, away_m, kind, settings)
    _lower_the_eye(found, inside, (east_m, south_m), tx, settings, raised)
    return found


def _from_mast_m(
    found: PathLoss, surface: Surface, tx: Transmitter
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return how far east of the mast each column of the window lies, and how far off each row."""
    rows, cols = found.flags.shape
    x = surface.x0_m + (found.col0 + np.arange(cols) + 0.5) * surface.cell_m - tx.x_m
    y = surface.y0_m - (found.row0 + np.arange(rows) + 0.5) * surface.cell_m - tx.y_m
    return x.astype(np.float32), y.astype(np.float32)


def _less_when_near(
    freq_mhz: float,
    away_m: NDArray[np.float32],
    kind: NDArray[np.uint8] | None,
    settings: PropagationSettings,
) -> NDArray[np.float32]:
    """Return by how much §3.2's loss is under its cap at each receiver (eq. 6)."""
    ends = settings.ends
    assert ends is not None
    lossy = np.array(
        [around.diffracts and settings.rx_height_m < around.clutter_m for around in ends.receivers]
    )
    out = np.zeros(away_m.shape, np.float32)
    near = (away_m < CAP_KM * 1e3) & (lossy[0] if kind is None else lossy[kind])
    if near.any():
        steps_km = np.linspace(NEAREST_KM, CAP_KM, 176)  # every 10 m: under 0.02 dB of error
        at_steps = np.array([statistical_db(freq_mhz / 1e3, km, 0.0, 1.0) for km in steps_km])
        out[near] = at_steps[-1] - np.interp(away_m[near] / 1e3, steps_km, at_steps)
    return out


def _lower_the_eye(
    found: PathLoss,
    inside: tuple[slice, slice],
    from_mast_m: tuple[NDArray[np.float32], NDArray[np.float32]],
    tx: Transmitter,
    settings: PropagationSettings,
    raised: tuple[Surface, Transmitter, PropagationSettings],
) -> None:
    """Turn the elevation of cells in sight to the phone's own height and the antenna's own.

    Towards a horizon the terrain decides, and nothing is changed.
    """
    high_surface, high_tx, high_settings = raised
    rise_m: NDArray[np.float32] | float = high_settings.rx_height_m
    if high_surface.rise_m is not None:
        rise_m = high_surface.rise_m[inside]
    lift_m = (high_tx.height_m - tx.height_m) - (rise_m - settings.rx_height_m)
    if not np.any(lift_m):
        return
    sight = (found.flags & FLAG_LINE_OF_SIGHT) != 0
    rows, cols = np.nonzero(sight)
    away_m = np.hypot(from_mast_m[0][cols], from_mast_m[1][rows])
    lift = np.broadcast_to(lift_m, sight.shape)[sight]
    slope = np.tan(np.radians(found.elevation_deg[sight])) + lift / np.maximum(away_m, 1.0)
    found.elevation_deg[sight] = np.degrees(np.arctan(slope))


def together(parts: Sequence[PathLoss], freqs_mhz: tuple[float, ...]) -> PathLoss:
    """Return the losses of several groups of bands as one, in the order asked for.

    Elevations are the first group's; a flag of any group is a flag of the whole, and nothing is
    in sight that is not in sight for all.
    """
    first = parts[0]
    loss = {f: part.loss_db[i] for part in parts for i, f in enumerate(part.freqs_mhz)}
    flags = np.bitwise_or.reduce([part.flags for part in parts])
    clear = np.bitwise_and.reduce([part.flags for part in parts]) & FLAG_LINE_OF_SIGHT
    return replace(
        first,
        freqs_mhz=freqs_mhz,
        loss_db=np.stack([loss[f] for f in freqs_mhz]),
        flags=((flags & ~np.uint8(FLAG_LINE_OF_SIGHT)) | clear).astype(np.uint8),
    )


def raise_path(path: LinkPath) -> tuple[LinkPath, float]:
    """Return the path to compute, and the clutter loss of both ends to add to it, dB."""
    ends = path.ends
    if ends is None:
        return path, 0.0
    length_km = path.length_m / 1e3
    more = sum(
        loss_db(path.freq_mhz, height, around, ends.street_m, length_km)
        for height, around in ((path.tx_height_m, ends.tx), (path.rx_height_m, ends.rx))
    )
    if not is_raised(path.freq_mhz):
        return path, more
    tx_m = path_height_m(path.tx_height_m, ends.tx, over_top=ends.over_top)
    rx_m = path_height_m(path.rx_height_m, ends.rx, over_top=ends.over_top)
    if math.isclose(tx_m, path.tx_height_m) and math.isclose(rx_m, path.rx_height_m):
        return path, more
    return replace(path, tx_height_m=tx_m, rx_height_m=rx_m), more
