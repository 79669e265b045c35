"""What one owner is told: findings by kind, each numbered, with its record and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import shapely
from pyproj import CRS, Transformer

from phusong.checks import Finding, Findings, Severity
from phusong.kinds import Kind, by_kind
from phusong.letters.minimap import Mark, MiniMap
from phusong.letters.reread import Place, Reread
from phusong.letters.suppliers import Suppliers
from phusong.sources import Inputs
from phusong.sources.boundaries.communes import read_communes
from phusong.sources.crs import study_crs, to_study
from phusong.sources.tables import headers
from phusong.sources.tables.layers import read_layer
from phusong.study import Study

MOST_LISTED: Final = 60
"""Findings of one kind that a page lists; the workbook has every one."""


@dataclass(frozen=True)
class Entry:
    """One finding as its owner reads it.

    Attributes
    ----------
    number
        Within the letter, from 1.
    naming
        Identifying cells of the record; empty where there is none.
    place
        Longitude and latitude, None where it has no place.
    shape
        The record's line or outline, in degrees; None for points.
    mended
        What was changed in a copy; empty where nothing was.
    """

    number: int
    finding: Finding
    naming: str
    place: Place | None
    shape: shapely.Geometry | None = None
    mended: str = ""


@dataclass(frozen=True)
class Section:
    """Findings of one kind, those that a page lists first."""

    kind: Kind
    entries: Sequence[Entry]

    @property
    def listed(self) -> Sequence[Entry]:
        """The entries a page lists."""
        return self.entries[:MOST_LISTED]

    @property
    def marks(self) -> list[Mark]:
        """Those of them that have a place."""
        severity = str(self.kind.first.severity)
        return [
            Mark(e.number, e.place, severity, e.shape) for e in self.listed if e.place is not None
        ]


@dataclass(frozen=True)
class Letter:
    """Everything one owner is told."""

    owner: str
    files: Sequence[str]
    sections: Sequence[Section]

    @property
    def entries(self) -> list[Entry]:
        """Every finding, in the order of the numbers."""
        return [entry for section in self.sections for entry in section.entries]

    def count(self, severity: Severity) -> int:
        """Return how many findings have a severity."""
        return sum(entry.finding.severity is severity for entry in self.entries)

    def found_in(self, file: str) -> int:
        """Return how many findings are about one file."""
        return sum(file in entry.finding.where.file.split(", ") for entry in self.entries)


def compose(
    study: Study,
    findings: Findings,
    inputs: Inputs | None,
    mended: dict[tuple[str, str, int | None], str] | None = None,
) -> list[Letter]:
    """Return a letter for each owner of whose files something was found, in the study's order.

    Parameters
    ----------
    study, findings, inputs
        The study, what was found in it, and its data; None where errors stopped the reading.
    mended
        (rule, file, record or None) -> what was changed of that in a copy.
    """
    layers = Reread(study)
    suppliers = Suppliers(study, layers)
    crs = _crs(study, inputs)
    to_degrees = None if crs is None else Transformer.from_crs(crs, 4326, always_xy=True)
    told: dict[str, list[Finding]] = {}
    for finding in findings:
        for owner in suppliers.of(finding):
            told.setdefault(owner, []).append(finding)
    letters = []
    for owner, own in told.items():
        sections, number = [], 0
        for kind in by_kind(own):
            entries = []
            for finding in kind.items:
                number += 1
                entries.append(_entry(number, finding, layers, to_degrees, mended or {}))
            sections.append(Section(kind, entries))
        letters.append(Letter(owner, suppliers.files(owner), sections))
    return letters


def _entry(
    number: int,
    finding: Finding,
    layers: Reread,
    to_degrees: Transformer | None,
    mended: dict[tuple[str, str, int | None], str],
) -> Entry:
    where, naming, place, shape = finding.where, "", None, None
    if where.row is not None and (named := layers.about(finding)) is not None:
        laid = layers.laid(named)
        naming, place = laid.naming.get(where.row, ""), laid.places.get(where.row)
        shape = laid.shapes.get(where.row)
    if finding.x_m is not None and finding.y_m is not None and to_degrees is not None:
        lon, lat = to_degrees.transform(finding.x_m, finding.y_m)
        place = float(lon), float(lat)
    change = mended.get((finding.rule.number, where.file, where.row), "")
    return Entry(number, finding, naming, place, shape, change)


def _crs(study: Study, inputs: Inputs | None) -> CRS | None:
    if inputs is not None:
        return inputs.crs
    communes = read_layer(study, study.boundaries.communes, headers.COMMUNES, Findings())
    return study_crs(study, communes, Findings())


def outlines(study: Study, inputs: Inputs | None) -> MiniMap | None:
    """Return the map the letters draw on; None where no commune can be read."""
    if inputs is not None:
        return MiniMap.of(inputs.communes)
    records = read_layer(study, study.boundaries.communes, headers.COMMUNES, Findings())
    crs = study_crs(study, records, Findings())
    if records is None or crs is None:
        return None
    moved = to_study(records, crs, Findings())
    communes: gpd.GeoDataFrame | None = None
    if len(moved.frame):
        communes = read_communes(moved, Findings())
    return None if communes is None else MiniMap.of(communes)
