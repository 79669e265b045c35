"""Tables of planning programs: whose they are by their headers, and their columns by our names."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, Literal

import pandas as pd

from phusong.sources.tables.columns import plain
from phusong.sources.tables.text import as_code, clean
from phusong.study import TECHNOLOGIES, Technology

Kind = Literal["sites", "transmitters", "cells"]
KINDS: Final[tuple[Kind, ...]] = ("sites", "transmitters", "cells")
_TABLE: Final[dict[str, Any]] = tomllib.loads(
    (files(__package__) / "tools.toml").read_text("utf-8")
)
TOOLS: Final = ("atoll", "planet")
_KEYS: Final = frozenset({"name", "site", "transmitter"})


@dataclass(frozen=True)
class Exported:
    """One table of an export.

    Attributes
    ----------
    frame
        Our names where the program's are known, ``row``; other columns under their own headers.
    headers
        Our name -> the program's header.
    """

    frame: pd.DataFrame
    headers: Mapping[str, str]


def tool_of(tables: Mapping[Kind, Sequence[str]]) -> str | None:
    """Return the program whose tables these headers are of; None where they are of none."""
    for tool in TOOLS:
        if all(_is(tool, kind, headers) for kind, headers in tables.items()):
            return tool
    return None


def kinds_of(headers: Sequence[str]) -> list[Kind]:
    """Return what kinds of table of any program a header may be of, the most telling first."""
    known = [k for k in KINDS if any(_is(tool, k, headers) for tool in TOOLS)]
    # What has directions is a table of transmitters, whatever else it has.
    return sorted(known, key=("transmitters", "cells", "sites").index)


def _is(tool: str, kind: Kind, headers: Sequence[str]) -> bool:
    have = {plain(h) for h in headers}
    return all(have & set(choice) for choice in _TABLE[tool]["known"][kind])


def under_our_names(frame: pd.DataFrame, tool: str, kind: Kind) -> Exported:
    """Return a table with the columns that are known under our names, the first of each."""
    by_plain: dict[str, str] = {}
    for header in map(str, frame.columns):
        by_plain.setdefault(plain(header), header)
    headers: dict[str, str] = {}
    for ours, names in _TABLE[tool][kind].items():
        found = next((by_plain[n] for n in names if n in by_plain), None)
        if found is not None:
            headers[ours] = found
    out = pd.DataFrame({"row": frame["row"].to_numpy()})
    for ours, header in headers.items():
        read = as_code if ours in _KEYS else clean
        out[ours] = pd.Series([read(v) for v in frame[header]], dtype=object)
    for header in frame.columns:
        if header not in headers.values() and header not in out:
            out[header] = frame[header].to_numpy()
    return Exported(out, headers)


def technology_by(headers: Sequence[str]) -> Technology | None:
    """Return the technology that a document's columns are of; None where none tells.

    NR comes first: its cells have physical identities, as LTE's do.
    """
    have = {plain(h) for h in headers}
    for technology in reversed(TECHNOLOGIES):
        if have & set(_TABLE["technology"][technology]):
            return technology
    return None
