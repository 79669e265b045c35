"""The three grades of a village: the rule, once, and the words and letters for its answers."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phusong.study import Verdict

COVERED: Final = "covered"
HOLLOW: Final = "hollow"
WHITE: Final = "white"
GRADES: Final = (COVERED, HOLLOW, WHITE)
"""Best to worst: covered, hollow (lõm sóng), white (trắng sóng)."""

GRADE_RANK: Final = {grade: rank for rank, grade in enumerate(GRADES)}
"""The greater, the worse."""

GRADE_WORDS: Final = {COVERED: "covered", HOLLOW: "partly served", WHITE: "no signal"}
"""English templates: what a table or a screen says of a grade."""

GRADE_LETTERS: Final = {COVERED: "c", HOLLOW: "h", WHITE: "w"}
"""As the map page writes grades."""

ROUNDING: Final = 1e-6
"""A share that equals what is asked is enough, whatever a sum in binary made of it.

A millionth of a village is less than one person, and more than the rounding of any of the sums
that end in a share (the simulation's are of 32-bit numbers).
"""


def reaches(share: ArrayLike, asked: float) -> NDArray[np.bool_]:
    """Return whether shares (0 to 1, any shape) are at least what is asked, but for rounding."""
    return np.asarray(share, dtype=np.float64) >= asked - ROUNDING


def is_covered(
    served_centre: ArrayLike, served_share: ArrayLike, covered_share: float
) -> NDArray[np.bool_]:
    """Return whether villages are covered: the centre is served, and enough of the rest.

    Parameters
    ----------
    served_centre, served_share
        Of one shape: whether the centre is served; the share (0 to 1) that is.
    covered_share
        What is asked for.
    """
    return np.asarray(served_centre, dtype=np.bool_) & reaches(served_share, covered_share)


def is_white(
    served_centre: ArrayLike, served_share: ArrayLike, hollow_share: float
) -> NDArray[np.bool_]:
    """Return whether villages are white: the centre is dark, and as good as all of the rest."""
    return ~(np.asarray(served_centre, dtype=np.bool_) | reaches(served_share, hollow_share))


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
    out: NDArray[Any] = np.full(np.shape(served_centre), HOLLOW, dtype=object)
    out[is_covered(served_centre, served_share, verdict.covered_share)] = COVERED
    out[is_white(served_centre, served_share, verdict.hollow_share)] = WHITE
    return out
