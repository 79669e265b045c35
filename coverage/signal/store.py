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
import os
import stat
import struct
import tempfile
import time
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import zstandard
from numpy.typing import NDArray

from phusong.disc.refused import refusal
from phusong.disc.workplace import draft, session_folder, sweep_drafts
from phusong.grid import Window, block_at
from phusong.i18n import tr
from phusong.jit import njit

FORMAT: Final = 2
BLOCK: Final = 256
NODATA: Final = -32768
LIMIT: Final = 32767
_MAGIC: Final = b"PHSNGPL\x02"
_SUFFIX: Final = ".loss"
_WIDEST: Final = 4 * BLOCK * BLOCK
"""Bytes that a frame may look back; ours look back no further than a block."""
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


def to_ticks(values: NDArray[np.float32], step: float) -> NDArray[np.int16]:
    """Return values in whole steps as int16; NaN becomes ``NODATA``, the far ends are held."""
    ticks = np.empty(values.shape, dtype=np.int16)
    _round_to(values.ravel(), np.float32(step), ticks.ravel())
    return ticks


@njit(cache=True, nogil=True)
def _round_to(values: Any, step: Any, ticks: Any) -> None:
    """Fill in the ticks of :func:`to_ticks`, (n,)."""
    for i in range(values.size):
        tick = np.rint(values[i] / step)
        tick = min(max(tick, np.float32(-LIMIT)), np.float32(LIMIT))
        ticks[i] = NODATA if np.isnan(values[i]) else np.int16(tick)


@njit(cache=True, nogil=True)
def _take_steps(flat: NDArray[np.uint16], low_high: NDArray[np.uint8]) -> None:
    """Fill in the low and the high bytes of each row's differences, modulo 2**16."""
    rows, cols = flat.shape
    for r in range(rows):
        before = np.uint16(0)
        for c in range(cols):
            step = np.uint16(flat[r, c] - before)
            before = flat[r, c]
            low_high[0, r, c] = step & np.uint16(255)
            low_high[1, r, c] = step >> np.uint16(8)


@njit(cache=True, nogil=True)
def _add_steps(low_high: NDArray[np.uint8], flat: NDArray[np.uint16]) -> None:
    """Undo :func:`_take_steps`."""
    rows, cols = flat.shape
    for r in range(rows):
        value = np.uint16(0)
        for c in range(cols):
            value = np.uint16(value + low_high[0, r, c] + (np.uint16(low_high[1, r, c]) << 8))
            flat[r, c] = value


def _squeezer() -> zstandard.ZstdCompressor:
    """Return what packs: its quickest way but for giving up on small gains; of one thread."""
    return zstandard.ZstdCompressor(level=1, write_content_size=False)


def _pack(ticks: NDArray[np.int16], squeezer: zstandard.ZstdCompressor) -> bytes:
    """Pack a block; an empty one takes no bytes."""
    if (ticks == NODATA).all():
        return b""
    low_high = np.empty((2, *ticks.shape), dtype=np.uint8)
    _take_steps(ticks.view(np.uint16), low_high)
    return squeezer.compress(low_high.data)


def _unpack(data: bytes, shape: tuple[int, int]) -> NDArray[np.int16]:
    """Undo :func:`_pack`. What says to be larger than the block is refused before it grows."""
    if not data:
        return np.full(shape, NODATA, dtype=np.int16)
    size = 2 * shape[0] * shape[1]
    if zstandard.frame_content_size(data) not in {-1, size}:
        raise EntryError
    raw = zstandard.ZstdDecompressor(max_window_size=_WIDEST).decompress(data, max_output_size=size)
    if len(raw) != size:
        raise EntryError
    flat = np.empty(shape, dtype=np.uint16)
    _add_steps(np.frombuffer(raw, dtype=np.uint8).reshape(2, *shape), flat)
    return flat.view(np.int16)


def _integer(value: object, least: int | None = None) -> int:
    """Return what should be an integer; a head may say anything."""
    if not isinstance(value, int) or (least is not None and value < least):
        raise ValueError
    return value


def _opened(path: Path) -> BinaryIO:
    """Open an entry for reading: a file, no link elsewhere, no pipe that waits for ever.

    Raises
    ------
    OSError
        When it is none, or cannot be opened.
    """
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    handle = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError("this is no plain file")
    return os.fdopen(handle, "rb")


class PathLossStore:
    """A folder of entries.

    Parameters
    ----------
    folder
        Made when first written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._headers: dict[str, _Header] = {}
        self._spare: tempfile.TemporaryDirectory[str] | None = None
        self._in_spare: set[str] = set()
        self._swept = False

    def path(self, key: str) -> Path:
        """Return where the entry of a key lies (whether or not it exists)."""
        if self._spare is not None and key in self._in_spare:
            return Path(self._spare.name) / f"{key}{_SUFFIX}"
        return self.folder / key[:2] / f"{key}{_SUFFIX}"

    def has(self, key: str) -> bool:
        """Whether a whole entry of this key is there; its blocks are checked when read."""
        try:
            self._header(key, fresh=True)
        except EntryError:
            return False
        with contextlib.suppress(OSError):
            os.utime(self.path(key))
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
        ticks, squeezer = to_ticks(values, step), _squeezer()
        table: list[list[int]] = []
        packed: list[bytes] = []
        offset = 0
        for (r, c), part in window.blocks(BLOCK):
            data = _pack(np.ascontiguousarray(ticks[part.slices_in(window)]), squeezer)
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
        self._sweep()
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            path.rmdir()  # an empty folder of that name gives way
        try:
            with draft(path) as handle, os.fdopen(handle, "wb", closefd=False) as out:
                out.write(whole)
        except PermissionError:
            if not self.has(key):
                raise

    def _put_aside(self, key: str, whole: bytes, problem: OSError) -> None:
        """Keep an entry for the time of this run, since the store does not take it."""
        if self._spare is None:
            told = refusal(problem, self.folder)
            logging.getLogger("phusong").warning(
                tr(
                    "{reason}; path losses are not all kept in {folder}, this run goes on without",
                    reason=tr(told.what, **told.params),
                    folder=self.folder,
                )
            )
            self._spare = tempfile.TemporaryDirectory(prefix="losses-", dir=session_folder())
        self._in_spare.add(key)
        self.path(key).write_bytes(whole)

    def _sweep(self) -> None:
        """Once in a run, remove what runs that died left half written."""
        if not self._swept:
            self._swept = True
            sweep_drafts(self.folder)

    def _header(self, key: str, *, fresh: bool = False) -> _Header:
        """Read and check the head of an entry and the length of its file."""
        if not fresh and key in self._headers:
            return self._headers[key]
        try:
            with _opened(self.path(key)) as file:
                start = file.read(len(_MAGIC) + 8)
                if len(start) < len(_MAGIC) + 8 or not start.startswith(_MAGIC):
                    raise EntryError
                length, crc = struct.unpack("<II", start[len(_MAGIC) :])
                head = file.read(length)
                size = os.fstat(file.fileno()).st_size
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
            with _opened(self.path(key)) as file:
                for (r, c), part in wanted.blocks(BLOCK):
                    offset, length, crc = header.blocks[r, c]
                    file.seek(header.body + offset)
                    data = file.read(length)
                    if len(data) != length or zlib.crc32(data) != crc:
                        raise EntryError
                    whole = block_at((r, c), BLOCK).intersect(header.window)
                    block = _unpack(data, whole.shape)
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
        for path in self.folder.glob(f"*/*{_SUFFIX}"):
            key = path.name.removesuffix(_SUFFIX)
            try:
                stat = path.stat()
            except OSError:  # another run pruned it
                continue
            row = {"key": key, "bytes": stat.st_size, "used": stat.st_mtime, "whole": True}
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
            "folder": str(self.folder),
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
            if (goes or not row["whole"]) and self._remove(self.path(row["key"])):
                self._headers.pop(row["key"], None)
                count += 1
                freed += row["bytes"]
            elif row["key"] not in safe:
                held += row["bytes"]
        sweep_drafts(self.folder)
        return count, freed

    @staticmethod
    def _remove(path: Path) -> bool:
        """Remove a file; one that another run holds open (Windows) stays."""
        try:
            path.unlink(missing_ok=True)
        except OSError:
            return False
        return True
