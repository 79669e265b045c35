"""What the tests of the Steiner solver share."""

from __future__ import annotations

import pytest

from phusong.fiber.steiner.solve import warm_up


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """Kernels are compiled for all tests together; on a new machine that takes longer than they."""
    warm_up()
