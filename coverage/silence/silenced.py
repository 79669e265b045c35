"""Villages when masts fall silent: what is left of the signal without some sites, many times over.

A cut cable silences some sites; a province has thousands of cuts. Judging the villages anew for
each would combine the same levels again and again. Here every place of a village keeps, for each
operator and technology, the masts it hears, best first; without the silent ones the next in
the list serves. The lists are short, and lengthened where a whole list falls silent, so that the
answer equals a run without those sites, cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.signal.combine import Odds
from phusong.coverage.signal.correction import Correction
from phusong.coverage.signal.losses import Losses
from phusong.coverage.signal.plan import plan_run
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.signal.tiles import Tiles
from phusong.coverage.silence.heard import Heard, Service
from phusong.coverage.villages.centre_cells import Centres
from phusong.coverage.villages.footprints import Footprints, footprints
from phusong.coverage.villages.verdict import grade
from phusong.coverage.villages.weights import Weights, census
from phusong.grid import Window
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import Study

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_LIST: Final = 4
"""Masts kept at first for each place, operator and technology."""
_CELLS: Final = 150_000
"""Places looked at together."""


@dataclass(frozen=True)
class Silence:
    """What becomes of villages in one event.

    Attributes
    ----------
    village
        (changed,) rows of the villages of which less is served.
    share, centre
        (changed,) served share, and whether the centre is served.
    """

    village: Ints
    share: Floats
    centre: Bools


@dataclass(frozen=True)
class _Chunk:
    """Some villages whose places are looked at together.

    Attributes
    ----------
    rows
        (villages,) positions in the frame.
    window, cells
        Cells of the grid; (places,) unique, flat in the window.
    village, place, weight
        (parts,) of the part cells: index into ``rows``, into ``cells``, weight.
    total
        (villages,) whole weight.
    centre
        (villages,) place of the centre; -1 off the grid.
    """

    rows: Ints
    window: Window
    cells: Ints
    village: Ints
    place: Ints
    weight: Floats
    total: Floats
    centre: Ints

    def judge(self, served: Bools) -> tuple[Floats, Bools]:
        """Return (villages,) served share and whether the centre is served."""
        counted = self.weight * served[self.place]
        weight = np.bincount(self.village, counted, minlength=len(self.rows)).astype(np.float64)
        share = np.divide(weight, self.total, out=np.zeros_like(weight), where=self.total > 0)
        centre = (self.centre >= 0) & served[self.centre] if len(served) else self.centre < -1
        return np.clip(share, 0.0, 1.0), centre


def _chunks(inputs: Inputs, weights: Weights) -> Iterator[_Chunk]:
    """Give the villages in parts of at most ``_CELLS`` places (one village at least).

    ``weights`` is full at the end.
    """
    villages, grid = inputs.villages, inputs.grid
    area_cells = villages.geometry.area.to_numpy(dtype=np.float64) / grid.cell_m**2
    centres = Centres(villages, grid)
    for batch in footprints(villages, grid):
        weight = weights.weigh(batch)
        total = weights.whole(batch.rows, area_cells)
        start = 0
        while start < len(batch.rows):
            limit = batch.offsets[start] + _CELLS
            stop = max(start + 1, int(np.searchsorted(batch.offsets, limit, side="right")) - 1)
            some = slice(start, min(stop, len(batch.rows)))
            yield _chunk(batch, some, weight, total, centres)
            start = stop


def _chunk(
    batch: Footprints, some: slice, weight: Floats, total: Floats, centres: Centres
) -> _Chunk:
    """Cut some villages out of a batch, with a window of their own."""
    rows = batch.rows[some]
    part = slice(batch.offsets[some.start], batch.offsets[some.stop])
    row, col = np.divmod(batch.cells[part], max(batch.window.cols, 1))
    where = centres.cells(rows)
    there = np.array([w is not None for w in where], dtype=bool)
    at = np.array([w for w in where if w is not None], dtype=np.int64).reshape(-1, 2)
    row = np.concatenate([row + batch.window.row0, at[:, 0]])
    col = np.concatenate([col + batch.window.col0, at[:, 1]])
    if not len(row):
        window = Window(0, 0, 0, 0)
    else:
        row0, col0 = int(row.min()), int(col.min())
        window = Window(row0, col0, int(row.max()) - row0 + 1, int(col.max()) - col0 + 1)
    flat = (row - window.row0) * window.cols + col - window.col0
    cells, place = np.unique(flat, return_inverse=True)
    count = part.stop - part.start
    centre = np.full(len(rows), -1, dtype=np.int64)
    centre[there] = place[count:]
    lengths = np.diff(batch.offsets[some.start : some.stop + 1])
    return _Chunk(
        rows,
        window,
        cells,
        np.repeat(np.arange(len(rows)), lengths),
        place[:count],
        weight[part],
        total[some],
        centre,
    )


class SilencedVillages:
    """Verdicts of the villages now, and without sets of sites.

    Parameters
    ----------
    inputs, study
        As for :func:`phusong.coverage.signal.signal.compute_signal`.
    store
        Where path losses are kept; what is missing is computed.
    """

    def __init__(self, inputs: Inputs, study: Study, store: PathLossStore) -> None:
        self._inputs, self._study = inputs, study
        self._plan = plan_run(inputs, study)
        self._losses = Losses(inputs, study, store)
        # Events that silence much do so in most chunks: what one needed, the next begins with.
        self._length = _LIST

    def without(
        self, events: Sequence[frozenset[str]], progress: Progress | None = None
    ) -> tuple[pd.DataFrame, list[Silence]]:
        """Judge the villages under every event.

        Memory is bounded by the masts heard at some places and the changes found.

        Parameters
        ----------
        events
            Sites that fall silent at once.
        progress
            Told of the steps ``propagation`` and ``silenced``.

        Returns
        -------
        now, changes
            ``share``, ``centre``, ``grade``, ``people`` (NaN where not known) of every village as
            it is; and one :class:`Silence` an event, of the layer of any operator and technology
            of the verdict.
        """
        told = progress or NoProgress()
        report = self._losses.ensure(self._plan.masts, told)
        correction = Correction(self._inputs, self._study)
        tiles = Tiles(self._plan, self._losses, report, self._inputs.grid, correction)
        layers = np.array(self._plan.combined[-1].members, dtype=np.int64)
        odds = Odds.of_cells(self._plan.cells, tightened=correction.tightens)
        cut = odds.served_from_tick(self._study.verdict.probability)
        count = len(self._inputs.villages)
        share, centre = np.zeros(count), np.zeros(count, dtype=bool)
        found: list[list[tuple[Ints, Floats, Bools]]] = [[] for _ in events]
        told.start("silenced", count, "Villages when sites fall silent")
        weights = Weights(self._inputs.villages, self._study, self._inputs.people)
        for chunk in _chunks(self._inputs, weights):
            levels = Service(correction, self._plan, layers, chunk.window, chunk.cells, odds, cut)
            heard = _Silenceable(tiles, layers, chunk, levels, self._length)
            now = heard.now
            share[chunk.rows], centre[chunk.rows] = now
            for which, after in heard.under(events):
                less = (after[0] != now[0]) | (after[1] != now[1])
                if less.any():
                    found[which].append((chunk.rows[less], after[0][less], after[1][less]))
            self._length = heard.length
            told.advance("silenced", len(chunk.rows))
        table = pd.DataFrame({"share": share, "centre": centre})
        table["grade"] = grade(centre, share, self._study.verdict)
        table["people"], _ = census(self._inputs.villages, weights.on_raster)
        return table, [_together(parts) for parts in found]


def _together(parts: list[tuple[Ints, Floats, Bools]]) -> Silence:
    if not parts:
        return Silence(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, dtype=bool))
    village, share, centre = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(village, kind="stable")
    return Silence(village[order], share[order], centre[order])


class _Silenceable:
    """One chunk of villages, judged under any event."""

    def __init__(
        self, tiles: Tiles, layers: Ints, chunk: _Chunk, levels: Service, length: int
    ) -> None:
        self._tiles, self._layers, self._chunk, self._levels = tiles, layers, chunk, levels
        cells = tiles.plan.cells
        self._sites = cells["site_id"].astype(str).to_numpy(dtype=object)
        self._listen(length)
        every = np.arange(len(chunk.cells))
        nobody = np.zeros(len(cells) + 1, dtype=bool)
        first = self._heard.without(nobody, every)
        assert first is not None  # a list is too short only where all of it is silent
        self._served = levels.served(*first, every)
        self.now = chunk.judge(self._served)
        self._places = self._places_by_site(first[1])

    @property
    def length(self) -> int:
        """Masts kept for each place and layer."""
        return int(self._heard.levels.shape[2])

    def _listen(self, length: int) -> None:
        """Make the lists, and note the sites that are in any."""
        chunk = self._chunk
        self._heard = Heard(self._tiles, self._layers, chunk.window, chunk.cells, length)
        servers = np.unique(self._heard.servers)
        self._present = frozenset(self._sites[servers[servers > 0] - 1].tolist())

    def _places_by_site(self, server: NDArray[np.int32]) -> dict[str, Ints]:
        """Return the places that each site serves in any layer."""
        _, place = np.nonzero(server)
        site = self._sites[server[server > 0] - 1].astype(str)
        table = pd.DataFrame({"site": site, "place": place}).drop_duplicates()
        return {str(s): g["place"].to_numpy() for s, g in table.groupby("site", sort=True)}

    def under(self, events: Sequence[frozenset[str]]) -> Iterator[tuple[int, tuple[Floats, Bools]]]:
        """Give event and (share, centre) of every event that silences anything heard here."""
        known: dict[frozenset[str], tuple[Floats, Bools]] = {}
        for which, event in enumerate(events):
            if self._places.keys().isdisjoint(event):
                continue
            found = known.get(event & self._present)
            if found is None:
                found = self._judge(event)
                # Lists that were lengthened on the way name more sites: the key is of the new ones.
                known[event & self._present] = found
            yield which, found

    def _judge(self, silent: frozenset[str]) -> tuple[Floats, Bools]:
        dead = np.concatenate([[False], np.isin(self._sites, list(silent))])
        losing = np.zeros(len(self._chunk.cells), dtype=bool)
        for site in silent & self._places.keys():
            losing[self._places[site]] = True
        places = np.flatnonzero(losing)
        found = self._heard.without(dead, places)
        while found is None:
            self._listen(2 * self.length)
            found = self._heard.without(dead, places)
        served = self._served.copy()
        served[places] = self._levels.served(*found, places)
        return self._chunk.judge(served)
