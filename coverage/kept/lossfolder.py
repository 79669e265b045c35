"""Where entries lie: files of a folder, in the folders of the first two letters of their names."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Protocol

from phusong.disc.workplace import draft, sweep_drafts

SUFFIX: Final = ".loss"


class Lying(NamedTuple):
    """An entry as it lies there."""

    name: str
    size: int
    used: float
    """Seconds since the epoch."""


class Opened(Protocol):
    """An entry open for reading."""

    @property
    def size(self) -> int:
        """Its bytes."""

    def parts(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return (start, length) each; less where the entry ends before."""


class Shelf(Protocol):
    """Where entries lie. All but :meth:`remove` raise OSError when the place refuses."""

    def opened(self, name: str) -> contextlib.AbstractContextManager[Opened]:
        """Open an entry for reading."""

    def put(self, name: str, whole: bytes) -> None:
        """Lay an entry there: readers see a whole one or none."""

    def touch(self, name: str) -> None:
        """Note that an entry was used, where the place can note it."""

    def lying(self) -> Iterator[Lying]:
        """Give all entries."""

    def remove(self, name: str) -> bool:
        """Remove an entry; say whether it is gone."""

    def sweep(self) -> None:
        """Remove what writers that died left half written."""


class Folder:
    """Files of a folder, which is made when first written to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Return where an entry lies (whether or not it exists)."""
        return self.folder / name[:2] / f"{name}{SUFFIX}"

    @contextmanager
    def opened(self, name: str) -> Iterator[Opened]:
        """Open a file: no link elsewhere, no pipe that waits for ever."""
        with opened_file(self.path(name)) as file:
            yield OpenedFile(file)

    def put(self, name: str, whole: bytes) -> None:
        """Write an entry to a draft, which then gets its name."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            path.rmdir()  # an empty folder of that name gives way
        with draft(path) as handle, os.fdopen(handle, "wb", closefd=False) as out:
            out.write(whole)

    def touch(self, name: str) -> None:
        """Set the time of the last change."""
        os.utime(self.path(name))

    def lying(self) -> Iterator[Lying]:
        """Give all entries."""
        for path in self.folder.glob(f"*/*{SUFFIX}"):
            with contextlib.suppress(OSError):  # another run pruned it
                said = path.stat()
                yield Lying(path.name.removesuffix(SUFFIX), said.st_size, said.st_mtime)

    def remove(self, name: str) -> bool:
        """Remove a file; one that another run holds open (Windows) stays."""
        try:
            self.path(name).unlink(missing_ok=True)
        except OSError:
            return False
        return True

    def sweep(self) -> None:
        """Remove drafts whose writers are gone."""
        sweep_drafts(self.folder)


class OpenedFile:
    """A file open for reading."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    @property
    def size(self) -> int:
        """Its bytes."""
        return os.fstat(self._file.fileno()).st_size

    def parts(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return (start, length) each; less where the file ends before."""
        found = []
        for start, length in ranges:
            self._file.seek(start)
            found.append(self._file.read(length))
        return found


def opened_file(path: Path) -> BinaryIO:
    """Open a plain file for reading.

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
