"""Random fields of prediction error: normal, of unit variance, correlated in space."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from phusong.grid import Grid

_PER_CORRELATION = 2.0
"""Nodes in a correlation distance."""
_MARGIN = 4.0
"""Correlation distances round the grid, so that the torus the field lives on does not show."""


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
    torus
        (rows, cols) of the lattice drawn, with its margin.
    correlation_m
        Distance at which the correlation is 1/e.
    """

    x0_m: float
    y0_m: float
    step_m: float
    shape: tuple[int, int]
    torus: tuple[int, int]
    correlation_m: float

    @classmethod
    def over(cls, grid: Grid, correlation_m: float) -> Nodes:
        """Return the lattice for a grid; never finer than its cells."""
        step = max(correlation_m / _PER_CORRELATION, grid.cell_m)
        west, south, east, north = grid.bounds
        rows = int(np.ceil((north - south) / step)) + 2
        cols = int(np.ceil((east - west) / step)) + 2
        margin = int(np.ceil(_MARGIN * correlation_m / step))
        torus = (fft.next_fast_len(rows + margin), fft.next_fast_len(cols + margin))
        return cls(west, north, step, (rows, cols), torus, correlation_m)

    def place(
        self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return how points take their value from the nodes.

        Returns
        -------
        corner : ndarray
            (points,) int32, flat index of the node north-west of each point.
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
        corner = (top * self.shape[1] + left).astype(np.int32)
        return corner, (weights / spread[:, None]).astype(np.float32)


def _amplitudes(nodes: Nodes) -> NDArray[np.float64]:
    """Square roots of the eigenvalues of the exponential covariance on the torus.

    Circulant embedding (Dietrich and Newsam, 1997). What few eigenvalues are negative, because
    the torus is finite, are left out and the rest scaled back to unit variance.
    """
    rows, cols = nodes.torus
    down = np.minimum(np.arange(rows), rows - np.arange(rows))
    right = np.minimum(np.arange(cols), cols - np.arange(cols))
    distance = np.hypot(down[:, None], right[None, :]) * nodes.step_m
    values = np.maximum(fft.fft2(np.exp(-distance / nodes.correlation_m)).real, 0.0)
    return np.asarray(np.sqrt(values / values.mean()))


def draw_fields(nodes: Nodes, draws: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return (draws, rows, cols) independent fields over the nodes.

    Parameters
    ----------
    nodes
        The lattice.
    draws
        How many.
    rng
        Seeded by the caller; the same state gives the same fields.
    """
    amplitude = _amplitudes(nodes)
    out = np.empty((draws, *nodes.shape), dtype=np.float32)
    with ThreadPoolExecutor(1) as pool:  # noise is one after the other, what becomes of it beside
        waiting: deque[Future[None]] = deque()
        for i in range(0, draws, 2):
            noise = np.empty(nodes.torus, dtype=np.complex128)
            noise.real = rng.standard_normal(nodes.torus)
            noise.imag = rng.standard_normal(nodes.torus)
            waiting.append(pool.submit(_correlate, noise, amplitude, out[i : i + 2]))
            if len(waiting) > 1:
                waiting.popleft().result()
        for one in waiting:
            one.result()
    return out


def _correlate(
    noise: NDArray[np.complex128], amplitude: NDArray[np.float64], out: NDArray[np.float32]
) -> None:
    """Write the fields that noise on the torus becomes, (1 or 2, rows, cols)."""
    noise *= amplitude
    rows, cols = out.shape[1:]
    both = fft.ifft2(noise, overwrite_x=True)[:rows, :cols] * np.sqrt(amplitude.size)
    # Real and imaginary part are two independent fields.
    for field, part in zip(out, (both.real, both.imag), strict=False):
        field[:] = part
