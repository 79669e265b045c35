"""Folders that belong to who works in them, and are swept once nobody does."""

from __future__ import annotations

import atexit
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

from phusong.disc.lease import EXPIRES_S, HeldError, Lease, lock, this_machine

_OWNER: Final = ".owner"
_TEMPORARY: Final = "phusong-"
_RANDOM: Final = re.compile(r"[a-z0-9_]{8}")
"""How :mod:`tempfile` ends its names."""
_DRAFT: Final = ".tmp"
_DRAFT_DEAD_S: Final = 3600.0
"""A file takes seconds to write: one begun that long ago, on whatever machine, is abandoned."""

_LOCKED_BY_S: Final = 1.0
"""Its writer locks a file right after making it; a younger one may not be locked yet."""


@contextmanager
def workplace(parent: Path, prefix: str) -> Iterator[Path]:
    """Give a new folder below ``parent`` that is ours until the block ends, and then goes.

    Raises
    ------
    OSError
        When no folder can be made.
    """
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / f"{prefix}{secrets.token_hex(6)}"
    folder.mkdir()
    try:
        with Lease(folder / _OWNER):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def session_folder() -> Path:
    """Return a temporary folder of this process, for its eyes only, that goes when it ends.

    Those of processes that were killed are swept. Nobody else's are: they have an owner's file,
    or are empty and called as :mod:`tempfile` calls folders.

    Raises
    ------
    OSError
        When none can be made.
    """
    return _session_folder(os.getpid())


@cache
def _session_folder(process: int) -> Path:
    parent = Path(tempfile.gettempdir())
    for left in _named(parent, _TEMPORARY):
        with suppress(OSError, HeldError):
            if (left / _OWNER).is_file():
                _sweep(left)
            elif (
                _RANDOM.fullmatch(left.name.removeprefix(_TEMPORARY)) and _away_s(left) > EXPIRES_S
            ):
                left.rmdir()  # its maker was killed before it took it
    folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=parent))
    held = ExitStack()
    held.callback(shutil.rmtree, folder, ignore_errors=True)
    # What a fork of this process has of it is not its own to take away.
    atexit.register(lambda: held.close() if os.getpid() == process else None)
    held.enter_context(Lease(folder / _OWNER))
    return folder


def sweep(parent: Path, prefix: str) -> None:
    """Remove folders of that prefix whose owners are gone."""
    for folder in _named(parent, prefix):
        with suppress(OSError, HeldError):
            if not (folder / _OWNER).exists() and _away_s(folder) < EXPIRES_S:
                continue  # made just now, not taken yet
            _sweep(folder)


def _sweep(folder: Path) -> None:
    """Remove a folder whose owner is gone; HeldError where it is not."""
    with Lease(folder / _OWNER):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _named(parent: Path, prefix: str) -> list[Path]:
    try:
        return [p for p in parent.iterdir() if p.name.startswith(prefix) and p.is_dir()]
    except OSError:
        return []


@contextmanager
def draft(path: Path) -> Iterator[int]:
    """Give an open file (its descriptor) under a temporary name; when done it has its own.

    Readers see a whole file or none. It is locked while it is written, so that
    :func:`sweep_drafts` of another process leaves it alone.

    Raises
    ------
    OSError
        When it cannot be written or named.
    """
    mark = f"{this_machine()[:8]}-{secrets.token_hex(8)}"
    temporary = path.with_name(f"{path.name}.{mark}{_DRAFT}")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(temporary, flags, 0o644)
    try:
        if os.name != "nt":  # an open file cannot be renamed there
            with suppress(HeldError):
                lock(handle)
        yield handle
        if os.name == "nt":
            handle = _closed(handle)
        temporary.replace(path)
    finally:
        _closed(handle)
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _closed(handle: int) -> int:
    if handle >= 0:
        os.close(handle)
    return -1


def sweep_drafts(folder: Path) -> None:
    """Remove what died half written below the folders of ``folder``."""
    with suppress(OSError):
        for path in folder.glob(f"*/*{_DRAFT}"):
            with suppress(OSError, HeldError):
                if _abandoned(path):
                    path.unlink()


def _away_s(path: Path) -> float:
    """Return seconds between now and when a path was touched, be it before a clock was set back."""
    return abs(time.time() - path.stat().st_mtime)


def _abandoned(path: Path) -> bool:
    age_s = _away_s(path)
    if age_s > _DRAFT_DEAD_S:
        return True
    if age_s < _LOCKED_BY_S or os.name == "nt" or f".{this_machine()[:8]}-" not in path.name:
        return False
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        return lock(handle)
    finally:
        os.close(handle)
