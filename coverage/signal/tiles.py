"""Work on the grid tile by tile: which masts reach a tile, and their losses there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.signal.correction import Correction
from phusong.coverage.signal.losses import Losses, LossReport
from phusong.coverage.signal.plan import Mast, Plan
from phusong.coverage.signal.store import EntryError
from phusong.errors import OutputError
from phusong.grid import Grid, Window
from phusong.jit import get_num_threads

T = TypeVar("T")
Part = TypeVar("Part")


@dataclass(frozen=True)
class Reach:
    """A mast with the cells of the grid it reaches and the beams it has."""

    mast: Mast
    order: int
    window: Window
    beams: NDArray[np.float64]
    beam_of: NDArray[np.int64]
    band_of: NDArray[np.int64]

    @classmethod
    def of(cls, mast: Mast, plan: Plan, window: Window) -> Reach:
        """Return the reach of a mast of a plan."""
        rows, beam_of = np.unique(plan.beam_of_cell[mast.cells], return_inverse=True)
        freqs_mhz = plan.cells["freq_mhz"].to_numpy(dtype=np.float64)[mast.cells]
        return cls(
            mast,
            int(mast.cells[0]),
            window,
            plan.beams.rows[rows],
            beam_of,
            np.searchsorted(mast.freqs_mhz, freqs_mhz),
        )


@dataclass(frozen=True)
class Lit:
    """Part of a tile that a mast reaches.

    Attributes
    ----------
    reach
        The mast.
    part
        Cells of the grid.
    inside
        Slices of the tile that are ``part``.
    loss, elevation
        (bands, rows, cols) and (rows, cols) steps.
    east_m, north_m
        Centre of the first cell, from the mast.
    """

    reach: Reach
    part: Window
    inside: tuple[slice, slice]
    loss: NDArray[np.int16]
    elevation: NDArray[np.int16]
    east_m: float
    north_m: float


class Tiles:
    """Reads the losses that fall on a tile.

    Parameters
    ----------
    plan, losses, report
        What is computed, where it is kept, and what the model refused.
    grid
        The study grid.
    correction
        What measurements add along a path; None: nothing.
    """

    def __init__(
        self,
        plan: Plan,
        losses: Losses,
        report: LossReport,
        grid: Grid,
        correction: Correction | None = None,
    ) -> None:
        self.plan = plan
        self.grid = grid
        self._losses = losses
        self._report = report
        self._correction = correction
        self._reaches = [Reach.of(mast, plan, losses.window(mast)) for mast in plan.masts]

    def lit(self, window: Window, masts: Collection[int] | None = None) -> Iterator[Lit]:
        """Give the masts that reach a tile, nearest first.

        Once a strong cell serves a place, the far ones cost little.

        Parameters
        ----------
        masts
            Positions in :attr:`Plan.masts` of those wanted; None: all.

        Raises
        ------
        EntryError
            With the mast as its argument, when its losses cannot be read.
        """
        west, south, east, north = self.grid.bounds_of(window)
        x, y = (west + east) / 2, (south + north) / 2
        half = self.grid.cell_m / 2
        wanted = self._reaches if masts is None else [self._reaches[i] for i in masts]
        for reach in sorted(
            wanted, key=lambda r: ((r.mast.x_m - x) ** 2 + (r.mast.y_m - y) ** 2, r.order)
        ):
            part = reach.window.intersect(window)
            if part.empty:
                continue
            try:
                found = self._losses.read(reach.mast, part, self._report.problems)
            except EntryError as problem:
                raise EntryError(reach.mast) from problem
            if found is not None:
                loss, elevation = found
                if self._correction is not None:
                    loss = self._correction.on_losses(reach.mast, part, loss, elevation)
                left, _, _, top = self.grid.bounds_of(part)
                yield Lit(
                    reach,
                    part,
                    part.slices_in(window),
                    loss,
                    elevation,
                    left + half - reach.mast.x_m,
                    top - half - reach.mast.y_m,
                )

    def mend(self, mast: Mast) -> None:
        """Compute a mast again whose entries turned out damaged.

        Raises
        ------
        OutputError
            When they still cannot be read: something else removes or alters them.
        """
        self._losses.compute(mast, self._report, again=True)
        try:
            self._losses.read(mast, self._losses.window(mast), self._report.problems)
        except EntryError:
            raise OutputError(
                "path losses of site {site} vanish from the store while the run reads them",
                mend="run again when no other program works on that folder",
                params={"site": mast.site_id},
            ) from None

    def in_order(
        self, work: Callable[[Part], T], parts: Sequence[Part], threads: int | None = None
    ) -> Iterator[tuple[Part, T]]:
        """Do ``work`` on tiles (or whatever lies in one) on several threads, in order.

        Only a few are held at once.

        Threads, not processes: the kernels release the GIL, and so does inflating a block.
        The arithmetic of a tile is one thread's, so the numbers do not depend on how many
        there are. A tile that meets a damaged entry is done again once that is computed.
        """
        threads = threads or get_num_threads()
        with ThreadPoolExecutor(threads) as pool:
            waiting: list[tuple[Part, Future[T]]] = []
            for part in parts:
                waiting.append((part, pool.submit(work, part)))
                if len(waiting) > threads:
                    first, task = waiting.pop(0)
                    yield first, self._finished(work, first, task)
            for part, task in waiting:
                yield part, self._finished(work, part, task)

    def _finished(self, work: Callable[[Part], T], part: Part, task: Future[T]) -> T:
        """Wait for a tile, mending what it meets."""
        try:
            return task.result()
        except EntryError as problem:
            self.mend(problem.args[0])
        return self.mending(work, part)

    def mending(self, work: Callable[[Part], T], part: Part) -> T:
        """Do ``work`` on a tile, again after each damaged entry it meets, which is mended."""
        while True:
            try:
                return work(part)
            except EntryError as problem:
                self.mend(problem.args[0])
