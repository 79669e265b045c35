"""columns.csv: what every column of the files beside it means."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from phusong.exports.formats.spreadsheet import CsvForm, write_csv
from phusong.exports.tables.dictionary import Described, columns_table, conform


def write_meanings(described: Mapping[str, Described], folder: Path, form: CsvForm) -> None:
    """Write ``columns.csv``, in the current language.

    Parameters
    ----------
    described
        File name, or that of a GeoPackage and its layer (``results.gpkg/cells``) -> the table of
        the dictionary and the columns of it that are there.
    """
    write_csv(conform(columns_table(described), "columns"), folder / "columns.csv", form)
