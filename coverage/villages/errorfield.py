"""Random fields of prediction error: normal, of unit variance, correlated in space.

A field is white noise, blurred. Noise is drawn block by block, each from a seed of its own, and the
blur reaches a few correlation distances: any part of a field can be drawn by itself, by whoever
works there, and two parts agree where they overlap. Nothing is held of the rest.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from phusong.grid import Grid, Window, block_at
from phusong.jit import get_num_threads

_PER_CORRELATION: Final = 2.0
"""Nodes in a correlation distance."""
_REACH: Final = 8.0
"""Correlation distances that the blur reaches."""
_BLOCK: Final = 64
"""Nodes along the side of a block of noise."""
TOGETHER: Final = 16
"""Draws whose noise comes from one seed; side by side they fill a line of memory."""
_BESIDE_BYTES: Final = 256 * 2**20
_BEFORE: Final = 2**16
"""Blocks before the first node: seeds are not negative."""


@dataclass(frozen=True)
class Nodes:
    """Where the field is drawn: a coarse lattice over the study grid.

    Attributes
    ----------
    x0_m, y0_m
        North-west node.
    step_m
        Spacing.
    shape
        (rows, cols) of the nodes over the grid.
    correlation_m
        Distance at which the correlation is 1/e.
    """

    x0_m: float
    y0_m: float
    step_m: float
    shape: tuple[int, int]
    correlation_m: float

    @classmethod
    def over(cls, grid: Grid, correlation_m: float) -> Nodes:
        """Return the lattice for a grid; never finer than its cells."""
        step = max(correlation_m / _PER_CORRELATION, grid.cell_m)
        west, south, east, north = grid.bounds
        rows = int(np.ceil((north - south) / step)) + 2
        cols = int(np.ceil((east - west) / step)) + 2
        return cls(west, north, step, (rows, cols), correlation_m)

    def place(
        self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return how points take their value from the nodes.

        Returns
        -------
        corner : ndarray
            (points, 2) int32, row and column of the node north-west of each point.
        weights : ndarray
            (points, 4) float32 of the nodes north-west, north-east, south-west, south-east:
            bilinear, scaled so that every point has unit variance (between nodes a plain mean
            would have less).
        """
        col, row = (x_m - self.x0_m) / self.step_m, (self.y0_m - y_m) / self.step_m
        left = np.clip(np.floor(col), 0, self.shape[1] - 2)
        top = np.clip(np.floor(row), 0, self.shape[0] - 2)
        u, v = np.clip(col - left, 0, 1), np.clip(row - top, 0, 1)
        weights = np.stack([(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v], axis=1)
        near = np.exp(-self.step_m / self.correlation_m)
        across = np.exp(-np.sqrt(2.0) * self.step_m / self.correlation_m)
        square = np.array(
            [
                [1, near, near, across],
                [near, 1, across, near],
                [near, across, 1, near],
                [across, near, near, 1],
            ]
        )
        spread = np.sqrt(np.einsum("pi,ij,pj->p", weights, square, weights))
        corner = np.stack([top, left], axis=1).astype(np.int32)
        return corner, (weights / spread[:, None]).astype(np.float32)


@lru_cache(maxsize=4)
def _blur(per_correlation: float) -> NDArray[np.float64]:
    """Return what noise is blurred by, (2·reach + 1, 2·reach + 1), its squares adding up to one.

    Circulant embedding (Dietrich and Newsam, 1997) of the exponential covariance on a torus, whose
    square root is a convolution. What few eigenvalues are negative, because the torus is finite,
    are left out; beyond its reach the blur is less than a thousandth of its middle.

    Parameters
    ----------
    per_correlation
        Nodes in a correlation distance.
    """
    reach = int(np.ceil(_REACH * per_correlation))
    size = fft.next_fast_len(4 * reach + 2)
    along = np.minimum(np.arange(size), size - np.arange(size))
    distance = np.hypot(along[:, None], along[None, :]) / per_correlation
    values = np.maximum(fft.fft2(np.exp(-distance)).real, 0.0)
    whole = fft.fftshift(fft.ifft2(np.sqrt(values)).real)
    middle = size // 2
    part = whole[middle - reach : middle + reach + 1, middle - reach : middle + reach + 1]
    return np.asarray(part / np.sqrt(np.sum(part * part)))


@lru_cache(maxsize=2)
def _spectrum(per_correlation: float, torus: tuple[int, int]) -> NDArray[np.float32]:
    """Return what the blur multiplies waves on a torus by; the same for all draws of a square."""
    blur = _blur(per_correlation)
    reach = blur.shape[0] // 2
    padded = np.zeros(torus)
    padded[: blur.shape[0], : blur.shape[1]] = blur
    spectrum = fft.fft2(np.roll(padded, (-reach, -reach), axis=(0, 1))).real
    return np.asarray(spectrum, dtype=np.float32)


def draw_fields(nodes: Nodes, seed: int, window: Window, draws: range) -> NDArray[np.float32]:
    """Return some independent fields over a part of the nodes.

    Parameters
    ----------
    nodes
        The lattice.
    seed
        The same gives the same fields.
    window
        Rows and columns of nodes.
    draws
        Which fields; the first is a multiple of :data:`TOGETHER`.

    Returns
    -------
    ndarray
        (nodes of the window, draws): the draws of a node lie side by side. Beside it a thread
        holds about 100 bytes a node; of a large window there are fewer threads.

    Raises
    ------
    ValueError
        When the first draw shares its seed with one before.
    """
    if draws.start % TOGETHER:
        raise ValueError("draws begin at a multiple of 16")
    out = np.empty((window.rows * window.cols, len(draws)), dtype=np.float32)
    if not out.size:
        return out
    per_correlation = nodes.correlation_m / nodes.step_m
    reach = _blur(per_correlation).shape[0] // 2
    around = Window(
        window.row0 - reach, window.col0 - reach, window.rows + 2 * reach, window.cols + 2 * reach
    )
    torus = fft.next_fast_len(around.rows), fft.next_fast_len(around.cols)
    spectrum = _spectrum(per_correlation, torus)
    rows, cols = window.slices_in(around)

    def some(first: int) -> None:
        noise = _noise(seed, first // TOGETHER, around, spectrum.shape)
        part = out[:, first - draws.start :][:, :TOGETHER]
        for n in range(0, part.shape[1], 2):
            both = noise[n] + np.complex64(1j) * noise[n + 1]
            both = fft.ifft2(fft.fft2(both, overwrite_x=True) * spectrum, overwrite_x=True)
            # Real and imaginary part are two independent fields.
            noise[n], noise[n + 1] = both.real, both.imag
        fields = noise[: part.shape[1], rows, cols]
        for row, nodes_of_row in enumerate(np.split(part, window.rows)):
            nodes_of_row[:] = fields[:, row].T

    threads = min(get_num_threads(), max(1, _BESIDE_BYTES // (100 * spectrum.size)))
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(some, range(draws.start, draws.stop, TOGETHER)))
    return out


def _noise(seed: int, group: int, around: Window, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the white noise of a group of draws over a window, (draws, *shape), zeros beyond."""
    noise = np.zeros((TOGETHER, *shape), dtype=np.float32)
    for (row, col), part in around.blocks(_BLOCK):
        rng = np.random.default_rng([seed, group, row + _BEFORE, col + _BEFORE])
        values = rng.standard_normal((TOGETHER, _BLOCK, _BLOCK), dtype=np.float32)
        inside = part.slices_in(block_at((row, col), _BLOCK))
        noise[(slice(None), *part.slices_in(around))] = values[(slice(None), *inside)]
    return noise
