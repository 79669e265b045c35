"""Scripts, styles and templates of the pages, read so that nothing is left to fetch."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from phusong.coverage.villages.verdict import GRADE_LETTERS
from phusong.results import palette

PAGE_SCRIPTS = tuple(
    f"page/{name}"
    for name in (
        "unpack",
        "words",
        "dom",
        "codec",
        "state",
        "palette",
        "surface",
        "strokes",
        "swatches",
        "areas",
        "lines",
        "masts",
        "marks",
        "labels",
        "large",
        "rasters",
        "pictures",
        "extension",
        "masting",
        "fate",
        "steps",
        "outages",
        "remedies",
        "measured",
        "spot",
        "layers",
        "legend",
        "whole",
        "facts",
        "card",
        "plan",
        "years",
        "curve",
        "siteplan",
        "sitecard",
        "steplist",
        "stepcard",
        "losses",
        "losscard",
        "mendcard",
        "list",
        "search",
        "panel",
        "permalink",
        "paper",
        "start",
    )
)
"""Scripts of the map of a study in the order they run in, one noun each."""
STUDIO_SCRIPTS = (
    *PAGE_SCRIPTS,
    "swipe/divider",
    *(
        f"studio/{name}"
        for name in ("server", "altered", "beside", "draft", "tools", "bench", "open")
    ),
)
"""Scripts of the same map where a studio serves it: what edits comes after what shows."""
SWIPE_SCRIPTS = (
    *(
        f"page/{name}"
        for name in (
            "unpack",
            "words",
            "dom",
            "codec",
            "palette",
            "surface",
            "strokes",
            "swatches",
            "marks",
            "labels",
            "whole",
        )
    ),
    *(f"swipe/{name}" for name in ("choice", "divider", "panes", "legend", "tables", "begin")),
)
"""Scripts of the map of two runs."""
PAGE_SHEETS = ("page/page", "page/paper")
STUDIO_SHEETS = (*PAGE_SHEETS, "swipe/divider", "studio/studio")
SWIPE_SHEETS = ("page/page", "swipe/divider", "swipe/swipe")


@cache
def read(name: str) -> str:
    """Return the text of ``assets/<name>``."""
    return (files("phusong.maps") / "assets" / name).read_text("utf-8")


@cache
def template(name: str) -> str:
    """Return the text of ``templates/<name>``."""
    return (files("phusong.maps") / "templates" / name).read_text("utf-8")


def document(body: str) -> str:
    """Return the frame of every page with the markup of one of them put inside."""
    return template("document.html").replace("{# body #}", template(body))


def library_script() -> str:
    """Return Leaflet, without its pointer to a source map (which a browser would ask for)."""
    return re.sub(r"//# sourceMappingURL=\S+", "", read("leaflet/leaflet.js"))


def palette_styles() -> str:
    """Return the colours of grades and fates as variables for the style sheets."""
    named = {**palette.GRADES, **palette.FATES}
    colours = "".join(f"  --{name.replace('_', '-')}: {c};\n" for name, c in named.items())
    return f":root {{\n{colours}}}"


def palette_script() -> str:
    """Return the colours as the constant that the scripts draw with."""
    colours = {
        "grades": {GRADE_LETTERS[grade]: colour for grade, colour in palette.GRADES.items()},
        "carriers": palette.CARRIERS,
        "fibre": {
            "lit": palette.CABLE_LIT,
            "dark": palette.CABLE_DARK,
            "planned": palette.CABLE_PLANNED,
        },
        "reach": {"reached": palette.REACHED, "missing": palette.NOT_REACHED},
        "severities": palette.SEVERITIES,
        "residuals": palette.RESIDUALS,
        "fates": palette.FATES,
        "planned": {
            **palette.PLANNED_MASTS,
            "hop": palette.HOP,
            "cable": palette.NEW_CABLE,
            "power": palette.POWER_LINE,
        },
        "exposure": palette.EXPOSURE,
        "ink": palette.INK,
    }
    return f"const PALETTE = {json.dumps(colours)};"


def styles(sheets: Sequence[str] = PAGE_SHEETS) -> str:
    """Return every style sheet, without references to files beside the page."""
    leaflet = re.sub(r"url\([^)]*\)", "none", read("leaflet/leaflet.css"))
    return "\n".join((leaflet, palette_styles(), *(read(f"{name}.css") for name in sheets)))


def page_script(scripts: Sequence[str] = PAGE_SCRIPTS) -> str:
    """Return a page's own program as one closed scope, which waits for the book."""
    body = "\n".join((palette_script(), *(read(f"{name}.js") for name in scripts)))
    return f'(async () => {{\n"use strict";\n{body}\n}})();'


def licence() -> str:
    """Return the licence text of the library, to be kept in the page beside it."""
    return read("leaflet/LICENSE").strip()
