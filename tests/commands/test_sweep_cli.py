"""Path losses ahead of a run: shares for a batch queue, and a run that finds them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.cli import phusong
from helpers.crews import keeping
from helpers.objects import BUCKET, environment, serving
from helpers.tiny import make_tiny_study
from phusong import crew as crew_module
from phusong.pipeline.shares import deal
from phusong.study.file import read_study


@pytest.fixture
def study(tmp_path):
    return make_tiny_study(tmp_path / "study")


def rasters(out):
    return {f.name: f.read_bytes() for f in out.glob("*.tif")}


def test_shares_then_a_run_equal_one_run(study, tmp_path):
    phusong("run", study, "--out", tmp_path / "once")
    once = rasters(tmp_path / "once")
    other = make_tiny_study(tmp_path / "other")
    for share in (1, 2, 3):
        phusong("sweep", other, "--share", share, "--of", 3)
    phusong("run", other, "--out", tmp_path / "merged")
    stamp = json.loads((tmp_path / "merged" / "run.json").read_text("utf-8"))
    assert stamp["signal"]["computed"] == 0
    assert rasters(tmp_path / "merged") == once
    assert once


def test_machines_that_share_nothing_but_an_object_store(tmp_path, monkeypatch):
    """Each has a copy of the study; their path losses meet in a bucket, where the run finds them."""
    with serving() as objects:
        for key, value in environment(objects).items():
            monkeypatch.setenv(key, value)
        copies = []
        for name in ("one", "two", "third"):
            copy = make_tiny_study(tmp_path / name)
            text = (copy / "study.toml").read_text("utf-8")
            (copy / "study.toml").write_text(
                text + f'[store]\nplace = "s3://{BUCKET}/losses"\n', "utf-8"
            )
            copies.append(copy)
        for share, copy in enumerate(copies[:2], start=1):
            phusong("sweep", copy, "--share", share, "--of", 2)
        phusong("run", copies[2], "--out", tmp_path / "merged")
        stamp = json.loads((tmp_path / "merged" / "run.json").read_text("utf-8"))
        assert stamp["signal"]["computed"] == 0
        assert len(objects.held) == 3  # two bands, and angles
        said = phusong("store", copies[2]).output
        assert f"s3://{BUCKET}/losses" in said
        assert not any((copy / ".phusong" / "store").exists() for copy in copies)
    plain = make_tiny_study(tmp_path / "plain")
    phusong("run", plain, "--out", tmp_path / "once")
    assert rasters(tmp_path / "merged") == rasters(tmp_path / "once")


def test_a_store_on_a_shared_disc(study, tmp_path):
    text = (study / "study.toml").read_text("utf-8")
    (study / "study.toml").write_text(text + '[store]\nplace = "../shared"\n', "utf-8")
    phusong("sweep", study)
    assert list((tmp_path / "shared").rglob("*.loss"))
    assert not (study / ".phusong" / "store").exists()


@given(st.lists(st.integers(0, 1000), max_size=40), st.integers(1, 9))
def test_every_mast_is_dealt_once_and_evenly(work, count):
    dealt = deal(work, count)
    assert sorted(i for some in dealt for i in some) == list(range(len(work)))
    load = [sum(work[i] for i in some) for some in dealt]
    assert max(load) - min(load) <= max(work, default=0)


def test_list_says_what_is_left(study):
    before = phusong("sweep", study, "--of", 1, "--list").output
    phusong("sweep", study)
    after = phusong("sweep", study, "--of", 1, "--list").output
    assert before.split()[-1] == "1"
    assert after.split()[-1] == "0"


@pytest.mark.parametrize(
    "arguments", [("--share", 2), ("--share", 3, "--of", 2), ("--of", 2)], ids=str
)
def test_half_a_question_is_refused(study, arguments):
    said = phusong("sweep", study, *arguments, code=2)
    assert "--of" in said.output


def test_workers_of_a_run(study, tmp_path, monkeypatch):
    phusong("run", study, "--out", tmp_path / "alone")
    (study / ".phusong" / "store").rename(tmp_path / "away")
    with keeping() as hired:  # once, and not anew for every part of the run
        monkeypatch.setattr(crew_module, "_processes", hired.processes)
        phusong("run", study, "--out", tmp_path / "crew", "--workers", 2)
    assert rasters(tmp_path / "crew") == rasters(tmp_path / "alone")
    assert read_study(study).work_folder.joinpath("store").exists()
