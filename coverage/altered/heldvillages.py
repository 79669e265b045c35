"""Villages of an altered study: only those are judged anew of which some place differs."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.altered.layerbook import (
    OUTDOORS,
    AlteredVillages,
    Layers,
    copied,
    extend,
    tables_of,
)
from phusong.coverage.altered.patched import Patch, Patched
from phusong.coverage.altered.repicked import Repicked
from phusong.coverage.altered.standing import Standing
from phusong.coverage.results import ANY, VillageCoverage
from phusong.coverage.signal.combine import Odds
from phusong.coverage.signal.layerfiles import Levels, LevelSource
from phusong.coverage.signal.plan import Plan
from phusong.coverage.villages.centre_cells import Centres
from phusong.coverage.villages.circles import Circles
from phusong.coverage.villages.figures.tally import (
    Named,
    Steps,
    Tally,
    add_batch,
    add_served,
)
from phusong.coverage.villages.figures.village_tables import (
    Inhabited,
    Judged,
    circles_of_layers,
    layer_circles,
    layer_figures,
)
from phusong.coverage.villages.footprints import Footprints, footprints
from phusong.coverage.villages.indoors import JUDGED, cells_behind, entry_of, plain_steps
from phusong.coverage.villages.weights import Weights
from phusong.grid import Grid, Window
from phusong.jit import get_num_threads
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import TECHNOLOGIES, Study

Bools = NDArray[np.bool_]
Parts = list[tuple[Footprints, NDArray[np.float64]]]
"""Part cells of villages, and the weight of each."""


class HeldVillages:
    """Villages with the weight of all their parts, and what was summed over them as they stand.

    Parameters
    ----------
    inputs, study
        As they stand. No sensitivity is counted.
    standing
        The signal, filled.
    progress
        Told of the step ``villages``.
    """

    def __init__(
        self, inputs: Inputs, study: Study, standing: Standing, progress: Progress | None = None
    ) -> None:
        told = progress or NoProgress()
        self.study, self.standing, self._grid = plain_steps(study), standing, standing.grid
        self._count = len(inputs.villages)
        weights = Weights(inputs.villages, study, inputs.people)
        self._centres = Centres(inputs.villages, self._grid)
        told.start("villages", self._count, "Figures of every village, outdoors")
        self.batches: Parts = [
            (b, weights.weigh(b)) for b in footprints(inputs.villages, self._grid)
        ]
        self.grain = weights.grain
        self.about = Inhabited.of(inputs, study, self._grid, weights, self._centres)
        names: list[Named] = list(standing.plan.layers)
        circles = circles_of_layers(inputs, study, standing.cells, names)
        self._held: dict[str, Layers] = {}
        for place in (OUTDOORS, *study.indicators.places):
            odds, _, cuts = self._odds(place, standing.cells, self.study)
            tallies = [Tally(self._count, cuts.shape[1]) for _ in names]
            for batch, weight in self.batches:
                for i, tally in enumerate(tallies):
                    self._count_in(standing, i, batch, weight, (odds, cuts), tally)
                    if place == OUTDOORS and batch.cells.size:
                        tally.add_circles(batch, weight, circles[i], self._grid)
            layers = Layers(names, tallies, circles, [], [])
            self._held[place] = self._with_tables(inputs, place, layers, standing.cells, self.study)
        told.advance("villages", self._count)
        coverage = tables_of(inputs, self.about, self._held, standing.cells)
        self.now = AlteredVillages(coverage, frozenset(), self._held, ())
        """As they stand."""

    def _odds(
        self, place: str, cells: pd.DataFrame, study: Study
    ) -> tuple[Odds, Steps, NDArray[np.int32]]:
        there = cells if place == OUTDOORS else cells_behind(cells, entry_of(place, study))
        odds = Odds.of_cells(there, tightened=self.standing.correction.tightens)
        steps = Steps.of(study)
        return odds, steps, steps.cuts(odds)

    def _count_in(
        self,
        source: LevelSource,
        layer: int,
        batch: Footprints,
        weight: NDArray[np.float64],
        frame: tuple[Odds, NDArray[np.int32]],
        tally: Tally,
    ) -> None:
        # Centres may lie outside their villages: one reading holds both.
        near = _Near(source, layer, self._centres.around(batch.rows, batch.window))
        tally.at_centres(batch.rows, self._centres.levels(near, layer, batch.rows))
        if batch.cells.size:
            add_batch(batch, weight, layer, near, frame, tally)

    def judge(
        self, inputs: Inputs, patched: Patched, progress: Progress | None = None
    ) -> AlteredVillages:
        """Return the figures of all villages in an altered study.

        Those of villages none of whose places differ are as they stand.

        Parameters
        ----------
        inputs
            Altered; villages and people as they stand.
        patched
            Its signal.
        progress
            Told of the step ``villages``; may raise to stop.
        """
        told = progress or NoProgress()
        plan, base = patched.cells.plan, patched.base
        told.start("villages", len(plan.layers), "Figures of every village, outdoors")
        circles = self._circles_now(inputs, patched)
        touched = []
        for i in range(len(plan.layers)):
            touched.append(self._touched(patched.of_layer(i)))
            told.advance("villages")
        other = frozenset(
            i
            for i, hits in enumerate(touched)
            if base[i] < 0 or circles[i] is not None or any(len(which) for which in hits)
        )
        held = {}
        for place, was in self._held.items():
            odds, _, cuts = self._odds(place, plan.cells, self.study)
            now = Layers([], [], [], [], [])
            for i, hits in enumerate(touched):
                tally = copied(was, base[i], self._count, cuts.shape[1])
                for (batch, weight), which in zip(self.batches, hits, strict=True):
                    if len(which):
                        some, parts = batch.only(which)
                        self._count_in(patched, i, some, weight[parts], (odds, cuts), tally)
                same = circles[i] is None
                before = was.circles[base[i]] if base[i] >= 0 else None
                circle = circles[i] or before
                assert circle is not None
                if place == OUTDOORS and not same:
                    self._circles_anew(before, circle, tally)
                one = Layers([plan.layers[i]], [tally], [circle], [], [])
                if i in other:
                    extend(now, self._with_tables(inputs, place, one, plan.cells, self.study), 0)
                else:
                    extend(now, was, base[i])
            held[place] = now
        coverage = tables_of(inputs, self.about, held, patched.cells.in_service)
        return AlteredVillages(coverage, other, held, tuple(touched))

    def redefine(
        self,
        inputs: Inputs,
        patched: Patched,
        villages: AlteredVillages,
        study: Study,
        progress: Progress | None = None,
        rows: NDArray[np.int64] | None = None,
    ) -> VillageCoverage:
        """Return the figures of villages under another definition, from levels that are held.

        Parameters
        ----------
        inputs, patched, villages
            Of an altered study: its signal, and what :meth:`judge` made of it.
        study
            The study with other thresholds, probability, shares or places.
        progress
            Told of the step ``villages``; may raise to stop.
        rows
            Villages that are summed anew, rising; the figures of others mean nothing. None: all.
        """
        told = progress or NoProgress()
        parts = self.batches if rows is None else self._of(rows)
        plan = with_thresholds(patched.cells.plan, study)
        in_service = plan.cells.iloc[patched.cells.numbers].reset_index(drop=True)
        source, known = Repicked(patched, plan), villages.layers[OUTDOORS]
        places = (OUTDOORS, *study.indicators.places)
        told.start("villages", len(places) * len(plan.layers), "Figures of every village, outdoors")
        asked = plain_steps(study)
        held = {}
        for place in places:
            odds, _, cuts = self._odds(place, plan.cells, asked)
            frame = odds, cuts
            with ThreadPoolExecutor(get_num_threads()) as pool:
                waiting = {
                    i: pool.submit(_served_anew, source, i, parts, frame, tally)
                    for i, tally in enumerate(known.tallies)
                    if not source.moves(i)
                }
                tallies = []
                for i, tally in enumerate(known.tallies):
                    anew = waiting[i].result() if i in waiting else None
                    tallies.append(anew or self._moved(source, i, parts, frame, tally))
                    told.advance("villages")
            layers = replace(known, tallies=tallies)
            held[place] = self._with_tables(inputs, place, layers, plan.cells, asked)
        return tables_of(inputs, self.about, held, in_service)

    def _of(self, rows: NDArray[np.int64]) -> Parts:
        """Return the part cells of some villages."""
        found = []
        for batch, weight in self.batches:
            which = np.flatnonzero(np.isin(batch.rows, rows))
            if len(which):
                some, parts = batch.only(which)
                found.append((some, weight[parts]))
        return found

    def _moved(
        self,
        source: LevelSource,
        layer: int,
        parts: Parts,
        frame: tuple[Odds, NDArray[np.int32]],
        known: Tally,
    ) -> Tally:
        """Sum a layer in which others may serve."""
        tally = known.copy()
        for batch, weight in parts:
            self._count_in(source, layer, batch, weight, frame, tally)
        return tally

    def _circles_now(self, inputs: Inputs, patched: Patched) -> list[Circles | None]:
        """Return the circles of layers whose cells differ; None for the others."""
        cells = patched.cells
        carriers = {
            (operator, technology)
            for table, which in (
                (cells.plan.cells, cells.fresh),
                (self.standing.cells, cells.gone),
            )
            for operator, technology in table.iloc[which][["operator", "technology"]].itertuples(
                index=False
            )
        }
        counted: dict[str, Sequence[str]] = {t: [t] for t in TECHNOLOGIES}
        counted[ANY] = self.study.verdict.technologies

        def counts(name: Named) -> bool:
            return any(
                name.operator in {ANY, operator} and (technology in counted[name.technology])
                for operator, technology in carriers
            )

        names = cells.plan.layers
        wanted = [i for i, name in enumerate(names) if patched.base[i] < 0 or counts(name)]
        found = circles_of_layers(inputs, self.study, cells.in_service, [names[i] for i in wanted])
        out: list[Circles | None] = [None] * len(names)
        for i, circles in zip(wanted, found, strict=True):
            out[i] = circles
        return out

    def _touched(self, patches: list[Patch]) -> list[NDArray[np.int64]]:
        """Return, by batch, the villages some place of which (or the centre) differs."""
        out = []
        for batch, _ in self.batches:
            hit = np.zeros(len(batch.rows), dtype=np.bool_)
            near = [p for p in patches if not p.window.intersect(batch.window).empty]
            if near:
                mask = np.zeros(batch.window.shape, dtype=np.bool_)
                for patch in near:
                    part = patch.window.intersect(batch.window)
                    mask[part.slices_in(batch.window)] = patch.changed[part.slices_in(patch.window)]
                there = np.flatnonzero(mask.ravel()[batch.cells])
                hit[np.searchsorted(batch.offsets, there, side="right") - 1] = True
            for patch in patches:
                hit |= self._centres.marked(batch.rows, patch.window, patch.changed)
            out.append(np.flatnonzero(hit))
        return out

    def _circles_anew(self, old: Circles | None, new: Circles, tally: Tally) -> None:
        """Sum what lies in circles, where a circle came or went."""
        boxes = _other_boxes(old, new)
        for batch, weight in self.batches:
            which = _meet(batch, self._grid, boxes)
            if len(which):
                some, parts = batch.only(which)
                if some.cells.size:
                    tally.add_circles(some, weight[parts], new, self._grid)

    def _with_tables(
        self, inputs: Inputs, place: str, layers: Layers, cells: pd.DataFrame, study: Study
    ) -> Layers:
        """Make the tables of layers out of what was summed."""
        odds, steps, cuts = self._odds(place, cells, study)
        judged = Judged(
            layers.names, layers.tallies, layers.circles, cells, cells, odds, steps, cuts
        )
        figures = layer_figures(inputs, study, self.about, judged)
        if place != OUTDOORS:
            return replace(layers, figures=[table[list(JUDGED)] for table in figures])
        if layers.claims:  # circles know no definition
            return replace(layers, figures=figures)
        claims = layer_circles(inputs, self.about, self._centres, judged)
        return replace(layers, figures=figures, claims=claims)


def _served_anew(
    source: LevelSource,
    layer: int,
    parts: Parts,
    frame: tuple[Odds, NDArray[np.int32]],
    known: Tally,
) -> Tally:
    """Sum what of a layer is served; who serves is as it was."""
    tally = known.copy()
    for batch, weight in parts:
        if batch.cells.size:
            add_served(batch, weight, source.read(layer, batch.window), frame, tally)
    return tally


class _Near:
    """Levels of one layer over a window, read once."""

    def __init__(self, source: LevelSource, layer: int, window: Window) -> None:
        self._window, self._levels = window, source.read(layer, window)

    def read(self, layer: int, window: Window) -> Levels:  # noqa: ARG002 - of the one layer
        """Return part of them."""
        at = window.slices_in(self._window)
        held = self._levels
        left = None if held.left is None else held.left[at]
        return Levels(held.ticks[at], held.server[at], left)


def with_thresholds(plan: Plan, study: Study) -> Plan:
    """Return a plan whose cells have a study's thresholds."""
    budgets = study.radio.technologies
    thresholds = plan.cells["technology"].map({t: b.threshold_dbm for t, b in budgets.items()})
    return replace(plan, cells=plan.cells.assign(threshold_dbm=thresholds.astype(np.float64)))


def _other_boxes(old: Circles | None, new: Circles) -> NDArray[np.float64]:
    """Return (west, south, east, north) of circles that only one of two layers has."""
    sets = [
        set() if c is None else set(zip(c.x_m, c.y_m, c.radius_m, strict=True)) for c in (old, new)
    ]
    other = np.array(sorted(sets[0] ^ sets[1]), dtype=np.float64).reshape(-1, 3)
    x, y, radius = other.T
    return np.column_stack([x - radius, y - radius, x + radius, y + radius])


def _meet(batch: Footprints, grid: Grid, boxes: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the villages of a batch whose cells may lie in one of some boxes."""
    inside = np.zeros(batch.window.shape, dtype=np.bool_)
    for west, south, east, north in boxes:
        part = grid.window_of((west, south, east, north)).intersect(batch.window)
        inside[part.slices_in(batch.window)] = True
    there = np.flatnonzero(inside.ravel()[batch.cells])
    return np.unique(np.searchsorted(batch.offsets, there, side="right") - 1)
