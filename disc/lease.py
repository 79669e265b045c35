"""Whose a folder is: a lock held open while a run works, and a sign of life where locks fail.

The lock is the system's own (``flock``; ``msvcrt`` on Windows) on a file held open: it ends with
its process, however that ends, and holds between containers, where process numbers mean nothing.
Network folders may keep locks to one machine or have none. Therefore the file also names its
machine and a random token, and is touched every few seconds: from another machine, a file touched
lately is taken for held.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import secrets
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

BEAT_S: Final = 10.0
"""How often an owner shows that it lives."""
EXPIRES_S: Final = 180.0
"""Silence after which an owner on another machine is taken for dead."""
_FAR: Final = 2**30
"""Byte locked on Windows, where nobody reads a locked byte: far behind the text."""
_TRIES: Final = 20


class HeldError(Exception):
    """Somebody else owns the folder; the argument is the machine's name, empty if not known."""

    @property
    def machine(self) -> str:
        """Name of the machine that owns it."""
        return str(self.args[0]) if self.args else ""


@cache
def this_machine() -> str:
    """Return what tells this running system from any other, in containers too."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return platform.node() or "unknown"


def lock(handle: int) -> bool:
    """Lock an open file for this process without waiting.

    Returns
    -------
    bool
        False where the file system has no locks.

    Raises
    ------
    HeldError
        When somebody else holds it.
    """
    try:
        if sys.platform == "win32":
            os.lseek(handle, _FAR, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        if problem.errno in {errno.EAGAIN, errno.EACCES, errno.EDEADLK}:
            raise HeldError from problem
        return False
    return True


class Lease:
    """A folder owned by this process until released or until the process ends.

    Use as a context.

    Raises
    ------
    HeldError
        When somebody else owns it.
    OSError
        When the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._token = secrets.token_hex(12)
        for _ in range(_TRIES):
            handle = _opened(path)
            try:
                locked = lock(handle)
                if _same(path, handle):
                    self._take(handle, locked=locked)
                    break
            except HeldError:
                said = _said(path)
                os.close(handle)
                raise HeldError(said.get("name", "")) from None
            except BaseException:
                with contextlib.suppress(OSError):
                    if not _said(path):  # made by us, and no room for a word in it
                        path.unlink()
                os.close(handle)
                raise
            os.close(handle)  # its owner removed it while we waited: the name is another file now
        else:
            raise HeldError("")
        self._handle = handle
        _HEART.add(self)

    def _take(self, handle: int, *, locked: bool) -> None:
        """Write that the file is ours, unless a machine whose locks we do not see holds it."""
        said = _said(self.path)
        # A lock on our own machine tells more than a sign of life: its owner is gone.
        ours = locked and said.get("machine") in {None, this_machine()}
        if not ours and said and _age(self.path) < EXPIRES_S:
            raise HeldError
        text = json.dumps(
            {"token": self._token, "machine": this_machine(), "name": platform.node()}
        )
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, text.encode())

    def is_ours(self) -> bool:
        """Whether nobody took it over, as another machine may after a long silence of ours."""
        return _said(self.path).get("token") == self._token

    def beat(self) -> None:
        """Show that the owner lives."""
        with contextlib.suppress(OSError):
            if self.is_ours():
                os.utime(self.path)

    def release(self) -> None:
        """Give it back; the file goes."""
        _HEART.remove(self)
        if self._handle < 0:
            return
        handle, self._handle = self._handle, -1
        ours = self.is_ours()
        if os.name == "nt":  # an open file cannot be removed there
            os.close(handle)
        with contextlib.suppress(OSError):
            if ours:
                self.path.unlink(missing_ok=True)
        if os.name != "nt":
            os.close(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class _Heart:
    """One thread that shows life for every lease of this process."""

    def __init__(self) -> None:
        self._leases: set[Lease] = set()
        self._guard = threading.Lock()
        self._process = 0

    def add(self, lease: Lease) -> None:
        with self._guard:
            if self._process != os.getpid():  # first use, or a child that inherited no thread
                self._leases.clear()
                self._process = os.getpid()
                threading.Thread(target=self._run, name="phusong-lease", daemon=True).start()
            self._leases.add(lease)

    def remove(self, lease: Lease) -> None:
        with self._guard:
            self._leases.discard(lease)

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(BEAT_S):
            with self._guard:
                leases = list(self._leases)
            for lease in leases:
                lease.beat()


_HEART = _Heart()


def _opened(path: Path) -> int:
    # A link or a pipe of that name is not ours: no following, no waiting.
    flags = os.O_RDWR | os.O_CREAT
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    return os.open(path, flags, 0o644)


def _same(path: Path, handle: int) -> bool:
    """Whether the open file still is the one of that name."""
    try:
        there, here = path.stat(follow_symlinks=False), os.fstat(handle)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


def _said(path: Path) -> dict[str, Any]:
    """Return what the file says of its owner; empty when it says nothing."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _age(path: Path) -> float:
    """Return seconds since a file was touched, by the clock of its own file system.

    A file touched in the future was touched before the clock was set back: as far away.
    """
    try:
        with tempfile.TemporaryFile(dir=path.parent) as now:
            return abs(os.fstat(now.fileno()).st_mtime - path.stat().st_mtime)
    except OSError:
        return 0.0
