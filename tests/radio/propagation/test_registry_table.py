"""The one table of models: every function it names is there, and says so when it is not."""

from importlib import import_module

import numpy as np
import pytest

from phusong.coverage.propagation import PropagationSettings, Surface, Transmitter, propagate
from phusong.coverage.propagation.registry import MODELS, model_named
from phusong.errors import ModelError


@pytest.mark.parametrize("name", list(MODELS))
def test_every_function_the_table_names_is_there(name):
    model = MODELS[name]
    assert model.name == name
    assert model.sweeps
    for place in (model.sweeps_in, model.evaluates_in):
        module, _, function = place.partition(":")
        assert callable(getattr(import_module(f"phusong.coverage.propagation.{module}"), function))


def test_an_unknown_model_is_refused_the_same_way_by_name_and_by_raster():
    surface = Surface(np.zeros((9, 9), np.float32), 0.0, 90.0, 10.0)
    settings = PropagationSettings(model="no_such", radius_m=20.0)
    with pytest.raises(ModelError) as by_raster:
        propagate(surface, Transmitter(45.0, 45.0, 10.0), (900.0,), settings)
    with pytest.raises(ModelError) as by_name:
        model_named("no_such")
    first, second = (str(refusal.value).splitlines()[0] for refusal in (by_raster, by_name))
    assert first == second
    for name in MODELS:
        assert name in str(by_raster.value)
        assert name in str(by_name.value)
