"""What pages are told of a scenario: only what is not as in the study as it stands."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Transformer

from phusong.coverage.altered.patched import Patched
from phusong.coverage.results import ANY
from phusong.coverage.signal.combine import TICK_DB
from phusong.coverage.villages.verdict import GRADE_LETTERS, GRADE_RANK
from phusong.grid import Grid, Window
from phusong.maps.book import to_json
from phusong.maps.codec import positions, scaled, texts
from phusong.maps.mercator import MERCATOR, Frame
from phusong.maps.sections.areas import circle_columns, figure_columns
from phusong.maps.sections.fiber import cable_section, pop_section, reach_section, weak_section
from phusong.maps.sections.masts import cell_section, site_section
from phusong.maps.sections.remarks import indicator_section
from phusong.maps.sections.signal import level_bytes, server_section
from phusong.results.model import Results
from phusong.studio.cost import cost_of
from phusong.studio.session import Seen

OUTDOOR: Final = "outdoor"


@dataclass(frozen=True)
class Picture:
    """The page's rasters: which cell of the grid every pixel shows.

    Attributes
    ----------
    row, col
        (rows, cols) int32; -1 where the pixel lies off the grid.
    """

    grid: Grid
    row: NDArray[np.int32]
    col: NDArray[np.int32]

    @classmethod
    def over(cls, grid: Grid, frame: Frame, longest_px: int) -> Picture:
        """Find the cell under the middle of each pixel."""
        transform, rows, cols = frame.picture(longest_px)
        x = transform.c + (np.arange(cols) + 0.5) * transform.a
        y = transform.f + (np.arange(rows) + 0.5) * transform.e
        mx, my = np.meshgrid(x, y)
        step = Transformer.from_crs(MERCATOR, grid.crs, always_xy=True)
        east, north = step.transform(mx.ravel(), my.ravel())
        row, col = grid.cell_of(np.asarray(east), np.asarray(north))
        off = (row < 0) | (row >= grid.rows) | (col < 0) | (col >= grid.cols)
        row[off], col[off] = -1, -1
        shape = (rows, cols)
        return cls(grid, row.reshape(shape).astype(np.int32), col.reshape(shape).astype(np.int32))

    def around(self, window: Window) -> tuple[slice, slice] | None:
        """Return the rectangle of pixels that shows a window of the grid; None where none does."""
        inside = (
            (self.row >= window.row0)
            & (self.row < window.row0 + window.rows)
            & (self.col >= window.col0)
            & (self.col < window.col0 + window.cols)
        )
        rows, cols = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        if not rows.size:
            return None
        return slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1)


class Payloads:
    """Puts into words of the page what follows from scenarios.

    Parameters
    ----------
    now
        The study as it stands, as the page was made of it.
    longest_px
        Of the page's rasters.
    """

    def __init__(self, now: Results, longest_px: int) -> None:
        self._now = now
        self._frame = Frame.over(now.inputs.grid)
        self._picture = Picture.over(now.inputs.grid, self._frame, longest_px)

    def drawn(self, revision: int, signal: Patched) -> bytes:
        """Return the pictures of plain layers where they differ, as JSON."""
        plan = signal.cells.plan
        layers = [
            {
                "operator": name.operator,
                "technology": name.technology,
                "parts": self._parts(signal, i),
            }
            for i, name in enumerate(plan.plain)
        ]
        layers = [layer for layer in layers if layer["parts"] or self._is_new(layer)]
        servers = server_section(
            plan.cells,
            pd.DataFrame({"cell_id": plan.cells["cell_id"]}),
            self._now.study,
            tightened=signal.standing.correction.tightens,
        )
        # Cells that are listed on the page: those of the study, then new ones in this order.
        own = self._now.inputs.cells["cell_id"]
        fresh = [c for c in plan.cells["cell_id"] if c not in set(own)]
        servers["cell"] = positions(plan.cells["cell_id"], pd.Series([*own, *fresh]))
        return to_json({"revision": revision, "layers": layers, "signal": servers}).encode()

    def _is_new(self, layer: dict[str, Any]) -> bool:
        assert self._now.signal is not None
        known = {(one.operator, one.technology) for one in self._now.signal.layers}
        return (layer["operator"], layer["technology"]) not in known

    def _parts(self, signal: Patched, layer: int) -> list[dict[str, Any]]:
        patches = signal.of_layer(layer)
        parts = []
        for patch in patches:
            rows = np.flatnonzero(patch.changed.any(axis=1))
            cols = np.flatnonzero(patch.changed.any(axis=0))
            window = Window(
                patch.window.row0 + int(rows[0]),
                patch.window.col0 + int(cols[0]),
                int(rows[-1] - rows[0]) + 1,
                int(cols[-1] - cols[0]) + 1,
            )
            place = self._picture.around(window)
            if place is not None:
                parts.append(self._part(signal, layer, place))
        return parts

    def _part(self, signal: Patched, layer: int, place: tuple[slice, slice]) -> dict[str, Any]:
        row, col = self._picture.row[place], self._picture.col[place]
        seen = row >= 0
        row0, col0 = int(row[seen].min()), int(col[seen].min())
        rows, cols = int(row[seen].max()) - row0 + 1, int(col[seen].max()) - col0 + 1
        window = Window(row0, col0, rows, cols)
        levels = signal.read(layer, window)
        at = np.where(seen, row - row0, 0), np.where(seen, col - col0, 0)
        server = np.where(seen, levels.server[at], 0)
        level = np.where(server > 0, levels.ticks[at] * TICK_DB, np.nan).astype(np.float32)
        part = {
            "x": place[1].start,
            "y": place[0].start,
            "width": row.shape[1],
            "height": row.shape[0],
            "level": _bytes(level_bytes(level)),
            "server": _bytes(server.astype("<u2")),
        }
        if levels.left is not None:
            part["left"] = _bytes(np.where(seen, levels.left[at], 0).astype(np.uint8))
        return {key: int(v) if isinstance(v, np.integer) else v for key, v in part.items()}

    def seen(self, revision: int, seen: Seen) -> bytes:
        """Return verdicts where they differ, and the lists the page shows, as JSON."""
        now, frame = self._now, self._frame
        inputs = seen.inputs
        body: dict[str, Any] = {
            "revision": revision,
            "sites": site_section(inputs, frame),
            "cells": cell_section(inputs, now.study),
            "figures": self._figures(seen),
            "villages": self._villages(seen),
            "indicators": indicator_section(seen.indicators),
            "changes": self._changes(seen),
            "carriers": self._carriers(seen),
            "cost": cost_of(seen, now),
        }
        if seen.fiber is not None and seen.fiber is not now.fiber:
            tolerance_m = inputs.grid.cell_m / 2
            body |= {
                "cables": cable_section(seen.fiber, frame, tolerance_m),
                "edges": texts(seen.fiber.edges["edge_id"]),
                "pops": pop_section(inputs, frame),
                "reach": reach_section(seen.fiber, inputs, frame),
                "weak": weak_section(seen.fiber, inputs, frame),
            }
        return to_json(body).encode()

    def _figures(self, seen: Seen) -> list[dict[str, Any]]:
        """Return the rows of every layer that are not as they were."""
        cells = seen.inputs.cells
        old, new = self._now.coverage, seen.coverage
        assert old is not None
        count = len(new.villages)
        was, circled = _by_layer(old.by_layer), _by_layer(old.circles)
        circles = _by_layer(new.circles)
        out = []
        for layer, part in _by_layer(new.by_layer).items():
            rows = _other_rows(was.get(layer), part, count)
            claims = circles[layer]
            around = _other_rows(circled.get(layer), claims, count)
            both = np.union1d(rows, around)
            if len(both):
                columns = {
                    **figure_columns(part.iloc[both], cells),
                    **circle_columns(claims.iloc[both]),
                }
                out.append(_entry(OUTDOOR, layer, both, columns))
        for place, there in new.by_place.groupby("place", sort=False):
            before = old.by_place[old.by_place["place"] == place]
            were = _by_layer(before)
            for layer, part in _by_layer(there).items():
                rows = _other_rows(were.get(layer), part, count)
                if len(rows):
                    columns = figure_columns(part.iloc[rows], cells)
                    out.append(_entry(str(place), layer, rows, columns))
        return out

    def _villages(self, seen: Seen) -> dict[str, Any]:
        assert self._now.coverage is not None
        told = ["nearest_site_id", "nearest_site_km", "flags"]
        old, new = self._now.coverage.villages[told], seen.coverage.villages[told]
        rows = _other_rows(old, new, len(new))
        some = new.iloc[rows]
        return {
            "rows": rows.tolist(),
            "nearest_site": texts(some["nearest_site_id"]),
            "nearest_site_km": scaled(some["nearest_site_km"], 2),
            "flags": texts(some["flags"]),
        }

    def _changes(self, seen: Seen) -> dict[str, Any]:
        """Return the villages whose verdict changes, of any carrier, most people first."""
        assert self._now.coverage is not None
        return changes_of(self._now.coverage.villages, seen.coverage.villages)

    def _carriers(self, seen: Seen) -> list[dict[str, Any]]:
        """Return villages covered and people served of each carrier, now and with it."""
        assert self._now.coverage is not None
        old, new = (_by_layer(c.by_layer) for c in (self._now.coverage, seen.coverage))
        people = seen.coverage.villages["people"].fillna(0.0).to_numpy(dtype=np.float64)
        out = []
        for layer in sorted({*old, *new}):
            if layer[1] != ANY:
                continue
            figures = [_counted(part.get(layer), people) for part in (old, new)]
            out.append({"operator": layer[0], "before": figures[0], "after": figures[1]})
        return out


def changes_of(old: pd.DataFrame, new: pd.DataFrame) -> dict[str, Any]:
    """Return rows of villages that gain or lose, with grades and people, best first."""
    before, after = (frame["grade"].map(GRADE_RANK).to_numpy() for frame in (old, new))
    was, now = (
        frame["people_unserved"].to_numpy(dtype=np.float64).round(6) for frame in (old, new)
    )
    gained = np.nan_to_num(was - now)
    rows = np.flatnonzero((before != after) | (np.abs(gained) >= 1.0))
    order = rows[np.lexsort((rows, -gained[rows], (after - before)[rows]))]
    return {
        "rows": order.tolist(),
        "before": "".join(GRADE_LETTERS[g] for g in old["grade"].to_numpy()[order]),
        "after": "".join(GRADE_LETTERS[g] for g in new["grade"].to_numpy()[order]),
        "people": scaled(pd.Series(gained[order]), 0),
        "share": scaled(new["served_share"].iloc[order] * 100, 1),
        "gained": scaled(pd.Series([float(gained.sum())]), 0)[0],
    }


def _counted(part: pd.DataFrame | None, people: NDArray[np.float64]) -> dict[str, float]:
    if part is None:
        return {"covered": 0, "people": 0.0}
    share = part["served_share"].to_numpy(dtype=np.float64)
    return {
        "covered": int((part["grade"] == "covered").sum()),
        "people": round(float((people * share).sum()), 1),
    }


def _by_layer(long: pd.DataFrame) -> dict[tuple[str, str], pd.DataFrame]:
    if long.empty:
        return {}
    return {
        (str(operator), str(technology)): part.reset_index(drop=True)
        for (operator, technology), part in long.groupby(["operator", "technology"], sort=False)
    }


def _other_rows(old: pd.DataFrame | None, new: pd.DataFrame, count: int) -> NDArray[np.int64]:
    if old is None:
        return np.arange(count)
    other = np.zeros(count, dtype=np.bool_)
    for name in new.columns:
        a, b = old[name].to_numpy(dtype=object), new[name].to_numpy(dtype=object)
        if a is not b:
            other |= (a != b) & ~(pd.isna(a) & pd.isna(b))
    return np.flatnonzero(other)


def _entry(
    place: str, layer: tuple[str, str], rows: NDArray[np.int64], columns: dict[str, Any]
) -> dict[str, Any]:
    return {
        "place": place,
        "operator": layer[0],
        "technology": layer[1],
        "rows": rows.tolist(),
        "columns": columns,
    }


def _bytes(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")
