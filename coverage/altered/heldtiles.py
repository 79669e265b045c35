"""Layers of a grid held tile by tile in a plain file, read by window."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.signal.layerfiles import TILE
from phusong.disc.refused import refused
from phusong.grid import Grid, Window


class HeldTiles:
    """(layers, rows, cols) of a grid on scratch disc.

    What is read often lies in the memory of the system, which takes it back when others need it.

    Parameters
    ----------
    file
        The plain file; it goes with its folder.
    grid, layers
        What is held.
    dtype
        Of the cells.
    """

    def __init__(self, file: Path, grid: Grid, layers: int, dtype: str) -> None:
        self.layers = layers
        self._dtype = np.dtype(dtype)
        self._windows = grid.tiles(TILE)
        self._grid = grid
        sizes = [w.rows * w.cols * self._dtype.itemsize for w in self._windows]
        self._size = sizes
        self._start = np.concatenate([[0], np.cumsum([s * layers for s in sizes])]).tolist()
        self._tile_of = {(w.row0, w.col0): i for i, w in enumerate(self._windows)}
        self._lock = threading.Lock()
        self._path = file
        with refused(file):
            self._file = file.open("w+b")
            self._file.truncate(self._start[-1])

    def write(self, window: Window, values: NDArray[Any]) -> None:
        """Write all layers of a tile."""
        tile = self._tile_of[window.row0, window.col0]
        data = np.ascontiguousarray(values, dtype=self._dtype).tobytes()
        with self._lock, refused(self._path):
            self._file.seek(self._start[tile])
            self._file.write(data)
            self._file.flush()

    def read(self, layer: int, window: Window) -> NDArray[Any]:
        """Return one layer over any window in the grid."""
        tile = self._tile_of.get((window.row0, window.col0))
        if tile is not None and self._windows[tile] == window:
            return self._tile(tile, layer)
        out = np.empty(window.shape, dtype=self._dtype)
        for i in tiles_over(self._grid, window):
            part = self._windows[i].intersect(window)
            if not part.empty:
                out[part.slices_in(window)] = self._tile(i, layer)[part.slices_in(self._windows[i])]
        return out

    def _tile(self, tile: int, layer: int) -> NDArray[Any]:
        size = self._size[tile]
        with refused(self._path):
            data = self._bytes(self._start[tile] + layer * size, size)
            if len(data) != size:
                raise OSError("what was written cannot be read back")
        return np.frombuffer(data, dtype=self._dtype).reshape(self._windows[tile].shape)

    def _bytes(self, start: int, size: int) -> bytes:
        """Read without moving anybody else's place in the file, where the system has a way to."""
        if hasattr(os, "pread"):
            return os.pread(self._file.fileno(), size, start)
        with self._lock:
            self._file.seek(start)
            return self._file.read(size)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def tiles_over(grid: Grid, window: Window) -> list[int]:
    """Return which of the grid's tiles a window touches."""
    across = -(-grid.cols // TILE)
    down = -(-grid.rows // TILE)
    rows = range(max(0, window.row0 // TILE), min(down, -(-(window.row0 + window.rows) // TILE)))
    cols = range(max(0, window.col0 // TILE), min(across, -(-(window.col0 + window.cols) // TILE)))
    return [r * across + c for r in rows for c in cols]
