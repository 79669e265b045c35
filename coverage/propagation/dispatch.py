"""From a model's name to the sweep that computes it, with the checks common to all."""

from __future__ import annotations

import math
from importlib import import_module
from typing import TYPE_CHECKING

from phusong.errors import ModelError
from phusong.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from phusong.coverage.propagation.surface import (
        PathLoss,
        PropagationSettings,
        Surface,
        Transmitter,
    )

SWEEPS = {
    "itm": "phusong.coverage.propagation.itm.sweep:sweep_itm",
    "p526": "phusong.coverage.propagation.p526.sweep:sweep_p526",
    "p1812": "phusong.coverage.propagation.p1812.sweep:sweep_p1812",
    "free_space": "phusong.coverage.propagation.distance.sweep:sweep_range",
    "okumura_hata": "phusong.coverage.propagation.distance.sweep:sweep_range",
    "cost231_hata": "phusong.coverage.propagation.distance.sweep:sweep_range",
    "extended_hata": "phusong.coverage.propagation.distance.sweep:sweep_range",
    "tr38901_rma": "phusong.coverage.propagation.distance.sweep:sweep_range",
    "tr38901_uma": "phusong.coverage.propagation.distance.sweep:sweep_range",
    "tr38901_umi": "phusong.coverage.propagation.distance.sweep:sweep_range",
}
"""Where each model's sweep lives: ``module:function``, imported (and compiled) when first used.

The function takes (surface, tx, freqs_mhz, settings), already checked by :func:`propagate` for
what holds for every model, checks its own range, and returns a PathLoss.
"""


def propagate(
    surface: Surface,
    tx: Transmitter,
    freqs_mhz: Sequence[float],
    settings: PropagationSettings,
) -> PathLoss:
    """Path loss from one antenna to every cell within the radius, for all bands at once.

    Parameters
    ----------
    surface
        Ground (and clutter, and zones) around the mast; float32, NaN where there is no data.
    tx
        The antenna; must stand on a cell with data.
    freqs_mhz
        Bands, MHz; they share the geometry.
    settings
        Model and what shapes it.

    Returns
    -------
    PathLoss
        Arrays for the window of the surface that the disc touches. The same whatever the number
        of threads.

    Raises
    ------
    ModelError
        When the model is unknown, the antenna is off the surface or on a cell without data, or a
        frequency, height, radius or percentage is outside the model's range.
    """
    where = SWEEPS.get(settings.model)
    if where is None:
        raise ModelError(
            "There is no propagation model called {name}.",
            mend="Choose one of: {known}.",
            params={"name": settings.model, "known": ", ".join(sorted(SWEEPS))},
        )
    _check_common(surface, tx, freqs_mhz, settings)
    module, _, function = where.partition(":")
    result: PathLoss = getattr(import_module(module), function)(
        surface, tx, tuple(float(f) for f in freqs_mhz), settings
    )
    return result


def check_range(name: str, value: float, low: float, high: float, unit: str, model: str) -> None:
    """Raise ModelError unless ``low <= value <= high``."""
    if not low <= value <= high:
        raise ModelError(
            "{model}: {name} {value:g} {unit} lies outside the model's range, "
            "{low:g} to {high:g} {unit}.",
            params={
                "model": model,
                "name": tr(name),
                "value": value,
                "unit": unit,
                "low": low,
                "high": high,
            },
        )


def _check_common(
    surface: Surface, tx: Transmitter, freqs_mhz: Sequence[float], settings: PropagationSettings
) -> None:
    rows, cols = surface.height_m.shape
    col = math.floor((tx.x_m - surface.x0_m) / surface.cell_m)
    row = math.floor((surface.y0_m - tx.y_m) / surface.cell_m)
    place = {"x": tx.x_m, "y": tx.y_m}
    if not (0 <= row < rows and 0 <= col < cols):
        raise ModelError(
            "The antenna at ({x:.0f}, {y:.0f}) lies outside the terrain.",
            params=place,
            mend="Give terrain that covers every tower, or correct the tower's coordinates.",
        )
    if math.isnan(surface.height_m[row, col]):
        raise ModelError(
            "The terrain has no height under the antenna at ({x:.0f}, {y:.0f}).",
            params=place,
            mend="Fill the gap in the terrain, or correct the tower's coordinates.",
        )
    if not freqs_mhz:
        raise ModelError("No frequency was given.")
    model = settings.model
    infinity = math.inf
    tiny = 1e-3
    check_range("antenna height", tx.height_m, tiny, infinity, "m", model)
    check_range("receiver height", settings.rx_height_m, tiny, infinity, "m", model)
    check_range("radius", settings.radius_m, surface.cell_m, infinity, "m", model)
    check_range("time percentage", settings.time_percent, 0.0, 100.0, "%", model)
    check_range("radial step", settings.steps_m(surface.cell_m)[0], tiny, infinity, "m", model)
    for freq in freqs_mhz:
        check_range("frequency", freq, tiny, infinity, "MHz", model)
