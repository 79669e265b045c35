"""Blocks to one HTML page that needs nothing else."""

from __future__ import annotations

import base64
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment

from phusong.i18n import get_language
from phusong.report.blocks import Block
from phusong.report.typography import set_figures


def render_page(blocks: list[Block], path: Path, title: str) -> None:
    """Write the document; every text is escaped, pictures are inside."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["data_uri"] = _data_uri
    environment.filters["figures"] = set_figures
    environment.filters["kind"] = lambda block: type(block).__name__
    source = (files("phusong.report") / "page.html.jinja").read_text("utf-8")
    page = environment.from_string(source).render(
        blocks=blocks, title=title, language=get_language()
    )
    path.write_text(page, "utf-8")


def _data_uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
