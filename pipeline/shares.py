"""Path losses of a study's masts, or of a share of them, computed and kept: no figures yet.

What a batch queue needs: shares that are the same whoever asks, each of which can be begun again,
and a run at the end that finds all of it in the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from phusong.checks import Findings
from phusong.coverage.signal.losses import Losses, LossReport
from phusong.coverage.signal.plan import Mast, plan_run
from phusong.coverage.signal.store import PathLossStore
from phusong.crew import Crew
from phusong.progress import NoProgress, Progress
from phusong.sources import read_inputs
from phusong.study import Study


@dataclass(frozen=True)
class Share:
    """Masts that one task computes.

    Attributes
    ----------
    masts
        In the order of the plan.
    pixels
        Pixels times bands that all of them take at most.
    lacking
        How many of them the store does not hold whole.
    """

    masts: tuple[Mast, ...]
    pixels: int
    lacking: int


class Sweep:
    """The masts of a study, and where their losses are kept.

    Parameters
    ----------
    study
        A study with towers.
    crew
        Who computes; None: this process.
    progress
        Told of the steps of reading, and of ``propagation``.

    Raises
    ------
    ChecksFailed
        When a finding is an error.
    """

    def __init__(
        self, study: Study, crew: Crew | None = None, progress: Progress | None = None
    ) -> None:
        self._told = progress or NoProgress()
        findings = Findings(study.checks.severity)
        inputs = read_inputs(study, findings, self._told)
        self._masts = plan_run(inputs, study).masts
        self._losses = Losses(inputs, study, PathLossStore.of(study), crew)

    def shares(self, count: int) -> list[Share]:
        """Deal the masts out to so many tasks; shares rest on the study, not on what is kept."""
        dealt = deal([self._losses.pixels(mast) for mast in self._masts], count)
        return [self._share([self._masts[i] for i in some]) for some in dealt]

    def _share(self, masts: Sequence[Mast]) -> Share:
        lacking = sum(not self._losses.kept(mast) for mast in masts)
        return Share(tuple(masts), sum(map(self._losses.pixels, masts)), lacking)

    def compute(self, share: Share) -> LossReport:
        """Compute what the store lacks of a share.

        Raises
        ------
        CrewError
            When workers cannot be had, or what they computed does not reach the store.
        """
        return self._losses.ensure(share.masts, self._told)


def deal(work: Sequence[int], count: int) -> list[list[int]]:
    """Return numbers of pieces of work, in ascending order, dealt out to so many.

    The largest go first, each to whom has least by then; ties by number.
    """
    load = [0] * count
    dealt: list[list[int]] = [[] for _ in range(count)]
    for i in sorted(range(len(work)), key=lambda i: (-work[i], i)):
        least = load.index(min(load))
        dealt[least].append(i)
        load[least] += work[i]
    return [sorted(some) for some in dealt]
