"""Files the figures can do without: what fails while one is written costs nothing else."""

from __future__ import annotations

import logging
import os
import shutil
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from phusong.disc.refused import told
from phusong.errors import PhusongError
from phusong.i18n import tr


@dataclass(frozen=True)
class Missing:
    """A file, or a part of one, that was asked for and is not there.

    Attributes
    ----------
    file
        Its name in the folder; a part of a GeoPackage as ``results.gpkg/cells``.
    reason
        Why, in the language it was met in.
    trace
        The traceback: text, so that no frame of a big run is kept alive by it.
    """

    file: str
    reason: str
    trace: str

    def __str__(self) -> str:
        return tr("{file} is missing: {reason}", file=self.file, reason=self.reason)


class Attempts:
    """Takes what goes wrong in blocks that write what can be missing.

    Parameters
    ----------
    folder
        Where they write: a folder that will bear another name, so that reasons name its files
        from there on.

    Attributes
    ----------
    missing
        What is not there, in the order it was tried.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._prefix = "" if folder is None else f"{folder}{os.sep}"
        self.missing: list[Missing] = []

    @contextmanager
    def __call__(self, file: str, path: Path | None = None) -> Iterator[None]:
        """Run a block that writes ``file``; whatever fails in it is kept in :attr:`missing`.

        Parameters
        ----------
        file
            What it is called in the list.
        path
            File or folder to remove when the block fails: half of one is none.
        """
        # Whatever it is: memory, recursion, any library's own. Ctrl-C still ends everything.
        try:
            yield
        except Exception as error:
            logging.getLogger("phusong").debug("%s is missing", file, exc_info=True)
            reason = _reason(error, path or Path(file))
            if self._prefix:
                reason = reason.replace(self._prefix, "")
            self.missing.append(Missing(file, reason, traceback.format_exc()))
            if path is not None:
                _remove(path)


def stamp_of(missing: Sequence[Missing]) -> list[dict[str, str]]:
    """Return what run.json says of them."""
    return [{"file": one.file, "reason": one.reason} for one in missing]


def _reason(error: Exception, place: Path) -> str:
    if isinstance(error, OSError):
        error.filename = error.filename or str(place)
        error = told(error) or error
    if isinstance(error, PhusongError):
        return str(error)
    kind = type(error).__name__
    return tr(
        "internal error ({kind}). This is a defect of phusong: please report it with the output "
        "of the same command with --debug.",
        kind=f"{kind}: {error}" if str(error) else kind,
    )


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
