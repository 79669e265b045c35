"""Communes against the lists of Viet Nam before and since 1 July 2025: zeros lost, lists mixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from phusong.checks import Findings
from phusong.sources.boundaries.reform.became import Unit, reform_2025
from phusong.sources.boundaries.reform.whichlist import (
    Scheme,
    judge,
    restored,
    scheme_of_codes,
    translated,
    with_zeros,
)
from phusong.sources.tables.layers import Records

_SAID: Final[Mapping[Scheme, str]] = {
    "old": "{n} of {total} communes stand with code and name in the list until 30 June 2025",
    "new": "{n} of {total} communes stand with code and name in the list since 1 July 2025",
}


def with_lost_zeros(
    records: Records, codes: Sequence[str], names: Sequence[str], findings: Findings
) -> list[str]:
    """Return the codes of communes with the leading zeros that a spreadsheet took (B18)."""
    found = restored(codes, names)
    if found:
        i = min(found)
        findings.add(
            "B18",
            records.at(i),
            codes[i],
            "{given} is taken for {code}; {n} communes in all",
            given=codes[i],
            code=found[i],
            n=len(found),
        )
    return [found.get(i, code) for i, code in enumerate(codes)]


def report_list(
    records: Records, codes: Sequence[str], names: Sequence[str], findings: Findings
) -> None:
    """Say which list communes are of (B23), and which records are of the other (B24)."""
    judged = judge(codes, names)
    if judged.scheme is None:
        return
    findings.add(
        "B23",
        records.where,
        "",
        _SAID[judged.scheme],
        n=judged.counted,
        total=len(codes),
    )
    reform = reform_2025()
    units, others = reform.new, reform.old
    if judged.scheme == "old":
        units, others = others, units
    for i in judged.against:
        same = units.get(codes[i])
        findings.add(
            "B24",
            records.at(i),
            codes[i],
            "{code} {name} is of the other list; in the list of the rest of the file the code is"
            " {same}"
            if same is not None
            else "{code} {name} is of the other list; in the list of the rest of the file there is"
            " no such code",
            code=codes[i],
            name=others[codes[i]].name,
            same=same.name if same is not None else "",
        )


@dataclass(frozen=True)
class Renamed:
    """Codes of communes brought from the other list.

    Attributes
    ----------
    codes
        Of this list; None where a commune became several, or was one of several.
    undecided
        How many are None that were not before.
    example
        The first record whose code means another commune here.
    meant, otherwise
        What its code means in the other list, and here.
    """

    codes: list[str | None]
    undecided: int
    example: int
    meant: str
    otherwise: str


def in_list_of(
    asked: Sequence[str | None], codes: Sequence[str], names: Sequence[str]
) -> Renamed | None:
    """Return codes of communes in the list that the communes are of; None where they are already.

    Parameters
    ----------
    asked
        As a column of villages names their communes.
    codes, names
        The communes.
    """
    scheme, theirs = judge(codes, names).scheme, scheme_of_codes(asked)
    if scheme is None or theirs is None or scheme == theirs:
        return None
    reform = reform_2025()
    here, there = (reform.new, reform.old) if scheme == "new" else (reform.old, reform.new)
    out = [None if code is None else translated(code, scheme) for code in asked]
    told = [i for i, code in enumerate(asked) if code is not None]
    clash = [i for i in told if out[i] != with_zeros(str(asked[i]))]
    if not clash:
        return None
    both = [i for i in clash if _clashes(with_zeros(str(asked[i])), here, there)]
    i = (both or clash)[0]
    return Renamed(
        out,
        sum(out[k] is None for k in told),
        i,
        _named(there.get(with_zeros(str(asked[i])))),
        _named(here.get(with_zeros(str(asked[i])))),
    )


def _clashes(code: str, here: Mapping[str, Unit], there: Mapping[str, Unit]) -> bool:
    """Say whether a code stands in both lists, under two names."""
    return code in here and code in there and here[code].name != there[code].name


def _named(unit: Unit | None) -> str:
    return "-" if unit is None else unit.name
