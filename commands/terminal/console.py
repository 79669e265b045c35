"""The terminal: consoles for results and for what goes wrong, progress while work goes on."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars

from phusong.commands.terminal.options import settings
from phusong.i18n import tr
from phusong.progress import NoProgress, Progress


def make_console(*, stderr: bool = False) -> Console:
    """Return a console that never breaks on a code page without Vietnamese letters."""
    stream = sys.stderr if stderr else sys.stdout
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
    # A pipe has no width of its own: long lines are better than broken ones.
    return Console(stderr=stderr, width=None if stream.isatty() else 160, highlight=False)


def open_console() -> Console:
    """Return the console for results; silent with -q."""
    console = make_console()
    console.quiet = bool(settings().get("quiet"))
    return console


@contextmanager
def show_progress() -> Iterator[Progress]:
    """Give bars on a terminal, plain lines elsewhere, nothing when quiet; all on stderr."""
    from phusong.jit import on_first_compile

    if settings().get("quiet"):
        yield NoProgress()
        return
    console = make_console(stderr=True)
    with (TerminalProgress if console.is_terminal else LineProgress)(console) as progress:
        # The language is the caller's: kernels may be compiled in a thread that knows none.
        said = tr("First run: compiling the kernels for this machine, up to a minute …")
        on_first_compile(lambda: progress.message(said))
        yield progress


class TerminalProgress:
    """Bars with the time that remains, on a terminal."""

    def __init__(self, console: Console) -> None:
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("→"),
            TimeRemainingColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def start(self, step: str, total: int, title: str) -> None:
        """Show a bar."""
        self._tasks[step] = self._bars.add_task(tr(title), total=total)

    def advance(self, step: str, n: int = 1) -> None:
        """Move a bar."""
        self._bars.advance(self._tasks[step], n)

    def message(self, text: str) -> None:
        """Print a line above the bars."""
        self._bars.console.print(text, style="dim")


class LineProgress:
    """Plain lines: a step's start, every tenth of it, its end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._state: dict[str, list[float]] = {}
        self._titles: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def start(self, step: str, total: int, title: str) -> None:
        """Print that a step begins."""
        self._state[step] = [0, total, 0, time.perf_counter()]
        self._titles[step] = tr(title)
        self._console.print(f"{tr(title)} …")

    def advance(self, step: str, n: int = 1) -> None:
        """Print every tenth, at most once in five seconds."""
        state = self._state[step]
        state[0] += n
        done, total, _, begun = state
        now = time.perf_counter()
        if done >= total:
            self._console.print(f"{self._titles[step]}: {now - begun:.1f} s")
        elif now - max(begun, state[2]) > 5 and done * 10 // total > (done - n) * 10 // total:
            state[2] = now
            self._console.print(f"{self._titles[step]}: {done:.0f}/{total:.0f}")

    def message(self, text: str) -> None:
        """Print a line."""
        self._console.print(text)
