"""The graph of an instance, made arc by arc apart from the one that the solver works on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.bounds.certificate import Stage
    from phusong.planning.arborescence.instance import Instance


class UnprovenError(AssertionError):
    """A certificate does not prove what it claims."""


@dataclass
class Apart:
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


def made_apart(
    instance: Instance, junctions: NDArray[np.int64], stage: Stage, *, leave_out: bool
) -> Apart:
    """Make the directed graph, arc by arc, in the names that certificates use.

    Parameters
    ----------
    junctions
        Those that are vertices; the others have to be dead ends or inside chains, or no road leads
        there from light.
    leave_out
        Whether sites that the stage says are replaced are left out.

    Raises
    ------
    UnprovenError
        When a junction is left out that is neither.
    """
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
    bright = _bright(i)
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
            if start == 0 or start - 1 in kept:
                price = float(s.cost[site]) + (0.0 if s.lit[site] else float(s.drop[site]))
                arcs.append((start, layer, ("drop", site), False, False, price, site))
            elif bright[start - 1]:
                message = f"site {site} hangs on a junction left out"
                raise UnprovenError(message)
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
    return Apart(
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


def _bright(instance: Instance) -> NDArray[np.bool_]:
    """Mark junctions that a road joins to light, shape (nodes,)."""
    f = instance.fibre
    links = csr_array((np.ones(f.tail.size), (f.tail, f.head)), (f.nodes, f.nodes))
    part = connected_components(links, directed=False)[1] if f.nodes else f.lit
    return np.isin(part, part[f.lit])


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
