"""The study: one object, handed down, that holds every input, assumption and definition."""

from phusong.study.model import (
    About,
    Checks,
    IndicatorSettings,
    Outputs,
    Publish,
    Study,
    Uncertainty,
    Verdict,
)
from phusong.study.settings.base import TECHNOLOGIES, Technology
from phusong.study.settings.fiber import Extension, FiberSources, OpticalClass, Optics
from phusong.study.settings.radio import (
    Antenna,
    Clutter,
    Entry,
    Quality,
    Radio,
    Slope,
    Spread,
    TechnologyBudget,
)
from phusong.study.settings.sources import (
    BoundariesSource,
    CellTemplate,
    Layer,
    PeopleSource,
    PopSource,
    RoadsSource,
    TerrainSource,
    TowerDefaults,
    TowersSource,
)

__all__ = [
    "TECHNOLOGIES",
    "About",
    "Antenna",
    "BoundariesSource",
    "CellTemplate",
    "Checks",
    "Clutter",
    "Entry",
    "Extension",
    "FiberSources",
    "IndicatorSettings",
    "Layer",
    "OpticalClass",
    "Optics",
    "Outputs",
    "PeopleSource",
    "PopSource",
    "Publish",
    "Quality",
    "Radio",
    "RoadsSource",
    "Slope",
    "Spread",
    "Study",
    "Technology",
    "TechnologyBudget",
    "TerrainSource",
    "TowerDefaults",
    "TowersSource",
    "Uncertainty",
    "Verdict",
]
