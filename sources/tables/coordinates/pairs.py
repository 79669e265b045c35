"""Both coordinates in one cell: where it parts, and which of the two is which."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np
import pandas as pd

from phusong.sources.tables.columns import present
from phusong.sources.tables.coordinates.degrees import (
    MARKS,
    degrees,
    figure,
    unpacked,
    without_side,
)
from phusong.sources.tables.headers import COORDINATES
from phusong.sources.tables.numerals import Decimal
from phusong.sources.tables.recognition import plain, recognise
from phusong.sources.tables.text import clean

Axis = Literal["north", "east"]
Order = Literal["lat_lon", "lon_lat", "x_y", "y_x"]
Half = tuple[str, Axis | None, float]

ORDERS: Final[tuple[Order, ...]] = get_args(Order)
PAIRED: Final = ("coordinates", *ORDERS)
"""Our names of columns that hold both: one whose order is to be found, and those that say it."""
_TRIED: Final = 50
_DEGREES: Final = 180.0
_LINK = re.compile(r"://.*?([@=/])\s*(-?\d+\.\d+)\s*(?:,|%2C)\s*(-?\d+\.\d+)", re.IGNORECASE)
"""Latitude and longitude in the address of a map on the web; behind @ the middle of the view."""
_PLACE = re.compile(r"://.*!3d(-?\d+(?:\.\d+)?)!4d(-?\d+(?:\.\d+)?)", re.IGNORECASE)
"""Latitude and longitude of the place itself in such an address."""
_METRES: Final = 1000.0
"""Both figures above it are metres, where they are not packed degrees."""
_SIDE = "NSEWBĐDT"
_BREAKS = re.compile(
    rf"\s*[;|/]\s*|\s*,\s*|\s+-\s+|(?<=[{_SIDE}])\s*-\s*(?=\d)|\s+"
    rf"|(?<=[{_SIDE}])(?=\d)|(?<=[\d\"'°])(?=[{_SIDE}]\s*\d)"
)
"""Where a cell may part in two: between a side and figures nothing need stand."""
_LABEL = re.compile(
    r"""\s*(?:(?P<axis>lat(?:itude)?|lon(?:g(?:itude)?)?|lng|vĩ\s*độ|kinh\s*độ|vđ|kđ|easting|northing
        |[nebđ])\s*[:=]|(?P<letter>[xy])\s*[:=]?(?=\s*[-+\d]))\s*""",
    re.IGNORECASE | re.VERBOSE,
)
_NORTH = frozenset(
    [
        *("n", "s", "b", "north", "south", "bac", "nam", "vb", "vd", "vdb", "vi"),
        *("lat", "latitude", "northing"),
    ]
)
_EAST = frozenset(
    [
        *("e", "w", "d", "t", "east", "west", "dong", "tay", "kd", "kt", "kdd", "kinh"),
        *("lon", "long", "lng", "longitude", "easting"),
    ]
)
_WORDS = re.compile(r"[a-z]+")
_UNITS = re.compile(r"(?<=\d)\s*(?:độ|phút|giây|do|phut|giay|deg|min|sec|[dđgomps])(?![a-z])")
"""Words and small letters behind figures: units of degrees, not sides."""


@dataclass(frozen=True)
class Pair:
    """Two coordinates of one cell.

    Attributes
    ----------
    texts
        As written, without labels.
    axes
        What each says of itself; None for both where neither does. X and Y say nothing: to
        surveyors in Viet Nam X is the northing, to a GIS it is the easting.
    sizes
        Their figures.
    view
        Whether they are the middle of a map that was looked at, not a place.
    """

    texts: tuple[str, str]
    axes: tuple[Axis, Axis] | None
    sizes: tuple[float, float]
    view: bool = False


def pair_in(text: Any, *, projected: bool = False) -> Pair | None:
    """Return the two coordinates in a cell; None where it holds no two, or parts in several ways.

    ``projected`` says that they are metres: figures behind a side are not unpacked as DDDMMSS.

    Examples
    --------
    >>> pair_in("22.8233, 104.9836").sizes, pair_in("22,8233; 104,9836").sizes
    ((22.8233, 104.9836), (22.8233, 104.9836))
    >>> pair_in("E104.9836 N22.8233").axes, pair_in("12 30 45 20")
    (('east', 'north'), None)
    """
    cell = clean(text) if isinstance(text, str) else None
    if cell is None:
        return None
    link = _PLACE.search(cell) or _LINK.search(cell)
    if link is not None:
        *sign, north, east = link.groups()
        return Pair((north, east), ("north", "east"), (float(north), float(east)), sign == ["@"])
    cell = cell.translate(MARKS).strip("()[]{}<> ,;")
    found: dict[tuple[float, float], Pair] = {}
    for cut in _BREAKS.finditer(cell):
        pair = _pair_of(cell[: cut.start()], cell[cut.end() :], projected)
        if pair is not None:
            found.setdefault(pair.sizes, pair)
    return next(iter(found.values())) if len(found) == 1 else None


def _pair_of(one: str, other: str, projected: bool) -> Pair | None:
    first, second = _half(one, figure), _half(other, figure)
    if first is None or second is None or not (projected or _are_metres(first, second)):
        first, second = _half(one, degrees), _half(other, degrees)
    else:
        first, second = _bare(first), _bare(second)
    if first is None or second is None:
        return None
    own, its = first[1], second[1]
    if own is not None and own == its:
        return None
    own = own or _other(its)
    its = its or _other(own)
    if (abs(first[2]) > _DEGREES) != (abs(second[2]) > _DEGREES) and own is None:
        return None  # 22,8233 is one figure
    axes = None if own is None or its is None else (own, its)
    return Pair((first[0], second[0]), axes, (first[2], second[2]))


def _other(axis: Axis | None) -> Axis | None:
    return None if axis is None else "east" if axis == "north" else "north"


def _are_metres(first: Half, second: Half) -> bool:
    """Say whether halves with sides are metres: large, and not both packed as DDDMMSS."""
    if first[1] is None or second[1] is None or min(first[2], second[2]) <= _METRES:
        return False
    size = np.abs(unpacked(np.array([first[2], second[2]])))
    limit = [90 if half[1] == "north" else 180 for half in (first, second)]
    return not bool((size <= limit).all())


def _bare(half: Half) -> Half:
    return without_side(half[0]), *half[1:]


def _half(text: str, read: Callable[[str, Decimal], float | None]) -> Half | None:
    """Return a half without its label, its axis and its figure; None where it is no coordinate."""
    label = _LABEL.match(text)
    bare = (text if label is None else text[label.end() :]).strip(" ,;:")
    if not any(c.isdigit() for c in bare):
        return None
    words = _WORDS.findall(plain(_UNITS.sub(" ", bare)).replace("_", " "))
    if label is not None and label["axis"]:
        words += _WORDS.findall(plain(label["axis"]).replace("_", " "))
    axes: set[Axis] = {"north" for word in words if word in _NORTH}
    axes |= {"east" for word in words if word in _EAST}
    size = _size(bare, read)
    return None if size is None or len(axes) > 1 else (bare, next(iter(axes), None), size)


def _size(text: str, read: Callable[[str, Decimal], float | None]) -> float | None:
    """Return the figure of a half, whose comma is a decimal sign where it may be one."""
    size = read(text, ",") if "," in text and "." not in text else None
    return read(text, ".") if size is None else size


def column_of_pairs(frame: pd.DataFrame, mapping: Mapping[str, str]) -> str | None:
    """Return the header of a table's column of pairs, None without one.

    Its header says so and most of its cells: ``Vị trí`` may head addresses as well. A table with
    a column for either coordinate has none, unless the study names it.

    Parameters
    ----------
    frame
        The file's headers.
    mapping
        The study's ``columns``.
    """
    headers = [str(c) for c in frame.columns]
    mapped = next((mapping[name] for name in PAIRED if name in mapping), None)
    if mapped is not None:
        return present(mapped, headers)
    taken = recognise(headers, COORDINATES).taken
    if {"lon", "lat"} <= {*taken, *mapping} or {"x", "y"} <= {*taken, *mapping}:
        return None
    for name in PAIRED:
        if name in taken and _mostly_pairs(frame[taken[name]]):
            return taken[name]
    return None


def _mostly_pairs(cells: pd.Series[Any]) -> bool:
    filled = [v for v in cells.dropna() if clean(v) is not None][:_TRIED]
    return 2 * sum(pair_in(v) is not None for v in filled) > len(filled)


def order_said(header: str, mapping: Mapping[str, str]) -> Order | None:
    """Return the order of a column as the study says it, else as its header does."""
    mapped = next((name for name in ORDERS if name in mapping), None)
    known: dict[str, tuple[str, ...]] = {name: COORDINATES[name] for name in ORDERS}
    named = recognise([header], known).taken
    return mapped or next((name for name in ORDERS if name in named), None)


def order_seen(pairs: Sequence[Pair | None]) -> Order | None:
    """Return the order of degrees that say none themselves: above 90 there is no latitude."""
    bare = [p.sizes for p in pairs if p is not None and p.axes is None]
    first, second = (any(abs(sizes[k]) > 90 for sizes in bare) for k in (0, 1))
    return None if first == second else "lon_lat" if first else "lat_lon"


def are_degrees(pairs: Sequence[Pair | None]) -> bool:
    """Say whether most pairs are degrees by their size."""
    sizes = [sorted(map(abs, p.sizes)) for p in pairs if p is not None]
    return 2 * sum(low <= 90 and high <= 180 for low, high in sizes) > len(sizes)
