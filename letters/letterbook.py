"""A letter as a workbook: one row a finding, the last column to be filled in."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from phusong.checks import Severity
from phusong.exports.formats.workbook import write_workbook
from phusong.exports.tables.dictionary import conform
from phusong.i18n import tr
from phusong.letters.letter import Entry, Letter
from phusong.letters.letterpage import Header, letter_title

TABLE = "letter"


def write_letterbook(letter: Letter, header: Header, path: Path) -> None:
    """Write every finding of a letter in the current language."""
    rows = pd.DataFrame([_row(entry) for entry in letter.entries])
    notes = [
        (tr("Title"), letter_title(letter.owner)),
        (tr("Study"), header.study),
        (tr("Date"), header.day),
        *((tr(str(s)), _meaning(s)) for s in Severity),
    ]
    write_workbook(conform(rows, TABLE), TABLE, path, notes=notes, to_fill=("remark",))


def _meaning(severity: Severity) -> str:
    return {
        Severity.ERROR: tr("has to be mended before a run starts"),
        Severity.WARNING: tr("changes figures; a run goes on with what is said under effect"),
        Severity.INFO: tr("to be known; nothing need be mended"),
    }[severity]


def _row(entry: Entry) -> dict[str, object]:
    finding, place = entry.finding, entry.place
    return {
        "number": entry.number,
        "rule": finding.rule.number,
        "severity": tr(str(finding.severity)),
        "title": tr(finding.rule.title),
        "file": finding.where.file,
        "layer": finding.where.layer,
        "row": finding.where.row,
        "record": entry.naming or finding.subject,
        "detail": finding.text(),
        "longitude": None if place is None else place[0],
        "latitude": None if place is None else place[1],
        "effect": tr(finding.rule.effect),
        "mend": tr(finding.rule.mend),
        "mended": entry.mended,
        "remark": "",
    }
