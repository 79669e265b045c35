"""The pictures of a report: maps by verdict and reach, and the sensitivity figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from phusong.coverage.villages.verdict import GRADE_WORDS
from phusong.i18n import tr
from phusong.report.canvas import dot, finish_map, map_axes, to_png
from phusong.results import palette

_MOST_DOTS = 1500
"""Rows of which each still shows as a dot; more are drawn as their density."""
SIGHT_WORDS: Mapping[str, str] = {"clear": "line of sight", "obstructed": "obstructed"}


def verdict_map(
    villages: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, sites: gpd.GeoDataFrame
) -> bytes:
    """Draw villages by verdict, commune borders and masts; return a PNG."""
    figure, axes = map_axes()
    for grade, colour in palette.GRADES.items():
        part = villages[villages["grade"] == grade]
        if not part.empty:
            part.plot(ax=axes, color=colour, edgecolor="white", linewidth=0.15)
    communes.boundary.plot(ax=axes, color="#333333", linewidth=0.5)
    if not sites.empty:
        sites.plot(
            ax=axes, color="black", marker="^", markersize=14, edgecolor="white", linewidth=0.3
        )
    counts = villages["grade"].value_counts()
    handles: list[Any] = [
        Patch(color=colour, label=f"{tr(GRADE_WORDS[grade])} ({counts.get(grade, 0)})")
        for grade, colour in palette.GRADES.items()
    ]
    handles.append(dot("^", "black", tr("mast")))
    return finish_map(figure, axes, handles, communes)


def fibre_map(
    communes: gpd.GeoDataFrame, cables: gpd.GeoDataFrame, centres: gpd.GeoDataFrame
) -> bytes:
    """Draw cables and commune centres by reach; return a PNG."""
    figure, axes = map_axes()
    communes.plot(ax=axes, color="#f2f2f2", edgecolor="#888888", linewidth=0.4)
    handles: list[Any] = []
    kinds: tuple[tuple[bool, str, Literal["-", "--"], str], ...] = (
        (True, palette.CABLE_LIT, "-", "cable connected to a point of presence"),
        (False, palette.CABLE_DARK, "--", "cable not connected"),
    )
    for connected, colour, style, label in kinds:
        part = cables[cables["connected"].astype(bool) == connected] if len(cables) else cables
        if not part.empty:
            part.plot(ax=axes, color=colour, linewidth=1.2, linestyle=style)
            handles.append(Line2D([], [], color=colour, linestyle=style, label=tr(label)))
    for name, colour, marker, label in (
        ("reached", palette.REACHED, "s", "centre with fibre, two routes or more"),
        ("single", palette.ONE_ROUTE, "s", "centre with fibre on one route"),
        ("not", palette.NOT_REACHED, "X", "centre without fibre"),
    ):
        part = centres[_state(centres) == name] if len(centres) else centres
        if not part.empty:
            part.plot(ax=axes, color=colour, marker=marker, markersize=26, edgecolor="white")
        handles.append(dot(marker, colour, f"{tr(label)} ({len(part)})"))
    return finish_map(figure, axes, handles, communes)


def _state(centres: gpd.GeoDataFrame) -> pd.Series[Any]:
    reached = centres["reached"].astype(bool)
    single = centres["single_route"].astype("boolean").fillna(value=False).astype(bool)
    state = pd.Series("not", index=centres.index)
    state[reached] = "reached"
    state[reached & single] = "single"
    return state


def sensitivity_chart(table: pd.DataFrame, reported: Mapping[str, float]) -> bytes:
    """Draw how the share of villages moves with threshold, probability and share asked.

    Parameters
    ----------
    table
        Rows of any carrier and the verdict technologies.
    reported
        Label -> share, drawn as horizontal lines (the study's figure, and the circles').
    """
    probabilities = sorted(table["probability"].unique())
    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(probabilities), sharey=True, squeeze=False)[0]
    for axes, probability in zip(panels, probabilities, strict=True):
        block = table[table["probability"] == probability]
        for share, rows in block.groupby("share_asked"):
            rows = rows.sort_values("threshold_offset_db")  # noqa: PLW2901 - the same rows in order
            axes.plot(
                rows["threshold_offset_db"],
                rows["value"] * 100,
                marker="o",
                markersize=3,
                linewidth=1.2,
                label=tr("centre + {share} of the people", share=f"{share:.0%}"),
            )
        for (label, value), style in zip(reported.items(), ("-", ":"), strict=False):
            axes.axhline(value * 100, color="#555555", linestyle=style, linewidth=1, label=label)
        axes.set_title(f"P ≥ {probability:.0%}", fontsize=9)
        axes.set_ylim(0, 102)
        axes.grid(visible=True, alpha=0.3)
        axes.tick_params(labelsize=7)
    panels[0].set_ylabel(tr("villages covered, %"), fontsize=8)
    panels[0].set_xlabel(tr("threshold moved by, dB"), fontsize=8)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=7, ncols=3, loc="outside lower center", frameon=False)
    return to_png(figure)


def measured_chart(judged: pd.DataFrame, reliability: pd.DataFrame) -> bytes:
    """Draw measured levels over predicted ones, and the share that came true over the claimed one.

    Parameters
    ----------
    judged, reliability
        See :func:`phusong.results.measured.judge` and ``reliability``; the latter may be empty.
    """
    figure = Figure(figsize=(7.2, 3.5), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, 2)
    _levels(figure, panels[0], judged)
    _claims(panels[1], reliability)
    for axes in panels:
        axes.set_box_aspect(1)
        axes.grid(visible=True, alpha=0.3)
        axes.tick_params(labelsize=7)
        axes.legend(fontsize=7, frameon=False, loc="upper left")
    return to_png(figure)


def _levels(figure: Figure, axes: Axes, judged: pd.DataFrame) -> None:
    predicted, measured = (judged[name] for name in ("predicted_dbm", "level_dbm"))
    ends = (min(predicted.min(), measured.min()) - 3, max(predicted.max(), measured.max()) + 3)
    if len(judged) > _MOST_DOTS:
        cells = axes.hexbin(
            predicted, measured, gridsize=45, extent=(*ends, *ends), bins="log", mincnt=1
        )
        # In the corner that no level reaches: beside the plot it would stand in the other's way.
        corner = axes.inset_axes((0.56, 0.14, 0.38, 0.035))
        bar = figure.colorbar(cells, cax=corner, orientation="horizontal", format="%d")
        corner.set_title(tr("measurements"), fontsize=7, pad=3)
        corner.tick_params(labelsize=6, pad=1)
        bar.minorticks_off()
    else:
        for sight, word in SIGHT_WORDS.items():
            part = judged[judged["sight"] == sight]
            if not part.empty:
                axes.scatter(
                    part["predicted_dbm"],
                    part["level_dbm"],
                    s=10,
                    color=palette.SIGHTS[sight],
                    marker="o" if sight == "clear" else "^",
                    linewidth=0,
                    alpha=0.7,
                    label=f"{tr(word)} ({len(part)})",
                )
    axes.plot(ends, ends, color=palette.INK, linewidth=1, label=tr("measured = predicted"))
    axes.set_xlim(ends)
    axes.set_ylim(ends)
    axes.set_xlabel(tr("predicted, dBm"), fontsize=8)
    axes.set_ylabel(tr("measured, dBm"), fontsize=8)


def _claims(axes: Axes, reliability: pd.DataFrame) -> None:
    axes.plot((0, 1), (0, 1), color=palette.INK, linewidth=1, label=tr("as claimed"))
    if not reliability.empty:
        share = reliability["share"].to_numpy(float)
        reach = np.stack([share - reliability["low"], reliability["high"] - share])
        axes.errorbar(
            reliability["claimed"],
            share,
            yerr=np.maximum(reach, 0.0),
            color=palette.SIGHTS["clear"],
            marker="o",
            markersize=4,
            linewidth=1.2,
            capsize=2,
            label=tr("measured, with 95% interval"),
        )
        for claimed, seen, count in zip(
            reliability["claimed"], share, reliability["rows"], strict=True
        ):
            axes.annotate(
                str(count), (claimed, seen), (4, -9), textcoords="offset points", fontsize=6
            )
    axes.set_xlim(-0.04, 1.12)
    axes.set_ylim(-0.07, 1.09)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel(tr("claimed probability of service"), fontsize=8)
    axes.set_ylabel(tr("share that reached the threshold"), fontsize=8)
