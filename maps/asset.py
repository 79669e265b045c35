"""Scripts, styles and templates of the pages, read so that nothing is left to fetch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

PAGE_SCRIPTS = tuple(
    f"page/{name}"
    for name in (
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
        "rasters",
        "pictures",
        "extension",
        "spot",
        "layers",
        "legend",
        "facts",
        "card",
        "plan",
        "list",
        "search",
        "panel",
        "permalink",
        "paper",
        "start",
    )
)
"""Scripts of the map of a study in the order they run in, one noun each."""
SWIPE_SCRIPTS = (
    *(
        f"page/{name}"
        for name in (
            "words",
            "dom",
            "codec",
            "palette",
            "surface",
            "strokes",
            "swatches",
            "marks",
            "labels",
        )
    ),
    *(f"swipe/{name}" for name in ("choice", "panes", "divider", "legend", "tables", "begin")),
)
"""Scripts of the map of two runs."""
PAGE_SHEETS = ("page/page", "page/paper")
SWIPE_SHEETS = ("page/page", "swipe/swipe")


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


def styles(sheets: Sequence[str] = PAGE_SHEETS) -> str:
    """Return every style sheet, without references to files beside the page."""
    leaflet = re.sub(r"url\([^)]*\)", "none", read("leaflet/leaflet.css"))
    return "\n".join((leaflet, *(read(f"{name}.css") for name in sheets)))


def page_script(scripts: Sequence[str] = PAGE_SCRIPTS) -> str:
    """Return a page's own program as one closed scope."""
    body = "\n".join(read(f"{name}.js") for name in scripts)
    return f'(() => {{\n"use strict";\n{body}\n}})();'


def licence() -> str:
    """Return the licence text of the library, to be kept in the page beside it."""
    return read("leaflet/LICENSE").strip()
