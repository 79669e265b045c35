"""The picture of docs/truth.md: what P(served) promises, and what was served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

COLOURS = {"bare": "#c4390c", "open": "#e69f00", "suburban": "#0072b2"}
TITLES = {"bare": "bare terrain", "open": "clutter: open", "suburban": "clutter: suburban"}


def draw(path: Path, panels: list[tuple[str, dict[str, list[tuple[float, float, int]]]]]) -> None:
    """Draw one panel a set: measured against promised share, a line for each treatment.

    Parameters
    ----------
    path
        An .svg file.
    panels
        Title, and by treatment the classes: mean P, share served, rows.
    """
    figure = Figure(figsize=(3.1 * len(panels), 3.2), layout="constrained")
    axes: Any = figure.subplots(1, len(panels), sharey=True)
    for one, (title, curves) in zip(np.atleast_1d(axes), panels, strict=True):
        one.plot([0, 1], [0, 1], color="#888888", lw=0.8, ls="--")
        for name, curve in curves.items():
            promised, kept, _ = zip(*curve, strict=True)
            one.plot(promised, kept, "o-", color=COLOURS[name], ms=4, lw=1.4, label=TITLES[name])
        one.set(title=title, xlim=(0, 1), ylim=(0, 1), xlabel="promised: P(served)", aspect="equal")
        one.title.set_fontsize(9)
    np.atleast_1d(axes)[0].set_ylabel("measured: share served")
    np.atleast_1d(axes)[0].legend(fontsize=7, loc="upper left", frameon=False)
    with rc_context({"svg.hashsalt": "phusong", "svg.fonttype": "path"}):
        figure.savefig(path, format="svg", metadata={"Date": None})
