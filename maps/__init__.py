"""Maps: self-contained HTML pages of a run's results, and of two runs side by side."""

from phusong.maps.page import build_map
from phusong.maps.swipe import build_swipe_map

__all__ = ["build_map", "build_swipe_map"]
