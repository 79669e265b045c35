"""Pictures among the blocks: drawn, or a sentence in their place."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

from phusong.i18n import tr
from phusong.report.blocks import Paragraph, Picture
from phusong.results.missing import Attempts


def draw(
    name: str,
    drawing: Callable[[], bytes],
    caption: str,
    attempt: Attempts | None,
    width: float = 1.0,
) -> Picture | Paragraph:
    """Return a picture with its caption; where the drawing fails, the caption and that it did.

    Parameters
    ----------
    name
        What it is called among the missing, as ``report/NAME``.
    drawing
        Gives the PNG.
    attempt
        Takes the failure; without it the failure is the caller's.
    width
        Share of the text's.
    """
    block: Picture | Paragraph
    block = Paragraph(tr("A picture is missing here: {caption}", caption=caption), small=True)
    with nullcontext() if attempt is None else attempt(f"report/{name}"):
        block = Picture(drawing(), caption, width)
    return block
