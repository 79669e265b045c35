"""A claimed map held against measurements, and the day's drive that would tell most."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

import phusong
from phusong.checks import Findings
from phusong.coverage.audit.assess import Audit, audit_map, names_at, open_claims, place_of
from phusong.coverage.audit.drive import Drive, Ways, main_node, plan_drive
from phusong.coverage.audit.presets import preset_of
from phusong.coverage.calibration.measurements import read_measurements
from phusong.coverage.results import SignalLayer
from phusong.coverage.signal.layerfiles import safe_names, signal_kinds
from phusong.coverage.signal.plan import Plan, plan_run
from phusong.coverage.signal.signal import compute_signal
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.villages.residents import residents
from phusong.errors import InputError, Where
from phusong.exports import CsvForm
from phusong.exports.audit import write_audit
from phusong.fiber.built import road_network
from phusong.fiber.network.network import Network
from phusong.i18n import get_language, tr
from phusong.pipeline.compute import scratch_rasters
from phusong.progress import NoProgress, Progress
from phusong.results.finished import open_run
from phusong.sources import Inputs, read_inputs
from phusong.study import Study

_PIECE_M = 1_000.0
"""Longer roads are cut: a day ends where its kilometres do, not at the next crossing."""


@dataclass(frozen=True)
class NextDrive:
    """Where to drive next.

    Attributes
    ----------
    reason
        Why there is no drive (English template); empty where there is one.
    stops
        Points in order: ``order``, ``km``, ``new_tests``, ``narrowing``, ``commune_code``,
        ``commune_name``, ``longitude``, ``latitude``, ``geometry``.
    claims
        What it decides: ``operator``, ``technology``, ``commune_code``, ``commune_name``,
        ``tests``, ``new_tests``, ``low``, ``high`` now and ``low_after``, ``high_after``.
    line
        The way, one row: ``km``, ``new_tests``, ``geometry``; empty without a drive.
    start_off_m
        From the start asked for to the road.
    """

    reason: str = ""
    stops: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    claims: pd.DataFrame = field(default_factory=pd.DataFrame)
    line: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    start_off_m: float = float("nan")

    @property
    def length_km(self) -> float:
        """Length of the way, the way home included; 0 without a drive."""
        return float(self.line["km"].iloc[0]) if len(self.line) else 0.0


@dataclass(frozen=True)
class Audited:
    """An audit, the study it was of, and the next drive."""

    study: Study
    inputs: Inputs
    audit: Audit
    drive: NextDrive
    files: tuple[str, ...] = ()
    run: Path | None = None
    spacing_m: float = 0.0


def audit_study(
    study: Study,
    measurements: Sequence[Path],
    *,
    preset: str = "study",
    probability: float | None = None,
    share: float | None = None,
    confidence: float = 0.95,
    spacing_m: float = 0.0,
    run: Path | None = None,
    columns: dict[str, str] | None = None,
    crs: str | None = None,
    encoding: str | None = None,
    start: tuple[float, float] | None = None,
    day_km: float = 150.0,
    progress: Progress | None = None,
) -> Audited:
    """Hold the map of a study, or of a finished run of it, against files of measurements.

    Parameters
    ----------
    study
        Its towers, terrain, communes and roads.
    measurements
        Files, of one carrier or several.
    preset, probability, share
        See :func:`phusong.coverage.audit.presets.preset_of`.
    confidence, spacing_m
        See :func:`phusong.coverage.audit.assess.audit_map`.
    run
        Folder of a finished run whose rasters and definitions are audited; else the rasters are
        computed, from kept path losses where there are any.
    columns, crs, encoding
        Of every file, see :func:`~phusong.coverage.calibration.measurements.read_measurements`.
    start
        Longitude and latitude of where the next drive begins; by default the commune centre
        with most people.
    day_km
        Length of the next drive.
    progress
        Told how far the work is.

    Raises
    ------
    PhusongError
        When the study, a file or the run is wrong.
    """
    told = progress or NoProgress()
    claimed_by = study if run is None else open_run(run).study
    asked = preset_of(preset, claimed_by, probability=probability, share=share)
    inputs = read_inputs(study, Findings(study.checks.severity), told)
    measured = []
    for path in measurements:
        one, _ = read_measurements(path, inputs, study, columns=columns, crs=crs, encoding=encoding)
        measured.append((path.name, one))
    with ExitStack() as stack:
        if run is None:
            rasters = stack.enter_context(scratch_rasters())
            store = PathLossStore(study.work_folder / "store")
            signal = compute_signal(inputs, study, rasters, store, told)
            layers, cells = signal.layers, signal.cells
        else:
            plan = plan_run(inputs, study)
            layers, cells = layers_of_run(run, plan, inputs), plan.cells
        found = audit_map(
            inputs,
            claimed_by,
            layers,
            cells,
            measured,
            asked,
            confidence=confidence,
            spacing_m=spacing_m,
        )
        drive = next_drive(
            found, inputs, study, layers, start=start, day_km=day_km, spacing_m=spacing_m
        )
    files = tuple(name for name, _ in measured)
    return Audited(study, inputs, found, drive, files, run, spacing_m)


def layers_of_run(run: Path, plan: Plan, inputs: Inputs) -> tuple[SignalLayer, ...]:
    """Return the rasters of a finished run for the carriers of a study.

    Raises
    ------
    InputError
        When the run was made of other towers or on another grid.
    """
    stamp, grid = open_run(run).stamp, inputs.grid
    there = stamp["grid"]
    if (there["cell_m"], tuple(there["bounds_m"])) != (grid.cell_m, grid.bounds):
        raise InputError(
            "the rasters of this run lie on another grid than the study now does",
            Where(file=str(run)),
            "run the study again, or leave --run out",
        )
    safe = safe_names(layer.operator for layer in plan.layers)
    kinds = [kind.name for kind in signal_kinds(len(plan.cells))]
    layers = []
    for layer in plan.plain:
        paths = [
            run / f"coverage_{safe[layer.operator]}_{layer.technology}_{kind}.tif" for kind in kinds
        ]
        for path in paths:
            if not path.is_file():
                raise InputError(
                    "this run has no raster of {operator} {technology}",
                    Where(file=str(path)),
                    "run the study again, or leave --run out",
                    {"operator": layer.operator, "technology": layer.technology},
                )
        layers.append(SignalLayer(layer.operator, layer.technology, *paths))
    return tuple(layers)


def next_drive(
    found: Audit,
    inputs: Inputs,
    study: Study,
    layers: Sequence[SignalLayer],
    *,
    start: tuple[float, float] | None = None,
    day_km: float = 150.0,
    spacing_m: float = 0.0,
) -> NextDrive:
    """Plan the drive that narrows the intervals of open claims most.

    Parameters
    ----------
    found
        The audit so far.
    inputs, study
        Roads and communes.
    layers
        Rasters of the map.
    start
        Longitude and latitude; None: the commune centre with most people.
    day_km, spacing_m
        Length of the way; see :func:`phusong.coverage.audit.assess.open_claims`.
    """
    if not len(inputs.roads):
        return NextDrive("the study names no roads, so that no drive can be planned")
    if found.tests.empty:
        return NextDrive("without a test it is not known whose phones are at hand")
    network = _cut(road_network(inputs, study))
    graph = network.graph
    edge, x, y = _points_along(network, inputs.grid.cell_m / 2.0)
    open_ = open_claims(found, inputs, layers, edge, x, y, spacing_m)
    if open_.groups.empty:
        return NextDrive("no road leads to a place that would decide an open claim")
    ways = Ways(network.x_m, network.y_m, graph.tail, graph.head, network.length_m)
    begin = _start(inputs, start)
    node = main_node(ways, begin.x, begin.y)
    off_m = float(np.hypot(ways.x_m[node] - begin.x, ways.y_m[node] - begin.y))
    drive = plan_drive(ways, open_.untested, node, day_km * 1000.0, found.confidence)
    if not len(drive.edges):
        return NextDrive("no place that would decide an open claim lies within a day's drive")
    claims = open_.groups.assign(
        new_tests=drive.new_tests,
        low=drive.low_before,
        high=drive.high_before,
        low_after=drive.low_after,
        high_after=drive.high_after,
    )
    gained = (claims["high"] - claims["low"]) - (claims["high_after"] - claims["low_after"])
    order = gained.sort_values(ascending=False, kind="stable").index
    claims = claims.loc[order]
    claims = claims[claims["new_tests"] > 0].reset_index(drop=True)
    return NextDrive(
        "", _stops(drive, network, inputs), claims, _line(drive, network, inputs), off_m
    )


def _cut(network: Network) -> Network:
    """Cut long roads into pieces of a kilometre."""
    drawn = np.where(network.line >= 0, network.to_m - network.from_m, 0.0)
    pieces = np.ceil(drawn / _PIECE_M).astype(np.int64)
    edge = np.repeat(np.arange(len(pieces)), np.maximum(pieces - 1, 0))
    if not edge.size:
        return network
    number = np.concatenate([np.arange(1, n) for n in pieces if n > 1])
    return network.split(edge, drawn[edge] * number / pieces[edge])[0]


def _points_along(
    network: Network, step_m: float
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return points along every road, and on which edge each lies."""
    dense = shapely.segmentize(network.geometry, step_m)
    xy, edge = shapely.get_coordinates(dense, return_index=True)
    return edge.astype(np.int64), xy[:, 0], xy[:, 1]


def _start(inputs: Inputs, start: tuple[float, float] | None) -> Any:
    """Return where a drive begins: a point in the study's CRS."""
    if start is not None:
        return gpd.GeoSeries([shapely.Point(start)], crs=4326).to_crs(inputs.crs).iloc[0]
    people = inputs.villages["population"].groupby(inputs.villages["commune_code"]).sum()
    if not people.any() and inputs.people is not None:
        people = residents(inputs.communes, inputs.people)
    centres = inputs.commune_centres
    if centres.empty:
        return inputs.area.centroid
    count = centres["commune_code"].map(people).fillna(0.0)
    return centres.geometry.iloc[int(count.to_numpy().argmax())]


def _stops(drive: Drive, network: Network, inputs: Inputs) -> gpd.GeoDataFrame:
    """Return the points of a drive with their communes."""
    node = drive.stops["node"].to_numpy(dtype=np.int64)
    x, y = network.x_m[node], network.y_m[node]
    points = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=inputs.crs)
    wgs84 = points.to_crs(4326)
    at = place_of(inputs.communes, x, y)
    frame = drive.stops.drop(columns="node").assign(
        commune_code=names_at(inputs.communes["code"], at),
        commune_name=names_at(inputs.communes["name"], at),
        longitude=wgs84.x.to_numpy(),
        latitude=wgs84.y.to_numpy(),
    )
    return gpd.GeoDataFrame(frame, geometry=points.to_numpy(), crs=inputs.crs)


def _line(drive: Drive, network: Network, inputs: Inputs) -> gpd.GeoDataFrame:
    """Return a drive as one line, each road the way it is driven."""
    shapes = network.edge_geometry(drive.edges)
    turned = np.where(drive.forward, shapes, shapely.reverse(shapes))
    line = shapely.linestrings(shapely.get_coordinates(turned))
    frame = {"km": [drive.length_m / 1000.0], "new_tests": [int(drive.new_tests.sum())]}
    return gpd.GeoDataFrame(frame, geometry=[line], crs=inputs.crs)


def write_audited(audited: Audited, folder: Path, form: CsvForm, *, overwrite: bool) -> None:
    """Write the files of an audit with their stamp.

    Raises
    ------
    OutputError
        When the folder may not be replaced.
    """
    found, drive = audited.audit, audited.drive
    verdicts = (found.claims["kind"] + " " + found.claims["verdict"]).value_counts().sort_index()
    stamp = {
        "audit": True,
        "study": audited.study.study.name,
        "study_sha256": audited.study.fingerprint(),
        "version": phusong.__version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "language": get_language(),
        "run": None if audited.run is None else str(audited.run),
        "preset": found.preset.id,
        "probability": found.preset.probability,
        "share": found.preset.share,
        "confidence": found.confidence,
        "spacing_m": audited.spacing_m,
        "files": list(audited.files),
        "tests": len(found.tests),
        "refused": len(found.refused),
        "claims": {str(name): int(count) for name, count in verdicts.items()},
        "drive_km": round(drive.length_km, 3),
        "drive_reason": tr(drive.reason) if drive.reason else None,
    }
    operators = sorted(set(found.tests["operator"]))
    write_audit(
        found,
        drive.stops,
        drive.line,
        drive.claims,
        stamp,
        folder,
        form,
        safe_names(operators),
        overwrite=overwrite,
    )
