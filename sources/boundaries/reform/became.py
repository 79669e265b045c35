"""Which commune became which on 1 July 2025, for the whole country."""

from __future__ import annotations

import gzip
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

import pandas as pd

TABLE: Final = "communes_2025.csv.gz"


@dataclass(frozen=True)
class Unit:
    """A commune, district or province.

    Attributes
    ----------
    code, name
        As its list has them, the name with its kind (``Xã``, ``Huyện``).
    within
        Code of what it lies in: an old commune's district, a new commune's province, a
        district's province; empty for a province.
    """

    code: str
    name: str
    within: str = ""


@dataclass(frozen=True)
class Reform:
    """The communes of both schemes. Sources and licence lie beside the table, in ``SOURCE.md``.

    Attributes
    ----------
    old, new
        Communes by code, before and after.
    districts, old_provinces, new_provinces
        By code; districts ended with the old scheme.
    parts
        Old code -> new code -> ``whole`` or ``part``.
    made_of
        New code -> the old codes of which it has something.
    """

    old: Mapping[str, Unit]
    new: Mapping[str, Unit]
    districts: Mapping[str, Unit]
    old_provinces: Mapping[str, Unit]
    new_provinces: Mapping[str, Unit]
    parts: Mapping[str, Mapping[str, str]]
    made_of: Mapping[str, tuple[str, ...]]

    def people_go_to(self, old_code: str) -> tuple[str, ...]:
        """Return the new communes in which people of an old one may live: one, or those parted."""
        return tuple(self.parts[old_code])

    def people_come_from(self, new_code: str) -> tuple[str, ...]:
        """Return the old communes whose people may live in a new one."""
        return tuple(old for old in self.made_of[new_code] if new_code in self.people_go_to(old))


@lru_cache(maxsize=1)
def reform_2025() -> Reform:
    """Return the reform of 1 July 2025: 10,035 communes became 3,321."""
    packed = (files("phusong.sources.boundaries.reform") / TABLE).read_bytes()
    table = pd.read_csv(
        io.BytesIO(gzip.decompress(packed)), dtype=str, keep_default_na=False, na_filter=False
    )
    kinds = {kind: rows.to_numpy().tolist() for kind, rows in table.groupby("kind", sort=False)}
    parts: dict[str, dict[str, str]] = {}
    made_of: dict[str, list[str]] = {code: [] for _, code, *_ in kinds["new_commune"]}
    old = {}
    for _, code, name, district, target, part in kinds["became"]:
        if code:
            old[code] = Unit(code, name, district)
            parts.setdefault(code, {})[target] = part
            made_of[target].append(code)
    named = {
        kind: {code: Unit(code, name, within) for _, code, name, within, *_ in rows}
        for kind, rows in kinds.items()
        if kind != "became"
    }
    return Reform(
        old,
        named["new_commune"],
        named["old_district"],
        named["old_province"],
        named["new_province"],
        parts,
        {code: tuple(of) for code, of in made_of.items()},
    )
