"""Villages that need several sites together: by hand, by trying all, and as certificates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from helpers.planning import drawn
from phusong.planning.arborescence import Covers, Fibre, Instance, Pairs, Sites, Villages, solve
from phusong.planning.arborescence.bounds.closing import ascent
from phusong.planning.arborescence.bounds.quorums import least, shares, violated
from phusong.planning.arborescence.bounds.stars import Stars
from phusong.planning.arborescence.graph.digraph import lay
from phusong.planning.arborescence.review.proofs import UnprovenError, proven

few = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def ring(count: int, alternative: float = np.inf) -> Instance:
    """As many sites as villages, each over two neighbours; light and fibre at 10 to each of 5."""
    at = np.arange(count)
    return Instance(
        Fibre(count + 1, np.array([count]), np.full(count, count), at, np.full(count, 10.0)),
        Sites(np.full(count, 5.0), at),
        Villages(np.ones(count), np.full(count, alternative)),
        Covers(np.repeat(at, 2), np.stack([at, (at + 1) % count], axis=1).ravel()),
    ).checked()


@pytest.mark.parametrize(("count", "sites"), [(3, 2), (5, 3), (7, 4)])
def test_an_odd_ring_needs_one_site_more_than_half(count: int, sites: int) -> None:
    # Half of each site serves all for half the price of all; whole ones cost half a site more.
    layers = lay(ring(count))
    stars = Stars(layers)
    worth = stars.worth()
    assert worth is not None
    assert worth.least.tolist() == [float(sites)]
    value = worth.most[stars.column].sum() + worth.price @ worth.least
    assert value == pytest.approx(15.0 * sites)
    raised = ascent(layers, 15.0 * sites, 0.3, np.empty(0, np.int64), keep=True, worth=worth)
    assert raised.bound == pytest.approx(15.0 * sites)
    assert raised.dual.worth.size == 1


@pytest.mark.parametrize("count", [3, 5, 7])
def test_what_a_quorum_proves_is_added_up_again(count: int) -> None:
    instance = ring(count)
    plan = solve(instance, time_limit_s=np.inf, certify=True)
    assert plan.cost == 15.0 * ((count + 1) // 2)
    assert plan.proven_bound == pytest.approx(plan.cost)
    stage = next(s for s in plan.certificate.stages if any(d.worth.size for d in s.duals))
    assert stage.part.instance.sites.count == count
    assert proven(instance, plan.certificate, plan.cost) == pytest.approx(plan.cost)


def forged(certificate, **changes):
    """Change the first multipliers that hold a quorum."""
    stages = []
    for stage in certificate.stages:
        duals = [replace(d, **changes) if d.worth.size else d for d in stage.duals]
        stages.append(replace(stage, duals=tuple(duals)))
    return replace(certificate, stages=stages)


def test_a_forged_quorum_is_not_believed() -> None:
    instance = ring(5)
    plan = solve(instance, time_limit_s=np.inf, certify=True)
    honest = next(d for s in plan.certificate.stages for d in s.duals if d.worth.size)
    # More for it than cells were raised: what radios are charged beyond is taken off again.
    much = 10.0 * plan.cost
    stage = replace(plan.certificate.stages[0], duals=(replace(honest, ceiling=much),))
    alone = replace(plan.certificate, stages=[stage])
    dearer = forged(alone, worth=3.0 * honest.worth)
    assert proven(instance, alone, much) == pytest.approx(plan.cost)
    assert proven(instance, dearer, much) < plan.cost - 1.0
    for changes in (
        {"worth": -honest.worth},
        {"members": np.zeros_like(honest.members)},
        {"members": honest.members + 5},
        {"members": honest.members - 5},
        {"cell": honest.cell + 90},
        {"cell": honest.cell[1:]},
    ):
        with pytest.raises(UnprovenError):
            proven(instance, forged(plan.certificate, **changes), plan.cost)
    # Where each can be served alone, none of it holds.
    with pytest.raises(UnprovenError):
        proven(ring(5, 2.0), plan.certificate, plan.cost)


@few
@given(st.integers(0, 10_000))
def test_every_choice_that_serves_all_keeps_to_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    covers = rng.random((8, 7)) < 0.35
    covers[rng.integers(0, 8, 7), np.arange(7)] = True
    found = violated(csr_array(covers.astype(float)), np.full(8, 1.0), seed)
    members = csr_array((rng.random((6, 7)) < 0.5).astype(float))
    for rows in (found, members):
        counts = shares(csr_array(covers.astype(float)), rows).toarray()
        for choice in range(1, 2**8):
            chosen = (choice >> np.arange(8)) & 1
            if covers[chosen > 0].any(axis=0).all():
                assert (chosen @ counts >= least(rows)).all()


@few
@given(st.integers(0, 10_000))
def test_those_found_are_violated_and_odd(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 4)) * 2 + 1
    at = np.arange(count)
    covers = np.zeros((count, count))
    covers[at, at] = covers[at, (at + 1) % count] = 1.0
    order = rng.permutation(count)
    half = np.full(count, 0.5)
    found = violated(csr_array(covers[:, order]), half, seed)
    assert found.shape[0] > 0
    assert (found.sum(axis=1) % 2 == 1).all()
    assert (half @ shares(csr_array(covers[:, order]), found) < least(found)).all()


@pytest.mark.parametrize("seed", range(20))
def test_villages_that_pairs_cover_are_in_no_quorum(seed: int) -> None:
    ring_ = ring(5)
    paired = replace(ring_, pairs=Pairs(np.array([1]), np.array([2]), np.array([0]))).checked()
    drawn_ = drawn(seed, pairs=4, villages=8, sites=8, alternatives=False)
    for instance in (paired, drawn_):
        plan = solve(instance, time_limit_s=np.inf, certify=True)
        assert plan.optimal
        value = proven(instance, plan.certificate, plan.cost)
        assert value == pytest.approx(plan.proven_bound, rel=1e-6, abs=1e-6)
