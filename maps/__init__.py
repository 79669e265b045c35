"""Maps: self-contained HTML pages of a run's results, of plans, and of two runs side by side."""

from phusong.maps.page import build_map
from phusong.maps.subjects import Losses, MastPlan
from phusong.maps.swipe import build_swipe_map

__all__ = ["Losses", "MastPlan", "build_map", "build_swipe_map"]
