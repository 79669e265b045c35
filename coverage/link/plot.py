"""The picture of one path: a matplotlib figure, and a drawing for the terminal."""

from __future__ import annotations

import io
import textwrap
from typing import TYPE_CHECKING, Literal

import numpy as np

from phusong.coverage.link.view import CLEAR_SHARE, clutter_text, headline, obstruction_text
from phusong.i18n import number, tr

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from phusong.coverage.link.view import LinkView

GROUND, CLUTTER, RAY, ZONE, BAD = "#b8a27a", "#7fa66b", "#1f4e79", "#7aa6d8", "#b3261e"
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Braille dots of a character, by row and column within it."""
MOST_LISTED = 6
REASON_FITS = 88
"""Characters of a reason that the picture's table holds."""


def link_figure(view: LinkView) -> Figure:
    """Draw a path: terrain on the effective earth, clutter, ray, Fresnel zone, obstructions.

    Below the drawing stand the losses under each model. Texts are in the current language.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import, and only pictures need it

    figure = Figure(figsize=(11.0, 7.5), layout="constrained")
    drawing, table = figure.subplots(2, 1, height_ratios=(3.0, 2.0))
    _draw_terrain(drawing, view)
    _draw_obstructions(drawing, view)
    drawing.set_title(headline(view), fontsize=11, loc="left")
    drawing.set_xlabel(tr("distance from the transmitter, km"))
    drawing.set_ylabel(tr("height, m (earth radius {radius:.0f} km)", radius=view.earth_radius_km))
    drawing.set_xlim(0.0, float(view.distance_km[-1]))
    for axis in (drawing.xaxis, drawing.yaxis):
        axis.set_major_formatter(lambda value, _: number(value, "g"))
    drawing.legend(loc="best", fontsize=8, framealpha=0.85)
    _draw_losses(table, view)
    return figure


def _draw_terrain(axes: Axes, view: LinkView) -> None:
    x = view.distance_km
    low = float(view.ground_m.min())
    span = max(float(np.maximum(view.ray_m + view.zone_m, view.clutter_top_m).max()) - low, 1.0)
    axes.set_ylim(low - 0.05 * span, low + 1.15 * span)
    if (view.clutter_top_m > view.ground_m).any():
        axes.fill_between(
            x, view.ground_m, view.clutter_top_m, color=CLUTTER, label=tr("clutter"), lw=0
        )
    axes.fill_between(
        x, low - span, view.ground_m, color=GROUND, label=tr("ground with the earth's bulge"), lw=0
    )
    axes.fill_between(
        x,
        view.ray_m - view.zone_m,
        view.ray_m + view.zone_m,
        color=ZONE,
        alpha=0.25,
        label=tr("first Fresnel zone"),
        lw=0,
    )
    share = CLEAR_SHARE * view.zone_m
    axes.plot(x, view.ray_m - share, color=ZONE, ls="--", lw=1.0, label=tr("60 % of the zone"))
    axes.plot(x, view.ray_m + share, color=ZONE, ls="--", lw=1.0)
    axes.plot(x, view.ray_m, color=RAY, lw=1.4, label=tr("straight ray"))
    for end, antenna in ((0, view.path.tx_height_m), (-1, view.path.rx_height_m)):
        axes.plot([x[end]] * 2, [view.ray_m[end] - antenna, view.ray_m[end]], color="black", lw=2.5)


def _draw_obstructions(axes: Axes, view: LinkView) -> None:
    for rank, one in enumerate(view.obstructions, start=1):
        at = int(np.abs(view.distance_km - one.at_km).argmin())
        axes.plot(one.at_km, view.clutter_top_m[at], "v", color=BAD, ms=6)
        axes.annotate(
            f"{rank}",
            (one.at_km, view.clutter_top_m[at]),
            xytext=(0, 7),
            textcoords="offset points",
            color=BAD,
            ha="center",
            fontsize=8,
        )


def _draw_losses(axes: Axes, view: LinkView) -> None:
    from matplotlib.transforms import Bbox  # noqa: PLC0415 - see link_figure

    axes.set_axis_off()
    rows = [
        [
            one.title,
            "–" if one.loss_db is None else number(one.loss_db, ".1f"),
            _short(one.reason, REASON_FITS),
        ]
        for one in view.losses
    ]
    table = axes.table(
        rows,
        colLabels=[tr("model"), tr("loss, dB"), ""],
        colWidths=[0.4, 0.08, 0.52],
        cellLoc="left",
        colLoc="left",
        edges="horizontal",
        bbox=Bbox.from_bounds(0.0, 0.0, 1.0, 0.72),
    )
    table.auto_set_font_size(False)
    for cell in table.get_celld().values():
        cell.PAD = 0.01
    table.set_fontsize(8)
    axes.text(
        0.0,
        1.0,
        "\n".join(_listed(view)),
        va="top",
        fontsize=8,
        color=BAD,
        transform=axes.transAxes,
    )


def _listed(view: LinkView) -> list[str]:
    """Obstructions as numbered sentences: the worst ones, in their order along the path."""
    numbered = list(enumerate(view.obstructions, start=1))
    worst = sorted(numbered, key=lambda pair: -pair[1].into_zone_m)[:MOST_LISTED]
    lines = [f"{rank}. {obstruction_text(one)}" for rank, one in sorted(worst)]
    if len(numbered) > MOST_LISTED:
        lines.append(tr("and {n} more", n=len(numbered) - MOST_LISTED))
    return lines


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def figure_bytes(figure: Figure, kind: Literal["svg", "png"]) -> bytes:
    """Return a figure as the bytes of a file; the same figure gives the same bytes."""
    from matplotlib import rc_context  # noqa: PLC0415 - see link_figure

    buffer = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    with rc_context({"svg.hashsalt": "phusong", "svg.fonttype": "path"}):
        figure.savefig(buffer, format=kind, dpi=130, metadata=metadata)
    return buffer.getvalue()


def link_text(view: LinkView, columns: int = 100, rows: int = 20) -> str:
    """Draw a path for a terminal, in braille dots, with its obstructions and losses below.

    Parameters
    ----------
    view
        The path.
    columns
        Width in characters, 40 at least and 100 at most.
    rows
        Height of the drawing in characters.

    Returns
    -------
    str
        Lines of at most `columns` characters.
    """
    columns = min(max(columns, 40), 100)
    top = float(np.maximum(view.ray_m + view.zone_m, view.clutter_top_m).max())
    low = float(view.ground_m.min())
    labels = [f"{top:.0f}", f"{low:.0f}"]
    margin = max(len(label) for label in labels) + 1
    canvas = _canvas(view, columns - margin, rows, low, max(top - low, 1.0))
    lines = [_short(headline(view), columns)]
    for row, text in enumerate(_braille(canvas)):
        label = labels[0] if row == 0 else labels[1] if row == rows - 1 else ""
        lines.append(f"{label:>{margin - 1}} {text}".rstrip())
    length = f"{number(float(view.distance_km[-1]), '.1f')} km"
    lines.append(" " * margin + "0" + length.rjust(columns - margin - 1))
    lines += [_short(text, columns) for text in _listed(view)]
    width = max((len(one.title) for one in view.losses), default=0)
    width = min(width, columns - 20)
    for one in view.losses:
        value = "–" if one.loss_db is None else f"{number(one.loss_db, '.1f')} dB"
        lines.append(f"{_short(one.title, width):<{width}} {value:>11}".rstrip())
        # The range that is left stands at the end of a reason: it is never cut short.
        lines += textwrap.wrap(one.reason, columns, initial_indent="    ", subsequent_indent="    ")
    lines += textwrap.wrap(clutter_text(view), columns)
    return "\n".join(lines)


def _canvas(view: LinkView, columns: int, rows: int, low: float, span: float) -> NDArray[np.bool_]:
    """Dots of the drawing, 2 a character across and 4 down; row 0 is the top."""
    across, down = 2 * columns, 4 * rows
    at = np.linspace(0.0, float(view.distance_km[-1]), across)

    def row_of(height: NDArray[np.float64]) -> NDArray[np.int64]:
        seen = np.interp(at, view.distance_km, height)
        return np.round((down - 1) * (1.0 - (seen - low) / span)).astype(np.int64)

    dots = np.arange(down)[:, None] >= row_of(view.ground_m)[None, :]
    # Clutter is drawn sparser than ground, the zone's 60 % edge dotted, the ray solid.
    checks = (np.arange(down)[:, None] + np.arange(across)[None, :]) % 2 == 0
    dots |= checks & (np.arange(down)[:, None] >= row_of(view.clutter_top_m)[None, :])
    every = np.arange(across)
    for height, gap in (
        (view.ray_m, 1),
        (view.ray_m - CLEAR_SHARE * view.zone_m, 4),
        (view.ray_m + CLEAR_SHARE * view.zone_m, 4),
    ):
        row = row_of(height)
        keep = (every % gap == 0) & (row >= 0) & (row < down)
        # Over filled ground the line shows as a gap.
        dots[row[keep], every[keep]] = ~dots[row[keep], every[keep]]
    return dots


def _braille(dots: NDArray[np.bool_]) -> list[str]:
    down, across = dots.shape
    cells = dots.reshape(down // 4, 4, across // 2, 2)
    codes = np.einsum("rdck,dk->rc", cells.astype(np.int64), np.array(DOTS)) + 0x2800
    return ["".join(chr(code) for code in row) for row in codes]
