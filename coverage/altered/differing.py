"""Which cells of an altered study differ from those of the study as it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.signal.plan import Plan, plan_run
from phusong.sources.inputs import Inputs
from phusong.study import Study

Ints = NDArray[np.int64]
_TOLD: Final = frozenset({"file", "row"})
"""Columns that say where a cell is from, not what it is."""


@dataclass(frozen=True)
class Differing:
    """Both studies' cells in one numbering, and what is new or gone in it.

    Cells that stand keep their number, those that are built follow: whoever of two equal cells
    serves in a run of the altered study serves here.

    Attributes
    ----------
    plan
        Of the altered study, in that numbering. Cells that are gone are rows of ``plan.cells``
        still, of no mast.
    numbers
        (cells in service,) number of each cell of a run of the altered study, rising.
    gone
        Numbers whose cells no longer serve, or serve differently.
    fresh
        Numbers of cells that serve for the first time, or differently.
    masts
        Positions in ``plan.masts`` of those with fresh cells.
    """

    plan: Plan
    numbers: Ints
    gone: Ints
    fresh: Ints
    masts: tuple[int, ...]

    @property
    def in_service(self) -> pd.DataFrame:
        """Cells in service, as a run of the altered study has them."""
        return self.plan.cells.iloc[self.numbers].reset_index(drop=True)


def differing(
    standing: Plan, cells: pd.DataFrame, before: Inputs, inputs: Inputs, study: Study
) -> Differing:
    """Compare the cells of two studies, one altered from the other.

    Parameters
    ----------
    standing, cells
        Of the study as it stands: its plan, and its cells with their problems.
    before, inputs
        Inputs as they stand and altered: cells in the same order, new ones last.
    """
    plan = plan_run(inputs, study)
    known = {name: i for i, name in enumerate(standing.cells["cell_id"])}
    numbers = np.array(
        [known.setdefault(name, len(known)) for name in plan.cells["cell_id"]], dtype=np.int64
    )
    count = len(standing.cells)
    stays = numbers < count
    same = _same(standing.cells, plan.cells, before, inputs, numbers, np.flatnonzero(stays))
    fresh = numbers[~same]
    gone = np.setdiff1d(np.arange(count), numbers[same])
    union = _union(cells, plan.cells, numbers, same)
    masts = [replace(mast, cells=numbers[mast.cells]) for mast in plan.masts]
    layer_of, beam_of = (
        _renumbered(v, numbers, len(union)) for v in (plan.layer_of_cell, plan.beam_of_cell)
    )
    both = replace(plan, cells=union, masts=masts, layer_of_cell=layer_of, beam_of_cell=beam_of)
    with_fresh = tuple(i for i, mast in enumerate(masts) if np.isin(mast.cells, fresh).any())
    return Differing(both, numbers, gone, fresh, with_fresh)


def _renumbered(values: Ints, numbers: Ints, count: int) -> Ints:
    out = np.full(count, -1, dtype=np.int64)
    out[numbers] = values
    return out


def _same(
    old: pd.DataFrame,
    new: pd.DataFrame,
    before: Inputs,
    inputs: Inputs,
    numbers: Ints,
    stays: Ints,
) -> NDArray[np.bool_]:
    """Return, for each cell in service, whether it stood and stands as it did."""
    out = np.zeros(len(new), dtype=np.bool_)
    a, b = old.iloc[numbers[stays]], new.iloc[stays]
    equal = np.ones(len(stays), dtype=np.bool_)
    for name in new.columns:
        if name not in _TOLD:
            equal &= _alike(a[name], b[name])
    place, there = (
        table.sites.drop_duplicates("site_id").set_index("site_id")[["x_m", "y_m"]]
        for table in (before, inputs)
    )
    equal &= (place.loc[a["site_id"]].to_numpy() == there.loc[b["site_id"]].to_numpy()).all(axis=1)
    out[stays] = equal
    return out


def _alike(a: pd.Series[Any], b: pd.Series[Any]) -> NDArray[np.bool_]:
    one, other = a.to_numpy(dtype=object), b.to_numpy(dtype=object)
    nothing = a.isna().to_numpy() & b.isna().to_numpy()
    return np.asarray((one == other) | nothing, dtype=np.bool_)


def _union(
    old: pd.DataFrame, new: pd.DataFrame, numbers: Ints, same: NDArray[np.bool_]
) -> pd.DataFrame:
    """Return the cells by number: as they stand where they do, else as altered or last known."""
    changed = new[~same].set_axis(numbers[~same])
    kept = old.drop(index=[n for n in changed.index if n < len(old)])
    both = pd.concat([kept, changed]) if len(changed) else kept
    both = both.sort_index()
    kinds: dict[Any, Any] = old.dtypes.to_dict()
    return both.astype({k: v for k, v in kinds.items() if both[k].dtype != v})
