"""The study: one object, handed down, that holds every input, assumption and definition.

A study is a folder with a ``study.toml``. Nothing is computed here; reading the file and
explaining what is wrong with it is :mod:`phusong.studyfile`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Technology = Literal["GSM", "UMTS", "LTE", "NR"]
TECHNOLOGIES: tuple[Technology, ...] = ("GSM", "UMTS", "LTE", "NR")

Share = Annotated[float, Field(gt=0, le=1)]
Probability = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Section(BaseModel):
    """Base of every table of the study file: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Layer(Section):
    """One vector file (any OGR format) or CSV with coordinates."""

    path: Path
    layer: str | None = None
    where: str | None = None
    """OGR attribute filter, e.g. ``admin_level = '7'``."""
    encoding: str | None = None
    """Text encoding of a CSV or shapefile; found from the file when absent."""
    crs: str | None = None
    """CRS of the coordinates, only for a file that does not say."""
    decimal: Literal[".", ","] | None = None
    separator: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    """Our name of a column -> the planner's own header."""


class TerrainSource(Section):
    """Digital elevation model: one raster or several tiles that join."""

    dem: list[Path] = Field(min_length=1)
    crs: str | None = None
    kind: Literal["dtm", "dsm"] = "dtm"
    """``dsm`` holds canopy and roofs already: clutter is then not added a second time."""
    void_fill_max_m: NotNegative = 500.0
    """Widest hole that is filled (and flagged); wider ones are an error."""
    sea_level_voids: bool = False
    """Read voids as sea at height 0 (coastal tiles that leave the sea empty)."""
    landcover: Path | None = None
    """ESA WorldCover classes (10, 20, ...), for clutter heights."""


class PeopleSource(Section):
    """People on the ground, as a raster (WorldPop's form)."""

    raster: Path
    crs: str | None = None
    unit: Literal["people_per_cell", "people_per_km2"] = "people_per_cell"


class BoundariesSource(Section):
    """Communes, villages and their centres."""

    communes: Layer
    villages: list[Layer] = Field(min_length=1)
    """Polygons, or points that become service areas inside their commune."""
    village_centres: Layer | None = None
    """Where a village's cultural house stands; without it, a point inside the village."""
    commune_centres: list[Layer] = Field(default_factory=list)
    """Without it, a point inside the commune stands in, flagged."""
    lone_village_radius_m: Positive = 1000.0
    """Reach of the service area of a village point that lies in no commune."""


class CellTemplate(Section):
    """A cell that stands on every site whose file names no cells of its own."""

    technology: Technology
    freq_mhz: Annotated[float, Field(ge=30, le=100_000)]
    bandwidth_mhz: Positive | None = None


class TowerDefaults(Section):
    """What a tower record that does not say gets; every use is flagged as assumed."""

    operator: str = "unknown"
    height_m: Annotated[float, Field(ge=1, le=400)] = 35.0
    eirp_dbm: Annotated[float, Field(ge=-20, le=100)] = 60.0
    cells: list[CellTemplate] = Field(default_factory=list)


class TowersSource(Layer):
    """Sites or cells: CSV or points; OpenCelliD's own CSV is accepted."""

    in_service: list[str] = Field(default_factory=list)
    """Values of the status column that are on air; empty: all but known words for planned,
    closed or torn down."""
    defaults: TowerDefaults = Field(default_factory=TowerDefaults)


class PopSource(Layer):
    """Points of presence, where the lit network can be entered."""


class OpticalClass(Section):
    """An optical interface class and the loss it works within, at both wavelengths."""

    name: str
    min_db: NotNegative
    max_db: Positive
    wavelengths_nm: list[int] = Field(min_length=1)
    reach_km: Positive
    """Longest fibre length the class allows, whatever the loss."""
    point_to_point: bool = False
    """No splitter on the way (10G LR/ER/ZR)."""


def _optical_classes() -> list[OpticalClass]:
    """ITU-T G.984.2, G.9807.1, IEEE 802.3 clause 52; ZR is not of the IEEE."""
    gpon = [1310, 1490]
    xgs = [1270, 1577]
    rows: list[tuple[str, float, float, list[int], float, bool]] = [
        ("GPON B+", 13, 28, gpon, 60, False),
        ("GPON C+", 17, 32, gpon, 60, False),
        ("XGS-PON N1", 14, 29, xgs, 40, False),
        ("XGS-PON N2", 16, 31, xgs, 40, False),
        ("XGS-PON E1", 18, 33, xgs, 40, False),
        ("XGS-PON E2", 20, 35, xgs, 40, False),
        ("10G LR", 0, 6.2, [1310], 10, True),
        ("10G ER", 3, 11, [1550], 40, True),
        ("10G ZR", 9, 23, [1550], 80, True),
    ]
    return [
        OpticalClass(name=n, min_db=lo, max_db=hi, wavelengths_nm=w, reach_km=r, point_to_point=p)
        for n, lo, hi, w, r, p in rows
    ]


class Optics(Section):
    """Losses of the passive route. Defaults: ITU-T G.652.D and common design values."""

    loss_db_per_km: dict[int, Positive] = Field(
        default_factory=lambda: {1270: 0.40, 1310: 0.35, 1490: 0.25, 1550: 0.22, 1577: 0.25}
    )
    splice_db: NotNegative = 0.15
    splice_every_km: Positive = 2.0
    """Cable drums are joined about this often; joints of the drawing come on top."""
    connector_db: NotNegative = 0.5
    connectors: Annotated[int, Field(ge=0)] = 2
    splitter_db: NotNegative = 0.0
    """Loss of the splitters on the way (e.g. 10.5 for 1:8); 0 for a direct route."""
    margin_db: NotNegative = 3.0
    """Kept for ageing and repair."""
    classes: list[OpticalClass] = Field(default_factory=_optical_classes, min_length=1)

    @model_validator(mode="after")
    def _wavelengths_known(self) -> Self:
        missing = {w for c in self.classes for w in c.wavelengths_nm} - set(self.loss_db_per_km)
        if missing:
            msg = f"loss_db_per_km lacks wavelengths of the classes: {sorted(missing)}"
            raise ValueError(msg)
        return self


class FiberSources(Section):
    """Cables and points of presence, and how a drawing becomes a network."""

    cables: list[Layer] = Field(default_factory=list)
    pops: list[PopSource] = Field(default_factory=list)
    in_service: list[str] = Field(default_factory=list)
    """Values of the cables' status column that carry traffic; empty: every cable does."""
    snap_tolerance_m: NotNegative = 5.0
    """Ends nearer than this are one joint."""
    near_miss_m: NotNegative = 100.0
    """Gaps up to this are listed as questions for the owner; never closed."""
    join_crossings: bool = False
    """Whether two cables that cross without a vertex in common are joined there."""
    drop_m: NotNegative = 500.0
    """A commune centre farther than this from connected fibre is not reached."""
    pop_snap_m: NotNegative = 50.0
    """A PoP farther than this from every cable is not connected."""
    shared_risk_m: NotNegative = 20.0
    """Cables that run this near to each other fall to one landslide; 0: only those that the
    cables' own ``group`` column puts together."""
    optics: Optics = Field(default_factory=Optics)


class Extension(Section):
    """What new cable costs and where it may run.

    No Vietnamese unit cost was found: every price is an assumption of the study.
    """

    usd_per_km: Positive = 20_000.0
    """Along a road of a kind not priced below (UNICEF/ITU connectivity planning guide, 2026)."""
    kind_usd_per_km: dict[str, Positive] = Field(
        default_factory=lambda: {"pole": 8_000.0, "duct": 8_000.0}
    )
    """By kind of road, pole line or duct. Defaults: aerial against buried cable is about
    21 to 53 (US, 2023)."""
    surface_factor: dict[str, Positive] = Field(default_factory=lambda: {"rock": 2.0})
    """By surface; rock costs about twice soft soil (US, 2023). Others: 1."""
    slope_factor: NotNegative = 2.0
    """A route costs ``1 + slope_factor * slope`` times its price (slope: rise over run).
    An assumption."""
    route_factor: Annotated[float, Field(ge=1, le=2)] = 1.1
    """Cable bought over route measured (UNICEF/ITU 1.1; BharatNet built 1.12)."""
    offroad_usd_per_km: Positive = 46_500.0
    """Where there is no road: laying with a road saves about 57 % (Myanmar, ESCAP)."""
    offroad_max_km: Annotated[float, Field(ge=0, le=50)] = 10.0
    """Longest way off the road that is searched."""
    access_m: NotNegative = 100.0
    """A road this near to connected fibre, or to a target, may be spliced to it directly."""
    budget_usd: Positive | None = None
    """What may be spent; absent: everything reachable is built."""
    time_limit_s: Positive = 120.0
    """Longest search for a cheaper network; the bound says what is left to win."""


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
    subcarrier_khz: Positive = 15.0
    rx_gain_dbi: float = 0.0
    body_loss_db: NotNegative = 3.0


def _budgets() -> dict[Technology, TechnologyBudget]:
    return {
        "GSM": TechnologyBudget(threshold_dbm=-95, bandwidth_mhz=0.2, reference="carrier"),
        "UMTS": TechnologyBudget(threshold_dbm=-103, bandwidth_mhz=5, reference="cpich"),
        "LTE": TechnologyBudget(threshold_dbm=-110, bandwidth_mhz=10, reference="resource_element"),
        "NR": TechnologyBudget(
            threshold_dbm=-110, bandwidth_mhz=100, reference="resource_element", subcarrier_khz=30
        ),
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

    sigma_model_db: NotNegative = 8.0
    """The model's own error: an assumption until a calibration replaces it."""
    sigma_location_db: NotNegative | None = None
    """Location variability inside one cell; absent: ITU-R P.1812-7 section 4.7."""
    correlation_m: Positive = 500.0
    """Distance over which the model's errors fall to 1/e of correlation (Gudmundson 1991:
    about 500 m in open country)."""


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


class Clutter(Section):
    """Representative clutter heights by land cover class (ESA WorldCover codes).

    Defaults: ITU-R P.1812-7 table 2 (trees and forest 15 m, suburban 10 m); classes left out
    are open ground. Not used with a surface model, which holds canopy and roofs already.
    """

    heights_m: dict[Annotated[int, Field(ge=0, le=255)], Annotated[float, Field(ge=0, le=100)]] = (
        Field(default_factory=lambda: {10: 15.0, 50: 10.0, 95: 15.0})
    )


class Radio(Section):
    """The coverage model."""

    model: str = "p526"
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


class Verdict(Section):
    """When a village counts as covered. Every figure here is a definition, printed as such."""

    technologies: list[Technology] = Field(default=["LTE", "NR"], min_length=1)
    """Technologies that count (2G ended in 2026; 4G is the floor for voice and data)."""
    probability: Probability = 0.75
    """A place is served where P(level >= threshold) is at least this."""
    covered_share: Share = 0.8
    """Share of the village's people (of its area without people) served to be `covered`."""
    hollow_share: Share = 0.05
    """A village whose centre is dark but at least this share is served is hollow, not white."""
    weight: Literal["people", "area"] = "people"
    """Falls back to area where a village has no people on the raster."""


class IndicatorSettings(Section):
    """Comparison columns, and the steps of the sensitivity table."""

    circles_km: dict[Technology, Positive] = Field(
        default={"GSM": 12.0, "UMTS": 4.0, "LTE": 4.0, "NR": 0.5}
    )
    """What a report without terrain draws round every mast (FAO/GSMA fill-in radii)."""
    threshold_offsets_db: list[float] = Field(
        default_factory=lambda: [-10.0, -5.0, 0.0, 5.0, 10.0], min_length=1
    )
    probabilities: list[Probability] = Field(
        default_factory=lambda: [0.5, 0.75, 0.9, 0.95], min_length=1
    )
    presets: list[str] = Field(default_factory=list)
    """Definitions others publish by, evaluated beside the study's own (see coverage/
    definitions.toml); ``["all"]`` for every one. Those that ask for a throughput need the
    interference computed, which takes about as long as the best servers."""
    shares: list[Share] = Field(default_factory=lambda: [0.01, 0.5, 0.8, 0.95], min_length=1)


class Uncertainty(Section):
    """Seeded simulation of the model's errors, for P(village covered) and intervals."""

    draws: Annotated[int, Field(ge=0, le=100_000)] = 200
    """0 leaves the simulation out."""
    seed: Annotated[int, Field(ge=0)] = 1
    interval: Probability = 0.9
    """Width of the intervals given."""


class Outputs(Section):
    """Forms of the results beside CSV, GeoPackage, GeoTIFF and the map."""

    formats: list[Literal["xlsx", "kmz", "parquet"]] = Field(default=["xlsx", "kmz"])


class Publish(Section):
    """What `phusong publish` hands to others, and what it keeps back."""

    tables: list[Literal["villages", "communes", "indicators", "sensitivity"]] = Field(
        default=["villages", "communes", "indicators", "sensitivity"]
    )
    layers: list[Literal["communes", "villages", "commune_centres", "fibre", "sites"]] = Field(
        default=["communes", "villages", "commune_centres"]
    )
    withhold: dict[str, list[str]] = Field(
        default_factory=lambda: {"villages": ["best_cell_id", "nearest_site_id"]}
    )
    """Table or layer -> its columns that are personal, or a carrier's secret."""


class Checks(Section):
    """Rules a study raises or lowers, by number (see ``phusong check --rules``)."""

    severity: dict[str, Literal["error", "warning", "info"]] = Field(default_factory=dict)


class About(Section):
    """What is studied, and in which CRS."""

    name: str = Field(min_length=1)
    description: str = ""
    publisher: str = ""
    licence: str = ""
    period: str = ""
    crs: str = "auto"
    """``auto``: the UTM zone of the communes; or any projected CRS in metres."""
    assumptions: list[str] = Field(default_factory=list)
    """Sentences printed with every result (what stands in for what)."""


class Study(Section):
    """A whole study. ``folder`` is where its relative paths start."""

    study: About
    boundaries: BoundariesSource
    towers: list[TowersSource] = Field(min_length=1)
    terrain: TerrainSource
    people: PeopleSource | None = None
    fiber: FiberSources | None = None
    roads: list[Layer] = Field(default_factory=list)
    extension: Extension = Field(default_factory=Extension)
    radio: Radio = Field(default_factory=Radio)
    verdict: Verdict = Field(default_factory=Verdict)
    indicators: IndicatorSettings = Field(default_factory=IndicatorSettings)
    uncertainty: Uncertainty = Field(default_factory=Uncertainty)
    checks: Checks = Field(default_factory=Checks)
    outputs: Outputs = Field(default_factory=Outputs)
    publish: Publish = Field(default_factory=Publish)
    folder: Path = Field(default=Path(), exclude=True)

    def resolve(self, path: Path) -> Path:
        """Return ``path`` from the study's folder (absolute paths stay as they are)."""
        return path if path.is_absolute() else self.folder / path

    @property
    def work_folder(self) -> Path:
        """Where prepared rasters and path losses are kept between runs."""
        return self.folder / ".phusong"

    def fingerprint(self) -> str:
        """Return the SHA-256 of everything the study says (its folder left out)."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
