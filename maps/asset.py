"""Scripts, styles and templates of the page, read so that nothing is left to fetch."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

PAGE_SCRIPTS = (
    "words",
    "dom",
    "codec",
    "state",
    "palette",
    "surface",
    "areas",
    "lines",
    "masts",
    "marks",
    "labels",
    "pictures",
    "layers",
    "legend",
    "facts",
    "card",
    "list",
    "search",
    "panel",
    "permalink",
    "paper",
    "start",
)
"""Files of ``assets/page`` in the order they run in, one noun each."""


@cache
def read(name: str) -> str:
    """Return the text of ``assets/<name>``."""
    return (files("phusong.maps") / "assets" / name).read_text("utf-8")


@cache
def template(name: str) -> str:
    """Return the text of ``templates/<name>``."""
    return (files("phusong.maps") / "templates" / name).read_text("utf-8")


def library_script() -> str:
    """Return Leaflet, without its pointer to a source map (which a browser would ask for)."""
    return re.sub(r"//# sourceMappingURL=\S+", "", read("leaflet/leaflet.js"))


def styles() -> str:
    """Return every style sheet, without references to files beside the page."""
    leaflet = re.sub(r"url\([^)]*\)", "none", read("leaflet/leaflet.css"))
    return "\n".join((leaflet, read("page/page.css"), read("page/paper.css")))


def page_script() -> str:
    """Return the page's own program as one closed scope."""
    body = "\n".join(read(f"page/{name}.js") for name in PAGE_SCRIPTS)
    return f'(() => {{\n"use strict";\n{body}\n}})();'


def licence() -> str:
    """Return the licence text of the library, to be kept in the page beside it."""
    return read("leaflet/LICENSE").strip()
