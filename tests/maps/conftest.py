"""Pages visited, and where pictures of them are left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.browser import visits


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open pages; at the end none of them may have complained."""
    with visits(chromium) as go:
        yield go


@pytest.fixture(scope="session")
def artefacts(checkout: Path) -> Path:
    """Where pictures of the pages are left to be looked at."""
    place = checkout / "test-artefacts" / "maps"
    place.mkdir(parents=True, exist_ok=True)
    return place
