"""The headers planners use, by what they mean: the table is ``headers.toml`` beside this file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final


@dataclass(frozen=True)
class Role:
    """What a layer is for: our columns with the headers they go by, and which it cannot lack."""

    name: str
    columns: Mapping[str, tuple[str, ...]]
    needed: tuple[str, ...] = ()


_TABLE = tomllib.loads((files(__package__) / "headers.toml").read_text("utf-8"))


def _columns(table: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {column: tuple(headers) for column, headers in table.items()}


def _role(key: str) -> Role:
    row = _TABLE["roles"][key]
    return Role(row["name"], _columns(row["columns"]), tuple(row.get("needed", ())))


COORDINATES: Final = _columns(_TABLE["coordinates"])
GEOMETRY: Final = "geometry"
"""Our name for a table's column of geometry written as text; it is known by its content."""
COMMUNES: Final = _role("communes")
VILLAGES: Final = _role("villages")
COMMUNE_CENTRES: Final = _role("commune_centres")
VILLAGE_CENTRES: Final = _role("village_centres")
TOWERS: Final = _role("towers")
CABLES: Final = _role("cables")
POPS: Final = _role("pops")
PLACES: Final = _role("places")
BACKHAUL: Final = _role("backhaul")
LINKS: Final = _role("links")
FEEDERS: Final = _role("feeders")
ROADS: Final = _role("roads")
RIVERS: Final = _role("rivers")
VILLAGE_LIST: Final = _role("village_list")
NAMESAKES: Final = _role("namesakes")
COMMUNE_CHANGES: Final = _role("commune_changes")
VILLAGE_MATCHES: Final = _role("village_matches")

OPENCELLID = (
    "radio",
    "mcc",
    "net",
    "area",
    "cell",
    "unit",
    "lon",
    "lat",
    "range",
    "samples",
    "changeable",
    "created",
    "updated",
    "averageSignal",
)
"""Columns of OpenCelliD's own CSV, in its order; its files come with and without a header."""
