"""Adding up a certificate again, on a graph made apart from the one that the solver works on.

What is checked, stage by stage: that sites left out are replaced by others (a village left out of
the terminals only weakens what is proven); that every potential is zero at the root and counts for
its height at a terminal; what each set of multipliers proves, over all variables not closed before;
and that the next stage holds everything that a cheaper plan could still use.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components, dijkstra

from phusong.planning.arborescence.bounds.certificate import Certificate, Dual, Row, Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.instance import Instance

_SLACK = 1e-9
"""Share of all costs by which sums of floating point numbers may be wrong."""


class UnprovenError(AssertionError):
    """A certificate does not prove what it claims."""


@dataclass
class _Graph:
    """Arcs between named vertices; ``variable`` tells which are paid once together."""

    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    variable: NDArray[np.int64]
    free: NDArray[np.bool_]
    """Arcs that cost nothing more once their variable's other arc is used."""
    cover: NDArray[np.bool_]
    """Arcs into villages that share the variable of a radio: each potential charges them once."""
    price: NDArray[np.float64]
    site: NDArray[np.int64]
    """By arc the site whose layer it enters, -1 for others."""
    pair: NDArray[np.int64]
    """By variable the village of the pair it stands for, -1 for others."""
    radio: NDArray[np.int64]
    """By site the variable of its radio, -1 without one."""
    first_cell: int
    first_village: int
    wanted: NDArray[np.bool_]
    """By village whether it is a terminal."""
    terminals: NDArray[np.int64]
    names: int


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
    before: tuple[_Graph, NDArray[np.bool_], NDArray[np.int64]] | None = None
    for number, stage in enumerate(certificate.stages):
        if number == 0:
            _same(instance, stage.part.instance)
        elif before is not None:
            _holds(*before, stage)
        graph = _graph(stage.part.instance, stage.junctions, stage, leave_out=True)
        _replaced(stage)
        # What is on no way from the root to a terminal is closed to begin with.
        nothing = np.zeros(graph.tail.size, np.bool_)
        closed = np.isinf(_through(graph, np.zeros(graph.price.size), nothing))
        closed = _pairs(graph, closed)
        # Locked sites that no backhaul reaches are no terminals.
        ends = graph.terminals[_reached(graph, closed)[graph.terminals]]
        for dual in stage.duals:
            if dual.ceiling < cost * (1.0 - _SLACK):
                message = f"multipliers speak of plans below {dual.ceiling}, the plan costs {cost}"
                raise UnprovenError(message)
            value, reduced = _value(graph, dual, closed, ends)
            bound = max(bound, min(value, cost))
            least = _through(graph, reduced, closed)
            closed = _pairs(graph, closed | (least > dual.ceiling - value))
            if not _reached(graph, closed)[ends].all():
                return cost  # no way is left to a terminal: there is no cheaper plan
        before = (graph, closed, stage.junctions)
    return bound


def _reached(graph: _Graph, closed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark vertices that the root reaches over arcs not closed."""
    open_ = np.flatnonzero(~closed)
    ways = csr_array(
        (np.ones(open_.size), (graph.tail[open_], graph.head[open_])), (graph.names,) * 2
    )
    reached = np.zeros(graph.names, np.bool_)
    reached[breadth_first_order(ways, 0, return_predecessors=False)] = True
    return reached


def _pairs(graph: _Graph, closed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Close both arcs of a pair where one is closed: who chooses the pair uses both."""
    lost = np.zeros(graph.price.size, np.bool_)
    lost[graph.variable[closed]] = True
    lost &= graph.pair >= 0
    return closed | lost[graph.variable]


def _same(given: Instance, first: Instance) -> None:
    for one, other in (
        (given.fibre.cost, first.fibre.cost),
        (given.sites.cost, first.sites.cost),
        (given.hops.cost, first.hops.cost),
        (given.covers.site, first.covers.site),
        (given.covers.village, first.covers.village),
        (given.villages.alternative, first.villages.alternative),
    ):
        if not np.array_equal(one, other):
            message = "the first stage is not the instance"
            raise UnprovenError(message)


def _ways(instance: Instance, junctions: NDArray[np.int64]) -> dict[tuple[int, int], float]:
    """Price of going from one of these junctions to another over none of them; root is -1.

    What hangs on one of them is a dead end; what lies between two, a chain. More than two would be
    a junction left out.
    """
    f = instance.fibre
    stays = np.zeros(f.nodes + 1, np.bool_)  # the last stands for all that is lit
    stays[junctions] = True
    stays[-1] = True
    at = np.arange(f.nodes + 1)
    at[f.lit] = f.nodes
    tail, head = at[f.tail], at[f.head]
    best: dict[tuple[int, int], float] = {}

    def offer(a: int, b: int, price: float) -> None:
        if a != b:
            for ends in ((a, b), (b, a)):
                best[ends] = min(price, best.get(ends, np.inf))

    inner = ~stays[tail] & ~stays[head]
    links = csr_array((np.ones(int(inner.sum())), (tail[inner], head[inner])), (f.nodes + 1,) * 2)
    part = connected_components(links, directed=False)[1]
    groups = defaultdict(list)
    for a, b, price in zip(tail.tolist(), head.tolist(), f.cost.tolist(), strict=True):
        if stays[a] and stays[b]:
            offer(a, b, price)
        else:
            groups[int(part[a] if not stays[a] else part[b])].append((a, b, price))
    for sections in groups.values():
        number: dict[int, int] = {}
        for a, b, _ in sections:
            for v in (a, b):
                number.setdefault(v, len(number))
        ends = sorted(v for v in number if stays[v])
        if len(ends) > 2:
            message = f"junction between {ends} is left out"
            raise UnprovenError(message)
        if len(ends) < 2:
            continue
        least: dict[tuple[int, int], float] = {}
        for a, b, price in sections:
            for one in ((number[a], number[b]), (number[b], number[a])):
                least[one] = min(max(price, 1e-300), least.get(one, np.inf))
        index = np.array(list(least), np.int64).reshape(-1, 2)
        rows = csr_array(
            (np.array(list(least.values())), (index[:, 0], index[:, 1])), (len(number),) * 2
        )
        away = dijkstra(rows, indices=np.array([number[ends[0]]]))[0]
        offer(ends[0], ends[1], float(away[number[ends[1]]]))
    return best


def _graph(
    instance: Instance, junctions: NDArray[np.int64], stage: Stage, *, leave_out: bool
) -> _Graph:
    """Make the directed graph, arc by arc, in the names that certificates use."""
    i, s, h = instance, instance.sites, instance.hops
    layers = h.limit + 1
    first_layer = 1 + i.fibre.nodes
    first_mast = first_layer + s.count * layers
    first_cell = first_mast + s.count
    first_village = first_cell + s.count
    second = first_village + i.villages.count
    gone = set(stage.useless.tolist()) if leave_out else set()
    kept = set(junctions.tolist())
    lit = set(i.fibre.lit.tolist())
    arcs: list[tuple[int, int, tuple[object, ...], bool, bool, float, int]] = []

    def name(junction: int) -> int:
        return 0 if junction == i.fibre.nodes or junction in lit else 1 + junction

    for (a, b), price in _ways(i, junctions).items():
        arcs.append((name(a), name(b), ("fibre", a, b), False, False, price, -1))
    for site in range(s.count):
        if site in gone:
            continue
        start = 0 if s.lit[site] else name(int(s.vertex[site])) if s.vertex[site] >= 0 else -1
        layer = first_layer + site * layers
        if start >= 0:
            if start > 0 and start - 1 not in kept:
                message = f"site {site} hangs on a junction left out"
                raise UnprovenError(message)
            price = float(s.cost[site]) + (0.0 if s.lit[site] else float(s.drop[site]))
            arcs.append((start, layer, ("drop", site), False, False, price, site))
        arcs += [
            (layer + k, first_mast + site, ("land", site, k), False, False, 0.0, -1)
            for k in range(layers)
        ]
        radio = float(s.radio[site])
        arcs.append(
            (first_mast + site, first_cell + site, ("radio", site), False, False, radio, -1)
        )
    hops: dict[tuple[int, int], float] = {}
    for a, b, price in zip(h.a.tolist(), h.b.tolist(), h.cost.tolist(), strict=True):
        for ends in ((a, b), (b, a)):
            if a != b and a not in gone and b not in gone:
                hops[ends] = min(price, hops.get(ends, np.inf))
    for (a, b), price in hops.items():
        for k in range(h.limit):
            tail, head = first_layer + a * layers + k, first_layer + b * layers + k + 1
            total = price + float(s.cost[b])
            arcs.append((tail, head, ("hop", a, b, k), False, False, total, b))
    paired = set()
    for p, (a, b, v) in enumerate(
        zip(i.pairs.a.tolist(), i.pairs.b.tolist(), i.pairs.village.tolist(), strict=True)
    ):
        if stage.wanted[v] and a != b and a not in gone and b not in gone:
            paired.add(v)
            for site, at in ((a, first_village), (b, second)):
                free = at == second
                arcs.append((first_cell + site, at + v, ("pair", p, v), free, False, 0.0, -1))
    for site, v in set(zip(i.covers.site.tolist(), i.covers.village.tolist(), strict=True)):
        if site not in gone and stage.wanted[v]:
            arcs += [
                (first_cell + site, at + v, ("radio", site), True, True, 0.0, -1)
                for at in ((first_village, second) if v in paired else (first_village,))
            ]
    for v in np.flatnonzero(stage.wanted & np.isfinite(i.villages.alternative)).tolist():
        for at in (first_village, second) if v in paired else (first_village,):
            price = float(i.villages.alternative[v]) if at == first_village else 0.0
            arcs.append((0, at + v, ("alone", v), at == second, False, price, -1))
    keys: dict[tuple[object, ...], int] = {}
    variable = np.array([keys.setdefault(arc[2], len(keys)) for arc in arcs], np.int64)
    weights = [arc[5] for arc in arcs]
    paid = np.bincount(variable, weights, len(keys)).astype(np.float64)
    locked = first_mast + np.flatnonzero(s.locked)
    wanted = np.flatnonzero(stage.wanted)
    both = np.array(sorted(paired), np.int64)
    return _Graph(
        np.array([arc[0] for arc in arcs], np.int64),
        np.array([arc[1] for arc in arcs], np.int64),
        variable,
        np.array([arc[3] for arc in arcs], np.bool_),
        np.array([arc[4] for arc in arcs], np.bool_),
        paid,
        np.array([arc[6] for arc in arcs], np.int64),
        np.array([key[2] if key[0] == "pair" else -1 for key in keys], np.int64),
        np.array([keys.get(("radio", site), -1) for site in range(s.count)], np.int64),
        first_cell,
        first_village,
        stage.wanted,
        np.concatenate([locked, first_village + wanted, second + both]),
        second + i.villages.count,
    )


def _value(
    graph: _Graph, dual: Dual, closed: NDArray[np.bool_], terminals: NDArray[np.int64]
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
        if (height < 0).any() or (vertex == 0).any():
            message = "a potential is negative, or not zero at the root"
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
    if (dual.price < 0).any() or (dual.worth < 0).any():
        message = "a row has a negative multiplier"
        raise UnprovenError(message)
    by_vertex = np.zeros(g.names)
    entered = np.zeros(g.names)
    whole = np.zeros(int(g.site.max(initial=-1)) + 2)
    paired = np.zeros(int(g.pair.max(initial=-1)) + 2)
    for kind, about, price in zip(
        dual.kind.tolist(), dual.about.tolist(), dual.price.tolist(), strict=True
    ):
        if kind == Row.BALANCE and not terminal[about] and about > 0:
            by_vertex[about] += price
        elif kind == Row.ENTERED:
            entered[about] += price
            bound -= price
        elif kind == Row.SITE:
            whole[about] += price
            bound -= price
        elif kind == Row.PAIR:
            paired[about] += price
            bound -= price
        else:
            message = f"a row of kind {kind} about {about} proves nothing here"
            raise UnprovenError(message)
    plain = ~g.cover
    each = by_vertex[g.head] - by_vertex[g.tail] + entered[g.head] + whole[g.site]
    np.add.at(reduced, g.variable[plain], each[plain])
    reduced += paired[g.pair]
    usable = np.zeros(g.price.size, np.bool_)
    usable[g.variable[~closed & plain]] = True
    bound += float(np.minimum(reduced[usable], 0.0).sum())
    spent += float(np.abs(dual.height).max(initial=0.0))
    return bound - _SLACK * 1e-3 * spent, reduced


def _counts(graph: _Graph, villages: NDArray[np.int64]) -> NDArray[np.float64]:
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
    graph: _Graph, reduced: NDArray[np.float64], closed: NDArray[np.bool_]
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


def _replaced(stage: Stage) -> None:
    """See that every site left out of a stage is replaced by another one."""
    i = stage.part.instance
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
    before: _Graph, closed: NDArray[np.bool_], junctions: NDArray[np.int64], stage: Stage
) -> None:
    """See that a stage holds every arc the one before has left open, for no more."""
    after = _graph(stage.part.instance, junctions, stage, leave_out=False)
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


def _paid(graph: _Graph) -> list[tuple[tuple[int, int], float]]:
    """Return the ends of every arc and what it costs by itself."""
    g = graph
    own = np.where(g.cover, 0.0, g.price[g.variable])
    ends = zip(g.tail.tolist(), g.head.tolist(), strict=True)
    return list(zip(ends, own.tolist(), strict=True))
