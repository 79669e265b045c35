"""A scenario: what is built, changed and switched off beside what a study's files say.

A small readable file, ``scenarios/NAME.toml`` beside the study or anywhere. With it the study is
another study: a run, a plan, a comparison are asked of it as of any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Self

import tomlkit
from pydantic import Field, model_validator
from tomlkit.items import Array, Table

from phusong.errors import StudyError, Where
from phusong.i18n import tr
from phusong.study.settings.base import Positive, Section, Technology
from phusong.study.validated import nearest, read_text, validated

FOLDER: Final = "scenarios"
ENDING: Final = ".toml"
_MEND: Final = "correct the lines named; docs/scenarios.md explains every key"
_PLACES: Final = 7
"""Decimals of a degree: a centimetre."""

Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Azimuth = Annotated[float, Field(ge=0, lt=360)]
Tilt = Annotated[float, Field(ge=-30, le=30)]
Eirp = Annotated[float, Field(ge=0, le=90)]
Height = Annotated[float, Field(gt=0, le=300)]
Name = Annotated[str, Field(min_length=1)]


class Band(Section):
    """What a mast transmits on one carrier frequency, in each of its sectors."""

    technology: Technology = "LTE"
    freq_mhz: Annotated[float, Field(ge=400, le=6000)] = 900.0
    bandwidth_mhz: Positive | None = None
    """Absent: the budget's of the technology."""
    eirp_dbm: Eirp = 60.0


class Mast(Section):
    """Cells to build: on a new mast, or on one that stands.

    A mast that stands is named by its ``site_id`` and needs no coordinates.
    """

    site_id: Name
    longitude: Longitude | None = None
    latitude: Latitude | None = None
    operator: Name
    height_m: Height
    azimuths_deg: list[Azimuth] = Field(default_factory=lambda: [0.0, 120.0, 240.0])
    """One sector each; empty: one cell all round."""
    tilt_deg: Tilt = 0.0
    """Electrical, down positive."""
    bands: list[Band]
    """Empty: a mast that only passes on what others hang on."""

    @model_validator(mode="after")
    def _both(self) -> Self:
        _both_coordinates(self)
        return self


class Change(Section):
    """What is done to cells that stand: to one, by ``cell_id``, or to all of a site.

    What is absent stays as it is.
    """

    site_id: Name | None = None
    cell_id: Name | None = None
    longitude: Longitude | None = None
    """A site is moved; a cell stays with its site."""
    latitude: Latitude | None = None
    height_m: Height | None = None
    azimuth_deg: Azimuth | None = None
    """Of a cell."""
    turn_deg: Annotated[float, Field(ge=-360, le=360)] | None = None
    """Clockwise; sectors that radiate all round have nothing to turn."""
    tilt_deg: Tilt | None = None
    """Electrical, down positive."""
    eirp_dbm: Eirp | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.site_id is None) == (self.cell_id is None):
            raise ValueError(tr("name either `site_id` or `cell_id`"))
        if self.site_id is not None and self.azimuth_deg is not None:
            raise ValueError(tr("`azimuth_deg` is of a cell; a site is turned with `turn_deg`"))
        if self.cell_id is not None and self.longitude is not None:
            raise ValueError(tr("a cell stays with its site: move that, by `site_id`"))
        _both_coordinates(self)
        return self


class Cable(Section):
    """A cable to lay, in service."""

    cable_id: Name
    owner: str = ""
    points: list[tuple[Longitude, Latitude]] = Field(min_length=2)
    """(longitude, latitude) along its way."""


class Off(Section):
    """What is out of service, by id."""

    sites: list[Name] = Field(default_factory=list)
    cells: list[Name] = Field(default_factory=list)
    cables: list[Name] = Field(default_factory=list)
    pops: list[Name] = Field(default_factory=list)


class Hang(Section):
    """What a site hangs on, as a row of the study's ``fiber.backhaul``."""

    site_id: Name
    upstream: Name | None = None
    """The site at the other end of a microwave hop; absent: fibre that passes."""


class Scenario(Section):
    """What differs from the study's files."""

    name: Name
    description: str = ""
    masts: list[Mast] = Field(default_factory=list)
    changes: list[Change] = Field(default_factory=list)
    cables: list[Cable] = Field(default_factory=list)
    backhaul: list[Hang] = Field(default_factory=list)
    off: Off = Field(default_factory=Off)


def _both_coordinates(it: Mast | Change) -> None:
    if (it.longitude is None) != (it.latitude is None):
        raise ValueError(tr("`longitude` and `latitude` stand together"))


def parse_scenario(text: str, file: Path) -> Scenario:
    """Validate the text of a scenario that lies (or will lie) at ``file``.

    Raises
    ------
    StudyError
        Naming every problem, each with its line.
    """
    return validated(text, file, Scenario, _MEND, None)


def read_scenario(folder: Path, name: str) -> Scenario:
    """Read a scenario of a study.

    Parameters
    ----------
    folder
        The study's.
    name
        ``scenarios/NAME.toml`` without folder and ending; or the path of a file, which ends in
        ``.toml``.

    Raises
    ------
    StudyError
        When there is none, with the nearest name that there is; or it says what it may not.
    """
    if name.endswith(ENDING):
        file = Path(name)
    else:
        known = scenario_names(folder)
        if name not in known:
            close = nearest(name, known)
            raise StudyError(
                "there is no scenario {name}",
                Where(file=str(folder / FOLDER)),
                "the nearest name is {nearest}" if close else "name a scenario, or a .toml file",
                {"name": name, "nearest": close or ""},
            )
        file = folder / FOLDER / f"{name}{ENDING}"
    mend = "name a scenario, or a .toml file"
    return parse_scenario(read_text(file, "there is no scenario here", mend), file)


def scenario_names(folder: Path) -> list[str]:
    """Return the scenarios that lie beside a study, in alphabetical order."""
    return sorted(file.stem for file in (folder / FOLDER).glob(f"*{ENDING}") if file.is_file())


def scenario_text(scenario: Scenario) -> str:
    """Return a scenario as it is written to a file."""
    document = tomlkit.document()
    for key, value in _ordered(scenario.model_dump(mode="json", exclude_none=True)):
        document.add(key, value)
    return tomlkit.dumps(document)


def rounded_degrees(degrees: float) -> float:
    """Return a longitude or latitude as scenarios hold it."""
    return round(float(degrees), _PLACES)


def _ordered(said: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give the keys of a file that say something: plain ones first, then tables, as TOML has it."""
    yield "name", said["name"]
    if said["description"]:
        yield "description", said["description"]
    off = {kind: ids for kind, ids in said["off"].items() if ids}
    if off:
        yield "off", off
    for key in ("masts", "changes", "cables", "backhaul"):
        if said[key]:
            tables = tomlkit.aot()
            for row in said[key]:
                tables.append(_table(row))
            yield key, tables


def _table(row: dict[str, Any]) -> Table:
    """Return one record; its bands, a line each, stand inside it."""
    table = tomlkit.table()
    for key, value in row.items():
        table.add(key, _bands(value) if key == "bands" else value)
    return table


def _bands(bands: list[dict[str, Any]]) -> Array:
    array = tomlkit.array().multiline(multiline=True)
    for band in bands:
        inline = tomlkit.inline_table()
        inline.update(band)
        array.append(inline)
    return array
