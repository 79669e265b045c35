"""The output folder: filled beside its place and moved in whole, or not at all."""

from __future__ import annotations

import glob
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from phusong.errors import OutputError, Where
from phusong.results.missing import Missing, stamp_of

STAMP = "run.json"
"""Says of a folder that phusong made it; written last, for it lists what is missing."""
_DAY_S = 86_400.0


def refuse_to_overwrite(folder: Path, *, overwrite: bool) -> None:
    """Raise OutputError when ``folder`` holds something that may not be replaced.

    With ``overwrite`` only a folder that phusong itself made (it has a run.json) is replaced,
    so that a slip of the path never costs anybody's files.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not folder.is_dir():
        raise OutputError("this is a file", Where(file=str(folder)), "name a folder")
    if not (folder / STAMP).is_file():
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

    A run that fails or is killed leaves ``folder`` as it was.

    Raises
    ------
    OutputError
        When the folder may not be replaced, or cannot be moved.
    """
    refuse_to_overwrite(folder, overwrite=overwrite)
    parent = folder.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _sweep_abandoned(parent, folder.name)
        partial = Path(
            tempfile.mkdtemp(prefix=f".{folder.name}.partial-{os.getpid()}-", dir=parent)
        )
    except OSError as error:
        raise OutputError(
            "no folder can be made here: {reason}",
            Where(file=str(parent)),
            "choose a place you may write to",
            {"reason": error.strerror or str(error)},
        ) from error
    try:
        yield partial
        partial.chmod(0o755)
        _move_in(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _sweep_abandoned(parent: Path, name: str) -> None:
    """Remove what killed runs left half written: their process is gone, or they are a day old."""
    for left in parent.glob(f".{glob.escape(name)}.partial-*"):
        owner = left.name.removeprefix(f".{name}.partial-").split("-")[0]
        old = time.time() - left.stat().st_mtime > _DAY_S
        if old or (owner.isdigit() and not _runs(int(owner))):
            shutil.rmtree(left, ignore_errors=True)


def _runs(process: int) -> bool:
    """Whether a process runs; Windows has no harmless way to ask, so there it always may."""
    if os.name == "nt":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _move_in(partial: Path, folder: Path) -> None:
    earlier = partial.with_name(f"{partial.name}.earlier")
    try:
        if folder.exists():
            folder.replace(earlier)
        partial.replace(folder)
    except OSError as error:
        if earlier.exists() and not folder.exists():
            earlier.replace(folder)
        raise OutputError(
            "the results could not be moved into place: {reason}",
            Where(file=str(folder)),
            "close the programs that have files of this folder open, and run again",
            {"reason": error.strerror or str(error)},
        ) from error
    shutil.rmtree(earlier, ignore_errors=True)
