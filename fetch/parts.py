"""A remote file as far as it is here: its parts on disc, what lacks is asked for when needed.

A file that is wanted whole and a raster of which a window is wanted are one thing: bytes at their
places in a sparse file, and a list of the blocks that are there. Stopped work goes on from it, as
long as the source still has the same file.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

from phusong.disc.durable import replacing
from phusong.disc.refused import refused
from phusong.errors import FetchError, Where
from phusong.fetch.catalogue import Source
from phusong.fetch.web import Span, Web, refuse_more, refuse_other_kind, shown

BLOCK: Final = 2**18
"""Bytes of the blocks that are known to be here or not."""
_NOTE_EVERY: Final = 64
"""Blocks that come before they are noted: what a kill costs."""


class Parts:
    """The parts of one remote file; use as a context.

    Parameters
    ----------
    web, source, url, secret
        Where the file is.
    folder
        Where its parts lie, under a name made from ``url``.
    at
        The address that is asked, where ``url`` only names the file.
    told
        Told how many bytes came.

    Raises
    ------
    FetchError
        When the file cannot be had, is larger than any of this source, or not of its kind.
    """

    def __init__(
        self,
        web: Web,
        source: Source,
        url: str,
        folder: Path,
        *,
        secret: dict[str, str] | None = None,
        told: Callable[[int], None] = lambda _: None,
        at: str | None = None,
    ) -> None:
        self._web, self._source, self.url = web, source, url
        self._at = at or url
        self._secret, self._told = secret, told
        name = hashlib.sha256(url.encode()).hexdigest()[:20]
        self._path = folder / f"{name}.part"
        self._note = folder / f"{name}.json"
        folder.mkdir(parents=True, exist_ok=True)
        said: Span = web.size(source, self._at, secret)
        self.mark, self.modified = said.mark, said.modified
        self.by_parts = said.partial and said.total is not None
        self.size = said.total or 0
        refuse_more(self.size, source.most_bytes, url)
        self._have = self._kept()
        self._new = 0
        self._file: BinaryIO = self._path.open("r+b" if self._path.exists() else "w+b")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._write_note()
        self._file.close()

    @property
    def blocks(self) -> int:
        """How many blocks the file has."""
        return -(-self.size // BLOCK)

    @property
    def path(self) -> Path:
        """Where the bytes that are here lie, each at its place."""
        self._file.flush()
        return self._path

    def lacking(self, ranges: Iterable[tuple[int, int]] | None = None) -> int:
        """Return how many bytes of the file, or of ranges of it, are to come."""
        if ranges is None:
            return max(0, self.size - sum(self._length(i) for i in self._have))
        return sum(self._length(i) for i in self._touched(ranges) - self._have)

    def need_all(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Bring ranges of the file, in the order of the file."""
        blocks = sorted(self._touched(ranges))
        for _, run in groupby(enumerate(blocks), lambda pair: pair[1] - pair[0]):
            places = [block for _, block in run]
            self.need(places[0] * BLOCK, (places[-1] + 1) * BLOCK)

    def need(self, start: int, stop: int) -> None:
        """Bring the bytes from ``start`` up to ``stop`` that are not here."""
        if not self.by_parts and not self._have:
            self._in_one()
        stop = min(stop, self.size)
        if start < stop:
            self._need(start // BLOCK, (stop - 1) // BLOCK + 1)

    def _touched(self, ranges: Iterable[tuple[int, int]]) -> set[int]:
        found: set[int] = set()
        for start, stop in ranges:
            found.update(range(start // BLOCK, -(-min(stop, self.size) // BLOCK)))
        return found

    def read(self, start: int, count: int) -> bytes:
        """Return bytes of the file; what is not here comes."""
        self.need(start, start + count)
        stop = min(self.size, start + count)
        if start >= stop:
            return b""
        self._file.seek(start)
        return self._file.read(stop - start)

    def whole(self, target: Path, *, md5: str | None = None, kind: str | None = None) -> None:
        """Bring what is not here, and give the file its name.

        Parameters
        ----------
        target
            Where it shall lie; whatever lies there is replaced.
        md5
            The source's own sum of it.

        Raises
        ------
        FetchError
            When the file is not of its kind, or its sum is another: then no part is kept.
        """
        self.need(0, max(self.size, 1))
        self.refuse_other_kind(kind)
        if md5 is not None:
            self._refuse_other_sum(md5)
        with refused(target), replacing(target) as temporary:
            os.fsync(self._file.fileno())
            self._file.close()
            self._path.replace(temporary)
        self._note.unlink(missing_ok=True)
        self._have = set()

    def refuse_other_kind(self, kind: str | None = None) -> None:
        """Raise FetchError, and keep nothing, when the file does not begin as its kind does."""
        self._file.flush()
        self._file.seek(0)
        try:
            refuse_other_kind(self._file.read(4096), kind or self._source.kind, self.url)
        except FetchError:
            self.forget()
            raise

    def forget(self) -> None:
        """Throw away what is here."""
        self._file.close()
        self._path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
        self._have = set()
        self._file = io.BytesIO()

    # ------------------------------------------------------------------ what comes

    def _need(self, first: int, stop: int) -> None:
        """Bring the blocks from ``first`` up to ``stop`` that are not here."""
        for start, end in self._gaps(first, stop):
            self._bring(start, end)

    def _gaps(self, first: int, stop: int) -> Iterator[tuple[int, int]]:
        """Yield runs of blocks that are not here."""
        block = first
        while block < stop:
            if block in self._have:
                block += 1
                continue
            end = block
            while end < stop and end not in self._have:
                end += 1
            yield block, end
            block = end

    def _bring(self, first: int, stop: int) -> None:
        """Ask for a run of blocks, and note each that is complete."""
        at = first

        def begin() -> int:
            return at * BLOCK

        def take(span: Span, pieces: Iterator[bytes]) -> None:
            nonlocal at
            if (
                not span.partial
                or span.total != self.size
                or (self.mark and span.mark != self.mark)
            ):
                self.forget()
                raise FetchError(
                    "the file changed at its source while it was fetched",
                    Where(file=shown(self.url)),
                    "give the same command again: it begins anew",
                )
            place = span.start
            end = min(self.size, stop * BLOCK)
            for piece in pieces:
                refuse_more(place + len(piece), end, self.url)
                self._put(place, piece)
                place += len(piece)
                while at < stop and place >= min(self.size, (at + 1) * BLOCK):
                    self._arrived(at)
                    at += 1
            if place < end:
                raise FetchError(
                    "fewer bytes come than are announced",
                    Where(file=shown(self.url)),
                    "give the same command again later, or name a mirror: [fetch] hosts in "
                    "study.toml",
                )

        self._web.stream(
            self._source,
            self._at,
            take,
            start=begin,
            stop=min(self.size, stop * BLOCK),
            secret=self._secret,
        )

    def _in_one(self) -> None:
        """Bring the whole file at once, from a machine that sends no parts."""

        def take(_: Span, pieces: Iterator[bytes]) -> None:
            self._file.seek(0)
            self._file.truncate()
            place = 0
            for piece in pieces:
                refuse_more(place + len(piece), self._source.most_bytes, self.url)
                self._put(place, piece)
                place += len(piece)
                self._told(len(piece))
            self.size = place
            self._have = set(range(self.blocks))

        self._web.stream(self._source, self._at, take, secret=self._secret)

    def _put(self, place: int, piece: bytes) -> None:
        with refused(self._path):
            self._file.seek(place)
            self._file.write(piece)

    def _arrived(self, block: int) -> None:
        self._have.add(block)
        self._told(self._length(block))
        self._new += 1
        if self._new >= _NOTE_EVERY:
            self._write_note()

    def _length(self, block: int) -> int:
        return min(self.size, (block + 1) * BLOCK) - block * BLOCK

    # ------------------------------------------------------------------ what is here

    def _kept(self) -> set[int]:
        """Return the blocks that an earlier try left of this very file."""
        try:
            note: dict[str, Any] = json.loads(self._note.read_text("utf-8"))
            same = (note["mark"], note["size"], note["block"]) == (self.mark, self.size, BLOCK)
            if same and self.mark and self.by_parts and self._path.is_file():
                return {int(i) for i in note["have"] if 0 <= int(i) < self.blocks}
        except (OSError, ValueError, KeyError, TypeError):
            pass
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        return set()

    def _write_note(self) -> None:
        """Note what is here, once it is on the disc."""
        if self._file.closed or not self._have or not self.by_parts:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        note = {"mark": self.mark, "size": self.size, "block": BLOCK, "have": sorted(self._have)}
        with replacing(self._note) as temporary:
            temporary.write_text(json.dumps(note), "utf-8")
        self._new = 0

    def _refuse_other_sum(self, md5: str) -> None:
        digest = hashlib.md5(usedforsecurity=False)
        self._file.seek(0)
        while block := self._file.read(2**20):
            digest.update(block)
        if digest.hexdigest() != md5.lower():
            self.forget()
            raise FetchError(
                "its MD5 sum is not the one the source gives",
                Where(file=shown(self.url)),
                "give the same command again: it begins anew; the source may just be renewing it",
            )
