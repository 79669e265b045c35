"""Propagation models as scalar functions, and the terrain sweep that feeds them."""

from phusong.coverage.propagation.raster import propagate
from phusong.coverage.propagation.surface import (
    FLAG_BEYOND_RADIUS,
    FLAG_BRANCH_NEAR,
    FLAG_FREE_SPACE,
    FLAG_LINE_OF_SIGHT,
    FLAG_MODEL_WARNING,
    FLAG_NO_DATA,
    FLAG_NO_VALUE,
    FLAG_NOT_ASKED,
    ZONE_COASTAL,
    ZONE_INLAND,
    ZONE_SEA,
    PathLoss,
    PropagationSettings,
    Surface,
    Transmitter,
)

__all__ = [
    "FLAG_BEYOND_RADIUS",
    "FLAG_BRANCH_NEAR",
    "FLAG_FREE_SPACE",
    "FLAG_LINE_OF_SIGHT",
    "FLAG_MODEL_WARNING",
    "FLAG_NOT_ASKED",
    "FLAG_NO_DATA",
    "FLAG_NO_VALUE",
    "ZONE_COASTAL",
    "ZONE_INLAND",
    "ZONE_SEA",
    "PathLoss",
    "PropagationSettings",
    "Surface",
    "Transmitter",
    "propagate",
]
