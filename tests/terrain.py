"""Synthetic ground for tests and benchmarks: seeded, any size, nothing but numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


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
