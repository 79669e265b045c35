"""Sites: the masts that cells share, found by id and by place."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from phusong.checks import Findings
from phusong.errors import Where
from phusong.frames import rows
from phusong.sources.boundaries.codes import disambiguate
from phusong.sources.crs import Area
from phusong.sources.tables.text import ranges
from phusong.sources.towers.estimates.estimated import ESTIMATED_SITE_M
from phusong.sources.towers.estimates.middle import error_of_middle, errors_of, middle_of

SAME_PLACE_M = 1.0
"""Cells nearer than this stand on one mast."""
SAME_SITE_M = 200.0
"""Cells under one site id farther apart than this are not on one mast (T19)."""
_LISTED = 20
"""More sites of one file than this are said together."""


def group_sites(
    cells: pd.DataFrame, area: Area, findings: Findings
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Group cells into sites.

    Parameters
    ----------
    cells
        As :func:`phusong.sources.towers.cells.read_cells` gives them, all layers together.
    area
        The communes together.
    findings
        Takes T19 (one site id, places far apart), T20 (site id doubled), T42 (one place, several
        site ids).

    Returns
    -------
    GeoDataFrame, DataFrame
        Sites and cells as :class:`phusong.sources.inputs.Inputs` describes them.
    """
    xy = cells[["x_m", "y_m"]].to_numpy(dtype=np.float64)
    group = _components(cells, xy, findings)
    _, first, group = np.unique(group, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    group = order[group]
    first = np.sort(first)
    x, y, error = _stand(cells, xy, group)
    known = cells["site_id"].notna().to_numpy()
    own, at = np.unique(group[known], return_index=True)
    given = dict(zip(own.tolist(), cells["site_id"].to_numpy()[known][at].astype(str), strict=True))
    names = [given.get(s, f"site-{s + 1}") for s in range(len(first))]
    unique, changed = disambiguate(names)
    _report_joined(cells, group, names, findings)
    # A base station that was taken apart has been told (T19): its id is of nobody's choosing.
    chosen = ~np.isfinite(error)
    _report_doubled(
        cells, names, unique, first, np.column_stack([x, y]), changed & chosen, findings
    )
    points = shapely.points(x, y)
    shapely.prepare(area.polygon)
    sites = gpd.GeoDataFrame(
        {
            "site_id": pd.Series(unique, dtype=object),
            "x_m": x,
            "y_m": y,
            "in_area": shapely.intersects(area.polygon, points),
            "position_error_m": error,
        },
        geometry=points,
        crs=area.crs,
    )
    grouped = cells.assign(site_id=pd.Series(unique, dtype=object).to_numpy()[group])
    ids, _ = disambiguate(grouped["cell_id"].tolist())
    _report_errors(cells, group, error, findings)
    return sites, grouped.assign(cell_id=ids).drop(columns=["x_m", "y_m", "samples", "range_m"])


def _stand(
    cells: pd.DataFrame, xy: NDArray[np.float64], group: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return where each site stands, and how sure that is (NaN: its list gives the place).

    The middle of the places that are given; where all are estimated, the robust one.
    """
    given = ~cells["position_estimated"].to_numpy(dtype=bool)
    known = np.bincount(group, weights=given) > 0
    counted = given | ~known[group]
    counts = np.bincount(group, weights=counted)
    x = np.bincount(group, weights=np.where(counted, xy[:, 0], 0.0)) / counts
    y = np.bincount(group, weights=np.where(counted, xy[:, 1], 0.0)) / counts
    error = np.full(len(x), np.nan)
    own = errors_of(cells["range_m"].to_numpy(), cells["samples"].to_numpy())
    for members in _groups(np.flatnonzero(~known[group]), group):
        site = group[members[0]]
        at = middle_of(xy[members], own[members])
        x[site], y[site] = at
        error[site] = error_of_middle(xy[members], own[members], at)
    return x, y, error


def _groups(index: NDArray[np.int64], of: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the rows asked for that share a number, together."""
    if index.size == 0:
        return []
    index = index[np.argsort(of[index], kind="stable")]
    return np.split(index, np.flatnonzero(np.diff(of[index])) + 1)


def _report_errors(
    cells: pd.DataFrame,
    group: NDArray[np.int64],
    error_m: NDArray[np.float64],
    findings: Findings,
) -> None:
    """Say once a file how sure the places of its masts are (T44)."""
    frame = cells[["file"]].assign(site=group, error=error_m[group]).dropna()
    for file, members in frame.drop_duplicates(["file", "site"]).groupby("file", sort=False):
        errors = members["error"].to_numpy()
        findings.add(
            "T44",
            Where(file=str(file)),
            detail="{n} masts: median {median} m, largest {largest} m",
            n=len(errors),
            median=round(float(np.median(errors))),
            largest=round(float(errors.max())),
        )


def _report_joined(
    cells: pd.DataFrame, group: NDArray[np.int64], names: list[str], findings: Findings
) -> None:
    """Say which ids go into that of another site at the same place (T42)."""
    frame = cells[["file", "row", "site_id"]].assign(kept=np.array(names, dtype=object)[group])
    lost = frame[frame["site_id"].notna() & (frame["site_id"].astype(str) != frame["kept"])]
    for cell in rows(lost.drop_duplicates(["file", "site_id"])):
        findings.add(
            "T42",
            Where(file=cell.file, row=int(cell.row)),
            str(cell.site_id),
            "{site} stands where {kept} does, and is {kept} in the results",
            site=str(cell.site_id),
            kept=str(cell.kept),
        )


def _report_doubled(
    cells: pd.DataFrame,
    names: list[str],
    unique: list[str],
    first: NDArray[np.int64],
    xy: NDArray[np.float64],
    changed: NDArray[np.bool_],
    findings: Findings,
) -> None:
    """Say which sites have another's id (T20), one by one, or once a file for many."""
    sites = pd.DataFrame({"site": np.flatnonzero(changed)})
    sites["file"] = cells["file"].to_numpy()[first[sites["site"]]]
    for file, members in sites.groupby("file", sort=False):
        if len(members) > _LISTED:
            numbers = np.unique(cells["row"].to_numpy()[first[members["site"]]])
            findings.add(
                "T20",
                Where(file=str(file)),
                detail="{n} sites have the id of another; records {rows}",
                n=len(members),
                rows=ranges(numbers.tolist()),
            )
            continue
        for s in members["site"]:
            findings.add(
                "T20",
                _where(cells, int(first[s])),
                names[s],
                "{site} is already the id of another site; {unique} in the results",
                x_m=float(xy[s, 0]),
                y_m=float(xy[s, 1]),
                site=names[s],
                unique=unique[s],
            )


def _components(
    cells: pd.DataFrame, xy: NDArray[np.float64], findings: Findings
) -> NDArray[np.int64]:
    """Give cells that share a place, or a site id within reach, one number.

    Cells that stand where phones measured them, and whose base station is known, share no place by
    chance: they are on that station's mast.
    """
    estimated = cells["position_estimated"].to_numpy(dtype=bool)
    named = cells["site_id"].notna().to_numpy()
    pairs = [_places_shared(xy, np.flatnonzero(~(estimated & named)))]
    index = np.flatnonzero(named)
    of_site = cells.loc[named].groupby(["file", "site_id"], sort=False)
    code = np.asarray(of_site.ngroup(), dtype=np.int64)
    distance = _from_middle(cells, xy, index, code)
    near = distance <= np.where(estimated[index], ESTIMATED_SITE_M, SAME_SITE_M)
    pairs.append(_joined(index[near], code[near]))
    _report_apart(cells, xy, index[~near], distance[~near], findings)
    links = np.vstack(pairs)
    n = len(cells)
    graph = coo_array((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _from_middle(
    cells: pd.DataFrame, xy: NDArray[np.float64], index: NDArray[np.int64], code: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return how far each named cell stands from the one that its site is known by.

    That is the first of the list; of estimated places it is the nearest to their robust middle.
    """
    if index.size == 0:
        return np.empty(0)
    first = index[np.unique(code, return_index=True)[1]][code]
    away: NDArray[np.float64] = np.hypot(*(xy[index] - xy[first]).T)
    estimated = cells["position_estimated"].to_numpy(dtype=bool)[index]
    own = errors_of(cells["range_m"].to_numpy(), cells["samples"].to_numpy())
    doubtful = np.isin(code, code[estimated & (away > ESTIMATED_SITE_M / 2)]) & estimated
    for members in _groups(np.flatnonzero(doubtful), code):
        places = xy[index[members]]
        middle = middle_of(places, own[index[members]])
        nearest = places[np.argmin(np.hypot(*(places - middle).T).round(3))]
        away[members] = np.hypot(*(places - nearest).T)
    return away


def _joined(cells: NDArray[np.int64], code: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return pairs that join the cells of each code to the first of them."""
    if cells.size == 0:
        return np.empty((0, 2), dtype=np.int64)
    _, first, of = np.unique(code, return_index=True, return_inverse=True)
    return np.column_stack([cells[first][of], cells])


def _places_shared(xy: NDArray[np.float64], of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return pairs of cells, of those asked, that stand at one place."""
    if of.size == 0:
        return np.empty((0, 2), dtype=np.int64)
    # Cells of one list share their mast's coordinates to the digit: distinct places are few.
    places, at = np.unique(xy[of], axis=0, return_inverse=True)
    at = at.ravel()
    first = np.unique(at, return_index=True)[1]
    same = np.column_stack([of[first[at]], of])
    near = cKDTree(places).query_pairs(SAME_PLACE_M, output_type="ndarray")
    return np.vstack([same, of[first[near]]])


def _report_apart(
    cells: pd.DataFrame,
    xy: NDArray[np.float64],
    far: NDArray[np.int64],
    distance: NDArray[np.float64],
    findings: Findings,
) -> None:
    """Say which sites have cells too far apart to be on one mast (T19): the farthest of each."""
    if far.size == 0:
        return
    frame = cells.iloc[far][["file", "site_id", "row"]].assign(at=far, distance=distance)
    worst = frame.sort_values("distance").drop_duplicates(["file", "site_id"], keep="last")
    for file, members in worst.sort_values("at").groupby("file", sort=False):
        if len(members) > _LISTED:
            findings.add(
                "T19",
                Where(file=str(file)),
                detail="{n} sites have cells up to {distance} m apart; records {rows}",
                n=len(members),
                distance=round(float(members["distance"].max())),
                rows=ranges(np.unique(members["row"]).tolist()),
            )
            continue
        for row in members.itertuples():
            k = int(str(row.at))
            findings.add(
                "T19",
                _where(cells, k),
                str(row.site_id),
                "cells of {site} stand up to {distance} m apart",
                x_m=float(xy[k, 0]),
                y_m=float(xy[k, 1]),
                site=str(row.site_id),
                distance=round(float(str(row.distance))),
            )


def _where(cells: pd.DataFrame, i: int) -> Where:
    return Where(file=str(cells["file"].iloc[i]), row=int(cells["row"].iloc[i]))


def leave_out(
    sites: gpd.GeoDataFrame,
    cells: pd.DataFrame,
    out: NDArray[np.bool_],
    rule: str,
    one: str,
    many: str,
    figures: NDArray[np.float64],
    findings: Findings,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Take sites and their cells out of the study, said one by one, or once a file for many.

    Parameters
    ----------
    out
        (sites,) which go.
    rule
        The rule.
    one
        English template over ``site`` and ``figure``.
    many
        English template over ``n``, ``low``, ``high`` (of the figures) and ``rows``.
    figures
        (sites,) what is said of each site.
    """
    gone = np.flatnonzero(out)
    if gone.size == 0:
        return sites, cells
    first = cells.drop_duplicates("site_id").set_index("site_id")[["file", "row"]]
    places = first.reindex(sites["site_id"].iloc[gone]).reset_index().assign(at=gone)
    for file, members in places.groupby("file", sort=False):
        at, numbers = members["at"].to_numpy(), members["row"].to_numpy()
        if len(at) > _LISTED:
            findings.add(
                rule,
                Where(file=str(file)),
                detail=many,
                n=len(at),
                low=f"{figures[at].min():.1f}",
                high=f"{figures[at].max():.1f}",
                rows=ranges(np.unique(numbers).tolist()),
            )
            continue
        for i, row in zip(at, numbers, strict=True):
            site = str(sites["site_id"].iloc[i])
            findings.add(
                rule,
                Where(file=str(file), row=int(row)),
                site,
                one,
                x_m=float(sites["x_m"].iloc[i]),
                y_m=float(sites["y_m"].iloc[i]),
                site=site,
                figure=f"{figures[i]:.1f}",
            )
    kept = sites[~out].reset_index(drop=True)
    return kept, cells[cells["site_id"].isin(kept["site_id"])].reset_index(drop=True)


def too_far(sites: gpd.GeoDataFrame, area: Area, radius_m: float) -> NDArray[np.float64]:
    """Return each site's distance to the communes in metres, NaN within ``radius_m``."""
    distance = shapely.distance(area.polygon, sites.geometry.to_numpy())
    return np.where(distance > radius_m, distance, np.nan)
