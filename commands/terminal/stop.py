"""Being stopped: Ctrl-C and what systems send to end a program become an orderly end."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_PATIENCE: Final = 3
"""Asked so often, a program that cannot tidy up ends as it stands."""


class Stopped(KeyboardInterrupt):
    """Somebody asked the program to end; the argument is the signal's number."""

    @property
    def exit_code(self) -> int:
        """128 and the signal's number, as shells have it."""
        return 128 + int(self.args[0])


class _Asked:
    """The signals that came; the first is raised, the last tolerated one ends the program."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def __call__(self, number: int, _: FrameType | None) -> None:
        self.numbers.append(number)
        if len(self.numbers) == 1:
            raise Stopped(number)
        if len(self.numbers) >= _PATIENCE:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise :class:`Stopped` in the main thread when the program is asked to end.

    A second request waits while the first is seen to. A library that swallows the exception does
    not swallow the request: it is raised again when the block ends, in whatever way.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = _Asked()
    known = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    # What is ignored stays so (nohup ignores SIGHUP).
    before = {n: signal.getsignal(n) for n in known if signal.getsignal(n) != signal.SIG_IGN}
    try:
        for number in before:
            signal.signal(number, asked)
        yield
    except Exception as error:
        if asked.numbers:
            raise Stopped(asked.numbers[0]) from error
        raise
    else:
        if asked.numbers:
            raise Stopped(asked.numbers[0])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
