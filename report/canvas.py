"""What every picture of a report shares: axes of maps with scale and north, legends, the PNG."""

from __future__ import annotations

import io
import math
from typing import Any

import geopandas as gpd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from phusong.i18n import tr

_DPI = 200
_LONGEST_ABREAST = 42
"""Letters of a label, two of which still stand side by side under a map."""


def map_axes() -> tuple[Figure, Axes]:
    """Return a figure of a map, its axes without frame."""
    figure = Figure(figsize=(5.6, 6.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set_aspect("equal")
    axes.set_axis_off()
    return figure, axes


def dot(marker: str, colour: str, label: str) -> Line2D:
    """Return a mark for a legend."""
    return Line2D([], [], marker=marker, color=colour, linestyle="", markersize=5, label=label)


def finish_map(figure: Figure, axes: Axes, handles: list[Any], communes: gpd.GeoDataFrame) -> bytes:
    """Set limits, scale, north and legend; return the PNG."""
    west, south, east, north = communes.total_bounds
    margin = 0.04 * max(east - west, north - south)
    axes.set_xlim(west - margin, east + margin)
    axes.set_ylim(south - 2 * margin, north + margin)
    length_m = _round_length((east - west) / 4)
    axes.plot([west, west + length_m], [south - margin] * 2, color="black", linewidth=2)
    axes.annotate(
        f"{length_m / 1000:g} km",
        (west + length_m / 2, south - margin),
        (0, 3),
        textcoords="offset points",
        ha="center",
        fontsize=8,
    )
    axes.annotate(
        tr("N"),
        (east, north),
        (east, north - 2 * margin),
        ha="center",
        fontsize=9,
        arrowprops={"arrowstyle": "->"},
    )
    longest = max(len(handle.get_label()) for handle in handles)
    columns = 2 if longest <= _LONGEST_ABREAST else 1
    figure.legend(
        handles=handles, loc="outside lower center", ncols=columns, fontsize=8, frameon=False
    )
    return to_png(figure)


def _round_length(length_m: float) -> float:
    """Return the largest 1, 2 or 5 times a power of ten that is not over ``length_m``."""
    power = 10.0 ** math.floor(math.log10(length_m))
    return max(step * power for step in (1, 2, 5) if step * power <= length_m)


def to_png(figure: Figure) -> bytes:
    """Return the picture."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    return buffer.getvalue()
