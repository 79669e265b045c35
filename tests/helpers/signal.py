"""Signals to judge: rasters of given levels, and a model that stands in for propagation."""

from __future__ import annotations

import numpy as np
from shapely.geometry import box

from helpers.radio import X0, Y0, cells_frame, make_inputs, make_study, villages_frame
from phusong.coverage.propagation import PathLoss
from phusong.coverage.results import ANY, Signal, SignalLayer
from phusong.coverage.signal.combine import NO_LEVEL, NO_SHARE, Odds, share_steps
from phusong.coverage.signal.layerfiles import LayerWriter, signal_kinds
from phusong.coverage.signal.plan import plan_run
from phusong.errors import ModelError

CELL = 30.0
SIGMA_FREE = {"spread": {"sigma_model_db": 0, "sigma_location_db": 0}}
SITES = {"A": (X0 + 100.0, Y0 - 100.0), "B": (X0 + 4000.0, Y0 - 100.0)}
SHAPE = (60, 80)
A, B = (X0 + 315.0, Y0 - 915.0), (X0 + 2085.0, Y0 - 915.0)


def cell_box(row, col, rows=1, cols=1):
    return box(X0 + col * CELL, Y0 - (row + rows) * CELL, X0 + (col + cols) * CELL, Y0 - row * CELL)


def centre_of(row, col):
    return (X0 + (col + 0.5) * CELL, Y0 - (row + 0.5) * CELL)


def make_signal(
    folder, villages, levels, *, people=None, cells=None, servers=None, left=None, **tables
):
    """Villages over levels that are given: {(operator, technology): dBm array}, NaN is none.

    ``left``: share of the spread that measurements leave, of every layer.
    """
    shape = next(iter(levels.values())).shape
    cells = cells_frame(cells or [{"cell_id": "a", "site_id": "A"}])
    inputs = make_inputs(
        folder, cells=cells, sites=SITES, villages=villages, heights=np.zeros(shape), people=people
    )
    tables.setdefault("radio", SIGMA_FREE)
    study = make_study(folder, **tables)
    plan = plan_run(inputs, study)
    names = [(layer.operator, layer.technology) for layer in plan.layers]
    tightened = left is not None
    odds = Odds.of_cells(plan.cells, tightened=tightened)
    kinds = signal_kinds(len(plan.cells), tightened=tightened)
    with LayerWriter(folder / "out", inputs.grid, names, kinds) as writer:
        for i, name in enumerate(names):
            level = levels.get(name, levels[ANY, ANY])
            ticks = np.where(np.isnan(level), NO_LEVEL, np.rint(level * 10)).astype("int16")
            server = np.where(np.isnan(level), 0, 1 if servers is None else servers).astype("int32")
            tight = [np.where(server > 0, share_steps(left), NO_SHARE)] if tightened else []
            steps = odds.steps(ticks, server, *tight)
            writer.write(i, inputs.grid.window, (ticks, server, steps, *tight))
    layers = tuple(SignalLayer(*n, *p) for n, p in zip(names, writer.paths, strict=True))
    return inputs, study, Signal(inputs.grid, layers, plan.cells)


class Model:
    """Stands in for propagation: 100 dB, 1 dB more every 100 m, 6 dB more above 1 GHz."""

    def __init__(self):
        self.calls = []
        self.refuse = None

    def __call__(self, surface, tx, freqs_mhz, settings):
        if self.refuse and self.refuse(tx, freqs_mhz):
            raise ModelError("refused {f}", params={"f": freqs_mhz[0]})
        self.calls.append((tx.x_m, tuple(freqs_mhz)))
        rows, cols = surface.height_m.shape
        x = surface.x0_m + (np.arange(cols) + 0.5) * surface.cell_m
        y = surface.y0_m - (np.arange(rows) + 0.5) * surface.cell_m
        d = np.hypot(x[None, :] - tx.x_m, y[:, None] - tx.y_m)
        beyond = (d > settings.radius_m) | np.isnan(surface.height_m)
        loss = np.stack([100 + d / 100 + (6 if f > 1000 else 0) for f in freqs_mhz])
        loss[:, beyond] = np.nan
        elevation = np.where(beyond, np.nan, 0.0)
        return PathLoss(
            0,
            0,
            tuple(freqs_mhz),
            loss.astype("float32"),
            elevation.astype("float32"),
            np.zeros((rows, cols), dtype="uint8"),
        )


def setup(folder, rows, heights=None, sites=None, **tables):
    inputs = make_inputs(
        folder,
        cells=cells_frame(rows),
        sites=sites or {"A": A, "B": B},
        villages=villages_frame({}),
        heights=np.zeros(SHAPE) if heights is None else heights,
    )
    tables.setdefault("radio", {"radius_km": 5.0})
    return inputs, make_study(folder, **tables)


def omni(cell_id, site_id, **more):
    return {"cell_id": cell_id, "site_id": site_id, **more}
