"""What could not be written, told after the figures."""

from __future__ import annotations

from collections.abc import Sequence

import click

from phusong.commands.terminal.console import make_console
from phusong.commands.terminal.options import settings
from phusong.results.missing import Missing


def stop_if_missing(missing: Sequence[Missing]) -> None:
    """Say on stderr which files are missing and why, with --debug the traceback; exit code 1.

    Nothing happens where nothing is missing.
    """
    if not missing:
        return
    console = make_console(stderr=True)
    for one in missing:
        console.print(str(one), style="red", markup=False, soft_wrap=True)
        if settings().get("debug"):
            console.print(one.trace, markup=False, soft_wrap=True)
    click.get_current_context().exit(1)
