"""What pages are told of a scenario: only what is not as in the study as it stands."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Transformer

from phusong.coverage.altered.layerbook import OUTDOORS, AlteredVillages
from phusong.coverage.altered.patched import Patched
from phusong.coverage.results import ANY
from phusong.coverage.signal.combine import TICK_DB
from phusong.coverage.signal.plan import LayerName
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
_KEYS: Final = frozenset({"code", "operator", "technology"})


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

    def __post_init__(self) -> None:
        """Note which rows and columns of the grid every line of pixels shows."""
        off = self.row < 0
        for name, values, axis in (("rows", self.row, 1), ("cols", self.col, 0)):
            least = np.where(off, np.iinfo(np.int32).max, values).min(axis=axis)
            object.__setattr__(self, f"_{name}", (least, values.max(axis=axis)))

    def around(self, window: Window) -> tuple[slice, slice] | None:
        """Return a rectangle of pixels that shows a window of the grid; None where none does."""
        out = []
        for (least, most), first, count in (
            (self._rows, window.row0, window.rows),  # type: ignore[attr-defined]
            (self._cols, window.col0, window.cols),  # type: ignore[attr-defined]
        ):
            lines = np.flatnonzero((most >= first) & (least < first + count))
            if not lines.size:
                return None
            out.append(slice(int(lines[0]), int(lines[-1]) + 1))
        return out[0], out[1]


class Payloads:
    """Puts into words of the page what follows from scenarios.

    Parameters
    ----------
    now, villages
        The study as it stands, as the page was made of it.
    longest_px
        Of the page's rasters.
    """

    def __init__(self, now: Results, villages: AlteredVillages, longest_px: int) -> None:
        self._now, self._was = now, villages.layers
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
        fresh = plan.cells["cell_id"][~plan.cells["cell_id"].isin(own)]
        servers["cell"] = positions(plan.cells["cell_id"], pd.Series([*own, *fresh]))
        return to_json({"revision": revision, "layers": layers, "signal": servers}).encode()

    def _is_new(self, layer: dict[str, Any]) -> bool:
        assert self._now.signal is not None
        known = {(one.operator, one.technology) for one in self._now.signal.layers}
        return (layer["operator"], layer["technology"]) not in known

    def _parts(self, signal: Patched, layer: int) -> list[dict[str, Any]]:
        """Return the rectangle of pixels in which a layer differs; none where it does not."""
        corners = []
        for patch in signal.of_layer(layer):
            rows = np.flatnonzero(patch.changed.any(axis=1)) + patch.window.row0
            cols = np.flatnonzero(patch.changed.any(axis=0)) + patch.window.col0
            corners.append((rows[0], cols[0], rows[-1] + 1, cols[-1] + 1))
        if not corners:
            return []
        row0, col0 = (int(v) for v in np.min(corners, axis=0)[:2])
        row1, col1 = (int(v) for v in np.max(corners, axis=0)[2:])
        place = self._picture.around(Window(row0, col0, row1 - row0, col1 - col0))
        return [] if place is None else [self._part(signal, layer, place)]

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
        cells, layers = seen.inputs.cells, seen.signal.cells.plan.layers
        out = []
        for place, now in seen.villages.layers.items():
            was = self._was[place]
            for i in sorted(seen.villages.touched):
                base, table = seen.signal.base[i], now.figures[i]
                rows = _other_rows(was.figures[base] if base >= 0 else None, table)
                columns: dict[str, Any] = {}
                if now.claims:
                    before = was.claims[base] if base >= 0 else None
                    rows = np.union1d(rows, _other_rows(before, now.claims[i]))
                    columns = circle_columns(now.claims[i].iloc[rows])
                if len(rows):
                    columns |= figure_columns(table.iloc[rows], cells)
                    out.append(_entry(place or OUTDOOR, layers[i], rows, columns))
        return out

    def _villages(self, seen: Seen) -> dict[str, Any]:
        assert self._now.coverage is not None
        told = ["nearest_site_id", "nearest_site_km", "flags"]
        old, new = self._now.coverage.villages[told], seen.coverage.villages[told]
        rows = _other_rows(old, new)
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
        people = seen.coverage.villages["people"].fillna(0.0).to_numpy(dtype=np.float64)
        held = (self._was[OUTDOORS], seen.villages.layers[OUTDOORS])
        old, new = (
            {n.operator: t for n, t in zip(h.names, h.figures, strict=True) if n.technology == ANY}
            for h in held
        )
        return [
            {
                "operator": name,
                "before": _counted(old.get(name), people),
                "after": _counted(new.get(name), people),
            }
            for name in sorted({*old, *new})
        ]


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


def _other_rows(old: pd.DataFrame | None, new: pd.DataFrame) -> NDArray[np.int64]:
    """Return the rows of a table that are not as in an older one; all without one."""
    if old is None:
        return np.arange(len(new))
    other = np.zeros(len(new), dtype=np.bool_)
    for name in new.columns:
        a, b = old[name].to_numpy(), new[name].to_numpy()
        if a is not b and name not in _KEYS:
            nothing = pd.isna(a) & pd.isna(b)
            other |= np.asarray(a != b, dtype=np.bool_) & ~nothing
    return np.flatnonzero(other)


def _entry(
    place: str, layer: LayerName, rows: NDArray[np.int64], columns: dict[str, Any]
) -> dict[str, Any]:
    return {
        "place": place,
        "operator": layer.operator,
        "technology": layer.technology,
        "rows": rows.tolist(),
        "columns": columns,
    }


def _bytes(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")
