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

MOST = 20_000_000
"""Places at which lines lie on each other, at most: no network is drawn so."""
_CHUNK, _FEW = 256, 64

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def single_cables(
    cables: gpd.GeoDataFrame, layer: Ints, same_id_m: float, findings: Findings
) -> gpd.GeoDataFrame:
    """Leave out, listed (F03), cables that others draw already.

    A cable is a double where it is drawn again vertex by vertex, from either end, or where it lies
    on other cables all along: on one that is longer, or on pieces of it in another layer. What is
    not in service goes first, then what is in a later layer, then what is shorter.

    Parameters
    ----------
    cables
        Cables of all layers, in a metric CRS, as :class:`phusong.sources.inputs.Inputs` has them.
    layer
        (cables,) which layer each is in, by number.
    same_id_m
        Tolerance between cables of one id; others are doubles within :data:`SAME_M` only.
    """
    if len(cables) < 2:
        return cables
    lines = cables.geometry.to_numpy()
    order = _order(cables, layer)
    kept_as = _repeated(lines, order)
    if not _find_covered(cables, order, same_id_m, kept_as):
        files = ", ".join(dict.fromkeys(cables["file"].astype(str)))
        findings.add(
            "F27",
            Where(file=files),
            detail="{n} cables lie on each other more than {most} times",
            n=len(cables),
            most=MOST,
        )
    for i in np.flatnonzero(kept_as >= 0).tolist():
        other = kept_as[i]
        while kept_as[other] >= 0:
            other = kept_as[other]
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


def _order(cables: gpd.GeoDataFrame, layer: Ints) -> Ints:
    """Return the cables, those first that stay: in service, in the first layer, the longest."""
    length = np.round(shapely.length(cables.geometry.to_numpy()))  # to the metre
    off = ~cables["in_service"].to_numpy(dtype=bool)
    return np.lexsort((np.arange(len(cables)), -length, layer, off)).astype(np.int64)


def _repeated(lines: NDArray[np.object_], order: Ints) -> Ints:
    """Return which line each one repeats vertex by vertex (to the millimetre), else -1."""
    keys = pd.Series(
        shapely.to_wkb(shapely.normalize(shapely.set_precision(lines, 0.001, mode="pointwise")))
    )
    first = keys.iloc[order].drop_duplicates()
    own = keys.map(pd.Series(first.index.to_numpy(), index=first.to_numpy())).to_numpy()
    return np.where(own == np.arange(len(lines)), -1, own).astype(np.int64)


def _find_covered(cables: gpd.GeoDataFrame, order: Ints, same_id_m: float, kept_as: Ints) -> bool:
    """Write into ``kept_as`` which cable covers each one that lies on others all along.

    Returns whether it was done: not where lines lie on each other more than :data:`MOST` times.
    """
    drawing = _Drawing.of(cables, order, same_id_m)
    length = shapely.length(drawing.lines)
    asked = np.flatnonzero((kept_as < 0) & (length >= SHORT * SAME_M))
    for share in (0.0, 1.0, 0.5):  # each rules out most of what is left
        met = drawing.met(asked, share)
        if met is None:
            return False
        asked = asked[met]
    for i in asked[np.argsort(-drawing.rank[asked])].tolist():  # the last may go first
        stays = (kept_as < 0) & (drawing.on | ~drawing.on[i])
        stays[i] = False
        kept_as[i] = drawing.covering(i, stays)
    return True


@dataclass(frozen=True)
class _Drawing:
    """All cables, with what decides between two of them."""

    lines: NDArray[np.object_]
    ids: Ints
    on: Bools
    rank: Ints
    same_id_m: float
    tree: shapely.STRtree

    @classmethod
    def of(cls, cables: gpd.GeoDataFrame, order: Ints, same_id_m: float) -> _Drawing:
        lines = cables.geometry.to_numpy()
        rank = np.empty(len(lines), dtype=np.int64)
        rank[order] = np.arange(len(lines))
        ids = pd.factorize(cables["cable_id"].astype(str))[0]
        on = cables["in_service"].to_numpy(dtype=bool)
        return cls(lines, ids, on, rank, max(same_id_m, SAME_M), shapely.STRtree(lines))

    def met(self, asked: Ints, share: float) -> Bools | None:
        """Say which lines have another at a share of their length; None after too many."""
        out = np.zeros(len(asked), dtype=bool)
        several = np.bincount(self.ids)[self.ids[asked]] > 1
        pairs = 0
        for reach_m, chosen in ((SAME_M, ~several), (self.same_id_m, several)):
            rows = np.flatnonzero(chosen)
            for at in (rows[k : k + _CHUNK] for k in range(0, len(rows), _CHUNK)):
                place = shapely.line_interpolate_point(
                    self.lines[asked[at]], share, normalized=True
                )
                who, other = self.tree.query(place, "dwithin", reach_m)
                own = asked[at[who]]
                near = (other != own) & (
                    (self.ids[other] == self.ids[own])
                    | (shapely.distance(place[who], self.lines[other]) <= SAME_M)
                )
                out[at[who[near]]] = True
                pairs += len(who)
                if pairs > MOST:
                    return None
        return out

    def covering(self, i: int, stays: Bools) -> int:
        """Return the line on which line ``i`` lies most, of those that cover it; -1: they do not.

        Parameters
        ----------
        stays
            (lines,) those that may hold it.
        """
        step = min(STEP_M, self.lines[i].length / 16)
        xy = shapely.get_coordinates(shapely.segmentize(self.lines[i], step))
        place = np.asarray(shapely.points(xy), dtype=object)
        middle = shapely.line_interpolate_point(self.lines[i], 0.5, normalized=True)
        near = self._near(middle, stays)
        first = near[np.argsort(self.rank[near])[:1]]
        for some in (first, near):  # mostly one line does
            if (found := self._on(i, place, some)) >= 0:
                return found
        return self._on(i, place, self._near(self.lines[i], stays))

    def _near(self, geometry: shapely.Geometry, stays: Bools) -> Ints:
        near = self.tree.query(geometry, "dwithin", self.same_id_m)
        return np.asarray(near[stays[near]], dtype=np.int64)

    def _on(self, i: int, place: NDArray[np.object_], near: Ints) -> int:
        """Return the line that most places of line ``i`` are on, if all are on some; else -1."""
        few = place[:: max(1, len(place) // _FEW)]  # a long line is mostly ruled out by these
        if not self._lies(i, few, near).any(axis=1).all():
            return -1
        lies = self._lies(i, place, near)
        return int(near[lies.sum(axis=0).argmax()]) if lies.any(axis=1).all() else -1

    def _lies(self, i: int, place: NDArray[np.object_], near: Ints) -> Bools:
        """Return (places, lines near): whether a place of line ``i`` is on a line."""
        reach = np.where(self.ids[near] == self.ids[i], self.same_id_m, SAME_M)
        gap = shapely.distance(place[:, None], self.lines[near][None, :])
        return np.asarray(gap <= reach)
