"""The loss over a whole disc by the model the settings name, with the checks common to all."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from phusong.coverage.propagation.ranges import check_range
from phusong.coverage.propagation.registry import MODELS, unknown_model
from phusong.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from phusong.coverage.propagation.surface import (
        PathLoss,
        PropagationSettings,
        Surface,
        Transmitter,
    )


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
    model = MODELS.get(settings.model)
    if model is None:
        raise unknown_model(settings.model, sorted(MODELS))
    _check_common(surface, tx, freqs_mhz, settings)
    freqs = tuple(float(f) for f in freqs_mhz)
    if settings.ends is None or model.knows_clutter:
        return model.sweep(surface, tx, freqs, settings)
    # Imported here: naming the models compiles nothing.
    from phusong.coverage.propagation.ends import (  # noqa: PLC0415
        add_losses,
        groups,
        raise_ends,
        together,
    )

    parts = []
    for group in groups(freqs):
        raised = raise_ends(surface, tx, group, settings)
        found = model.sweep(raised[0], raised[1], group, raised[2])
        parts.append(add_losses(found, surface, tx, settings, raised))
    return parts[0] if len(parts) == 1 else together(parts, freqs)


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
