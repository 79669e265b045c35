"""The study: one object, handed down, that holds every input, assumption and definition.

A study is a folder with a ``study.toml``. Nothing is computed here; reading the file and
explaining what is wrong with it is :mod:`phusong.study.file`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from phusong.study.scenario import Scenario
from phusong.study.settings.base import (
    Positive,
    Probability,
    Section,
    Share,
    Technology,
)
from phusong.study.settings.fiber import Extension, FiberSources
from phusong.study.settings.planning import Planning
from phusong.study.settings.radio import (
    Radio,
)
from phusong.study.settings.sources import (
    BoundariesSource,
    FetchSettings,
    Gdal,
    Layer,
    PeopleSource,
    RoadsSource,
    TerrainSource,
    TowersSource,
)
from phusong.study.strays import refuse_strays


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
    places: list[Literal["in_vehicle", "indoor"]] = Field(default_factory=list)
    """Where every village is judged too, for the map: in a car, behind the walls of a house."""
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

    formats: list[Literal["xlsx", "kmz", "parquet", "ofds", "h3", "gsma"]] = Field(
        default=["xlsx", "kmz"]
    )
    strong_dbm: dict[Technology, float] = Field(default_factory=dict)
    """Levels from which on the format gsma calls a technology's signal strong; a technology has
    both this and the next, or is classed by probability."""
    variable_dbm: dict[Technology, float] = Field(default_factory=dict)
    """Levels from which on it is variable, where it is not strong."""

    @model_validator(mode="after")
    def _classes_in_order(self) -> Self:
        alone = sorted(set(self.strong_dbm) ^ set(self.variable_dbm))
        if alone:
            msg = f"strong_dbm and variable_dbm name the same technologies; only one has {alone}"
            raise ValueError(msg)
        low = sorted(t for t in self.strong_dbm if self.strong_dbm[t] < self.variable_dbm[t])
        if low:
            msg = f"strong_dbm is below variable_dbm for {low}"
            raise ValueError(msg)
        return self


class Store(Section):
    """Where path losses are kept between runs, if not in the study's work folder."""

    place: str | None = None
    """A folder (one on a shared disc serves many machines), or an object store: ``s3://bucket/folder``,
    ``gs://…``, ``az://…`` (`pip install 'phusong[objects]'`; who may do what is told by the
    environment, as the tools of the providers take it)."""


class Publish(Section):
    """What `phusong publish` hands to others, and what it keeps back."""

    tables: list[Literal["villages", "village_places", "communes", "indicators", "sensitivity"]] = (
        Field(default=["villages", "communes", "indicators", "sensitivity"])
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
    left_out_max: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Share of a layer's records that may be left out for faults; more is an error (S48)."""


class About(Section):
    """What is studied, and in which CRS."""

    name: str = Field(min_length=1)
    description: str = ""
    publisher: str = ""
    licence: str = ""
    period: str = ""
    synthetic: bool = False
    """Whether the data is made up: every map then says so above everything else."""
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
    roads: list[RoadsSource] = Field(default_factory=list)
    rivers: list[Layer] = Field(default_factory=list)
    """Rivers and lakes, lines or areas: drawn on the map, nothing is computed from them."""
    extension: Extension = Field(default_factory=Extension)
    planning: Planning = Field(default_factory=Planning)
    radio: Radio = Field(default_factory=Radio)
    verdict: Verdict = Field(default_factory=Verdict)
    indicators: IndicatorSettings = Field(default_factory=IndicatorSettings)
    uncertainty: Uncertainty = Field(default_factory=Uncertainty)
    checks: Checks = Field(default_factory=Checks)
    gdal: Gdal = Field(default_factory=Gdal)
    outputs: Outputs = Field(default_factory=Outputs)
    publish: Publish = Field(default_factory=Publish)
    fetch: FetchSettings = Field(default_factory=FetchSettings)
    store: Store = Field(default_factory=Store)
    scenario: Scenario | None = None
    """What is built, changed and switched off; from a file of its own, see docs/scenarios.md."""
    folder: Path = Field(default=Path(), exclude=True)

    @property
    def title(self) -> str:
        """What results are headed by: the study's name, and the scenario's."""
        name = self.study.name
        return name if self.scenario is None else f"{name} · {self.scenario.name}"

    def resolve(self, path: Path) -> Path:
        """Return ``path`` from the study's folder (absolute paths stay as they are).

        Where nothing is found by that name, backslashes part folders, as Windows writes them.

        Raises
        ------
        Overreach
            Where a link in the study's folder leads out of it without leave.
        """
        found = self._found(path)
        refuse_strays(found, self.folder, self.gdal.folders)
        return found

    def _found(self, path: Path) -> Path:
        found = self.folder / path
        if "\\" in str(path) and not found.exists():
            found = self.folder / str(path).replace("\\", "/")
        return found

    def named(self, path: Path) -> Path:
        """Return ``path`` as results name it: from the study's folder where it lies in there."""
        found = self._found(path)
        for folder in (self.folder, self.folder.resolve()):
            if found.is_relative_to(folder):
                return found.relative_to(folder)
        return found

    @property
    def work_folder(self) -> Path:
        """Where prepared rasters and path losses are kept between runs."""
        return self.folder / ".phusong"

    @property
    def losses_place(self) -> Path | str:
        """Folder or URL under which path losses are kept."""
        place = self.store.place
        if place is None:
            return self.work_folder / "store"
        return place if "://" in place else self.folder / place

    def fingerprint(self) -> str:
        """Return the SHA-256 of everything the study says (its folder left out)."""
        # Where files came from, and where losses are kept, is no input.
        said = self.model_dump(mode="json", exclude={"fetch", "store"})
        text = json.dumps(said, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
