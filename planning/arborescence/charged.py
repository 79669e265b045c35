"""Most people for a sum without a network: sites pay what they are charged at least.

A programme over sites and villages chooses; the choice is charged anew, for itself. Where that is
more than may be spent, the new charges are a row that it breaks, and the programme is asked again.
Where it is not, nothing more is to be had from charges. Every answer bounds what plans serve, as
every row holds for all of them; for years at once too, each building on the one before.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from phusong.planning.arborescence.bounds.charges import Charge, charge
from phusong.planning.arborescence.growth.budgets import (
    Limits,
    Served,
    in_fractions,
    in_whole_numbers,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from phusong.planning.arborescence.bounds.certificate import Dual
    from phusong.planning.arborescence.graph.digraph import Layers
    from phusong.planning.arborescence.growth.ownways import Covering

_BROKEN = 1e-6
"""Share of a budget by which charges have to pass it to be a row."""
_FALL = 1e-3
"""Share by which a row has to lower the bound now and then while sites are chosen in parts."""
_PATIENCE = 3
"""Rows that lower it less before whole sites are asked for."""


class Charged:
    """Charges learnt for one choice after the other.

    All of them hold for every budget, but few of them matter for one: each budget has those that
    some choice for it broke.

    Parameters
    ----------
    layers
        The graph.
    covering
        What is left of it where sites have ways of their own; not empty.
    weight
        By village what serving it counts, shape (v,).
    keep
        Whether to keep the potentials behind the charges.
    """

    def __init__(
        self,
        layers: Layers,
        covering: Covering,
        weight: NDArray[np.float64],
        *,
        keep: bool = False,
    ) -> None:
        self.layers = layers
        self.covering = covering
        self.weight = weight
        self.keep = keep
        self.rows: list[Charge] = []
        self.taken: dict[float, list[int]] = {}

    def relax(self, budget: float, deadline: float) -> float:
        """Return what is served within a budget at most, sites in parts: multipliers prove it."""
        least, calm = np.inf, 0
        while calm < _PATIENCE and (left := deadline - time.perf_counter()) > 0.0:
            found = in_fractions(self.covering, self.weight, self._limits(budget, np.inf), left)
            if found is None or found.chosen is None:
                break
            calm = 0 if found.bound < least * (1.0 - _FALL) else calm + 1
            least = min(least, found.bound)
            if not self.learn(found.chosen[0], budget):
                break
        return least

    def decide(
        self,
        budgets: Sequence[float],
        most: Sequence[float],
        seconds: float,
        *,
        least: float = 0.0,
        gap: float = 1e-9,
    ) -> Served:
        """Choose whole sites by the charges known; what the choice serves bounds every plan.

        Parameters
        ----------
        budgets
            What may be spent in all up to each year, locked masts included.
        most
            By year, more than which no plan serves.
        least
            What is served in all by plans that are known.
        """
        limits = [self._limits(*pair) for pair in zip(budgets, most, strict=True)]
        return in_whole_numbers(self.covering, self.weight, limits, seconds, least=least, gap=gap)

    @property
    def duals(self) -> tuple[Dual, ...]:
        """Potentials of all charges, where they are kept."""
        return tuple(row.dual for row in self.rows if row.dual is not None)

    def learn(self, chosen: NDArray[np.float64], budget: float) -> bool:
        """Find charges by which a choice, by column, costs more; tell whether there are any.

        Who solves a programme breaks its rows a little, of a small budget by more than a share: a
        row that it has is not given to it again, and a new one has to be broken by more.
        """
        taken = self.taken[budget]
        over = np.array([self._over(row, chosen, budget) for row in self.rows])
        least = max(_BROKEN * budget, float(over[taken].max()))
        over[taken] = -np.inf
        known = int(np.argmax(over))
        if over[known] > _BROKEN * budget:
            taken.append(known)
            return True
        row = charge(
            self.layers, self.covering.site, chosen[: self.covering.site.size], keep=self.keep
        )
        if self._over(row, chosen, budget) <= least:
            return False
        taken.append(len(self.rows))
        self.rows.append(row)
        return True

    def _over(self, row: Charge, chosen: NDArray[np.float64], budget: float) -> float:
        """Return what a choice is charged beyond a budget."""
        return row.locked + float(self._by_column(row) @ chosen) - budget

    def _by_column(self, row: Charge) -> NDArray[np.float64]:
        """By column what it is charged: villages by themselves their price, pairs nothing."""
        return np.concatenate([row.site, self.covering.price[row.site.size :]])

    def _limits(self, budget: float, most: float) -> Limits:
        if not self.rows:
            nothing = np.zeros(self.covering.site.size)
            self.rows.append(charge(self.layers, self.covering.site, nothing, keep=self.keep))
        rows = [self.rows[k] for k in self.taken.setdefault(budget, [0])]
        return Limits(
            np.array([self._by_column(row) for row in rows]),
            budget - np.array([row.locked for row in rows]),
            most,
        )
