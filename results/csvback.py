"""Tables of ours read back, whichever signs stand between columns and before decimals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from phusong.errors import InputError, Where

_APOSTROPHE: Final = r"^'(?=[=+\-@\t\r])"
"""What tables put before text that a spreadsheet would run as a formula."""


def read_back(path: Path, texts: Sequence[str], numbers: Sequence[str], mend: str) -> pd.DataFrame:
    """Read some columns of a table that phusong wrote.

    Parameters
    ----------
    texts, numbers
        Columns wanted; others are left out. Text that is not there is empty, a number NaN.
    mend
        What to do where the file cannot be read: a template that needs no values.

    Raises
    ------
    InputError
        When the file is broken or lacks a column.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            header = file.readline()
        separator = max(",;\t", key=header.count)
        table = pd.read_csv(
            path, sep=separator, dtype="string", encoding="utf-8-sig", keep_default_na=False
        )
    except (OSError, ValueError) as error:
        raise InputError(
            "the file is broken: {reason}", Where(file=str(path)), mend, {"reason": str(error)}
        ) from error
    lacking = [name for name in (*numbers, *texts) if name not in table]
    if lacking:
        raise InputError(
            "the table lacks the column {column}",
            Where(file=str(path)),
            mend,
            {"column": lacking[0]},
        )
    out = table[list(texts)].replace(_APOSTROPHE, "", regex=True).astype(object)
    for name in numbers:
        points = table[name].str.replace(",", ".", regex=False)
        out[name] = pd.to_numeric(points, errors="coerce").astype("float64")
    return out
