"""One Chromium for all pages, and where pictures of them are left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.browser import chromium_path, visits


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium found (set PHUSONG_CHROMIUM to its path)")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


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
