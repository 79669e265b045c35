"""What every test may use: the shared reference folder, the checkout, a language that resets."""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from helpers.browser import chromium_path
from helpers.province import build
from helpers.tiny import make_tiny_study
from helpers.turns import turns, unit_of
from phusong.i18n import get_language, set_language
from phusong.pipeline.run import run_study
from phusong.study.file import read_study

settings.register_profile("busy", deadline=None)
settings.load_profile("busy")
"""Time is no property of what is tested: a machine may be busy."""

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several workers share the tests, put first what takes longest."""
    if hasattr(config, "workerinput"):
        turn = turns([item.nodeid for item in items])
        items.sort(key=lambda item: turn(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Under ``--dist loadfile``, hand out units in the order of the tests."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class InTurn(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit_of(nodeid)

    config.option.loadscopereorder = False
    return InTurn(config, log)


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
def reference() -> Path:
    """Published values that may be passed on; tests/reference/README.md says whose they are."""
    return ROOT / "tests" / "reference"


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


@pytest.fixture(scope="session")
def tiny_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny province; copy it before changing anything."""
    return make_tiny_study(tmp_path_factory.mktemp("tiny") / "tỉnh thử")


@pytest.fixture(scope="session")
def tiny_run(tiny_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the tiny province."""
    out = tmp_path_factory.mktemp("runs") / "kết quả"
    run_study(read_study(tiny_study), out)
    return out


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The province of four communes on disk, and its study as a dict."""
    folder = tmp_path_factory.mktemp("province")
    return folder, build(folder)


@pytest.fixture
def spec(tmp_path: Path, province: tuple[Path, dict[str, Any]]) -> dict[str, Any]:
    """A copy of that province in the test's own folder, to be changed at will."""
    folder, made = province
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return copy.deepcopy(made)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One Chromium for the pages of all rooms: its driver can be started only once in a process."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium found (set PHUSONG_CHROMIUM to its path)")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
