"""Heights that may be ground: everything else is read as a void."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

LOWEST_M: Final = -450.0
HIGHEST_M: Final = 9000.0
"""Below the Dead Sea's shore and above Everest nothing is ground."""


class PossibleHeights:
    """Turns impossible heights into voids and remembers the extremes."""

    def __init__(self) -> None:
        self.lowest: float | None = None
        self.highest: float | None = None

    def __call__(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the heights with impossible ones NaN."""
        low, high = values < LOWEST_M, values > HIGHEST_M
        if low.any():
            found = float(values[low].min())
            self.lowest = found if self.lowest is None else min(self.lowest, found)
        if high.any():
            found = float(values[high].max())
            self.highest = found if self.highest is None else max(self.highest, found)
        values[low | high] = np.nan
        return values

    @property
    def extremes(self) -> str:
        """The lowest and the highest impossible height, for messages; empty: there was none."""
        return ", ".join(f"{v:g}" for v in (self.lowest, self.highest) if v is not None)
