"""Cables and points of presence listed more than once, in one layer or in several."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import Where

SAME_M = 1.0
"""Lines this near to each other all along are one drawing: what a change of CRS or of digits
leaves."""
STEP_M = 50.0
"""How often along a line its distance from others is looked at."""
SHORT = 20.0
"""Lines shorter than this many tolerances are judged by their vertices only."""

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def single_cables(
    cables: gpd.GeoDataFrame, same_id_m: float, findings: Findings
) -> gpd.GeoDataFrame:
    """Leave out, listed (F03), cables that others draw already.

    A cable is a double where it is drawn again vertex by vertex, from either end, or where it lies
    on other cables all along: on one that is longer, or on pieces of it in another layer. The
    longest drawing stays; one in service before others.

    Parameters
    ----------
    cables
        Cables of all layers, in a metric CRS, as :class:`phusong.sources.inputs.Inputs` has them.
    same_id_m
        Tolerance between cables of one id; others are doubles within :data:`SAME_M` only.
    """
    if len(cables) < 2:
        return cables
    lines = cables.geometry.to_numpy()
    order = _order(cables)
    kept_as = _repeated(lines, order)
    _find_covered(cables, order, same_id_m, kept_as)
    for i in np.flatnonzero(kept_as >= 0).tolist():
        other = kept_as[i]
        middle = shapely.line_interpolate_point(lines[i], 0.5, normalized=True)
        findings.add(
            "F03",
            _where(cables, i),
            str(cables["cable_id"].iloc[i]),
            "{cable} lies on {other} ({file}, record {row})",
            x_m=float(middle.x),
            y_m=float(middle.y),
            cable=str(cables["cable_id"].iloc[i]),
            other=str(cables["cable_id"].iloc[other]),
            file=str(cables["file"].iloc[other]),
            row=int(cables["row"].iloc[other]),
        )
    return cables[kept_as < 0].reset_index(drop=True)


def single_pops(pops: gpd.GeoDataFrame, near_m: float, findings: Findings) -> gpd.GeoDataFrame:
    """Leave out, listed (F21), points of presence of one id within ``near_m``.

    Those of one name at one place are one as well, whatever their ids.
    """
    points = pops.geometry.to_numpy()
    a, b = shapely.STRtree(points).query(points, "dwithin", near_m)
    earlier = b < a
    a, b = a[earlier], b[earlier]
    ids, names = (pops[c].astype(str).str.casefold().to_numpy() for c in ("pop_id", "name"))
    alike = (ids[a] == ids[b]) | (
        (names[a] == names[b]) & (shapely.distance(points[a], points[b]) <= SAME_M)
    )
    gone = np.zeros(len(pops), dtype=bool)
    for i, other in sorted(zip(a[alike].tolist(), b[alike].tolist(), strict=True)):
        if gone[i] or gone[other]:
            continue
        gone[i] = True
        findings.add(
            "F21",
            _where(pops, i),
            str(pops["pop_id"].iloc[i]),
            "{pop} is {other} again ({file}, record {row})",
            x_m=float(points[i].x),
            y_m=float(points[i].y),
            pop=str(pops["pop_id"].iloc[i]),
            other=str(pops["pop_id"].iloc[other]),
            file=str(pops["file"].iloc[other]),
            row=int(pops["row"].iloc[other]),
        )
    return pops[~gone].reset_index(drop=True)


def _where(frame: gpd.GeoDataFrame, i: int) -> Where:
    return Where(file=str(frame["file"].iloc[i]), row=int(frame["row"].iloc[i]))


def _order(cables: gpd.GeoDataFrame) -> Ints:
    """Return the cables as they are kept: in service first, then the longest (to the metre)."""
    length = shapely.length(cables.geometry.to_numpy())
    off = ~cables["in_service"].to_numpy(dtype=bool)
    return np.lexsort((np.arange(len(cables)), -np.round(length), off)).astype(np.int64)


def _repeated(lines: NDArray[np.object_], order: Ints) -> Ints:
    """Return which line each one repeats vertex by vertex (to the millimetre), else -1."""
    keys = pd.Series(
        shapely.to_wkb(shapely.normalize(shapely.set_precision(lines, 0.001, mode="pointwise")))
    )
    first = keys.iloc[order].drop_duplicates()
    own = keys.map(pd.Series(first.index.to_numpy(), index=first.to_numpy())).to_numpy()
    return np.where(own == np.arange(len(lines)), -1, own).astype(np.int64)


def _find_covered(cables: gpd.GeoDataFrame, order: Ints, same_id_m: float, kept_as: Ints) -> None:
    """Write into ``kept_as`` which cable covers each one that lies on others all along."""
    lines = cables.geometry.to_numpy()
    ids = pd.factorize(cables["cable_id"].astype(str))[0]
    on = cables["in_service"].to_numpy(dtype=bool)
    rank = np.empty(len(lines), dtype=np.int64)
    rank[order] = np.arange(len(lines))
    asked = np.flatnonzero((kept_as < 0) & (shapely.length(lines) >= SHORT * SAME_M))
    asked = _lying(_Places.ends(lines, asked), lines, ids, same_id_m, kept_as)  # most are not
    places = _Places.along(lines, asked)
    point, line = places.on_others(lines, ids, same_id_m, kept_as)
    suspect = np.zeros(len(lines), dtype=bool)
    suspect[_lying(places, lines, ids, same_id_m, kept_as)] = True
    by_owner = np.argsort(places.owner[point], kind="stable")
    point, line = point[by_owner], line[by_owner]
    start = np.searchsorted(places.owner[point], np.arange(len(lines) + 1))
    total = np.bincount(places.owner, minlength=len(lines))
    for i in sorted(np.flatnonzero(suspect).tolist(), key=rank.__getitem__):
        own = slice(start[i], start[i + 1])
        stays = (kept_as[line[own]] < 0) & (on[line[own]] | ~on[i])
        stays &= ~suspect[line[own]] | (rank[line[own]] < rank[i])
        if len(np.unique(point[own][stays])) == total[i]:
            kept_as[i] = np.bincount(line[own][stays]).argmax()


@dataclass(frozen=True)
class _Places:
    """Points on lines, and the line of each."""

    point: NDArray[np.object_]
    owner: Ints

    @classmethod
    def ends(cls, lines: NDArray[np.object_], chosen: Ints) -> _Places:
        """Take both ends and the middle of each line."""
        share = np.array([0.0, 0.5, 1.0])
        point = shapely.line_interpolate_point(lines[chosen, None], share, normalized=True)
        return cls(np.asarray(point).ravel(), np.repeat(chosen, len(share)))

    @classmethod
    def along(cls, lines: NDArray[np.object_], chosen: Ints) -> _Places:
        """Take each line's vertices and places between, :data:`STEP_M` apart at most."""
        step = np.minimum(STEP_M, shapely.length(lines[chosen]) / 16)
        dense = shapely.segmentize(lines[chosen], step)
        xy, owner = shapely.get_coordinates(dense, return_index=True)
        return cls(np.asarray(shapely.points(xy)), chosen[owner])

    def on_others(
        self, lines: NDArray[np.object_], ids: Ints, same_id_m: float, kept_as: Ints
    ) -> tuple[Ints, Ints]:
        """Return pairs of a point and another line that it lies on."""
        reach_m = max(same_id_m, SAME_M)
        point, line = shapely.STRtree(lines).query(self.point, "dwithin", reach_m)
        other = (line != self.owner[point]) & (kept_as[line] < 0)
        point, line = point[other].astype(np.int64), line[other].astype(np.int64)
        alike = ids[line] == ids[self.owner[point]]
        near = alike | (shapely.distance(self.point[point], lines[line]) <= SAME_M)
        return point[near], line[near]


def _lying(
    places: _Places, lines: NDArray[np.object_], ids: Ints, same_id_m: float, kept_as: Ints
) -> Ints:
    """Return the lines all of whose places lie on other lines."""
    point, _ = places.on_others(lines, ids, same_id_m, kept_as)
    free = np.ones(len(places.owner), dtype=bool)
    free[point] = False
    return np.setdiff1d(places.owner, places.owner[free])
