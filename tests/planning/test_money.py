"""Most people for a sum, for many sums, and in years."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.planning import drawn, most_people
from phusong.errors import InputError
from phusong.planning.arborescence import (
    Covers,
    Fibre,
    Instance,
    Sites,
    Villages,
    Vouched,
    curve,
    solve,
    within,
    worst_first,
    years,
)
from phusong.planning.arborescence.bounds.relaxation import Relaxation
from phusong.planning.arborescence.review.faults import faults
from phusong.planning.arborescence.spender import Spender

few = settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def star():
    """Four lit sites at 10, 20, 30 and 40 with villages of 8, 12, 30 and 20 people."""
    at = np.arange(4)
    return Instance(
        Fibre(),
        Sites(np.array([10.0, 20.0, 30.0, 40.0]), lit=np.ones(4, bool)),
        Villages(np.array([8.0, 12.0, 30.0, 20.0])),
        Covers(at, at),
    )


@pytest.mark.parametrize(
    ("budget", "people"), [(0, 0), (9, 0), (10, 8), (29, 12), (30, 30), (60, 50), (100, 70)]
)
def test_most_people_for_a_sum_by_hand(budget: float, people: float) -> None:
    plan = within(star(), budget, time_limit_s=np.inf)
    assert plan.people == people
    assert plan.most_people == people
    assert plan.cost <= budget


def test_no_budget_builds_nothing() -> None:
    plan = within(drawn(3, alternatives=False), 0.0, time_limit_s=np.inf)
    assert plan.sites.size == plan.sections.size == plan.hops.size == 0
    assert plan.cost == 0.0


@pytest.mark.parametrize("seed", range(16))
def test_as_many_people_as_by_trying_everything(seed: int) -> None:
    instance = drawn(seed, pairs=seed % 4, limit=seed % 3)
    budgets = [25.0, 10.0, 0.0, 60.0]
    for budget, plan in zip(budgets, curve(instance, budgets, time_limit_s=np.inf), strict=True):
        assert faults(instance, plan, budget) == []
        assert plan.people == pytest.approx(most_people(instance, budget))
        assert plan.most_people == pytest.approx(plan.people)


@pytest.mark.parametrize(("seed", "budget"), [(29, 25.0), (48, 15.0), (52, 15.0)])
def test_a_bound_that_is_met_is_sought_no_further(
    monkeypatch: pytest.MonkeyPatch, seed: int, budget: float
) -> None:
    # Charges say how many it is; the relaxation finds the plan in its first turn.
    instance = drawn(seed, pairs=seed % 3)
    most = most_people(instance, budget)
    turns = []

    def solve_once(self, deadline):
        turns.append(deadline)
        return solved(self, deadline)

    solved = Relaxation.solve
    monkeypatch.setattr(Relaxation, "solve", solve_once)
    monkeypatch.setattr(Spender, "_by_own_ways", lambda self, seconds: None)
    monkeypatch.setattr(Spender, "_by_charges", lambda self, deadline: (most, self.total))
    plan = within(instance, budget, time_limit_s=np.inf)
    assert plan.people == plan.most_people == most
    assert plan.proven_bound > most
    assert plan.vouched == Vouched.BRANCHING
    assert len(turns) == 1


@few
@given(st.integers(0, 10_000), st.lists(st.floats(0, 80), min_size=2, max_size=4))
def test_more_money_never_serves_fewer(seed: int, budgets: list[float]) -> None:
    instance = drawn(seed, pairs=seed % 3)
    plans = curve(instance, sorted(budgets), time_limit_s=np.inf)
    people = [plan.people for plan in plans]
    assert people == sorted(people)
    bounds = [plan.most_people for plan in plans]
    assert bounds == sorted(bounds)


def test_enough_money_serves_all_that_can_be_served() -> None:
    instance = drawn(8)
    everything = solve(instance)
    plan = within(instance, everything.cost, time_limit_s=np.inf)
    assert plan.people == everything.people


def test_locked_sites_dearer_than_the_budget_are_refused() -> None:
    instance = star()
    locked = np.array([False, False, True, False])
    instance = replace(instance, sites=replace(instance.sites, locked=locked))
    with pytest.raises(InputError, match=r"30\.0 with backhaul"):
        within(instance, 29.0)
    assert within(instance, 30.0, time_limit_s=np.inf).sites.tolist() == [2]


@pytest.mark.parametrize("budget", [-1.0, np.nan, np.inf])
def test_a_budget_that_is_none_is_refused(budget: float) -> None:
    with pytest.raises(InputError, match=r"budgets\[0\]"):
        within(star(), budget)


def test_years_by_hand() -> None:
    # 30 at once would be best in year 1; what is left of a year goes over to the next.
    schedule = years(star(), [30.0, 10.0, 0.0, 20.0], time_limit_s=np.inf)
    assert [plan.people for plan in schedule.plans] == [30, 38, 38, 50]
    assert schedule.spent == (30.0, 10.0, 0.0, 20.0)
    assert schedule.most_people == (30, 38, 38, 50)
    assert schedule.gap == 0.0


@pytest.mark.parametrize("seed", range(12))
def test_years_build_on_each_other_within_their_money(seed: int) -> None:
    instance = drawn(seed, pairs=seed % 4, limit=seed % 3)
    budgets = [12.0, 10.0, 8.0, 15.0]
    schedule = years(instance, budgets, time_limit_s=np.inf)
    for year, plan in enumerate(schedule.plans):
        assert faults(instance, plan, sum(budgets[: year + 1])) == []
        assert plan.people <= schedule.most_people[year] + 1e-9
    for before, after in zip(schedule.plans, schedule.plans[1:], strict=False):
        for part in ("sections", "fibre_sites", "hops", "sites", "serving"):
            assert set(getattr(before, part)) <= set(getattr(after, part))
        assert not (before.served & ~after.served).any()


def test_without_a_year_there_is_no_plan() -> None:
    with pytest.raises(InputError, match="no year"):
        years(star(), [])


def test_the_darkest_commune_counts_most() -> None:
    people = np.array([10.0, 10.0, 5.0])
    commune = np.array([0, 0, 1])
    weight = worst_first(people, commune, np.array([100.0, 5.0]))
    assert weight.tolist() == [2.0, 2.0, 5.0]
    # One mast only: the small village in the commune all dark.
    at = np.arange(3)
    instance = Instance(
        Fibre(), Sites(np.full(3, 1.0), lit=np.ones(3, bool)), Villages(weight), Covers(at, at)
    )
    assert within(instance, 1.0, time_limit_s=np.inf).sites.tolist() == [2]
