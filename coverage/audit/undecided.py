"""Claims that the tests made so far do not decide, and the places on roads that would tell more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.audit.assess import Audit, place_of
from phusong.coverage.audit.claimed import at_least, probability_at
from phusong.coverage.audit.claims import UNDECIDED
from phusong.coverage.audit.drive import Untested
from phusong.coverage.results import SignalLayer
from phusong.grid import Grid
from phusong.sources.inputs import Inputs


@dataclass(frozen=True)
class Open:
    """What a drive could still decide.

    Attributes
    ----------
    groups
        One row a claim: ``operator``, ``technology``, ``commune_code``, ``commune_name``,
        ``tests`` so far, ``share`` expected to succeed.
    untested
        Places on the roads by row of ``groups``.
    """

    groups: pd.DataFrame
    untested: Untested


def open_claims(
    found: Audit,
    inputs: Inputs,
    layers: Sequence[SignalLayer],
    edge: NDArray[np.int64],
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    spacing_m: float = 0.0,
) -> Open:
    """Find the places beside roads that would tell something about claims not yet decided.

    Claims of communes count, of the carriers and technologies that were measured: those whose
    phones are at hand. One that nobody tested yet is not decided.

    Parameters
    ----------
    found
        What is known.
    inputs, layers
        Of the map.
    edge, x_m, y_m
        (points,) along the roads, and on which road.
    spacing_m
        As the tests were counted.
    """
    grid = inputs.grid
    square = Grid(grid.crs, grid.x0_m, grid.y0_m, max(grid.cell_m, spacing_m), 0, 0)
    row, col = square.cell_of(x_m, y_m)
    key, first, place = np.unique(
        np.column_stack([row, col]), axis=0, return_index=True, return_inverse=True
    )
    place = place.ravel()
    x, y = x_m[first], y_m[first]
    commune = place_of(inputs.communes, x, y)
    measured = found.tests.groupby(["operator", "technology"]).size().index
    groups: list[dict[str, Any]] = []
    of_place, of_group = [], []
    for layer in layers:
        if (layer.operator, layer.technology) not in measured:
            continue
        own = found.tests[
            (found.tests["operator"] == layer.operator)
            & (found.tests["technology"] == layer.technology)
        ]
        done = np.column_stack(square.cell_of(own["x_m"].to_numpy(), own["y_m"].to_numpy()))
        probability = probability_at(layer, grid, x, y)
        tested = pd.MultiIndex.from_arrays([key[:, 0], key[:, 1]]).isin(
            pd.MultiIndex.from_arrays([done[:, 0], done[:, 1]])
        )
        left = (commune >= 0) & ~tested & at_least(probability, found.preset.probability)
        for i in np.unique(commune[left]):
            at = np.flatnonzero(left & (commune == i))
            group = _group(found, layer, inputs.communes.iloc[int(i)], probability[at].mean())
            if group is not None:
                of_place.append(at)
                of_group.append(np.full(at.size, len(groups), dtype=np.int64))
                groups.append(group)
    none = np.zeros(0, dtype=np.int64)
    columns = ("operator", "technology", "commune_code", "commune_name", "tests", "share")
    frame = pd.DataFrame(groups, columns=list(columns))
    pairs = np.unique(np.column_stack([edge, place]), axis=0)
    untested = Untested(
        pairs[:, 0],
        pairs[:, 1],
        np.concatenate([none, *of_place]),
        np.concatenate([none, *of_group]),
        frame["tests"].to_numpy(dtype=np.float64),
        frame["share"].to_numpy(dtype=np.float64),
    )
    return Open(frame, untested)


def _group(
    found: Audit, layer: SignalLayer, commune: pd.Series[Any], claimed: float
) -> dict[str, Any] | None:
    """Return a claim that is not decided; what it claims counts as one test of the share."""
    claims = found.claims
    own = claims[
        (claims["kind"] == "commune")
        & (claims["operator"] == layer.operator)
        & (claims["technology"] == layer.technology)
        & (claims["commune_code"] == commune["code"])
    ]
    if len(own) and own["verdict"].iloc[0] != UNDECIDED:
        return None
    tests, successes = (int(own[name].sum()) for name in ("tests", "successes"))
    return {
        "operator": layer.operator,
        "technology": layer.technology,
        "commune_code": commune["code"],
        "commune_name": commune["name"],
        "tests": tests,
        "share": (successes + claimed) / (tests + 1),
    }
