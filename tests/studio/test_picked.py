"""Who serves behind a wall, looked up along a slider: as a run chooses place by place."""

from itertools import pairwise

import numpy as np
import pytest

from phusong.coverage.altered.ranked import STRETCH_DB, Pick
from phusong.coverage.signal.bestservers import take_best
from phusong.coverage.signal.combine import ALL_LEFT, TICK_DB
from phusong.coverage.signal.layerfiles import Levels
from phusong.coverage.villages.footprints import Footprints
from phusong.grid import Window

SHAPE = (60, 50)
THRESHOLDS = np.array([-95.0, -105.0, -105.3, -100.0])
SIGMAS = np.array([8.0, 8.0, 8.7, 9.9])


def world(tight):
    """Make three villages, levels of four technologies (some equal in odds), and grains."""
    rng = np.random.default_rng(4)
    window = Window(0, 0, *SHAPE)
    cells = rng.permutation(SHAPE[0] * SHAPE[1])[:2500].astype(np.int64)
    offsets = np.array([0, 900, 900, 2500])
    grains = rng.integers(0, 4096, len(cells)).astype(np.uint32)
    common = rng.normal(-96.0, 12.0, SHAPE)
    members = []
    for kind in range(4):
        level = common + 5.0 * (kind == 0) + rng.normal(0.0, 6.0, SHAPE).round() * (kind > 1)
        ticks = np.rint((level + THRESHOLDS[kind] + 95.0) / TICK_DB).astype(np.int16)
        server = np.where(rng.random(SHAPE) < 0.85, kind + 1, 0).astype(np.int32)
        left = rng.integers(1, ALL_LEFT + 1, SHAPE).astype(np.uint8) if tight else None
        members.append(Levels(ticks, server, left))
    whole = np.ones(len(cells))
    return Footprints(np.array([2, 5, 7]), window, offsets, cells, whole), grains, members


@pytest.mark.parametrize("tight", [False, True])
def test_served_as_a_run_serves(tight):
    batch, grains, members = world(tight)
    steps = ALL_LEFT + 1 if tight else 1
    kind_of = np.array([0, 0, 1, 2, 3], dtype=np.int32)
    rng = np.random.default_rng(8)
    sums = {}
    for offset in [0.0, 40.0, -40.0, 0.1, 55.5, *rng.uniform(-45, 45, 20), *rng.integers(-9, 9, 9)]:
        threshold = THRESHOLDS + offset
        rank = Pick(threshold, SIGMAS, steps, THRESHOLDS[0])
        if rank.key not in sums:
            sums[rank.key] = rank.sums(batch, grains, members, kind_of)
        part = sums[rank.key]
        entry = np.array([20.0, 16.0, 3.0, 9.0]) + offset  # walls: unlike for each
        cut = np.repeat(np.rint((THRESHOLDS + entry) / TICK_DB), steps).astype(np.int32)
        best = take_best(members, batch.window, threshold, SIGMAS, by_odds=True)
        kind = kind_of[best.server] * steps + (best.left if tight else 0)
        hit = ((best.server > 0) & (best.ticks >= cut[kind])).ravel()[batch.cells]
        asked = [grains[a:b][hit[a:b]].sum() for a, b in pairwise(batch.offsets)]
        np.testing.assert_array_equal(rank.served(part, cut), asked)
        assert 0 < len(part.grains) < len(grains)  # of both kinds: settled, and chosen anew
    assert len(sums) == 2  # that around the study, and the stretch above
    assert STRETCH_DB / 2 < 45


def test_thresholds_that_change_their_distances_are_summed_anew():
    one = Pick(THRESHOLDS, SIGMAS, 1, -95.0)
    moved = Pick(THRESHOLDS + 0.1, SIGMAS, 1, -95.0)
    other = Pick(THRESHOLDS + 0.1 * (np.arange(4) == 3), SIGMAS, 1, -95.0)
    assert one.key == moved.key != other.key
