"""A disc of receivers round an antenna, as the sweeps' kernels take and fill it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from phusong.coverage.propagation.surface import PathLoss
from phusong.coverage.propagation.walk.fan import bilinear, fan_of, points_before
from phusong.jit import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.coverage.propagation.surface import PropagationSettings, Surface, Transmitter


class Disc(NamedTuple):
    """The ground, the fan of radials over it, the terminals, and room for what is computed.

    Parameters
    ----------
    height_m, clutter_m, zone, rise_m
        The surface's layers, shape (rows, cols) of the surface; a layer that it does not have is
        of shape (0, 0).
    cell_m, step_m
        Side of a cell, and spacing of the points along a radial.
    row0, col0, tx_row, tx_col, cells, start
        As in :class:`phusong.coverage.propagation.walk.fan.Fan`.
    most
        One more than the largest number of points on any radial, and one of room.
    ground_tx_m, antenna_m, rx_height_m
        Ground under the antenna, and the heights of both ends of the path above their ground,
        the receiver's where `rise_m` does not say otherwise.
    flags
        Bits of each cell of the window, shape (rows, cols) of the window.
    loss
        Loss in dB, shape (bands, rows, cols), NaN until filled in.
    elevation
        Elevation at which the path leaves the antenna, degrees, shape (rows, cols), likewise.
    """

    height_m: NDArray[np.float32]
    clutter_m: NDArray[np.float32]
    zone: NDArray[np.uint8]
    rise_m: NDArray[np.float32]
    cell_m: float
    step_m: float
    row0: int
    col0: int
    tx_row: float
    tx_col: float
    cells: NDArray[np.int32]
    start: NDArray[np.int64]
    most: int
    ground_tx_m: float
    antenna_m: float
    rx_height_m: float
    flags: NDArray[np.uint8]
    loss: NDArray[np.float64]
    elevation: NDArray[np.float32]

    def path_loss(
        self, freqs_mhz: tuple[float, ...], dtype: type[np.floating[Any]] = np.float32
    ) -> PathLoss:
        """Return what has been filled in, the losses rounded to `dtype`."""
        loss = self.loss.astype(dtype, copy=False)
        return PathLoss(self.row0, self.col0, freqs_mhz, loss, self.elevation, self.flags)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def rise_at(disc: Disc, row: int, col: int) -> float:
    """Return the height above ground of the receiver's end of the path at a cell of the window."""
    if disc.rise_m.size > 0:
        return float(disc.rise_m[disc.row0 + row, disc.col0 + col])
    return disc.rx_height_m


def disc_of(
    surface: Surface,
    tx: Transmitter,
    bands: int,
    settings: PropagationSettings,
) -> Disc:
    """Return the disc of receivers within the radius, with room for the losses of `bands` bands.

    Parameters
    ----------
    surface, tx, settings
        As :func:`phusong.coverage.propagation.propagate` takes them.
    bands
        Number of bands.
    """
    fan = fan_of(surface, tx, settings)
    shape = (fan.rows, fan.cols)
    step_m, _ = settings.steps_m(surface.cell_m)
    none = np.empty((0, 0), np.float32)
    return Disc(
        surface.height_m,
        none if surface.clutter_m is None else surface.clutter_m,
        none.astype(np.uint8) if surface.zone is None else surface.zone,
        none if surface.rise_m is None else surface.rise_m,
        surface.cell_m,
        step_m,
        fan.row0,
        fan.col0,
        fan.tx_row,
        fan.tx_col,
        fan.cells,
        fan.start,
        points_before(settings.radius_m, step_m) + 2,
        float(bilinear(surface.height_m, fan.tx_row, fan.tx_col)),
        tx.height_m,
        settings.rx_height_m,
        fan.flags,
        np.full((bands, *shape), np.nan),
        np.full(shape, np.nan, np.float32),
    )
