"""What following every loss hands on."""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from phusong.planning.cascade.toll import NO_TOLL, Toll


@dataclass(frozen=True)
class Cascade:
    """Single losses and worst pairs of them, with all that goes dark.

    Many losses darken the same communes and sites: one outage, numbered from the worst on.

    Attributes
    ----------
    events
        One row a loss, worst first: ``element`` (``edge`` | ``node`` | ``pop`` | ``tail`` |
        ``group``, as :attr:`phusong.fiber.results.FiberResult.failures`; ``site`` | ``hazard`` |
        ``feeder``), ``id``, ``name`` (cable, hazard), ``hours`` (a feeder is gone; NaN else),
        ``commune_code``, ``commune`` (where it lies; None off them all), ``outage``,
        ``communes_dark``, ``people_without_fibre`` (in them), ``sites_dark``,
        ``villages_lower`` (graded lower), ``villages_all`` (nobody served any more),
        ``people_without_signal``, ``x_m``, ``y_m``, geometry Point in the study's CRS. People are
        NaN where not known.
    villages
        Of each outage: ``outage``, ``code``, ``name``, ``commune_code``, ``before``, ``after``
        (grades), ``people_lost`` (served before, not after), most people first.
    dark
        Of each outage: ``outage``, ``kind`` (``commune`` | ``site``), ``id``, ``name``.
    pairs
        Pairs of the worst events that darken more together than each by itself, worst first:
        ``element_a``, ``id_a``, ``hours_a``, the same of b, ``communes_dark``, ``sites_dark``,
        ``villages_lower``, ``people_without_signal`` of both at once, and ``communes_more``,
        ``sites_more``, ``villages_more``, ``people_more`` beyond the two alone.
    judged
        How many different sets of silent sites the villages were judged under.
    remedies
        What may be built against the losses, most person-hours saved for its cost first, each
        followed as built: ``remedy`` (number), ``kind`` (``battery`` | ``hop`` | ``route``),
        ``where`` (sites, PoPs, or the commune or site that a second route leads to), ``by``
        (feeder, far end of a hop; empty), ``quantity`` with ``unit`` (``h`` of battery, ``hop``,
        ``km``), ``capital``, ``yearly``, ``life`` (in the study's currency), ``events_mended``,
        ``events_eased``, ``communes``, ``sites``, ``villages``, ``people`` (see
        :class:`phusong.planning.cascade.remedies.mended.Mended`), ``worst_people`` (who lose
        signal in the worst single loss that is left), ``person_hours_signal``,
        ``person_hours_fibre``, ``person_hours`` saved in a year, ``per_1000`` (of these, for a
        thousand of life cost); ``step`` (in which to build, NA: not among them), ``life_added``,
        ``person_hours_added`` (given the steps before), ``life_total``, ``person_hours_total``;
        geometry in the study's CRS.
    toll
        Person-hours a year that all single losses take.
    cuts
        Pairs of sections, each harmless by itself, that cut something off together; of each ring
        (a class of sections any two of which do) the two that cut off most, worst first:
        ``section_a``, ``cable_a``, ``section_b``, ``cable_b``, ``sections`` (in the ring),
        ``communes_dark``, ``people_without_fibre``, ``sites_dark``, ``villages_lower``,
        ``villages_all``, ``people_without_signal``, ``communes``, ``sites`` (tuples of what goes
        dark), geometry of the two.
    cut_villages
        As ``villages``, of each pair of sections: ``cut`` (its row of ``cuts``, from 1) instead of
        ``outage``.
    today
        ``code``, ``grade`` of every village with nothing lost; no rows where no loss darkens a
        site, and no village was judged.
    """

    events: gpd.GeoDataFrame
    villages: pd.DataFrame
    dark: pd.DataFrame
    pairs: pd.DataFrame
    judged: int
    remedies: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    toll: Toll = NO_TOLL
    cuts: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    cut_villages: pd.DataFrame = field(default_factory=pd.DataFrame)
    today: pd.DataFrame = field(default_factory=pd.DataFrame)
