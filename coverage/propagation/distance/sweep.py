"""Rasters of the models that know only distance: free space, the Hata family, TR 38.901.

The formulas, and what they are cited from, are in :mod:`.hata` and :mod:`.tr38901`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import numpy as np

from phusong.coverage.propagation.distance import hata, tr38901
from phusong.coverage.propagation.p526.path import FREE_SPACE_DB
from phusong.coverage.propagation.ranges import check_range
from phusong.coverage.propagation.registry import model_named
from phusong.coverage.propagation.surface import (
    FLAG_BEYOND_RADIUS,
    FLAG_MODEL_WARNING,
    FLAG_NO_DATA,
    FLAG_NOT_ASKED,
    PathLoss,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.coverage.propagation.surface import PropagationSettings, Surface, Transmitter

NEAREST_M = 1.0
"""Under the antenna itself the formulas are taken at this distance."""


def sweep_range(
    surface: Surface,
    tx: Transmitter,
    freqs_mhz: tuple[float, ...],
    settings: PropagationSettings,
) -> PathLoss:
    """Loss from `tx` to every cell in reach by distance alone, never below free space.

    See :func:`phusong.coverage.propagation.propagate` for the arguments. Cells nearer or
    farther than the model's stated range get its formula's value and ``FLAG_MODEL_WARNING``.
    Hata's environment is ``settings.environment``. Elevation is that of the straight ray over
    the effective earth; line of sight is not known.

    Raises
    ------
    ModelError
        For a frequency or height outside of the model, or an environment it has no curve for.
    """
    model = model_named(settings.model)
    for freq in freqs_mhz:
        check_range("frequency", freq, *model.freq_mhz, "MHz", model.name)
    check_range("antenna height", tx.height_m, *model.tx_height_m, "m", model.name)
    check_range("receiver height", settings.rx_height_m, *model.rx_height_m, "m", model.name)
    rows, cols = surface.height_m.shape
    tx_col = (tx.x_m - surface.x0_m) / surface.cell_m - 0.5
    tx_row = (surface.y0_m - tx.y_m) / surface.cell_m - 0.5
    reach = settings.radius_m / surface.cell_m
    row0, row1 = _window(tx_row, reach, rows)
    col0, col1 = _window(tx_col, reach, cols)
    d_row = (np.arange(row0, row1) - tx_row) * surface.cell_m
    d_col = (np.arange(col0, col1) - tx_col) * surface.cell_m
    distance = np.hypot(d_row[:, None], d_col[None, :])
    ground = surface.height_m[row0:row1, col0:col1].astype(np.float64)
    at_mast = float(surface.height_m[math.floor(tx_row + 0.5), math.floor(tx_col + 0.5)])
    above: NDArray[np.float32] | float = settings.rx_height_m
    if surface.rise_m is not None:
        above = surface.rise_m[row0:row1, col0:col1]
    rise = ground + above - at_mast - tx.height_m
    beyond, void = distance > settings.radius_m, np.isnan(ground)
    flags = np.where(beyond, FLAG_BEYOND_RADIUS, np.where(void, FLAG_NO_DATA, 0)).astype(np.uint8)
    if surface.asked is not None:
        flags[(flags == 0) & ~surface.asked[row0:row1, col0:col1]] = FLAG_NOT_ASKED
    valid = flags == 0
    low_km, high_km = model.distance_km
    outside = (distance < 1000.0 * low_km) | (distance > 1000.0 * high_km)
    flags[valid & outside] |= FLAG_MODEL_WARNING
    level = np.maximum(distance[valid], NEAREST_M)
    slant_km = np.hypot(level, rise[valid]) / 1000.0
    loss = np.full((len(freqs_mhz), *flags.shape), np.nan, np.float32)
    for band, freq in enumerate(freqs_mhz):
        # ITU-R P.525-4 eq. (3)
        free = FREE_SPACE_DB + 20.0 * np.log10(freq / 1000.0) + 20.0 * np.log10(slant_km)
        loss[band][valid] = np.maximum(_loss(freq, level, tx, settings, free), free)
    bulge = level / (2.0 * settings.effective_earth_radius_km * 1000.0)
    elevation = np.full(flags.shape, np.nan, np.float32)
    elevation[valid] = np.degrees(np.arctan(rise[valid] / level - bulge))
    return PathLoss(row0, col0, freqs_mhz, loss, elevation, flags)


def _window(centre: float, reach: float, size: int) -> tuple[int, int]:
    """First cell and one past the last cell within reach along one axis."""
    first = max(0, int(np.ceil(centre - reach)))
    return first, max(first + 1, min(size, int(np.floor(centre + reach)) + 1))


def _loss(
    freq: float,
    distance_m: NDArray[np.float64],
    tx: Transmitter,
    settings: PropagationSettings,
    free_space_db: NDArray[np.float64],
) -> NDArray[np.float64]:
    name = settings.model
    if name == "free_space":
        return free_space_db
    if name.startswith("tr38901_"):
        scenario = cast("tr38901.Scenario", name.removeprefix("tr38901_"))
        surroundings = tr38901.Surroundings()
        tr38901.check_tr38901(scenario, freq, tx.height_m, settings.rx_height_m, surroundings)
        return tr38901.tr38901_formula(
            scenario, freq, distance_m, tx.height_m, settings.rx_height_m, surroundings
        ).mean_db
    hata.check_environment(settings.environment)
    environment = cast("hata.Environment", settings.environment)
    if name == "cost231_hata":
        hata.check_cost231_environment(environment)
    formula = {
        "okumura_hata": hata.hata_formula,
        "cost231_hata": hata.cost231_formula,
        "extended_hata": hata.extended_formula,
    }[name]
    return formula(freq, distance_m / 1000.0, tx.height_m, settings.rx_height_m, environment)
