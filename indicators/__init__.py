"""The reportable figures, their definitions, and how they move with the definition."""

from phusong.indicators.figures import compute_indicators
from phusong.indicators.results import Indicator, Indicators

__all__ = ["Indicator", "Indicators", "compute_indicators"]
