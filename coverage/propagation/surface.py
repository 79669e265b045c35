"""What a model is given and what it gives back: terrain window, mast, settings, path loss."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.coverage.propagation.surroundings import Ends

FLAG_BEYOND_RADIUS = 1
"""The cell lies beyond the radius asked for; its loss is NaN."""
FLAG_NO_DATA = 2
"""The terrain has no height at the cell or on the way to it; the loss is NaN."""
FLAG_FREE_SPACE = 4
"""Too near the mast for the model: the loss is that of free space."""
FLAG_BRANCH_NEAR = 8
"""Within 1e-9 of a branch of the model: rounding may choose either side."""
FLAG_LINE_OF_SIGHT = 16
"""Nothing stands above the ray from antenna to receiver (effective earth, median air)."""
FLAG_MODEL_WARNING = 32
"""The model warns: the path lies outside of what it was made from, the loss is less certain."""
FLAG_NO_VALUE = 64
"""The model's formulas have no real value on this path; the loss is NaN."""
FLAG_NOT_ASKED = 128
"""Nobody asks for the loss at the cell; it is NaN."""

ZONE_SEA = 1
ZONE_COASTAL = 3
ZONE_INLAND = 4


@dataclass(frozen=True)
class Surface:
    """A window of the study's grid: square cells, row 0 the northernmost.

    Parameters
    ----------
    height_m
        Ground height, shape (rows, cols), float32; NaN where there is no data.
    x0_m, y0_m
        Outer corner of the north-west cell: its left edge and its top edge.
    cell_m
        Side of a cell.
    clutter_m
        Representative clutter height, same shape, at least 0; None where unknown or where the
        heights already are those of a surface model.
    zone
        Radio-climatic zone of ITU-R P.1812 §3.3 (1 sea, 3 coastal land, 4 inland), same shape;
        None is inland everywhere.
    end
        What stands round a receiver, as an index of ``Ends.receivers``, same shape; None is 0
        everywhere.
    rise_m
        Height above ground of the receiver's end of the path, same shape, float32; None is the
        receiver's own height everywhere. Filled in by :func:`.ends.raise_ends`.
    asked
        Cells whose loss is asked for, same shape; None is all of them. It changes no loss.
    """

    height_m: NDArray[np.float32]
    x0_m: float
    y0_m: float
    cell_m: float
    clutter_m: NDArray[np.float32] | None = None
    zone: NDArray[np.uint8] | None = None
    end: NDArray[np.uint8] | None = None
    rise_m: NDArray[np.float32] | None = None
    asked: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        # A part cut out of a larger array is copied: kernels would be compiled anew for it.
        for name in ("height_m", "clutter_m", "zone", "end", "rise_m", "asked"):
            layer = getattr(self, name)
            if layer is not None:
                object.__setattr__(self, name, np.ascontiguousarray(layer))


@dataclass(frozen=True)
class Transmitter:
    """An antenna: its place in the grid's coordinates and its height above ground."""

    x_m: float
    y_m: float
    height_m: float


@dataclass(frozen=True)
class PropagationSettings:
    """What shapes a path loss beside the ground, the mast and the frequency; hashable.

    Parameters
    ----------
    model
        Name of the model: ``p526``, ``p1812``, ``free_space`` or another of the registry.
    rx_height_m
        Receiver height above ground.
    radius_m
        How far from the mast losses are computed.
    effective_earth_radius_km
        For ``p526``; ``p1812`` derives both its radii from `delta_n` and Table 2.
    polarisation
        ``h`` or ``v``.
    time_percent
        Share of an average year for which the loss is not exceeded (P.1812: 1 to 50).
    delta_n
        Average refractivity lapse rate through the lowest km of air, N-units/km, of the site.
    n0
        Sea-level surface refractivity, N-units, of the site.
    latitude_deg
        Latitude of the site (P.1812 §3.6).
    radio_climate
        For ``itm``: 1 equatorial, 2 continental subtropical, 3 maritime subtropical, 4 desert,
        5 continental temperate, 6 maritime temperate over land, 7 over sea.
    environment
        For the Hata family: ``metropolitan``, ``urban``, ``suburban`` or ``open``.
    radial_step_m
        Spacing of the profile's points; None is one cell.
    arc_step_m
        Spacing of the radials at the radius; None is one cell.
    ends
        Clutter round mast and receivers, for models that do not hold it already; None: there is
        none.
    """

    model: str = "p526"
    rx_height_m: float = 1.5
    radius_m: float = 20_000.0
    effective_earth_radius_km: float = 8500.0
    polarisation: Literal["h", "v"] = "v"
    time_percent: float = 50.0
    delta_n: float = 45.0
    n0: float = 325.0
    latitude_deg: float = 21.0
    radio_climate: int = 5
    environment: str = "open"
    radial_step_m: float | None = None
    arc_step_m: float | None = None
    ends: Ends | None = None

    def steps_m(self, cell_m: float) -> tuple[float, float]:
        """Return the radial and the arc step for a grid of cells `cell_m` wide."""
        return self.radial_step_m or cell_m, self.arc_step_m or cell_m

    def radials(self, cell_m: float) -> int:
        """Return the number of radials the disc is cut into."""
        return max(8, math.ceil(2.0 * math.pi * self.radius_m / self.steps_m(cell_m)[1]))


@dataclass(frozen=True)
class PathLoss:
    """Loss from one antenna to every cell within the radius.

    Parameters
    ----------
    row0, col0
        Where the arrays' first cell lies in the surface they were computed from.
    freqs_mhz
        The bands, in the order of `loss_db`.
    loss_db
        Basic transmission loss, shape (bands, rows, cols); NaN beyond the radius or off the data.
    elevation_deg
        Angle above horizontal at the antenna, shape (rows, cols): towards the receiver, or
        towards the radio horizon where the path is obstructed (effective earth).
    flags
        Bits ``FLAG_*``, shape (rows, cols).
    """

    row0: int
    col0: int
    freqs_mhz: tuple[float, ...]
    loss_db: NDArray[np.float32]
    elevation_deg: NDArray[np.float32]
    flags: NDArray[np.uint8]
