"""Everything the page knows, gathered once as plain lists and written as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from phusong.maps.codec import texts
from phusong.maps.outline import encode_lines
from phusong.maps.sections import areas as villages
from phusong.maps.sections import fiber as fibre
from phusong.maps.sections import masts, planned, remarks
from phusong.maps.sections.rivers import river_section
from phusong.maps.sections.signal import raster_section
from phusong.maps.words import page_words

if TYPE_CHECKING:
    from phusong.checks import Findings
    from phusong.coverage.results import Signal, VillageCoverage
    from phusong.fiber.extension.extension import ExtensionPlan
    from phusong.fiber.results import FiberResult
    from phusong.fiber.rings.rings import RingPlan
    from phusong.indicators.results import Indicators
    from phusong.maps.mercator import Frame
    from phusong.sources.inputs import Inputs
    from phusong.study import Study


def make_book(
    study: Study,
    inputs: Inputs,
    signal: Signal | None,
    coverage: VillageCoverage | None,
    fiber: FiberResult | None,
    indicators: Indicators,
    findings: Findings,
    frame: Frame,
    rasters: list[dict[str, Any]],
    created: str,
    version: str,
    language: str,
    extension: ExtensionPlan | None = None,
    rings: RingPlan | None = None,
) -> dict[str, Any]:
    """Return the page's data; rasters without their bytes, which the page holds apart."""
    tolerance_m = inputs.grid.cell_m / 2
    return {
        "language": language,
        "words": page_words(),
        "frame": {"west": frame.west_m, "north": frame.north_m, "bounds": frame.bounds_deg},
        "study": remarks.study_section(study, created, version),
        "communes": villages.commune_section(inputs, frame),
        "villages": villages.village_section(inputs, coverage, frame),
        "figures": [] if coverage is None else villages.figure_section(coverage, inputs.cells),
        "sites": masts.site_section(inputs, frame),
        "cells": masts.cell_section(inputs, study),
        "roads": {
            "kind": texts(inputs.roads["kind"]),
            "lines": encode_lines(inputs.roads.geometry, frame, tolerance_m),
        },
        "rivers": river_section(inputs, frame, tolerance_m),
        "cables": None if fiber is None else fibre.cable_section(fiber, frame, tolerance_m),
        "pops": fibre.pop_section(inputs, frame),
        "reach": None if fiber is None else fibre.reach_section(fiber, inputs, frame),
        "centres": fibre.centre_section(inputs, frame),
        "gaps": None if fiber is None else fibre.gap_section(fiber, frame),
        "weak": None if fiber is None else fibre.weak_section(fiber, inputs, frame),
        "extension": (
            None
            if extension is None
            else planned.extension_section(extension, rings, inputs, frame, tolerance_m)
        ),
        "findings": remarks.finding_section(findings, frame),
        "indicators": remarks.indicator_section(indicators),
        "layers": [{"operator": r["operator"], "technology": r["technology"]} for r in rasters],
        "signal": None if signal is None else raster_section(signal, inputs, study, frame),
        "fiber_in_study": study.fiber is not None,
    }


def to_json(value: Any) -> str:
    """Return JSON that may stand inside a script element, whatever the names in it.

    Without ``<``, ``>`` and ``&`` no string can close the element or open a comment; the two
    line separators are escaped because old browsers end a line at them.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
