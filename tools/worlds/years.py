"""Two finished runs of a made-up province: as it is, and a year on."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path

import geopandas as gpd

from phusong.exports import CsvForm, describe_run, write_results
from phusong.results.finished import FinishedRun, open_run
from phusong.results.missing import Attempts
from phusong.results.model import Results

GAINED, LOST, GONE = 4, 5, 39
"""Rows of the villages that the year changes."""


def finished(world: Results, folder: Path, created: str) -> FinishedRun:
    """Write the results of a made-up world as a run does, and read them back."""
    folder.mkdir()
    grid = world.inputs.grid
    stamp = {
        "study": world.study.study.name,
        "study_sha256": world.study.fingerprint(),
        "version": "0",
        "created": created,
        "settings": world.study.model_dump(mode="json"),
        "crs": world.inputs.crs.to_string(),
        "grid": {"cell_m": grid.cell_m, "bounds_m": list(grid.bounds)},
        "indicators": [
            {
                key: None if isinstance(value, float) and math.isnan(value) else value
                for key, value in asdict(item).items()
            }
            for item in world.indicators.items
        ],
    }
    about = {key: str(stamp[key]) for key in ("study", "study_sha256", "version", "created")}
    attempt = Attempts()
    described = write_results(folder, world, about, CsvForm(), attempt)
    assert not attempt.missing
    describe_run(folder, world, stamp, described, CsvForm())
    return open_run(folder)


def later_world(world: Results) -> Results:
    """The same province a year on: one village gained, one lost, one gone, one redrawn."""
    villages = world.coverage.villages.copy()
    grades = villages["grade"].tolist()
    grades[GAINED], grades[LOST] = "covered", "white"
    villages["grade"] = grades
    villages.loc[GAINED, "geometry"] = villages.geometry[GAINED].buffer(-150)
    villages = villages.drop(index=GONE)
    coverage = replace(world.coverage, villages=gpd.GeoDataFrame(villages, crs=world.inputs.crs))
    reach = world.fiber.reach.copy()
    reach.loc[reach.index[0], "reached"] = False
    left = world.inputs.villages.drop(index=GONE)
    left.loc[GAINED, "geometry"] = left.geometry[GAINED].buffer(-150)
    inputs = replace(world.inputs, villages=gpd.GeoDataFrame(left, crs=world.inputs.crs))
    return replace(world, inputs=inputs, coverage=coverage, fiber=replace(world.fiber, reach=reach))
