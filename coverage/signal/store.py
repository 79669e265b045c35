"""The path-loss store: what a site's propagation cost, kept, so that it is paid once.

An entry is one raster (the loss of one mast at one frequency, or the elevation angles of one
mast) under a key: the SHA-256 of everything that shaped it. Whatever changes makes another
key, so an entry is never stale, only unused. Entries are written to a temporary name and
renamed: a reader sees a whole entry or none, and two runs that write the same entry write the
same bytes. An entry that cannot be written goes to a temporary folder for the time of the run.

File layout: magic, length of the header (uint32, little endian), CRC-32 of the header
(uint32), header (JSON), blocks. Blocks are squares of 256 cells cut along the study grid, so
that a window of the grid touches few of them; each is horizontally differenced int16, its low
bytes before its high bytes, a Zstandard frame (RFC 8878) with its own CRC-32 in the header.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import struct
import tempfile
import time
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import zstandard
from numpy.typing import NDArray

from phusong.coverage.kept.bucket import Bucket
from phusong.coverage.kept.lossbytes import BLOCK, NODATA, pack, squeezer, to_ticks, unpack
from phusong.coverage.kept.lossfolder import Folder, Shelf
from phusong.disc.refused import refusal
from phusong.disc.workplace import session_folder
from phusong.grid import Window, block_at
from phusong.i18n import tr
from phusong.study import Study

FORMAT: Final = 2
_MAGIC: Final = b"PHSNGPL\x02"
_KNOWN: Final = 4096
"""Heads of entries that are remembered: those round a tile, and not those of a country."""


class EntryError(Exception):
    """An entry is missing, cut short, altered or not what its name says: compute it again."""


@dataclass(frozen=True)
class _Header:
    """What the head of an entry says."""

    window: Window
    step: float
    blocks: dict[tuple[int, int], tuple[int, int, int]]
    """(block row, block column) of the grid -> (offset from the body, length, CRC-32)."""
    about: dict[str, Any]
    body: int


def entry_key(shaped_by: dict[str, Any]) -> str:
    """Return the key of an entry: the SHA-256 of all that shaped it, in canonical JSON."""
    text = json.dumps({"format": FORMAT, **shaped_by}, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _integer(value: object, least: int | None = None) -> int:
    """Return what should be an integer; a head may say anything."""
    if not isinstance(value, int) or (least is not None and value < least):
        raise ValueError
    return value


class PathLossStore:
    """Entries on a shelf.

    Parameters
    ----------
    place
        A folder, made when first written to, or the URL of an object store.
    """

    def __init__(self, place: Path | str) -> None:
        self.place = place
        self._shelf: Shelf = Folder(place) if isinstance(place, Path) else Bucket(place)
        self._headers: dict[str, _Header] = {}
        self._aside: tempfile.TemporaryDirectory[str] | None = None
        self._spare: Folder | None = None
        self._in_spare: set[str] = set()
        self._swept = False

    @classmethod
    def of(cls, study: Study) -> PathLossStore:
        """Return the store of a study."""
        return cls(study.losses_place)

    def __reduce__(self) -> tuple[Any, ...]:
        """Go to a worker: heads known by now are left behind, and a folder keeps its place."""
        place = self.place.resolve() if isinstance(self.place, Path) else self.place
        return PathLossStore, (place,)

    def path(self, key: str) -> Path:
        """Return the file of a key's entry in a folder (whether or not it exists)."""
        shelf = self._at(key)
        if not isinstance(shelf, Folder):
            raise TypeError(self.place)
        return shelf.path(key)

    def _at(self, key: str) -> Shelf:
        spare = self._spare
        return spare if spare is not None and key in self._in_spare else self._shelf

    def has(self, key: str) -> bool:
        """Whether a whole entry of this key is there; its blocks are checked when read."""
        try:
            self._header(key, fresh=True)
        except EntryError:
            return False
        with contextlib.suppress(OSError):
            self._at(key).touch(key)
        return True

    def write(
        self,
        key: str,
        window: Window,
        values: NDArray[np.float32],
        step: float,
        about: dict[str, Any] | None = None,
    ) -> None:
        """Keep a raster.

        Parameters
        ----------
        key
            See :func:`entry_key`.
        window
            Its place in the study grid.
        values
            (rows, cols) float32, NaN where there is none.
        step
            Values are kept in whole steps of this; the error is at most half of it.
        about
            Small facts for :meth:`summary` (site, frequency).
        """
        ticks, frames = to_ticks(values, step), squeezer()
        table: list[list[int]] = []
        packed: list[bytes] = []
        offset = 0
        for (r, c), part in window.blocks(BLOCK):
            data = pack(np.ascontiguousarray(ticks[part.slices_in(window)]), frames)
            table.append([r, c, offset, len(data), zlib.crc32(data)])
            packed.append(data)
            offset += len(data)
        head = json.dumps(
            {
                "key": key,
                "window": [window.row0, window.col0, window.rows, window.cols],
                "step": step,
                "blocks": table,
                "about": about or {},
            }
        ).encode()
        whole = b"".join([_MAGIC, struct.pack("<II", len(head), zlib.crc32(head)), head, *packed])
        self._in_spare.discard(key)
        self._headers.pop(key, None)
        try:
            self._put(key, whole)
        except OSError as problem:
            self._put_aside(key, whole, problem)

    def _put(self, key: str, whole: bytes) -> None:
        """Write an entry under its name.

        Windows refuses while another run reads the old one. That one is as good, if whole:
        equal keys hold equal losses.
        """
        if not self._swept:
            self._swept = True
            self._shelf.sweep()
        try:
            self._shelf.put(key, whole)
        except PermissionError:
            if not self.has(key):
                raise

    def _put_aside(self, key: str, whole: bytes, problem: OSError) -> None:
        """Keep an entry for the time of this run, since the store does not take it."""
        if self._spare is None:
            told = refusal(problem, Path(self.place))
            logging.getLogger("phusong").warning(
                tr(
                    "{reason}; path losses are not all kept in {folder}, this run goes on without",
                    reason=tr(told.what, **told.params),
                    folder=self.place,
                )
            )
            self._aside = tempfile.TemporaryDirectory(prefix="losses-", dir=session_folder())
            self._spare = Folder(Path(self._aside.name))
        self._in_spare.add(key)
        path = self._spare.path(key)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(whole)

    def _header(self, key: str, *, fresh: bool = False) -> _Header:
        """Read and check the head of an entry and the length of its file."""
        if not fresh and key in self._headers:
            return self._headers[key]
        try:
            with self._at(key).opened(key) as entry:
                (start,) = entry.parts([(0, len(_MAGIC) + 8)])
                if len(start) < len(_MAGIC) + 8 or not start.startswith(_MAGIC):
                    raise EntryError
                length, crc = struct.unpack("<II", start[len(_MAGIC) :])
                size = entry.size
                (head,) = entry.parts([(len(start), min(length, size))])
            if len(head) != length or zlib.crc32(head) != crc:
                raise EntryError
            said = json.loads(head)
            body = len(_MAGIC) + 8 + length
            if said["key"] != key or size != body + sum(row[3] for row in said["blocks"]):
                raise EntryError
            header = _Header(
                Window(*map(_integer, said["window"])),
                float(said["step"]),
                {
                    (r, c): (_integer(offset, 0), _integer(length, 0), crc)
                    for r, c, offset, length, crc in said["blocks"]
                },
                dict(said["about"]),
                body,
            )
        except (OSError, ValueError, LookupError, TypeError, RecursionError) as problem:
            raise EntryError from problem
        if len(self._headers) >= _KNOWN:
            self._headers.clear()
        self._headers[key] = header
        return header

    def window(self, key: str) -> Window:
        """Return the place of an entry in the study grid.

        Raises
        ------
        EntryError
            When there is no whole entry of this key.
        """
        return self._header(key).window

    def read_ticks(self, key: str, window: Window) -> tuple[NDArray[np.int16], float]:
        """Return the steps of an entry over a window, and the size of a step.

        Parameters
        ----------
        key
            Of the entry.
        window
            Any window of the grid; ``NODATA`` where the entry does not reach.

        Raises
        ------
        EntryError
            When there is no whole, unaltered entry of this key.
        """
        header = self._header(key)
        out = np.full(window.shape, NODATA, dtype=np.int16)
        wanted = window.intersect(header.window)
        if wanted.empty:
            return out, header.step
        try:
            blocks = [(*header.blocks[at], at, part) for at, part in wanted.blocks(BLOCK)]
            with self._at(key).opened(key) as entry:
                found = entry.parts([(header.body + row[0], row[1]) for row in blocks])
            for data, (_, length, crc, at, part) in zip(found, blocks, strict=True):
                if len(data) != length or zlib.crc32(data) != crc:
                    raise EntryError
                whole = block_at(at, BLOCK).intersect(header.window)
                block = unpack(data, whole.shape)
                out[part.slices_in(window)] = block[part.slices_in(whole)]
        except (OSError, ValueError, LookupError, zstandard.ZstdError) as problem:
            raise EntryError from problem
        return out, header.step

    def read(self, key: str, window: Window) -> NDArray[np.float32]:
        """Return the values of an entry over a window, NaN where it does not reach.

        Raises
        ------
        EntryError
            When there is no whole, unaltered entry of this key.
        """
        ticks, step = self.read_ticks(key, window)
        values = ticks.astype(np.float32) * np.float32(step)
        values[ticks == NODATA] = np.nan
        return values

    def entries(self) -> list[dict[str, Any]]:
        """Return what is kept, newest first.

        Each entry is ``key``, ``bytes``, ``used`` (seconds since the epoch), ``whole`` (whether
        its head is readable) and the small facts it was written with.
        """
        found = []
        for key, size, used in self._shelf.lying():
            row = {"key": key, "bytes": size, "used": used, "whole": True}
            try:
                row = {**self._header(key, fresh=True).about, **row}
            except EntryError:
                row["whole"] = False
            found.append(row)
        return sorted(found, key=lambda row: (-row["used"], row["key"]))

    def summary(self) -> dict[str, Any]:
        """Return ``entries``, ``bytes``, ``sites``, ``broken`` and ``oldest``/``newest`` use."""
        rows = self.entries()
        return {
            "folder": str(self.place),
            "entries": len(rows),
            "bytes": sum(row["bytes"] for row in rows),
            "sites": len({row["site_id"] for row in rows if "site_id" in row}),
            "broken": sum(not row["whole"] for row in rows),
            "oldest": min((row["used"] for row in rows), default=None),
            "newest": max((row["used"] for row in rows), default=None),
        }

    def prune(
        self,
        keep: Collection[str] | None = None,
        older_than_days: float | None = None,
        max_bytes: int | None = None,
    ) -> tuple[int, int]:
        """Remove entries, and what runs that died left half written.

        Parameters
        ----------
        keep
            Keys to keep whatever else is asked; None: no key is safe by name.
        older_than_days
            Remove entries not used for longer.
        max_bytes
            Remove the longest unused until the rest fits. Broken entries go in any case.
            With neither of the two, every entry that is not in ``keep`` goes.

        Returns
        -------
        tuple of int
            Entries removed, and bytes freed.
        """
        safe = set(keep or ())
        now = time.time()
        count = freed = 0
        everything = older_than_days is None and max_bytes is None
        rows = self.entries()
        held = sum(row["bytes"] for row in rows if row["key"] in safe)
        for row in rows:
            too_old = older_than_days is not None and now - row["used"] > older_than_days * 86400
            too_much = max_bytes is not None and held + row["bytes"] > max_bytes
            goes = row["key"] not in safe and (everything or too_old or too_much)
            if (goes or not row["whole"]) and self._shelf.remove(row["key"]):
                self._headers.pop(row["key"], None)
                count += 1
                freed += row["bytes"]
            elif row["key"] not in safe:
                held += row["bytes"]
        self._shelf.sweep()
        return count, freed
