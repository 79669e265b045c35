"""Pages visited, and where pictures of them are left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.browser import visits
from worlds import province


@pytest.fixture(scope="session")
def windows() -> list[Any]:
    """Windows of the browser that stand empty, for the pages of all tests."""
    return []


@pytest.fixture
def visit(chromium: Any, windows: list[Any]) -> Iterator[Callable[..., Any]]:
    """Open pages; at the end none of them may have complained."""
    with visits(chromium, windows) as go:
        yield go


@pytest.fixture(scope="session")
def artefacts(checkout: Path) -> Path:
    """Where pictures of the pages are left to be looked at."""
    place = checkout / "test-artefacts" / "maps"
    place.mkdir(parents=True, exist_ok=True)
    return place


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def world(folder: Path) -> Any:
    """A made-up province without signal, for plans and losses to be drawn on."""
    made = province.make_world(
        folder / "world", communes=8, villages=60, sites=14, cells_of_grid=160, cell_m=100.0
    )
    return province.without(made, "signal")
