"""The tables of a calibration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

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
    "excess": "loss beyond free space",
    "log_distance": "log distance",
    "no_field": "chosen, by stretch of road",
    "field": "chosen and kriged, by stretch of road",
}


def class_text(kind: str, name: str) -> str:
    """Return a class of a kind in words, in the current language; its own name where none."""
    known = CLASS_WORDS.get(kind, {})
    return tr(known[name]) if name in known else name


def scheme_text(scheme: str) -> str:
    """Return the parts of a scheme in words."""
    return " + ".join(tr(KIND_WORDS[part]) for part in scheme.split("+"))


def offset_text(name: str) -> str:
    """Return the class of an offset in words: a technology, one with land cover, sight, a slope."""
    if name.startswith("slope "):
        return tr("slope on {what}", what=tr(KIND_WORDS[name.removeprefix("slope ")]))
    if name in CLASS_WORDS["sight"]:
        return class_text("sight", name)
    technology, _, cover = name.partition(" ")
    return f"{technology}, {class_text('land_cover', cover)}" if cover else technology


def write_calibration(
    found: Calibration,
    folder: Path,
    form: CsvForm,
    *,
    overwrite: bool,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write ``calibration_*.csv``, and what their columns mean, into a folder of their own.

    Parameters
    ----------
    found, folder, form, overwrite
        What, where, and how.
    about
        Where the measurements are from, for run.json.

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
            class_label=[offset_text(str(name)) for name in found.offsets["class"]]
        ),
        "calibration_schemes": found.schemes,
        "calibration_refused": found.refused,
    }
    with output_folder(folder, overwrite=overwrite) as partial:
        for name, frame in frames.items():
            write_csv(conform(frame, name), partial / f"{name}.csv", form)
        meanings = {f"{name}.csv": described_by(name) for name in frames}
        write_meanings(meanings, partial, form)
        keys = found.keys
        stamp = {
            "calibration": True,
            "rows": len(found.residuals),
            "refused": len(found.refused),
            **(about or {}),
            "sigma_model_db": None if pd.isna(keys.sigma_model_db) else keys.sigma_model_db,
            "offsets_db": dict(keys.offsets_db),
            "land_cover_offsets_db": {
                technology: {str(code): value for code, value in classes.items()}
                for technology, classes in keys.land_cover_offsets_db.items()
            },
            "obstruction_offsets_db": dict(keys.obstruction_offsets_db),
            "slopes": {name: slope.model_dump() for name, slope in keys.slopes.items()},
            "variogram": None if found.variogram is None else asdict(found.variogram),
            "kriged": bool(found.fields),
        }
        (partial / STAMP).write_text(json.dumps(stamp, indent=2, allow_nan=False), "utf-8")


def _labels(kind: str, classes: pd.Series[str]) -> pd.Series[str]:
    """Return the words of a column of classes; missing stays missing."""
    return classes.map(lambda name: class_text(kind, str(name)), na_action="ignore")
