"""OpenCelliD's cells of a country, cut to a study's area."""

from __future__ import annotations

import csv
import gzip
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from phusong.disc.durable import replacing, sync
from phusong.disc.refused import refused
from phusong.errors import FetchError, StudyError, Where
from phusong.fetch.catalogue import Source, source
from phusong.fetch.extent import Extent
from phusong.fetch.job import Desk, Job, record_of
from phusong.fetch.ledger import Record
from phusong.fetch.parts import Parts
from phusong.fetch.web import refuse_more, shown
from phusong.study import Study

COLUMNS: Final = (
    *("radio", "mcc", "net", "area", "cell", "unit", "lon", "lat", "range", "samples"),
    *("changeable", "created", "updated", "averageSignal"),
)
"""Of every record, in the order of the files, which have no header (wiki.opencellid.org)."""
_UNPACKED: Final = 2**31
_LONGEST_LINE: Final = 1000


@dataclass
class CellsJob:
    """Cells of one or several country codes in an area."""

    source: Source
    extent: Extent
    target: Path
    codes: Sequence[int]
    token: str = field(repr=False)
    _parts: list[Parts] = field(default_factory=list)

    def prepare(self, desk: Desk) -> int:
        """Look how large the countries' files are."""
        for code in self.codes:
            secret = {"token": self.token, "type": "mcc", "file": f"{code}.csv.gz"}
            url = f"{self.source.url()}/{code}.csv.gz"
            self._parts.append(desk.parts_of(self.source, url, secret, self.source.url()))
        return sum(parts.lacking() for parts in self._parts)

    def bring(self) -> None:
        """Have them come."""
        for parts in self._parts:
            parts.need(0, max(parts.size, 1))

    def settle(self) -> list[tuple[Path, Record]]:
        """Write the cells of the area, as OpenCelliD's own CSV with its header."""
        kept = 0
        with refused(self.target), replacing(self.target) as temporary:
            with temporary.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(COLUMNS)
                for parts in self._parts:
                    parts.refuse_other_kind()
                    for row in self._rows(parts):
                        writer.writerow(row)
                        kept += 1
            sync(temporary)
        for parts in self._parts:
            parts.forget()
        codes = ", ".join(map(str, self.codes))
        note = f"{kept} cells of country codes {codes} in {self.extent.said()}"
        return [(self.target, record_of(self.source, self.source.url(), note=note))]

    def _rows(self, parts: Parts) -> Iterator[list[str]]:
        """Yield the records of a country that lie in the area."""
        box, at = self.extent, (COLUMNS.index("lon"), COLUMNS.index("lat"))
        try:
            with gzip.open(parts.path, "rt", encoding="ascii", errors="replace") as text:
                size = 0
                while line := text.readline(_LONGEST_LINE):
                    size += len(line)
                    refuse_more(size, _UNPACKED, parts.url)
                    row = line.rstrip("\r\n").split(",")
                    if len(row) != len(COLUMNS):
                        raise self._broken(parts)
                    try:
                        lon, lat = (float(row[i]) for i in at)
                    except ValueError:
                        if row[0] == COLUMNS[0]:
                            continue  # a header after all
                        raise self._broken(parts) from None
                    if box.west <= lon <= box.east and box.south <= lat <= box.north:
                        yield row
        except (OSError, EOFError, zlib.error):
            raise self._broken(parts) from None

    def _broken(self, parts: Parts) -> FetchError:
        parts.forget()
        return FetchError(
            "the list of cells is damaged, or has another form than is known",
            Where(file=shown(parts.url)),
            "give the same command again: it begins anew",
        )


def cells_job(study: Study, ground: Extent, target: Path) -> Job:
    """Return the job of a study's cells.

    Raises
    ------
    FetchError
        When the environment has no token.
    StudyError
        When the codes of the study's country are not known.
    """
    rules = source("towers", study.fetch.hosts)
    variable = str(rules.layout["secret"])
    token = os.environ.get(variable, "").strip()
    if not token:
        raise FetchError(
            "OpenCelliD asks for a token, which is free",
            Where(key=variable),
            "get one at opencellid.org, and put it into that environment variable; it is kept "
            "nowhere",
        )
    codes = rules.layout["mcc"].get(study.fetch.country)
    if codes is None:
        raise StudyError(
            "the mobile country codes of {country} are not known here",
            Where(file="study.toml", key="fetch.country"),
            "take OpenCelliD's file by hand, and name it under [[towers]]",
            {"country": study.fetch.country},
        )
    return CellsJob(rules, ground, target, codes, token)


def has_token() -> bool:
    """Say whether the environment has a token."""
    return bool(os.environ.get(str(source("towers").layout["secret"]), "").strip())
