"""Antennas: how much weaker a sector is towards a place than in its main beam.

Angles are azimuths clockwise from grid north, and elevations above the horizontal at the
antenna. Tilts are positive downwards, as planners write them.

A mechanical tilt turns the antenna about a horizontal axis across its azimuth: the beam is
lowered by the tilt in front, not at all to the sides, and raised behind. An electrical tilt
lowers the beam by the same angle at every azimuth.

The arithmetic is scalar functions over a table row, so that a kernel over rasters and a call
for one direction give the same number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from phusong.jit import njit
from phusong.sources.towers.antennas.patterns import Pattern
from phusong.study import Antenna

KIND_OMNI: Final = 0.0
KIND_SECTOR: Final = 1.0

# Columns of a beam row.
(
    KIND,
    AZIMUTH_SIN,
    AZIMUTH_COS,
    TILT_SIN,
    TILT_COS,
    ELECTRICAL,
    H_WIDTH,
    V_WIDTH,
    CEILING,
    SIDE_LOBE,
    PATTERN,
) = range(11)
BEAM_COLUMNS: Final = 11
_NO_PATTERN: Final = -1.0


@dataclass(frozen=True)
class Beams:
    """Distinct antennas of a study as arrays a kernel can read.

    Attributes
    ----------
    rows
        (beams, 11) float64, one row an antenna in its direction and tilts.
    horizontal_db, vertical_db
        (patterns, 360) float64 attenuation of the antenna files; at least one row.
    """

    rows: NDArray[np.float64]
    horizontal_db: NDArray[np.float64]
    vertical_db: NDArray[np.float64]


@njit(cache=True, nogil=True)
def parametric_attenuation_db(
    off_azimuth_deg: float,
    elevation_deg: float,
    electrical_tilt_deg: float,
    h_width_deg: float,
    v_width_deg: float,
    ceiling_db: float,
    side_lobe_db: float,
) -> float:
    """Return the attenuation of the 3GPP sector antenna, in dB (0 or positive).

    TR 36.814 table A.2.1.1-2 (and TR 38.901 table 7.3-1): the horizontal cut
    min(12 (phi/phi_3dB)^2, A_m) and the vertical min(12 ((theta - theta_tilt)/theta_3dB)^2,
    SLA_v), added and again held to A_m. A horizontal width of 0 stands for no horizontal cut.
    """
    horizontal = 0.0
    if h_width_deg > 0.0:
        horizontal = min(12.0 * (off_azimuth_deg / h_width_deg) ** 2, ceiling_db)
    vertical = min(12.0 * ((elevation_deg + electrical_tilt_deg) / v_width_deg) ** 2, side_lobe_db)
    return min(horizontal + vertical, ceiling_db)


@njit(cache=True, nogil=True)
def _table_at(table: Any, index: int, angle_deg: float) -> float:
    """Attenuation of one cut at an angle, linear between whole degrees."""
    turned = angle_deg % 360.0
    low = int(turned)
    part = turned - low
    low = low % 360
    high = (low + 1) % 360
    return table[index, low] * (1.0 - part) + table[index, high] * part  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def pattern_attenuation_db(
    horizontal_db: Any,
    vertical_db: Any,
    index: int,
    off_azimuth_deg: float,
    elevation_deg: float,
    further_tilt_deg: float,
) -> float:
    """Return the attenuation of a measured antenna between its two cuts, in dB.

    The cuts are joined as F. Gil et al. do (A 3-D interpolation method for base-station
    antenna radiation patterns, IEEE Antennas and Propagation Magazine 43 (2), 2001): the
    horizontal cut, corrected by what the vertical cut differs from it in front and behind,
    weighted by the angle from either. Both cuts come out exactly.
    """
    down = -elevation_deg - further_tilt_deg
    behind = 180.0 - down
    share = min(abs(off_azimuth_deg), 180.0) / 180.0
    front_db = _table_at(horizontal_db, index, 0.0) - _table_at(vertical_db, index, down)
    back_db = _table_at(horizontal_db, index, 180.0) - _table_at(vertical_db, index, behind)
    flat = _table_at(horizontal_db, index, off_azimuth_deg)
    return max(0.0, flat - (1.0 - share) * front_db - share * back_db)  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def beam_attenuation_db(
    beams: Any,
    beam: int,
    horizontal_db: Any,
    vertical_db: Any,
    east: float,
    north: float,
    elevation_deg: float,
    elevation_cos: float,
    elevation_sin: float,
) -> float:
    """Return the attenuation of row ``beam`` towards a direction, in dB (0 or positive).

    The azimuth comes as its sine and cosine, the elevation with both: a kernel has them from
    one square root, and shares them among the beams of a mast.
    """
    off = 0.0
    elevation = elevation_deg
    if beams[beam, KIND] != KIND_OMNI:
        # The direction as a vector (ahead, right, up), turned into the antenna's own frame.
        ahead = elevation_cos * (north * beams[beam, AZIMUTH_COS] + east * beams[beam, AZIMUTH_SIN])
        right = elevation_cos * (east * beams[beam, AZIMUTH_COS] - north * beams[beam, AZIMUTH_SIN])
        sine = beams[beam, TILT_SIN]
        if sine != 0.0:
            cosine = beams[beam, TILT_COS]
            up = ahead * sine + elevation_sin * cosine
            ahead = ahead * cosine - elevation_sin * sine
            elevation = math.degrees(math.asin(min(1.0, max(-1.0, up))))
        off = math.degrees(math.atan2(right, ahead))
    if beams[beam, PATTERN] >= 0.0:
        return pattern_attenuation_db(  # type: ignore[no-any-return]
            horizontal_db,
            vertical_db,
            int(beams[beam, PATTERN]),
            off,
            elevation,
            beams[beam, ELECTRICAL],
        )
    return parametric_attenuation_db(  # type: ignore[no-any-return]
        off,
        elevation,
        beams[beam, ELECTRICAL],
        beams[beam, H_WIDTH],
        beams[beam, V_WIDTH],
        beams[beam, CEILING],
        beams[beam, SIDE_LOBE],
    )


@njit(cache=True, nogil=True)
def _attenuate(
    beams: Any,
    beam: int,
    horizontal_db: Any,
    vertical_db: Any,
    azimuths: Any,
    elevations: Any,
    out: Any,
) -> None:
    for i in range(out.size):
        turn = math.radians(azimuths[i])
        rise = math.radians(elevations[i])
        out[i] = beam_attenuation_db(
            beams,
            beam,
            horizontal_db,
            vertical_db,
            math.sin(turn),
            math.cos(turn),
            elevations[i],
            math.cos(rise),
            math.sin(rise),
        )


def attenuation_db(
    beams: Beams, beam: int, azimuth_deg: ArrayLike, elevation_deg: ArrayLike
) -> NDArray[np.float64]:
    """Return the attenuation of one beam towards many directions.

    Parameters
    ----------
    beams
        As :func:`beam_table` gives it.
    beam
        Row of ``beams.rows``.
    azimuth_deg, elevation_deg
        Directions, of one shape (or broadcast to one).

    Returns
    -------
    ndarray
        Attenuation in dB, 0 in the main beam, positive elsewhere.
    """
    azimuths, elevations = np.broadcast_arrays(
        np.asarray(azimuth_deg, dtype=np.float64), np.asarray(elevation_deg, dtype=np.float64)
    )
    out = np.empty(azimuths.size)
    _attenuate(
        beams.rows,
        beam,
        beams.horizontal_db,
        beams.vertical_db,
        np.ascontiguousarray(azimuths).ravel(),
        np.ascontiguousarray(elevations).ravel(),
        out,
    )
    return out.reshape(azimuths.shape)


def _further_tilt_deg(electrical_tilt_deg: float, pattern: Pattern) -> float:
    """Tilt to add to a measured pattern, which holds the tilt it was measured with.

    A cell that states no electrical tilt (NaN) takes the file as it is; one that states a tilt,
    be it 0, gets the beam there.
    """
    if math.isnan(electrical_tilt_deg):
        return 0.0
    return electrical_tilt_deg - pattern.tilt_deg


def _beam_row(
    cell: dict[str, Any], antenna: Antenna, files: Sequence[str], patterns: dict[str, Pattern]
) -> tuple[float, ...]:
    """Make the row of the beam table for a cell."""
    azimuth = float(cell["azimuth_deg"])
    electrical = float(cell["electrical_tilt_deg"])
    omni = math.isnan(azimuth)
    turn = 0.0 if omni else math.radians(azimuth)
    tilt = 0.0 if omni else math.radians(float(cell["mechanical_tilt_deg"]))
    head = (
        KIND_OMNI if omni else KIND_SECTOR,
        math.sin(turn),
        math.cos(turn),
        math.sin(tilt),
        math.cos(tilt),
    )
    name = cell["antenna_file"]
    if isinstance(name, str) and name:
        further = _further_tilt_deg(electrical, patterns[name])
        return (*head, further, 0.0, 0.0, 0.0, 0.0, float(files.index(name)))
    electrical = 0.0 if math.isnan(electrical) else electrical
    given_h, given_v = (
        float(cell["horizontal_beamwidth_deg"]),
        float(cell["vertical_beamwidth_deg"]),
    )
    if omni:
        v_width = antenna.omni_vertical_beamwidth_deg if math.isnan(given_v) else given_v
        ceiling = antenna.side_lobe_db
        return (*head, electrical, 0.0, v_width, ceiling, antenna.side_lobe_db, _NO_PATTERN)
    h_width = antenna.horizontal_beamwidth_deg if math.isnan(given_h) else given_h
    v_width = antenna.vertical_beamwidth_deg if math.isnan(given_v) else given_v
    ceiling = antenna.front_to_back_db
    return (*head, electrical, h_width, v_width, ceiling, antenna.side_lobe_db, _NO_PATTERN)


def beam_table(
    cells: pd.DataFrame, antenna: Antenna, patterns: dict[str, Pattern]
) -> tuple[Beams, NDArray[np.int64]]:
    """Return the distinct beams of cells, and the beam of each cell.

    Parameters
    ----------
    cells
        With the antenna columns of ``Inputs.cells``. An azimuth of NaN is an omnidirectional
        antenna (with a file: only its vertical cut in front is used, at every azimuth).
    antenna
        The study's parametric antenna, where a cell has no file.
    patterns
        Antenna files by the name the cells use.

    Returns
    -------
    beams
        The table.
    beam_of_cell
        (cells,) row of the table for each cell.
    """
    files = sorted(patterns)
    index: dict[tuple[float, ...], int] = {}
    rows: list[tuple[float, ...]] = []
    of_cell = np.zeros(len(cells), dtype=np.int64)
    records: list[dict[str, Any]] = cells.to_dict("records")  # type: ignore[assignment]
    for i, cell in enumerate(records):
        row = _beam_row(cell, antenna, files, patterns)
        if row not in index:
            index[row] = len(rows)
            rows.append(row)
        of_cell[i] = index[row]
    tables = [patterns[name] for name in files]
    blank = np.zeros((1, 360))
    return (
        Beams(
            np.asarray(rows, dtype=np.float64).reshape(len(rows), BEAM_COLUMNS),
            np.stack([p.horizontal_db for p in tables]) if tables else blank,
            np.stack([p.vertical_db for p in tables]) if tables else blank,
        ),
        of_cell,
    )
