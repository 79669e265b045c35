"""What hangs on the network, followed: losses to villages, the network to any places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from phusong.checks import Findings
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.villages.verdict import GRADE_RANK, grade
from phusong.fiber.assess import reach_of_places
from phusong.fiber.results import FiberResult
from phusong.pipeline.compute import compute, judge_villages, no_fibre, scratch_rasters
from phusong.progress import NoProgress, Progress
from phusong.sources import Inputs
from phusong.sources.beside.points_of_interest import read_places
from phusong.study import Layer, Study


@dataclass(frozen=True)
class Followed:
    """What goes dark when something is lost.

    Attributes
    ----------
    fiber
        The network before.
    communes
        ``commune_code``, ``name``, ``people`` of the centres.
    sites
        Ids of the sites.
    villages
        Of the villages that lose signal: ``code``, ``name``, ``commune_code``, ``before``,
        ``after`` (grades), ``people_lost`` (served before, not after; NaN without people), most
        people first. None when they were not asked for.
    """

    fiber: FiberResult
    communes: pd.DataFrame
    sites: tuple[str, ...]
    villages: pd.DataFrame | None


def follow_loss(
    study: Study, cut: Sequence[str], *, villages: bool = False, progress: Progress | None = None
) -> Followed:
    """Follow the loss of edges, nodes, PoPs, groups or sites to communes, sites and villages.

    Parameters
    ----------
    study
        A study with fibre; with ``fiber.backhaul`` where sites are to be followed.
    cut
        What is lost at once.
    villages
        Whether to judge the villages anew without the sites that go dark, which takes the
        coverage twice (from the path-loss store, where a run has filled it).

    Raises
    ------
    StudyError
        When the study has no fibre.
    InputError
        When nothing bears one of the names.
    """
    told = progress or NoProgress()
    with scratch_rasters() as rasters:
        results = compute(study, rasters, radio=False, progress=told)
        fiber = results.fiber
        if fiber is None:
            raise no_fibre()
        sites = tuple(fiber.dark_sites(cut))
        lost = _villages(results.inputs, study, sites, rasters, told) if villages else None
        return Followed(fiber, fiber.what_if(cut), sites, lost)


def _villages(
    inputs: Inputs, study: Study, sites: tuple[str, ...], rasters: Path, told: Progress
) -> pd.DataFrame:
    """Judge the villages with and without sites; nothing is computed when no site goes dark."""
    if not sites:
        return pd.DataFrame(
            columns=["code", "name", "commune_code", "before", "after", "people_lost"]
        )
    cells = inputs.cells.copy()
    cells["in_service"] = cells["in_service"].astype(bool) & ~cells["site_id"].isin(sites)
    store = PathLossStore.of(study)
    before = judge_villages(inputs, study, rasters / "before", store, told)
    table = pd.DataFrame(before.villages[["code", "name", "commune_code"]])
    table["before"] = before.villages["grade"].to_numpy()
    unserved = before.villages["people_unserved"].to_numpy(dtype=np.float64)
    if cells["in_service"].any():
        left = replace(inputs, cells=cells)
        after = judge_villages(left, study, rasters / "after", store, told).villages
        table["after"] = after["grade"].to_numpy()
        table["people_lost"] = after["people_unserved"].to_numpy(dtype=np.float64) - unserved
    else:
        # Without any cell there is nothing to compute: nobody is served, whatever that is graded.
        nobody = np.zeros(len(table))
        table["after"] = grade(nobody.astype(bool), nobody, study.verdict)
        people = before.villages["people"].to_numpy(dtype=np.float64)
        table["people_lost"] = people - unserved
    worse = table["after"].map(GRADE_RANK) > table["before"].map(GRADE_RANK)
    table = table[worse | (table["people_lost"] >= 1.0)]
    order = ["people_lost", "code"]
    return table.sort_values(order, ascending=[False, True], ignore_index=True)


def reach_places(
    study: Study, places: Sequence[str], progress: Progress | None = None
) -> tuple[gpd.GeoDataFrame, Findings]:
    """Find how fibre reaches villages, towers, or the points of any file.

    Parameters
    ----------
    study
        A study with fibre.
    places
        ``villages``, ``towers``, or paths of vector files or CSV with coordinates.

    Returns
    -------
    reach, findings
        As :func:`phusong.fiber.assess.reach_of_places`, with ``layer``, ``place_id``, ``name``,
        ``people``; and what was found in the files.

    Raises
    ------
    ChecksFailed
        When a file cannot be used.
    StudyError
        When the study has no fibre.
    """
    with scratch_rasters() as rasters:
        results = compute(study, rasters, radio=False, progress=progress)
    if results.fiber is None:
        raise no_fibre()
    findings = Findings(study.checks.severity)
    frames = [_points(study, results.inputs, name, findings) for name in places]
    findings.stop_on_errors()
    together = pd.concat(frames, ignore_index=True)
    points = gpd.GeoDataFrame(together, geometry="geometry", crs=results.inputs.crs)
    return reach_of_places(results.fiber, points, study), findings


def _points(study: Study, inputs: Inputs, name: str, findings: Findings) -> gpd.GeoDataFrame:
    """Return one layer of places: the study's own, or a file's."""
    if name == "villages":
        own = inputs.villages
        columns = {"place_id": own["code"], "name": own["name"], "people": own["population"]}
        places = gpd.points_from_xy(own["centre_x_m"], own["centre_y_m"])
    elif name == "towers":
        own = inputs.sites
        columns = {"place_id": own["site_id"], "name": own["site_id"], "people": np.nan}
        places = own.geometry.to_numpy()
    else:
        # A path typed at the prompt starts from where one stands, not from the study's folder.
        frame = read_places(study, Layer(path=Path(name).absolute()), inputs, findings)
        return frame.assign(layer=Path(name).name)
    return gpd.GeoDataFrame({"layer": name, **columns}, geometry=places, crs=inputs.crs)
