"""What a file system refuses, in words a person can act on."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from phusong.errors import OutputError, PhusongError, Where

_FULL: Final = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}
_FORBIDDEN: Final = {errno.EACCES, errno.EPERM}
_FULL_WORDS: Final = ("no space left", "disk is full", "disk full", "quota exceeded")
_ALMOST_NOTHING: Final = 2**20
"""A disc with fewer bytes free is full: libraries do not hand on why a write failed."""
_LONGEST_REASON: Final = 200


def is_of_writing(error: OSError) -> bool:
    """Whether only a write fails this way, so that no file of a planner's is to blame."""
    return error.errno in _FULL or error.errno == errno.EROFS


def refusal(error: BaseException, place: Path) -> OutputError:
    """Return what to tell the person whose file or folder ``place`` could not be written.

    Parameters
    ----------
    error
        Of the system (OSError), or of a library that hides the system's.
    """
    where, name = Where(file=str(place)), {"file": place.name or str(place)}
    number = _number(error, place)
    if number in _FULL:
        return OutputError(
            "{file} cannot be written: the disc is full",
            where,
            "free space on that disc (and on that of temporary files), or choose another folder",
            name,
        )
    if number == errno.EROFS:
        return OutputError(
            "{file} cannot be written: the disc is read-only",
            where,
            "choose a folder on a disc that may be written",
            name,
        )
    if number in _FORBIDDEN:
        return OutputError(
            "{file} cannot be written: there is no right to write here, or a program holds it open",
            where,
            "choose a place you may write to, or close the program that holds it",
            name,
        )
    if number == errno.ENAMETOOLONG:
        return OutputError(
            "{file} cannot be written: the name or the way to it is too long",
            where,
            "choose a shorter name, or a folder less deep",
            name,
        )
    return OutputError(
        "{file} cannot be written: {reason}",
        where,
        "free space on the disc, or choose a folder that can be written to",
        {**name, "reason": _reason(error)},
    )


def told(error: OSError) -> PhusongError | None:
    """Return what to tell of an error that nobody closer to it has put into words.

    None where it is no matter of rights, room or names, but a defect of ours.
    """
    place = Path(error.filename) if isinstance(error.filename, str | os.PathLike) else Path()
    if is_of_writing(error):
        return refusal(error, place)
    if error.filename and error.errno in {*_FORBIDDEN, errno.ENAMETOOLONG}:
        return PhusongError(
            "the file or folder cannot be used: {reason}",
            Where(file=str(place)),
            "choose a place that you may read and write, with a name that is not too long",
            {"reason": _reason(error)},
        )
    return None


@contextmanager
def refused(place: Path, *also: type[Exception]) -> Iterator[None]:
    """Turn what the system refuses inside the block into an OutputError about ``place``.

    Parameters
    ----------
    also
        Errors of a library that writes there, beside OSError.
    """
    try:
        yield
    except OSError as error:
        raise refusal(error, place) from error
    except also as error:
        raise refusal(error, place) from error


def _number(error: BaseException, place: Path) -> int | None:
    """Return the system's number of an error, found also where a library hides it."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno is not None:
            return seen.errno
        seen = seen.__cause__
    if any(words in str(error).lower() for words in _FULL_WORDS):
        return errno.ENOSPC
    for folder in (place, *place.absolute().parents):
        try:
            return errno.ENOSPC if shutil.disk_usage(folder).free < _ALMOST_NOTHING else None
        except OSError:
            continue
    return None


def _reason(error: BaseException) -> str:
    """Return one line: libraries hand on whole statements and lists of tags."""
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    line = (text.strip().splitlines() or [type(error).__name__])[0]
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]} …"
