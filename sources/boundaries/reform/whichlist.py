"""Which list of communes a file's codes are of: that before 1 July 2025, or that since.

Of the 3,321 codes since, all but six were codes of an old commune before, and 1,794 of these with
another name. A code says little; all codes of a file, and the names beside them, say which list is
meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from phusong.sources.boundaries.reform.became import Reform, Unit, reform_2025
from phusong.sources.tables.recognition import plain

Scheme = Literal["old", "new"]
DIGITS: Final = 5
_KIND: Final = re.compile(r"^(?:xa|phuong|thi_tran|dac_khu|p|x|tt|commune|ward)_")
_SURE: Final = 0.5
"""Share of records that stand in a list with code and name, for a file to be of Viet Nam's."""
_ONLY_OLD: Final = 0.2
"""Share of codes of the old list alone; of an old file two thirds are, of a new one none."""
_FEWEST: Final = 8
"""Distinct codes all of the new list: by chance (one in three each) one file in 6,500."""
_KNOWN: Final = 0.9


@dataclass(frozen=True)
class Judged:
    """What a file's codes and names say.

    Attributes
    ----------
    scheme
        The list they are of; None where both fit, or neither.
    fits
        Of every record ``old``, ``new``, ``both`` or ``none``: the lists in which its code and its
        name stand together.
    """

    scheme: Scheme | None
    fits: tuple[str, ...]

    @property
    def against(self) -> tuple[int, ...]:
        """Records (from 0) that are of the other list alone."""
        other = {"old": "new", "new": "old"}.get(self.scheme or "")
        return tuple(i for i, fit in enumerate(self.fits) if fit == other)

    @property
    def counted(self) -> int:
        """How many records fit the list the file is of."""
        return sum(fit in {self.scheme, "both"} for fit in self.fits)


def bare(name: str) -> str:
    """Return a commune's name without kind, case, diacritics and blanks.

    Examples
    --------
    >>> bare("Thị trấn Vĩnh Tuy"), bare("VĨNH TUY"), bare("P. Minh Xuân")
    ('vinhtuy', 'vinhtuy', 'minhxuan')
    """
    return _KIND.sub("", plain(name)).replace("_", "")


def judge(codes: Sequence[str], names: Sequence[str]) -> Judged:
    """Say which list communes are of, by their codes and names together."""
    reform = reform_2025()
    fits = []
    for code, name in zip(codes, names, strict=True):
        in_old, in_new = (_stands(units, code, name) for units in (reform.old, reform.new))
        one = "old" if in_old else "new" if in_new else "none"
        fits.append("both" if in_old and in_new else one)
    known = len(fits) - fits.count("none")
    old, new = fits.count("old"), fits.count("new")
    if not fits or known < _SURE * len(fits) or old == new:
        return Judged(None, tuple(fits))
    return Judged("old" if old > new else "new", tuple(fits))


def _stands(units: Mapping[str, Unit], code: str, name: str) -> bool:
    unit = units.get(code)
    return unit is not None and bare(unit.name) == bare(name)


def scheme_of_codes(codes: Sequence[str | None]) -> Scheme | None:
    """Say which list codes without names are of; None where they may be of either.

    Codes may lack their leading zeros.
    """
    reform = reform_2025()
    distinct = {with_zeros(code) for code in codes if code is not None}
    if len(distinct) < _FEWEST:
        return None
    old, new = (sum(c in units for c in distinct) for units in (reform.old, reform.new))
    only_old = sum(c in reform.old and c not in reform.new for c in distinct)
    if old >= _KNOWN * len(distinct) and only_old >= _ONLY_OLD * len(distinct):
        return "old"
    return "new" if new == len(distinct) else None


def with_zeros(code: str) -> str:
    """Return a code of figures with the zeros before it that the lists have."""
    return code.zfill(DIGITS) if code.isascii() and code.isdigit() else code


def restored(codes: Sequence[str], names: Sequence[str]) -> dict[int, str]:
    """Return the codes that lost their leading zeros, by record (from 0).

    A code is restored where a list has it with zeros under the name beside it, and no other
    record has that code.
    """
    reform = reform_2025()
    given = set(codes)
    out = {}
    for i, (code, name) in enumerate(zip(codes, names, strict=True)):
        whole = with_zeros(code)
        if whole == code or whole in given:
            continue
        if any(_stands(units, whole, name) for units in (reform.old, reform.new)):
            out[i] = whole
    return out


def translated(code: str, to: Scheme, reform: Reform | None = None) -> str | None:
    """Return what a code of the other list is in one; None where it is several, or none.

    Parameters
    ----------
    code
        Leading zeros may be missing.
    to
        The list to find it in.
    """
    reform = reform or reform_2025()
    whole = with_zeros(code)
    if to == "new":
        found = reform.people_go_to(whole) if whole in reform.old else ()
    else:
        found = reform.people_come_from(whole) if whole in reform.new else ()
    return found[0] if len(found) == 1 else None
