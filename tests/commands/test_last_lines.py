"""What commands say while they work and at their end: steps told apart, paths in one form."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from helpers.cli import phusong
from phusong.commands.terminal.places import path_text


@pytest.fixture
def study(tiny_study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny province below the folder one stands in, told to judge every place."""
    folder = Path(shutil.copytree(tiny_study, tmp_path / "here" / "study"))
    text = (folder / "study.toml").read_text("utf-8")
    places = '\n[indicators]\nplaces = ["in_vehicle", "indoor"]\n'
    (folder / "study.toml").write_text(text + places, "utf-8")
    monkeypatch.chdir(folder.parent)
    return folder


def lines_with(printed: str, *starts: str) -> list[str]:
    return [line for line in printed.splitlines() if line.startswith(starts)]


@pytest.mark.parametrize(
    ("language", "titles"),
    [
        (
            "en",
            [
                "Figures of every village, outdoors …",
                "Figures of every village, in a vehicle …",
                "Figures of every village, indoors …",
            ],
        ),
        (
            "vi",
            [
                "Số liệu của từng thôn, ngoài trời …",
                "Số liệu của từng thôn, trong xe …",
                "Số liệu của từng thôn, trong nhà …",
            ],
        ),
    ],
)
def test_steps_over_villages_are_told_apart(language: str, titles: list[str], study: Path) -> None:
    printed = phusong("coverage", "study", "--out", "out", "--lang", language).output
    told = lines_with(printed, titles[0].partition(",")[0])
    assert [line for line in told if line.endswith("…")] == titles


@pytest.mark.parametrize("absolute", [False, True])
def test_paths_start_from_where_one_stands(absolute: bool, study: Path) -> None:
    base = study.parent if absolute else Path()
    printed = phusong("fiber", base / "study", "--out", base / "out").output
    assert lines_with(printed, "Tables:", "Map:", "Findings in") == [
        f"Findings in the files: 2, see {Path('out/checks.csv')}",
        "Tables: out",
        f"Map: {Path('out/map.html')}",
    ]
    printed = phusong("compare", base / "out", base / "out", "--out", base / "same").output
    assert lines_with(printed, "Tables:", "Map:") == [
        "Tables: same",
        f"Map: {Path('same/compare.html')}",
    ]
    printed = phusong("check", base / "study").output
    assert lines_with(printed, "All findings:") == [f"All findings: {Path('study/checks.csv')}"]


def test_paths_elsewhere_are_whole(study: Path, tmp_path: Path) -> None:
    beside = Path(os.pardir) / "plan"
    printed = phusong("extend", study, "--out", beside).output
    assert lines_with(printed, "Tables:", "Map:") == [
        f"Tables: {tmp_path / 'plan'}",
        f"Map: {tmp_path / 'plan/extension.html'}",
    ]


def test_a_path_as_it_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here: Any = tmp_path / "a"
    here.mkdir()
    monkeypatch.chdir(here)
    assert path_text(Path()) == "."
    assert path_text(here / "b" / ".." / "c") == "c"
    assert path_text(Path("..")) == str(tmp_path)
    assert path_text(tmp_path / "ab") == str(tmp_path / "ab")
