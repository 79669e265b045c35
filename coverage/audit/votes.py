"""One test for a place and a carrier: rows that lie together count once."""

from __future__ import annotations

import pandas as pd

from phusong.grid import Grid

_KEY = ["_row", "_col", "operator", "technology"]


def one_test_a_place(rows: pd.DataFrame, grid: Grid, spacing_m: float = 0.0) -> pd.DataFrame:
    """Let the rows of a place, carrier and technology vote for one test.

    The row that stands for a place is the median one by level, the stronger of two: the place
    succeeds where at least half of its rows do. A row of
    :func:`phusong.coverage.calibration.thinning.one_a_place` stands for one cell and has the
    votes of all rows behind it.

    Parameters
    ----------
    rows
        ``x_m``, ``y_m``, ``operator``, ``technology``, ``level_dbm`` (NaN: nothing was heard, the
        weakest of all), ``rows`` (votes; absent: one each) and any other columns.
    grid
        A place is one of its cells.
    spacing_m
        Where it is larger than a cell, the first place of each square of this side is kept and the
        others are left out: tests nearer to each other than the errors of a map reach say little
        new. They have no vote there, for a majority of places succeeds more often than one does.

    Returns
    -------
    DataFrame
        The rows chosen, in the order they came, with ``rows`` (how many voted).
    """
    if "rows" not in rows:
        rows = rows.assign(rows=1)
    placed = _in_squares(rows, grid).sort_values("level_dbm", kind="stable", na_position="first")
    votes = placed.groupby(_KEY, sort=False)["rows"]
    count, up_to = votes.transform("sum"), votes.cumsum()
    median = (up_to > count // 2) & (up_to - placed["rows"] <= count // 2)
    chosen: pd.DataFrame = placed.assign(rows=count)[median].sort_index()
    if spacing_m > grid.cell_m:
        square = Grid(grid.crs, grid.x0_m, grid.y0_m, spacing_m, 0, 0)
        chosen = _in_squares(chosen, square).drop_duplicates(_KEY)
    return chosen.drop(columns=["_row", "_col"]).reset_index(drop=True)


def _in_squares(rows: pd.DataFrame, grid: Grid) -> pd.DataFrame:
    row, col = grid.cell_of(rows["x_m"].to_numpy(), rows["y_m"].to_numpy())
    return rows.assign(_row=row, _col=col)
