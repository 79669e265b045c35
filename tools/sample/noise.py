"""Random fields: band-limited noise with a grain, and fields of rounded karst hills."""

from __future__ import annotations

import numpy as np
from scipy import fft, ndimage

from sample.grid import Raster
from sample.kernels import compiled


def grained(
    rng: np.random.Generator,
    size: int,
    cell_m: float,
    wavelength_m: float,
    *,
    stretch: float = 1.0,
    bearing_deg: float = 0.0,
    rolloff: float = 2.0,
) -> Raster:
    """Gaussian noise of unit variance with features of about ``wavelength_m``.

    Parameters
    ----------
    stretch : float
        How many times longer features are along ``bearing_deg`` (from north, clockwise).
    rolloff : float
        Amplitude falls as (k/k0) to this power above the characteristic wavenumber k0.
    """
    white = rng.standard_normal((size, size))
    ky = fft.fftfreq(size, cell_m)[:, None]
    kx = fft.rfftfreq(size, cell_m)[None, :]
    angle = np.radians(bearing_deg)
    # Rows run southward, hence the sign of the northward wavenumber.
    along = (kx * np.sin(angle) - ky * np.cos(angle)) * np.sqrt(stretch)
    across = (kx * np.cos(angle) + ky * np.sin(angle)) / np.sqrt(stretch)
    relative = np.hypot(along, across) * wavelength_m
    gain = 1.0 / (1.0 + relative**2) ** (rolloff / 2.0)
    gain[0, 0] = 0.0
    field: Raster = fft.irfft2(fft.rfft2(white) * gain, s=(size, size))
    field /= field.std()
    return field


@compiled
def _raise_hills(
    hills: np.ndarray, row: np.ndarray, col: np.ndarray, radius: np.ndarray, height: np.ndarray
) -> None:
    for k in range(row.size):
        reach = radius[k]
        for i in range(max(0, int(row[k] - reach)), min(hills.shape[0], int(row[k] + reach) + 2)):
            for j in range(
                max(0, int(col[k] - reach)), min(hills.shape[1], int(col[k] + reach) + 2)
            ):
                d2 = ((i - row[k]) ** 2 + (j - col[k]) ** 2) / (reach * reach)
                if d2 < 1.0:
                    # Bell with a flat foot; hills that meet keep a saddle between them.
                    rise = height[k] * (1.0 - d2) ** 2
                    total = hills[i, j]
                    hills[i, j] = max(total, rise) + 0.25 * min(total, rise)


def karst_hills(
    rng: np.random.Generator, size: int, cell_m: float, spacing_m: float, height_m: float
) -> Raster:
    """Cones of about ``height_m`` on a jittered lattice, outlines bent so that none is round."""
    pitch = spacing_m / cell_m
    count = int(size / pitch) + 2
    lattice = np.arange(-1, count) * pitch
    row, col = (g.ravel() for g in np.meshgrid(lattice, lattice, indexing="ij"))
    row = row + rng.uniform(-0.48, 0.48, row.size) * pitch
    col = col + rng.uniform(-0.48, 0.48, col.size) * pitch
    keep = rng.random(row.size) < 0.85
    row, col = row[keep], col[keep]
    radius = pitch * rng.uniform(0.45, 0.95, row.size)
    height = height_m * rng.uniform(0.35, 1.3, row.size) * (radius / pitch / 0.7)
    hills = np.zeros((size, size))
    _raise_hills(hills, row, col, radius, height)
    bend = 0.2 * pitch
    y, x = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    bent: Raster = ndimage.map_coordinates(
        hills,
        [
            y + bend * grained(rng, size, cell_m, 1.1 * spacing_m, rolloff=3.0),
            x + bend * grained(rng, size, cell_m, 1.1 * spacing_m, rolloff=3.0),
        ],
        order=1,
        mode="nearest",
    )
    return bent
