"""A letter as one HTML page that needs nothing else, on a screen and on A4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment

from phusong.checks import Severity
from phusong.i18n import get_language, number, tr
from phusong.letters.letter import Entry, Letter, Section
from phusong.letters.minimap import MiniMap
from phusong.version import __version__

_MOST_MARKS: Final = 400
"""Marks on the overview."""
_COORDINATES: Final = "{lat:.5f}, {lon:.5f}"


@dataclass(frozen=True)
class Header:
    """What every letter of one check says of itself."""

    study: str
    day: str


def letter_title(owner: str) -> str:
    """Return what a letter is headed by."""
    return tr("{owner}: findings about the data", owner=owner)


def counts_text(letter: Letter) -> str:
    """Return how many findings of each severity there are."""
    return ", ".join(
        tr("{count} {severity}", count=number(letter.count(s)), severity=tr(str(s)))
        for s in Severity
    )


def write_page(letter: Letter, ground: MiniMap | None, header: Header, path: Path) -> None:
    """Write a letter in the current language; every text is escaped."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    source = (files("phusong.letters") / "letter.html.jinja").read_text("utf-8")
    marks = [mark for section in letter.sections for mark in section.marks][:_MOST_MARKS]
    overview = None
    if ground is not None:
        overview = ground.drawn(marks, tr("Where the findings are"), named=True)
    page = environment.from_string(source).render(
        language=get_language(),
        title=letter_title(letter.owner),
        study=header.study,
        day=header.day,
        version=__version__,
        words=_words(),
        intro=tr(
            "The files below were read for this study. Each finding says what is wrong, in which "
            "record, where on the map, and how to mend it."
        ),
        back=tr(
            "Please mend the findings in your own files and send them again. In the workbook "
            "{book} every finding has a row: write into the last column who mended it and how, or "
            "why it is right as it is.",
            book=f"{path.stem}.xlsx",
        ),
        counts=counts_text(letter),
        files=[(file, number(letter.found_in(file))) for file in letter.files],
        sections=[_section(section, ground) for section in letter.sections],
        any_mended=any(entry.mended for entry in letter.entries),
        map=ground,
        overview=overview,
    )
    path.write_text(page, "utf-8")


def _words() -> dict[str, str]:
    return {
        "summary": tr("Summary"),
        "file": tr("File"),
        "findings": tr("findings"),
        "rule": tr("Rule"),
        "severity": tr("Severity"),
        "what": tr("What"),
        "where": tr("Where"),
        "details": tr("The findings"),
        "effect": tr("Effect"),
        "mend": tr("Mend"),
        "number": tr("No."),
        "record": tr("Record"),
        "detail": tr("Detail"),
        "place": tr("Latitude, longitude"),
        "mended": tr("Mended in the copy"),
        "back": tr("How to answer"),
    }


def _section(section: Section, ground: MiniMap | None) -> dict[str, Any]:
    first, marks = section.kind.first, section.marks
    title = tr(first.rule.title)
    maps: list[Any] = []
    outside: list[int] = []
    if ground is not None and marks:
        outside = ground.outside(marks)
        if len(outside) < len(marks):
            maps.append(ground.drawn(marks, title, anchors=True))
            close = ground.close_up(marks, tr("close-up"))
            maps += [close] if close is not None else []
    beyond, on_map = set(outside), {mark.number for mark in marks} if maps else set()
    left = len(section.entries) - len(section.listed)
    return {
        "rule": first.rule.number,
        "code": str(first.severity),
        "severity": tr(str(first.severity)),
        "title": title,
        "count": number(section.kind.count),
        "mended": number(sum(bool(entry.mended) for entry in section.entries)),
        "where": section.kind.where() or "–",
        "effect": tr(first.rule.effect),
        "mend": tr(first.rule.mend),
        "maps": maps,
        "outside": tr("Not on the map: {numbers}", numbers=_listed(outside)) if outside else "",
        "rows": [_row(entry, on_map=entry.number in on_map - beyond) for entry in section.listed],
        "more": tr("{count} more of this kind are in the workbook.", count=number(left))
        if left
        else "",
    }


def _row(entry: Entry, *, on_map: bool) -> dict[str, Any]:
    row = entry.finding.where.row
    record = "" if row is None else tr("record {row}", row=row)
    told = [part for part in (record, entry.naming or entry.finding.subject) if part]
    place = ""
    if entry.place is not None:
        place = tr(_COORDINATES, lat=entry.place[1], lon=entry.place[0])
    return {
        "number": entry.number,
        "record": ": ".join(told),
        "detail": entry.finding.text(),
        "place": place,
        "on_map": on_map,
        "mended": entry.mended,
    }


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
