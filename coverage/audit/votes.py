"""One test for a place and a carrier: rows that lie together count once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from phusong.grid import Grid


def one_test_a_place(rows: pd.DataFrame, grid: Grid, spacing_m: float = 0.0) -> pd.DataFrame:
    """Let the rows of a place, carrier and technology vote for one test.

    The row that stands for a place is the median one by level, the stronger of two: the place
    succeeds where at least half of its rows do, and what is shown as evidence was measured.

    Parameters
    ----------
    rows
        ``x_m``, ``y_m``, ``operator``, ``technology``, ``level_dbm`` (NaN: nothing was heard, the
        weakest of all) and any other columns.
    grid
        A place is one of its cells,
    spacing_m
        or a square of this side, where that is larger: tests nearer to each other than the
        errors of a map reach say little new.

    Returns
    -------
    DataFrame
        The rows chosen, in the order they came, with ``rows`` (how many voted).
    """
    side = max(grid.cell_m, spacing_m)
    square = Grid(grid.crs, grid.x0_m, grid.y0_m, side, grid.rows, grid.cols)
    row, col = square.cell_of(rows["x_m"].to_numpy(), rows["y_m"].to_numpy())
    placed = rows.assign(_row=row, _col=col).sort_values(
        "level_dbm", kind="stable", na_position="first"
    )
    groups = placed.groupby(["_row", "_col", "operator", "technology"], sort=False)["level_dbm"]
    count = groups.transform("size").to_numpy(dtype=np.int64)
    rank = groups.cumcount().to_numpy(dtype=np.int64)
    chosen: pd.DataFrame = placed.assign(rows=count)[rank == count // 2]
    return chosen.drop(columns=["_row", "_col"]).sort_index().reset_index(drop=True)
