"""OpenStreetMap files of made-up nodes and ways (.osm.pbf), written in blocks.

The format: https://wiki.openstreetmap.org/wiki/PBF_Format. Nodes are dense, ids ascend, nodes come
before ways, as readers expect.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np

BLOCK = 8000
"""Nodes of a block, as the format recommends; of ways as many."""
_UNIT = 1e-7
"""Degrees of one unit at the format's granularity of 100."""


def varints(values: np.ndarray) -> bytes:
    """Encode whole numbers from 0 on as varints, one behind the other."""
    rest = np.asarray(values, dtype=np.uint64)
    columns, more = [], []
    while True:
        columns.append((rest & np.uint64(0x7F)).astype(np.uint8))
        rest = rest >> np.uint64(7)
        more.append(rest > 0)
        if not more[-1].any():
            break
    out = np.stack(columns, axis=1)
    goes_on = np.stack(more, axis=1)
    out |= np.where(goes_on, 0x80, 0).astype(np.uint8)
    kept = np.ones_like(goes_on)
    kept[:, 1:] = goes_on[:, :-1]
    return out[kept].tobytes()


def zigzag(values: np.ndarray) -> np.ndarray:
    """Fold signed numbers into numbers from 0 on."""
    signed = np.asarray(values, dtype=np.int64)
    return ((signed << 1) ^ (signed >> 63)).astype(np.uint64)


def _varint(value: int) -> bytes:
    """Encode one number from 0 on; for few of them quicker than :func:`varints`."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _deltas(values: np.ndarray) -> bytes:
    return varints(zigzag(np.diff(np.asarray(values, dtype=np.int64), prepend=0)))


def _blob(file: BinaryIO, kind: bytes, content: bytes) -> None:
    blob = _number(2, len(content)) + _field(3, zlib.compress(content, 1))
    header = _field(1, kind) + _number(3, len(blob))
    file.write(struct.pack(">I", len(header)) + header + blob)


class PbfWriter:
    """Writes one file; nodes first, then ways."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        features = [_field(4, b"OsmSchema-V0.6"), _field(4, b"DenseNodes")]
        _blob(self._file, b"OSMHeader", b"".join(features))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def nodes(
        self,
        first: int,
        lon: np.ndarray,
        lat: np.ndarray,
        tags: Sequence[dict[str, str]] | None = None,
    ) -> None:
        """Write nodes of consecutive ids, with tags where some are given."""
        for begin in range(0, len(lon), BLOCK):
            part = slice(begin, begin + BLOCK)
            ids = np.arange(first + begin, first + begin + len(lon[part]))
            texts, keys = _table([] if tags is None else tags[part])
            dense = _field(1, _deltas(ids))
            dense += _field(8, _deltas(np.rint(lat[part] / _UNIT)))
            dense += _field(9, _deltas(np.rint(lon[part] / _UNIT)))
            if tags is not None:
                flat = [n for own in keys for n in [*own, 0]]
                dense += _field(10, varints(np.array(flat)))
            self._block(texts, _field(2, _field(2, dense)))

    def ways(self, first: int, refs: np.ndarray, tags: Sequence[dict[str, str]]) -> None:
        """Write ways of consecutive ids; ``refs`` is (ways, nodes of each)."""
        for begin in range(0, len(refs), BLOCK):
            part = slice(begin, begin + BLOCK)
            texts, keys = _table(tags[part])
            group = b"".join(
                _field(3, _way(first + begin + i, own, nodes))
                for i, (own, nodes) in enumerate(zip(keys, refs[part].tolist(), strict=True))
            )
            self._block(texts, _field(2, group))

    def _block(self, texts: Sequence[str], group: bytes) -> None:
        table = b"".join(_field(1, text.encode()) for text in ["", *texts])
        _blob(self._file, b"OSMData", _field(1, table) + group)


def _way(number: int, keys: Sequence[int], nodes: Sequence[int]) -> bytes:
    steps = [nodes[0], *(b - a for a, b in pairwise(nodes))]
    refs = b"".join(_varint(step << 1 if step >= 0 else (-step << 1) - 1) for step in steps)
    odd, even = (b"".join(map(_varint, keys[i::2])) for i in (0, 1))
    return _number(1, number) + _field(2, odd) + _field(3, even) + _field(8, refs)


def _table(tags: Sequence[dict[str, str]]) -> tuple[list[str], list[list[int]]]:
    """Return the texts of some tags, and of each its keys and values by their number (from 1)."""
    at: dict[str, int] = {}

    numbers = [
        [at.setdefault(text, len(at) + 1) for pair in own.items() for text in pair] for own in tags
    ]
    return list(at), numbers
