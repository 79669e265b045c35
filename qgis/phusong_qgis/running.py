"""One command run to its end, or stopped: lines as they come; needs no QGIS."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
from contextlib import suppress
from typing import Callable, Mapping

from .commandline import start

_GRACE_S = 10.0
"""How long a command that is asked to stop may tidy up."""
_PATIENCE_S = 0.1


class Stopped(Exception):  # noqa: N818 - reads as what happened
    """The command was stopped on request."""


def run(
    program: str,
    given: list[str],
    own: Mapping[str, str],
    told: Callable[[str], None],
    stop: Callable[[], bool],
) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    told
        Given every line, without its end.
    stop
        Asked ten times a second whether to stop.

    Raises
    ------
    Stopped
        When it was stopped: it, and every process it started, is gone.
    """
    process = start(program, given, own)
    lines: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    try:
        while True:
            if stop():
                raise Stopped
            try:
                line = lines.get(timeout=_PATIENCE_S)
            except queue.Empty:
                continue
            if line is None:
                return process.wait()
            told(line)
    finally:
        _end(process)
        reader.join(_GRACE_S)


def _read(process: subprocess.Popen[bytes], lines: queue.Queue[str | None]) -> None:
    assert process.stdout is not None
    with process.stdout as stream:
        for line in iter(stream.readline, b""):
            lines.put(line.decode("utf-8", "replace").rstrip("\r\n"))
    lines.put(None)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a command that still runs to stop, and end it where it does not."""
    if process.poll() is not None:
        return
    _signal(process, ask=True)
    deadline = time.monotonic() + _GRACE_S
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(_PATIENCE_S)
    if process.poll() is None:
        _signal(process, ask=False)
        process.wait()


def _signal(process: subprocess.Popen[bytes], *, ask: bool) -> None:
    if os.name == "nt":
        if ask:
            process.send_signal(signal.CTRL_BREAK_EVENT)  # type: ignore[attr-defined]
        else:
            process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):  # it ended by itself in between
        os.killpg(process.pid, signal.SIGTERM if ask else signal.SIGKILL)
