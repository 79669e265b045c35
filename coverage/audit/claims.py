"""Tests counted by carrier, technology, place and class of probability; claims judged by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from phusong.coverage.audit.claimed import MOST_CLAIMED
from phusong.coverage.audit.intervals import at_most_by_chance, clopper_pearson, further_tests
from phusong.coverage.audit.presets import Preset
from phusong.coverage.results import ANY

INSIDE: Final = "inside"
OUTSIDE: Final = "outside"
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "all": (),
    "operator": ("operator",),
    "technology": ("technology",),
    "layer": ("operator", "technology"),
    "commune": ("operator", "technology", "commune_code"),
    "village": ("operator", "technology", "commune_code", "village_code"),
    "class": ("probability_class",),
    "layer_class": ("operator", "technology", "probability_class"),
}
"""Kind of group -> what its tests have in common."""
GROUPED: Final = ("operator", "technology", "commune_code", "village_code", "probability_class")
JUDGED: Final = ("layer", "commune", "village")
"""Kinds whose claim is judged."""
LEAST_OF_A_VILLAGE: Final = 5
"""Tests that a village must have for its claim to be judged."""

REFUTED: Final = "refuted"
UNDECIDED: Final = "undecided"
CONFIRMED: Final = "confirmed"
VERDICTS: Final = (REFUTED, UNDECIDED, CONFIRMED)

SHARE_COLUMNS: Final = (
    "kind",
    *GROUPED,
    "area",
    "tests",
    "successes",
    "share",
    "low",
    "high",
    "claimed_mean",
)
CLAIM_COLUMNS: Final = (
    "verdict",
    "kind",
    *GROUPED[:4],
    "tests",
    "successes",
    "share",
    "low",
    "high",
    "claim",
    "promise",
    "shortfall",
    "by_chance",
    "more_tests",
)


def count_shares(tests: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Count tests and successes of every kind of group, inside and outside the claimed area.

    Parameters
    ----------
    tests
        One row a test: ``GROUPED`` (a code may be None: no such place), ``claimed``, ``success``
        (bool), ``claimed_probability``.
    confidence
        Of the exact intervals.

    Returns
    -------
    DataFrame
        ``SHARE_COLUMNS``: ``*`` stands for any, ``low`` and ``high`` are the interval of
        ``share``, ``claimed_mean`` is the mean claimed probability of the places tested.
    """
    area = np.where(tests["claimed"].to_numpy(dtype=bool), INSIDE, OUTSIDE)
    claimed = tests["claimed_probability"].clip(upper=MOST_CLAIMED)
    counted = tests.assign(area=area, claimed_probability=claimed)
    parts = []
    for kind, names in KINDS.items():
        own = counted.dropna(subset=list(names))
        part = own.groupby([*names, "area"], sort=True).agg(
            tests=("success", "size"),
            successes=("success", "sum"),
            claimed_mean=("claimed_probability", "mean"),
        )
        others = {name: ANY for name in GROUPED if name not in names}
        parts.append(part.reset_index().assign(kind=kind, **others))
    out = pd.concat(parts, ignore_index=True)
    out["share"] = out["successes"] / out["tests"]
    out["low"], out["high"] = clopper_pearson(out["successes"], out["tests"], confidence)
    return out[list(SHARE_COLUMNS)]


def judge_claims(shares: pd.DataFrame, preset: Preset, confidence: float) -> pd.DataFrame:
    """Say which claims the tests refute, which they confirm, and what would decide the others.

    A claim is refuted where the whole interval lies below it, confirmed where the whole interval
    reaches what was promised. A preset that asks for a share claims and promises that share. The
    study's own map claims the mean of its probabilities at the places tested, and promises no
    less than the probability it asks of a place.

    Parameters
    ----------
    shares
        See :func:`count_shares`.
    preset
        What is asked.
    confidence
        As of the shares.

    Returns
    -------
    DataFrame
        ``CLAIM_COLUMNS``, refuted ones first, the furthest from its claim foremost; then the
        undecided, the nearest to a decision foremost; then the confirmed. ``shortfall`` is the
        claim less the upper end of the interval (negative: the interval reaches the claim),
        ``by_chance`` the probability of so few successes were the claim true.
    """
    own = shares[(shares["area"] == INSIDE) & shares["kind"].isin(JUDGED)]
    few = (own["kind"] == "village") & (own["tests"] < LEAST_OF_A_VILLAGE)
    out = own[~few].reset_index(drop=True)
    out["claim"] = out["claimed_mean"] if preset.share is None else preset.share
    out["promise"] = preset.promise
    out["shortfall"] = out["claim"] - out["high"]
    out["by_chance"] = at_most_by_chance(out["successes"], out["tests"], out["claim"])
    out["verdict"] = np.select(
        [out["shortfall"] > 0, out["low"] >= out["promise"]], [REFUTED, CONFIRMED], UNDECIDED
    ).astype(object)
    out["more_tests"] = further_tests(
        out["successes"], out["tests"], out["claim"], out["promise"], confidence
    )
    # Within the refuted the furthest below comes first, within the others the nearest to decided.
    rank = out["verdict"].map({name: i for i, name in enumerate(VERDICTS)})
    first = np.where(rank == 0, -out["shortfall"], out["more_tests"].fillna(np.inf))
    order = out.assign(_rank=rank, _first=first, _tests=-out["tests"]).sort_values(
        ["_rank", "_first", "_tests", *GROUPED[:4]], kind="stable"
    )
    return out.loc[order.index, list(CLAIM_COLUMNS)].reset_index(drop=True)
