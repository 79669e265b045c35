"""Runs forked off a process that has everything imported, with faults or in spaces of their own."""

from __future__ import annotations

import atexit
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

SHIM = Path(__file__).with_name("shim.c")
_PID, _NAMES, _HOST = 0x20000000, 0x00020000, 0x04000000
"""``CLONE_NEWPID``, ``CLONE_NEWNS`` and ``CLONE_NEWUTS`` of Linux."""
_READ_ONLY, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 0x1, 0x20, 0x1000, 0x4000, 0x40000
"""Flags of ``mount(2)``."""


class Ended(NamedTuple):
    """How a run ended: its exit code (minus the signal that ended it), and what it said."""

    code: int
    said: str


def begin_again() -> None:
    """Start this program anew with the library that puts faults in, where there is a compiler."""
    cc = shutil.which("cc")
    if cc is None or "FAULT_SHIM" in os.environ:
        return
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "faults.so")
        words = [cc, "-shared", "-fPIC", "-O1", "-w", "-o", str(target), str(SHIM), "-ldl"]
        if subprocess.run(words, check=False).returncode == 0:
            environment = {**os.environ, "LD_PRELOAD": str(target), "FAULT_SHIM": "1"}
            done = subprocess.run([sys.executable, *sys.argv], env=environment, check=False)
            sys.exit(done.returncode)


class Child:
    """A run forked off this process, in which everything is imported already.

    Parameters
    ----------
    scratch
        Where its words are put down.
    faults
        Set in its environment once it is about to begin.
    before
        Called in it before the work: other mounts, another machine's name.
    apart
        Whether it gets processes, mounts and a host of its own, as in a container.
    count
        Where it puts down how often it came by a place of faults.
    """

    def __init__(
        self,
        scratch: Path,
        work: Callable[[], object],
        faults: dict[str, str],
        *,
        before: Callable[[], object] | None = None,
        apart: bool = False,
        count: Path | None = None,
    ) -> None:
        self._said = scratch / f"said-{time.monotonic_ns()}"
        self._before, self._apart, self._count = before, apart, count
        self.pid = os.fork()
        if self.pid == 0:
            self._live(work, faults)

    def _live(self, work: Callable[[], object], faults: dict[str, str]) -> None:
        code = 99
        try:
            os.setsid()
            # A shell lets what it starts in the background pass over Ctrl-C.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            handle = os.open(self._said, os.O_WRONLY | os.O_CREAT, 0o644)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            if self._apart and ctypes.CDLL(None).unshare(_PID | _NAMES | _HOST) == 0:
                inner = os.fork()
                if inner:
                    os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]))
            if self._before is not None:
                self._before()
            os.environ.update(faults)
            try:
                work()
                code = 0
            except SystemExit as ended:
                code = int(ended.code or 0)
            except BaseException:  # noqa: BLE001 - it is what is looked for
                traceback.print_exc()
            atexit._run_exitfuncs()  # noqa: SLF001 - a fork leaves by no other door
            for name in faults:
                os.environ.pop(name, None)
            if self._count is not None:
                self._count.write_text(str(ctypes.CDLL(None).fault_calls()))
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)

    def wait(self, timeout: float | None = None) -> Ended:
        """Wait for the end; after ``timeout`` seconds bring it about."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            done, status = os.waitpid(self.pid, 0 if deadline is None else os.WNOHANG)
            if done:
                said = self._said.read_text("utf-8", "replace") if self._said.exists() else ""
                self._said.unlink(missing_ok=True)
                return Ended(os.waitstatus_to_exitcode(status), said)
            if deadline is not None and time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                deadline = None
            time.sleep(0.002)


def own_mounts() -> None:
    """Give this process mounts of its own; OSError where it may not."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NAMES):
        raise OSError(ctypes.get_errno(), "mounts of its own are refused")
    _mount("none", Path("/"), None, _RECURSIVE | _PRIVATE)


def read_only(folder: Path) -> None:
    """Let nothing be written below a folder, whoever asks; after :func:`own_mounts`."""
    _mount(str(folder), folder, None, _BIND)
    _mount("none", folder, None, _BIND | _REMOUNT | _READ_ONLY)


def small_disc(folder: Path, kib: int) -> None:
    """Put a disc of so many KiB in the place of a folder; after :func:`own_mounts`."""
    _mount("tmpfs", folder, "tmpfs", 0, f"size={kib}k")


def _mount(source: str, target: Path, kind: str | None, flags: int, data: str = "") -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    names = [os.fsencode(source), os.fsencode(target), kind and kind.encode()]
    if libc.mount(*names, ctypes.c_ulong(flags), data.encode() or None):
        raise OSError(ctypes.get_errno(), f"mount {target} is refused")
