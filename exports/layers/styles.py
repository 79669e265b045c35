"""How each layer looks when QGIS opens it; legends in the language of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import geopandas as gpd

from phusong.coverage.villages.verdict import GRADE_WORDS
from phusong.exports.layers.qml import Label, Style, Symbol, rgba
from phusong.i18n import tr
from phusong.planning.stepwise import WORDS as STEP_WORDS
from phusong.results import palette

_SECTOR_M = 600
_OPACITY = {"covered": 130, "hollow": 170, "white": 190}


def style_of(name: str, frame: gpd.GeoDataFrame) -> Style:
    """Return the style by its name; the frame tells which carriers there are."""
    return _STYLES[name](frame)


def _villages(_: gpd.GeoDataFrame) -> Style:
    classes = [
        (grade, tr(GRADE_WORDS[grade]), _fill(rgba(colour, _OPACITY[grade]), "#5a5a5a", 0.1))
        for grade, colour in palette.GRADES.items()
    ]
    return Style(classes, "grade", Label("name", 7, most_scale=50_000))


def _communes(_: gpd.GeoDataFrame) -> Style:
    outline = {**_fill(rgba("#000000", 0), palette.INK, 0.4).options, "style": "no"}
    label = Label("name", 8, bold=True, most_scale=400_000)
    return Style([("", "", Symbol("fill", outline))], label=label)


def _fibre(_: gpd.GeoDataFrame) -> Style:
    return Style(
        [
            ("true", tr("cable connected to a point of presence"), _line(palette.CABLE_LIT, 0.6)),
            ("false", tr("cable not connected"), _line(palette.CABLE_DARK, 0.6, "dash")),
        ],
        "connected",
    )


def _routes(_: gpd.GeoDataFrame) -> Style:
    """Wide and pale, to lie under the cables it follows."""
    return Style([("", "", _line("#f0e442", 1.6))])


def _planned(_: gpd.GeoDataFrame) -> Style:
    return Style([("", "", _line(palette.CABLE_PLANNED, 0.7, "dash"))])


def _second(_: gpd.GeoDataFrame) -> Style:
    return Style([("", "", _line(palette.CARRIERS[0], 0.7, "dot"))])


def _reach(_: gpd.GeoDataFrame) -> Style:
    return Style(
        [
            ("true", tr("centre with fibre"), _marker(palette.REACHED, "square", 2.6)),
            ("false", tr("centre without fibre"), _marker(palette.NOT_REACHED, "cross_fill", 4.0)),
        ],
        "reached",
    )


_TARGETS = {
    "reached": ("with fibre", palette.REACHED, "square"),
    "built": ("gets fibre", palette.CARRIERS[0], "square"),
    "over_budget": ("over the budget", palette.ONE_ROUTE, "diamond"),
    "no_route": ("no route leads there", palette.NOT_REACHED, "cross_fill"),
    "optics": ("new cable does not mend its optics", palette.NOT_REACHED, "diamond"),
    "no_centre": ("its centre is not known", palette.NOT_REACHED, "triangle"),
}
_RING_TARGETS = {
    "had_two": ("has two routes already", palette.REACHED, "square"),
    "closed": ("gets a second route", palette.CARRIERS[0], "square"),
    "no_route": ("no second route was found", palette.NOT_REACHED, "cross_fill"),
}


def _targets(_: gpd.GeoDataFrame) -> Style:
    return _by_status(_TARGETS)


def _ring_targets(_: gpd.GeoDataFrame) -> Style:
    return _by_status(_RING_TARGETS)


def _by_status(known: Mapping[str, tuple[str, str, str]]) -> Style:
    classes = [
        (status, tr(words), _marker(colour, shape, 2.8))
        for status, (words, colour, shape) in known.items()
    ]
    return Style(classes, "status", Label("name", 7, most_scale=200_000, beside=True))


_SITED = {
    "own": ("mast that stands", palette.INK, "triangle"),
    "fibre": ("new mast on fibre", palette.CARRIERS[0], "triangle"),
    "microwave": ("new mast on microwave", palette.CABLE_PLANNED, "triangle"),
}
_SERVED = {
    "served": ("gets signal", palette.FATES["served"]),
    "repeater": ("gets a repeater", palette.FATES["repeater"]),
    "satellite": ("gets a satellite terminal at its culture house", palette.FATES["satellite"]),
    "over_budget": ("over the budget", palette.CABLE_PLANNED),
    "no_site": ("no candidate place covers it", palette.NOT_REACHED),
    "no_backhaul": ("what covers it has no backhaul", palette.ONE_ROUTE),
}


def _planned_sites(_: gpd.GeoDataFrame) -> Style:
    classes = [
        (backhaul, tr(words), _marker(colour, shape, 3.2))
        for backhaul, (words, colour, shape) in _SITED.items()
    ]
    return Style(classes, "backhaul", Label("site_id", 7, most_scale=200_000, beside=True))


def _planned_villages(_: gpd.GeoDataFrame) -> Style:
    classes = [
        (status, tr(words), _fill(rgba(colour, 110), "#5a5a5a", 0.1))
        for status, (words, colour) in _SERVED.items()
    ]
    return Style(classes, "status", Label("name", 7, most_scale=50_000))


_STEPS = {
    "mast": (palette.FATES["served"], "circle"),
    "commune": (palette.CABLE_PLANNED, "square"),
    "repeater": (palette.FATES["repeater"], "diamond"),
    "satellite": (palette.FATES["satellite"], "diamond"),
}


def _steps(_: gpd.GeoDataFrame) -> Style:
    """Mark the place of each step with its number."""
    classes = [
        (what, tr(STEP_WORDS[what]), _marker(colour, shape, 1.6))
        for what, (colour, shape) in _STEPS.items()
    ]
    return Style(classes, "what", Label("step", 9, bold=True, most_scale=800_000, beside=True))


_LOST = {
    "edge": ("cable section", palette.CARRIERS[0], "circle"),
    "node": ("joint", palette.CARRIERS[0], "square"),
    "pop": ("point of presence", palette.INK, "square"),
    "tail": ("tail of a point of presence", palette.INK, "circle"),
    "group": ("shared route", palette.CABLE_PLANNED, "circle"),
    "site": ("site", palette.INK, "triangle"),
    "hazard": ("hazard area", palette.NOT_REACHED, "diamond"),
    "feeder": ("power feeder", palette.ONE_ROUTE, "diamond"),
}


def _cascade(_: gpd.GeoDataFrame) -> Style:
    classes = [
        (element, tr(words), _marker(colour, shape, 2.6))
        for element, (words, colour, shape) in _LOST.items()
    ]
    return Style(classes, "element", Label("id", 7, most_scale=100_000, beside=True))


def _cuts(_: gpd.GeoDataFrame) -> Style:
    return Style([("", "", _line(palette.NOT_REACHED, 0.9))])


def _remedies(_: gpd.GeoDataFrame) -> Style:
    classes = [
        ("hop", tr("spare microwave hop"), _line(palette.CABLE_PLANNED, 0.6, "dash")),
        ("route", tr("second route of cable"), _line(palette.CARRIERS[0], 0.7, "dot")),
    ]
    return Style(classes, "kind", Label("where", 7, most_scale=200_000))


def _batteries(_: gpd.GeoDataFrame) -> Style:
    symbol = _marker(palette.REACHED, "square", 3.0)
    return Style(
        [("battery", tr("longer batteries"), symbol)],
        "kind",
        Label("where", 7, most_scale=200_000, beside=True),
    )


def _near_misses(_: gpd.GeoDataFrame) -> Style:
    return Style([("", "", _marker(palette.CARRIERS[1], "diamond", 3.0))])


def _sites(_: gpd.GeoDataFrame) -> Style:
    symbol = _marker(palette.INK, "triangle", 2.4)
    return Style([("", "", symbol)], label=Label("site_id", 7, most_scale=50_000, beside=True))


def _cells(frame: gpd.GeoDataFrame) -> Style:
    """Sectors by carrier: a slice of circle in the antenna's direction, or a whole one."""
    shape = (
        f'if("azimuth_deg" is null, buffer($geometry, {_SECTOR_M / 2:g}), '
        f'wedge_buffer($geometry, "azimuth_deg", '
        f'coalesce("horizontal_beamwidth_deg", 65), {_SECTOR_M:g}))'
    )
    classes = []
    for number, operator in enumerate(sorted(frame["operator"].dropna().unique())):
        colour = palette.CARRIERS[number % len(palette.CARRIERS)]
        options = _fill(rgba(colour, 150), colour, 0.2).options
        classes.append((str(operator), str(operator), Symbol("fill", options, shape)))
    return Style(classes, "operator")


def _findings(_: gpd.GeoDataFrame) -> Style:
    classes = [
        (severity, tr(severity), _marker(colour, "cross_fill", 4.0))
        for severity, colour in palette.SEVERITIES.items()
    ]
    return Style(classes, "severity")


_TESTS = {
    "claimed_succeeded": ("claimed, and the test succeeded", palette.REACHED, "circle", 1.6),
    "claimed_failed": ("claimed, but the test failed", palette.NOT_REACHED, "cross_fill", 3.2),
    "unclaimed_succeeded": (
        "not claimed, though the test succeeded",
        palette.CARRIERS[0],
        "diamond",
        2.0,
    ),
    "unclaimed_failed": ("not claimed, and the test failed", palette.CABLE_PLANNED, "circle", 1.2),
}


def _audit_tests(_: gpd.GeoDataFrame) -> Style:
    classes = [
        (result, tr(words), _marker(colour, shape, size))
        for result, (words, colour, shape, size) in _TESTS.items()
    ]
    return Style(classes, "result")


def _drive(_: gpd.GeoDataFrame) -> Style:
    return Style([("", "", _line(palette.CARRIERS[0], 0.9))])


def _drive_stops(_: gpd.GeoDataFrame) -> Style:
    symbol = _marker(palette.CARRIERS[0], "circle", 2.6)
    return Style([("", "", symbol)], label=Label("order", 8, most_scale=400_000, beside=True))


_STYLES: Mapping[str, Callable[[gpd.GeoDataFrame], Style]] = {
    "villages": _villages,
    "communes": _communes,
    "fibre": _fibre,
    "routes": _routes,
    "planned": _planned,
    "second": _second,
    "reach": _reach,
    "targets": _targets,
    "ring_targets": _ring_targets,
    "near_misses": _near_misses,
    "sites": _sites,
    "planned_sites": _planned_sites,
    "steps": _steps,
    "cascade": _cascade,
    "cascade_batteries": _batteries,
    "cascade_cuts": _cuts,
    "cascade_remedies": _remedies,
    "planned_villages": _planned_villages,
    "cells": _cells,
    "findings": _findings,
    "audit_tests": _audit_tests,
    "drive": _drive,
    "drive_stops": _drive_stops,
}


def _fill(colour: str, outline: str, width_mm: float) -> Symbol:
    return Symbol(
        "fill",
        {
            "color": colour,
            "outline_color": rgba(outline),
            "outline_width": f"{width_mm:g}",
            "outline_style": "solid",
            "style": "solid",
        },
    )


def _line(colour: str, width_mm: float, pattern: str = "solid") -> Symbol:
    return Symbol(
        "line",
        {
            "line_color": rgba(colour),
            "line_width": f"{width_mm:g}",
            "line_style": pattern,
            "capstyle": "round",
            "joinstyle": "round",
        },
    )


def _marker(colour: str, shape: str, size_mm: float) -> Symbol:
    return Symbol(
        "marker",
        {
            "color": rgba(colour),
            "name": shape,
            "angle": "45" if shape == "cross_fill" else "0",
            "size": f"{size_mm:g}",
            "outline_color": rgba("#ffffff"),
            "outline_width": "0.3",
        },
    )
