"""Files and folders as the last lines of a command name them: all in one form."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from phusong.i18n import tr


def path_text(path: Path) -> str:
    """Return a path from the current folder where it lies below it, else the whole of it."""
    whole, here = Path(os.path.abspath(path)), Path.cwd()  # noqa: PTH100 - links stay as typed
    return str(whole.relative_to(here) if whole.is_relative_to(here) else whole)


def tell_where(console: Console, out: Path, page: str) -> None:
    """Print where the tables of a command lie, and its page, if that could be written."""
    console.print(tr("Tables: {folder}", folder=path_text(out)), markup=False, soft_wrap=True)
    if (out / page).is_file():
        console.print(tr("Map: {file}", file=path_text(out / page)), markup=False, soft_wrap=True)
