"""The tables of a calibration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pandas as pd

from phusong.coverage.calibration.calibrate import Calibration
from phusong.exports.folder import STAMP, output_folder
from phusong.exports.formats.meanings import write_meanings
from phusong.exports.formats.spreadsheet import CsvForm, write_csv
from phusong.exports.tables.dictionary import conform, described_by
from phusong.i18n import tr

CLASS_WORDS: Final[dict[str, dict[str, str]]] = {
    "land_cover": {
        "10": "trees",
        "20": "shrubs",
        "30": "grass",
        "40": "crops",
        "50": "built-up",
        "60": "bare ground",
        "70": "snow and ice",
        "80": "water",
        "90": "wetland",
        "95": "mangroves",
        "100": "moss and lichen",
    },
    "sight": {
        "clear": "line of sight",
        "obstructed": "obstructed",
        "unknown": "not known",
    },
}
"""Kind -> class -> English template; land cover by ESA WorldCover's codes."""
KIND_WORDS: Final[dict[str, str]] = {
    "all": "all rows",
    "overall": "one offset",
    "operator": "operator",
    "technology": "technology",
    "distance": "distance",
    "land_cover": "land cover",
    "sight": "sight",
    "site": "site",
    "technology_land_cover": "technology and land cover",
}


def class_text(kind: str, name: str) -> str:
    """Return a class of a kind in words, in the current language; its own name where none."""
    if kind == "technology_land_cover":
        technology, _, cover = name.partition(" ")
        return f"{technology}, {class_text('land_cover', cover)}" if cover else technology
    known = CLASS_WORDS.get(kind, {})
    return tr(known[name]) if name in known else name


def write_calibration(found: Calibration, folder: Path, form: CsvForm, *, overwrite: bool) -> None:
    """Write ``calibration_*.csv``, and what their columns mean, into a folder of their own.

    Raises
    ------
    OutputError
        When the folder may not be replaced.
    """
    frames = {
        "calibration_residuals": found.residuals.assign(
            land_cover_label=_labels("land_cover", found.residuals["land_cover"])
        ),
        "calibration_summary": found.summary.assign(
            class_label=[
                class_text(kind, name)
                for kind, name in zip(found.summary["kind"], found.summary["class"], strict=True)
            ]
        ),
        "calibration_offsets": found.offsets.assign(
            class_label=[
                class_text(kind, name)
                for kind, name in zip(found.offsets["scheme"], found.offsets["class"], strict=True)
            ]
        ),
        "calibration_schemes": found.schemes,
        "calibration_refused": found.refused,
    }
    with output_folder(folder, overwrite=overwrite) as partial:
        for name, frame in frames.items():
            write_csv(conform(frame, name), partial / f"{name}.csv", form)
        meanings = {f"{name}.csv": described_by(name) for name in frames}
        write_meanings(meanings, partial, form)
        stamp = {
            "calibration": True,
            "rows": len(found.residuals),
            "refused": len(found.refused),
            "sigma_model_db": None if pd.isna(found.sigma_model_db) else found.sigma_model_db,
            "offsets_db": dict(found.offsets_db),
            "land_cover_offsets_db": {
                technology: {str(code): value for code, value in classes.items()}
                for technology, classes in found.land_cover_offsets_db.items()
            },
        }
        (partial / STAMP).write_text(json.dumps(stamp, indent=2, allow_nan=False), "utf-8")


def _labels(kind: str, classes: pd.Series[str]) -> pd.Series[str]:
    """Return the words of a column of classes; missing stays missing."""
    return classes.map(lambda name: class_text(kind, str(name)), na_action="ignore")
