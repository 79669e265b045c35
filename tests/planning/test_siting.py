"""Masts for dark villages: a plan on a small world, its bill, its promise held by a run."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from helpers.ridge import EAST, WEST, make_ridge
from helpers.signal import centre_of
from phusong.coverage.signal.signal import compute_signal
from phusong.coverage.villages.assess import assess_villages
from phusong.coverage.villages.verdict import COVERED, GRADES
from phusong.pipeline.siting import stamp_of_plan
from phusong.pipeline.yearly import yearly_figures
from phusong.planning.arborescence import Vouched, years
from phusong.planning.assess import Money, judged_round, plan_sites, with_plan
from phusong.planning.costs import annuity, life_cost
from phusong.planning.sites.equipment import site_names, with_sites
from phusong.planning.sites.places import EXISTING, Places, merged


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """One village before the ridge, three behind it."""
    behind = {"E1": (20, 140, 20, 20), "E2": EAST, "E3": (120, 140, 20, 20)}
    return make_ridge(tmp_path_factory.mktemp("siting"), {"W": WEST, **behind}, rounds=2)


def test_a_plan_serves_the_dark_and_a_run_agrees(world, tmp_path):
    inputs, store, coverage = world.inputs, world.store, world.coverage
    plan, study = world.plan()
    dark = set(coverage.villages.loc[coverage.villages["grade"] != COVERED, "code"])
    assert dark == {"E1", "E2", "E3"}
    assert set(plan.villages["code"]) == dark
    assert (plan.villages["status"] == "served").all()
    built = with_plan(inputs, study, plan)
    after = assess_villages(built, study, compute_signal(built, study, tmp_path / "b", store))
    assert (after.villages["grade"] == COVERED).all()
    assert 0 <= plan.gap < 1e-6
    # Without fibre every new mast hangs on a chain of hops from the mast that stands.
    upstream = dict(zip(plan.hops["to_site_id"], plan.hops["from_site_id"], strict=True))
    for row in plan.sites.itertuples():
        if row.kind != "existing":
            assert row.backhaul == "microwave"
            site, hops = row.site_id, 0
            while site != "A":
                site, hops = upstream[site], hops + 1
            assert hops <= study.planning.microwave.max_hops


def test_the_bill_adds_up(world):
    plan, study = world.plan()
    prices = study.planning.prices
    assert plan.bill["life"].sum() == pytest.approx(plan.life, rel=1e-12)
    assert plan.sites["life"].sum() + plan.hops["life"].sum() == pytest.approx(plan.life)
    expected = plan.bill["capital"] + plan.bill["yearly"] * annuity(prices)
    assert plan.bill["life"].to_numpy() == pytest.approx(expected.to_numpy())
    new = plan.bill.set_index("item").loc["new masts"]
    assert new["quantity"] == (plan.sites["kind"] != "existing").sum()
    assert new["life"] == pytest.approx(new["quantity"] * life_cost(prices.tower, prices))


def test_refining_never_makes_a_plan_dearer(world):
    once, _ = world.plan(rounds=1)
    twice, _ = world.plan(rounds=3)
    assert twice.candidates > once.candidates
    assert twice.life <= once.life + 1e-6


@pytest.mark.parametrize(
    ("served", "cost", "taken", "go_on"),
    [
        ([0, 1, -1], 90.0, True, True),
        ([0, 1, -1], 99.9, True, False),
        ([0, 1, -1], 100.0, True, False),
        ([0, 1, -1], 101.0, False, False),
        ([0, 1, 2], 130.0, True, True),
        ([0, -1, -1], 50.0, False, False),
    ],
)
def test_more_villages_go_before_cost(served, cost, taken, go_on):
    def plan(served, cost):
        none = np.full(len(served), -1)
        return SimpleNamespace(served_by=np.array(served), pair=none, alone=none > 0, cost=cost)

    assert judged_round(plan([0, 1, -1], 100.0), plan(served, cost)) == (taken, go_on)


def test_without_hops_nothing_can_be_built_and_the_reason_is_said(world):
    study = world.study
    none = study.planning.microwave.model_copy(update={"max_hops": 0})
    plan, _ = world.plan(microwave=none)
    assert set(plan.villages["status"]) == {"no_backhaul"}
    assert not len(plan.sites)
    assert plan.life == 0
    assert plan.bill.empty


def test_the_same_study_gives_the_same_plan(world):
    one, _ = world.plan()
    other, _ = world.plan()
    assert one.sites["site_id"].tolist() == other.sites["site_id"].tolist()
    assert one.life == other.life
    assert dataclasses.astuple(one.places)[0].tolist() == other.places.place_id.tolist()


def test_more_money_never_serves_fewer_and_none_builds_nothing(world):
    whole, _ = world.plan()
    shares = [0.0, 0.4, 0.7, 1.0]
    plans = [spend(world, Money(budget=whole.life * share)) for share in shares]
    served = [plan.people for plan in plans]
    assert served == sorted(served)
    assert not len(plans[0].sites)
    assert plans[0].bill.empty
    assert plans[-1].people == pytest.approx(whole.people)
    for plan, share in zip(plans, shares, strict=True):
        assert plan.life <= whole.life * share + 1e-6
        assert plan.people <= plan.most_people + 1e-9
        assert plan.bill["life"].sum() == pytest.approx(plan.life)
        left = plan.villages[plan.villages["status"] != "served"]
        assert set(left["status"]) <= {"over_budget"}
        assert (left["year"] == 0).all()


def test_years_build_on_each_other_and_their_bills_add_up(world):
    whole, _ = world.plan()
    budgets = (whole.life * 0.5, whole.life * 0.3, whole.life * 0.4)
    plan = spend(world, Money(years=budgets, steps=4))
    assert plan.years["year"].tolist() == [1, 2, 3]
    assert plan.years["people"].is_monotonic_increasing
    assert (plan.years["spent_total"] <= np.cumsum(budgets) + 1e-6).all()
    by_year = plan.bill.groupby("year")["life"].sum()
    spent = plan.years.set_index("year")["spent"]
    assert by_year.reindex(spent.index).fillna(0.0).to_numpy() == pytest.approx(spent.to_numpy())
    assert (plan.villages["status"] == "served").all()
    assert (plan.villages["year"] > 0).all()
    assert plan.curve["budget"].is_monotonic_increasing
    assert plan.curve["people"].is_monotonic_increasing
    assert plan.curve["people"].iloc[-1] == pytest.approx(whole.people)
    worst = spend(world, Money(years=budgets, worst_first=True))
    assert worst.years["people"].iloc[-1] == pytest.approx(whole.people)


@pytest.mark.parametrize(
    ("vouched", "last"),
    [
        ((Vouched.DUALS, Vouched.DUALS), False),
        ((Vouched.BRANCHING, Vouched.DUALS), False),
        ((Vouched.DUALS, Vouched.BRANCHING), True),
    ],
)
def test_branching_of_the_last_year_is_told_beside_its_bound(world, monkeypatch, vouched, last):
    def asked(*given, **named):
        found = years(*given, **named)
        pairs = zip(found.plans, vouched, strict=True)
        plans = tuple(dataclasses.replace(plan, vouched=by) for plan, by in pairs)
        return dataclasses.replace(found, plans=plans)

    monkeypatch.setattr("phusong.planning.assess.years", asked)
    money = Money(years=(2e5, 1e5))
    plan = spend(world, money)
    assert plan.branched_last == last
    # All years together are bounded by the sum of theirs, or lower by branching.
    assert plan.most_together == plan.years["most_people"].sum()
    assert plan.branched_together == (Vouched.BRANCHING in vouched)
    sited = SimpleNamespace(plan=plan, broken=(), unlit=())
    stamp = stamp_of_plan(world.study, sited, money)
    assert stamp["bound_by"] == ("branching" if last else "multipliers")


def spend(world, money):
    inputs, study, store, signal, coverage = world
    return plan_sites(inputs, study, signal, coverage, None, store, None, money)


def test_figures_of_each_year_equal_runs_with_what_stands_by_then(world, tmp_path):
    """Cells on a mast that stands come in a year of their own, beside those it has."""
    inputs, study, store, _, coverage = world
    whole, _ = world.plan()
    plan = spend(world, Money(years=(whole.life * 0.5, whole.life * 0.3, whole.life * 0.4)))
    own = Places(np.array(["A"]), np.array([EXISTING]), *(np.array([v]) for v in centre_of(70, 30)))
    step = plan.steps.iloc[[-1]].assign(id="A", what="mast", year=2)
    masts = plan.steps[plan.steps["what"] == "mast"]
    assert set(masts["id"]) == set(site_names(plan.places, inputs))
    both = pd.concat([plan.steps, step])
    plan = dataclasses.replace(plan, places=merged(plan.places, own), steps=both)
    # The last year is the run with all of it; a year more makes the third one of those judged here.
    plan = dataclasses.replace(plan, years=pd.DataFrame({"year": [1, 2, 3, 4]}))
    figures = yearly_figures(inputs, study, coverage, coverage, None, plan, store)
    year = dict(zip(both["id"], both["year"], strict=True))
    for number in range(1, 4):
        by_then = [year[name] <= number for name in site_names(plan.places, inputs)]
        built = with_sites(inputs, plan.places.only(np.array(by_then)), study.planning.site)
        signal = compute_signal(built, study, tmp_path / str(number), store)
        run = assess_villages(built, study, signal).villages
        found = figures[figures["year"] == number].set_index("figure")["value"]
        for grade in GRADES:
            assert found[f"villages_{grade}"] == (run["grade"] == grade).sum()
        served = (run["people"] - run["people_unserved"]).sum()
        assert found["people_served"] == pytest.approx(served, rel=1e-9)
    assert figures["year"].max() == 4
    assert figures.loc[figures["figure"] == "villages_covered", "value"].nunique() >= 2
