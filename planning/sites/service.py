"""Which dark villages each candidate mast would cover, by the study's own model and verdict.

A place is served where any layer of the verdict serves it (the best by odds is at least as good as
any), so that what a new mast serves is put beside what is served now: a village is covered by a
candidate when both together meet the verdict. The path losses come from the store, and stay in
it: those of the cells that decide, which count in a dark village and are not served yet.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.results import ANY, Signal
from phusong.coverage.signal.combine import (
    NO_LEVEL,
    TICK_DB,
    Odds,
    add_mast,
    share_steps,
    to_level_ticks,
)
from phusong.coverage.signal.correction import Correction
from phusong.coverage.signal.layerfiles import LayerReader, Levels
from phusong.coverage.signal.losses import ELEVATION_STEP_DEG, LOSS_STEP_DB, Losses
from phusong.coverage.signal.plan import Plan, plan_run
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.signal.tiles import Lit, Tiles
from phusong.coverage.villages.centre_cells import Centres
from phusong.coverage.villages.footprints import Footprints, footprints
from phusong.coverage.villages.verdict import is_covered
from phusong.coverage.villages.weights import Weights
from phusong.grid import CellSet, Grid, Window
from phusong.planning.sites.equipment import site_names, with_sites
from phusong.planning.sites.places import Places
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import Study
from phusong.study.settings.planning import NewSite

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PARTNERS: Final = 12
"""Candidates looked at in pairs for a village that none covers alone: those that serve most."""


@dataclass(frozen=True)
class Service:
    """What candidates cover of the dark villages.

    Attributes
    ----------
    place, village
        (covers,) candidate and row of the dark villages that it covers by itself, sorted.
    first, second, together
        (pairs,) two candidates and a village they cover only together; for villages that no
        candidate covers alone.
    share
        (villages,) greatest share of its weight that one candidate would leave served.
    problems_of
        (places,) why a place cannot be computed; empty where it can.
    """

    place: Ints
    village: Ints
    first: Ints
    second: Ints
    together: Ints
    share: Floats
    problems_of: NDArray[np.object_]

    def at(self, rows: Ints, places: int) -> Service:
        """Return the same with its places numbered as ``rows`` among ``places``."""
        problems = np.full(places, "", dtype=object)
        problems[rows] = self.problems_of
        return Service(
            rows[self.place],
            self.village,
            rows[self.first],
            rows[self.second],
            self.together,
            self.share,
            problems,
        )


def joined(one: Service, other: Service) -> Service:
    """Return the service of the places of both, those of ``other`` numbered after ``one``'s.

    Pairs across the two are not looked at: places are refined round what serves alone.
    """
    shift = len(one.problems_of)
    place = np.concatenate([one.place, other.place + shift])
    village = np.concatenate([one.village, other.village])
    pairs = np.concatenate(
        [
            np.column_stack([one.first, one.second, one.together]),
            np.column_stack([other.first + shift, other.second + shift, other.together]),
        ]
    )
    pairs = pairs[~np.isin(pairs[:, 2], village)]
    return Service(
        place,
        village,
        pairs[:, 0],
        pairs[:, 1],
        pairs[:, 2],
        np.maximum(one.share, other.share),
        np.concatenate([one.problems_of, other.problems_of]),
    )


@dataclass(frozen=True)
class _Village:
    """One dark village on the grid; ``row``, ``col`` are counted in its batch's window."""

    number: int
    row: Ints
    col: Ints
    weight: Floats
    total: float
    served: Bools
    centre: tuple[int, int] | None
    """None where it lies off the window."""
    centre_served: bool

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """Rows and columns, first and past the last."""
        return (
            int(self.row.min()),
            int(self.row.max()) + 1,
            int(self.col.min()),
            int(self.col.max()) + 1,
        )


class _Best:
    """The candidates that serve most of a village, with what they serve."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Bools, bool]] = []

    def offer(self, share: float, place: int, served: Bools, centre: bool) -> None:
        """Keep a candidate if it is among the best; of equals the earlier."""
        item = (share, -place, served, centre)
        if len(self._heap) < PARTNERS:
            heapq.heappush(self._heap, item)
        elif item[:2] > self._heap[0][:2]:
            heapq.heapreplace(self._heap, item)

    def pairs(self) -> Iterator[tuple[int, int, Bools, bool]]:
        """Give two candidates, in their order, and what they serve together."""
        for a, b in combinations(sorted(self._heap, key=lambda i: -i[1]), 2):
            yield -a[1], -b[1], a[2] | b[2], a[3] or b[3]


def find_service(
    inputs: Inputs,
    study: Study,
    signal: Signal,
    dark: Ints,
    places: Places,
    new: NewSite,
    store: PathLossStore,
    progress: Progress | None = None,
) -> Service:
    """Work out which of the dark villages each candidate covers.

    Memory is bounded by the villages of one square of the grid and one mast's losses over it.

    Parameters
    ----------
    inputs, study, signal
        As for :func:`phusong.coverage.villages.assess.assess_villages`.
    dark
        Rows of ``inputs.villages`` that are to be covered.
    places, new
        Candidates, and what each bears.
    store
        Where path losses are kept.
    progress
        Told of the steps ``propagation`` and ``service``.
    """
    told = progress or NoProgress()
    alone = with_sites(inputs, places, new, alone=True)
    plan = plan_run(alone, study)
    asked = CellSet()
    for batch, some in _dark_villages(inputs, study, signal, dark):
        asked.add(_asked(some, batch.window.shape), batch.window)
    losses = Losses(alone, study, store, asked=asked)
    report = losses.ensure(plan.masts, told)
    correction = Correction(alone, study)
    tiles = Tiles(plan, losses, report, inputs.grid, correction)
    number = {name: i for i, name in enumerate(site_names(places, inputs))}
    told.start("service", len(dark), "Villages that candidates would cover")
    found = _Found(len(dark))
    beams = _Heard(plan, correction, new, study, inputs.grid)
    for batch, some in _dark_villages(inputs, study, signal, dark):
        if some:
            here = asked.mask(batch.window)
            for lit in _each_lit(tiles, batch.window):
                heard = beams.served(lit, here[lit.inside])
                found.judge(number[lit.reach.mast.site_id], lit, heard, some, study)
        found.close(some, study)
        told.advance("service", len(batch.rows))
    problems = np.full(len(places), "", dtype=object)
    for (site, _, _), text in report.problems.items():
        problems[number[site]] = text
    bad: Any = plan.cells[plan.cells["problem"] != ""].drop_duplicates("site_id")
    for cell in bad.itertuples():
        problems[number[cell.site_id]] = cell.problem
    return found.service(problems)


def _each_lit(tiles: Tiles, window: Window) -> Iterator[Lit]:
    """Give what each mast lights of a window; one whose losses are damaged is computed again."""
    for i in range(len(tiles.plan.masts)):
        yield from tiles.mending(partial(_lit_by, tiles, i), window)


def _lit_by(tiles: Tiles, mast: int, window: Window) -> list[Lit]:
    return list(tiles.lit(window, (mast,)))


class _Heard:
    """Where a candidate's own cells serve, as the study asks for it."""

    def __init__(
        self, plan: Plan, correction: Correction, new: NewSite, study: Study, grid: Grid
    ) -> None:
        self._plan, self._correction, self._new, self._grid = plan, correction, new, grid
        usable = plan.cells[plan.cells["problem"] == ""]
        odds = Odds.of_cells(usable, tightened=correction.tightens)
        self._odds = odds
        self._cut = odds.served_from_tick(study.verdict.probability)
        self._reference = plan.cells["reference_dbm"].to_numpy(dtype=np.float64)

    def served(self, lit: Lit, asked: Bools) -> Bools:
        """Return (rows, cols) of the part that a mast reaches: whether it serves there.

        Parameters
        ----------
        asked
            (rows, cols) of the part: where that has to be known. Elsewhere it does not.
        """
        plan, cells = self._plan, lit.reach.mast.cells
        extra, share = self._correction.over(self._new.operator, self._new.technology, lit.part)
        # What is louder already is not worked out: where nobody asks, and what cannot serve.
        least_dbm = -np.inf if extra is not None else (self._cut.min() - 1) * TICK_DB
        level = np.where(asked, np.float32(least_dbm), np.float32(np.inf))[np.newaxis]
        server = np.zeros((1, *lit.part.shape), dtype=np.int32)
        add_mast(
            lit.loss,
            LOSS_STEP_DB,
            lit.elevation,
            ELEVATION_STEP_DEG,
            lit.east_m,
            lit.north_m,
            self._grid.cell_m,
            lit.reach.beams,
            plan.beams.horizontal_db,
            plan.beams.vertical_db,
            lit.reach.beam_of,
            lit.reach.band_of,
            np.zeros(len(cells), dtype=np.int64),
            self._reference[cells],
            cells,
            level,
            server,
        )
        if extra is not None:
            level[0] += extra
        ticks = np.full(level.shape, NO_LEVEL, dtype=np.int16)
        to_level_ticks(level, server, ticks)
        left = None if share is None else share_steps(share)
        return _served_now(Levels(ticks[0], server[0], left), self._odds, self._cut)


class _Found:
    """Covers and pairs, as they are found."""

    def __init__(self, villages: int) -> None:
        self._covers: list[tuple[int, int]] = []
        self._pairs: list[tuple[int, int, int]] = []
        self._share = np.zeros(villages)
        self._best: dict[int, _Best] = {}

    def judge(
        self, place: int, lit: Lit, heard: Bools, villages: list[_Village], study: Study
    ) -> None:
        """Judge the villages of a batch with one candidate beside what is served now."""
        rows, cols = lit.inside
        for village in villages:
            top, bottom, left, right = village.bounds
            if bottom <= rows.start or top >= rows.stop or right <= cols.start or left >= cols.stop:
                continue
            served = village.served | _at(heard, village.row - rows.start, village.col - cols.start)
            gained = float(village.weight[served & ~village.served].sum())
            centre = village.centre_served or _centre(heard, village, rows.start, cols.start)
            if gained <= 0.0 and centre == village.centre_served:
                continue
            share = _share(village, served)
            self._share[village.number] = max(self._share[village.number], share)
            if is_covered(centre, share, study.verdict.covered_share):
                self._covers.append((place, village.number))
            else:
                best = self._best.setdefault(village.number, _Best())
                best.offer(share + (2.0 if centre else 0.0), place, served, centre)

    def close(self, villages: list[_Village], study: Study) -> None:
        """Look for pairs that cover what no candidate of the batch covers alone."""
        alone = {village for _, village in self._covers}
        for village in villages:
            best = self._best.pop(village.number, None)
            if best is None or village.number in alone:
                continue
            for first, second, served, centre in best.pairs():
                share = _share(village, served)
                if is_covered(centre, share, study.verdict.covered_share):
                    self._pairs.append((first, second, village.number))

    def service(self, problems: NDArray[np.object_]) -> Service:
        """Return what was found, in order."""
        covers = np.array(sorted(self._covers), dtype=np.int64).reshape(-1, 2)
        pairs = np.array(sorted(self._pairs), dtype=np.int64).reshape(-1, 3)
        return Service(
            covers[:, 0], covers[:, 1], pairs[:, 0], pairs[:, 1], pairs[:, 2], self._share, problems
        )


def _asked(villages: list[_Village], shape: tuple[int, int]) -> Bools:
    """Return where some villages ask who serves: cells that count, and centres, not served yet."""
    asked = np.zeros(shape, dtype=bool)
    for village in villages:
        open_cells = (village.weight > 0.0) & ~village.served
        asked[village.row[open_cells], village.col[open_cells]] = True
        if village.centre is not None and not village.centre_served:
            row, col = village.centre
            if 0 <= row < shape[0] and 0 <= col < shape[1]:
                asked[row, col] = True
    return asked


def _served_now(levels: Levels, odds: Odds, cut: NDArray[np.int32]) -> Bools:
    """Return where levels are served; ``cut`` is the lowest tick that is, by kind."""
    enough = levels.ticks >= cut[odds.kind(levels.server, levels.left)]
    return np.asarray(enough & (levels.server > 0))


def _share(village: _Village, served: Bools) -> float:
    return float(village.weight[served].sum() / village.total) if village.total > 0 else 0.0


def _at(heard: Bools, row: Ints, col: Ints) -> Bools:
    """Return the values at cells of a part; False off it."""
    inside = (row >= 0) & (row < heard.shape[0]) & (col >= 0) & (col < heard.shape[1])
    out = np.zeros(len(row), dtype=bool)
    out[inside] = heard[row[inside], col[inside]]
    return out


def _centre(heard: Bools, village: _Village, row0: int, col0: int) -> bool:
    if village.centre is None:
        return False
    row, col = village.centre[0] - row0, village.centre[1] - col0
    inside = 0 <= row < heard.shape[0] and 0 <= col < heard.shape[1]
    return bool(inside and heard[row, col])


def _dark_villages(
    inputs: Inputs, study: Study, signal: Signal, dark: Ints
) -> Iterator[tuple[Footprints, list[_Village]]]:
    """Give the dark villages square by square, with what is served of them now."""
    villages = inputs.villages.iloc[dark].reset_index(drop=True)
    grid = inputs.grid
    odds = Odds.of_cells(signal.cells, tightened=signal.tightened)
    cut = odds.served_from_tick(study.verdict.probability)
    weights = Weights(villages, study, inputs.people)
    area_cells = villages.geometry.area.to_numpy(dtype=np.float64) / grid.cell_m**2
    centres = Centres(villages, grid)
    with LayerReader([signal.layer(ANY, ANY)]) as reader:
        for batch in footprints(villages, grid):
            weight = weights.weigh(batch)
            total = weights.whole(batch.rows, area_cells)
            centre_now = _served_now(centres.levels(reader, 0, batch.rows), odds, cut)
            some: list[_Village] = []
            if batch.cells.size:
                now = _served_now(reader.read(0, batch.window), odds, cut).ravel()
                row, col = np.divmod(batch.cells, batch.window.cols)
                at = centres.cells(batch.rows)
                for k, village in enumerate(batch.rows.tolist()):
                    own = slice(batch.offsets[k], batch.offsets[k + 1])
                    if own.start == own.stop:
                        continue
                    place = at[k]
                    some.append(
                        _Village(
                            village,
                            row[own],
                            col[own],
                            weight[own],
                            float(total[k]),
                            now[batch.cells[own]],
                            None
                            if place is None
                            else (place[0] - batch.window.row0, place[1] - batch.window.col0),
                            bool(centre_now[k]),
                        )
                    )
            yield batch, some
