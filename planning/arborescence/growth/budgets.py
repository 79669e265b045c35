"""Which sites serve most within budgets that grow, where each is charged so much.

Sites are charged ways of their own, and the choice never costs more than was counted; or what any
plan pays for them at least (:mod:`phusong.planning.arborescence.bounds.charges`), and no plan
serves more. Both are one programme over sites and villages, without a network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import highspy
import numpy as np
from highspy._core import _Highs  # highspy.Highs prints a banner before it can be told not to
from scipy.optimize import linprog
from scipy.sparse import block_array, block_diag, csr_array, eye_array, vstack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from phusong.planning.arborescence.growth.ownways import Covering

_GAP = 1e-4
"""Gap at which a choice of sites for one budget is good enough."""
_GAP_OF_YEARS = 2e-3
"""The same for several budgets at once."""
_NODES = 500
"""Nodes looked at for it at most: a count and not seconds, so that it is the same everywhere."""

_WHOLE_TREE = 2**31 - 1
"""More nodes than any programme has."""
_EXACT = 1e-9
"""Share by which sums of floating point numbers may be wrong."""


@dataclass(frozen=True)
class Choice:
    """Sites to build, and villages to serve by themselves; numbers of the instance."""

    site: NDArray[np.int64]
    alone: NDArray[np.int64]


@dataclass(frozen=True)
class Limits:
    """What may be spent in all up to a year, or at once.

    Attributes
    ----------
    charges
        Rows of what columns of the covering are charged, shape (k, columns).
    purse
        By row what all together may be charged, shape (k,).
    most
        What is served at most, infinite where that is not known.
    """

    charges: NDArray[np.float64]
    purse: NDArray[np.float64]
    most: float = np.inf


@dataclass(frozen=True)
class Served:
    """What a programme found.

    Attributes
    ----------
    bound
        No plans within the limits serve more, added up over the years.
    chosen
        How much of each column of the covering is chosen, by year, shape (t, columns); None when
        nothing was found.
    """

    bound: float
    chosen: NDArray[np.float64] | None


def price_of_a_person(
    c: Covering, weight: NDArray[np.float64], budget: float, seconds: float
) -> float | None:
    """Return at what price of a person a budget would be spent.

    None when it serves everybody, or when it is not known in time.

    Parameters
    ----------
    c
        What is left of the instance.
    weight
        By village what serving it counts, shape (v,).
    budget
        What may be spent beyond what locked sites cost.
    """
    limits = Limits(c.price[None, :], np.array([budget]))
    found = _in_fractions(c, weight, limits, seconds)
    if found is None:
        return None
    worth = float(found[1][-1])
    return 1.0 / worth if worth > 0.0 else None


def by_budgets(
    c: Covering, weight: NDArray[np.float64], budgets: Sequence[float], seconds: float
) -> list[Choice] | None:
    """Choose sites for growing budgets, each holding those before: most served over all of them.

    Parameters
    ----------
    c
        What is left of the instance.
    weight
        By village what serving it counts, shape (v,).
    budgets
        What may be spent in all up to each, beyond what locked sites cost.

    Returns
    -------
    list of Choice
        One a budget; None when nothing was found in time.
    """
    if not c.price.size + c.village.size:
        return [Choice(c.site, c.alone) for _ in budgets]
    limits = [Limits(c.price[None, :], np.array([budget])) for budget in budgets]
    gap = _GAP if len(limits) == 1 else _GAP_OF_YEARS
    found = in_whole_numbers(c, weight, limits, seconds, gap=gap, nodes=_NODES)
    return None if found.chosen is None else choices(c, found.chosen)


def choices(c: Covering, chosen: NDArray[np.float64]) -> list[Choice]:
    """Return what columns chosen stand for, by budget."""
    last = c.site.size + c.alone.size
    return [
        Choice(c.site[x[: c.site.size] > 0.5], c.alone[x[c.site.size : last] > 0.5]) for x in chosen
    ]


def in_whole_numbers(
    c: Covering,
    weight: NDArray[np.float64],
    limits: Sequence[Limits],
    seconds: float,
    *,
    least: float = 0.0,
    gap: float = 1e-9,
    nodes: int | None = None,
) -> Served:
    """Serve most over years, whole sites each, and those of a year in all after it.

    Parameters
    ----------
    c
        What is left of the instance; something is.
    weight
        By village what serving it counts, shape (v,).
    limits
        By year.
    least
        What is served over all years at least: plans that serve fewer are not wanted.
    seconds, gap, nodes
        When to stop.
    """
    people, rows = _covered(c, weight)
    count, kept = len(limits), c.price.size - c.ends.shape[0] // 2
    width = people.size
    columns = np.tile(people, count)
    stays = csr_array(eye_array(kept, width))
    later = [
        [stays if j == k + 1 else -stays if j == k else None for j in range(count)]
        for k in range(count - 1)
    ]
    money = [_wide(limit.charges, width) for limit in limits]
    # Rows that are so much at most.
    parts: list[tuple[csr_array, NDArray[np.float64] | float]] = [
        (-_diagonal([rows] * count), 0.0),
        (_diagonal(money), np.concatenate([limit.purse for limit in limits])),
    ]
    if later:
        parts.append((-csr_array(block_array(later, format="csr")), 0.0))
    most = np.array([limit.most for limit in limits])
    if np.isfinite(most).any():
        parts.append((_diagonal([csr_array(people[None, :])] * count), most))
    if least > 0.0:
        parts.append((-csr_array(columns[None, :]), -least * (1.0 - _EXACT)))
    matrix = csr_array(vstack([part for part, _ in parts], format="csr"))
    limit = np.concatenate([np.full(part.shape[0], end) for part, end in parts])
    whole = np.tile(np.arange(width) < c.price.size, count)
    options = {
        "mip_rel_gap": gap,
        "mip_max_nodes": _WHOLE_TREE if nodes is None else nodes,
        "time_limit": max(seconds, 0.0) if np.isfinite(seconds) else highspy.kHighsInf,
    }
    bound, x = _most(columns, matrix, limit, whole, options)
    chosen = None if x is None else np.round(x.reshape(count, width)[:, : c.price.size])
    return Served(bound, chosen)


def _most(
    objective: NDArray[np.float64],
    matrix: csr_array,
    limit: NDArray[np.float64],
    whole: NDArray[np.bool_],
    options: dict[str, float],
) -> tuple[float, NDArray[np.float64] | None]:
    """Let HiGHS maximise over columns of 0 to 1; return its bound and the best it found.

    Not by scipy, whose HiGHS prints what it repairs.
    """
    highs = _Highs()
    fixed = {"output_flag": False, "threads": 1, "random_seed": 0}
    for option, value in {**fixed, **options}.items():
        highs.setOptionValue(option, value)
    size = objective.size
    none, ends = np.empty(0, np.int32), np.zeros(size, np.int32)
    highs.addCols(size, -objective, np.zeros(size), np.ones(size), 0, ends, none, np.empty(0))
    which = np.flatnonzero(whole).astype(np.int32)
    highs.changeColsIntegrality(
        which.size, which, np.full(which.size, highspy.HighsVarType.kInteger)
    )
    highs.addRows(
        limit.size,
        np.full(limit.size, -highspy.kHighsInf),
        limit.astype(np.float64),
        matrix.nnz,
        matrix.indptr[:-1].astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data.astype(np.float64),
    )
    highs.run()
    info = highs.getInfo()
    found = np.isfinite(info.objective_function_value) and info.primal_solution_status == 2
    bound = -float(info.mip_dual_bound)
    if highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        return np.inf, None
    return bound, np.array(highs.getSolution().col_value) if found else None


def in_fractions(
    c: Covering, weight: NDArray[np.float64], limits: Limits, seconds: float
) -> Served | None:
    """Serve most at once, sites in parts; None when that takes too long.

    The bound is added up here from whatever multipliers HiGHS proposes.
    """
    found = _in_fractions(c, weight, limits, seconds)
    if found is None:
        return None
    x, y = found
    people, rows = _covered(c, weight)
    money = y[rows.shape[0] :]
    charged = np.concatenate([money @ limits.charges, np.zeros(c.village.size)])
    gain = people + rows.T @ y[: rows.shape[0]] - charged
    bound = float(money @ limits.purse) + float(np.maximum(gain, 0.0).sum())
    return Served(bound * (1.0 + _EXACT), x[None, : c.price.size])


def _in_fractions(
    c: Covering, weight: NDArray[np.float64], limits: Limits, seconds: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the best choice in parts and the multipliers of its rows, those of money last."""
    people, rows = _covered(c, weight)
    if not people.size:
        return None
    money = _wide(limits.charges, people.size)
    found = linprog(  # type: ignore[call-overload] # its hints forget sparse matrices
        -people,
        A_ub=block_array([[-rows], [money]], format="csr"),
        b_ub=np.concatenate([np.zeros(rows.shape[0]), limits.purse]),
        bounds=(0.0, 1.0),
        method="highs",
        options={"time_limit": max(seconds, 0.0)},
    )
    if found.status != 0:
        return None
    return found.x, np.maximum(-found.ineqlin.marginals, 0.0)


def _covered(c: Covering, weight: NDArray[np.float64]) -> tuple[NDArray[np.float64], csr_array]:
    """Return what each column counts, villages after those of the covering, and rows >= 0."""
    count = c.village.size
    rows = block_array([[c.served, -eye_array(count)], [c.ends, None]], format="csr")
    people = np.concatenate([np.zeros(c.price.size), weight[c.village]])
    return people, csr_array(rows)


def _wide(charges: NDArray[np.float64], width: int) -> csr_array:
    """Return rows of charges over villages too, which are charged nothing."""
    nothing = np.zeros((len(charges), width - charges.shape[1]))
    return csr_array(np.concatenate([charges, nothing], axis=1))


def _diagonal(matrices: list[csr_array]) -> csr_array:
    """Return matrices in one, each over columns of its own."""
    return csr_array(block_diag(matrices, format="csr"))
