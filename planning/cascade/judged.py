"""Villages under sets of silent sites, each set judged once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from phusong.coverage.silence.silenced import SilencedVillages
from phusong.coverage.villages.verdict import GRADE_RANK, grade
from phusong.progress import Progress
from phusong.sources.inputs import Inputs
from phusong.study import Study

Sites = frozenset[str]
FELT = 1.0
"""People of a village that lose signal before it is listed, where its grade stays."""


class Judged:
    """Villages judged without sets of sites; sets asked for again are not judged again."""

    def __init__(self, silenced: SilencedVillages, inputs: Inputs, study: Study) -> None:
        self._silenced, self._study = silenced, study
        self._villages = inputs.villages[["code", "name", "commune_code"]]
        self._known: dict[Sites, pd.DataFrame] = {frozenset(): self._empty()}

    def __len__(self) -> int:
        """How many sets were judged, that of no sites not counted."""
        return len(self._known) - 1

    def judge(self, sets: Iterable[Sites], progress: Progress | None = None) -> None:
        """Judge the villages under sets of silent sites that were not judged yet."""
        new = [s for s in dict.fromkeys(sets) if s not in self._known]
        if not new:
            return
        now, changes = self._silenced.without(new, progress)
        which = np.repeat(np.arange(len(new)), [len(c.village) for c in changes])
        village, share, centre = (
            np.concatenate([getattr(c, part) for c in changes])
            for part in ("village", "share", "centre")
        )
        first = now.iloc[village].reset_index(drop=True)
        table = self._villages.iloc[village].reset_index(drop=True)
        table["before"] = first["grade"].to_numpy()
        table["after"] = grade(centre, share, self._study.verdict)
        people = first["people"].to_numpy(dtype=np.float64)
        had = first["share"].to_numpy(dtype=np.float64)
        table["people_lost"] = people * (1.0 - share) - people * (1.0 - had)
        table["all"] = (share == 0) & (had > 0)
        table["which"] = which
        lower = table["after"].map(GRADE_RANK) > table["before"].map(GRADE_RANK)
        table = table[lower | (table["people_lost"] >= FELT)]
        order = ["which", "people_lost", "code"]
        table = table.sort_values(order, ascending=[True, False, True])
        parts = {int(k): part for k, part in table.groupby("which", sort=False)}
        for k, sites in enumerate(new):
            part = parts.get(k)
            shown = self._empty() if part is None else part.drop(columns="which")
            self._known[sites] = shown.reset_index(drop=True)

    def of(self, sites: Sites) -> pd.DataFrame:
        """Return the villages that lose signal without sites that were judged.

        Returns
        -------
        DataFrame
            ``code``, ``name``, ``commune_code``, ``before``, ``after``, ``people_lost``, ``all``
            (nobody is served any more): graded lower, or with one person at least who loses
            signal; most people first.
        """
        return self._known[sites]

    def _empty(self) -> pd.DataFrame:
        texts = ["code", "name", "commune_code", "before", "after"]
        frame = pd.DataFrame({c: pd.Series([], dtype=object) for c in texts})
        return frame.assign(people_lost=np.zeros(0), all=np.zeros(0, dtype=bool))


def figures(villages: pd.DataFrame) -> tuple[int, int, float]:
    """Return how many are graded lower, how many lose all, and people who lose signal (or NaN)."""
    lower = int((villages["before"] != villages["after"]).sum())
    people = villages["people_lost"]
    known = people.notna().any() or villages.empty
    return lower, int(villages["all"].sum()), float(people.sum()) if known else np.nan
