"""The radio model in the study: budgets, antennas, spreads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from phusong.study.settings.base import NotNegative, Positive, Section, Technology


class TechnologyBudget(Section):
    """From EIRP to the level a handset reports, one row of the link-budget table.

    ``reference`` says what the level is: GSM RxLev (the whole carrier), UMTS RSCP (the CPICH
    share of the carrier), LTE RSRP and NR SS-RSRP (power of one resource element).
    """

    threshold_dbm: Annotated[float, Field(ge=-160, le=0)]
    """Level from which the service is taken to work. No regulator's value was found: an
    assumption of the study."""
    bandwidth_mhz: Positive
    reference: Literal["carrier", "cpich", "resource_element"]
    cpich_share_db: float = -10.0
    subcarrier_khz: Positive | None = None
    """Spacing of NR's subcarriers; absent: by band (15 kHz, 30 from 2300 MHz, 120 from 24 GHz).
    A bandwidth that the standard does not have with it gets the band's."""
    rx_gain_dbi: float = 0.0
    body_loss_db: NotNegative = 3.0


def _budgets() -> dict[Technology, TechnologyBudget]:
    return {
        "GSM": TechnologyBudget(threshold_dbm=-95, bandwidth_mhz=0.2, reference="carrier"),
        "UMTS": TechnologyBudget(threshold_dbm=-103, bandwidth_mhz=5, reference="cpich"),
        "LTE": TechnologyBudget(threshold_dbm=-110, bandwidth_mhz=10, reference="resource_element"),
        "NR": TechnologyBudget(threshold_dbm=-110, bandwidth_mhz=100, reference="resource_element"),
    }


class Antenna(Section):
    """3GPP parametric sector antenna (TR 36.814 table A.2.1.1-2), used where no file is given."""

    horizontal_beamwidth_deg: Annotated[float, Field(gt=0, le=360)] = 65.0
    vertical_beamwidth_deg: Annotated[float, Field(gt=0, le=180)] = 10.0
    front_to_back_db: NotNegative = 25.0
    side_lobe_db: NotNegative = 20.0
    omni_vertical_beamwidth_deg: Annotated[float, Field(gt=0, le=180)] = 10.0


class Spread(Section):
    """How far a predicted level may be off, as two spreads that are never mixed up."""

    sigma_model_db: NotNegative = 10.0
    """The model's own error, until a calibration replaces it: what is left between P.1812 with
    clutter at the ends and measured levels of three places, nothing fitted (docs/truth.md)."""
    sigma_location_db: NotNegative | None = None
    """Location variability inside one cell; absent: ITU-R P.1812-7 section 4.7."""
    correlation_m: Positive = 200.0
    """Distance over which the model's errors fall to 1/e of correlation: of the same residuals
    (80 m to 1.7 km by set; Gudmundson 1991: about 500 m in open country)."""


class Quality(Section):
    """From levels to throughput: interference of the carrier's own cells, and a modem.

    Defaults: 3GPP TR 36.942 annex A.2 (downlink) and its handset noise figure of 9 dB.
    """

    load: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share of the time and band other cells transmit in."""
    noise_figure_db: NotNegative = 9.0
    attenuation: Annotated[float, Field(gt=0, le=1)] = 0.6
    """Share of Shannon's bound that a link reaches."""
    sinr_min_db: float = -10.0
    """Below it nothing gets through."""
    efficiency_max: Positive = 4.4
    """Bit/s/Hz of the highest modulation and coding."""


class Entry(Section):
    """Loss on the way into a car or a building: a fixed loss, or ITU-R P.2109."""

    loss_db: NotNegative | None = None
    """Fixed loss; absent: P.2109's median for ``building``."""
    sigma_db: NotNegative | None = None
    """Spread of the loss; absent: 0 with a fixed loss, else P.2109's."""
    building: Literal["traditional", "thermally_efficient"] = "traditional"


Environment = Literal["water", "open", "suburban", "urban", "trees", "dense_urban"]
"""What stands round an antenna, in ITU-R P.2108-1's words; open holds for rural ground."""

LandCover = Annotated[int, Field(ge=0, le=255)]
"""A class of ESA WorldCover, or of another map in its place."""


def _environments() -> dict[int, Environment]:
    return {10: "trees", 50: "suburban", 80: "water", 95: "trees"}


class Clutter(Section):
    """What stands round phones and masts, and between them: roofs and trees."""

    at: Literal["ends", "path", "none"] = "ends"
    """``ends``: loss at the ends of a path (ITU-R P.2108-1 section 3.1, above 3 GHz 3.2);
    ``path``: heights on the ground between them, as P.1812-7 has it, and none at the ends;
    ``none``: bare ground. Both at once would count the same roofs twice."""
    environment: Environment = "suburban"
    """Round a phone where no land cover says better: an assumption of the study. Phones are where
    houses and gardens are; on measured levels it is a little nearer than ``open``."""
    mast_environment: Environment = "open"
    """Round masts. They are put where they see out: only one under 10 m loses anything."""
    environments: dict[LandCover, Environment] = Field(default_factory=_environments)
    """By land cover class; a class left out has ``environment``."""
    street_m: Positive = 27.0
    """Width of streets, P.2108-1 section 3.1."""
    heights_m: dict[Annotated[int, Field(ge=0, le=255)], Annotated[float, Field(ge=0, le=100)]] = (
        Field(default_factory=lambda: {10: 15.0, 50: 10.0, 95: 15.0})
    )
    """Representative clutter heights by land cover class; defaults of ITU-R P.1812-7 table 2. At
    the ends a class left out has P.2108's height of its environment; along the path it is open
    ground. Along the path they are not used with a surface model, which holds them already."""


class Slope(Section):
    """A correction that grows with something along the path, 0 in the middle of its span.

    It holds between ``low`` and ``high``, and beyond them is what it is there.
    """

    db_per_unit: Annotated[float, Field(ge=-60, le=60)]
    low: float
    high: float

    @model_validator(mode="after")
    def _in_order(self) -> Slope:
        if not self.low < self.high:
            raise ValueError("low must be less than high")
        return self


class Radio(Section):
    """The coverage model."""

    model: str = "p1812"
    radius_km: Annotated[float, Field(gt=0, le=200)] = 20.0
    rx_height_m: Annotated[float, Field(gt=0, le=50)] = 1.5
    polarisation: Literal["h", "v"] = "v"
    effective_earth_radius_km: Positive = 8500.0
    time_percent: Annotated[float, Field(ge=1, le=50)] = 50.0
    delta_n: Annotated[float, Field(ge=20, le=100)] = 45.0
    n0: Annotated[float, Field(ge=250, le=400)] = 325.0
    cell_m: Annotated[float, Field(ge=5, le=1000)] | None = None
    """Cell of every raster; absent: that of the DEM, not under 10 m."""
    antenna: Antenna = Field(default_factory=Antenna)
    spread: Spread = Field(default_factory=Spread)
    clutter: Clutter = Field(default_factory=Clutter)
    quality: Quality = Field(default_factory=Quality)
    in_vehicle: Entry = Field(default_factory=lambda: Entry(loss_db=8.0))
    """The loss of a car's body is an assumption."""
    indoor: Entry = Field(default_factory=Entry)
    technologies: dict[Technology, TechnologyBudget] = Field(default_factory=_budgets)
    offsets_db: dict[Technology, Annotated[float, Field(ge=-60, le=60)]] = Field(
        default_factory=dict
    )
    """What measurements say levels are off by, added to every predicted level of a technology
    (`phusong calibrate`); propagation is not computed again for it."""
    land_cover_offsets_db: dict[
        Technology,
        dict[Annotated[int, Field(ge=0, le=255)], Annotated[float, Field(ge=-60, le=60)]],
    ] = Field(default_factory=dict)
    """On top of ``offsets_db``, by land cover class (ESA WorldCover codes) of the receiver."""
    obstruction_offsets_db: dict[
        Literal["clear", "obstructed"], Annotated[float, Field(ge=-60, le=60)]
    ] = Field(default_factory=dict)
    """On top of them, by whether the receiver is in sight of the mast."""
    slopes: dict[Literal["excess", "log_distance"], Slope] = Field(default_factory=dict)
    """On top of them, along the loss beyond free space (dB), and along the decadic logarithm of
    the distance in km."""
    residual_field: Path | None = None
    """File of a calibration: what its offsets left, kriged near the measured roads."""

    @field_validator("technologies", mode="before")
    @classmethod
    def _fill_budgets(cls, given: Any) -> Any:
        """Keep the defaults of what a partly given technology leaves out."""
        if not isinstance(given, dict):
            return given
        base: dict[str, Any] = {n: row.model_dump() for n, row in _budgets().items()}
        merged = dict(base)
        for name, row in given.items():
            merged[name] = {**base.get(name, {}), **row} if isinstance(row, dict) else row
        return merged
