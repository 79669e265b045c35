"""The tables of a comparison of two runs."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from phusong.exports.formats.meanings import write_meanings
from phusong.exports.formats.spreadsheet import CsvForm, write_csv
from phusong.exports.tables.dictionary import conform, described_by
from phusong.results.compare import Comparison


def write_comparison(found: Comparison, folder: Path, form: CsvForm) -> None:
    """Write ``compare_*.csv``, and what their columns mean."""
    definitions = pd.DataFrame(
        [(d.key, json.dumps(d.before), json.dumps(d.after)) for d in found.definitions],
        columns=["key", "before", "after"],
    )
    frames = {
        "compare_villages": found.villages,
        "compare_communes": found.communes,
        "compare_indicators": found.indicators,
        "compare_definitions": definitions,
    }
    for name, frame in frames.items():
        write_csv(conform(frame, name), folder / f"{name}.csv", form)
    write_meanings({f"{name}.csv": described_by(name) for name in frames}, folder, form)
