"""The files of an extension plan but its map and stamp: targets, stages, bill, lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from phusong.exports.formats.geopackage import Layer, documented, of_geopackage
from phusong.exports.formats.meanings import write_meanings
from phusong.exports.formats.parquet import write_layers
from phusong.exports.formats.spreadsheet import CsvForm, write_csv
from phusong.exports.tables.dictionary import conform, described_by
from phusong.fiber.extension.extension import ExtensionPlan
from phusong.fiber.rings.rings import RingPlan
from phusong.results.missing import Attempts


def write_extension(
    plan: ExtensionPlan,
    rings: RingPlan | None,
    folder: Path,
    stamp: dict[str, Any],
    form: CsvForm,
    attempt: Attempts,
    formats: Sequence[str] = (),
) -> None:
    """Write ``extension_*.csv``, ``ring_*.csv`` when asked for, then ``extension.gpkg``.

    ``columns.csv`` beside them says what every column means; ``attempt`` takes a GeoPackage that
    fails. ``formats`` are the study's ``outputs.formats``.
    """
    tables: dict[str, tuple[str, pd.DataFrame]] = {
        "extension_targets.csv": ("extension_targets", plan.targets),
        "extension_stages.csv": ("extension_stages", plan.stages),
        "extension_bill.csv": ("extension_bill", plan.bill),
        "extension_indicators.csv": ("extension_indicators", plan.indicators),
    }
    if rings is not None:
        tables["ring_targets.csv"] = ("ring_targets", rings.targets)
        tables["ring_bill.csv"] = ("extension_bill", rings.bill)
        tables["ring_indicators.csv"] = ("extension_indicators", rings.indicators)
    for name, (table, frame) in tables.items():
        write_csv(conform(frame, table), folder / name, form)
    meanings = {name: described_by(table) for name, (table, _) in tables.items()}
    short = {key: str(value) for key, value in stamp.items()}
    written = write_layers(
        lambda: _layers(plan, rings), short, folder / "extension.gpkg", attempt, formats
    )
    write_meanings({**meanings, **of_geopackage("extension.gpkg", written)}, folder, form)


def _layers(plan: ExtensionPlan, rings: RingPlan | None) -> Iterator[Layer]:
    yield documented("extension_lines", plan.lines, "planned")
    yield documented("extension_targets", plan.targets, "targets")
    if rings is not None:
        yield documented("ring_lines", rings.lines, "second", "extension_lines")
        yield documented("ring_targets", rings.targets, "ring_targets")
