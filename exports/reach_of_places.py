"""The files of the reach of further places: schools, health posts, villages, towers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd

from phusong.exports.folder import write_stamp
from phusong.exports.formats.geopackage import documented, of_geopackage
from phusong.exports.formats.meanings import write_meanings
from phusong.exports.formats.parquet import write_layers
from phusong.exports.formats.spreadsheet import CsvForm, write_csv
from phusong.exports.tables.dictionary import conform, described_by
from phusong.fiber.reach.reasons import reason_text
from phusong.results.missing import Attempts


def write_places(
    reach: gpd.GeoDataFrame,
    folder: Path,
    stamp: dict[str, Any],
    form: CsvForm,
    attempt: Attempts,
    formats: Sequence[str] = (),
) -> None:
    """Write ``fibre_places.csv``, ``fibre_places.gpkg``, what their columns mean, and the stamp.

    Parameters
    ----------
    reach
        As :func:`phusong.fiber.assess.reach_of_places` gives it, with ``layer``, ``place_id``,
        ``name`` and ``people``.
    attempt
        Takes a GeoPackage that fails; the table stands by then.
    formats
        The study's ``outputs.formats``.
    """
    words = [
        reason_text(code, params)
        for code, params in zip(reach["reason"], reach["reason_params"], strict=True)
    ]
    table = reach.assign(reason_code=reach["reason"], reason=words)
    points = reach.geometry.to_crs(4326)
    table["longitude"], table["latitude"] = points.x, points.y
    write_csv(conform(table, "fibre_places"), folder / "fibre_places.csv", form)
    short = {key: str(value) for key, value in stamp.items()}
    written = write_layers(
        lambda: [documented("fibre_places", table, "reach")],
        short,
        folder / "fibre_places.gpkg",
        attempt,
        formats,
    )
    meanings = {"fibre_places.csv": described_by("fibre_places")}
    write_meanings({**meanings, **of_geopackage("fibre_places.gpkg", written)}, folder, form)
    write_stamp(folder, stamp, attempt.missing)
