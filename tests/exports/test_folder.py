"""The output folder: whole or not there, one run's at a time, and found wherever a run was killed."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from phusong.disc import swap
from phusong.disc.durable import replacing
from phusong.disc.lease import EXPIRES_S, HeldError, Lease
from phusong.disc.swap import Place, find_results
from phusong.disc.workplace import _DRAFT, sweep, sweep_drafts
from phusong.errors import OutputError, Where
from phusong.exports.folder import STAMP, output_folder, refuse_to_overwrite


def finished(folder: Path, text: str = "{}") -> None:
    folder.mkdir()
    (folder / STAMP).write_text(text)
    (folder / "villages.csv").write_text("old")


def test_failed_run_leaves_the_earlier_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    finished(out)
    with pytest.raises(RuntimeError, match="dies"), output_folder(out, overwrite=True) as partial:
        (partial / "villages.csv").write_text("half")
        raise RuntimeError("dies")
    assert (out / "villages.csv").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_finished_run_replaces_the_earlier_one_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    finished(out)
    with output_folder(out, overwrite=True) as partial:
        (partial / STAMP).write_text("new")
    assert [p.name for p in out.iterdir()] == [STAMP]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    out = tmp_path / "out"
    finished(out)
    with pytest.raises(OutputError, match="earlier run"), output_folder(out, overwrite=False):
        pass


def test_a_folder_of_other_files_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("dear")
    with pytest.raises(OutputError, match="not a run"), output_folder(tmp_path, overwrite=True):
        pass
    assert (tmp_path / "thesis.docx").exists()


def test_output_over_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(OutputError), output_folder(tmp_path / "out", overwrite=True):
        pass


# ------------------------------------------------------------------ killed between two names


@pytest.fixture(params=["one step", "two names"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of swapping: where the system exchanges names, and where it does not."""
    if request.param == "two names":
        monkeypatch.setattr(swap, "exchange", lambda *_: False)
    return str(request.param)


def killed(out: Path, call: int) -> bool:
    """Replace a run in a child that is killed before its n-th change of a name; whether it was."""
    child = os.fork()
    if child == 0:
        left = [call]

        def counting(event: str, arguments: tuple[object, ...]) -> None:
            if event in {"os.rename", "os.remove", "os.rmdir", "ctypes.call_function"}:
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        with output_folder(out, overwrite=True) as partial:
            (partial / STAMP).write_text("new")
            (partial / "villages.csv").write_text("new")
            sys.addaudithook(counting)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_run_killed_anywhere_in_the_swap_loses_nothing(tmp_path: Path, way: str) -> None:
    calls = 0
    while True:
        calls += 1
        out = tmp_path / str(calls) / "out"
        out.parent.mkdir()
        finished(out, "old")
        died = killed(out, calls)
        found = find_results(out)
        texts = {(found / name).read_text() for name in (STAMP, "villages.csv")}
        assert texts in ({"old"}, {"new"}), calls
        with pytest.raises(OutputError, match="earlier run"):
            refuse_to_overwrite(out, overwrite=False)
        with output_folder(out, overwrite=True) as partial:
            (partial / STAMP).write_text("next")
        assert [p.name for p in out.parent.iterdir()] == ["out"], calls
        if not died:
            break
    assert calls > (4 if way == "two names" else 2)


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (("ready", "earlier"), "ready"),
        (("earlier",), "earlier"),
        (("out", "ready"), "out"),
        (("out", "earlier"), "out"),
        (("partial",), None),
    ],
)
def test_whoever_reads_next_finishes_the_swap(
    tmp_path: Path, there: tuple[str, ...], expected: str | None
) -> None:
    place = Place.of(tmp_path / "out")
    for kind in there:
        finished(place.folder if kind == "out" else place.new(kind), kind)
    found = find_results(place.folder)
    assert found == place.folder
    assert found.exists() == (expected is not None)
    if expected is not None:
        assert (found / STAMP).read_text() == expected


def test_a_swap_that_cannot_be_finished_is_read_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place.of(tmp_path / "out")
    left = place.new("earlier")
    finished(left, "old")

    def read_only(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(swap, "Lease", read_only)
    assert find_results(place.folder) == left


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path, way: str) -> None:
    finished(tmp_path / "disc", "old")
    (tmp_path / "out").symlink_to(tmp_path / "disc", target_is_directory=True)
    with output_folder(tmp_path / "out", overwrite=True) as partial:
        (partial / STAMP).write_text("new")
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "disc" / STAMP).read_text() == "new"


# ------------------------------------------------------------------ whose the folder is


def test_another_run_is_refused_and_its_folder_left_alone(tmp_path: Path) -> None:
    with output_folder(tmp_path / "out", overwrite=False) as partial:
        (partial / STAMP).write_text("first")
        with (
            pytest.raises(OutputError, match="another run is writing"),
            output_folder(tmp_path / "out", overwrite=True),
        ):
            pass
        assert (partial / STAMP).exists()
    assert (tmp_path / "out" / STAMP).read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


HOLD = """
import sys
from pathlib import Path
from phusong.exports.folder import output_folder
with output_folder(Path(sys.argv[1]), overwrite=True):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_killed_run_holds_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = [sys.executable, "-c", HOLD, str(out)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"held\n"
        with pytest.raises(OutputError, match="another run"), output_folder(out, overwrite=False):
            pass
        run.kill()
        run.wait()
    assert len(list(tmp_path.iterdir())) == 2, "its folder and its lock"
    with output_folder(out, overwrite=False) as partial:
        (partial / STAMP).write_text("{}")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def elsewhere(path: Path, age_s: float) -> None:
    """A lease that another machine, whose locks are not seen here, touched that long ago."""
    path.write_text(json.dumps({"token": "t", "machine": "m", "name": "máy-2"}))
    then = time.time() - age_s
    os.utime(path, (then, then))


def test_a_machine_whose_locks_do_not_travel_is_seen_by_its_sign_of_life(tmp_path: Path) -> None:
    elsewhere(tmp_path / "lock", 5.0)
    with pytest.raises(HeldError, match="máy-2"):
        Lease(tmp_path / "lock")
    elsewhere(tmp_path / "lock", EXPIRES_S + 60.0)
    with Lease(tmp_path / "lock") as lease:
        assert lease.is_ours()
    assert not (tmp_path / "lock").exists()


def test_a_clock_set_back_blocks_nothing_for_ever(tmp_path: Path) -> None:
    """What died before the clock was set back has been touched in the future."""
    elsewhere(tmp_path / "lock", -86_400.0)
    with Lease(tmp_path / "lock") as lease:
        assert lease.is_ours()
    tomorrow = time.time() + 86_400.0
    left = tmp_path / "making-1"
    left.mkdir()
    os.utime(left, (tomorrow, tomorrow))
    sweep(tmp_path, "making-")
    assert not left.exists()
    half = tmp_path / "ab" / f"entry{_DRAFT}"
    half.parent.mkdir()
    half.write_bytes(b"half")
    os.utime(half, (tomorrow, tomorrow))
    sweep_drafts(tmp_path)
    assert not half.exists()


SESSION = """
import os, signal
from phusong.disc.workplace import session_folder
(session_folder() / "half").mkdir()
print(session_folder(), flush=True)
os.kill(os.getpid(), signal.SIG{signal}) if "{signal}" else None
"""


def session(parent: Path, ended: str = "") -> Path:
    """Let a process make its temporary folder, and end; return that folder."""
    words = [sys.executable, "-c", SESSION.format(signal=ended)]
    env = {**os.environ, "TMPDIR": str(parent)}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=env)
    return Path(done.stdout.strip())


def test_temporary_folders_of_the_killed_are_swept_and_nobody_elses(tmp_path: Path) -> None:
    left = session(tmp_path, "KILL")
    assert (left / "half").is_dir()
    assert left.stat().st_mode & 0o077 == 0, "others may look into it"
    mine = tmp_path / "phusong-results"  # a person's, called as ours are
    mine.mkdir()
    old = time.time() - 86_400.0
    for path in (mine, left):
        os.utime(path, (old, old))
    assert session(tmp_path).parent == tmp_path
    assert list(tmp_path.iterdir()) == [mine]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")
def test_a_fork_that_ends_takes_no_folder_away(tmp_path: Path) -> None:
    words = (
        "import os, sys; from phusong.disc.workplace import session_folder as mine; folder = mine();"
        "child = os.fork();\nif child == 0: sys.exit()\n"
        "os.waitpid(child, 0); print(folder.is_dir() and mine() == folder)"
    )
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", words], capture_output=True, text=True, check=False, env=env
    )
    assert done.stdout.strip() == "True", done.stderr
    assert not list(tmp_path.iterdir())


def test_half_files_of_the_killed_are_swept_when_old(tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    names = [".map.html.0123456789ab.html", ".map.html.ba9876543210.html", ".map.html.mine.html"]
    for name in names:
        (tmp_path / name).write_text("half")
    # A colleague's, whose clock or time zone is half a day away, is not old.
    os.utime(tmp_path / names[1], (time.time() - 43_200.0,) * 2)
    old = time.time() - 172_800.0
    for name in (names[0], names[2]):
        os.utime(tmp_path / name, (old, old))
    with replacing(path) as half:
        half.write_text("whole")
    assert {p.name for p in tmp_path.iterdir()} == {"map.html", *names[1:]}


def test_no_room_for_the_lock_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with (
        pytest.raises(OutputError, match="the disc is full"),
        output_folder(tmp_path / "out", overwrite=False),
    ):
        pass
    assert not list(tmp_path.iterdir())


def test_a_run_that_lost_its_folder_moves_nothing_in(tmp_path: Path) -> None:
    finished(tmp_path / "out", "old")
    place = Place.of(tmp_path / "out")
    with (
        pytest.raises(OutputError, match="another run"),
        output_folder(tmp_path / "out", overwrite=True) as partial,
    ):
        (partial / STAMP).write_text("new")
        elsewhere(place.lock, 0.0)
    assert (tmp_path / "out" / STAMP).read_text() == "old"
    assert place.lock.exists(), "it is the other's"


# ------------------------------------------------------------------ what the disc refuses


def test_a_full_disc_is_told_in_words(tmp_path: Path) -> None:
    finished(tmp_path / "out", "old")
    with (
        pytest.raises(OutputError, match=r"a\.csv cannot be written: the disc is full") as told,
        output_folder(tmp_path / "out", overwrite=True) as partial,
    ):
        raise OSError(errno.ENOSPC, "No space left on device", str(partial / "a.csv"))
    assert told.value.where.file == str(tmp_path / "out" / "a.csv")
    assert (tmp_path / "out" / STAMP).read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_message_names_the_file_as_it_would_be_called(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError) as told,
        output_folder(tmp_path / "out", overwrite=False) as partial,
    ):
        raise OutputError("x", Where(file=str(partial / "carriers" / "a.csv")))
    assert told.value.where.file == str(tmp_path / "out" / "carriers" / "a.csv")


def test_a_planners_file_is_no_matter_of_the_folder(tmp_path: Path) -> None:
    with (
        pytest.raises(PermissionError),
        output_folder(tmp_path / "out", overwrite=False),
    ):
        raise PermissionError(errno.EACCES, "Permission denied", "/data/towers.csv")


def test_a_sync_that_fails_is_a_write_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", late)
    with (
        pytest.raises(OutputError, match="Input/output error"),
        output_folder(tmp_path / "out", overwrite=False) as partial,
    ):
        (partial / STAMP).write_text("{}")
    assert not list(tmp_path.iterdir())


def test_names_too_long_are_told(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="too long"),
        output_folder(tmp_path / ("a" * 300), overwrite=False),
    ):
        pass
    longest = tmp_path / ("đ" * 127)
    with output_folder(longest, overwrite=False) as partial:
        (partial / STAMP).write_text("{}")
    assert [p.name for p in tmp_path.iterdir()] == [longest.name]
