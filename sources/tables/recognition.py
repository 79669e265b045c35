"""Which header is which of our columns: whole, cut short as shapefiles cut, or with its unit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

DBF_NAME = 10
"""Bytes a column's name may have in a shapefile; GDAL numbers the second of one name ``_1``."""
_SHORTEST_CUT = 6
"""Letters that must be left of a name cut short, where letters of several bytes are among them."""
_NUMBERED = re.compile(r"(.{7,8})_\d")
_YEAR = re.compile(r"([a-z_]+?)_?(?:nam_)?((?:19|20)\d\d)")
_BRACKETS = re.compile(r"\s*[(\[{][^()\[\]{}]*[)\]}]\s*$")
_UNITS = {
    "m": {"m", "met", "metre", "metres", "meter", "meters"},
    "mhz": {"mhz"},
    "dbm": {"dbm"},
    "dbi": {"dbi"},
    "db": {"db"},
    "deg": {"do", "deg", "degree", "degrees", ""},
    "lon": {"do", "deg", "dd", "wgs84", "wgs_84", "thap_phan", "decimal", "degrees", "e", "x", ""},
    "lat": {"do", "deg", "dd", "wgs84", "wgs_84", "thap_phan", "decimal", "degrees", "n", "y", ""},
    "x": {"m", "met", "vn2000", "vn_2000", "utm", "e"},
    "y": {"m", "met", "vn2000", "vn_2000", "utm", "n"},
    "population": {"nguoi", "khau", "nhan_khau", "people", "persons"},
    "people": {"nguoi", "khau", "nhan_khau", "hoc_sinh", "people", "persons", "pupils"},
    "cores": {"soi", "fo", "cores", "fibres", "fibers"},
}
"""What may stand in brackets behind a header, by our column or the unit it is in: another unit is
another column."""


@lru_cache(maxsize=65536)
def plain(header: str) -> str:
    """Return a header without diacritics, case and punctuation: ``Mã xã`` gives ``ma_xa``."""
    text = unicodedata.normalize("NFD", header.replace("đ", "d").replace("Đ", "D"))
    bare = "".join(c for c in text if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "_", bare.lower()).strip("_")


def _spelt(header: str) -> str:
    """Return a plain header in the spelling of the table of headers: ``ăng-ten`` is ``anten``."""
    return re.sub(r"an(?:g_?|_)ten(?:na)?(?=_|$)", "anten", plain(header))


@lru_cache(maxsize=4096)
def _stems(header: str) -> tuple[str, ...]:
    """Return what is left of a name in a header that a shapefile's ten bytes may have cut."""
    text = unicodedata.normalize("NFC", header).strip()
    size = len(unicodedata.normalize("NFD", text).encode())
    if len(text) > DBF_NAME:
        return ()
    if len(text) < DBF_NAME and (text.isascii() or size < DBF_NAME - 2):
        return ()
    key = plain(text)
    if len(key) < _SHORTEST_CUT:
        return ()
    numbered = _NUMBERED.fullmatch(key)
    return (key, numbered[1]) if numbered is not None else (key,)


def is_cut_from(header: str, name: str) -> bool:
    """Say whether a header may be what a shapefile's ten bytes leave of ``name`` (plain)."""
    stems = _stems(header)
    return bool(stems) and len(name) > len(stems[0]) and name.startswith(stems)


@dataclass(frozen=True)
class Recognised:
    """Our columns found among headers.

    Attributes
    ----------
    taken
        Our name -> header.
    doubtful
        Header cut short -> the several columns of ours that it may be.
    """

    taken: dict[str, str] = field(default_factory=dict)
    doubtful: dict[str, list[str]] = field(default_factory=dict)


def recognise(headers: Sequence[str], known: Mapping[str, Sequence[str]]) -> Recognised:
    """Find our columns among headers.

    Whole names come first, then names with a unit in brackets, names of a year, and names cut
    short. A header cut short that fits several columns is the one it lacks the fewest letters of;
    where a second one was cut to the same letters, neither can be told and none is taken.

    Parameters
    ----------
    headers
        As the file writes them.
    known
        Our name -> plain headers it goes by, the better first.
    """
    by_plain: dict[str, str] = {}
    for text in headers:
        by_plain.setdefault(plain(text), text)
    for text in headers:
        by_plain.setdefault(_spelt(text), text)
    out = Recognised()
    for ours, names in known.items():
        whole = next((by_plain[n] for n in names if n in by_plain), None)
        if whole is None:
            whole = _with_unit(ours, names, headers) or _of_a_year(names, headers)
        if whole is not None:
            out.taken[ours] = whole
    _take_cut(headers, known, out)
    return out


def _of_a_year(names: Sequence[str], headers: Sequence[str]) -> str | None:
    """Find a header that is one of ``names`` with a year behind it: of several the latest."""
    dated = [
        (found[2], header)
        for header in headers
        if (found := _YEAR.fullmatch(plain(header))) is not None and found[1] in names
    ]
    return max(dated, key=lambda pair: pair[0])[1] if dated else None


def _with_unit(ours: str, names: Sequence[str], headers: Sequence[str]) -> str | None:
    """Find a header that is one of ``names`` with our own unit, or a CRS, in brackets behind it."""
    units = _UNITS.get(ours) or _UNITS.get(ours.rsplit("_", 1)[-1], set())
    for header in headers:
        found = _BRACKETS.search(header)
        if found is None or plain(found[0]) not in units:
            continue
        if {plain(header[: found.start()]), _spelt(header[: found.start()])} & set(names):
            return header
    return None


def _take_cut(headers: Sequence[str], known: Mapping[str, Sequence[str]], out: Recognised) -> None:
    used = set(out.taken.values())
    fits: dict[str, dict[str, int]] = {}
    for header in filter(_stems, headers):
        lost = {
            ours: min(len(n) for n in names if is_cut_from(header, n))
            for ours, names in known.items()
            if ours not in out.taken and any(is_cut_from(header, n) for n in names)
        }
        if header not in used and lost:
            fits[header] = lost
    for header, lost in fits.items():
        if len(lost) > 1:
            out.doubtful[header] = list(lost)
        rivals = [h for h in fits if h != header and set(fits[h]) & set(lost)]
        least = [ours for ours in lost if lost[ours] == min(lost.values())]
        if len(least) == 1 and not (rivals and len(lost) > 1) and least[0] not in out.taken:
            out.taken[least[0]] = header
