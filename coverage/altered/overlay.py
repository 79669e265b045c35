"""Path losses of masts that are tried out: in memory, over those that the study's store keeps."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.kept.lossbytes import NODATA, to_ticks
from phusong.coverage.signal.store import PathLossStore
from phusong.grid import Window

MOST_BYTES: Final = 384 * 2**20
"""Of the losses in memory; the longest unused go first. A mast of 20 km at 30 m takes 7 MB."""


class Overlay(PathLossStore):
    """A store that writes nothing: what is computed stays in memory, the rest is read below.

    Parameters
    ----------
    below
        Where the losses of masts that stand are kept.
    """

    def __init__(self, below: PathLossStore) -> None:
        super().__init__(below.place)
        self._below = below
        self._held: OrderedDict[str, tuple[Window, NDArray[np.int16], float]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def has(self, key: str) -> bool:
        """Whether the losses of this key are in memory, or below."""
        return self._in_memory(key) is not None or self._below.has(key)

    def _in_memory(self, key: str) -> tuple[Window, NDArray[np.int16], float] | None:
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
            return found

    def write(
        self,
        key: str,
        window: Window,
        values: NDArray[np.float32],
        step: float,
        about: dict[str, Any] | None = None,  # noqa: ARG002 - a summary is of what lies on disc
    ) -> None:
        """Keep a raster in memory, in the steps that a store on disc keeps."""
        ticks = to_ticks(values, step)
        with self._lock:
            old = self._held.pop(key, None)
            self._bytes += ticks.nbytes - (0 if old is None else old[1].nbytes)
            self._held[key] = window, ticks, step
            while self._bytes > MOST_BYTES and len(self._held) > 1:
                _, (_, gone, _) = self._held.popitem(last=False)
                self._bytes -= gone.nbytes

    def window(self, key: str) -> Window:
        """Return the place of an entry in the study grid."""
        found = self._in_memory(key)
        return self._below.window(key) if found is None else found[0]

    def read_ticks(self, key: str, window: Window) -> tuple[NDArray[np.int16], float]:
        """Return the steps of an entry over a window, and the size of a step."""
        found = self._in_memory(key)
        if found is None:
            return self._below.read_ticks(key, window)
        whole, ticks, step = found
        out = np.full(window.shape, NODATA, dtype=np.int16)
        wanted = window.intersect(whole)
        if not wanted.empty:
            out[wanted.slices_in(window)] = ticks[wanted.slices_in(whole)]
        return out, step
