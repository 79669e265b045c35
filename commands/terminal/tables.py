"""Plain tables without rules, and how figures and planners' words stand in them."""

from __future__ import annotations

import math

from rich.table import Table

from phusong.i18n import number, tr


def plain_table(*titles: str, fold: bool = False) -> Table:
    """Return a table without rules, with a left column under each of ``titles``.

    Parameters
    ----------
    titles
        English templates.
    fold
        Whether long texts go over several lines rather than being cut short.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(tr(title), overflow="fold" if fold else "ellipsis")
    return table


def people_text(value: float) -> str:
    """Return a number of people; a dash where nothing tells."""
    return "–" if math.isnan(value) else number(value)


def plain(text: str) -> str:
    """Keep rich from reading brackets of a planner's text as markup."""
    return text.replace("[", r"\[")
