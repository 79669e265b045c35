"""Where to drive next: the day's way over the study's roads, as a line and points in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.coverage.audit.assess import Audit, names_at, place_of
from phusong.coverage.audit.drive import Drive, plan_drive
from phusong.coverage.audit.undecided import open_claims
from phusong.coverage.audit.ways import Ways, main_node
from phusong.coverage.results import SignalLayer
from phusong.coverage.villages.residents import residents
from phusong.fiber.built import road_network
from phusong.fiber.network.network import Network
from phusong.sources import Inputs
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
        Length of the way; see :func:`phusong.coverage.audit.undecided.open_claims`.
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
