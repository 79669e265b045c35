"""What a plan of masts hands on: what is built where, whom it serves, what it costs, how proven."""

from __future__ import annotations

import math
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from phusong.planning.sites.places import Places


@dataclass(frozen=True)
class SitePlan:
    """Masts to build for the dark villages, with their backhaul and power.

    Costs are in the study's currency. ``capital`` is paid once, ``yearly`` every year, ``life`` is
    the present value of both over the study's horizon.

    Attributes
    ----------
    villages
        One row a dark village: ``code``, ``name``, ``commune_code``, ``people``, ``grade`` (now),
        ``status`` (``served`` | ``repeater`` | ``satellite`` | ``over_budget`` | ``no_site`` |
        ``no_backhaul``), ``step`` (after which it is served; 0: not), ``year`` (from which it is
        served; 0: not), ``site_id`` (that serves it), ``second_site_id`` (where it takes two
        together), ``best_share`` (served share that the best single candidate would leave),
        ``mast_life`` (its share of what masts for all cost, each piece shared equally by those who
        hang on it), ``mast_saved`` (what would not be built without it), ``donor_dbm``,
        ``donor_operator`` (strongest signal near it), ``repeaters`` (how many it would take),
        ``repeater_life``, ``satellite_life`` (NaN where it is not possible or has no price),
        ``cheapest`` (``mast`` | ``repeater`` | ``satellite``; None: nothing serves it),
        ``alternative`` (the cheapest kind that the plan may choose; only where one serves the
        village), geometry.
    sites
        ``site_id``, ``kind`` (``existing`` | ``own`` | ``village`` | ``high`` | ``road``), ``role``
        (``serves`` | ``relays``), ``step``, ``year`` (of building), ``villages``, ``people`` (it
        serves first), ``backhaul`` (``own`` | ``fibre`` | ``microwave``), ``from_site_id``,
        ``power`` (``stands`` | ``grid`` | ``solar``), ``power_line_km``, ``height_m``, ``capital``,
        ``yearly``, ``life``, geometry.
    hops
        ``from_site_id``, ``to_site_id``, ``step``, ``year``, ``length_km``, ``clearance`` (of the
        first Fresnel zone's radius), ``margin_db``, ``outage_percent``, ``life``, geometry.
    lines
        New cable: ``step``, ``year``, ``kind``, ``surface``, ``road_id``, ``length_m``, ``usd`` (to
        lay it), ``life``, geometry.
    bill
        ``year``, ``item``, ``owner``, ``quantity``, ``unit``, ``capital``, ``yearly``, ``life``.
    curve
        What each sum buys: ``budget``, ``life``, ``villages``, ``people``, ``communes`` (that get
        fibre), ``people_fibre`` (in them), ``counted`` (people as the plan weighs them),
        ``most_people`` (more than which no plan within it counts). Empty where it was not asked
        for.
    years
        What stands at the end of each year: ``year``, ``budget``, ``spent``, ``spent_total``,
        ``left`` (goes over to the next), ``villages``, ``people``, ``communes``,
        ``people_fibre``, ``counted``, ``most_people`` (for all money up to then, spent at once;
        weighted as ``counted`` is). Empty where no years were asked for.
    places
        The candidates chosen to serve, for a run with the plan built.
    candidates
        How many places the plan was chosen from.
    rounds
        How often the list was refined round the plan, the first list included.
    life
        Cost of the plan.
    lower_bound
        No plan of these candidates that serves the same villages costs less; NaN within a budget.
    people, most_people
        Who are served (by what ``planning.alternatives`` names too), and more than which no plan
        within the budget counts (infinite without).
    most_together
        More than which no order of building counts, added up over the years; NaN without years.
    branched
        By year (one without years): whether the solver's branching vouches for its bound, not
        multipliers recomputed here.
    currency
        Of all costs.
    communes
        One row a commune centre that was to get fibre: ``commune_code``, ``name``, ``status``
        (``built`` | ``over_budget`` | ``no_route``), ``step`` (that reaches it; 0: none),
        ``year`` (0: not), ``people``, geometry. Empty where only masts were planned.
    steps
        In order of building, each possible after those before it: ``step``, ``year``, ``what``
        (``mast`` | ``commune`` | ``repeater`` | ``satellite``), ``id`` (site, or code of the
        commune or village), ``where`` (names of the communes), ``owner`` (of the mast), ``masts``
        (new ones), ``hops``, ``cable_km``, ``power_line_km``, ``villages``, ``communes``,
        ``people`` (who get signal), ``people_fibre`` (in the commune), ``capital``, ``yearly``,
        ``life``, ``counted`` (people as the plan weighs them), and of life, villages, people,
        communes, people_fibre and counted what they add up to (``…_total``), ``most_counted`` (no
        plan counts more for ``life_total``; NaN where it was not asked for), geometry.
    works
        Every piece: see :func:`phusong.planning.bill.works_of`.
    counted
        People served, as the plan weighs them: what ``most_people`` bounds.
    """

    villages: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    hops: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame
    bill: pd.DataFrame
    curve: pd.DataFrame
    years: pd.DataFrame
    places: Places
    candidates: int
    rounds: int
    life: float
    lower_bound: float
    people: float
    most_people: float
    most_together: float
    branched: tuple[bool, ...]
    currency: str
    communes: gpd.GeoDataFrame
    steps: gpd.GeoDataFrame
    works: gpd.GeoDataFrame
    counted: float

    @property
    def branched_last(self) -> bool:
        """Whether branching vouches for ``most_people``, or for ``lower_bound`` without years."""
        return self.branched[-1]

    @property
    def branched_together(self) -> bool:
        """Whether it vouches for ``most_together``: for a year's bound, or what lowers their sum.

        So it does wherever it does for the last year's.
        """
        if math.isnan(self.most_together):
            return False
        lowered = self.most_together < float(sum(self.years["most_people"]))
        return any(self.branched) or lowered

    @property
    def gap(self) -> float:
        """Share of the cost that is not proven to be needed."""
        return (self.life - self.lower_bound) / self.life if self.life > 0 else 0.0
