"""The files of losses followed: events, villages, what goes dark, pairs, a layer of events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd

from phusong.exports.formats.geopackage import Layer, documented, of_geopackage
from phusong.exports.formats.meanings import write_meanings
from phusong.exports.formats.parquet import write_layers
from phusong.exports.formats.spreadsheet import CsvForm, write_csv
from phusong.exports.tables.build import lonlat
from phusong.exports.tables.dictionary import conform, described_by
from phusong.planning.cascade.results import Cascade
from phusong.results.missing import Attempts
from phusong.sources.inputs import Inputs

GEOPACKAGE = "cascade.gpkg"


def write_cascade(
    cascade: Cascade,
    inputs: Inputs,
    folder: Path,
    stamp: dict[str, Any],
    form: CsvForm,
    attempt: Attempts,
    formats: Sequence[str] = (),
) -> None:
    """Write ``cascade_*.csv``, then ``cascade.gpkg``; ``columns.csv`` says what they mean.

    ``formats`` are the study's ``outputs.formats``.
    """
    events = cascade.events.copy()
    place = lonlat(events["x_m"], events["y_m"], inputs)
    events["longitude"], events["latitude"] = place.longitude, place.latitude
    tables = {
        "cascade_events": events,
        "cascade_villages": cascade.villages,
        "cascade_dark": cascade.dark,
        "cascade_pairs": cascade.pairs,
        "cascade_remedies": cascade.remedies,
        "cascade_cuts": _joined(cascade.cuts),
        "cascade_cut_villages": cascade.cut_villages,
    }
    for name, frame in tables.items():
        write_csv(conform(frame, name), folder / f"{name}.csv", form)
    short = {key: str(value) for key, value in stamp.items()}
    written = write_layers(
        lambda: _layers(events, cascade), short, folder / GEOPACKAGE, attempt, formats
    )
    meanings = {f"{name}.csv": described_by(name) for name in tables}
    write_meanings({**meanings, **of_geopackage(GEOPACKAGE, written)}, folder, form)


def _layers(events: gpd.GeoDataFrame, cascade: Cascade) -> Iterator[Layer]:
    yield documented("cascade_events", events, "cascade")
    yield documented("cascade_cuts", _joined(cascade.cuts), "cascade_cuts")
    remedies = cascade.remedies
    # QGIS draws one kind of geometry a layer.
    lines = remedies.geom_type.isin(["LineString", "MultiLineString"])
    yield documented("cascade_remedies", remedies[lines], "cascade_remedies")
    yield documented("cascade_batteries", remedies[~lines], "cascade_batteries", "cascade_remedies")


def _joined(cuts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return pairs of cuts with what goes dark in one text each."""
    texts = {name: [", ".join(names) for names in cuts[name]] for name in ("communes", "sites")}
    return cuts.assign(**texts)
