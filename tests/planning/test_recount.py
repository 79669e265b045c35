"""Forgeries that the checkers of bounds and charges have to see, each by hand."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from helpers.planning import drawn
from phusong.planning.arborescence import (
    Covers,
    Fibre,
    Hops,
    Instance,
    Pairs,
    Sites,
    Villages,
    solve,
)
from phusong.planning.arborescence.bounds.certificate import Certificate, Dual, Row, stage
from phusong.planning.arborescence.bounds.charges import charge
from phusong.planning.arborescence.graph.digraph import lay
from phusong.planning.arborescence.graph.part import whole
from phusong.planning.arborescence.review.apart import UnprovenError
from phusong.planning.arborescence.review.proofs import proven
from phusong.planning.arborescence.review.recount import charged


def row(vertex, height, cell):
    """One potential as a row of charges."""
    vertex, height = np.array(vertex), np.array(height, float)
    return Dual(np.inf, np.array([0, vertex.size]), vertex, height, np.array([cell]))


def apart():
    """Light at 0, a mast of 5 at the end of a road at 10; one of 5, locked, that no way reaches."""
    return Instance(
        Fibre(2, np.array([0]), np.array([0]), np.array([1]), np.array([10.0])),
        Sites(np.full(2, 5.0), np.array([1, -1]), locked=np.array([False, True])),
        Villages(np.array([4.0, 6.0])),
        Covers(np.arange(2), np.arange(2)),
    ).checked()


def test_nobody_pays_for_a_locked_mast_that_nothing_reaches() -> None:
    instance = apart()
    layers = lay(instance, miss=0.0)
    mast = layers.names.first_mast + 1
    site, locked = charged(instance, stage(layers, whole(instance), (row([mast], [1e6], -1),)))
    assert locked.tolist() == [0.0]
    assert site.tolist() == [[0.0, 0.0]]


def test_nobody_pays_for_a_cell_that_nothing_reaches() -> None:
    instance = apart()
    layers = lay(instance, miss=0.0)
    cell = layers.names.first_mast + instance.sites.count + 1
    site, _ = charged(instance, stage(layers, whole(instance), (row([cell], [1e6], 1),)))
    assert site.tolist() == [[0.0, 0.0]]


def relayed(covers, hops):
    """Masts 0 and 1 of 5 with backhaul; mast 2 of 5 has a cable at 100, and maybe a hop from 1."""
    return Instance(
        Fibre(2, np.array([0]), np.array([0]), np.array([1]), np.array([100.0])),
        Sites(np.full(3, 5.0), np.array([-1, -1, 1]), lit=np.array([True, True, False])),
        Villages(np.array([1.0, 2.0, 3.0])),
        Covers(np.array([0, 1, 2, 0]), np.array([0, 1, 2, covers])),
        Hops(np.full(hops, 1), np.full(hops, 2), np.ones(hops), 1),
    ).checked()


def test_what_replaces_a_site_is_looked_for_in_the_instance_given() -> None:
    # Where mast 0 covers what 1 does and nothing hangs on 1, it is left out, and 2 pays its cable.
    other = relayed(1, 0)
    layers = lay(other, miss=0.0)
    site = np.flatnonzero(layers.cell >= 0)
    found = charge(layers, site, (site == 2).astype(float), keep=True)
    assert found.dual is not None
    proof = stage(layers, whole(other), (found.dual,))
    assert proof.useless.tolist() == [1]
    assert charged(other, proof)[0][0, 2] == pytest.approx(105.0)
    # Where a hop from 1 joins 2 it costs 11, and the same row is none.
    with pytest.raises(UnprovenError, match="site 1 is left out"):
        charged(relayed(0, 1), proof)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_charges_that_are_no_numbers_are_not_believed(wrong: float) -> None:
    instance = apart()
    layers = lay(instance, miss=0.0)
    cell = layers.names.first_mast + instance.sites.count
    forged = row([cell, cell - 2], [wrong, wrong], 0)
    with pytest.raises(UnprovenError, match="not finite"):
        charged(instance, stage(layers, whole(instance), (forged,)))


@pytest.mark.parametrize("cell", [np.array([2]), np.array([0, 1])])
def test_charges_say_around_which_cell_they_are(cell: np.ndarray) -> None:
    instance = apart()
    layers = lay(instance, miss=0.0)
    forged = replace(row([layers.names.first_mast], [1.0], 0), cell=cell)
    with pytest.raises(UnprovenError, match="around what"):
        charged(instance, stage(layers, whole(instance), (forged,)))


def test_a_proof_may_leave_out_roads_that_no_light_reaches() -> None:
    # Junction 2 is nobody's neighbour, and a mast hangs on it.
    instance = apart()
    fibre = replace(instance.fibre, nodes=3)
    sites = Sites(np.full(2, 5.0), np.array([1, 2]))
    instance = replace(instance, fibre=fibre, sites=sites).checked()
    plan, certificate = proof_of(instance)
    assert plan.cost == 15.0
    assert proven(instance, certificate, plan.cost) == pytest.approx(15.0)
    # But none that a road leads to.
    first = replace(certificate.stages[0], junctions=np.empty(0, np.int64))
    with pytest.raises(UnprovenError, match="site 0 hangs on a junction left out"):
        proven(instance, replace(certificate, stages=[first]), plan.cost)


def proof_of(instance):
    plan = solve(instance, time_limit_s=np.inf, certify=True)
    return plan, plan.certificate


def test_multipliers_that_are_no_numbers_are_not_believed() -> None:
    instance = drawn(4)
    plan, certificate = proof_of(instance)
    first = certificate.stages[0]
    dual = first.duals[0]
    one = np.zeros(1, np.int64)
    for changes, said in (
        ({"height": np.full_like(dual.height, np.nan)}, "not finite"),
        ({"height": np.full_like(dual.height, np.inf)}, "not finite"),
        ({"vertex": dual.vertex - dual.vertex.max() - 1}, "root"),
        ({"vertex": dual.vertex + 1_000_000}, "a vertex that is none"),
        ({"ceiling": np.nan}, "speak of plans below nan"),
        ({"kind": one + 1, "about": one + 1, "price": np.array([np.nan])}, "not finite"),
    ):
        forged = replace(first, duals=(replace(dual, **changes),))
        with pytest.raises(UnprovenError, match=said):
            proven(instance, replace(certificate, stages=[forged]), plan.cost)


def altered(value):
    """Another value of the same kind."""
    if isinstance(value, np.ndarray):
        return ~value if value.dtype == np.bool_ else value + 1
    return value + 1


@pytest.fixture(scope="module")
def whole_proof():
    instance = drawn(4, pairs=3)
    return instance, *proof_of(instance)


def with_rows(whole_proof, kind, about, *, times=5.0, price=60.0):
    """The proof with its first stage alone, its multipliers so many times, and one row more."""
    instance, plan, certificate = whole_proof
    first = certificate.stages[0]
    dual = first.duals[-1]
    forged = replace(
        dual,
        ceiling=np.inf,
        height=times * dual.height,
        kind=np.append(dual.kind, kind),
        about=np.append(dual.about, about),
        price=np.append(times * dual.price, price),
        worth=times * dual.worth,
    )
    proof = replace(certificate, stages=[replace(first, duals=(forged,))])
    return proven(instance, proof, 3.0 * plan.cost)


def ends(instance):
    """One more than the last vertex, site or village that a row of each kind may be about."""
    names = lay(instance, miss=0.0).names
    vertices = names.first_village + 2 * instance.villages.count
    return {
        Row.BALANCE: names.first_cell,
        Row.ENTERED: vertices,
        Row.SITE: instance.sites.count,
        Row.PAIR: instance.villages.count,
    }


@pytest.mark.parametrize("kind", [Row.BALANCE, Row.ENTERED, Row.SITE, Row.PAIR])
def test_rows_about_nothing_prove_nothing(whole_proof, kind: Row) -> None:
    # A row about the village -1 would raise the price of all that is no pair, for one price.
    instance, plan, certificate = whole_proof
    pairless = int(instance.pairs.village.max()) + 1
    end = ends(instance)[kind]
    for about in (-1, -end, end, 1_000_000):
        with pytest.raises(UnprovenError, match=rf"kind {kind:d} about {about} proves nothing"):
            with_rows(whole_proof, kind, about)
    # What there is a row may be about, also where it says nothing: no bound is false for it.
    for about in (1, end - 1, *([pairless] if kind == Row.PAIR and pairless < end else [])):
        for times, price in ((1.0, 2.0), (2.0, 20.0), (5.0, 60.0)):
            bound = with_rows(whole_proof, kind, about, times=times, price=price)
            assert bound <= plan.cost * (1.0 + 1e-9)
    assert proven(instance, certificate, plan.cost) == pytest.approx(plan.cost)


@pytest.mark.parametrize("kind", [Row.CUT, Row.BUDGET, Row.QUORUM, 9, -1])
def test_rows_of_other_kinds_prove_nothing(whole_proof, kind: int) -> None:
    with pytest.raises(UnprovenError, match=f"kind {kind:d} about 1 proves nothing"):
        with_rows(whole_proof, kind, 1)


def test_what_enters_a_cell_need_not_leave_it() -> None:
    # Its villages are served by its radio at once: a balance there would make the radio dear.
    instance = replace(apart(), sites=Sites(np.full(2, 5.0), np.array([1, -1]))).checked()
    layers = lay(instance, miss=0.0)
    names = layers.names
    cell = names.first_mast + instance.sites.count
    assert cell == names.first_cell
    one = np.ones(1, np.int64)
    dual = replace(
        row([names.first_village], [100.0], -1),
        kind=one * Row.BALANCE,
        about=one * cell,
        price=np.full(1, 100.0),
    )
    forged = Certificate([stage(layers, whole(instance), (dual,))])
    with pytest.raises(UnprovenError, match=f"about {cell} proves nothing"):
        proven(instance, forged, 45.0)  # three times what the plan costs


@pytest.mark.parametrize(
    ("part", "field"),
    [
        (part, field.name)
        for part, kind in (
            ("fibre", Fibre),
            ("sites", Sites),
            ("villages", Villages),
            ("covers", Covers),
            ("hops", Hops),
            ("pairs", Pairs),
        )
        for field in fields(kind)
    ],
)
def test_a_proof_of_another_instance_proves_nothing(whole_proof, part: str, field: str) -> None:
    instance, plan, certificate = whole_proof
    value = getattr(getattr(instance, part), field)
    assert np.size(value) > 0
    changed = replace(getattr(instance, part), **{field: altered(value)})
    with pytest.raises(UnprovenError, match=rf"not the instance: {part}\.{field} differs"):
        proven(replace(instance, **{part: changed}), certificate, plan.cost)
    assert proven(instance, certificate, plan.cost) > 0.0
