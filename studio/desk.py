"""The table everybody sits at: one scenario that is drawn on, and what follows from it.

Edits come from any number of pages; the last one counts. What follows is worked out by one thread,
which an edit interrupts; whoever listens is told of every step.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from phusong.errors import PhusongError
from phusong.maps.words import both, both_from
from phusong.studio.payload import Payloads
from phusong.studio.session import Seen, Studio
from phusong.studio.shelf import Shelf
from phusong.study.scenario import Scenario

MOST_STEPS: Final = 200
"""Edits that can be undone."""
NEW_NAME: Final = "studio"

Listener = Callable[[str, dict[str, Any]], None]


class SupersededError(Exception):
    """A later edit has made this work needless."""


class OutdatedError(Exception):
    """An edit was made on what another page has altered meanwhile."""


@dataclass(frozen=True)
class _Answer:
    """What follows from a revision; bodies are JSON."""

    revision: int
    drawn: bytes = b""
    seen: bytes = b""
    found: Seen | None = None


@dataclass
class _Watch:
    """Tells listeners how far the work on a revision is, and stops it when a later one is there."""

    desk: Desk
    revision: int
    wanted: Callable[[], bool] = lambda: True
    """Whether anybody waits for the work still."""
    _done: dict[str, int] = field(default_factory=dict)
    _total: dict[str, int] = field(default_factory=dict)
    _title: dict[str, str] = field(default_factory=dict)

    def _check(self) -> None:
        if self.desk.revision != self.revision or self.desk.closing or not self.wanted():
            raise SupersededError

    def start(self, step: str, total: int, title: str) -> None:
        self._check()
        self._done[step], self._total[step], self._title[step] = 0, total, title
        self._tell(step)

    def advance(self, step: str, n: int = 1) -> None:
        self._check()
        self._done[step] += n
        self._tell(step)

    def message(self, text: str) -> None:
        """Nothing of what computing a scenario says is news."""

    def _tell(self, step: str) -> None:
        self.desk.tell(
            "progress",
            {
                "revision": self.revision,
                "title": both(self._title[step]),
                "done": self._done[step],
                "total": self._total[step],
            },
        )


class Desk:
    """One scenario that is drawn on.

    Parameters
    ----------
    studio
        The study, held open. Whoever else computes with it holds :attr:`engine`.
    shelf
        Where scenarios lie.
    payloads
        How pages are told what follows.
    """

    def __init__(self, studio: Studio, shelf: Shelf, payloads: Payloads) -> None:
        self._studio, self._shelf, self._payloads = studio, shelf, payloads
        self.engine = threading.Lock()
        self._lock = threading.Condition()
        self._scenario = shelf.kept() or Scenario(name=NEW_NAME)
        self.revision = 1
        self._undone: list[Scenario] = []
        self._done: list[Scenario] = []
        self._answer = _Answer(0)
        self._failed: dict[str, str] | None = None
        self._unsaved: dict[str, str] | None = None
        self._listeners: list[Listener] = []
        self.closing = False
        self._thread = threading.Thread(target=self._work, name="studio", daemon=True)
        self._thread.start()

    # What pages do.

    def edit(self, scenario: Scenario, base: int) -> int:
        """Put a scenario in the place of what is drawn; return its revision.

        Raises
        ------
        OutdatedError
            When ``base``, the revision it was made on, is not the last one.
        """
        with self._lock:
            if base != self.revision:
                raise OutdatedError
            self._done = [*self._done, self._scenario][-MOST_STEPS:]
            self._undone = []
            self._become(scenario)
            return self.revision

    def undo(self) -> None:
        """Go a step back, where there is one."""
        with self._lock:
            if self._done:
                self._undone.append(self._scenario)
                self._become(self._done.pop())

    def redo(self) -> None:
        """Take a step back again."""
        with self._lock:
            if self._undone:
                self._done.append(self._scenario)
                self._become(self._undone.pop())

    def save(self, name: str) -> str:
        """Keep what is drawn under a name."""
        with self._lock:
            named = self._scenario.model_copy(update={"name": name})
            saved = self._shelf.save(named)
            self._scenario = named
            self._shelf.keep(named)
            self.tell("state", self.state())
            return saved

    def open(self, name: str) -> None:
        """Draw on another scenario; it can be undone."""
        scenario = self._shelf.open(name)
        with self._lock:
            self.edit(scenario, self.revision)

    def _become(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self.revision += 1
        self._failed = None
        try:
            self._shelf.keep(scenario)
            self._unsaved = None
        except PhusongError as problem:
            self._unsaved = both_from(problem.__str__)
        self.tell("state", self.state())
        self._lock.notify_all()

    # What pages are told.

    def state(self) -> dict[str, Any]:
        """Return what is drawn, and how far what follows from it is known."""
        with self._lock:
            return {
                "revision": self.revision,
                "scenario": self._scenario.model_dump(mode="json", exclude_none=True),
                "undo": len(self._done),
                "redo": len(self._undone),
                "names": self._shelf.names(),
                "drawn": bool(self._answer.drawn) and self._answer.revision == self.revision,
                "seen": bool(self._answer.seen) and self._answer.revision == self.revision,
                "failed": self._failed,
                "unsaved": self._unsaved,
            }

    def answer(self, kind: str, revision: int) -> bytes | None:
        """Return a body that was told of as ``drawn`` or ``seen``; None when it is history."""
        with self._lock:
            if self._answer.revision != revision:
                return None
            return (self._answer.drawn if kind == "drawn" else self._answer.seen) or None

    def found(self) -> Seen | None:
        """Return what follows from the last edit; None while it is worked out."""
        with self._lock:
            return self._answer.found if self._answer.revision == self.revision else None

    def watch(self, wanted: Callable[[], bool] = lambda: True) -> _Watch:
        """Return a progress that tells listeners, and stops when an edit is made.

        Parameters
        ----------
        wanted
            Whether anybody waits for the work still; it stops when nobody does.
        """
        return _Watch(self, self.revision, wanted)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell a listener of everything from now on; return how to stop that."""
        with self._lock:
            self._listeners.append(listener)

        def leave() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return leave

    def tell(self, event: str, what: dict[str, Any]) -> None:
        """Tell all listeners."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener(event, what)

    # The thread.

    def _work(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(
                    lambda: (
                        self.closing
                        or (self._answer.revision != self.revision and self._failed is None)
                    )
                )
                if self.closing:
                    return
                revision, scenario = self.revision, self._scenario
            try:
                with self.engine:
                    self._follow(revision, scenario)
                self._shelf.settle()
            except SupersededError:
                continue
            except PhusongError as problem:
                self._fail(revision, both_from(problem.__str__))
            except Exception as problem:  # noqa: BLE001 - the meeting goes on, the page says why
                self._fail(revision, both_from(lambda p=problem: f"{type(p).__name__}: {p}"))  # type: ignore[misc]

    def _follow(self, revision: int, scenario: Scenario) -> None:
        def drawn(signal: Any) -> None:
            body = self._payloads.drawn(revision, signal)
            with self._lock:
                self._answer = _Answer(revision, body)
            self.tell("drawn", {"revision": revision})

        seen = self._studio.see(scenario, _Watch(self, revision), drawn)
        body = self._payloads.seen(revision, seen)
        with self._lock:
            self._answer = _Answer(revision, self._answer.drawn, body, seen)
        self.tell("seen", {"revision": revision})

    def _fail(self, revision: int, why: dict[str, str]) -> None:
        with self._lock:
            if revision != self.revision:
                return
            self._failed = why
        self.tell("state", self.state())

    def close(self) -> None:
        """Stop the work and the thread."""
        with self._lock:
            self.closing = True
            self._lock.notify_all()
        self._thread.join(timeout=30)
