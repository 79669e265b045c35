"""How long work reports itself, so that no room needs to know a terminal."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """What a room may call while it works; every call is cheap."""

    def start(self, step: str, total: int, title: str) -> None:
        """Announce a step of ``total`` equal parts under an English title template."""

    def advance(self, step: str, n: int = 1) -> None:
        """``n`` parts of ``step`` are done."""

    def message(self, text: str) -> None:
        """Say one line (an English template already put into words)."""


class NoProgress:
    """Says nothing: for library use and tests."""

    def start(self, step: str, total: int, title: str) -> None:
        """Ignore."""

    def advance(self, step: str, n: int = 1) -> None:
        """Ignore."""

    def message(self, text: str) -> None:
        """Ignore."""
