"""The files of an audit: tests, shares, claims, the next drive, one challenge a carrier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from phusong.coverage.audit.assess import Audit
from phusong.exports.folder import output_folder, write_stamp
from phusong.exports.formats.geopackage import Layer, documented, of_geopackage
from phusong.exports.formats.gpx import write_gpx
from phusong.exports.formats.meanings import write_meanings
from phusong.exports.formats.parquet import write_layers
from phusong.exports.formats.spreadsheet import CsvForm, write_csv
from phusong.exports.tables.dictionary import conform, described_by
from phusong.i18n import number, tr
from phusong.results.missing import Attempts

RESULT_WORDS: Final[dict[str, str]] = {
    "claimed_succeeded": "claimed, and the test succeeded",
    "claimed_failed": "claimed, but the test failed",
    "unclaimed_succeeded": "not claimed, though the test succeeded",
    "unclaimed_failed": "not claimed, and the test failed",
}
"""Result of a test -> English template."""
VERDICT_WORDS: Final[dict[str, str]] = {
    "refuted": "refuted by the tests",
    "undecided": "undecided",
    "confirmed": "confirmed by the tests",
}
"""Verdict on a claim -> English template."""


def write_audit(
    found: Audit,
    stops: gpd.GeoDataFrame,
    line: gpd.GeoDataFrame,
    drive_claims: pd.DataFrame,
    stamp: dict[str, Any],
    folder: Path,
    form: CsvForm,
    safe_names: dict[str, str],
    attempt: Attempts,
    *,
    overwrite: bool,
    formats: Sequence[str] = (),
) -> None:
    """Write ``audit_*.csv``, ``challenges/*.csv``, ``audit.gpkg``, ``drive.gpx`` and the stamp.

    Parameters
    ----------
    found
        The audit.
    stops, line, drive_claims
        The next drive; empty where there is none, and then without files.
    stamp
        What run.json says.
    folder, form
        Where to, and how numbers are set apart.
    safe_names
        What a file of each carrier is called.
    attempt
        Takes a GeoPackage or a GPX that fails; the tables stand by then.
    overwrite
        Whether an earlier folder of phusong's may be replaced.
    formats
        The study's ``outputs.formats``.

    Raises
    ------
    OutputError
        When the folder may not be replaced.
    """
    names = _names(found.tests)
    tests = found.tests.assign(result_label=found.tests["result"].map(_words(RESULT_WORDS)))
    claims = found.claims.assign(
        verdict_label=found.claims["verdict"].map(_words(VERDICT_WORDS)), **names(found.claims)
    )
    tables: dict[str, tuple[str, pd.DataFrame]] = {
        "audit_tests.csv": ("audit_tests", tests),
        "audit_shares.csv": ("audit_shares", found.shares.assign(**names(found.shares))),
        "audit_claims.csv": ("audit_claims", claims),
        "audit_refused.csv": ("audit_refused", found.refused),
    }
    for operator, evidence in found.failed_claims.groupby("operator", sort=True):
        off = evidence["threshold_dbm"] - evidence["level_dbm"]
        worst = evidence.assign(shortfall_db=off).sort_values(
            ["claimed_probability", "shortfall_db"], ascending=False, kind="stable"
        )
        tables[f"challenges/{safe_names[str(operator)]}.csv"] = ("audit_challenge", worst)
    if len(line):
        tables["audit_drive.csv"] = ("audit_drive", pd.DataFrame(stops))
        tables["audit_drive_claims.csv"] = ("audit_drive_claims", drive_claims)
    with output_folder(folder, overwrite=overwrite) as partial:
        for name, (table, frame) in tables.items():
            (partial / name).parent.mkdir(exist_ok=True)
            write_csv(conform(frame, table), partial / name, form)
        meanings = {name: described_by(table) for name, (table, _) in tables.items()}
        if len(tests) or len(line):
            short = {key: str(value) for key, value in stamp.items()}
            written = write_layers(
                lambda: _layers(tests, stops, line),
                short,
                partial / "audit.gpkg",
                attempt,
                formats,
            )
            meanings |= of_geopackage("audit.gpkg", written)
        if len(line):
            with attempt("drive.gpx", partial / "drive.gpx"):
                _write_gpx(stops, line, partial / "drive.gpx")
        write_meanings(meanings, partial, form)
        write_stamp(partial, stamp, attempt.missing)


def _layers(
    tests: pd.DataFrame, stops: gpd.GeoDataFrame, line: gpd.GeoDataFrame
) -> Iterator[Layer]:
    if len(tests):
        points = gpd.points_from_xy(tests["longitude"], tests["latitude"])
        placed = gpd.GeoDataFrame(tests, geometry=points, crs=4326)
        yield documented("audit_tests", placed, "audit_tests")
    if len(line):
        yield documented("audit_drive_line", line, "drive")
        yield documented("audit_drive", stops, "drive_stops")


def _words(known: dict[str, str]) -> dict[str, str]:
    return {name: tr(words) for name, words in known.items()}


def _names(tests: pd.DataFrame) -> Any:
    """Return a function that gives the names of communes and villages of a frame with codes."""
    known = {}
    for place in ("commune", "village"):
        codes = tests[[f"{place}_code", f"{place}_name"]].dropna().drop_duplicates()
        known[place] = dict(codes.itertuples(index=False, name=None))

    def names(frame: pd.DataFrame) -> dict[str, pd.Series[Any]]:
        return {f"{p}_name": frame[f"{p}_code"].map(by).astype(object) for p, by in known.items()}

    return names


def _write_gpx(stops: gpd.GeoDataFrame, line: gpd.GeoDataFrame, path: Path) -> None:
    """Write the drive for a navigator; a stop is called by its number and commune."""
    points = [
        (f"{order} {commune or ''} ({number(km, ',.1f')} km)".replace("  ", " "), (lon, lat))
        for order, commune, km, lon, lat in zip(
            stops["order"],
            stops["commune_name"],
            stops["km"],
            stops["longitude"],
            stops["latitude"],
            strict=True,
        )
    ]
    way = np.round(shapely.get_coordinates(line.to_crs(4326).geometry.iloc[0]), 6)
    write_gpx(path, tr("Next drive"), points, [(float(x), float(y)) for x, y in way])
