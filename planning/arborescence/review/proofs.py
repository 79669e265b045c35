"""Adding up a certificate again, on a graph made apart from the one that the solver works on.

What is checked, stage by stage: that sites left out are replaced by others (a village left out of
the terminals only weakens what is proven); that every potential is zero at the root and counts for
its height at a terminal; what each set of multipliers proves, over all variables not closed before;
and that the next stage holds everything that a cheaper plan could still use.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, dijkstra

from phusong.planning.arborescence.bounds.certificate import Certificate, Dual, Row, Stage
from phusong.planning.arborescence.review.apart import Apart, UnprovenError, made_apart

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.instance import Instance

_SLACK = 1e-9
"""Share of all costs by which sums of floating point numbers may be wrong."""


def proven(instance: Instance, certificate: Certificate, cost: float) -> float:
    """Return the bound that a certificate proves: no plan costs less.

    Parameters
    ----------
    instance
        The whole instance, checked.
    certificate
        Stages and multipliers.
    cost
        Cost of the plan that the certificate is to prove cheap.

    Raises
    ------
    UnprovenError
        When a stage lacks what a cheaper plan could use, or multipliers are of the wrong form.
    """
    bound = 0.0
    before: tuple[Apart, NDArray[np.bool_], NDArray[np.int64]] | None = None
    for number, stage in enumerate(certificate.stages):
        if number == 0:
            _same(instance, stage.part.instance)
        elif before is not None:
            _holds(*before, stage)
        graph = made_apart(stage.part.instance, stage.junctions, stage, leave_out=True)
        replaced(stage.part.instance, stage)
        # What is on no way from the root to a terminal is closed to begin with.
        nothing = np.zeros(graph.tail.size, np.bool_)
        closed = np.isinf(_through(graph, np.zeros(graph.price.size), nothing))
        closed = _pairs(graph, closed)
        # Locked sites that no backhaul reaches are no terminals.
        ends = graph.terminals[reached(graph, closed)[graph.terminals]]
        for dual in stage.duals:
            if not dual.ceiling >= cost * (1.0 - _SLACK):
                message = f"multipliers speak of plans below {dual.ceiling}, the plan costs {cost}"
                raise UnprovenError(message)
            value, reduced = _value(graph, dual, closed, ends)
            bound = max(bound, min(value, cost))
            least = _through(graph, reduced, closed)
            closed = _pairs(graph, closed | (least > dual.ceiling - value))
            if not reached(graph, closed)[ends].all():
                return cost  # no way is left to a terminal: there is no cheaper plan
        before = (graph, closed, stage.junctions)
    return bound


def reached(graph: Apart, closed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark vertices that the root reaches over arcs not closed."""
    open_ = np.flatnonzero(~closed)
    ways = csr_array(
        (np.ones(open_.size), (graph.tail[open_], graph.head[open_])), (graph.names,) * 2
    )
    reached = np.zeros(graph.names, np.bool_)
    reached[breadth_first_order(ways, 0, return_predecessors=False)] = True
    return reached


def _pairs(graph: Apart, closed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Close both arcs of a pair where one is closed: who chooses the pair uses both."""
    lost = np.zeros(graph.price.size, np.bool_)
    lost[graph.variable[closed]] = True
    lost &= graph.pair >= 0
    return closed | lost[graph.variable]


def _same(given: Instance, first: Instance) -> None:
    """See that the first stage is the instance given, in every field of every part."""
    for part in fields(given):
        one, other = getattr(given, part.name), getattr(first, part.name)
        for array in fields(one):
            if not np.array_equal(getattr(one, array.name), getattr(other, array.name)):
                message = f"the first stage is not the instance: {part.name}.{array.name} differs"
                raise UnprovenError(message)


def _value(
    graph: Apart, dual: Dual, closed: NDArray[np.bool_], terminals: NDArray[np.int64]
) -> tuple[float, NDArray[np.float64]]:
    """Return what multipliers prove over variables not closed, and all reduced costs."""
    g = graph
    terminal = np.zeros(g.names, np.bool_)
    terminal[terminals] = True
    if dual.cell.size != dual.bounds.size - 1:
        message = "potentials do not say around what they are"
        raise UnprovenError(message)
    load = np.zeros(g.price.size)
    level = np.zeros(g.names)
    bound = 0.0
    spent = float(g.price.sum())
    for k in range(dual.bounds.size - 1):
        mine = slice(int(dual.bounds[k]), int(dual.bounds[k + 1]))
        vertex, height = dual.vertex[mine], dual.height[mine]
        if not (np.isfinite(height) & (height >= 0)).all() or (vertex <= 0).any():
            message = "a potential is negative, not finite, or not zero at the root"
            raise UnprovenError(message)
        if (vertex >= g.names).any():
            message = "a potential is at a vertex that is none"
            raise UnprovenError(message)
        level[vertex] = height
        site = dual.cell[k]
        if site >= 0:
            if site >= g.radio.size or g.radio[site] < 0:
                message = f"site {site} is no part of the stage: no cell of it can be raised"
                raise UnprovenError(message)
            # Plans without this site pay nothing, those with it as far as its cell is raised.
            load[g.radio[site]] -= level[g.first_cell + site]
        else:
            ends = vertex[terminal[vertex]]
            bound += float(level[ends].max()) if ends.size else 0.0
        rise = np.maximum(level[g.head] - level[g.tail], 0.0)
        once = np.zeros(g.price.size)
        np.maximum.at(once, g.variable[g.cover], rise[g.cover])
        load += once
        np.add.at(load, g.variable[~g.cover], rise[~g.cover])
        level[vertex] = 0.0
    for k, price in enumerate(dual.worth.tolist()):
        villages = dual.members[dual.quorums[k] : dual.quorums[k + 1]]
        load += price * _counts(graph, villages)
        bound += price * np.ceil(0.5 * villages.size)
    reduced = g.price - load
    prices = np.concatenate([dual.price, dual.worth])
    if not (np.isfinite(prices) & (prices >= 0)).all():
        message = "a row has a multiplier that is negative or not finite"
        raise UnprovenError(message)
    by_vertex = np.zeros(g.names)
    entered = np.zeros(g.names)
    # The last of these stand for no site and for no village: no row is about that.
    whole = np.zeros(g.radio.size + 1)
    paired = np.zeros(g.wanted.size + 1)
    said: dict[int, NDArray[np.float64]] = {
        # What enters a cell leaves it by no flow of its own: its villages share one variable.
        Row.BALANCE: by_vertex[: g.first_cell],
        Row.ENTERED: entered,
        Row.SITE: whole[:-1],
        Row.PAIR: paired[:-1],
    }
    for kind, about, price in zip(
        dual.kind.tolist(), dual.about.tolist(), dual.price.tolist(), strict=True
    ):
        balance = kind == Row.BALANCE
        if (
            kind not in said
            or not 0 <= about < said[kind].size
            or (balance and (about == 0 or terminal[about]))
        ):
            message = f"a row of kind {kind} about {about} proves nothing here"
            raise UnprovenError(message)
        said[kind][about] += price
        bound -= 0.0 if balance else price
    plain = ~g.cover
    each = by_vertex[g.head] - by_vertex[g.tail] + entered[g.head] + whole[g.site]
    np.add.at(reduced, g.variable[plain], each[plain])
    reduced += paired[g.pair]
    usable = np.zeros(g.price.size, np.bool_)
    usable[g.variable[~closed & plain]] = True
    bound += float(np.minimum(reduced[usable], 0.0).sum())
    spent += float(np.abs(dual.height).max(initial=0.0))
    return bound - _SLACK * 1e-3 * spent, reduced


def _counts(graph: Apart, villages: NDArray[np.int64]) -> NDArray[np.float64]:
    """By variable how much it counts in a quorum: half the villages it serves, rounded up."""
    g = graph
    common = np.zeros(g.price.size)
    if (villages < 0).any() or (villages >= g.wanted.size).any():
        message = "a quorum speaks of villages that are none"
        raise UnprovenError(message)
    variable = g.radio[g.radio >= 0]
    site = np.flatnonzero(g.radio >= 0)
    for name in g.first_village + np.unique(villages):
        into = np.flatnonzero((g.head == name) | (g.head == name + g.wanted.size))
        cell = g.tail[into]
        if not g.wanted[name - g.first_village] or not cell.size or (cell < g.first_cell).any():
            message = f"village {name - g.first_village} needs no site: it is in no quorum"
            raise UnprovenError(message)
        common[variable] += np.isin(g.first_cell + site, cell)
    if np.unique(villages).size != villages.size:
        message = "a village is twice in a quorum"
        raise UnprovenError(message)
    counts: NDArray[np.float64] = np.ceil(0.5 * common)
    return counts


def _through(
    graph: Apart, reduced: NDArray[np.float64], closed: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """By arc, what a plan with it costs beyond the bound at least."""
    g = graph
    slack = np.where(g.free, 0.0, np.maximum(reduced[g.variable], 0.0))
    slack[closed] = np.inf
    on = np.flatnonzero(~closed)
    end = g.names
    tail = np.concatenate([g.tail[on], g.terminals])
    head = np.concatenate([g.head[on], np.full(g.terminals.size, end)])
    price = np.maximum(np.concatenate([slack[on], np.zeros(g.terminals.size)]), 1e-300)
    order = np.lexsort((price, head, tail))
    first = np.ones(order.size, np.bool_)
    first[1:] = (np.diff(tail[order]) != 0) | (np.diff(head[order]) != 0)
    order = order[first]
    rows = csr_array((price[order], (tail[order], head[order])), (end + 1, end + 1))
    after = dijkstra(rows, indices=np.array([0]))[0]
    before = dijkstra(rows.T.tocsr(), indices=np.array([end]))[0]
    through: NDArray[np.float64] = after[g.tail] + slack + before[g.head]
    return through


def replaced(instance: Instance, stage: Stage) -> None:
    """See that every site left out of a stage is replaced by another one.

    Parameters
    ----------
    instance
        In which it is to be: the one given, or what is seen to hold all that is left of it.
    stage
        Says which sites are left out.

    Raises
    ------
    UnprovenError
        When one is not.
    """
    i = instance
    gone = set(stage.useless.tolist())
    covers: dict[int, set[int]] = defaultdict(set)
    sites: dict[int, set[int]] = defaultdict(set)
    for site, v in zip(i.covers.site.tolist(), i.covers.village.tolist(), strict=True):
        covers[site].add(v)
        sites[v].add(site)
    s = i.sites
    busy = {*i.pairs.a.tolist(), *i.pairs.b.tolist()}
    if i.hops.limit:
        busy |= {*i.hops.a.tolist(), *i.hops.b.tolist()}

    def replaces(j: int, k: int) -> bool:
        """Whether site ``j`` does all that ``k`` does and costs no more."""
        near = s.lit[j] or (not s.lit[k] and s.vertex[j] == s.vertex[k])
        drop = [0.0 if s.lit[x] else float(s.drop[x]) for x in (j, k)]
        total = [float(s.cost[x] + s.radio[x]) + d for x, d in zip((j, k), drop, strict=True)]
        return (
            bool(near)
            and covers[k] <= covers[j]
            and s.cost[j] <= s.cost[k]
            and total[0] <= total[1]
        )

    for k in gone:
        if (
            k in busy
            or s.locked[k]
            or not any(replaces(j, k) for j in range(s.count) if j not in gone)
        ):
            message = f"site {k} is left out and nothing replaces it"
            raise UnprovenError(message)


def _holds(
    before: Apart, closed: NDArray[np.bool_], junctions: NDArray[np.int64], stage: Stage
) -> None:
    """See that a stage holds every arc the one before has left open, for no more."""
    after = made_apart(stage.part.instance, junctions, stage, leave_out=False)
    price: dict[tuple[int, int], float] = {}
    for ends, paid in _paid(after):
        price[ends] = min(paid, price.get(ends, np.inf))
    wanted = set(after.terminals.tolist())
    terminals = set(before.terminals.tolist())
    for (ends, paid), gone in zip(_paid(before), closed.tolist(), strict=True):
        # A village that another one stands for from now on is no terminal any more.
        if gone or (ends[1] in terminals and ends[1] not in wanted):
            continue
        if price.get(ends, np.inf) > paid * (1.0 + _SLACK) + _SLACK:
            message = f"arc {ends} is open and missing from the next stage"
            raise UnprovenError(message)


def _paid(graph: Apart) -> list[tuple[tuple[int, int], float]]:
    """Return the ends of every arc and what it costs by itself."""
    g = graph
    own = np.where(g.cover, 0.0, g.price[g.variable])
    ends = zip(g.tail.tolist(), g.head.tolist(), strict=True)
    return list(zip(ends, own.tolist(), strict=True))
