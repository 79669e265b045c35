"""A window of a remote GeoTIFF: its directories come first, then the blocks under the window.

GDAL reads the file of parts as if it were whole (:mod:`phusong.fetch.parts`): all it asks for is
there. Layout of a file: TIFF 6.0 (Adobe 1992), section 2, and BigTIFF.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final

from phusong.errors import FetchError, Where
from phusong.fetch.parts import Parts
from phusong.fetch.web import refuse_other_kind, shown

_BYTES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_BYTES_BIG: Final = {**_BYTES, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of a value, by the number of its type."""
_MOST_DIRECTORIES: Final = 64
_MOST_ENTRIES: Final = 4096
_MOST_VALUES: Final = 2**26
"""Bytes of one entry's values: the places of 8 million blocks."""

Cells = tuple[int, int, int, int]
"""First row, row behind the last, first column, column behind the last."""


def bring_directories(parts: Parts) -> None:
    """Bring all that GDAL reads of a GeoTIFF to open it.

    Raises
    ------
    FetchError
        When the file is none, or its directories lead nowhere.
    """
    head = parts.read(0, 16)
    refuse_other_kind(head, "tiff", parts.url)
    order = "<" if head[:1] == b"I" else ">"
    big = head[2:4] in {b"+\0", b"\0+"}
    place = struct.unpack_from(order + ("Q" if big else "I"), head, 8 if big else 4)[0]
    seen: set[int] = set()
    while place:
        if place in seen or place >= parts.size or len(seen) == _MOST_DIRECTORIES:
            raise _broken(parts)
        seen.add(place)
        place = _directory(parts, place, order, big=big)


def _directory(parts: Parts, place: int, order: str, *, big: bool) -> int:
    """Bring one directory and the values of its entries; return where the next one is."""
    count_form, entry, value = ("Q", 20, "Q") if big else ("H", 12, "I")
    size = struct.calcsize(order + count_form)
    try:
        (count,) = struct.unpack(order + count_form, parts.read(place, size))
        if count > _MOST_ENTRIES:
            raise _broken(parts)
        body = parts.read(place + size, count * entry + struct.calcsize(order + value))
        for i in range(count):
            _, kind, n = struct.unpack_from(order + "HH" + value, body, i * entry)
            length = n * (_BYTES_BIG if big else {**_BYTES, 13: 4}).get(kind, 0)
            if length > _MOST_VALUES:
                raise _broken(parts)
            inline = struct.calcsize(order + value)
            if length > inline:
                (at,) = struct.unpack_from(order + value, body, i * entry + entry - inline)
                if at + length > parts.size:
                    raise _broken(parts)
                parts.need(at, at + length)
        return int(struct.unpack_from(order + value, body, count * entry)[0])
    except struct.error:
        raise _broken(parts) from None


def blocks_under(dataset: Any, cells: Cells, parts: Parts) -> Iterator[tuple[int, int]]:
    """Yield where in the file the blocks under a window of the first band are.

    Parameters
    ----------
    dataset
        Open with rasterio; of its file the directories are there.
    parts
        That file.

    Raises
    ------
    FetchError
        When a block lies behind the file's end.
    """
    rows, cols = dataset.block_shapes[0]
    top, bottom, left, right = cells
    for row in range(top // rows, -(-bottom // rows)):
        for col in range(left // cols, -(-right // cols)):
            offset = dataset.get_tag_item(f"BLOCK_OFFSET_{col}_{row}", "TIFF", bidx=1)
            length = dataset.get_tag_item(f"BLOCK_SIZE_{col}_{row}", "TIFF", bidx=1)
            if offset is None or length is None:
                continue  # a block that was never written holds nothing
            if int(offset) + int(length) > parts.size:
                raise _broken(parts)
            yield int(offset), int(offset) + int(length)


def _broken(parts: Parts) -> FetchError:
    return FetchError(
        "it is a damaged GeoTIFF: its directories lead nowhere",
        Where(file=shown(parts.url)),
        "name a mirror that has it whole: [fetch] hosts in study.toml",
    )
