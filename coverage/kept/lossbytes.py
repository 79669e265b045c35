"""Path losses as bytes: whole steps, differences along rows, Zstandard frames (RFC 8878)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import zstandard
from numpy.typing import NDArray

from phusong.jit import njit

BLOCK: Final = 256
"""Cells a side of what is packed together."""
NODATA: Final = -32768
LIMIT: Final = 32767
_WIDEST: Final = 4 * BLOCK * BLOCK
"""Bytes that a frame may look back; ours look back no further than a block."""


def to_ticks(values: NDArray[np.float32], step: float) -> NDArray[np.int16]:
    """Return values in whole steps as int16; NaN becomes ``NODATA``, the far ends are held."""
    ticks = np.empty(values.shape, dtype=np.int16)
    _round_to(values.ravel(), np.float32(step), ticks.ravel())
    return ticks


@njit(cache=True, nogil=True)
def _round_to(values: Any, step: Any, ticks: Any) -> None:
    """Fill in the ticks of :func:`to_ticks`, (n,)."""
    for i in range(values.size):
        tick = np.rint(values[i] / step)
        tick = min(max(tick, np.float32(-LIMIT)), np.float32(LIMIT))
        ticks[i] = NODATA if np.isnan(values[i]) else np.int16(tick)


@njit(cache=True, nogil=True)
def _take_steps(flat: NDArray[np.uint16], low_high: NDArray[np.uint8]) -> None:
    """Fill in the low and the high bytes of each row's differences, modulo 2**16."""
    rows, cols = flat.shape
    for r in range(rows):
        before = np.uint16(0)
        for c in range(cols):
            step = np.uint16(flat[r, c] - before)
            before = flat[r, c]
            low_high[0, r, c] = step & np.uint16(255)
            low_high[1, r, c] = step >> np.uint16(8)


@njit(cache=True, nogil=True)
def _add_steps(low_high: NDArray[np.uint8], flat: NDArray[np.uint16]) -> None:
    """Undo :func:`_take_steps`."""
    rows, cols = flat.shape
    for r in range(rows):
        value = np.uint16(0)
        for c in range(cols):
            value = np.uint16(value + low_high[0, r, c] + (np.uint16(low_high[1, r, c]) << 8))
            flat[r, c] = value


def squeezer() -> zstandard.ZstdCompressor:
    """Return what packs: its quickest way but for giving up on small gains; of one thread."""
    return zstandard.ZstdCompressor(level=1, write_content_size=False)


def pack(ticks: NDArray[np.int16], squeezer: zstandard.ZstdCompressor) -> bytes:
    """Pack a block; an empty one takes no bytes."""
    if (ticks == NODATA).all():
        return b""
    low_high = np.empty((2, *ticks.shape), dtype=np.uint8)
    _take_steps(ticks.view(np.uint16), low_high)
    return squeezer.compress(low_high.data)


def unpack(data: bytes, shape: tuple[int, int]) -> NDArray[np.int16]:
    """Undo :func:`pack`. What says to be larger than the block is refused before it grows."""
    if not data:
        return np.full(shape, NODATA, dtype=np.int16)
    size = 2 * shape[0] * shape[1]
    if zstandard.frame_content_size(data) not in {-1, size}:
        raise ValueError
    raw = zstandard.ZstdDecompressor(max_window_size=_WIDEST).decompress(data, max_output_size=size)
    if len(raw) != size:
        raise ValueError
    flat = np.empty(shape, dtype=np.uint16)
    _add_steps(np.frombuffer(raw, dtype=np.uint8).reshape(2, *shape), flat)
    return flat.view(np.int16)
