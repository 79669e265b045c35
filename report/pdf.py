"""Blocks to PDF on A4, with a font that has every Vietnamese letter."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import matplotlib as mpl
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    Image,
    KeepTogether,
    ListFlowable,
    PageBreak,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus import Paragraph as Text

from phusong.report.abreast import Abreast
from phusong.report.blocks import Block, Bullets, Grid, Heading, Paragraph, Picture
from phusong.report.typography import set_figures

_MARGIN = 18 * mm
_PADDING = 6  # of a frame of reportlab, in points
_WIDTH = A4[0] - 2 * _MARGIN - 2 * _PADDING
_TALLEST = A4[1] - 2 * _MARGIN - 40 * mm
_GUTTER = 5 * mm
_FONT, _BOLD = "DejaVuSans", "DejaVuSans-Bold"


@cache
def _register_fonts() -> None:
    """DejaVu comes with matplotlib, under a free licence, and has all of Vietnamese."""
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for name in (_FONT, _BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(_FONT, normal=_FONT, bold=_BOLD, italic=_FONT, boldItalic=_BOLD)


def _style(size: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(
        f"s{size}{sorted(more)}",
        fontName=more.pop("font", _FONT),
        fontSize=size,
        leading=size * 1.38,
        **more,
    )


def render_pdf(blocks: list[Block], path: Path, title: str) -> None:
    """Write the document; page numbers and title in the foot of each page."""
    _register_fonts()

    def foot(canvas: Any, document: Any) -> None:
        canvas.setFont(_FONT, 7)
        canvas.setFillColor(colors.HexColor("#555555"))
        canvas.drawString(_MARGIN + _PADDING, 10 * mm, title)
        canvas.drawRightString(A4[0] - _MARGIN - _PADDING, 10 * mm, str(document.page))

    document = SimpleDocTemplate(
        str(path),
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=title,
        author="phusong",
    )
    flow: list[Flowable] = []
    for block, after in zip(blocks, [*blocks[1:], None], strict=True):
        flow += _flow(block, after)
    document.build(flow, onFirstPage=foot, onLaterPages=foot)


def _set(text: str) -> str:
    return escape(set_figures(text))


def _flow(block: Block, after: Block | None = None) -> list[Flowable]:
    if isinstance(block, Heading):
        size = 18.0 if block.level == 1 else 12.0
        # A table goes on over the page: kept whole with its heading it would leave half of one.
        kept = int(not isinstance(after, Grid) or after.abreast > 1)
        text = Text(
            _set(block.text),
            _style(size, font=_BOLD, spaceBefore=8, spaceAfter=5, keepWithNext=kept),
        )
        # No heading is left alone at the foot of a page.
        room = 30 * mm
        if isinstance(after, Picture):
            room += _image(after).drawHeight
        return [PageBreak() if block.new_page else CondPageBreak(room), text]
    if isinstance(block, Paragraph):
        size, colour = (7.5, "#444444") if block.small else (9.5, "#000000")
        style = _style(size, spaceAfter=4, textColor=colors.HexColor(colour))
        return [Text(_set(block.text), style)]
    if isinstance(block, Bullets):
        style = _style(9)
        items = [Text(_set(item), style) for item in block.items]
        dots = ListFlowable(items, bulletType="bullet", bulletFontSize=6, leftIndent=12)
        return [dots, Spacer(0, 4)]
    if isinstance(block, Grid):
        return [_grid(block), Spacer(0, 6)]
    return [_picture(block)]


def _image(block: Picture) -> Image:
    """Return the picture at the size it is printed in."""
    image = Image(io.BytesIO(block.png))
    scale = min(block.width * _WIDTH / image.drawWidth, _TALLEST / image.drawHeight)
    image.drawWidth, image.drawHeight = image.drawWidth * scale, image.drawHeight * scale
    return image


def _picture(block: Picture) -> Flowable:
    image = _image(block)
    caption = Text(_set(block.caption), _style(7.5, spaceAfter=6))
    return KeepTogether([image, caption])


def _grid(block: Grid) -> Flowable:
    if block.abreast == 1:
        return _table(block, block.rows, _WIDTH)
    room = (_WIDTH - (block.abreast - 1) * _GUTTER) / block.abreast
    return Abreast(
        lambda rows: _table(block, rows, room), block.rows, block.abreast, room + _GUTTER
    )


def _table(block: Grid, rows: Sequence[Sequence[str]], room: float) -> Table:
    size, head, gap = (7.5, 7.5, 4) if block.abreast == 1 else (6.5, 6, 3)
    left, right = _style(size), _style(size, alignment=TA_RIGHT)
    head_left = _style(head, font=_BOLD)
    head_right = _style(head, font=_BOLD, alignment=TA_RIGHT)

    def line(cells: Any, plain: ParagraphStyle, number: ParagraphStyle) -> list[Flowable]:
        return [
            Text(_set(str(cell)), number if n in block.numeric else plain)
            for n, cell in enumerate(cells)
        ]

    total = sum(block.widths)
    table = Table(
        [line(block.header, head_left, head_right), *(line(r, left, right) for r in rows)],
        colWidths=[room * width / total for width in block.widths],
        repeatRows=1,
    )
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.black),
                ("LINEBELOW", (0, 1), (-1, -1), 0.2, colors.HexColor("#bbbbbb")),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 1.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
                ("LEFTPADDING", (0, 0), (-1, -1), gap / 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), gap),
            ]
        )
    )
    return table
