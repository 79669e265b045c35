"""The colours of verdicts, fibre and findings, once, for map, layers and report.

Okabe and Ito's set, or near it: told apart without red-green vision, and in grey by lightness.
"""

from __future__ import annotations

from typing import Final

from phusong.coverage.villages.verdict import COVERED, HOLLOW, WHITE

GRADES: Final = {COVERED: "#56b4e9", HOLLOW: "#e69f00", WHITE: "#c4390c"}
REACHED: Final = "#0b5d3b"
NOT_REACHED: Final = "#c4390c"
ONE_ROUTE: Final = "#e69f00"
CABLE_LIT: Final = "#0b5d3b"
CABLE_DARK: Final = "#7b3294"
CABLE_PLANNED: Final = "#6b6b6b"
SEVERITIES: Final = {"error": "#c4390c", "warning": "#e69f00", "info": "#0072b2"}
INK: Final = "#1a1a1a"
RESIDUALS: Final = ("#7b3294", "#c2a5cf", "#f7f7f7", "#a6dba0", "#008837")
"""Measured weaker than predicted to stronger: ColorBrewer's PRGn, which stands out from the grades
of villages too; light where they agree."""
SIGHTS: Final = {"clear": "#0072b2", "obstructed": "#e69f00"}
CARRIERS: Final = (
    "#0072b2",
    "#cc79a7",
    "#009e73",
    "#000000",
    "#7a4b00",
    "#6a3d9a",
    "#8c8c00",
    "#b2182b",
)
"""In alphabetical order of the carriers, round again after the last."""
FATES: Final = {
    "served": "#009e73",
    "over_budget": "#e69f00",
    "no_site": "#c4390c",
    "no_backhaul": "#7b3294",
    "repeater": "#0072b2",
    "satellite": "#cc79a7",
}
"""What becomes of a dark village in a plan of masts."""
PLANNED_MASTS: Final = {"new": "#f0e442", "climbed": "#ffffff", "relay": "#cc79a7"}
"""A new mast, one that stands and is climbed, one that only passes on; shape says it again."""
HOP: Final = "#0072b2"
NEW_CABLE: Final = "#c51b8a"
POWER_LINE: Final = "#7a4b00"
EXPOSURE: Final = ("#fee8c8", "#fdbb84", "#e34a33", "#7f0000")
"""Villages by how many single losses take their signal, few to many: ColorBrewer's OrRd."""
