"""Files and folders as the last lines of a command name them: all in one form."""

from __future__ import annotations

import os
from pathlib import Path


def path_text(path: Path) -> str:
    """Return a path from the current folder where it lies below it, else the whole of it."""
    whole, here = Path(os.path.abspath(path)), Path.cwd()  # noqa: PTH100 - links stay as typed
    return str(whole.relative_to(here) if whole.is_relative_to(here) else whole)
