"""Villages judged and drawn by others: the same figures whatever the backend, or who dies."""

from __future__ import annotations

import os
import signal

import numpy as np
import pandas as pd
import pytest

from helpers.crews import keeping
from helpers.radio import villages_frame
from helpers.signal import ANY, cell_box, make_signal
from phusong.coverage.villages import footprints
from phusong.coverage.villages.assess import assess_villages
from phusong.coverage.villages.figures import draws
from phusong.coverage.villages.simulation import simulate_villages
from phusong.crew import Crew, crew_of
from phusong.errors import CrewError


@pytest.fixture
def province(tmp_path, monkeypatch):
    monkeypatch.setattr(footprints, "BATCH_CELLS", 20)  # twelve squares
    # Some draws at a time in this process; workers, which do not know of it, draw all at once.
    monkeypatch.setattr(draws, "_FIELD_BYTES", 1)
    row, col = np.mgrid[:60, :80]
    level = -110.0 + 12.0 * np.sin(row / 9.0) * np.cos(col / 11.0)
    shapes = {
        f"v{r}-{c}": cell_box(r + 0.5, c + 0.3, 9, 9)
        for r in range(0, 60, 10)
        for c in range(0, 80, 10)
    }
    people = np.where((row + col) % 3 == 0, 2.0, 0.0).astype("float32")
    inputs, study, signal_ = make_signal(
        tmp_path,
        villages_frame(shapes),
        {(ANY, ANY): level},
        people=people,
        radio={"spread": {"sigma_model_db": 6.0, "sigma_location_db": 4.0}},
        uncertainty={"draws": 20},
    )
    assert len(footprints.squares(inputs.villages, inputs.grid)) == 12
    return inputs, study, signal_


def judged(province, crew=None):
    inputs, study, signal_ = province
    coverage = assess_villages(inputs, study, signal_, crew=crew)
    drawn = simulate_villages(inputs, study, signal_, crew=crew)
    return [
        coverage.villages,
        coverage.by_layer,
        coverage.sensitivity,
        drawn.villages,
        drawn.figures,
    ]


def assert_equal(some, others):
    for one, other in zip(some, others, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


@pytest.fixture
def alone(province):
    found = judged(province)
    shares = found[3]["share_mean"]
    assert 0.0 < shares.mean() < 1.0  # there is something to tell apart
    return found


@pytest.fixture(scope="module")
def crews(hired):
    yield hired
    hired.let_go()


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_figures_do_not_depend_on_the_workers(workers, province, alone, tmp_path, crews):
    before = sorted((tmp_path / "out").iterdir())
    assert_equal(judged(province, crews.crew(workers)), alone)
    assert sorted((tmp_path / "out").iterdir()) == before  # nothing is left beside


def test_a_worker_killed_among_villages_costs_nothing(province, alone, monkeypatch):
    killed = []

    class Killing(Crew):
        def each(self, work, parts):
            for n, out in enumerate(super().each(work, parts)):
                if n == 0:
                    with self.open() as workers:
                        killed.append(workers.pool.pids()[0])
                    os.kill(killed[-1], signal.SIGKILL)
                yield out

    with keeping() as hired:
        assert_equal(judged(province, Killing(lambda: hired.processes(2))), alone)
    assert len(set(killed)) == 2  # among verdicts, and among draws


def test_workers_of_a_scheduler_give_the_same_figures(province, alone, crews):
    assert_equal(judged(province, crew_of(None, crews.scheduler())), alone)


class Blind(Crew):
    """Works where the rasters are not."""

    def each(self, work, parts):
        for layer in work.__self__.layers:
            layer.level.rename(layer.level.with_suffix(".gone"))
        yield from map(work, parts)


def test_rasters_that_a_worker_does_not_see_are_named(province):
    inputs, study, signal_ = province
    with pytest.raises(CrewError, match="a worker cannot read the signal rasters") as caught:
        assess_villages(inputs, study, signal_, crew=Blind(None))
    assert "--out" in caught.value.mend
