"""Rows of a frame as named tuples, without pandas' guess of what a cell may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd


def rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield each row as a named tuple of its columns."""
    yield from frame.itertuples(index=False, name="Row")
