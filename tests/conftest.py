"""What every test may use: the shared reference folder, the checkout, a language that resets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from phusong.i18n import get_language, set_language

ROOT = Path(__file__).resolve().parent.parent


def shared_folder() -> Path:
    """Reference values and real files, beside the checkout; never part of the project."""
    return Path(os.environ.get("PHUSONG_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = shared_folder()
    if not folder.is_dir():
        pytest.skip(f"the shared reference folder is not at {folder}")
    return folder


@pytest.fixture(scope="session")
def checkout() -> Path:
    return ROOT


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Each test starts in English and leaves no language behind."""
    before = get_language()
    set_language("en")
    yield
    set_language(before)
