"""One file to be fetched: what it takes, and how it comes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from phusong.fetch.catalogue import Source
from phusong.fetch.ledger import Record
from phusong.fetch.parts import Parts
from phusong.fetch.web import Web, shown


@dataclass
class Desk:
    """What every job works with; use as a context.

    Attributes
    ----------
    web
        The conversation with the sources.
    folder
        Folder of what has come so far.
    told
        Told how many bytes came, from whatever job.
    """

    web: Web
    folder: Path
    told: Callable[[int], None]
    _stack: ExitStack = field(default_factory=ExitStack)

    def parts_of(
        self, source: Source, url: str, secret: dict[str, str] | None = None, at: str | None = None
    ) -> Parts:
        """Return the parts of a remote file, open as long as the desk is.

        ``at`` is the address to ask where ``url`` is only the file's name.
        """
        parts = Parts(self.web, source, url, self.folder, secret=secret, told=self.told, at=at)
        return self._stack.enter_context(parts)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()


class Job(Protocol):
    """One file to be fetched.

    GDAL is under lock while it works (:mod:`phusong.sources.gdal`), and that lock is the whole
    process's: :meth:`prepare` and :meth:`settle` are called one after another, only :meth:`bring`
    beside others.
    """

    def prepare(self, desk: Desk) -> int:
        """Look what is to come, and return how many bytes."""

    def bring(self) -> None:
        """Have it come: nothing but the network."""

    def settle(self) -> list[tuple[Path, Record]]:
        """Put what came in its place, whole or not at all; return what lies where.

        A record that does not say what was asked for gets the order's word.
        """


@dataclass(frozen=True)
class Order:
    """A file that shall be here.

    Attributes
    ----------
    target
        Where.
    asked
        What is asked for, in one word: the same again is not fetched again.
    make
        Makes the job; may ask the network.
    """

    target: Path
    asked: str
    make: Callable[[Desk], Job]


def asked_of(*words: object) -> str:
    """Return what is asked for as one short word."""
    return hashlib.sha256("|".join(map(str, words)).encode()).hexdigest()[:16]


def record_of(
    source: Source, url: str, *, version: str = "", licence: str = "", note: str = ""
) -> Record:
    """Return the record of a file of a source; where it lies and its sum are the ledger's."""
    return Record(
        file="",
        source=source.name,
        title=source.title,
        url=shown(url),
        version=version or source.version,
        fetched=f"{datetime.now(UTC):%Y-%m-%d}",
        licence=licence or source.licence,
        attribution=source.attribution,
        asked="",
        note=note,
    )
