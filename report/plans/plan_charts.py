"""Pictures of plans and losses: masts on a map, what each sum buys, exposure, batteries."""

from __future__ import annotations

from typing import Any, Literal

import geopandas as gpd
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator
from shapely import Point

from phusong.coverage.villages.verdict import WHITE
from phusong.i18n import number, tr
from phusong.report.canvas import dot, finish_map, map_axes, to_png
from phusong.results import palette

_NUMBERED = 60
"""Masts that still have room for their number."""
_FATE_WORDS = {
    "served": "gets signal by the plan",
    "repeater": "gets a repeater",
    "satellite": "gets a satellite terminal at its culture house",
    "over_budget": "stays dark: over the budget",
    "no_site": "stays dark: no place covers it",
    "no_backhaul": "stays dark: no backhaul for what covers it",
}
_MAST_MARKS = {
    "new": ("^", "new mast"),
    "climbed": ("o", "standing mast, climbed"),
    "relay": ("D", "relay"),
}
EXPOSED_FROM = (1, 2, 5, 10)
"""Fewest losses of each class of exposure, as on the map page."""


def mast_kind(kind: str, role: str) -> str:
    """Return whether a mast is ``new``, ``climbed`` (stands) or a ``relay`` of either kind."""
    if role == "relays":
        return "relay"
    return "climbed" if kind == "existing" else "new"


def mast_map(
    villages: gpd.GeoDataFrame,
    dark: pd.DataFrame,
    sites: gpd.GeoDataFrame,
    hops: gpd.GeoDataFrame,
    lines: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    brought: gpd.GeoDataFrame | None = None,
) -> bytes:
    """Draw what becomes of the dark villages, and what is built for them; return a PNG.

    Parameters
    ----------
    villages, communes
        Of the run.
    dark
        ``code``, ``status`` of the villages of the plan.
    sites, hops, lines
        Layers of the plan, sites with their ``number``.
    brought
        Commune centres that were to get fibre, with ``status``; None where only masts were planned.
    """
    figure, axes = map_axes()
    status = villages["code"].map(dark.set_index("code")["status"])
    villages[status.isna()].plot(ax=axes, color="#dcecf7", edgecolor="white", linewidth=0.15)
    handles: list[Any] = []
    for name, word in _FATE_WORDS.items():
        part = villages[status == name]
        if not part.empty:
            part.plot(ax=axes, color=palette.FATES[name], edgecolor="white", linewidth=0.15)
            label = f"{tr(word)} ({len(part)})"
            handles.append(Patch(color=palette.FATES[name], label=label))
    communes.boundary.plot(ax=axes, color="#555555", linewidth=0.4)
    drawn: tuple[tuple[gpd.GeoDataFrame, str, Literal["-", "--"], str], ...] = (
        (lines, palette.NEW_CABLE, "-", "new cable"),
        (hops, palette.HOP, "--", "microwave hop"),
    )
    for part, colour, style, word in drawn:
        if not part.empty:
            part.plot(ax=axes, color=colour, linewidth=1.3, linestyle=style)
            handles.append(Line2D([], [], color=colour, linestyle=style, label=tr(word)))
    if brought is not None:
        handles += _brought(axes, brought)
    kinds = [mast_kind(k, r) for k, r in zip(sites["kind"], sites["role"], strict=True)]
    for name, (marker, word) in _MAST_MARKS.items():
        part = sites[[kind == name for kind in kinds]]
        if part.empty:
            continue
        colour = palette.PLANNED_MASTS[name]
        part.plot(
            ax=axes, color=colour, marker=marker, markersize=26, edgecolor="black", linewidth=0.7
        )
        mark = dot(marker, colour, f"{tr(word)} ({len(part)})")
        mark.set_markeredgecolor("black")
        handles.append(mark)
    first = sites.nsmallest(_NUMBERED, "number")
    for order, place in zip(first["number"], first.geometry, strict=True):
        _number(axes, place, int(order))
    return finish_map(figure, axes, handles, communes)


def _brought(axes: Axes, communes: gpd.GeoDataFrame) -> list[Any]:
    """Draw commune centres by whether they get fibre; return what the legend says of them."""
    handles = []
    for built, colour, word in (
        (True, palette.NEW_CABLE, "commune that gets fibre"),
        (False, "#ffffff", "commune that stays without fibre"),
    ):
        part = communes[(communes["status"] == "built") == built]
        if part.empty:
            continue
        part.plot(ax=axes, color=colour, marker="p", markersize=40, edgecolor="black", zorder=3)
        mark = dot("p", colour, f"{tr(word)} ({len(part)})")
        mark.set_markeredgecolor("black")
        handles.append(mark)
    return handles


def sums_chart(
    points: pd.DataFrame, money: str, currency: str, *, weighed: bool, years: bool
) -> bytes:
    """Draw people over money under the line that no plan passes, and villages; return a PNG.

    Parameters
    ----------
    points
        ``villages``, ``people``, ``counted``, ``most_people`` and the column ``money`` names; in
        years also ``year``.
    weighed
        Whether people count differently: then they are drawn as they count, which is what
        ``most_people`` bounds.
    """
    figure = Figure(figsize=(7.2, 2.9), layout="constrained")
    FigureCanvasAgg(figure)
    people, villages = figure.subplots(1, 2)
    spent = [0.0, *points[money]]
    counted = points["counted" if weighed else "people"]
    people.plot(
        spent,
        [0.0, *counted],
        color=palette.HOP,
        marker="o",
        markersize=3.5,
        label=tr("the plan"),
    )
    most = [0.0, *points["most_people"]]
    people.plot(
        spent,
        most,
        color="#555555",
        linestyle="--",
        linewidth=1,
        label=tr("no plan of these places passes"),
    )
    people.fill_between(spent, [0.0, *counted], most, color=palette.HOP, alpha=0.1)
    villages.plot(
        spent,
        [0.0, *points["villages"]],
        color=palette.FATES["served"],
        marker="o",
        markersize=3.5,
        label=tr("the plan"),
    )
    if years:
        for year, x, y in zip(points["year"], points[money], counted, strict=True):
            text = tr("year {year}", year=int(year))
            people.annotate(text, (x, y), (3, -9), textcoords="offset points", fontsize=6)
    served = "People, as the plan counts them" if weighed else "People served by the plan"
    for axes, title in ((people, served), (villages, "Villages served by the plan")):
        axes.set_title(tr(title), fontsize=9)
        axes.set_xlabel(currency, fontsize=8)
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda v, _: number(v)))
        axes.grid(visible=True, alpha=0.3)
        axes.tick_params(labelsize=7)
    people.legend(fontsize=7, frameon=False, loc="upper left")
    return to_png(figure)


def exposure_map(
    villages: gpd.GeoDataFrame,
    exposure: pd.Series,
    worst: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
) -> bytes:
    """Draw villages by how many single losses take their signal, the worst losses numbered.

    Parameters
    ----------
    villages
        With ``grade``: those without signal today have none to lose.
    exposure
        Losses by village code; villages that none takes are missing.
    worst
        Points, worst first.
    """
    figure, axes = map_axes()
    count = villages["code"].map(exposure).fillna(0)
    ends = [*EXPOSED_FROM[1:], float("inf")]
    handles: list[Any] = []
    dark = villages["grade"] == WHITE
    for part, colour, word in (
        (villages[(count == 0) & dark], "#8d949c", "without signal today"),
        (villages[(count == 0) & ~dark], "#e4e7ea", "none"),
    ):
        if not part.empty:
            part.plot(ax=axes, color=colour, edgecolor="white", linewidth=0.15)
        handles.append(Patch(color=colour, label=f"{tr(word)} ({len(part)})"))
    for least, end, colour in zip(EXPOSED_FROM, ends, palette.EXPOSURE, strict=True):
        part = villages[(count >= least) & (count < end)]
        if not part.empty:
            part.plot(ax=axes, color=colour, edgecolor="white", linewidth=0.15)
        handles.append(Patch(color=colour, label=f"{_losses(least, end)} ({len(part)})"))
    communes.boundary.plot(ax=axes, color="#555555", linewidth=0.4)
    worst.plot(ax=axes, color="#f0e442", markersize=34, edgecolor="black", linewidth=0.8)
    # Losses at one place, and most of the worst lie along one cable, share one number.
    seen: list[tuple[float, float]] = []
    west, south, east, north = communes.total_bounds
    apart = 0.02 * max(east - west, north - south)
    for order, place in enumerate(worst.geometry, start=1):
        if any(abs(place.x - x) + abs(place.y - y) < apart for x, y in seen):
            continue
        seen.append((place.x, place.y))
        _number(axes, place, order)
    mark = dot("o", "#f0e442", tr("the worst losses, by their number"))
    mark.set_markeredgecolor("black")
    handles.append(mark)
    return finish_map(figure, axes, handles, communes)


def _number(axes: Axes, place: Point, order: int) -> None:
    """Write a number beside a place, on a halo that keeps it readable on any colour."""
    text = axes.annotate(
        str(order), (place.x, place.y), (4, 3), textcoords="offset points", fontsize=6.5
    )
    text.set_path_effects([withStroke(linewidth=1.8, foreground="white")])


def _losses(least: int, end: float) -> str:
    if end == float("inf"):
        return tr("{least} losses and more", least=least)
    if end - least == 1:
        return tr("one loss") if least == 1 else tr("{count} losses", count=least)
    return tr("{least} to {most} losses", least=least, most=int(end) - 1)


def battery_chart(feeders: pd.DataFrame) -> bytes:
    """Draw people who lose signal over the hours that each feeder is gone; return a PNG.

    Parameters
    ----------
    feeders
        Rows by feeder, columns hours, people; sorted worst first.
    """
    figure = Figure(figsize=(7.2, 2.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    marks = ("o", "s", "^", "D", "v", "P", "X", "*")
    for order, (feeder, row) in enumerate(feeders.iterrows()):
        axes.plot(
            [float(str(hours)) for hours in feeders.columns],
            row.to_numpy(float),
            color=palette.CARRIERS[order % len(palette.CARRIERS)],
            marker=marks[order % len(marks)],
            markersize=4,
            linewidth=1.2,
            label=str(feeder),
        )
    axes.set_xlabel(tr("hours without power"), fontsize=8)
    axes.set_ylabel(tr("people who lose signal"), fontsize=8)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_xticks([float(str(hours)) for hours in feeders.columns])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: number(v, "g")))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: number(v)))
    axes.grid(visible=True, alpha=0.3)
    axes.tick_params(labelsize=7)
    figure.legend(fontsize=7, frameon=False, loc="outside right upper")
    return to_png(figure)
