"""The same villages judged in a car and behind the walls of a house."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.results import Signal
from phusong.coverage.villages.assess import assess_villages
from phusong.coverage.villages.entry import entry_loss_and_spread_db
from phusong.crew import Crew
from phusong.progress import Progress
from phusong.sources.inputs import Inputs
from phusong.study import Entry, Study

OUTDOOR = "outdoor"
PLACES = (OUTDOOR, "in_vehicle", "indoor")
"""Where a phone is used; an entry loss stands between the last two and the level outdoors."""
_TITLES = {
    "in_vehicle": "Figures of every village, in a vehicle",
    "indoor": "Figures of every village, indoors",
}
P2109_MHZ = (80.0, 100_000.0)
JUDGED = (
    "code",
    "operator",
    "technology",
    "grade",
    "served_share",
    "served_share_area",
    "expected_share",
    "people_unserved",
    "people_unserved_expected",
    "probability_centre",
    "served_centre",
    "best_cell_id",
)


def entry_of(place: str, study: Study) -> Entry:
    """Return the study's entry loss of a place; nothing outdoors."""
    entries = {"in_vehicle": study.radio.in_vehicle, "indoor": study.radio.indoor}
    return entries.get(place, Entry(loss_db=0.0))


def entry_by_cell(
    cells: pd.DataFrame, entry: Entry
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return entry loss and its spread, dB, of each cell; 0 for cells that serve nowhere.

    Parameters
    ----------
    cells
        As :attr:`phusong.coverage.results.Signal.cells`.
    entry
        Fixed, or ITU-R P.2109 (see :func:`.entry.entry_loss_and_spread_db`).
    """
    loss, spread = np.zeros(len(cells)), np.zeros(len(cells))
    usable = (
        (cells["problem"] == "").to_numpy() if "problem" in cells else np.ones(len(cells), bool)
    )
    if usable.any():
        # A band beyond P.2109's range takes what it gives at the end of it.
        freqs = np.clip(cells["freq_mhz"].to_numpy(dtype=np.float64)[usable], *P2109_MHZ)
        loss[usable], spread[usable] = entry_loss_and_spread_db(entry, freqs)
    return loss, spread


def cells_behind(cells: pd.DataFrame, entry: Entry) -> pd.DataFrame:
    """Return cells with every threshold raised by the loss of the way in.

    Parameters
    ----------
    cells
        As :attr:`phusong.coverage.results.Signal.cells`.
    """
    loss, spread = entry_by_cell(cells, entry)
    return cells.assign(threshold_dbm=cells["threshold_dbm"] + loss, entry_sigma_db=spread)


def behind(signal: Signal, entry: Entry) -> Signal:
    """Return the signal with every threshold raised by the loss of the way in.

    The level outdoors has to reach the threshold and the entry loss; the spread of that loss
    adds to the model's own, and no measurement outdoors tightens it. Who serves stays who serves
    outdoors.
    """
    return replace(signal, cells=cells_behind(signal.cells, entry))


def plain_steps(study: Study) -> Study:
    """Return the study without the steps of its sensitivity.

    Which is that of the verdict outdoors: elsewhere they would be summed for nothing.
    """
    plain = study.indicators.model_copy(
        update={"threshold_offsets_db": [0.0], "probabilities": [study.verdict.probability]}
    )
    return study.model_copy(update={"indicators": plain})


def assess_places(
    inputs: Inputs,
    study: Study,
    signal: Signal,
    progress: Progress | None = None,
    crew: Crew | None = None,
) -> pd.DataFrame:
    """Return the verdict of every village in each of the study's ``indicators.places``.

    Parameters
    ----------
    inputs, study, signal, progress, crew
        As for :func:`.assess.assess_villages`.

    Returns
    -------
    DataFrame
        Long: ``place`` and :data:`JUDGED` (of :attr:`VillageCoverage.by_layer`); without a row
        where the study asks for no place.
    """
    quick = plain_steps(study)
    parts = [
        assess_villages(
            inputs, quick, behind(signal, entry_of(place, study)), progress, _TITLES[place], crew
        )
        .by_layer[list(JUDGED)]
        .assign(place=place)
        for place in study.indicators.places
    ]
    if not parts:
        return pd.DataFrame(columns=["place", *JUDGED])
    return pd.concat(parts, ignore_index=True)[["place", *JUDGED]]
