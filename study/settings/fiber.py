"""Fibre in the study: cables, optics, and what new cable costs."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from phusong.study.settings.base import NotNegative, Positive, Section
from phusong.study.settings.sources import Layer, PopSource


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
    backhaul: list[Layer] = Field(default_factory=list)
    """Tables of what sites (and PoPs that are not fed on their own) hang on: ``site_id``,
    ``medium`` (fibre, microwave) and ``upstream``, a site or PoP. A site in several rows has
    several ways; one in no row is taken as fed."""
    in_service: list[str] = Field(default_factory=list)
    """Values of the cables' status column that carry traffic; empty: known words for that."""
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
