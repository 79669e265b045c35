"""The village share under definitions others publish by, side by side."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from phusong.coverage.quality.sinr import NO_SINR, Carriers, Quality
from phusong.coverage.quality.throughput import needed_sinr_db
from phusong.coverage.results import ANY, Signal
from phusong.coverage.signal.combine import SHARE_STEP, TICK_DB
from phusong.coverage.signal.layerfiles import LayerReader, Levels, StepsReader
from phusong.coverage.villages.centre_cells import Centres
from phusong.coverage.villages.circles import Circles, circles_of, places_of
from phusong.coverage.villages.entry import entry_loss_and_spread_db
from phusong.coverage.villages.footprints import Footprints, footprints
from phusong.coverage.villages.verdict import is_covered
from phusong.coverage.villages.weights import Weights
from phusong.coverage.villages.zonal import sum_by_village
from phusong.errors import StudyError, Where
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import Entry, Study

_ROUNDING_DB = 1e-9
"""A level that equals what is asked is enough: steps of 0.1 dB are no whole binary numbers."""
_OUTDOORS = Entry(loss_db=0.0)


@dataclass(frozen=True)
class Definition:
    """What has to hold for a place, and of how much of a village.

    ``title``, ``says``, ``source`` and ``assumed`` are English templates. A village counts
    when its centre is served and at least ``covered_share`` of it.
    """

    id: str
    title: str
    says: str
    source: str
    technologies: tuple[str, ...]
    probability: float
    covered_share: float
    load: float
    assumed: str = ""
    basis: Literal["signal", "circles"] = "signal"
    operators: Literal["any", "largest"] = "any"
    place: Literal["outdoor", "in_vehicle", "indoor"] = "outdoor"
    throughput_mbps: float | None = None


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    text = (files("phusong.coverage.villages") / "definitions.toml").read_text("utf-8")
    return tomllib.loads(text)


def definitions(study: Study, names: list[str] | None = None) -> list[Definition]:
    """Return published definitions, with the study's own figures where they leave one open.

    Parameters
    ----------
    study
        For what a definition does not say.
    names
        Those wanted; all by default. The beginning of several, such as ``fcc-bdc``, asks for
        each of them.

    Raises
    ------
    StudyError
        When a name is none of the presets.
    """
    own = {
        "technologies": study.verdict.technologies,
        "probability": study.verdict.probability,
        "covered_share": study.verdict.covered_share,
        "load": study.radio.quality.load,
    }
    out = []
    for name in names or list(_table()):
        family = [one for one in _table() if one.startswith(f"{name}-")]
        if name not in _table() and family:  # fcc-bdc stands for each of its service levels
            out += definitions(study, family)
            continue
        if name not in _table():
            raise StudyError(
                "there is no definition of coverage called {name}",
                Where(key="indicators.presets"),
                "choose among: {known}",
                {"name": name, "known": ", ".join(_table())},
            )
        said: dict[str, Any] = {**own, **_table()[name]}
        said["technologies"] = tuple(said["technologies"])
        out.append(Definition(id=name, **said))
    return out


@dataclass
class _Count:
    """Served weight and centres of one definition for one carrier (or any)."""

    served: NDArray[np.float64]
    centre: NDArray[np.bool_]


@dataclass(frozen=True)
class _Rule:
    """One definition's demands by server, ready for arrays of levels.

    Attributes
    ----------
    entry_db, entry_sigma_db
        (cells,) entry loss and its spread.
    sigma_db
        (cells,) spread of the level outdoors, where no field tightens it.
    spreads
        How many spreads above the threshold a level must lie.
    needed_sinr_db
        (cells,) None where no throughput is asked.
    load_factor
        The definition's load over that of the quality rasters.
    """

    technologies: tuple[str, ...]
    entry_db: NDArray[np.float64]
    entry_sigma_db: NDArray[np.float64]
    sigma_db: NDArray[np.float64]
    spreads: float
    threshold_dbm: NDArray[np.float64]
    noise_dbm: NDArray[np.float64]
    needed_sinr_db: NDArray[np.float64] | None
    load_factor: float

    @classmethod
    def of(cls, definition: Definition, signal: Signal, study: Study, carriers: Carriers) -> _Rule:
        """Return the rule of a definition for the cells of a signal."""
        cells = signal.cells
        entry = {
            "outdoor": _OUTDOORS,
            "in_vehicle": study.radio.in_vehicle,
            "indoor": study.radio.indoor,
        }[definition.place]
        loss, spread = entry_loss_and_spread_db(entry, cells["freq_mhz"].to_numpy(np.float64))
        needed = None
        if definition.throughput_mbps is not None:
            needed = needed_sinr_db(
                definition.throughput_mbps, carriers.bandwidth_mhz, study.radio.quality
            )
        base = study.radio.quality.load
        return cls(
            definition.technologies,
            loss,
            spread,
            cells["sigma_db"].to_numpy(np.float64),
            float(ndtri(definition.probability)),
            cells["threshold_dbm"].to_numpy(np.float64),
            carriers.noise_dbm,
            needed,
            definition.load / base if base > 0 else 1.0,
        )

    def _margin_db(
        self, who: NDArray[np.int32], left: NDArray[np.uint8] | None
    ) -> NDArray[np.float64]:
        """Return how far above the threshold a level must lie at places."""
        if left is None:
            return np.asarray((self.spreads * np.hypot(self.sigma_db, self.entry_sigma_db))[who])
        sigma = self.sigma_db[who] * (left * SHARE_STEP)
        return np.asarray(self.spreads * np.hypot(sigma, self.entry_sigma_db[who]))

    def served(self, levels: Levels, sinr_steps: NDArray[Any] | None) -> NDArray[np.bool_]:
        """Return whether places are served."""
        ticks, server = levels.ticks, levels.server
        out = server > 0
        if not len(self.entry_db):
            return np.asarray(out)
        who = np.maximum(server - 1, 0)
        level = ticks * TICK_DB - self.entry_db[who]
        if self.needed_sinr_db is None:
            asked = self.threshold_dbm[who] + self._margin_db(who, levels.left)
            return np.asarray(out & (level >= asked - _ROUNDING_DB))
        if sinr_steps is None:
            return np.zeros(out.shape, dtype=np.bool_)
        known = out & (sinr_steps != NO_SINR)
        noise = 10.0 ** (self.noise_dbm[who] / 10.0)
        together = 10.0 ** ((ticks - np.where(known, sinr_steps, 0.0)) * TICK_DB / 10.0)
        others = np.maximum(together - noise, 0.0) * self.load_factor
        # Walls weaken interference as they weaken the signal; the receiver's noise stays.
        behind = others * 10.0 ** (-self.entry_db[who] / 10.0)
        sinr = level - 10.0 * np.log10(noise + behind)
        asked = self.needed_sinr_db[who] + self._margin_db(who, levels.left)
        return np.asarray(known & (sinr >= asked - _ROUNDING_DB))


@dataclass
class _Sources:
    """The layers that are read, each once a batch."""

    signal: Signal
    quality: Quality | None
    levels: LayerReader
    sinr: StepsReader
    index: dict[tuple[str, str], int] = field(default_factory=dict)
    sinr_index: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.index = {(x.operator, x.technology): i for i, x in enumerate(self.signal.layers)}
        if self.quality is not None:
            self.sinr_index = {
                (x.operator, x.technology): i for i, x in enumerate(self.quality.layers)
            }


def _operators(definition: Definition, signal: Signal) -> list[str]:
    """Return the carriers a definition is evaluated for, one by one."""
    if definition.operators == "any":
        return [ANY]
    return sorted({layer.operator for layer in signal.layers} - {ANY}) or [ANY]


def evaluate_definitions(
    inputs: Inputs,
    study: Study,
    signal: Signal,
    quality: Quality | None = None,
    names: list[str] | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return the village share and the people share under each definition.

    Parameters
    ----------
    inputs, study, signal
        As for :func:`phusong.coverage.villages.assess.assess_villages`.
    quality
        SINR rasters; without them a definition that asks for a throughput has no figure.
    names
        Definitions wanted; all by default.
    progress
        Told of the step ``definitions``.

    Returns
    -------
    DataFrame
        ``id``, ``title``, ``says``, ``source``, ``assumed`` (English templates),
        ``technologies``, ``probability``, ``throughput_mbps``, ``place``, ``operator`` (the one
        that covers most, where the definition asks for it, else ``*``), ``villages_covered``,
        ``villages``, ``village_share``, ``people_share`` (of people where there are any, else
        of area), ``computed`` (False: the study has no cell of these technologies, or no
        quality rasters).

    Raises
    ------
    StudyError
        When a name is none of the presets.
    """
    told = progress or NoProgress()
    wanted = definitions(study, names)
    villages, grid = inputs.villages, signal.grid
    weights, centres = Weights(villages, study, inputs.people), Centres(villages, grid)
    carriers = Carriers.of(signal.cells, study)
    radii = {str(t): km for t, km in study.indicators.circles_km.items()}
    rules = {d.id: _Rule.of(d, signal, study, carriers) for d in wanted}
    places = places_of(inputs.sites)
    rings = {
        d.id: circles_of(signal.cells, places, ANY, list(d.technologies), radii)
        for d in wanted
        if d.basis == "circles"
    }
    counts = {
        (d.id, o): _Count(np.zeros(len(villages)), np.zeros(len(villages), dtype=np.bool_))
        for d in wanted
        for o in _operators(d, signal)
    }
    told.start("definitions", len(villages), "Definitions of others")
    paths = [] if quality is None else [layer.sinr for layer in quality.layers]
    with LayerReader(signal.layers) as levels, StepsReader(paths) as sinr:
        sources = _Sources(signal, quality, levels, sinr)
        for batch in footprints(villages, grid):
            weight = weights.weigh(batch)
            for (name, operator), count in counts.items():
                if name in rings:
                    _count_circles(batch, weight, rings[name], centres, signal, count)
                else:
                    _count(batch, weight, rules[name], operator, sources, centres, count)
            told.advance("definitions", len(batch.rows))
    weights.close(villages.geometry.area.to_numpy(dtype=np.float64) / grid.cell_m**2)
    rows = [_row(d, signal, sources, counts, weights, inputs) for d in wanted]
    return pd.DataFrame(rows)


def _count_circles(
    batch: Footprints,
    weight: NDArray[np.float64],
    rings: Circles,
    centres: Centres,
    signal: Signal,
    count: _Count,
) -> None:
    """Count what lies in circles."""
    inside = rings.mask(batch.window, signal.grid).ravel()[batch.cells]
    count.served[batch.rows] = sum_by_village(weight * inside, batch.offsets)
    count.centre[batch.rows] = rings.hold(centres.x_m[batch.rows], centres.y_m[batch.rows])


def _count(
    batch: Footprints,
    weight: NDArray[np.float64],
    rule: _Rule,
    operator: str,
    sources: _Sources,
    centres: Centres,
    count: _Count,
) -> None:
    """Count what one of the technologies serves."""
    served = np.zeros(len(batch.cells), dtype=np.bool_)
    centre = np.zeros(len(batch.rows), dtype=np.bool_)
    for technology in rule.technologies:
        layer = sources.index.get((operator, technology))
        if layer is None:
            continue
        at = sources.sinr_index.get((operator, technology))
        levels = centres.levels(sources.levels, layer, batch.rows)
        steps = None if at is None else centres.steps(sources.sinr, at, batch.rows, NO_SINR)
        centre |= rule.served(levels, steps)
        if batch.cells.size:
            levels = sources.levels.read(layer, batch.window).at(batch.cells)
            under = None
            if at is not None and rule.needed_sinr_db is not None:
                under = sources.sinr.read(at, batch.window).ravel()[batch.cells]
            served |= rule.served(levels, under)
    count.served[batch.rows] = sum_by_village(weight * served, batch.offsets)
    count.centre[batch.rows] = centre


def _row(
    definition: Definition,
    signal: Signal,
    sources: _Sources,
    counts: Mapping[tuple[str, str], _Count],
    weights: Weights,
    inputs: Inputs,
) -> dict[str, Any]:
    """One definition's figures."""
    whole = np.where(weights.total > 0, weights.total, 1.0)
    census = inputs.villages["population"].to_numpy(dtype=np.float64)
    people = np.nan_to_num(np.where(np.isfinite(census), census, weights.on_raster))
    if people.sum() == 0:
        people = weights.total
    best: tuple[float, int, str] = (-1.0, 0, ANY)
    for operator in _operators(definition, signal):
        count = counts[definition.id, operator]
        share = np.clip(count.served / whole, 0.0, 1.0)
        covered = int(is_covered(count.centre, share, definition.covered_share).sum())
        of_people = float(people @ share / people.sum()) if people.sum() > 0 else 0.0
        if of_people > best[0]:
            best = (of_people, covered, operator)
    known = sources.index if definition.throughput_mbps is None else sources.sinr_index
    computed = definition.basis == "circles" or any(
        (ANY, technology) in known for technology in definition.technologies
    )
    number = len(inputs.villages)
    return {
        "id": definition.id,
        "title": definition.title,
        "says": definition.says,
        "source": definition.source,
        "assumed": definition.assumed,
        "technologies": " ".join(definition.technologies),
        "probability": definition.probability if definition.basis == "signal" else np.nan,
        "throughput_mbps": definition.throughput_mbps or np.nan,
        "place": definition.place,
        "operator": best[2],
        "villages_covered": best[1],
        "villages": number,
        "village_share": best[1] / number if number else np.nan,
        "people_share": best[0],
        "computed": computed,
    }
