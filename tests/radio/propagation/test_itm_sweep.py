"""ITM over a disc: parity with the path on the identical profile, flags, order statistics."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phusong.coverage.propagation import (
    FLAG_FREE_SPACE,
    FLAG_LINE_OF_SIGHT,
    FLAG_MODEL_WARNING,
    FLAG_NO_DATA,
    FLAG_NO_VALUE,
    PropagationSettings,
    Surface,
    Transmitter,
    propagate,
)
from phusong.coverage.propagation.itm.order import select, select_near
from phusong.coverage.propagation.itm.path import itm_path
from phusong.coverage.propagation.itm.sweep import itm_settings, sweep_itm
from phusong.coverage.propagation.walk.profile import cell_profile
from phusong.errors import ModelError
from phusong.jit import get_num_threads, set_num_threads

FREQS = (450.0, 3500.0)
SETTINGS = PropagationSettings(model="itm", radius_m=5400.0, n0=301.0)


def mountains(size, relief, seed=3):
    """Ground with the spectrum of real terrain, from 0 m up."""
    rng = np.random.default_rng(seed)
    wave = np.fft.rfftfreq(size)[None, :] ** 2 + np.fft.fftfreq(size)[:, None] ** 2
    wave[0, 0] = 1.0
    ground = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(size, size))) / wave)
    ground = (ground - ground.min()) / np.ptp(ground)
    return (relief * ground).astype(np.float32)


def surface_of(height):
    rows = height.shape[0]
    return Surface(height, 0.0, rows * 30.0, 30.0), Transmitter(
        rows * 15.0 + 4.0, rows * 15.0 - 7.0, 30.0
    )


@pytest.mark.parametrize(
    ("name", "height"),
    [
        ("mountains", mountains(361, 1500.0)),
        ("plain", np.round(mountains(361, 12.0, 5))),
        ("level", np.full((361, 361), 40.0, np.float32)),
    ],
)
def test_every_cell_is_the_path_on_its_own_profile(name, height):
    surface, tx = surface_of(height)
    result = sweep_itm(surface, tx, FREQS, SETTINGS, np.float64)
    rng = np.random.default_rng(11)
    compared = 0
    for row, col in rng.integers(0, 361, (6000, 2)):
        at = (row - result.row0, col - result.col0)
        if not (0 <= at[0] < result.flags.shape[0] and 0 <= at[1] < result.flags.shape[1]):
            continue
        if result.flags[at] & (FLAG_FREE_SPACE | 1):
            continue
        profile = cell_profile(surface, tx, SETTINGS, row, col)
        step = profile.distance_m[-1] / (profile.distance_m.size - 1)
        warned = 0
        for band, freq in enumerate(FREQS):
            path = itm_path(
                profile.height_m, step, 30.0, 1.5, freq, settings=itm_settings(SETTINGS)
            )
            assert result.loss_db[(band, *at)] == pytest.approx(path.loss_db, abs=1e-6), (name, at)
            warned |= int(path.warnings)
        assert bool(result.flags[at] & FLAG_MODEL_WARNING) == bool(warned)
        compared += 1
    assert compared > 700
    assert np.isfinite(result.loss_db).sum() == 2 * ((result.flags & 1) == 0).sum()


def test_threads_do_not_change_a_bit():
    surface, tx = surface_of(mountains(121, 800.0))
    before = get_num_threads()
    results = []
    try:
        for threads in (1, before):
            set_num_threads(threads)
            results.append(propagate(surface, tx, (900.0,), SETTINGS))
    finally:
        set_num_threads(before)
    assert np.array_equal(results[0].loss_db, results[1].loss_db, equal_nan=True)
    assert np.array_equal(results[0].flags, results[1].flags)


def test_flags_near_the_mast_and_where_there_is_no_ground():
    height = mountains(121, 300.0)
    height[10:20, 60] = np.nan
    surface, tx = surface_of(height)
    result = propagate(surface, tx, (900.0,), SETTINGS)
    assert result.flags[60, 60] & FLAG_FREE_SPACE
    assert result.flags[60, 60] & FLAG_LINE_OF_SIGHT
    assert result.flags[15, 60] == FLAG_NO_DATA
    assert result.flags[2, 60] == FLAG_NO_DATA
    assert np.isnan(result.loss_db[0, 2, 60])
    assert np.isnan(result.elevation_deg[2, 60])
    hidden = np.isfinite(result.loss_db[0]) & ((result.flags & FLAG_LINE_OF_SIGHT) == 0)
    assert hidden.any()


def test_elevation_is_that_of_the_horizon_where_hidden():
    height = np.zeros((121, 121), np.float32)
    height[40] = 200.0
    surface = Surface(height, 0.0, 3630.0, 30.0)
    tx = Transmitter(60.5 * 30.0, 3630.0 - 60.5 * 30.0, 30.0)
    result = propagate(surface, tx, (900.0,), SETTINGS)
    assert result.elevation_deg[10, 60] == pytest.approx(
        np.degrees(np.arctan(170 / 600 - 600 / 1.7e7)), abs=1e-3
    )
    assert result.elevation_deg[80, 60] == pytest.approx(
        np.degrees(np.arctan(-28.5 / 600)), abs=1e-2
    )


def test_no_value_is_flagged():
    height = np.where(np.indices((61, 61)).sum(0) % 3 == 0, 2400.0, 300.0).astype(np.float32)
    surface, tx = surface_of(height)
    result = propagate(surface, tx, (25.0,), SETTINGS)
    none = (result.flags & FLAG_NO_VALUE) > 0
    assert none.any()
    assert np.isnan(result.loss_db[0][none]).all()
    assert np.isfinite(result.loss_db[0][~none]).all()


@pytest.mark.parametrize(
    ("change", "text"), [({"radio_climate": 9}, "climates"), ({"n0": 500.0}, "N0")]
)
def test_refusals(change, text):
    surface, tx = surface_of(np.zeros((31, 31), np.float32))
    with pytest.raises(ModelError, match=text):
        propagate(surface, tx, (900.0,), PropagationSettings(model="itm", radius_m=300.0, **change))


@settings(max_examples=200, deadline=None)
@given(
    values=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60),
    share=st.floats(0.0, 1.0),
    guess=st.floats(-2e3, 2e3),
    width=st.floats(0.0, 100.0),
)
def test_selection_is_exact_whatever_the_guess(values, share, guess, width):
    k = min(int(share * len(values)), len(values) - 1)
    array = np.array(values)
    expected = np.sort(array)[k]
    assert select_near(array, len(values), k, guess, width, np.empty(len(values))) == expected
    assert np.array_equal(array, values)
    assert select(array.copy(), len(values), k) == expected
