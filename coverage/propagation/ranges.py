"""The refusal of a value outside of a model's stated range."""

from __future__ import annotations

from phusong.errors import ModelError
from phusong.i18n import tr


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
