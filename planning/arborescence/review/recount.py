"""Adding up again what sites are charged, on a graph made apart from the solver's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phusong.planning.arborescence.review.apart import UnprovenError, made_apart
from phusong.planning.arborescence.review.proofs import reached, replaced

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.bounds.certificate import Stage
    from phusong.planning.arborescence.instance import Instance

_SLACK = 1e-9
"""Share of a price by which sums of floating point numbers may be wrong."""


def charged(instance: Instance, stage: Stage) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what every plan pays at least, by the potentials of each row of charges.

    A plan leads from the root to the cell of every site that serves, so along its way there it pays
    what a potential around the cell rises by; and all potentials of a row together rise along
    nothing by more than it costs, which is seen to here.

    Parameters
    ----------
    instance
        The whole instance, checked.
    stage
        The rows of charges are its ``duals``; each potential is around a cell or a locked mast.

    Returns
    -------
    site, locked
        By row and site what a plan in which it serves pays for it, shape (k, s), nothing where the
        stage leaves it out; and by row what every plan pays for locked masts, shape (k,).

    Raises
    ------
    UnprovenError
        When more is charged than is paid, or potentials are of the wrong form.
    """
    graph = made_apart(instance, stage.junctions, stage, leave_out=True)
    replaced(instance, stage)
    # No plan uses what the root does not reach, and none pays for a mast or a cell there.
    seen = reached(graph, np.zeros(graph.tail.size, np.bool_))
    used = seen[graph.tail]
    mast = np.zeros(graph.names, np.bool_)
    mast[graph.terminals[graph.terminals < graph.first_cell]] = True
    mast &= seen
    site = np.zeros((len(stage.duals), instance.sites.count))
    locked = np.zeros(len(stage.duals))
    for row, dual in enumerate(stage.duals):
        load = np.zeros(graph.price.size)
        if dual.cell.size != dual.bounds.size - 1 or (dual.cell >= instance.sites.count).any():
            message = "potentials do not say around what they are"
            raise UnprovenError(message)
        for k in range(dual.bounds.size - 1):
            mine = slice(int(dual.bounds[k]), int(dual.bounds[k + 1]))
            vertex, height = dual.vertex[mine], dual.height[mine]
            if not (np.isfinite(height) & (height >= 0)).all() or (vertex <= 0).any():
                message = "a potential is negative, not finite, or not zero at the root"
                raise UnprovenError(message)
            if (vertex >= graph.first_village).any():
                message = "a potential around a cell holds a village"
                raise UnprovenError(message)
            level = np.zeros(graph.names)
            level[vertex] = height
            if dual.cell[k] >= 0:
                cell = graph.first_cell + dual.cell[k]
                site[row, dual.cell[k]] += level[cell] if seen[cell] else 0.0
            else:
                locked[row] += level[mast].max(initial=0.0)
            rise = np.maximum(level[graph.head] - level[graph.tail], 0.0)
            np.add.at(load, graph.variable[used], rise[used])
        if not (load <= graph.price * (1.0 + _SLACK) + _SLACK).all():
            message = f"row {row} charges more than is paid"
            raise UnprovenError(message)
    return site, locked
