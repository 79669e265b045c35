"""The files of the reach of further places: schools, health posts, villages, towers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd

from phusong.exports.dictionary import conform
from phusong.exports.folder import STAMP
from phusong.exports.geopackage import Layer, write_geopackage
from phusong.exports.spreadsheet import CsvForm, write_csv
from phusong.fiber.reasons import reason_text


def write_places(
    reach: gpd.GeoDataFrame, folder: Path, stamp: dict[str, Any], form: CsvForm
) -> None:
    """Write ``fibre_places.csv``, ``fibre_places.gpkg`` and the stamp.

    Parameters
    ----------
    reach
        As :func:`phusong.fiber.fibre.reach_of_places` gives it, with ``layer``, ``place_id``,
        ``name`` and ``people``.
    """
    words = [
        reason_text(code, params)
        for code, params in zip(reach["reason"], reach["reason_params"], strict=True)
    ]
    table = reach.assign(reason_code=reach["reason"], reason=words)
    points = reach.geometry.to_crs(4326)
    table["longitude"], table["latitude"] = points.x, points.y
    shown = conform(table, "fibre_places")
    write_csv(shown, folder / "fibre_places.csv", form)
    layer = gpd.GeoDataFrame(shown, geometry=reach.geometry.to_numpy(), crs=reach.crs)
    short = {key: str(value) for key, value in stamp.items()}
    write_geopackage([Layer("fibre_places", layer, "reach")], short, folder / "fibre_places.gpkg")
    text = json.dumps(stamp, ensure_ascii=False, indent=2, allow_nan=False)
    (folder / STAMP).write_text(text, "utf-8")
