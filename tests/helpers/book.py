"""The book of a page, read back by other means than the page's own."""

from __future__ import annotations

import base64
import json
import re
import zlib
from itertools import accumulate
from pathlib import Path
from typing import Any


def book_of(page: Path) -> Any:
    """Return the book that a page holds."""
    return book_in(page.read_text("utf-8"))


def book_in(text: str) -> Any:
    """Return the book that the text of a page holds."""
    found = re.search(r'id="book">([^<]*)</script>', text)
    assert found is not None
    return unpacked(found.group(1))


def unpacked(text: str) -> Any:
    """Return the book that :func:`phusong.maps.packing.pack` packed."""
    head, _, columns = zlib.decompress(base64.b64decode(text)).partition(b"\0")

    def hook(value: dict[str, Any]) -> Any:
        if "@numbers" in value:
            return _numbers(columns, **value["@numbers"])
        if "@texts" in value:
            return _texts(**value["@texts"])
        return _lines(**value["@lines"]) if "@lines" in value else value

    return json.loads(head, object_hook=hook)


def _numbers(
    columns: bytes, at: int, rows: int, planes: int, scale: int, steps: int, gaps: int
) -> list[float | None]:
    codes = [
        int.from_bytes(columns[at + row : at + planes * rows : rows], "little") - gaps
        for row in range(rows)
    ]
    wholes = iter([-(code + 1) // 2 if code % 2 else code // 2 for code in codes if code >= 0])
    values = accumulate(wholes) if steps else wholes
    return [None if c < 0 else next(values) / scale for c in codes]


def _texts(kept: list[int], rest: list[str], of: list[int]) -> list[str]:
    names: list[str] = []
    for units, text in zip(kept, rest, strict=True):
        before = names[-1].encode("utf-16-le")[: 2 * int(units)] if names else b""
        names.append(before.decode("utf-16-le") + text)
    return [names[int(row)] for row in of]


def _lines(
    parts: list[int], points: list[int], x: list[int], y: list[int]
) -> list[list[list[float]]]:
    moves = zip(x, y, strict=True)
    lengths = iter(points)
    at = (0.0, 0.0)
    shapes = []
    for count in parts:
        lines = []
        for _ in range(int(count)):
            moved = [next(moves) for _ in range(int(next(lengths)))]
            ends = list(accumulate(moved, lambda a, b: (a[0] + b[0], a[1] + b[1]), initial=at))
            lines.append([*ends[1], *(step for move in moved[1:] for step in move)])
            at = ends[-1]
        shapes.append(lines)
    return shapes
