"""Planning in the study: how new masts may hang on the network, and what that asks of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from phusong.study.settings.base import NotNegative, Positive, Section, Technology
from phusong.study.settings.sources import Layer


class Microwave(Section):
    """Hops between masts. Every figure is an assumption of the study.

    The climate's defaults are those of Ha Giang (22.8° N 105.0° E): ITU-R P.837-7 gives
    83.6 mm/h, P.453-14 a gradient of -191 N/km, the height data of P.530-17 450 m.
    """

    freq_ghz: Annotated[float, Field(ge=4, le=86)] = 15.0
    polarisation: Literal["h", "v"] = "v"
    max_km: Annotated[float, Field(gt=0, le=100)] = 30.0
    """Longer hops are not looked at."""
    max_hops: Annotated[int, Field(ge=0, le=10)] = 3
    """Most hops in a chain from fibre; 0: no microwave at all."""
    availability_percent: Annotated[float, Field(ge=90, le=99.999)] = 99.95
    """Of a year, each hop by itself; rain and multipath together."""
    tx_power_dbm: float = 20.0
    antenna_gain_dbi: Annotated[float, Field(ge=0, le=60)] = 36.8
    """At either end; a dish of 0.6 m has 36.8 dBi at 15 GHz with an efficiency of 55 %."""
    rx_threshold_dbm: Annotated[float, Field(ge=-120, le=0)] = -68.0
    """Level that the modulation needs (about 128-QAM in 28 MHz at 1e-6)."""
    losses_db: NotNegative = 2.0
    """Branching and feeders at both ends together."""
    gas_db_per_km: NotNegative = 0.07
    """Oxygen and vapour (ITU-R P.676-12 at 15 GHz, 950 hPa, 17 °C, 20 g/m³: 0.066)."""
    rain_mm_h: NotNegative = 85.0
    """Exceeded for 0.01 % of an average year, over one minute."""
    gradient_n_per_km: Annotated[float, Field(ge=-2000, le=100)] = -191.0
    """Refractivity gradient in the lowest 65 m not exceeded for 1 % of a year."""
    roughness_m: NotNegative = 450.0
    """Standard deviation of ground heights within 110 km x 110 km."""
    clearance: Annotated[float, Field(ge=0, le=2)] = 0.6
    """Of the first Fresnel zone's radius, kept free all along (ITU-R P.530-17 §2.2.2)."""
    k_factor: Annotated[float, Field(gt=0, le=10)] = 4.0 / 3.0
    """Effective earth's radius over the true one."""
    obstacles_m: NotNegative = 15.0
    """Trees and houses on the ground along the way."""
    near_m: NotNegative = 100.0
    """Nearer to a mast than this they are taken as cleared."""
    below_top_m: NotNegative = 3.0
    """The dish hangs this far under the top of the mast."""


class NewSite(Section):
    """What a new mast carries. Every figure is an assumption of the study."""

    operator: str = Field(default="new", min_length=1)
    """Whose it is; masts that carriers share may have a name of their own."""
    technology: Technology = "LTE"
    freq_mhz: Annotated[float, Field(ge=400, le=6000)] = 900.0
    bandwidth_mhz: Positive | None = None
    """Absent: the budget's of the technology."""
    eirp_dbm: Annotated[float, Field(ge=0, le=90)] = 60.0
    height_m: Annotated[float, Field(gt=0, le=300)] = 45.0
    azimuths_deg: list[Annotated[float, Field(ge=0, lt=360)]] = Field(
        default_factory=lambda: [0.0, 120.0, 240.0]
    )
    """One sector each; empty: one cell all round."""
    tilt_deg: Annotated[float, Field(ge=-30, le=30)] = 2.0
    """Electrical, down positive."""


class CandidatePlaces(Section):
    """Where a mast may stand."""

    existing: bool = True
    """Masts that stand already, of any carrier."""
    high_points: bool = True
    """The highest ground of every square of ``spacing_m`` near the dark villages."""
    along_roads: bool = True
    village_centres: bool = True
    own: list[Layer] = Field(default_factory=list)
    """Points of the planner's own."""
    forbidden: list[Layer] = Field(default_factory=list)
    """Areas in which nothing new may stand."""
    near_km: Annotated[float, Field(gt=0, le=50)] = 6.0
    """How far from a dark village is looked."""
    spacing_m: Annotated[float, Field(ge=50, le=20_000)] = 1000.0
    """Between places of one kind."""
    apart_m: NotNegative = 150.0
    """Places nearer to one another than this are one: the earlier of the kinds above."""
    most: Annotated[int, Field(ge=1, le=100_000)] = 3000
    """No more than this many, nearest to dark people first; a further round adds half at most."""


class Price(Section):
    """What something costs: once, and in every year that follows."""

    capital: NotNegative
    yearly: NotNegative = 0.0


class Prices(Section):
    """What everything costs, in one currency. Every figure is an assumption of the study.

    No Vietnamese tariff is public; the defaults are orders of magnitude of US dollars for rural
    sites, to be replaced by the province's own.
    """

    currency: str = Field(default="USD", min_length=1)
    per_usd: Positive = 1.0
    """What a US dollar of ``[extension]`` is in that currency."""
    horizon_years: Annotated[int, Field(ge=1, le=50)] = 10
    """Yearly costs are counted over this many years."""
    discount_percent: Annotated[float, Field(ge=0, le=50)] = 8.0
    """By which money of a year later counts less."""
    tower: Price = Price(capital=45_000.0, yearly=1_500.0)
    """A new mast with its ground, road and fence."""
    cosite: Price = Price(capital=4_000.0, yearly=2_400.0)
    """Room on a mast that stands, of whoever."""
    radio: Price = Price(capital=18_000.0, yearly=2_000.0)
    """What serves phones: radio units, antennas, baseband."""
    hop: Price = Price(capital=14_000.0, yearly=900.0)
    """A microwave hop, both ends."""
    solar: Price = Price(capital=16_000.0, yearly=900.0)
    """Panels and batteries of a site off the grid."""
    grid: Price = Price(capital=2_500.0, yearly=700.0)
    """Connection and current of a site on the grid, without the line to it."""
    grid_per_km: Price = Price(capital=12_000.0, yearly=120.0)
    """New power line to a site."""
    fibre_yearly_per_km: NotNegative = 150.0
    """Keeping new cable; what it costs to lay is priced in ``[extension]``."""
    battery_hour: Price = Price(capital=500.0, yearly=50.0)
    """An hour more that the batteries of a site or PoP last, with their replacement."""
    repeater: Price | None = Price(capital=3_500.0, yearly=350.0)
    """A repeater with its donor antenna, pole and current, where there is a signal to repeat; how
    many a village takes: ``[planning.repeater]``."""
    satellite: Price | None = Price(capital=1_200.0, yearly=1_400.0)
    """A terminal with an access point at the village's culture house; absent: no alternative.

    It serves the house, not the village's fields and roads: reported beside coverage, never
    counted as covered."""


class LossRate(Section):
    """How often something is lost, and for how long."""

    per_year: NotNegative
    hours: Positive


class LossRates(Section):
    """How often things are lost, by which remedies are weighed. Every figure is an assumption.

    No Vietnamese statistics of faults are public; the defaults are orders of magnitude, to be
    replaced by the carriers' own fault tickets.
    """

    cable_100_km: LossRate = LossRate(per_year=1.0, hours=12.0)
    """Cuts of 100 km of cable; a section is cut by its length, as is the tail of a PoP."""
    joint: LossRate = LossRate(per_year=0.01, hours=8.0)
    pop: LossRate = LossRate(per_year=0.1, hours=8.0)
    shared_route: LossRate = LossRate(per_year=0.1, hours=24.0)
    """Cables that fall together."""
    site: LossRate = LossRate(per_year=0.3, hours=24.0)
    hazard: LossRate = LossRate(per_year=0.1, hours=72.0)
    feeder_hours: NotNegative = 8.0
    """Hours a year that a feeder is gone in outages of each of ``outage_hours``: of 4 h twice a
    year, of 24 h once in three."""


class Repeater(Section):
    """Where a repeater is possible. Every figure is an assumption of the study."""

    donor_dbm: Annotated[float, Field(ge=-140, le=-40)] = -100.0
    """Level of the signal it repeats, outdoors as the study predicts it (reference signal of LTE
    and NR): at much less it amplifies little but noise. No standard names a level."""
    near_m: NotNegative = 300.0
    """How far outside the village the donor antenna may stand."""
    reach_m: Positive = 800.0
    """How far one serves: a village takes as many as circles of this radius have the area of what
    is not served of it now."""


class Owners(Section):
    """Who does what of a plan: names in the bill, and of the files by owner.

    New masts with their radio, current and hops are ``planning.site.operator``'s; room on a mast
    that stands is its carriers'.
    """

    cable: str = Field(default="cable owner", min_length=1)
    """Whose new cable is."""
    power: str = Field(default="power company", min_length=1)
    """Who builds lines from the grid to new masts."""
    satellite: str = Field(default="satellite service", min_length=1)
    """Whose terminals are; a repeater is of the carrier whose signal it repeats."""


class Planning(Section):
    """Where to build next: candidates, what they carry, what hangs them on the network, prices."""

    candidates: CandidatePlaces = Field(default_factory=CandidatePlaces)
    site: NewSite = Field(default_factory=NewSite)
    microwave: Microwave = Field(default_factory=Microwave)
    prices: Prices = Field(default_factory=Prices)
    repeater: Repeater = Field(default_factory=Repeater)
    alternatives: list[Literal["repeater", "satellite"]] = Field(default_factory=list)
    """What may serve a village by itself in a plan, instead of masts. By default nothing: only
    masts count as coverage, and alternatives are priced beside them."""
    owners: Owners = Field(default_factory=Owners)
    fibre_weight: NotNegative = 0.1
    """What a person of a commune that gets fibre counts beside one who gets signal, where both are
    planned together. An assumption: cable to the centre reaches offices, school and health post
    first, and houses later."""
    hazards: list[Layer] = Field(default_factory=list)
    """Areas of floods, landslides, fires: ``phusong cascade`` loses all in one of them at once."""
    feeders: list[Layer] = Field(default_factory=list)
    """Tables of ``site_id``, ``feeder``, ``battery_h``: which power line feeds a site or PoP, and
    how long its batteries last."""
    outage_hours: list[Positive] = Field(default_factory=lambda: [4.0, 8.0, 24.0])
    """How long a feeder is gone, in the events of ``phusong cascade``."""
    losses: LossRates = Field(default_factory=LossRates)
    power_lines: list[Layer] = Field(default_factory=list)
    """Lines a site may draw current from; without them every new site has panels of its own."""
    rounds: Annotated[int, Field(ge=1, le=10)] = 3
    """How often places are looked for: the first list, then denser round the plan, as long as it
    gets cheaper."""
    time_limit_s: Positive = 60.0
    """Longest search for a cheaper plan in each round; the bound says what is left to win."""
