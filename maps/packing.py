"""The book as the page holds it: long lists as columns of bytes, all deflated, in base64.

- **Numbers** are whole (decimals times a power of ten), each as itself or as its step from the one
  before, whichever deflates smaller. First stand the lowest bytes of all, then the next.
- **Texts** are held once each: how much one keeps of the one before it, and what is new.
- **Lines** are drawn by one pen that is never put back: each begins where the last one ended.

Nothing is rounded here. ``assets/page/unpack.js`` makes the same lists of it again.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phusong.maps.book import to_json

SHORT = 32
"""Lists up to this length stay as they are."""
SCALES = tuple(10**digits for digits in range(7))
LARGEST = 2**29
"""Of whole numbers: a step between two has its code in four bytes."""
Whole = NDArray[np.int64]


def pack(book: dict[str, Any]) -> str:
    """Return the book as base64: deflated JSON, a zero byte, and the columns its lists lie in."""
    columns = _Columns()
    text = to_json(columns.packed(book))
    return base64.b64encode(zlib.compress(text.encode() + b"\0" + columns.laid, 9)).decode("ascii")


@dataclass
class _Columns:
    """Columns one after another; one that is there already is not put there again."""

    laid: bytearray = field(default_factory=bytearray)
    known: dict[bytes, int] = field(default_factory=dict)

    def packed(self, value: Any) -> Any:
        """Return a value with every long list of it replaced by where and how it lies."""
        if isinstance(value, dict):
            return {key: self.packed(part) for key, part in value.items()}
        if not isinstance(value, list):
            return value
        kinds = {*map(type, value)} if len(value) > SHORT else set()
        found = None
        if kinds == {str}:
            found = self._texts(value)
        elif kinds == {list}:
            found = self._lines(value)
        elif kinds and kinds <= {int, float, type(None)}:
            found = self._numbers(value)
        return [self.packed(part) for part in value] if found is None else found

    def _texts(self, texts: list[str]) -> dict[str, Any]:
        names = list(dict.fromkeys(texts))
        same = [_same(*pair) for pair in zip(["", *names], names, strict=False)]
        among = {name: row for row, name in enumerate(names)}
        return {
            "@texts": {
                # As the page counts letters.
                "kept": self.packed([len(start.encode("utf-16-le")) // 2 for start in same]),
                "rest": [name[len(start) :] for name, start in zip(names, same, strict=True)],
                "of": self.packed([among[text] for text in texts]),
            }
        }

    def _lines(self, shapes: list[list[Any]]) -> dict[str, Any] | None:
        lines = list(chain.from_iterable(shapes))
        if {*map(type, lines)} != {list} or any(len(line) == 0 or len(line) % 2 for line in lines):
            return None
        steps = list(chain.from_iterable(lines))
        if {*map(type, steps)} != {int}:
            return None
        points = np.array([len(line) // 2 for line in lines])
        moved = np.array(steps, dtype=np.int64).reshape(-1, 2)
        ends = np.cumsum(points)
        first = ends - points
        # A line's first point is where it is; from where the pen is, it is a step like the others.
        moved[first[1:]] -= np.add.reduceat(moved, first)[:-1]
        return {
            "@lines": {
                "parts": self.packed([len(shape) for shape in shapes]),
                "points": self.packed(points.tolist()),
                "x": self.packed(moved[:, 0].tolist()),
                "y": self.packed(moved[:, 1].tolist()),
            }
        }

    def _numbers(self, values: list[float | None]) -> dict[str, Any] | None:
        exact = np.array(values, dtype=np.float64)
        there = np.array([value is not None for value in values])
        if not np.isfinite(exact[there]).all():
            return None
        scaled = ((scale, np.rint(exact[there] * scale)) for scale in SCALES)
        fitting = (
            (scale, whole)
            for scale, whole in scaled
            if (whole / scale == exact[there]).all() and np.abs(whole).max(initial=0) < LARGEST
        )
        scale, whole = next(fitting, (0, exact))
        if scale == 0:
            return None
        plain, steps = (
            _planes(part, there)
            for part in (whole.astype(np.int64), np.diff(whole.astype(np.int64), prepend=0))
        )
        stepped = len(zlib.compress(steps, 1)) < len(zlib.compress(plain, 1))
        column = steps if stepped else plain
        return {
            "@numbers": {
                "at": self._place(column),
                "rows": len(values),
                "planes": len(column) // len(values),
                "scale": scale,
                "steps": int(stepped),
                "gaps": int(not there.all()),
            }
        }

    def _place(self, column: bytes) -> int:
        if column not in self.known:
            self.known[column] = len(self.laid)
            self.laid += column
        return self.known[column]


def _same(one: str, other: str) -> str:
    """Return what two texts begin with in common."""
    differing = (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return one[: next(differing, min(len(one), len(other)))]


def _planes(whole: Whole, there: NDArray[np.bool_]) -> bytes:
    """Return numbers by their bytes: 0, -1, 1, -2, ... are 0, 1, 2, 3, ...; one more with gaps.

    A gap is 0 then.
    """
    codes = np.zeros(len(there), dtype="<u8")
    codes[there] = np.where(whole < 0, -2 * whole - 1, 2 * whole) + int(not there.all())
    planes = (int(codes.max()).bit_length() + 7) // 8
    return codes.view(np.uint8).reshape(-1, 8)[:, : max(planes, 1)].T.tobytes()
