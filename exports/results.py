"""Everything a run leaves in its folder, but the map and the rasters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from phusong.checks import Findings
from phusong.coverage.layers import safe_names
from phusong.coverage.results import ANY, VillageCoverage
from phusong.coverage.simulation import Simulation
from phusong.exports import tables as build
from phusong.exports.datapackage import write_datapackage
from phusong.exports.dictionary import columns_table, conform, tables
from phusong.exports.earth import earth_folders
from phusong.exports.geopackage import Layer, write_geopackage
from phusong.exports.kmz import write_kmz
from phusong.exports.parquet import write_parquet
from phusong.exports.spreadsheet import CsvForm, write_csv
from phusong.exports.workbook import write_workbook
from phusong.fiber.reach import reason_text
from phusong.fiber.results import FiberResult
from phusong.frames import rows
from phusong.indicators.results import Indicators
from phusong.sources.inputs import Inputs
from phusong.study import Study


@dataclass(frozen=True)
class _Csv:
    table: str
    frame: pd.DataFrame
    operators: tuple[str, ...] = ()


def write_checks(findings: Findings, inputs: Inputs | None, path: Path, form: CsvForm) -> None:
    """Write checks.csv."""
    write_csv(conform(build.checks_table(findings, inputs), "checks"), path, form)


def write_results(
    folder: Path,
    study: Study,
    inputs: Inputs,
    coverage: VillageCoverage | None,
    fiber: FiberResult | None,
    indicators: Indicators,
    findings: Findings,
    stamp: dict[str, Any],
    form: CsvForm,
    simulation: Simulation | None = None,
    definitions: pd.DataFrame | None = None,
) -> None:
    """Write every table, results.gpkg, run.json and datapackage.json into ``folder``.

    Parameters
    ----------
    stamp
        What run.json says: study, versions, input hashes, timings.
    """
    csv_files = _csv_files(inputs, coverage, fiber, indicators, findings, simulation)
    if definitions is not None:
        csv_files["definitions.csv"] = _Csv("definitions", build.definitions_table(definitions))
    described = {
        name: (csv.table, tables()[csv.table].expand(csv.operators))
        for name, csv in csv_files.items()
    }
    csv_files["columns.csv"] = _Csv("columns", columns_table(described))
    described["columns.csv"] = ("columns", list(tables()["columns"].columns))
    for name, csv in csv_files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        frame = conform(csv.frame, csv.table, csv.operators)
        write_csv(frame, path, form)
        if csv.table == "carrier" and "xlsx" in study.outputs.formats:
            notes = [(item.title, item.definition) for item in _definitions(indicators)]
            write_workbook(frame, csv.table, path.with_suffix(".xlsx"), notes=notes)
    short = {key: str(stamp[key]) for key in ("study", "study_sha256", "version", "created")}
    layers = _layers(inputs, coverage, fiber, findings, csv_files)
    write_geopackage(layers, short, folder / "results.gpkg")
    if "kmz" in study.outputs.formats:
        write_kmz(study.study.name, earth_folders(layers), folder / "results.kmz")
    if "parquet" in study.outputs.formats:
        write_parquet(layers, folder)
    (folder / "run.json").write_text(
        json.dumps(stamp, ensure_ascii=False, indent=2, allow_nan=False), "utf-8"
    )
    extent = tuple(inputs.communes.to_crs(4326).total_bounds)
    write_datapackage(folder, study, described, form, str(stamp["created"]), extent)


def _definitions(indicators: Indicators) -> list[Any]:
    """Return the village figures' titles and definitions, once each, in the current language."""
    frame = indicators.table
    if frame.empty:
        return []
    villages = frame[frame["id"].str.match(r"villages_(covered|hollow|white)$")]
    return list(villages.itertuples(index=False))


def _csv_files(
    inputs: Inputs,
    coverage: VillageCoverage | None,
    fiber: FiberResult | None,
    indicators: Indicators,
    findings: Findings,
    simulation: Simulation | None,
) -> dict[str, _Csv]:
    out: dict[str, _Csv] = {}
    if coverage is not None:
        operators = tuple(build.operators_of(coverage))
        villages = build.villages_table(inputs, coverage, simulation)
        out["villages.csv"] = _Csv("villages", villages, operators)
        out["village_layers.csv"] = _Csv("village_layers", coverage.by_layer)
        names = safe_names([ANY, *operators])
        for operator in operators:
            frame = build.carrier_table(inputs, coverage, operator)
            out[f"carriers/{names[operator]}.csv"] = _Csv("carrier", frame)
        out["sensitivity.csv"] = _Csv("sensitivity", indicators.sensitivity)
    out["communes.csv"] = _Csv("communes", build.communes_table(inputs, coverage, fiber))
    if fiber is not None:
        near = fiber.near_misses.rename(columns={"lon": "longitude", "lat": "latitude"})
        out["near_misses.csv"] = _Csv("near_misses", pd.DataFrame(near.drop(columns="geometry")))
        failures = fiber.failures.assign(
            communes=fiber.failures["communes"].map(" ".join),
            sites=fiber.failures["sites"].map(" ".join),
        )
        place = build.lonlat(failures["x_m"], failures["y_m"], inputs)
        failures["longitude"], failures["latitude"] = place.longitude, place.latitude
        out["fibre_failures.csv"] = _Csv("fibre_failures", failures)
    out["indicators.csv"] = _Csv("indicators", indicators.table)
    out["checks.csv"] = _Csv("checks", build.checks_table(findings, inputs))
    return out


def _layers(
    inputs: Inputs,
    coverage: VillageCoverage | None,
    fiber: FiberResult | None,
    findings: Findings,
    csv_files: dict[str, _Csv],
) -> list[Layer]:
    """Return the layers, topmost last, with the columns of the tables people read."""
    crs = inputs.crs
    communes = csv_files["communes.csv"].frame
    layers: list[Layer] = []
    if coverage is not None:
        villages = csv_files["villages.csv"]
        table = conform(villages.frame, "villages", villages.operators)
        geometry = coverage.villages.geometry.to_numpy()
        layers.append(
            Layer("villages", gpd.GeoDataFrame(table, geometry=geometry, crs=crs), "villages")
        )
    table = conform(communes, "communes")
    geometry = inputs.communes.geometry.to_numpy()
    layers.append(
        Layer("communes", gpd.GeoDataFrame(table, geometry=geometry, crs=crs), "communes")
    )
    if fiber is not None:
        reach = fiber.reach.assign(
            reason=[reason_text(row.reason, row.reason_params) for row in rows(fiber.reach)],
            reason_code=fiber.reach["reason"],
            reason_params=[json.dumps(p, default=float) for p in fiber.reach["reason_params"]],
        )
        layers += [
            Layer("fibre_routes", fiber.routes, "routes"),
            Layer("fibre", fiber.edges, "fibre"),
            Layer("fibre_near_misses", fiber.near_misses, "near_misses"),
            Layer("commune_centres", reach, "reach"),
        ]
    cells = inputs.cells.merge(inputs.sites[["site_id", "geometry"]], on="site_id")
    layers.append(Layer("cells", gpd.GeoDataFrame(cells, geometry="geometry", crs=crs), "cells"))
    layers.append(Layer("sites", inputs.sites, "sites"))
    found = findings.to_frame()
    found = found[found["x_m"].notna()]
    points = gpd.points_from_xy(found["x_m"], found["y_m"], crs=crs)
    layers.append(Layer("findings", gpd.GeoDataFrame(found, geometry=points), "findings"))
    return layers
