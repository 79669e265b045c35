"""CSV that a spreadsheet opens right: diacritics, separators, and no cell that runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from phusong.disc.durable import replacing
from phusong.disc.refused import refused

_RUNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class CsvForm:
    """How numbers and columns are set apart.

    Vietnamese Excel reads ``;`` between columns and ``,`` in decimals.
    """

    separator: str = ","
    decimal: str = "."


def harmless(text: Any) -> Any:
    """Return text a spreadsheet will not run as a formula: an apostrophe goes before it.

    Only for text; a number such as -97.3 never comes here. See OWASP, CSV Injection.
    """
    if isinstance(text, str) and text.startswith(_RUNS):
        return f"'{text}"
    return text


def write_csv(frame: pd.DataFrame, path: Path, form: CsvForm | None = None) -> None:
    """Write a frame as UTF-8 with byte order mark, so that Excel shows Vietnamese.

    Text columns are made harmless, booleans read ``true``/``false``, missing values are empty.
    Written beside its place and moved in, so that an earlier file stays whole.

    Raises
    ------
    OutputError
        When the file cannot be written there.
    """
    write_csv_parts([frame], path, form or CsvForm())


def write_csv_parts(parts: Iterable[pd.DataFrame], path: Path, form: CsvForm) -> None:
    """Write frames of the same columns below each other, as :func:`write_csv` does one.

    Raises
    ------
    OutputError
        When the file cannot be written there.
    """
    with (
        refused(path),
        replacing(path) as half,
        half.open("w", encoding="utf-8-sig", newline="") as file,
    ):
        for number, part in enumerate(parts):
            _written(part).to_csv(
                file,
                index=False,
                header=number == 0,
                sep=form.separator,
                decimal=form.decimal,
                lineterminator="\r\n",
            )


def _written(frame: pd.DataFrame) -> pd.DataFrame:
    out = frame.copy()
    for name in out.columns:
        values = out[name]
        if pd.api.types.is_bool_dtype(values):
            out[name] = values.map({True: "true", False: "false"}).astype("string")
        elif not pd.api.types.is_numeric_dtype(values):
            out[name] = values.map(harmless, na_action="ignore")
    out.columns = [harmless(str(name)) for name in out.columns]
    return out
