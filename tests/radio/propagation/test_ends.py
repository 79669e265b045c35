"""Clutter round the ends of paths: the same in every model, by class, never twice."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from phusong.coverage.propagation import (
    FLAG_LINE_OF_SIGHT,
    PropagationSettings,
    Surface,
    Transmitter,
    propagate,
)
from phusong.coverage.propagation.ends import loss_db, path_height_m
from phusong.coverage.propagation.linkpath import link_path
from phusong.coverage.propagation.registry import MODELS
from phusong.coverage.propagation.surroundings import SURROUNDINGS, Ends
from phusong.errors import ModelError
from phusong.study import Environment
from worlds.terrain import rough_ground

CELLS, CELL_M, PHONE_M = 90, 40.0, 1.5
MAST = Transmitter(1_811.0, 1_787.0, 30.0)
WORDS = ("open", "suburban", "urban", "trees")
ENDS = Ends(tuple(SURROUNDINGS[word] for word in WORDS))
TERRAIN = ("p526", "p1812", "itm", "free_space")


@pytest.fixture(scope="module")
def ground() -> Surface:
    heights = rough_ground(CELLS, relief_m=250.0, seed=3)
    classes = np.random.default_rng(5).integers(0, len(WORDS), heights.shape).astype(np.uint8)
    return Surface(heights, 0.0, CELLS * CELL_M, CELL_M, end=classes)


def settings(model: str, ends: Ends | None = ENDS, height_m: float = PHONE_M):
    return PropagationSettings(model=model, radius_m=1_700.0, rx_height_m=height_m, ends=ends)


def test_a_study_may_name_every_environment_and_no_other() -> None:
    assert set(get_args(Environment)) == set(SURROUNDINGS)


def test_open_ground_by_hand() -> None:
    """P.2108-1 (2b), (2f): at 900 MHz (21.8 + 6.2 log 0.9) · log(10 / 1.5) = 17.73 dB."""
    by_hand = (21.8 + 6.2 * math.log10(0.9)) * math.log10(10.0 / 1.5)
    assert by_hand == pytest.approx(17.727, abs=1e-3)
    assert loss_db(900.0, 1.5, SURROUNDINGS["open"], 27.0) == pytest.approx(by_hand, abs=1e-12)
    assert path_height_m(1.5, SURROUNDINGS["open"], over_top=False) == 10.0


def test_an_antenna_over_its_clutter_loses_nothing_and_stays_where_it_is() -> None:
    assert loss_db(900.0, 10.0, SURROUNDINGS["open"], 27.0) == 0.0
    assert loss_db(3500.0, 25.0, SURROUNDINGS["dense_urban"], 27.0) == 0.0
    assert path_height_m(30.0, SURROUNDINGS["dense_urban"], over_top=False) == 30.0


def test_over_a_surface_model_the_ground_is_the_top_of_what_diffracts() -> None:
    assert path_height_m(1.5, SURROUNDINGS["trees"], over_top=True) == 1.0
    assert path_height_m(1.5, SURROUNDINGS["open"], over_top=True) == 10.0


@pytest.mark.parametrize("model", TERRAIN)
def test_each_cell_is_a_plain_sweep_to_the_height_of_its_clutter(ground: Surface, model) -> None:
    found = propagate(ground, MAST, [800.0, 2600.0], settings(model))
    assert ground.end is not None
    rows, cols = found.flags.shape
    kinds = ground.end[found.row0 : found.row0 + rows, found.col0 : found.col0 + cols]
    bare = replace(ground, end=None)
    for k, word in enumerate(WORDS):
        around = SURROUNDINGS[word]
        plain = propagate(bare, MAST, [800.0, 2600.0], settings(model, None, around.clutter_m))
        here = (kinds == k) & np.isfinite(plain.loss_db[0])
        assert here.sum() > 100
        for band, freq in enumerate((800.0, 2600.0)):
            more = np.float32(loss_db(freq, PHONE_M, around, 27.0))
            np.testing.assert_allclose(
                found.loss_db[band][here], plain.loss_db[band][here] + more, rtol=0, atol=2e-5
            )


def test_one_environment_everywhere_is_the_class_of_every_cell(ground: Surface) -> None:
    same = replace(ground, end=np.full_like(ground.end, 2))
    found = propagate(same, MAST, [900.0], settings("p526"))
    alone = Ends((SURROUNDINGS["urban"],))
    expected = propagate(replace(ground, end=None), MAST, [900.0], settings("p526", alone))
    np.testing.assert_array_equal(found.loss_db, expected.loss_db)


def test_above_3_ghz_the_path_keeps_its_height_and_open_ground_loses_nothing(
    ground: Surface,
) -> None:
    found = propagate(ground, MAST, [900.0, 3500.0], settings("p526"))
    assert found.freqs_mhz == (900.0, 3500.0)
    plain = propagate(replace(ground, end=None), MAST, [3500.0], settings("p526", None))
    rows, cols = found.flags.shape
    kinds = ground.end[found.row0 : found.row0 + rows, found.col0 : found.col0 + cols]
    more = found.loss_db[1] - plain.loss_db[0]
    assert np.nanmax(np.abs(more[kinds == 0])) == 0.0
    y, x = np.nonzero((kinds == 1) & np.isfinite(more))
    for row, col in list(zip(y, x, strict=True))[::97]:
        east = (found.col0 + col + 0.5) * CELL_M - MAST.x_m
        north = CELLS * CELL_M - (found.row0 + row + 0.5) * CELL_M - MAST.y_m
        km = math.hypot(east, north) / 1e3
        assert more[row, col] == pytest.approx(
            loss_db(3500.0, PHONE_M, SURROUNDINGS["suburban"], 27.0, km), abs=0.03
        )


def test_a_mast_below_its_clutter_loses_too(ground: Surface) -> None:
    low = replace(MAST, height_m=4.4)
    ends = Ends((SURROUNDINGS["open"],), SURROUNDINGS["open"])
    bare = replace(ground, end=None)
    found = propagate(bare, low, [763.0], settings("p526", ends))
    plain = propagate(bare, replace(low, height_m=10.0), [763.0], settings("p526", None, 10.0))
    more = sum(loss_db(763.0, h, SURROUNDINGS["open"], 27.0) for h in (4.4, PHONE_M))
    valid = np.isfinite(plain.loss_db[0])
    np.testing.assert_allclose(
        found.loss_db[0][valid], plain.loss_db[0][valid] + np.float32(more), rtol=0, atol=2e-5
    )


@pytest.mark.parametrize("model", ["okumura_hata", "tr38901_rma"])
def test_models_made_in_clutter_add_none(ground: Surface, model) -> None:
    mast = replace(MAST, height_m=35.0)
    found = propagate(ground, mast, [900.0], settings(model))
    plain = propagate(ground, mast, [900.0], settings(model, None))
    np.testing.assert_array_equal(found.loss_db, plain.loss_db)


def test_the_antenna_sees_the_phone_not_the_roof(ground: Surface) -> None:
    found = propagate(ground, MAST, [900.0], settings("p526"))
    low = propagate(replace(ground, end=None), MAST, [900.0], settings("p526", None))
    both = (found.flags & low.flags & FLAG_LINE_OF_SIGHT) != 0
    assert both.sum() > 100
    np.testing.assert_allclose(found.elevation_deg[both], low.elevation_deg[both], atol=1e-4)
    sight = (found.flags & FLAG_LINE_OF_SIGHT) != 0
    mast_row = int((ground.y0_m - MAST.y_m) / CELL_M)
    mast_col = int(MAST.x_m / CELL_M)
    at_mast = float(ground.height_m[mast_row, mast_col])
    for row, col in list(zip(*np.nonzero(sight), strict=True))[::53]:
        east = (found.col0 + col + 0.5) * CELL_M - MAST.x_m
        north = ground.y0_m - (found.row0 + row + 0.5) * CELL_M - MAST.y_m
        d = math.hypot(east, north)
        if d < 300.0:
            continue
        there = float(ground.height_m[found.row0 + row, found.col0 + col]) + PHONE_M
        ray = math.degrees(math.atan((there - at_mast - MAST.height_m) / d))
        # The ground under the antenna is read between cells: a few metres of it.
        assert found.elevation_deg[row, col] == pytest.approx(ray, abs=1.2)


PATH = {
    "freq_mhz": 900.0,
    "tx_height_m": 30.0,
    "rx_height_m": 1.5,
    "height_m": [100.0, 120.0, 90.0, 140.0, 80.0],
    "distance_km": 6.0,
}


@pytest.mark.parametrize("model", TERRAIN)
def test_a_path_is_raised_and_pays(model) -> None:
    around = SURROUNDINGS["trees"]
    ended = MODELS[model].path_loss(link_path({**PATH, "rx_environment": "trees"})).loss_db
    raised = MODELS[model].path_loss(link_path({**PATH, "rx_height_m": around.clutter_m})).loss_db
    assert ended == pytest.approx(raised + loss_db(900.0, 1.5, around, 27.0), abs=1e-9)


def test_a_path_without_an_environment_is_bare() -> None:
    assert link_path(PATH).ends is None
    hata = MODELS["okumura_hata"]
    ended = link_path({**PATH, "rx_environment": "urban"})
    assert hata.path_loss(ended).loss_db == hata.path_loss(link_path(PATH)).loss_db


def test_a_path_takes_its_own_height_of_clutter_and_street() -> None:
    found = link_path(
        {**PATH, "env_rx": "suburban", "rx_clutter_height_m": 7.0, "street_width_m": 15.0}
    )
    assert found.ends is not None
    assert found.ends.rx == SURROUNDINGS["suburban"]._replace(clutter_m=7.0)
    assert found.ends.street_m == 15.0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"rx_environment": "jungle"}, "jungle"),
        ({"rx_clutter_height_m": 7.0}, "goes with"),
        ({"rx_environment": "open", "clutter_m": [0, 5, 5, 5, 0]}, "twice"),
    ],
)
def test_a_path_says_what_is_wrong_with_its_ends(more, said) -> None:
    with pytest.raises(ModelError, match=said):
        link_path(json.loads(json.dumps({**PATH, **more})))
