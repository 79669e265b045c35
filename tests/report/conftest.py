"""The made-up province whose pages are read: its world, and a run of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phusong.results.finished import FinishedRun
from worlds import province
from worlds.years import finished


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def world(folder: Path) -> Any:
    return province.make_world(
        folder / "world", communes=8, villages=60, sites=14, cells_of_grid=160, cell_m=100.0
    )


@pytest.fixture(scope="module")
def run(world: Any, folder: Path) -> FinishedRun:
    return finished(world, folder / "out", "2026-11-27T08:00:00+00:00")
