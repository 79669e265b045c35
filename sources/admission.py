"""Which files are opened at all: files of this machine, no larger than what can be read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.bounds import refuse_packed, refuse_special
from phusong.sources.gdal import NO_LEAVE, refuse_description
from phusong.study import Gdal

_CONNECTION: Final = re.compile(r"[/\\]vsi|[a-z][a-z0-9_+.-]+:", re.IGNORECASE)


def is_connection(name: str) -> bool:
    """Say whether GDAL takes a name for more than a file: ``/vsi…``, ``https:``, ``PG:``, ``WFS:``.

    A letter and a colon is a drive of Windows.
    """
    return _CONNECTION.match(name) is not None


def report_missing(path: Path, where: Where, findings: Findings) -> None:
    """Say that what the study names is not there (S01), or is no file by its name (S30)."""
    if is_connection(str(path)):
        findings.add(
            "S30",
            where,
            path.name,
            "{path} is a connection; results can only be traced to files",
            path=str(path),
        )
        return
    findings.add("S01", where, path.name, "{path} does not exist", path=str(path))


def admit(path: Path, where: Where, leave: Gdal = NO_LEAVE) -> None:
    """Look at a file before GDAL does.

    Raises
    ------
    Overreach
        For a device or a pipe, an archive that unpacks to too much, and a file that only says
        where data are to be had.
    InputError
        For an archive whose list is wrong.
    """
    refuse_special(path, where)
    refuse_packed(path, where)
    refuse_description(path, where, leave)
