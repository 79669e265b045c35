"""What a page may show beside a run: masts that are planned, losses that were followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from phusong.planning.cascade.results import Cascade
    from phusong.planning.results import SitePlan


@dataclass(frozen=True)
class MastPlan:
    """Masts to build.

    Attributes
    ----------
    plan
        What is built where, whom it serves, what it costs.
    figures
        ``figure``, ``unit``, ``before``, ``after``.
    power_lines
        Lines that stand; None where the study names none.
    weighted
        Whether the darkest communes came first: bounds are then of weighted people, which stand
        beside no count of people.
    yearly
        ``figure``, ``unit``, ``year``, ``value``: 0 is now; None where only masts were planned.
    """

    plan: SitePlan
    figures: pd.DataFrame
    power_lines: gpd.GeoDataFrame | None
    weighted: bool = False
    yearly: pd.DataFrame | None = None


@dataclass(frozen=True)
class Losses:
    """Every single loss, followed.

    Attributes
    ----------
    cascade
        Events, what goes dark in them, pairs.
    hazards
        ``place_id``, areas whose contents are lost at once.
    """

    cascade: Cascade
    hazards: gpd.GeoDataFrame
