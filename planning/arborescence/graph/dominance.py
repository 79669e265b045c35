"""What another one does as well: sites that are replaced, villages that are served with others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.instance import Instance


def useless_sites(instance: Instance) -> NDArray[np.bool_]:
    """Mark sites that another, no dearer one replaces in every plan: shape (s,).

    Of two sites with backhaul of their own, or with fibre from one junction, and without hops or
    pairs, the one whose villages the other covers all is dropped when it is not cheaper.
    """
    s, h, c, p = instance.sites, instance.hops, instance.covers, instance.pairs
    plain = ~s.locked
    for ends in (h.a, h.b, p.a, p.b) if h.limit else (p.a, p.b):
        plain[ends] = False
    cover = _matrix(c.site, c.village, s.count, instance.villages.count)
    size = np.asarray(cover.sum(axis=1)).ravel()
    source = np.where(s.lit, -2, s.vertex)
    total = s.cost + s.radio + np.where(s.lit, 0.0, s.drop)
    overlap = (cover @ cover.T).tocoo()
    i, j = overlap.coords
    within = (overlap.data == size[i]) & (i != j) & plain[i] & ((source[j] == source[i]) | s.lit[j])
    # A relay may be had without radio: the other one must not be dearer in either respect.
    within &= (s.cost[j] <= s.cost[i]) & (total[j] <= total[i])
    alike = (size[i] == size[j]) & (total[i] == total[j]) & plain[j] & (source[i] == source[j])
    alike &= s.cost[i] == s.cost[j]
    useless = np.zeros(s.count, np.bool_)
    useless[i[within & (~alike | (j < i))]] = True
    return useless


def _matrix(
    row: NDArray[np.int64], column: NDArray[np.int64], rows: int, columns: int
) -> csr_array:
    found = csr_array((np.ones(row.size), (row, column)), shape=(rows, columns))
    found.data[:] = 1.0
    return found


def represented(
    instance: Instance, reached: NDArray[np.bool_], *, merge_only: bool
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Let a village stand for those that every site covering it covers too."""
    v, c, p = instance.villages, instance.covers, instance.pairs
    live = reached[c.site]
    cover = _matrix(c.village[live], c.site[live], v.count, instance.sites.count)
    size = np.asarray(cover.sum(axis=1)).ravel()
    paired = np.zeros(v.count, np.bool_)
    paired[p.village[reached[p.a] & reached[p.b]]] = True
    stands_for = np.arange(v.count)
    strict = np.isinf(v.alternative) & ~paired & (size > 0)
    overlap = (cover @ cover.T).tocoo()
    one, two = overlap.coords
    # Sites of `one` all cover `two`: serving `one` serves `two`.
    inside = (overlap.data == size[one]) & strict[one] & (one != two)
    same = inside & (size[one] == size[two]) & strict[two]
    chosen = same & (one < two) if merge_only else inside & (~same | (one < two))
    # The village with fewest sites first, then the least number: it has no other above it.
    order = np.lexsort((one[chosen], size[one[chosen]]))[::-1]
    stands_for[two[chosen][order]] = one[chosen][order]
    while True:
        above = stands_for[stands_for]
        if np.array_equal(above, stands_for):
            break
        stands_for = above
    stands_for[(size == 0) & ~paired & np.isinf(v.alternative)] = -1
    weight = np.zeros(v.count)
    np.add.at(weight, stands_for[stands_for >= 0], v.people[stands_for >= 0])
    return stands_for, weight
