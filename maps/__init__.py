"""Maps: one self-contained HTML page of a run's results."""

from phusong.maps.page import build_map

__all__ = ["build_map"]
