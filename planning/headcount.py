"""Villages by grade and people served: the figures by which plans are told."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.villages.verdict import GRADES

FIGURES: Final = {
    "villages_covered": "Villages covered",
    "villages_hollow": "Villages partly served",
    "villages_white": "Villages without signal",
    "villages_repeater": "Villages with a repeater",
    "villages_satellite": "Villages with a satellite terminal",
    "people_served": "People served",
    "people_served_share": "Share of people served",
}
"""What each figure is called, an English template."""


def tally(
    grades: NDArray[np.object_], people: NDArray[np.float64], unserved: NDArray[np.float64]
) -> list[tuple[str, str, float]]:
    """Return ``figure``, ``unit``, ``value`` of villages as they are judged.

    Parameters
    ----------
    grades
        (villages,) verdicts.
    people, unserved
        (villages,) who live there, and who of them are not served. Where nobody is known, figures
        of people are left out.
    """
    found = [(f"villages_{name}", "villages", float((grades == name).sum())) for name in GRADES]
    if np.isfinite(people).any():
        served, everyone = float(np.nansum(people - unserved)), float(np.nansum(people))
        found.append(("people_served", "people", served))
        found.append(("people_served_share", "share", served / everyone))
    return found
