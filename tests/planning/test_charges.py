"""What sites are charged at least, and the years it bounds: by hand, and against every choice."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.planning import backhauls, drawn
from phusong.planning.arborescence import Covers, Fibre, Instance, Sites, Villages, within, years
from phusong.planning.arborescence.bounds.certificate import stage
from phusong.planning.arborescence.bounds.charges import charge
from phusong.planning.arborescence.charged import Charged
from phusong.planning.arborescence.graph.digraph import lay
from phusong.planning.arborescence.graph.part import whole
from phusong.planning.arborescence.review.apart import UnprovenError
from phusong.planning.arborescence.review.faults import faults
from phusong.planning.arborescence.review.recount import charged
from phusong.planning.arborescence.spender import Spender

few = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def road(locked=()):
    """Light at junction 0, a road 0-1-2-3 at 10 a section, a mast of 5 with a village at 1 to 3."""
    at = np.arange(3)
    return Instance(
        Fibre(4, np.array([0]), at, at + 1, np.full(3, 10.0)),
        Sites(np.full(3, 5.0), at + 1, locked=np.isin(at, locked)),
        Villages(np.array([4.0, 5.0, 6.0])),
        Covers(at, at),
    ).checked()


def charged_for(instance, chosen, *, keep=False):
    """Charges for a choice, by site of the instance; zero for those without a cell."""
    layers = lay(instance, miss=0.0)
    site = np.flatnonzero(layers.cell >= 0)
    found = charge(layers, site, np.asarray(chosen, float)[site], keep=keep)
    by_site = np.zeros(instance.sites.count)
    by_site[site] = found.site
    return by_site, found.locked, found.dual, layers


@pytest.mark.parametrize(
    ("chosen", "site"),
    [
        # Who is chosen pays the whole way; the others what is left of theirs.
        ([0, 1, 0], [5, 25, 15]),
        ([0, 0, 1], [5, 5, 35]),
        ([1, 0, 0], [15, 15, 15]),
    ],
)
def test_charges_by_hand(chosen: list[int], site: list[float]) -> None:
    by_site, locked, _, _ = charged_for(road(), chosen)
    assert by_site == pytest.approx(site)
    assert locked == 0.0


def test_all_chosen_pay_what_they_cost_together() -> None:
    by_site, _, _, _ = charged_for(road(), [1, 1, 1])
    assert by_site.sum() == pytest.approx(45.0)


def test_the_way_to_a_locked_mast_is_paid_in_any_case() -> None:
    by_site, locked, _, _ = charged_for(road(locked=[1]), [0, 1, 0])
    assert locked == pytest.approx(25.0)
    assert by_site == pytest.approx([5.0, 0.0, 15.0])


@few
@given(st.integers(0, 10_000), st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_no_plan_pays_less_than_its_charges(seed: int, chosen: list[float]) -> None:
    instance = drawn(seed, pairs=seed % 3, limit=seed % 4, locked=bool(seed % 2))
    by_site, locked, _, _ = charged_for(instance, chosen)
    best = backhauls(instance)
    able = set().union(*best)
    must = set(np.flatnonzero(instance.sites.locked).tolist()) & able
    for built, backhaul in best.items():
        if must <= set(built):
            sites = list(built)
            paid = backhaul + instance.sites.cost[sites].sum() + instance.sites.radio[sites].sum()
            assert by_site[sites].sum() + locked <= paid + 1e-6
            silent = backhaul + instance.sites.cost[sites].sum()
            assert locked <= silent + 1e-6


@few
@given(st.integers(0, 10_000), st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_charges_add_up_on_a_graph_made_apart(seed: int, chosen: list[float]) -> None:
    instance = drawn(seed, pairs=seed % 3, limit=seed % 4, locked=bool(seed % 2))
    by_site, locked, dual, layers = charged_for(instance, chosen, keep=True)
    assert dual is not None
    site, always = charged(instance, stage(layers, whole(instance), (dual,)))
    assert site[0] == pytest.approx(by_site, abs=1e-6)
    assert always[0] == pytest.approx(locked, abs=1e-6)


@pytest.mark.parametrize("room", [0, 1])
@pytest.mark.parametrize("locked", [(), (1,)])
def test_potentials_that_find_no_room_charge_nothing(
    monkeypatch: pytest.MonkeyPatch, room: int, locked: tuple[int, ...]
) -> None:
    monkeypatch.setattr("phusong.planning.arborescence.bounds.charges._ROOM", room)
    instance = road(locked)
    by_site, always, dual, layers = charged_for(instance, [0, 0, 1], keep=True)
    assert dual is not None
    all_sites, all_masts, _, _ = charged_for(instance, [0, 0, 1])
    assert by_site.sum() + always < all_sites.sum() + all_masts
    site, found = charged(instance, stage(layers, whole(instance), (dual,)))
    assert site[0] == pytest.approx(by_site)
    assert found[0] == pytest.approx(always)


def test_charges_are_not_believed() -> None:
    _, _, dual, layers = charged_for(road(), [0, 1, 0], keep=True)
    assert dual is not None
    for changes, said in (
        ({"height": dual.height * 1.01}, "more than is paid"),
        ({"height": -dual.height}, "negative"),
        ({"vertex": np.zeros_like(dual.vertex)}, "root"),
        ({"vertex": np.full_like(dual.vertex, layers.names.first_village)}, "holds a village"),
    ):
        with pytest.raises(UnprovenError, match=said):
            charged(road(), stage(layers, whole(road()), (replace(dual, **changes),)))


def learner(instance):
    spender = Spender(instance, 0)
    return Charged(spender.layers, spender.covering, spender.weight)


def test_a_row_is_learnt_once() -> None:
    # 34 do not pay for site 3 at 35. Who chooses it all the same has not solved the programme.
    found = learner(road())
    assert found.relax(34.0, np.inf) >= 9.0
    known = found.taken[34.0].copy()
    for _ in range(3):
        found.learn(np.array([0.0, 0.0, 1.0]), 34.0)
    assert len(found.taken[34.0]) == len(set(found.taken[34.0])) <= len(known) + 1
    assert not found.learn(np.array([0.0, 0.0, 1.0]), 34.0)
    # A row learnt for another budget is taken from there.
    rows = len(found.rows)
    assert found.decide([33.0], [np.inf], np.inf).chosen is not None
    assert found.learn(np.array([0.0, 0.0, 1.0]), 33.0)
    assert len(found.rows) == rows


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e-8])
def test_small_money_is_decided_too(monkeypatch: pytest.MonkeyPatch, scale: float) -> None:
    asked = []

    def learn(self, *rest):
        asked.append(rest)
        assert len(asked) < 100
        return learnt(self, *rest)

    learnt = Charged.learn
    monkeypatch.setattr(Charged, "learn", learn)
    i = road()
    fibre, sites = (replace(part, cost=part.cost * scale) for part in (i.fibre, i.sites))
    plan = within(replace(i, fibre=fibre, sites=sites), 44.9 * scale, time_limit_s=np.inf)
    # 30 for the whole road and 10 for masts 2 and 3; a third would make it 45.
    assert plan.people == plan.most_people == 11.0


def lit(cost, people):
    """Sites with backhaul, each with a village of its own."""
    at = np.arange(len(cost))
    return Instance(
        Fibre(),
        Sites(np.array(cost, float), lit=np.ones(len(cost), bool)),
        Villages(np.array(people, float)),
        Covers(at, at),
    ).checked()


def test_what_a_year_serves_alone_no_year_can_that_others_come_before() -> None:
    # 10 buy 8 people; 15 at once buy 12, but nothing more for who has spent 10.
    schedule = years(lit([10, 15], [8, 12]), [10.0, 5.0], time_limit_s=np.inf)
    assert schedule.most_people == (8.0, 12.0)
    assert schedule.most_together == 16.0
    assert [plan.people for plan in schedule.plans] == [8.0, 8.0]
    assert schedule.gap == 0.0


def test_waiting_a_year_may_be_best() -> None:
    schedule = years(lit([10, 15], [8, 30]), [10.0, 5.0], time_limit_s=np.inf)
    assert [plan.people for plan in schedule.plans] == [0.0, 30.0]
    assert schedule.bound == 30.0


@few
@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(1, 30)), min_size=1, max_size=5),
    st.lists(st.integers(0, 20), min_size=2, max_size=3),
)
def test_years_together_against_every_order(
    sites: list[tuple[int, int]], budgets: list[int]
) -> None:
    cost, people = np.array(sites, float).T
    total, count = np.cumsum(budgets), len(budgets)
    best = 0.0
    for year in itertools.product(range(count + 1), repeat=len(sites)):
        stands = np.array(year)[None, :] <= np.arange(count)[:, None]
        if (stands @ cost <= total).all():
            best = max(best, float((stands @ people).sum()))
    instance = lit(cost, people)
    schedule = years(instance, [float(b) for b in budgets], time_limit_s=np.inf)
    assert schedule.most_together == pytest.approx(best)
    assert schedule.served == pytest.approx(best)
    for plan, budget in zip(schedule.plans, total, strict=True):
        assert faults(instance, plan, float(budget)) == []


@pytest.mark.parametrize("seed", range(8))
def test_charges_of_years_are_kept_where_asked_for(seed: int) -> None:
    instance = drawn(seed, pairs=seed % 3, alternatives=bool(seed % 2))
    schedule = years(instance, [15.0, 10.0], time_limit_s=np.inf, certify=True)
    assert schedule.served <= schedule.most_together + 1e-9
    assert schedule.charges is not None
    site, locked = charged(instance, schedule.charges)
    for plan in schedule.plans:
        # Every row holds for what stands at the end of each year.
        paid = plan.cost - float(instance.villages.alternative[plan.alone].sum())
        assert (site[:, plan.serving].sum(axis=1) + locked <= paid + 1e-6).all()


def test_without_asking_nothing_is_kept() -> None:
    assert years(road(), [20.0], time_limit_s=np.inf).charges is None


def test_a_sum_is_decided_by_charges() -> None:
    # 34 pay the way to 2 (25) and site 1 on it (5), not the 35 to site 3: 9 people.
    plan = within(road(), 34.0, time_limit_s=np.inf)
    assert plan.people == plan.most_people == 9.0
