"""Workers that the tests of this room share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.crews import Kept, keeping


@pytest.fixture(scope="session")
def hired() -> Iterator[Kept]:
    """Processes beside this one; the last module that asks for them lets them go."""
    with keeping() as kept:
        yield kept
