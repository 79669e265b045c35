"""Synthetic ground for tests and benchmarks: seeded, any size, nothing but numpy and scipy."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def rough_ground(
    cells: int, *, relief_m: float, seed: int = 1, roughness: float = 2.2
) -> NDArray[np.float32]:
    """Return a square of ground with a power-law spectrum; `relief_m` is about its range.

    `roughness` is the spectrum's exponent: greater is smoother.
    """
    random = np.random.default_rng(seed)
    noise = np.fft.rfft2(random.standard_normal((cells, cells)))
    wave = np.hypot(np.fft.fftfreq(cells)[:, None], np.fft.rfftfreq(cells)[None, :])
    wave[0, 0] = np.inf
    ground = np.fft.irfft2(noise / wave ** (roughness / 2 + 0.5), s=(cells, cells))
    ground -= ground.min()
    return (ground * (relief_m / ground.max())).astype(np.float32)


def read_tile(path: Path) -> NDArray[np.float64]:
    """Return the heights of an SRTM tile (.hgt, .hgt.zip), north first."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            raw = archive.read(archive.namelist()[0])
    else:
        raw = path.read_bytes()
    side = math.isqrt(len(raw) // 2)
    return np.frombuffer(raw, ">i2").reshape(side, side).astype(np.float64)


def filled(tile: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a tile with each void (−32768) at the height of the nearest cell that has one."""
    void = tile == -32768.0
    nearest = ndimage.distance_transform_edt(void, return_distances=False, return_indices=True)
    return np.asarray(tile[tuple(nearest)])


def tile_ground(path: Path, cells: int, cell_m: float) -> NDArray[np.float32]:
    """Return the middle of an SRTM tile (.hgt, .hgt.zip) as a square of metric cells.

    The tile's own spacing is stretched to metres at its mid-latitude and read bilinearly; voids
    are filled.
    """
    tile = filled(read_tile(path))
    side = tile.shape[0]
    latitude = float(path.name[1:3]) + 0.5
    spacing = 111_195.0 / (side - 1)
    offset = (np.arange(cells) - (cells - 1) / 2.0) * cell_m
    rows = (side - 1) / 2.0 + offset / spacing
    cols = (side - 1) / 2.0 + offset / (spacing * math.cos(math.radians(latitude)))
    r, c = np.floor(rows).astype(int), np.floor(cols).astype(int)
    fr, fc = (rows - r)[:, None], (cols - c)[None, :]
    corner = tile[np.ix_(r, c)] * (1 - fr) * (1 - fc) + tile[np.ix_(r + 1, c)] * fr * (1 - fc)
    corner += tile[np.ix_(r, c + 1)] * (1 - fr) * fc + tile[np.ix_(r + 1, c + 1)] * fr * fc
    return corner.astype(np.float32)
