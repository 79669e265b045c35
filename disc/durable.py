"""Files that lie on the disc itself when their writing is said to be done."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_DEAD_S: Final = 86_400.0
"""One begun that long ago is abandoned: clocks of machines that share a folder, and the hours that
they take for local ones, are not a day apart."""

_RANDOM: Final = re.compile("[0-9a-f]{12}")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside ``path``; what was written there takes its place, whole.

    Whoever moves the folder in sees it onto the disc (:func:`sync_tree`), all files at once.

    Raises
    ------
    OSError
        When that fails; an earlier file stays as it was.
    """
    stem = f".{path.name[:40]}."
    temporary = path.with_name(f"{stem}{secrets.token_hex(6)}{path.suffix}")
    _sweep(path.parent, stem, path.suffix)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _sweep(folder: Path, stem: str, suffix: str) -> None:
    """Remove what was begun under such names by who was killed over it."""
    with suppress(OSError), os.scandir(folder) as there:
        for left in there:
            if not left.name.startswith(stem):
                continue
            if _RANDOM.fullmatch(left.name.removeprefix(stem).removesuffix(suffix)):
                with suppress(OSError):
                    if abs(time.time() - left.stat().st_mtime) > _DEAD_S:
                        Path(left).unlink()


def sync(path: Path) -> None:
    """See a file onto the disc: systems that write late say only now that they could not."""
    handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """See the names in a folder onto the disc, where the system has a way to."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        # Some network file systems have no such call; names there are the server's affair.
        with suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """See everything below a folder onto the disc.

    Raises
    ------
    OSError
        When a file cannot be.
    """
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            sync(Path(place, name))
        sync_folder(Path(place))
