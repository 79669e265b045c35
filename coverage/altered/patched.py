"""The signal of an altered study: that of the study as it stands, but for tiles that differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.altered.differing import Differing, Ints
from phusong.coverage.altered.heldtiles import tiles_over
from phusong.coverage.altered.standing import Standing
from phusong.coverage.signal.bestservers import BestServers
from phusong.coverage.signal.combine import ALL_LEFT, NO_SHARE
from phusong.coverage.signal.layerfiles import TILE, Levels
from phusong.coverage.signal.losses import Losses, LossReport
from phusong.coverage.signal.signal import with_problems
from phusong.coverage.signal.tiles import Tiles
from phusong.grid import Window
from phusong.progress import Progress

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Patch:
    """One layer on one tile, where it is not what it was."""

    window: Window
    levels: Levels
    changed: Bools
    """(rows, cols) where level, server or spread are other than they were."""


@dataclass(frozen=True)
class Patched:
    """The signal of an altered study.

    Attributes
    ----------
    standing
        What it differs from.
    cells
        Both studies' cells, and the plan.
    base
        (layers of the altered study,) where each stands in ``standing``; -1: nowhere.
    patches
        (layer, tile) -> what differs.
    report
        What the model refused.
    """

    standing: Standing
    cells: Differing
    base: tuple[int, ...]
    patches: Mapping[tuple[int, int], Patch]
    report: LossReport = field(default_factory=LossReport)

    def read(self, layer: int, window: Window) -> Levels:
        """Return what one layer holds over a window in the grid, servers by number plus one."""
        found = self.standing.read(self.base[layer], window)
        over = [
            patch
            for tile in tiles_over(self.standing.grid, window)
            if (patch := self.patches.get((layer, tile))) is not None
        ]
        if not over:
            return found
        left = None if found.left is None else found.left.copy()
        found = Levels(found.ticks.copy(), found.server.copy(), left)
        for patch in over:
            part = patch.window.intersect(window)
            here, there = part.slices_in(window), part.slices_in(patch.window)
            for mine, its in _arrays(found, patch.levels):
                mine[here] = its[there]
        return found

    def of_layer(self, layer: int) -> list[Patch]:
        """Return all patches of a layer."""
        return [patch for (i, _), patch in self.patches.items() if i == layer]


def _arrays(one: Levels, other: Levels) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    pairs: list[tuple[NDArray[Any], NDArray[Any]]] = [
        (one.ticks, other.ticks),
        (one.server, other.server),
    ]
    if one.left is not None and other.left is not None:
        pairs.append((one.left, other.left))
    return pairs


def patch_signal(
    standing: Standing, cells: Differing, losses: Losses, progress: Progress
) -> Patched:
    """Put fresh cells into a signal and take those that are gone out of it.

    Where a cell that is gone served, all others compete again; elsewhere only fresh cells do.
    What comes out equals a run of the altered study, cell by cell.

    Parameters
    ----------
    losses
        Of the altered study; the losses of fresh masts are kept in its store.
    progress
        Told of the steps ``propagation`` and ``combine``; may raise to stop.
    """
    plan = cells.plan
    report = losses.ensure([plan.masts[i] for i in cells.masts], progress)
    stay = (mast for i, mast in enumerate(plan.masts) if i not in cells.masts)
    for place in ((m.site_id, m.height_m, f) for m in stay for f in m.freqs_mhz):
        if place in standing.report.problems:
            report.problems[place] = standing.report.problems[place]
    tiles = Tiles(plan, losses, report, standing.grid, standing.correction)
    work = _Patching(standing, cells, tiles, losses)
    windows = [standing.grid.tiles(TILE)[i] for i in work.touched]
    progress.start("combine", len(windows), "Best server of every place")
    found: dict[tuple[int, int], Patch] = {}
    for tile, (_, patches) in zip(work.touched, tiles.in_order(work.patch, windows), strict=True):
        found.update({(layer, tile): patch for layer, patch in patches.items()})
        progress.advance("combine")
    known = replace(cells, plan=replace(plan, cells=with_problems(plan, report)))
    return Patched(standing, known, work.base, found, report)


class _Patching:
    """Patches tiles one by one."""

    def __init__(self, standing: Standing, cells: Differing, tiles: Tiles, losses: Losses) -> None:
        plan, old = cells.plan, standing.plan
        self._standing, self._cells, self._tiles = standing, cells, tiles
        self._best = BestServers(tiles, standing.correction)
        self.base = tuple(standing.index(name) for name in plan.layers)
        self._fresh = {i: losses.window(plan.masts[i]) for i in cells.masts}
        self._gone = [
            (losses.window(mast), dead)
            for mast in old.masts
            for dead in [mast.cells[np.isin(mast.cells, cells.gone)]]
            if len(dead)
        ]
        # A layer that is gone altogether is gone from the combinations too.
        places = {(n.operator, n.technology): i for i, n in enumerate(plan.layers)}
        self._layer_of_old = np.array(
            [places.get((n.operator, n.technology), -1) for n in old.plain], dtype=np.int64
        )
        reached = [*self._fresh.values(), *(window for window, _ in self._gone)]
        self.touched = sorted({t for w in reached for t in tiles_over(standing.grid, w)})

    def patch(self, window: Window) -> dict[int, Patch]:
        """Return what differs on a tile, by layer."""
        plan = self._cells.plan
        dead = self._dead_here(window)
        fresh = [i for i, reach in self._fresh.items() if not reach.intersect(window).empty]
        lost = self._layers_of_dead(dead)
        gained = {
            int(plan.layer_of_cell[c])
            for i in fresh
            for c in np.intersect1d(plan.masts[i].cells, self._cells.fresh)
        }
        layers = sorted((lost | gained) - {-1})
        out: dict[int, Patch] = {}
        if layers:
            out = self._plain(window, layers, dead, fresh)
        vanished = any(self._gone_layers(dead))
        for i, name in enumerate(plan.combined, start=len(plan.plain)):
            if vanished or any(m in out for m in name.members) or self.base[i] < 0:
                patch = self._combined(window, i, name.members, out)
                if patch is not None:
                    out[i] = patch
        return out

    def _dead_here(self, window: Window) -> Ints:
        parts = [dead for reach, dead in self._gone if not reach.intersect(window).empty]
        return np.concatenate([np.zeros(0, dtype=np.int64), *parts])

    def _layers_of_dead(self, dead: Ints) -> set[int]:
        old = np.unique(self._standing.plan.layer_of_cell[dead])
        return {int(i) for i in self._layer_of_old[old]}

    def _gone_layers(self, dead: Ints) -> list[bool]:
        old = np.unique(self._standing.plan.layer_of_cell[dead])
        return [int(i) < 0 for i in self._layer_of_old[old]]

    def _plain(
        self, window: Window, layers: list[int], dead: Ints, fresh: list[int]
    ) -> dict[int, Patch]:
        """Compete again on a tile, in some plain layers."""
        plan, standing = self._cells.plan, self._standing
        level = np.empty((len(layers), *window.shape), dtype=np.float32)
        server = np.empty((len(layers), *window.shape), dtype=np.int32)
        for k, i in enumerate(layers):
            level[k], server[k] = standing.strongest(self.base[i], window)
        before = server.copy(), level.copy()
        layer_of = np.full(len(plan.cells), -1, dtype=np.int64)
        for k, i in enumerate(layers):
            layer_of[plan.layer_of_cell == i] = k
        if len(dead):
            self._take_out(window, dead, layer_of, level, server)
        for lit in self._tiles.lit(window, fresh):
            own = np.intersect1d(lit.reach.mast.cells, self._cells.fresh)
            self._best.compete(lit, own, level, server, None, layer_of)
        out = {}
        for k, i in enumerate(layers):
            if (server[k] == before[0][k]).all() and (level[k] == before[1][k]).all():
                continue
            ticks, who, left = self._best.settle(i, window, level[k], server[k])
            if standing.correction.tightens:
                left = np.full(window.shape, ALL_LEFT, np.uint8) if left is None else left
                left[who == 0] = NO_SHARE
            patch = self._if_other(window, i, Levels(ticks, who.copy(), left))
            if patch is not None:
                out[i] = patch
        return out

    def _take_out(
        self,
        window: Window,
        dead: Ints,
        layer_of: Ints,
        level: NDArray[np.float32],
        server: NDArray[np.int32],
    ) -> None:
        """Let all that stay compete for the places that dead cells served."""
        plan = self._cells.plan
        lookup = np.zeros(len(plan.cells) + 1, dtype=np.bool_)
        lookup[dead + 1] = True
        lost = lookup[server]
        level[lost], server[lost] = -np.inf, 0
        places: Bools = np.logical_or.reduce(lost, axis=0)
        if not places.any():
            return
        rows, cols = np.flatnonzero(places.any(axis=1)), np.flatnonzero(places.any(axis=0))
        part = Window(
            window.row0 + int(rows[0]),
            window.col0 + int(cols[0]),
            int(rows[-1] - rows[0]) + 1,
            int(cols[-1] - cols[0]) + 1,
        )
        inside = part.slices_in(window)
        wanted = np.array([one.any() for one in lost])
        stays = np.setdiff1d(np.flatnonzero(layer_of >= 0), self._cells.fresh)
        stays = stays[wanted[layer_of[stays]]]
        masts = [i for i, m in enumerate(plan.masts) if np.isin(m.cells, stays).any()]
        for lit in self._tiles.lit(part, masts):
            own = np.intersect1d(lit.reach.mast.cells, stays)
            at = (slice(None), *inside)
            self._best.compete(lit, own, level[at], server[at], places[inside], layer_of)

    def _combined(
        self, window: Window, layer: int, members: tuple[int, ...], plain: dict[int, Patch]
    ) -> Patch | None:
        """Take the best of the members of a combination again."""
        parts = [
            plain[m].levels if m in plain else self._standing.read(self.base[m], window)
            for m in members
        ]
        best = self._best.best_of(self._cells.plan.layers[layer], parts, window)
        if self._standing.correction.tightens and best.left is None:
            best = Levels(best.ticks, best.server, np.zeros(window.shape, dtype=np.uint8))
        return self._if_other(window, layer, best)

    def _if_other(self, window: Window, layer: int, levels: Levels) -> Patch | None:
        old = self._standing.read(self.base[layer], window)
        changed = np.zeros(window.shape, dtype=np.bool_)
        for one, other in _arrays(old, levels):
            changed |= one != other
        # A cell that is altered keeps its number, but not what its number means.
        altered = np.zeros(len(self._cells.plan.cells) + 1, dtype=np.bool_)
        altered[self._cells.fresh + 1] = True
        changed |= altered[levels.server]
        return Patch(window, levels, changed) if changed.any() else None
