"""A study, and a finished run, that may only be read: results elsewhere, as good as any."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults.alike import contents

from helpers.cli import phusong
from helpers.hostile import listing

_DROP, _OVERRIDE, _SEARCH = 24, 1, 2
"""``PR_CAPBSET_DROP``; the capabilities by which root writes where it has no right to."""


def as_anybody() -> None:
    """Let rights hold for root too, from the next program on."""
    libc = ctypes.CDLL(None)
    for capability in (_OVERRIDE, _SEARCH):
        libc.prctl(_DROP, capability, 0, 0, 0)


SERVE = """
import json, sys
from click.testing import CliRunner
from phusong.cli import main
answers, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    done = CliRunner().invoke(main, json.loads(line))
    said = done.output
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        said += "Traceback: " + repr(done.exception)
    print(json.dumps([done.exit_code, said]), file=answers, flush=True)
"""
Ran = Callable[..., str]


@pytest.fixture(scope="module")
def ran() -> Iterator[Ran]:
    """Run commands as somebody to whom rights apply, all of them in one process."""
    if not hasattr(os, "fork"):
        pytest.skip("rights of POSIX are needed")
    with subprocess.Popen(
        [sys.executable, "-c", SERVE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        preexec_fn=as_anybody,  # noqa: PLW1509 - it takes no lock
        env={**os.environ, "SOURCE_DATE_EPOCH": "1750000000", "PYTHONIOENCODING": "utf-8"},
    ) as somebody:

        def run(*words: str | Path, code: int = 0) -> str:
            print(json.dumps([str(word) for word in words]), file=somebody.stdin, flush=True)
            ended, said = json.loads(somebody.stdout.readline())
            assert ended == code, said
            assert "Traceback" not in said
            return said

        yield run
        somebody.stdin.close()


def closed(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder whose contents nobody may change; the test skips where rights mean nothing."""
    if not hasattr(os, "fork"):
        pytest.skip("rights of POSIX are needed")
    folder = tmp_path / "locked"
    folder.mkdir()
    probe = "import pathlib, sys; pathlib.Path(sys.argv[1], 'x').touch()"
    folder.chmod(0o555)
    done = subprocess.run(
        [sys.executable, "-c", probe, folder],
        capture_output=True,
        check=False,
        preexec_fn=as_anybody,
    )
    folder.chmod(0o755)
    if done.returncode == 0:
        pytest.skip("here whoever runs the tests may write where there is no right to")
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)


@pytest.mark.parametrize("kept", [False, True], ids=["first", "again"])
def test_a_read_only_study(
    tiny_study: Path,
    locked: Path,
    tmp_path: Path,
    ran: Ran,
    kept: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1750000000")
    study = locked / "study"
    shutil.copytree(tiny_study, study, ignore=shutil.ignore_patterns(".phusong"))
    if kept:
        phusong("run", study, "--out", tmp_path / "free", "-q")
    closed(study)
    before = contents(locked)  # when an entry of the store was last used may be noted
    said = ran("run", study, "--out", tmp_path / "out")
    assert (".phusong" in said) == (not kept), "a warning where nothing could be kept"
    if not kept:
        checked = " ".join(ran("check", study, code=1).split())
        assert "0 error," in checked, "what was found is told, though it cannot be written"
        assert "checks.csv cannot be written" in checked
        refused = ran("run", study, "--out", study / "out", code=1)
        assert "there is no right to write here" in " ".join(refused.split())
        twin = shutil.copytree(tiny_study, tmp_path / "twin")
        phusong("run", twin, "--out", tmp_path / "free", "-q")
    assert contents(locked) == before
    assert contents(tmp_path / "out") == contents(tmp_path / "free")


def test_a_read_only_run(tiny_run: Path, locked: Path, tmp_path: Path, ran: Ran) -> None:
    run = locked / "run"
    shutil.copytree(tiny_run, run)
    closed(run)
    before = listing(locked)
    ran("publish", run, "--out", tmp_path / "public")
    ran("report", run, "--out", tmp_path / "report")
    refused = ran("report", run, code=1)
    assert "no right to write here" in " ".join(refused.split())
    assert listing(locked) == before
    assert {p.name for p in (tmp_path / "report").iterdir()} == {"report.pdf", "report.html"}
