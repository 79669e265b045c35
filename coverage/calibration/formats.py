"""Logs of measurements as programs write them, known by their headers: see ``formats.toml``.

==================  =============================================================================
format              recognised by (headers without case and punctuation; all of them)
==================  =============================================================================
Network Survey CSV  ``deviceTime`` and ``eci, earfcn, rsrp`` (LTE), ``nci, narfcn, ssRsrp`` (NR),
                    ``cid, uarfcn, rscp`` (UMTS), ``ci, arfcn, signalStrength`` (GSM)
its GeoPackage      tables with ``ECI, DL_EARFCN, Phys_Cell_ID, RSRP``; ``NCI, NRARFCN,
                    Phys_cell_ID, SS_RSRP``; ``Cell ID, UARFCN, PSC, RSCP``; ``CID, ARFCN, BSIC,
                    Signal Strength``
G-NetTrack          ``Timestamp, NetworkTech, Level``
CellMapper          ``MCC, MNC, LAC, CID, Signal, Type, Subtype``
OpenCelliD          ``mcc, net, area, cell, signal, measured``
GPX                 layers of points: ``magvar, geoidheight, cmt, hdop``
any other           columns by the headers of ``[columns]``
==================  =============================================================================
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

from phusong.sources.tables.columns import plain
from phusong.sources.tables.headers import Role
from phusong.sources.towers.bands import technology_of
from phusong.study import Technology

TABLE: Final[dict[str, Any]] = tomllib.loads(
    (files(__package__) / "formats.toml").read_text("utf-8")
)
_NOTES: Final = ("note", "note_2", "note_3")
_LEVELS: Final = ("level_dbm", "level_index", "level_asu", "level_nr_dbm")


@dataclass(frozen=True)
class Format:
    """One kind of log.

    Attributes
    ----------
    name
        As people call it; empty for a table of any other kind.
    headers
        All of these must be there.
    technology
        Of every row, where the format says it.
    unflagged
        Which rows are of serving cells where no column says so: ``all``, or those ``identified``
        by a cell's global identity, which phones know of serving cells only.
    columns
        Our name -> headers; see :data:`TABLE`.
    neighbours
        Our name -> what headers of neighbours in the same record begin with; a number ends them.
    """

    name: str = ""
    headers: tuple[str, ...] = ()
    technology: Technology | None = None
    unflagged: str = "all"
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    neighbours: Mapping[str, str] = field(default_factory=dict)

    def role(self, headers: Sequence[str], mapped: Mapping[str, str]) -> Role:
        """Return the columns to look for.

        Parameters
        ----------
        headers
            The file's own.
        mapped
            Our name -> header, as the planner says: kinds of level exclude each other.
        """
        columns = {k: tuple(v) for k, v in {**TABLE["columns"], **self.columns}.items()}
        plains = [plain(h) for h in headers]
        for ours, start in self.neighbours.items():
            numbers = [p.removeprefix(start) for p in plains if p.startswith(start)]
            columns |= {of_neighbour(n, ours): (start + n,) for n in numbers if n.isdigit()}
        if any(note in columns for note in _NOTES):
            # Extensions of GPX bear the prefix of their namespace.
            for ours, names in columns.items():
                own = [p for name in names for p in plains if p.endswith(f"_{name}")]
                columns[ours] = (*names, *own)
        given = [ours for ours in _LEVELS if ours in mapped]
        if given:
            columns = {k: v for k, v in columns.items() if k not in _LEVELS or k in given}
        here = {ours for ours, names in columns.items() if set(names) & set(plains)}
        other = {"level_index", "level_asu", *_NOTES}
        return Role("measurements", columns, () if here & other or given else ("level_dbm",))


def _format(row: Mapping[str, Any]) -> Format:
    return Format(
        row["name"],
        tuple(row["headers"]),
        row.get("technology"),
        row.get("unflagged", "all"),
        row.get("columns", {}),
        row.get("neighbours", {}),
    )


def of_neighbour(number: str, ours: str) -> str:
    """Return our name of a neighbour's column, of the first one that of ``1``."""
    return f"neighbour_{number}_{ours}"


FORMATS: Final = tuple(_format(row) for row in TABLE["formats"])
ANY_TABLE: Final = Format()


def recognise(headers: Sequence[str]) -> Format:
    """Return the format that a file's headers are of; the one that asks for most of them wins."""
    there = {plain(header) for header in headers}
    fits = [one for one in FORMATS if there.issuperset(one.headers)]
    return max(fits, key=lambda one: len(one.headers), default=ANY_TABLE)


class Chooser:
    """Chooses the columns to look for once the headers are known; keeps what was chosen.

    Attributes
    ----------
    chosen
        The format, once asked.
    """

    def __init__(self, mapped: Mapping[str, str]) -> None:
        self.chosen = ANY_TABLE
        self._mapped = mapped

    def __call__(self, headers: Sequence[str]) -> Role:
        """Return the columns to look for among a file's headers."""
        self.chosen = recognise(headers)
        return self.chosen.role(headers, self._mapped)


@cache
def technology_word(text: str | None) -> str | None:
    """Return our word for a technology of a log; an unknown word stays, and matches no cell."""
    if text is None:
        return None
    own = TABLE["technologies"].get(plain(text))
    return str(own) if own else technology_of(text) or text


@cache
def is_mobile(word: str | None) -> bool:
    """Whether a word of a log may mean a mobile network's technology; Wi-Fi calling does not."""
    return word is None or plain(word) not in TABLE["not_mobile"]["words"]


def implied_technology(header: str | None) -> Technology | None:
    """Return the technology a header stands for (``earfcn``: LTE), None for one of several."""
    found: Technology | None = TABLE["implied"].get(plain(header or ""))
    return found
