"""From parameters to the command that is called; needs no QGIS."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import Any, Mapping

from .catalogue import Command, Parameter

_PROGRESS = re.compile(r"^(?P<title>.+): (?P<done>\d+)/(?P<total>\d+)$")
_NOT_HANDED_ON = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONEXECUTABLE", "VIRTUAL_ENV")
"""What QGIS sets for its own Python, and another Python stumbles over."""


def language_of(locale: str) -> str:
    """Return the language for QGIS's locale: Vietnamese or English."""
    return "vi" if locale.lower().startswith("vi") else "en"


def find_command(setting: str, environment: Mapping[str, str]) -> str | None:
    """Return the path of phusong: as set in QGIS, else $PHUSONG_COMMAND, else on the PATH."""
    for named in (setting.strip(), environment.get("PHUSONG_COMMAND", "").strip()):
        if named:
            return shutil.which(named, path=environment.get("PATH"))
    return shutil.which("phusong", path=environment.get("PATH"))


def arguments(command: Command, values: Mapping[str, Any], language: str) -> list[str]:
    """Return the arguments behind the program's name.

    Parameters
    ----------
    values
        By parameter; None and empty texts are left out, numbers and paths are as typed.

    Values never begin an option of their own: those of options are joined to them by ``=``, and
    arguments stand behind ``--``.
    """
    options: list[str] = []
    placed: list[str] = []
    for parameter in command.parameters:
        value = values.get(parameter.name)
        if value is None or value == "" or value is False:
            continue
        if not parameter.option:
            placed.append(_text(parameter, value))
        elif parameter.kind == "flag":
            options.append(parameter.option)
        elif parameter.kind == "numbers":
            options += [f"{parameter.option}={part}" for part in _several(value)]
        else:
            options.append(f"{parameter.option}={_text(parameter, value)}")
    options += [option.format(**values) for option in command.extra]
    return [command.name, *options, "--lang", language, "--", *placed]


def _text(parameter: Parameter, value: Any) -> str:
    if parameter.kind == "whole":
        return str(int(value))
    if parameter.kind == "number":
        return f"{float(value):.12g}"
    return str(value)


def _several(value: Any) -> list[str]:
    """Return numbers written with blanks or semicolons between them."""
    return [f"{float(part):.12g}" for part in re.split(r"[;\s]+", str(value).strip()) if part]


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a command with another Python than QGIS's."""
    kept = {key: value for key, value in own.items() if key not in _NOT_HANDED_ON}
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}


def start(program: str, given: list[str], own: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start the command: no shell, one stream of lines, a group of its own so that all can end."""
    windows = os.name == "nt"
    hidden = {}
    if windows:
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP  # type: ignore[attr-defined]
        hidden = {"creationflags": flags}
    return subprocess.Popen(  # noqa: S603 - a list of arguments, and no shell
        [program, *given],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(own),
        start_new_session=not windows,
        **hidden,
    )


def progress_of(line: str) -> tuple[str, float] | None:
    """Return the step and its per cent that a line of progress tells; None for other lines."""
    found = _PROGRESS.match(line.strip())
    if found is None or int(found["total"]) == 0:
        return None
    return found["title"], 100.0 * int(found["done"]) / int(found["total"])
