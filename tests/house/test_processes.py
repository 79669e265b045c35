"""Processes that do parts of a work: whoever dies is missed at once, whatever it was doing."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any

import pytest

from helpers.crews import keeping
from helpers.ended import gone
from phusong.processes import Processes


def nothing() -> None:
    pass


def die(_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_halfway(_: Any) -> None:
    """Die with a first part of a long answer on the line."""
    frame: Any = sys._getframe()
    while "line" not in frame.f_locals:
        frame = frame.f_back
    os.write(frame.f_locals["line"].fileno(), struct.pack("!i", 1_000_000) + b"half of it")
    die(None)


def long_answer(part: int) -> bytes:
    return bytes([part]) * 20_000_000


def refuse(what: str) -> None:
    raise ValueError(what)


class OfTwo(Exception):
    """An error that is pickled, and cannot be unpacked."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} and {other}")


def refuse_two(_: Any) -> None:
    raise OfTwo("this", "that")


def whole_of(_: Any) -> Any:
    return lambda: None


@pytest.fixture
def pool() -> Iterator[Processes]:
    with Processes(2, nothing) as pool:
        yield pool


@pytest.mark.parametrize("death", [die, die_halfway])
@pytest.mark.skipif(os.name == "nt", reason="nobody is killed by signals there")
def test_a_death_is_noticed_and_another_goes_on(pool: Processes, death: Any) -> None:
    """Halfway through an answer, others of the same pool hold nothing of the line that broke."""
    others = [pool.submit(len, "a" * n) for n in range(5)]
    broken = pool.submit(death, 0)
    with pytest.raises(BrokenExecutor):
        broken.result(60)
    assert [other.result(60) for other in others] == [0, 1, 2, 3, 4]
    assert pool.submit(len, "abc").result(60) == 3
    assert len(pool.pids()) <= 2


@pytest.mark.skipif(os.name == "nt", reason="nobody is killed by signals there")
def test_long_answers_whoever_is_killed_among_them() -> None:
    got, killed = [], set()
    with keeping() as hired, hired.processes(2) as workers:
        for answer in hired.crew(2).each(long_answer, range(16)):
            assert len(answer) == 20_000_000
            got.append(answer[0])
            if len(got) in (1, 3, 6, 10):
                time.sleep(0.004 * len(got))
                pid = workers.pool.pids()[0]
                killed.add(pid)
                os.kill(pid, signal.SIGKILL)
    assert sorted(got) == list(range(16))
    assert len(killed) == 4


def test_errors_are_raised_where_it_was_asked(pool: Processes) -> None:
    with pytest.raises(ValueError, match="not so") as caught:
        pool.submit(refuse, "not so").result(60)
    assert "in refuse" in "".join(caught.value.__notes__)
    with pytest.raises(RuntimeError, match="this and that"):
        pool.submit(refuse_two, 0).result(60)
    with pytest.raises((AttributeError, TypeError, RuntimeError), match=r"pickle|local object"):
        pool.submit(whole_of, 0).result(60)
    with pytest.raises((AttributeError, TypeError, RuntimeError), match=r"pickle|local object"):
        pool.submit(lambda: None)
    # None of it was the end of a process.
    assert pool.submit(os.getpid).result(60) in pool.pids()


def test_few_are_begun_where_there_is_little_to_do(pool: Processes) -> None:
    assert not pool.pids()
    first = pool.submit(os.getpid).result(60)
    assert pool.submit(os.getpid).result(60) == first
    assert pool.pids() == [first] != [os.getpid()]


def test_none_is_left(pool: Processes) -> None:
    pids = {f.result(60) for f in [pool.submit(os.getpid) for _ in range(4)]}
    pool.shutdown()
    assert all(map(gone, pids))
    with pytest.raises(RuntimeError):
        pool.submit(os.getpid)


@pytest.mark.skipif(os.name == "nt", reason="nobody is killed by signals there")
def test_none_outlives_who_asked(tmp_path: Path) -> None:
    script = tmp_path / "asks.py"
    script.write_text(
        "import os, signal, time\n"
        "from phusong.processes import Processes\n"
        "if __name__ == '__main__':\n"
        "    pool = Processes(1, int)\n"
        "    print(pool.submit(os.getpid).result(), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    said = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert said.returncode == -signal.SIGKILL, said.stderr
    assert gone(int(said.stdout))
