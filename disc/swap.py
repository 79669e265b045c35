"""A filled folder takes the place of an earlier one: at every moment one of the two is found.

Where the system exchanges two names in one call (Linux, macOS), there is no moment between.
Elsewhere names are the journal. Beside ``out`` lie, each with a random ending:

``.out.partial-…``
    being filled, or no longer wanted: never results;
``.out.ready-…``
    filled, checked and on the disc: about to become ``out``;
``.out.earlier-…``
    what ``out`` was, until ``ready`` has its name.

When ``out`` is missing and one of the last two is there, a run was stopped between two names:
whoever comes next, to run or to read, finishes its work (:func:`find_results`).
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from phusong.disc.durable import sync_folder, sync_tree
from phusong.disc.lease import HeldError, Lease

_LONGEST: Final = 180
"""Bytes of a folder's name that its hidden neighbours repeat; file systems take 255."""
_NOT_HERE: Final = {
    getattr(errno, name, -1)
    for name in ("ENOSYS", "EINVAL", "ENOTSUP", "EOPNOTSUPP", "EXDEV", "EPERM", "ENOTTY")
}
_PATIENCE_S: Final = 3.0
"""How long a reader waits for a swap that is under way."""

MOVED_IN: Final[list[Path]] = []
"""Folders that this process has moved in: who stops it is told whether it came to that."""


@dataclass(frozen=True)
class Place:
    """An output folder, and what belongs to it beside it."""

    folder: Path

    @classmethod
    def of(cls, folder: Path) -> Place:
        """Return the place of a folder; a link to a folder stands for that folder."""
        return cls(folder.resolve() if folder.is_symlink() else folder.absolute())

    @property
    def _stem(self) -> str:
        name = self.folder.name
        if len(os.fsencode(name)) <= _LONGEST:
            return f".{name}"
        short = os.fsencode(name)[: _LONGEST // 2].decode("utf-8", "ignore")
        return f".{short}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:12]}"

    @property
    def lock(self) -> Path:
        """File whose lease a run on this folder holds."""
        return self.folder.with_name(f"{self._stem}.lock")

    def named(self, kind: str) -> list[Path]:
        """Return hidden folders of a kind, newest first."""
        prefix = f"{self._stem}.{kind}-"
        with suppress(OSError):
            found = [p for p in self.folder.parent.iterdir() if p.name.startswith(prefix)]
            return sorted(found, key=lambda p: p.stat().st_mtime, reverse=True)
        return []

    def new(self, kind: str) -> Path:
        """Return a name for a hidden folder of a kind that nobody has."""
        return self.folder.with_name(f"{self._stem}.{kind}-{secrets.token_hex(6)}")


@contextmanager
def filling(place: Place) -> Iterator[Path]:
    """Give a hidden folder to fill; when the block ends well it takes the place of ``folder``.

    Raises
    ------
    HeldError
        When another run has this folder.
    OSError
        When a folder cannot be made, seen onto the disc, or moved; an earlier one stays whole.
    """
    place.folder.parent.mkdir(parents=True, exist_ok=True)
    with Lease(place.lock) as lease:
        recover(place)
        clear(place)
        partial = place.new("partial")
        partial.mkdir()
        try:
            yield partial
            sync_tree(partial)
            if not lease.is_ours():  # a long silence: another machine has it now
                raise HeldError
            _move_in(partial, place)
            MOVED_IN.append(place.folder)
        finally:
            if lease.is_ours():
                with suppress(OSError):
                    recover(place)
                clear(place)


def recover(place: Place) -> None:
    """Finish a swap that was stopped between two names; the lease must be held.

    Raises
    ------
    OSError
        When a name cannot be given.
    """
    for kind in ("ready", "earlier"):
        for left in place.named(kind):
            if not os.path.lexists(place.folder):
                left.rename(place.folder)
                sync_folder(place.folder.parent)
            else:
                left.rename(place.new("partial"))


def clear(place: Place) -> None:
    """Remove what is no longer wanted; the lease must be held."""
    for left in place.named("partial"):
        shutil.rmtree(left, ignore_errors=True)


def find_results(folder: Path) -> Path:
    """Return where the results of ``folder`` lie, finishing a swap that was stopped.

    That is ``folder`` itself, but for a swap that cannot be finished (a disc that may only be
    read): then the hidden folder that holds them.
    """
    deadline = time.monotonic() + _PATIENCE_S
    try:
        place = Place.of(folder)
        while not os.path.lexists(place.folder):
            left = [*place.named("ready"), *place.named("earlier")]
            if not left:
                break
            try:
                with Lease(place.lock):
                    recover(place)
            except HeldError:
                if time.monotonic() > deadline:
                    return left[0]
                time.sleep(0.05)
            except OSError:
                return left[0]
    except OSError:  # a name no system takes: who opens it says so
        pass
    return folder


def _move_in(partial: Path, place: Place) -> None:
    """Give a filled folder its name, and an earlier one of that name another."""
    folder = place.folder
    if not os.path.lexists(folder):
        partial.rename(folder)
    elif not exchange(partial, folder):
        ready, earlier = place.new("ready"), place.new("earlier")
        partial.rename(ready)
        sync_folder(folder.parent)
        try:
            folder.rename(earlier)
        except OSError:
            ready.rename(partial)
            raise
        try:
            ready.rename(folder)
        except OSError:
            earlier.rename(folder)
            ready.rename(partial)
            raise
        sync_folder(folder.parent)
        earlier.rename(partial)
    sync_folder(folder.parent)


def exchange(one: Path, two: Path) -> bool:
    """Let two names change places in one step; False where the system has no such call.

    Raises
    ------
    OSError
        When the system has one and refuses it.
    """
    if os.environ.get("PHUSONG_NO_EXCHANGE"):  # lets the other way be tried on any system
        return False
    call = _exchange_call()
    if call is None:
        return False
    number = call(os.fsencode(one), os.fsencode(two))
    if number == 0:
        return True
    if number in _NOT_HERE:
        return False
    raise OSError(number, os.strerror(number), str(one), None, str(two))


def _exchange_call() -> Callable[[bytes, bytes], int] | None:
    """Return what exchanges two names (bytes) and gives the system's error number, or None."""
    at_cwd = -100
    if sys.platform == "linux":
        name, extra = "renameat2", (2,)  # RENAME_EXCHANGE
    elif sys.platform == "darwin":
        name, extra = "renamex_np", (2,)  # RENAME_SWAP
    else:
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if function is None:
        return None

    def call(one: bytes, two: bytes) -> int:
        given = (at_cwd, one, at_cwd, two) if name == "renameat2" else (one, two)
        return 0 if function(*given, *extra) == 0 else ctypes.get_errno()

    return call
