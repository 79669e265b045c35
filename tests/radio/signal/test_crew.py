"""Masts swept by others: the same bytes whatever the backend, how many, or who dies."""

from __future__ import annotations

import os
import pickle
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest

from helpers.crews import keeping
from helpers.radio import X0, Y0
from helpers.signal import omni, setup
from phusong import crew as crew_module
from phusong.coverage.signal import losses as losses_module
from phusong.coverage.signal import signal as signal_module
from phusong.coverage.signal.losses import Losses
from phusong.coverage.signal.plan import plan_run
from phusong.coverage.signal.signal import compute_signal
from phusong.coverage.signal.store import PathLossStore
from phusong.crew import Crew, crew_of
from phusong.errors import CrewError
from phusong.progress import NoProgress

SITES = {f"S{i}": (X0 + 200.0 + 350.0 * (i % 6), Y0 - 300.0 - 500.0 * (i // 6)) for i in range(12)}


def hills():
    row, col = np.mgrid[:60, :80]
    return 200.0 + 60.0 * np.sin(row / 5.0) * np.cos(col / 7.0)


@pytest.fixture
def study_of_masts(tmp_path, monkeypatch):
    monkeypatch.setattr(signal_module, "TILE", 32)  # six tiles
    cells = [omni(f"c{i}", name) for i, name in enumerate(SITES)]
    return setup(tmp_path, cells, heights=hills(), sites=SITES, radio={"radius_km": 3.0})


def swept(inputs, study, folder, crew=None):
    signal_ = compute_signal(
        inputs, study, folder / "out", PathLossStore(folder / "store"), crew=crew
    )
    files = [*(folder / "out").rglob("*.tif"), *(folder / "store").rglob("*.loss")]
    return {str(f.relative_to(folder)): f.read_bytes() for f in files}, signal_.stats


@pytest.fixture
def alone(study_of_masts, tmp_path):
    return swept(*study_of_masts, tmp_path / "alone")[0]


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_bytes_do_not_depend_on_the_workers(workers, study_of_masts, alone, tmp_path, hired):
    crew = hired.crew(workers)
    files, stats = swept(*study_of_masts, tmp_path / "crew", crew)
    assert files == alone
    assert stats["computed"] == len(SITES)
    assert swept(*study_of_masts, tmp_path / "crew", crew)[1]["from_store"] == 12


def test_a_worker_killed_in_the_middle_costs_nothing(study_of_masts, alone, tmp_path):
    killed = []

    class Killing(Crew):
        def each(self, work, parts):  # of the masts, then of the tiles
            for n, out in enumerate(super().each(work, parts)):
                if n == 0:
                    with self.open() as workers:
                        killed.append(workers.pool.pids()[0])
                    os.kill(killed[-1], signal.SIGKILL)
                yield out

    with keeping() as hired:
        crew = Killing(lambda: hired.processes(2))
        files, _ = swept(*study_of_masts, tmp_path / "crew", crew)
    assert len(set(killed)) == 2
    assert files == alone


def die(_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_crews_that_only_die_are_not_hired_for_ever():
    with pytest.raises(CrewError, match="die before they have computed"):
        list(crew_of(1, None).each(die, [1]))


class Counted(ThreadPoolExecutor):
    """Knows how many parts it was given."""

    given = 0

    def submit(self, *args, **kwargs):
        self.given += 1
        return super().submit(*args, **kwargs)


def test_workers_do_not_run_ahead_of_whoever_takes_what_they_made():
    @contextmanager
    def hired():
        with Counted(3) as pool:
            pools.append(pool)
            yield crew_module.Hired(pool, lambda: 3)

    pools, got = [], []
    for out in Crew(hired).each(abs, range(0, -40, -1)):
        assert pools[0].given - len(got) <= 2 * 3
        got.append(out)
        if len(got) == 1:
            time.sleep(0.1)  # however slow that is
        assert pools[0].given - len(got) <= 2 * 3
    assert sorted(got) == list(range(40))
    assert pools[0].given == 40


def test_workers_of_a_scheduler_write_the_same_bytes(study_of_masts, alone, tmp_path, hired):
    crew = crew_of(None, hired.scheduler())
    files, stats = swept(*study_of_masts, tmp_path / "crew", crew)
    assert files == alone
    assert stats["computed"] == len(SITES)


def test_a_scheduler_that_does_not_answer_is_named(study_of_masts, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(crew_module, "ANSWER_S", 1.0)
    with pytest.raises(CrewError, match="no scheduler answers at tcp:"):
        swept(*study_of_masts, tmp_path / "crew", crew_of(None, "tcp://127.0.0.1:9"))


def test_another_phusong_is_refused(study_of_masts, tmp_path, monkeypatch):
    packed = pickle.dumps(Losses(*study_of_masts, PathLossStore(tmp_path / "store")))
    monkeypatch.setattr(losses_module, "engine_fingerprint", lambda: "another")
    with pytest.raises(CrewError, match="otherwise than this one"):
        pickle.loads(packed)


class Elsewhere(Crew):
    """Computes where nobody looks."""

    def each(self, work, parts):
        for mast in parts:
            losses = work.__self__
            other = Losses(losses._ground, losses._study, PathLossStore(self.folder))
            yield other.alone(mast)


def test_losses_that_do_not_arrive_are_missed(study_of_masts, tmp_path):
    inputs, study = study_of_masts
    crew = Elsewhere(None)
    object.__setattr__(crew, "folder", tmp_path / "elsewhere")
    losses = Losses(inputs, study, PathLossStore(tmp_path / "store"), crew)
    with pytest.raises(CrewError, match="12 masts were computed by workers, but are not in"):
        losses.ensure(plan_run(inputs, study).masts, NoProgress())
