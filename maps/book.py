"""Everything the page knows, gathered once as plain lists and written as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from phusong.maps.sections.areas import commune_section, figure_section, village_section
from phusong.maps.sections.fiber import (
    cable_section,
    centre_section,
    gap_section,
    pop_section,
    reach_section,
    weak_section,
)
from phusong.maps.sections.mainroads import road_section
from phusong.maps.sections.mastplan import mast_plan_section
from phusong.maps.sections.masts import cell_section, site_section
from phusong.maps.sections.outages import outage_section
from phusong.maps.sections.planned import extension_section
from phusong.maps.sections.remarks import finding_section, indicator_section, study_section
from phusong.maps.sections.residuals import measured_section
from phusong.maps.sections.rivers import river_section
from phusong.maps.sections.signal import raster_section
from phusong.maps.words import page_words

if TYPE_CHECKING:
    from phusong.maps.mercator import Frame
    from phusong.maps.subjects import Losses, MastPlan
    from phusong.results.measured import MeasuredLevels
    from phusong.results.model import Planned, Results


def make_book(
    results: Results,
    planned: Planned | None,
    frame: Frame,
    rasters: list[dict[str, Any]],
    *,
    created: str,
    version: str,
    language: str,
    measured: MeasuredLevels | None = None,
    masts: MastPlan | None = None,
    losses: Losses | None = None,
) -> dict[str, Any]:
    """Return the page's data; rasters without their bytes, which the page holds apart."""
    study, inputs = results.study, results.inputs
    signal, coverage, fiber = results.signal, results.coverage, results.fiber
    tolerance_m = inputs.grid.cell_m / 2
    return {
        "language": language,
        "words": page_words(),
        "frame": {"west": frame.west_m, "north": frame.north_m, "bounds": frame.bounds_deg},
        "study": study_section(study, created, version),
        "communes": commune_section(inputs, frame),
        "villages": village_section(inputs, coverage, frame),
        "figures": [] if coverage is None else figure_section(coverage, inputs.cells),
        "sites": site_section(inputs, frame),
        "cells": cell_section(inputs, study),
        "roads": road_section(inputs, frame, tolerance_m),
        "rivers": river_section(inputs, frame, tolerance_m),
        "cables": None if fiber is None else cable_section(fiber, frame, tolerance_m),
        "pops": pop_section(inputs, frame),
        "reach": None if fiber is None else reach_section(fiber, inputs, frame),
        "centres": centre_section(inputs, frame),
        "gaps": None if fiber is None else gap_section(fiber, frame),
        "weak": None if fiber is None else weak_section(fiber, inputs, frame),
        "extension": (
            None
            if planned is None
            else extension_section(planned.extension, planned.rings, inputs, frame, tolerance_m)
        ),
        "masts": (
            None if masts is None else mast_plan_section(masts, inputs, study, frame, tolerance_m)
        ),
        "losses": (
            None
            if losses is None or fiber is None
            else outage_section(losses, fiber, inputs, study.planning.prices, frame)
        ),
        "measured": None if measured is None else measured_section(measured, inputs, frame),
        "findings": finding_section(results.findings, frame),
        "indicators": indicator_section(results.indicators),
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
