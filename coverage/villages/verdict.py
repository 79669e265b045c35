"""The three grades of a village."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phusong.coverage.results import COVERED, HOLLOW, WHITE
from phusong.study import Verdict

_ROUNDING = 1e-9
"""A share that equals what is asked is enough, whatever a sum in binary made of it."""


def grade(
    served_centre: ArrayLike, served_share: ArrayLike, verdict: Verdict
) -> NDArray[np.object_]:
    """Return the grade of villages.

    ======================  ==========================  =======
    centre                  share served                grade
    ======================  ==========================  =======
    served                  >= ``covered_share``        covered
    served                  < ``covered_share``         hollow
    dark                    >= ``hollow_share``         hollow
    dark                    < ``hollow_share``          white
    ======================  ==========================  =======

    So a village whose people are nearly all served is still hollow while its centre is dark.

    Parameters
    ----------
    served_centre
        (villages,) whether the village's centre is served.
    served_share
        (villages,) share of its people (or area) served.
    verdict
        The study's definition.
    """
    centre = np.asarray(served_centre, dtype=np.bool_)
    share = np.asarray(served_share, dtype=np.float64) + _ROUNDING
    out: NDArray[Any] = np.full(centre.shape, HOLLOW, dtype=object)
    out[centre & (share >= verdict.covered_share)] = COVERED
    out[~centre & (share < verdict.hollow_share)] = WHITE
    return out
