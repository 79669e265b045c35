"""What else would serve a dark village: a repeater of a signal nearby, a satellite terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.coverage.results import ANY, Signal
from phusong.coverage.signal.combine import TICK_DB
from phusong.coverage.signal.layerfiles import LayerReader
from phusong.coverage.villages.footprints import footprints
from phusong.planning.arborescence import Instance, Plan
from phusong.planning.building import Job, Jobs, jobs_of
from phusong.planning.costs import life_cost
from phusong.study.settings.planning import Planning

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAST: Final = "mast"
REPEATER: Final = "repeater"
SATELLITE: Final = "satellite"
KINDS: Final = (MAST, REPEATER, SATELLITE)
"""Of equals the first is the cheapest."""


@dataclass(frozen=True)
class Donors:
    """The strongest signal at or near villages from what stands; every array is (villages,).

    Attributes
    ----------
    level_dbm
        Outdoors, as the study predicts it; NaN where nothing is heard.
    operator
        Whose it is; empty where nothing is heard.
    """

    level_dbm: Floats
    operator: NDArray[np.object_]


@dataclass(frozen=True)
class Alternatives:
    """What serving each dark village by itself costs over its life; every array is (villages,).

    Attributes
    ----------
    donors
        What a repeater would repeat.
    repeaters
        How many the village would take.
    repeater, satellite
        NaN where it is not possible, or the study has no price for it.
    """

    donors: Donors
    repeaters: Ints
    repeater: Floats
    satellite: Floats

    def of(self, wanted: Sequence[str]) -> tuple[Floats, NDArray[np.object_]]:
        """Return the price of the cheapest of some kinds, and which; infinite, None without."""
        price = np.full((len(KINDS), len(self.repeater)), np.inf)
        for name, cost in ((REPEATER, self.repeater), (SATELLITE, self.satellite)):
            if name in wanted:
                price[KINDS.index(name)] = np.where(np.isnan(cost), np.inf, cost)
        least = price.min(axis=0)
        kind: NDArray[np.object_] = np.array(KINDS, dtype=object)[price.argmin(axis=0)]
        kind[np.isinf(least)] = None
        return least, kind

    def cheapest(self, mast: Floats) -> NDArray[np.object_]:
        """Return the cheapest kind for each village; None where there is none at all."""
        price = np.nan_to_num(np.stack([mast, self.repeater, self.satellite]), nan=np.inf)
        kind: NDArray[np.object_] = np.array(KINDS, dtype=object)[price.argmin(axis=0)]
        kind[np.isinf(price.min(axis=0))] = None
        return kind


def find_alternatives(dark: gpd.GeoDataFrame, signal: Signal, settings: Planning) -> Alternatives:
    """Price a repeater and a satellite terminal for every dark village.

    A repeater is possible where the best signal of the verdict's technologies, from a network
    that stands, is ``planning.repeater.donor_dbm`` or more somewhere in the village or within
    ``planning.repeater.near_m`` of it. How many it takes is reckoned by area
    (``planning.repeater.reach_m``); that they then reach every house is taken, not computed.

    Parameters
    ----------
    dark
        Villages with their ``served_share`` now.
    """
    donors = find_donors(dark, signal, settings.repeater.near_m)
    prices = settings.prices
    repeater, satellite = (
        np.full(len(dark), np.nan if price is None else life_cost(price, prices))
        for price in (prices.repeater, prices.satellite)
    )
    possible = donors.level_dbm >= settings.repeater.donor_dbm
    left = shapely.area(dark.geometry.to_numpy()) * (1.0 - dark["served_share"].to_numpy())
    circles = np.ceil(left / (np.pi * settings.repeater.reach_m**2) - 1e-9)
    count = np.maximum(circles, 1.0).astype(np.int64)
    return Alternatives(donors, count, np.where(possible, count * repeater, np.nan), satellite)


def find_donors(dark: gpd.GeoDataFrame, signal: Signal, near_m: float) -> Donors:
    """Return the strongest signal in each village or within ``near_m`` of it."""
    # No repeater hangs on the roundness of a corner.
    around = shapely.buffer(dark.geometry.to_numpy(), near_m, quad_segs=4)
    areas = gpd.GeoDataFrame(geometry=around, crs=dark.crs)
    whose = np.concatenate([[""], signal.cells["operator"].to_numpy(dtype=object)])
    level = np.full(len(dark), np.nan)
    operator = np.full(len(dark), "", dtype=object)
    if not len(dark):
        return Donors(level, operator)
    with LayerReader([signal.layer(ANY, ANY)]) as reader:
        for batch in footprints(areas, signal.grid):
            if not batch.cells.size:
                continue
            heard = reader.read(0, batch.window)
            ticks, server = heard.ticks.ravel()[batch.cells], heard.server.ravel()[batch.cells]
            for k, row in enumerate(batch.rows.tolist()):
                own = slice(batch.offsets[k], batch.offsets[k + 1])
                there = np.flatnonzero(server[own] > 0)
                if len(there):
                    best = there[np.argmax(ticks[own][there])]
                    level[row] = float(ticks[own][best]) * TICK_DB
                    operator[row] = whose[server[own][best]]
    return Donors(level, operator)


def shares_of(instance: Instance, plan: Plan) -> tuple[Floats, Floats]:
    """Return what a plan costs by village, and what it would not cost without each.

    Returns
    -------
    share, saved
        (villages,) NaN for villages that no site serves. Every piece is shared equally by the
        villages (and commune centres) that hang on it, so that shares add up to the plan's cost;
        ``saved`` is the cost of the pieces on which nobody else hangs.
    """
    jobs = jobs_of(instance, plan)
    behind = _hanging(instance, plan, jobs)
    count = np.zeros(len(jobs.kind), dtype=np.int64)
    for needed in behind:
        count[needed] += 1
    share = np.full(instance.villages.count, np.nan)
    saved = share.copy()
    for village, needed in enumerate(behind):
        if len(needed) and not plan.alone[village]:
            share[village] = (jobs.cost[needed] / count[needed]).sum()
            saved[village] = jobs.cost[needed][count[needed] == 1].sum()
    return share, saved


def _hanging(instance: Instance, plan: Plan, jobs: Jobs) -> list[Ints]:
    """Return by village the jobs it needs; none where it is not served."""
    number = {
        (Job(kind), ref): job
        for job, (kind, ref) in enumerate(zip(jobs.kind.tolist(), jobs.ref.tolist(), strict=True))
    }
    pairs = instance.pairs
    out = []
    for village in range(instance.villages.count):
        if plan.alone[village]:
            ends = [number[Job.ALONE, village]]
        elif plan.pair[village] >= 0:
            pair = int(plan.pair[village])
            ends = [number[Job.RADIO, int(end[pair])] for end in (pairs.a, pairs.b)]
        elif plan.served_by[village] >= 0:
            ends = [number[Job.RADIO, int(plan.served_by[village])]]
        else:
            ends = []
        needed: set[int] = set()
        for end in ends:
            job = end
            while job >= 0 and job not in needed:
                needed.add(job)
                job = int(jobs.up[job])
        out.append(np.array(sorted(needed), dtype=np.int64))
    return out
