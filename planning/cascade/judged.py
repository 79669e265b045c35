"""Villages under sets of silent sites, each set judged once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.silence.silenced import SilencedVillages
from phusong.coverage.villages.verdict import GRADE_RANK, GRADES, grade
from phusong.progress import Progress
from phusong.sources.inputs import Inputs
from phusong.study import Study

Sites = frozenset[str]
FELT: Final = 1.0
"""People of a village that lose signal before it is listed, where its grade stays."""


class Felt(NamedTuple):
    """Villages that lose signal: graded lower, or with one person at least who loses it.

    Every array is (villages,), those with most people first.
    """

    row: NDArray[np.int64]
    """Position in the inputs' villages."""
    before: NDArray[np.int8]
    """Rank of the grade, the greater the worse."""
    after: NDArray[np.int8]
    people: NDArray[np.float64]
    """Who lose signal; NaN where not known."""
    all: NDArray[np.bool_]
    """Whether nobody is served any more."""

    @property
    def lower(self) -> int:
        """How many are graded lower."""
        return int((self.before != self.after).sum())

    @property
    def lost(self) -> float:
        """How many people lose signal; NaN where not known of any village."""
        known = np.isfinite(self.people).any() or not len(self.people)
        return float(np.nansum(self.people)) if known else np.nan


_NOBODY: Final = Felt(
    np.zeros(0, np.int64),
    np.zeros(0, np.int8),
    np.zeros(0, np.int8),
    np.zeros(0),
    np.zeros(0, dtype=bool),
)


class Judged:
    """Villages judged without sets of sites; sets asked for again are not judged again."""

    def __init__(self, silenced: SilencedVillages, inputs: Inputs, study: Study) -> None:
        self._silenced, self._study = silenced, study
        self._villages = inputs.villages[["code", "name", "commune_code"]]
        self._code = inputs.villages["code"].to_numpy(dtype=object)
        self._known: dict[Sites, Felt] = {frozenset(): _NOBODY}
        self._today: NDArray[np.object_] | None = None

    def __len__(self) -> int:
        """How many sets were judged, that of no sites not counted."""
        return len(self._known) - 1

    def judge(self, sets: Iterable[Sites], progress: Progress | None = None) -> None:
        """Judge the villages under sets of silent sites that were not judged yet."""
        new = [s for s in dict.fromkeys(sets) if s not in self._known]
        if not new:
            return
        now, changes = self._silenced.without(new, progress)
        self._today = now["grade"].to_numpy(dtype=object)
        ranks = _ranks(now["grade"].to_numpy(dtype=object))
        people = now["people"].to_numpy(dtype=np.float64)
        had = now["share"].to_numpy(dtype=np.float64)
        for sites, change in zip(new, changes, strict=True):
            row, share = change.village, change.share
            after = _ranks(grade(change.centre, share, self._study.verdict))
            lost = people[row] * (1.0 - share) - people[row] * (1.0 - had[row])
            dark = (share == 0) & (had[row] > 0)
            with np.errstate(invalid="ignore"):
                felt = (after > ranks[row]) | (lost >= FELT)
            order = np.flatnonzero(felt)
            order = order[np.lexsort((self._code[row[order]].astype(str), -lost[order]))]
            self._known[sites] = Felt(
                row[order], ranks[row[order]], after[order], lost[order], dark[order]
            )

    def today(self) -> pd.DataFrame:
        """Return ``code`` and ``grade`` with nothing silent; no rows before any set was judged."""
        known = self._today is not None
        return pd.DataFrame({"code": self._code if known else [], "grade": self._today})

    def felt(self, sites: Sites) -> Felt:
        """Return the villages that lose signal without sites that were judged."""
        return self._known[sites]

    def of(self, sites: Sites) -> pd.DataFrame:
        """Return them as a table.

        Returns
        -------
        DataFrame
            ``code``, ``name``, ``commune_code``, ``before``, ``after`` (grades), ``people_lost``,
            ``all`` (nobody is served any more), most people first.
        """
        felt, grades = self._known[sites], np.array(GRADES, dtype=object)
        table = self._villages.iloc[felt.row].reset_index(drop=True)
        table["before"], table["after"] = grades[felt.before], grades[felt.after]
        table["people_lost"], table["all"] = felt.people, felt.all
        return pd.DataFrame(table)


def _ranks(grades: NDArray[np.object_]) -> NDArray[np.int8]:
    return np.array([GRADE_RANK[name] for name in grades.tolist()], dtype=np.int8)
