"""Which rows are held out together, so that what is fitted is tested on what it has not seen.

Rows of one site share the mast, its surveyed height and its hill, so sites are left out whole.
Where there are too few sites, stretches of road are: squares that a road is cut into, no smaller
than the distance over which errors are alike. A square holds every pass of the road, which
consecutive rows of a file would not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

MIN_ROWS: Final = 30
MIN_SITES: Final = 3
MIN_STRETCHES: Final = 6
"""Under these nothing is proposed: three sites or six stretches can contradict each other."""
MOST_FOLDS: Final = 10
MOST_STRETCHES: Final = 100

_Floats = NDArray[np.float64]
_Labels = NDArray[np.object_]


@dataclass(frozen=True)
class Folds:
    """Rows held out together.

    Attributes
    ----------
    kind
        ``site`` or ``stretch``.
    of
        (rows,) fold of each row, from 0.
    groups
        How many sites or stretches there are; a fold holds one or several whole.
    """

    kind: Literal["site", "stretch"]
    of: NDArray[np.int64]
    groups: int

    @property
    def count(self) -> int:
        """How many folds there are."""
        return int(self.of.max()) + 1 if self.of.size else 0


def stretches(x_m: _Floats, y_m: _Floats, side_m: float) -> _Labels:
    """Return the square of every row, as text: doubled until there are few enough to fit."""
    while True:
        east, north = (np.floor(v / side_m).astype(np.int64) for v in (x_m, y_m))
        squares, of = np.unique(np.stack([east, north], axis=1), axis=0, return_inverse=True)
        if len(squares) <= MOST_STRETCHES:
            names = np.array([f"{e} {n}" for e, n in squares], dtype=object)
            return names[of.ravel()] if len(names) else np.zeros(0, dtype=object)
        side_m *= 2.0


def gather(groups: _Labels, most: int = MOST_FOLDS) -> NDArray[np.int64]:
    """Put groups whole into folds of nearly equal rows: the largest first, into the emptiest."""
    names, of, rows = np.unique(groups.astype(str), return_inverse=True, return_counts=True)
    filled = np.zeros(min(most, names.size), dtype=np.int64)
    fold_of = np.zeros(names.size, dtype=np.int64)
    for k in np.argsort(-rows, kind="stable"):
        fold_of[k] = np.argmin(filled)
        filled[fold_of[k]] += rows[k]
    return np.asarray(fold_of[of], dtype=np.int64)


def by_site(site: _Labels) -> Folds | None:
    """Return folds of whole sites, None where there are too few."""
    groups = len(set(site))
    return Folds("site", gather(site), groups) if groups >= MIN_SITES else None


def by_stretch(x_m: _Floats, y_m: _Floats, side_m: float) -> Folds | None:
    """Return folds of whole stretches of road, None where there are too few."""
    labels = stretches(x_m, y_m, side_m)
    groups = len(set(labels))
    return Folds("stretch", gather(labels), groups) if groups >= MIN_STRETCHES else None
