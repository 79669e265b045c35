"""What losses take from people in a year: the hours each is expected, times who is in the dark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.fiber.results import FiberResult
from phusong.study.settings.planning import LossRate, LossRates

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Toll:
    """Person-hours a year; where no people are known a village, or a commune, counts as one.

    Attributes
    ----------
    signal
        Of people who lose mobile signal.
    fibre
        Of people whose commune's centre loses fibre.
    """

    signal: float
    fibre: float

    @property
    def total(self) -> float:
        """Both; who loses both counts twice."""
        return self.signal + self.fibre

    def __sub__(self, other: Toll) -> Toll:
        return Toll(self.signal - other.signal, self.fibre - other.fibre)


NO_TOLL: Final = Toll(0.0, 0.0)


def hours_a_year(events: pd.DataFrame, fiber: FiberResult, rates: LossRates) -> Floats:
    """Return the (events,) hours that each event is expected to last in a year.

    Parameters
    ----------
    events
        ``element``, ``id``, ``hours``.
    fiber
        Lengths of the sections.
    rates
        Of the study.
    """
    km = dict(zip(fiber.edges["edge_id"], fiber.edges["length_m"] / 1000.0, strict=True))
    known = {
        "node": rates.joint,
        "pop": rates.pop,
        "group": rates.shared_route,
        "site": rates.site,
        "hazard": rates.hazard,
    }
    fixed = {element: _hours(rate) for element, rate in known.items()}
    fixed["feeder"] = rates.feeder_hours
    per_km = _hours(rates.cable_100_km) / 100.0
    out = [
        km[name] * per_km if element in {"edge", "tail"} else fixed[element]
        for element, name in zip(events["element"], events["id"], strict=True)
    ]
    return np.array(out, dtype=np.float64)


def _hours(rate: LossRate) -> float:
    return rate.per_year * rate.hours


def burdens(events: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return (events,) who are without signal, and without fibre, in each event.

    People where any are known; otherwise villages graded lower, and communes.
    """
    return (
        _known(events["people_without_signal"], events["villages_lower"]),
        _known(events["people_without_fibre"], events["communes_dark"]),
    )


def _known(people: pd.Series, things: pd.Series) -> Floats:
    found = people.to_numpy(dtype=np.float64)
    counted = things.to_numpy(dtype=np.float64)
    return np.nan_to_num(found) if np.nansum(found) > 0 else np.where(np.isnan(found), counted, 0.0)


def toll_of(events: pd.DataFrame, fiber: FiberResult, rates: LossRates) -> Toll:
    """Return the toll of all events, which have their figures."""
    hours = hours_a_year(events, fiber, rates)
    signal, fibre = burdens(events)
    return Toll(float(hours @ signal), float(hours @ fibre))
