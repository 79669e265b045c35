"""Pictures among the blocks: drawn, or a sentence in their place."""

from __future__ import annotations

from collections.abc import Callable

from phusong.i18n import tr
from phusong.report.blocks import Paragraph, Picture
from phusong.results.missing import Attempts


def draw(
    name: str, drawing: Callable[[], bytes], caption: str, attempt: Attempts, width: float = 1.0
) -> Picture | Paragraph:
    """Return a picture with its caption; where the drawing fails, the caption and that it did.

    Parameters
    ----------
    name
        What it is called among the missing, as ``report/NAME``.
    drawing
        Gives the PNG.
    width
        Share of the text's.
    """
    block: Picture | Paragraph
    block = Paragraph(tr("A picture is missing here: {caption}", caption=caption), small=True)
    with attempt(f"report/{name}"):
        block = Picture(drawing(), caption, width)
    return block
