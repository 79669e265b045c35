"""The planner's files, as the study names them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from phusong.study.settings.base import NotNegative, Positive, Section, Technology

HeightUnit = Literal["m", "dm", "cm", "ft", "us_ft"]
"""Units that heights of a raster come in; ``us_ft``: the US survey foot."""


def _listed(given: Any) -> Any:
    """Return one word, or a number, as a list of one."""
    if isinstance(given, str | int | float) and not isinstance(given, bool):
        return [str(given)]
    return given


Words = Annotated[list[str], BeforeValidator(_listed)]
Supplier = Annotated[str, Field(exclude=True)]
"""Who supplied a file: findings about it are handed to them (``phusong check --pages``). Nothing
is computed from it, so that no result is another's for it."""


Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-85, le=85)]


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
    degrees: Literal["decimal", "ddmmss"] | None = None
    """What 22.4930 is in a table: decimal degrees, or 22°49'30" as calculators show it."""
    separator: Annotated[str, Field(pattern=r'^[^"\r\n\x00]$')] | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    """Our name of a column -> the planner's own header."""
    values: dict[str, dict[str, Words]] = Field(default_factory=dict)
    """Our name of a column, or the file's header -> the planner's own value -> what it stands for,
    in words known here; a list is several of them, an empty text nothing."""
    owner: Supplier = ""


class RoadsSource(Layer):
    """Roads, pole lines or ducts: what new cable may follow."""

    kind: str = ""
    """Kind of the records that name none, e.g. ``pole`` for a layer of poles (see
    ``extension.kind_usd_per_km``)."""


class TerrainSource(Section):
    """Digital elevation model: one raster or several tiles that join."""

    dem: list[Path] = Field(min_length=1)
    crs: str | None = None
    unit: HeightUnit | None = None
    """Unit of the heights, where the raster does not say or says wrong; absent: as it says, else
    metres."""
    kind: Literal["dtm", "dsm"] = "dtm"
    """``dsm`` holds canopy and roofs already: clutter is then not added a second time."""
    void_fill_max_m: NotNegative = 500.0
    """Widest hole that is filled (and flagged); wider ones are an error."""
    sea_level_voids: bool = False
    """Read voids as sea at height 0 (coastal tiles that leave the sea empty)."""
    landcover: Path | None = None
    """ESA WorldCover classes (10, 20, ...), for clutter heights."""
    owner: Supplier = ""


class PeopleSource(Section):
    """People on the ground, as a raster (WorldPop's form)."""

    raster: Path
    crs: str | None = None
    unit: Literal["people_per_cell", "people_per_km2"] = "people_per_cell"
    owner: Supplier = ""


class VillagesSource(Layer):
    """Villages: polygons, points, or a list of names whose places a person has confirmed."""

    matches: Path | None = None
    """Which place each name of a list without geometry is: `phusong match` proposes, only rows
    that a person confirms there are read."""

    @field_validator("matches")
    @classmethod
    def _as_csv(cls, given: Path | None) -> Path | None:
        if given is not None and given.suffix.lower() != ".csv":
            raise ValueError("matches is a .csv file")
        return given


class BoundariesSource(Section):
    """Communes, villages and their centres."""

    communes: Layer
    villages: list[VillagesSource] = Field(min_length=1)
    """Polygons, or points that become service areas inside their commune."""
    places: list[Layer] = Field(default_factory=list)
    """Named points or areas that `phusong match` looks for villages among."""
    commune_changes: Layer | None = None
    """Old and new communes, by name or code, for lists that name the others than the study has."""
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


SiteClass = Literal["rural", "suburban", "urban", "small", "indoor"]


class ClassDefaults(Section):
    """What a site of a class gets; absent: the figures of sources/towers/classes.toml."""

    height_m: Annotated[float, Field(ge=1, le=400)] | None = None
    eirp_dbm: Annotated[float, Field(ge=-20, le=100)] | None = None


class TowerDefaults(Section):
    """What a tower record that does not say gets; every use is flagged as assumed."""

    operator: str = "unknown"
    height_m: Annotated[float, Field(ge=1, le=400)] = 35.0
    eirp_dbm: Annotated[float, Field(ge=-20, le=100)] = 60.0
    cells: list[CellTemplate] = Field(default_factory=list)
    classes: dict[SiteClass, ClassDefaults] = Field(default_factory=dict)
    """By the class that a column of the list names (rural, suburban, urban, small, indoor)."""


def _as_layer(given: Any) -> Any:
    """Return a bare path as a layer of that path."""
    return {"path": given} if isinstance(given, str | Path) else given


Table = Annotated[Layer, BeforeValidator(_as_layer)]


class TowersSource(Layer):
    """Sites or cells: CSV or points; OpenCelliD's own CSV is accepted.

    An export of a planning program may have its tables apart: ``sites`` and ``transmitters``, and
    ``cells`` where it has some, in place of ``path``.
    """

    path: Path = Path()
    sites: Table | None = None
    transmitters: Table | None = None
    cells: Table | None = None
    technology: Technology | None = None
    """Technology of an export that does not say."""
    patterns: Path | None = None
    """Folder of pattern files that are called as an export calls its antennas."""

    in_service: list[str] = Field(default_factory=list)
    """Values of the status column that are on air; empty: known words for that."""
    defaults: TowerDefaults = Field(default_factory=TowerDefaults)
    gnb_bits: Annotated[int, Field(ge=22, le=32)] = 24
    """Bits of an NCI that are the gNB's; the carrier chooses."""
    sector_digits: Annotated[int, Field(ge=0, le=2)] = 1
    """Last digits of GSM's and UMTS's cell numbers that tell the sectors of one mast apart, in
    lists whose places are estimated; 0: each such cell stands alone."""

    @property
    def tables(self) -> dict[Literal["sites", "transmitters", "cells"], Layer]:
        """The tables of an export; empty: the source is one file, ``path``."""
        given = {"sites": self.sites, "transmitters": self.transmitters, "cells": self.cells}
        return {kind: table for kind, table in given.items() if table is not None}  # type: ignore[misc]

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        apart = self.tables
        if apart and self.path != Path():
            raise ValueError("towers have a path, or tables apart (sites, transmitters), not both")
        if apart and not {"sites", "transmitters"} <= set(apart):
            raise ValueError("an export needs sites and transmitters")
        if not apart and self.path == Path():
            raise ValueError("towers need a path, or sites and transmitters of an export")
        return self


class PopSource(Layer):
    """Points of presence, where the lit network can be entered."""


class Gdal(Section):
    """What data files may do beyond being read: nothing, unless the study says so."""

    drivers: list[str] = Field(default_factory=list)
    """Formats beyond the usual ones, by GDAL's names of their drivers."""
    network: bool = False
    """Whether a file may send the program to other machines."""
    folders: list[Path] = Field(default_factory=list)
    """Folders, beside the study's, that a VRT may name tiles in, and links may lead to."""


class FetchSettings(Section):
    """What ``phusong fetch`` brings, for which area, and from which hosts."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "VNM"
    """ISO 3166-1 code of three letters."""
    bbox: tuple[Longitude, Latitude, Longitude, Latitude] | None = None
    """West, south, east, north in degrees; absent: that of the communes."""
    outline: Path | None = None
    """Outline of the place, from which communes are taken; `phusong new --place` writes it."""
    margin_km: NotNegative | None = None
    """Ground round the area; absent: ``radio.radius_km``, as far as a mast is heard."""
    people_year: Annotated[int, Field(ge=2015, le=2030)] = 2025
    osm: Literal["auto", "extract", "overpass"] = "auto"
    """The country's whole extract, or a question about the area; ``auto``: the question for an
    area of at most 1,000 km2, for larger ones the extract."""
    hosts: dict[str, str] = Field(default_factory=dict)
    """Mirrors: name of a source -> address that stands in for its own."""

    @field_validator("bbox")
    @classmethod
    def _in_order(cls, given: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if given is not None and not (given[0] < given[2] and given[1] < given[3]):
            raise ValueError("bbox is west, south, east, north")
        return given
