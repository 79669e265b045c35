"""Every single loss of a study followed to villages and people."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd

from phusong.checks import Findings
from phusong.coverage.signal.store import PathLossStore
from phusong.errors import Where
from phusong.pipeline.compute import compute, no_fibre, scratch_rasters
from phusong.planning.cascade.assess import Ask, assess_cascade
from phusong.planning.cascade.results import Cascade
from phusong.progress import Progress
from phusong.results.model import Results
from phusong.sources.beside.feeders import read_feeders
from phusong.sources.beside.shapes_of_interest import AREAS, read_shapes
from phusong.study import Study


@dataclass(frozen=True)
class Cascaded:
    """What follows from every loss.

    Attributes
    ----------
    results
        Of the pass that the losses were followed on.
    cascade
        Events, villages, pairs.
    findings
        Of hazards, feeders, and what is not known.
    hazards
        ``place_id``, ``name``, the areas that were lost at once.
    """

    results: Results
    cascade: Cascade
    findings: Findings
    hazards: gpd.GeoDataFrame


def follow_every_loss(
    study: Study, ask: Ask | None = None, progress: Progress | None = None
) -> Cascaded:
    """Follow every cut, site, hazard and feeder of a study, each by itself, then pairs.

    Parameters
    ----------
    study
        A study with fibre.
    ask
        Remedies that are wanted; None: none.

    Raises
    ------
    StudyError
        When the study has no fibre.
    ChecksFailed
        When a file cannot be used.
    """
    if study.fiber is None:
        raise no_fibre()
    findings = Findings(study.checks.severity)
    with scratch_rasters() as rasters:
        results = compute(study, rasters, radio=False, progress=progress)
    inputs, fiber = results.inputs, results.fiber
    if fiber is None:
        raise no_fibre()
    if fiber.backhaul is None:
        findings.add("F30", Where(key="fiber.backhaul"))
    hazards = read_shapes(study, study.planning.hazards, AREAS, inputs, findings)
    feeders = read_feeders(study, study.planning.feeders, inputs, findings)
    findings.stop_on_errors()
    store = PathLossStore.of(study)
    cascade = assess_cascade(inputs, study, fiber, hazards, feeders, store, ask, progress)
    return Cascaded(results, cascade, findings, hazards)
