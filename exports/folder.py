"""The output folder: filled beside its place and moved in whole, or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from phusong.disc.lease import HeldError
from phusong.disc.refused import is_of_writing, refusal, refused
from phusong.disc.swap import Place, filling, find_results
from phusong.errors import OutputError, Where
from phusong.results.missing import Missing, stamp_of

STAMP = "run.json"
"""Says of a folder that phusong made it; written last, for it lists what is missing."""


def refuse_to_overwrite(folder: Path, *, overwrite: bool) -> None:
    """Raise OutputError when ``folder`` holds something that may not be replaced.

    With ``overwrite`` only a folder that phusong itself made (it has a run.json) is replaced,
    so that a slip of the path never costs anybody's files.
    """
    with refused(folder):
        _refuse(find_results(folder), folder, overwrite=overwrite)


def _refuse(found: Path, folder: Path, *, overwrite: bool) -> None:
    """Refuse ``folder``, whose results lie in ``found``."""
    if found.is_dir() and os.path.ismount(found):
        raise OutputError(
            "a disc is mounted here, which cannot be replaced whole",
            Where(file=str(folder)),
            "name a folder inside it",
        )
    if not found.exists() or (found.is_dir() and not any(found.iterdir())):
        return
    if not found.is_dir():
        raise OutputError("this is a file", Where(file=str(folder)), "name a folder")
    if not (found / STAMP).is_file():
        raise OutputError(
            "the folder holds files that are not a run of phusong",
            Where(file=str(folder)),
            "name a new or empty folder",
        )
    if not overwrite:
        raise OutputError(
            "the folder holds an earlier run",
            Where(file=str(folder)),
            "name another folder, or add --overwrite to replace that run",
        )


def write_stamp(folder: Path, stamp: Mapping[str, Any], missing: Sequence[Missing] = ()) -> None:
    """Write what made a folder, and which of its files could not be written."""
    whole = {**stamp, "missing": stamp_of(missing)}
    text = json.dumps(whole, ensure_ascii=False, indent=2, allow_nan=False)
    (folder / STAMP).write_text(text, "utf-8")


@contextmanager
def output_folder(folder: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a temporary folder to write into; on success it becomes ``folder``.

    Everything in it is seen onto the disc before. A run that fails or is killed leaves ``folder``
    as it was. Another run on the same folder is refused while this one lives.

    Raises
    ------
    OutputError
        When the folder may not be replaced, is another run's, or cannot be written.
    """
    refuse_to_overwrite(folder, overwrite=overwrite)
    place = Place.of(folder)
    try:
        with filling(place) as partial:
            try:
                yield partial
            except OutputError as error:
                if error.where.file and _lies_in(error.where.file, partial):
                    shown = _as_named(error.where.file, partial, folder)
                    error.where = replace(error.where, file=str(shown))
                raise
            except OSError as error:
                # A planner's file that cannot be read is no matter of this folder.
                if is_of_writing(error) or _lies_in(error.filename, partial):
                    raise refusal(error, _as_named(error.filename, partial, folder)) from error
                raise _NotOursError(error) from error
    except _NotOursError as passed:
        raise passed.error from None
    except HeldError as error:
        raise OutputError(
            "another run is writing to this folder, on {machine}",
            Where(file=str(folder)),
            "wait until it is done, or name another folder",
            {"machine": error.machine or "?"},
        ) from error
    except OSError as error:
        raise refusal(error, folder) from error


class _NotOursError(Exception):
    """Carries an error of the work inside the block past what is said of the folder."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error


def _lies_in(name: object, folder: Path) -> bool:
    return isinstance(name, str | os.PathLike) and Path(name).is_relative_to(folder)


def _as_named(name: object, partial: Path, folder: Path) -> Path:
    """Return a file of the temporary folder as it would be called in the end."""
    if isinstance(name, str | os.PathLike) and _lies_in(name, partial):
        return folder / Path(name).relative_to(partial)
    return folder
