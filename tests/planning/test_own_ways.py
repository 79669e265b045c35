"""Sites at the price of ways of their own: by hand, and against every choice of sites."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from helpers.planning import drawn
from phusong.planning.arborescence import Covers, Fibre, Instance, Sites, Villages, solve
from phusong.planning.arborescence.bounds.closing import ascent
from phusong.planning.arborescence.bounds.stars import Stars
from phusong.planning.arborescence.graph.digraph import lay
from phusong.planning.arborescence.growth.budgets import by_budgets, price_of_a_person
from phusong.planning.arborescence.growth.ownways import by_own_ways, covering
from phusong.planning.arborescence.incumbent import gardener
from phusong.planning.arborescence.money import built, chosen_by_own_ways, within
from phusong.planning.arborescence.review.faults import faults
from phusong.planning.arborescence.schedule import years


def road(site, village, alternative=None):
    """Light at junction 0, a road 0-1-2-3 at 10 a section, a mast of 5 at each junction."""
    count = max(village) + 1
    more = np.full(count, np.inf) if alternative is None else np.asarray(alternative)
    return Instance(
        Fibre(4, np.array([0]), np.array([0, 1, 2]), np.array([1, 2, 3]), np.full(3, 10.0)),
        Sites(np.full(4, 5.0), np.arange(4)),
        Villages(np.ones(count), more),
        Covers(np.array(site), np.array(village)),
    ).checked()


def grown(instance):
    layers = lay(instance)
    return layers, by_own_ways(gardener(layers, None), np.inf)


def chosen(layers, growth):
    have = np.flatnonzero(layers.cell >= 0)
    return have[growth.enter[layers.cell[have]] >= 0].tolist()


def cheapest_own(instance, stars, layers):
    """What the cheapest choice costs when every site pays its whole way; every choice tried."""
    have = np.flatnonzero(layers.cell >= 0)
    price = dict(zip(stars.cells.tolist(), stars.away[stars.cells].tolist(), strict=True))
    covers = {
        s: set(instance.covers.village[instance.covers.site == s].tolist()) for s in have.tolist()
    }
    wanted = set(np.flatnonzero(layers.village >= 0).tolist())
    least = np.inf
    for size in range(have.size + 1):
        for some in itertools.combinations(have.tolist(), size):
            left = wanted - set().union(*(covers[s] for s in some))
            alone = float(instance.villages.alternative[list(left)].sum())
            least = min(least, alone + sum(price[layers.cell[s]] for s in some))
    return least


def test_one_site_for_both_is_worth_its_way() -> None:
    # Prices 15, 25, 35 for sites 1, 2, 3: together 25 is what both villages are worth.
    layers, growth = grown(road([1, 2, 2, 3], [0, 0, 1, 1]))
    stars = Stars(layers)
    assert stars.away[stars.cells].tolist() == [15.0, 25.0, 35.0]
    worth = stars.worth()
    assert worth is not None
    assert worth.most.sum() == pytest.approx(25.0)
    assert worth.most[layers.village].max() <= 25.0 * (1.0 + 1e-6)
    # All of the choice enters over the way to site 2, none over the other's.
    assert worth.due[layers.cell[[1, 2, 3]]] == pytest.approx([0.0, 1.0, 0.0], abs=1e-5)
    assert worth.guide[layers.toward[layers.cell[2]]] == pytest.approx(1.0, abs=1e-5)
    assert worth.guide[layers.toward[layers.cell[1]]] == pytest.approx(0.0, abs=1e-5)
    assert growth is not None
    assert growth.cost == 25.0
    assert chosen(layers, growth) == [2]


def test_a_village_is_worth_no_more_than_what_serves_it_alone() -> None:
    layers, growth = grown(road([1, 2, 2, 3], [0, 0, 1, 1], [np.inf, 3.0]))
    worth = Stars(layers).worth()
    assert worth is not None
    assert worth.most[layers.village] == pytest.approx([15.0, 3.0])
    assert growth is not None
    assert growth.cost == 18.0
    assert growth.direct.tolist() == [False, True]


def test_a_shared_way_is_paid_once_and_found_out_by_learning() -> None:
    # Sites 2 and 3 by ways of their own 25 + 35; the road to 2 is shared: 30 + 5 + 5 = 40.
    layers, growth = grown(road([2, 3], [0, 1]))
    assert growth is not None
    assert growth.cost == 40.0
    stars = Stars(layers)
    worth = stars.worth()
    assert worth is not None
    assert worth.most.sum() == pytest.approx(60.0)
    nothing = np.empty(0, np.int64)
    raised = ascent(layers, 40.0, 0.3, nothing, keep=False, worth=worth)
    assert raised.bound == pytest.approx(40.0)
    # 20 were charged by the other one: a tenth of that is believed at once.
    stars.learn(worth, raised)
    assert stars.waste.sum() == pytest.approx(2.0)
    again = stars.worth()
    assert again is not None
    assert again.most.sum() == pytest.approx(58.0)
    assert stars.keep(layers).waste == pytest.approx(stars.waste)


@pytest.mark.parametrize("seed", range(30))
def test_as_by_trying_every_choice_of_sites(seed: int) -> None:
    instance = drawn(seed, pairs=0)
    layers = lay(instance)
    if not layers.graph.terminals.size or not (layers.cell >= 0).any():
        pytest.skip("nothing to serve by a site")
    stars = Stars(layers)
    worth = stars.worth()
    growth = by_own_ways(gardener(layers, None), np.inf)
    least = cheapest_own(instance, stars, layers)
    assert worth is not None
    assert growth is not None
    # The programme bounds every choice from below; the plan's ways may be shared.
    value = worth.most[stars.column].sum() + worth.price @ worth.least
    assert value <= least * (1.0 + 1e-6)
    assert growth.cost <= least + 1e-9
    # No site is charged more by those whom it covers than it costs.
    charged = stars.pays @ worth.most[stars.column] + worth.most[stars.cells]
    assert (charged <= stars.away[stars.cells] * (1.0 + 1e-6)).all()


def test_a_locked_mast_stands_in_any_case() -> None:
    # Site 3 has to stand (35): only its radio, which is free, is asked for by its villages.
    instance = road([1, 3], [0, 0])
    locked = np.array([False, False, False, True])
    instance = replace(instance, sites=replace(instance.sites, locked=locked)).checked()
    layers, growth = grown(instance)
    assert growth is not None
    assert growth.cost == 35.0
    assert chosen(layers, growth) == [3]


def test_sites_for_growing_budgets_hold_those_before() -> None:
    # 15 pay site 1; 40 pay it and site 2, which serves both: sooner is better than cheaper.
    layers = lay(road([1, 2, 2, 3], [0, 0, 1, 1]), miss=1e-9)
    grower = gardener(layers, None)
    grower = grower.serving(np.ones(2), grower.alone)
    chosen = by_budgets(covering(grower), np.ones(2), [15.0, 40.0], 60.0)
    assert chosen is not None
    assert [choice.site.tolist() for choice in chosen] == [[1], [1, 2]]
    # 25 at once pay for both with site 2 alone.
    assert [
        c.site.tolist() for c in by_budgets(covering(grower), np.ones(2), [25.0], 60.0) or []
    ] == [[2]]


def test_what_a_person_is_worth_at_a_budget() -> None:
    # 25 serve both; of the first 15 each person would cost 12.5, as thirds of site 2 do.
    layers = lay(road([1, 2, 2, 3], [0, 0, 1, 1]), miss=1e-9)
    grower = gardener(layers, None)
    grower = grower.serving(np.ones(2), np.full(2, np.inf))
    assert price_of_a_person(covering(grower), np.ones(2), 15.0, 60.0) == pytest.approx(12.5)
    assert price_of_a_person(covering(grower), np.ones(2), 30.0, 60.0) is None


@pytest.mark.parametrize("seed", range(12))
def test_years_chosen_at_once_stay_within_their_budgets(seed: int) -> None:
    instance = drawn(seed, pairs=seed % 3)
    most = solve(instance, time_limit_s=np.inf).cost
    total = [0.6 * most, 0.8 * most, most]
    chosen = chosen_by_own_ways(instance, total, 10.0)
    assert len(chosen) == 3
    for a, b in itertools.pairwise(chosen):
        assert set(a.site) <= set(b.site)
        assert set(a.alone) <= set(b.alone)
    for choice, budget in zip(chosen, total, strict=True):
        plan = built(instance, choice, budget, spend=False)
        assert faults(instance, plan, budget) == []
        covered = instance.covers.village[np.isin(instance.covers.site, choice.site)]
        assert plan.served[covered].all()
        assert plan.served[choice.alone].all()


def test_villages_served_by_themselves_are_bought_in_their_year() -> None:
    instance = road([1, 2, 3], [0, 1, 2], [4.0, 4.0, 4.0])
    chosen = chosen_by_own_ways(instance, [4.0, 8.0], 10.0)
    plans = [built(instance, c, b, spend=False) for c, b in zip(chosen, [4.0, 8.0], strict=True)]
    assert [plan.people for plan in plans] == [1.0, 2.0]


@pytest.mark.parametrize("villages", [0, 1])
def test_where_nothing_can_be_served_nothing_is_chosen(villages: int) -> None:
    instance = replace(
        road([1], [0]),
        villages=Villages(np.ones(villages)),
        covers=Covers(),
    ).checked()
    assert within(instance, 100.0).people == 0.0
    assert [plan.people for plan in years(instance, [50.0, 50.0]).plans] == [0.0, 0.0]
    locked = replace(instance.sites, locked=np.array([False, True, False, False]))
    plan = solve(replace(instance, sites=locked), time_limit_s=np.inf)
    assert plan.sites.tolist() == [1]
