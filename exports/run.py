"""Everything a run leaves in its folder, but the map and the rasters: figures first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from phusong.checks import Findings
from phusong.coverage.results import ANY
from phusong.exports.folder import write_stamp
from phusong.exports.formats import hexagons, signal_classes
from phusong.exports.formats.datapackage import write_datapackage
from phusong.exports.formats.earth import earth_folders
from phusong.exports.formats.geopackage import Layer, documented, of_geopackage
from phusong.exports.formats.kmz import write_kmz
from phusong.exports.formats.open_fibre import FOLDER, write_open_fibre
from phusong.exports.formats.parquet import write_layers
from phusong.exports.formats.spreadsheet import CsvForm, write_csv
from phusong.exports.formats.workbook import write_workbook
from phusong.exports.tables import build
from phusong.exports.tables.dictionary import Described, columns_table, conform, described_by
from phusong.fiber.reach.reach import reason_text
from phusong.fiber.results import FiberResult
from phusong.frames import rows
from phusong.indicators.results import Indicators
from phusong.names import safe_names
from phusong.results.missing import Attempts
from phusong.results.model import Results
from phusong.sources.inputs import Inputs


@dataclass(frozen=True)
class _Csv:
    table: str
    frame: pd.DataFrame
    operators: tuple[str, ...] = ()


def write_checks(findings: Findings, inputs: Inputs | None, path: Path, form: CsvForm) -> None:
    """Write checks.csv."""
    write_csv(conform(build.checks_table(findings, inputs), "checks"), path, form)


def write_results(
    folder: Path, results: Results, about: dict[str, str], form: CsvForm, attempt: Attempts
) -> dict[str, Described]:
    """Write every table into ``folder``, then what is made of them: workbooks, layers, KMZ.

    Parameters
    ----------
    about
        What the GeoPackage says of the run: study, version, time.
    attempt
        Takes what cannot be written but the tables, which stand by then.

    Returns
    -------
    dict
        What each CSV holds, for :func:`describe_run`.
    """
    formats = results.study.outputs.formats
    csv_files = _csv_files(results)
    described = {name: described_by(csv.table, csv.operators) for name, csv in csv_files.items()}
    for name, csv in csv_files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        write_csv(conform(csv.frame, csv.table, csv.operators), folder / name, form)
    if "xlsx" in formats:
        _write_workbooks(folder, results.indicators, csv_files, attempt)
    # Made in each attempt that needs them: where they fail, each file says so.
    layers = cache(lambda: _layers(results, csv_files))
    written = write_layers(layers, about, folder / "results.gpkg", attempt, formats)
    if "kmz" in formats:
        with attempt("results.kmz", folder / "results.kmz"):
            write_kmz(results.study.title, earth_folders(layers()), folder / "results.kmz")
    if "ofds" in formats and results.fiber is not None:
        with attempt(FOLDER, folder / FOLDER):
            write_open_fibre(results.study, results.inputs, results.fiber, about["created"], folder)
    in_forms = _write_coverage_forms(folder, results, form, attempt)
    in_layers = of_geopackage("results.gpkg", written)
    meanings = columns_table({**described, **in_layers, **in_forms})
    described |= {name: what for name, what in in_forms.items() if name.endswith(".csv")}
    write_csv(conform(meanings, "columns"), folder / "columns.csv", form)
    return {**described, "columns.csv": described_by("columns")}


def _write_coverage_forms(
    folder: Path, results: Results, form: CsvForm, attempt: Attempts
) -> dict[str, Described]:
    """Write coverage in the forms of others that the study asks for; return what tables hold."""
    formats, signal = results.study.outputs.formats, results.signal
    described: dict[str, Described] = {}
    if signal is None:
        return described
    asked = results.study.verdict.probability
    if "h3" in formats:
        with attempt(hexagons.FOLDER, folder / hexagons.FOLDER):
            described = hexagons.write_hexagons(
                signal, results.inputs.communes, asked, folder, form
            )
    if "gsma" in formats:
        with attempt(signal_classes.FOLDER, folder / signal_classes.FOLDER):
            signal_classes.write_signal_classes(signal, results.study.outputs, asked, folder)
    return described


def describe_run(
    folder: Path,
    results: Results,
    stamp: dict[str, Any],
    described: Mapping[str, Described],
    form: CsvForm,
) -> None:
    """Write run.json and datapackage.json: last, for they say what is there and what is missing.

    Parameters
    ----------
    stamp
        What run.json says: study, versions, input hashes, timings.
    described
        What each CSV holds.
    """
    write_stamp(folder, stamp, results.missing)
    extent = tuple(results.inputs.communes.to_crs(4326).total_bounds)
    write_datapackage(folder, results.study, described, form, str(stamp["created"]), extent)


def _write_workbooks(
    folder: Path, indicators: Indicators, csv_files: Mapping[str, _Csv], attempt: Attempts
) -> None:
    notes = [(item.title, item.definition) for item in _definitions(indicators)]
    for name, csv in csv_files.items():
        if csv.table == "carrier":
            path = (folder / name).with_suffix(".xlsx")
            with attempt(path.relative_to(folder).as_posix(), path):
                frame = conform(csv.frame, csv.table, csv.operators)
                write_workbook(frame, csv.table, path, notes=notes)


def _definitions(indicators: Indicators) -> list[Any]:
    """Return the village figures' titles and definitions, once each, in the current language."""
    frame = indicators.table
    if frame.empty:
        return []
    villages = frame[frame["id"].str.match(r"villages_(covered|hollow|white)$")]
    return list(villages.itertuples(index=False))


def _csv_files(results: Results) -> dict[str, _Csv]:
    inputs, coverage, fiber = results.inputs, results.coverage, results.fiber
    out: dict[str, _Csv] = {}
    if coverage is not None:
        operators = tuple(build.operators_of(coverage))
        villages = build.villages_table(inputs, coverage, results.simulation)
        out["villages.csv"] = _Csv("villages", villages, operators)
        out["village_layers.csv"] = _Csv("village_layers", coverage.by_layer)
        names = safe_names([ANY, *operators])
        for operator in operators:
            frame = build.carrier_table(inputs, coverage, operator)
            out[f"carriers/{names[operator]}.csv"] = _Csv("carrier", frame)
        if not coverage.by_place.empty:
            out["village_places.csv"] = _Csv("village_places", coverage.by_place)
        out["sensitivity.csv"] = _Csv("sensitivity", results.indicators.sensitivity)
    out["communes.csv"] = _Csv("communes", build.communes_table(inputs, coverage, fiber))
    if fiber is not None:
        near = _near_misses(fiber)
        out["near_misses.csv"] = _Csv("near_misses", pd.DataFrame(near.drop(columns="geometry")))
        failures = fiber.failures.assign(
            communes=fiber.failures["communes"].map(" ".join),
            sites=fiber.failures["sites"].map(" ".join),
        )
        place = build.lonlat(failures["x_m"], failures["y_m"], inputs)
        failures["longitude"], failures["latitude"] = place.longitude, place.latitude
        out["fibre_failures.csv"] = _Csv("fibre_failures", failures)
    out["indicators.csv"] = _Csv("indicators", results.indicators.table)
    out["checks.csv"] = _Csv("checks", build.checks_table(results.findings, inputs))
    if results.definitions is not None:
        table = build.definitions_table(results.definitions)
        out["definitions.csv"] = _Csv("definitions", table)
    return out


def _layers(results: Results, csv_files: dict[str, _Csv]) -> list[Layer]:
    """Return the layers, topmost last, with the columns of the tables people read."""
    inputs, coverage, fiber = results.inputs, results.coverage, results.fiber
    crs = inputs.crs
    layers: list[Layer] = []
    if coverage is not None:
        villages = csv_files["villages.csv"]
        shapes = coverage.villages.geometry.to_numpy()
        frame = gpd.GeoDataFrame(villages.frame, geometry=shapes, crs=crs)
        layers.append(documented("villages", frame, "villages", operators=villages.operators))
    communes = csv_files["communes.csv"].frame
    shapes = inputs.communes.geometry.to_numpy()
    frame = gpd.GeoDataFrame(communes, geometry=shapes, crs=crs)
    layers.append(documented("communes", frame, "communes"))
    if fiber is not None:
        near = _near_misses(fiber)
        reach = fiber.reach.assign(
            reason=[reason_text(row.reason, row.reason_params) for row in rows(fiber.reach)],
            reason_code=fiber.reach["reason"],
            reason_params=[json.dumps(p, default=float) for p in fiber.reach["reason_params"]],
        )
        layers += [
            documented("fibre_routes", fiber.routes, "routes"),
            documented("fibre", fiber.edges, "fibre"),
            documented("fibre_near_misses", near, "near_misses", "near_misses"),
            documented("commune_centres", reach, "reach"),
        ]
    cells = inputs.cells.merge(inputs.sites[["site_id", "geometry"]], on="site_id")
    masts = gpd.GeoDataFrame(cells, geometry="geometry", crs=crs)
    layers.append(documented("cells", masts, "cells"))
    layers.append(documented("sites", inputs.sites, "sites"))
    found = csv_files["checks.csv"].frame
    found = found[found["x_m"].notna()]
    points = gpd.points_from_xy(found["x_m"], found["y_m"], crs=crs)
    frame = gpd.GeoDataFrame(found, geometry=points)
    layers.append(documented("findings", frame, "findings", "checks"))
    return layers


def _near_misses(fiber: FiberResult) -> gpd.GeoDataFrame:
    return fiber.near_misses.rename(columns={"lon": "longitude", "lat": "latitude"})
