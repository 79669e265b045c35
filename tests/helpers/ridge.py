"""A plain with a ridge: one mast in the west, villages in its shadow to plan masts for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from helpers.radio import BARE, cells_frame, make_inputs, make_study, villages_frame
from helpers.signal import cell_box, centre_of
from phusong.coverage.results import Signal, VillageCoverage
from phusong.coverage.signal.signal import compute_signal
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.villages.assess import assess_villages
from phusong.planning.assess import plan_sites
from phusong.planning.results import SitePlan
from phusong.sources import Inputs
from phusong.study import Study

ROWS, COLS = 160, 240
WEST, RIDGE, EAST = (60, 20, 20, 20), (60, 112, 20, 14), (60, 180, 20, 20)
"""Villages before, on and behind the ridge: cells of their boxes."""


class Ridge(NamedTuple):
    """Inputs, and what a run of them finds."""

    inputs: Inputs
    study: Study
    store: PathLossStore
    signal: Signal
    coverage: VillageCoverage

    def plan(self, **update: Any) -> tuple[SitePlan, Study]:
        """Plan masts under the study's [planning] with some settings changed."""
        planning = self.study.planning.model_copy(update=update)
        study = self.study.model_copy(update={"planning": planning})
        return plan_sites(self.inputs, study, self.signal, self.coverage, None, self.store), study


def make_ridge(folder: Path, villages: dict[str, tuple[int, int, int, int]], rounds: int) -> Ridge:
    """Make the plain with villages by code, judged without any plan."""
    heights = np.full((ROWS, COLS), 300.0)
    heights[:, 112:118] = 420.0
    inputs = make_inputs(
        folder,
        cells=cells_frame([{"cell_id": "a", "site_id": "A", "eirp_dbm": 50.0}]),
        sites={"A": centre_of(70, 30)},
        villages=villages_frame({code: cell_box(*box) for code, box in villages.items()}),
        heights=heights,
        people=np.full((ROWS, COLS), 0.5),
    )
    study = make_study(
        folder,
        radio={**BARE, "radius_km": 9.0},
        planning={
            "candidates": {"near_km": 1.5, "spacing_m": 900.0, "along_roads": False},
            "site": {"height_m": 30.0, "eirp_dbm": 50.0},
            "rounds": rounds,
            "time_limit_s": 20.0,
        },
    )
    store = PathLossStore(folder / "store")
    signal = compute_signal(inputs, study, folder / "now", store)
    return Ridge(inputs, study, store, signal, assess_villages(inputs, study, signal))
