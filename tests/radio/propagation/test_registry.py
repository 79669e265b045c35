"""The registry of models, rasters of the models that know only distance."""

import subprocess
import sys

import numpy as np
import pytest

from phusong.coverage.propagation import (
    FLAG_BEYOND_RADIUS,
    FLAG_MODEL_WARNING,
    FLAG_NO_DATA,
    PropagationSettings,
    Surface,
    Transmitter,
    propagate,
)
from phusong.coverage.propagation.linkpath import link_path
from phusong.coverage.propagation.registry import MODELS, model_named, models_table
from phusong.errors import ModelError
from phusong.i18n import set_language


def path(**change):
    record = {
        "freq_mhz": 1600.0,
        "tx_height_m": 35.0,
        "rx_height_m": 1.5,
        "height_m": [10.0, 12.0, 9.0, 14.0, 10.0],
        "distance_km": 2.0,
    }
    return link_path(record | change)


def test_importing_the_registry_compiles_nothing():
    code = (
        "import sys, phusong.coverage.propagation.registry as m; "
        "m.models_table(); sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", [name for name in MODELS if name != "tr38901_umi"])
def test_every_model_computes_a_path_in_its_range(name):
    freq = 900.0 if name == "okumura_hata" else 1600.0
    free = MODELS["free_space"].path_loss(path(freq_mhz=freq)).loss_db
    loss = MODELS[name].path_loss(path(freq_mhz=freq)).loss_db
    assert free - 10.0 < loss < free + 80.0


def test_umi_computes_a_low_antenna():
    loss = MODELS["tr38901_umi"].path_loss(path(tx_height_m=10.0, distance_km=0.3)).loss_db
    assert 100.0 < loss < 140.0


@pytest.mark.parametrize("name", list(MODELS))
@pytest.mark.parametrize(
    "change",
    [{"freq_mhz": 1e-4}, {"freq_mhz": 1e7}, {"tx_height_m": -1.0}, {"rx_height_m": 1e7}],
)
def test_every_model_refuses_what_is_outside_of_its_range(name, change):
    with pytest.raises(ModelError, match=name):
        MODELS[name].path_loss(path(**change))


def test_time_percentage_is_checked_where_the_model_knows_time():
    with pytest.raises(ModelError, match="time percentage"):
        MODELS["p1812"].path_loss(path(time_percent=60.0))
    assert MODELS["p526"].path_loss(path(time_percent=60.0)).loss_db > 0.0


def test_uneven_profiles_are_made_even_for_itm():
    even = MODELS["itm"].path_loss(path(height_m=[0.0, 10.0, 20.0, 30.0, 40.0])).loss_db
    uneven = path(height_m=[0.0, 5.0, 10.0, 30.0, 40.0], distance_km=[0.0, 0.25, 0.5, 1.5, 2.0])
    assert MODELS["itm"].path_loss(uneven).loss_db == pytest.approx(even, abs=1e-9)


def test_refractivity_without_an_earth_radius_is_refused():
    with pytest.raises(ModelError, match="effective earth radius"):
        MODELS["p526"].path_loss(path(delta_n=157.0))


def test_unknown_model_names_those_there_are():
    with pytest.raises(ModelError, match="p1812"):
        model_named("okumura")


def test_table_speaks_both_languages():
    table = models_table()
    assert list(table["name"]) == list(MODELS)
    assert table.loc[table["name"] == "p1812", "freq_mhz"].item() == "30–6000"
    set_language("vi")
    try:
        vietnamese = models_table()
    finally:
        set_language("en")
    assert (vietnamese["title"] != table["title"]).all()
    assert (vietnamese["note"] != table["note"]).all()


@pytest.fixture(scope="module")
def surface():
    height = np.full((61, 81), 100.0, np.float32)
    height[5, 5] = np.nan
    return Surface(height, x0_m=1000.0, y0_m=9000.0, cell_m=100.0)


MAST = Transmitter(1000.0 + 4050.0, 9000.0 - 3050.0, 40.0)


@pytest.mark.parametrize(
    ("model", "freq"),
    [
        ("free_space", 900.0),
        ("okumura_hata", 900.0),
        ("cost231_hata", 1800.0),
        ("extended_hata", 900.0),
        ("tr38901_rma", 900.0),
        ("tr38901_uma", 900.0),
    ],
)
def test_raster_equals_the_path_and_flags_what_is_out_of_range(surface, model, freq):
    settings = PropagationSettings(
        model=model, radius_m=2950.0, environment="urban" if model == "cost231_hata" else "open"
    )
    result = propagate(surface, MAST, (freq,), settings)
    assert result.loss_db.shape == (1, 59, 59)
    row, col = 30 - result.row0, 40 + 15 - result.col0
    expected = MODELS[model].path_loss(
        path(freq_mhz=freq, tx_height_m=40.0, distance_km=1.5, height_m=[100.0, 100.0, 100.0])
    )
    assert result.loss_db[0, row, col] == pytest.approx(expected.loss_db, abs=1e-4)
    valid = (result.flags & (FLAG_BEYOND_RADIUS | FLAG_NO_DATA)) == 0
    assert np.isfinite(result.loss_db[0]).sum() == valid.sum()
    assert (np.isnan(result.elevation_deg) == ~valid).all()
    mast = result.flags[30 - result.row0, 40 - result.col0]
    low_km = MODELS[model].distance_km[0]
    assert bool(mast & FLAG_MODEL_WARNING) == (low_km > 0.0)
    free = propagate(
        surface, MAST, (freq,), PropagationSettings(model="free_space", radius_m=2950.0)
    )
    assert (result.loss_db[0][valid] >= free.loss_db[0][valid]).all()


def test_raster_without_data(surface):
    far = PropagationSettings(model="free_space", radius_m=9000.0)
    result = propagate(surface, MAST, (900.0,), far)
    assert result.flags[5, 5] == FLAG_NO_DATA
    assert np.isnan(result.loss_db[0, 5, 5])


@pytest.mark.parametrize(
    ("change", "freq", "height", "text"),
    [
        ({"model": "okumura_hata"}, 1800.0, 40.0, "frequency"),
        ({"model": "okumura_hata"}, 900.0, 20.0, "antenna height"),
        ({"model": "okumura_hata", "rx_height_m": 20.0}, 900.0, 40.0, "receiver height"),
        ({"model": "okumura_hata", "environment": "sea"}, 900.0, 40.0, "sea"),
        ({"model": "cost231_hata"}, 1800.0, 40.0, "open land"),
        ({"model": "tr38901_umi"}, 1800.0, 40.0, "antenna height"),
        ({"model": "no_such"}, 1800.0, 40.0, "no_such"),
    ],
)
def test_raster_refusals(surface, change, freq, height, text):
    mast = Transmitter(MAST.x_m, MAST.y_m, height)
    with pytest.raises(ModelError, match=text):
        propagate(surface, mast, (freq,), PropagationSettings(radius_m=2000.0, **change))
