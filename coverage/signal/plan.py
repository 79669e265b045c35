"""What a run has to compute: masts, bands, beams and layers, from the cells in service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.results import ANY
from phusong.coverage.signal.antenna import Beams, beam_table
from phusong.coverage.signal.linkbudget import reference_level_dbm
from phusong.coverage.signal.spread import sigma_total_db
from phusong.errors import InputError, PhusongError
from phusong.sources.inputs import Inputs
from phusong.sources.towers.antennas.antennafiles import read_patterns
from phusong.sources.towers.antennas.patterns import Pattern
from phusong.study import Study, Technology


@dataclass(frozen=True)
class Mast:
    """A place and height that cells transmit from: one propagation task, all bands at once."""

    site_id: str
    x_m: float
    y_m: float
    height_m: float
    freqs_mhz: tuple[float, ...]
    cells: NDArray[np.int64]
    """Indices into :attr:`Plan.cells`."""


@dataclass(frozen=True)
class LayerName:
    """An operator and a technology, either of which may be ``ANY``."""

    operator: str
    technology: str
    members: tuple[int, ...] = ()
    """For a combination: the plain layers it is taken over."""


@dataclass(frozen=True)
class Plan:
    """Everything a run computes.

    Attributes
    ----------
    cells
        See :attr:`phusong.coverage.results.Signal.cells`.
    masts
        Masts with at least one usable cell.
    plain
        Operator and technology of each plain layer.
    combined
        The combinations, in the order they are written after the plain layers.
    layer_of_cell, beam_of_cell
        (cells,) plain layer and beam of each cell.
    beams
        Distinct antennas.
    """

    cells: pd.DataFrame
    masts: list[Mast]
    plain: list[LayerName]
    combined: list[LayerName]
    layer_of_cell: NDArray[np.int64]
    beam_of_cell: NDArray[np.int64]
    beams: Beams

    @property
    def layers(self) -> list[LayerName]:
        """Plain layers, then combinations."""
        return [*self.plain, *self.combined]


def _patterns(cells: pd.DataFrame, study: Study) -> dict[str, Pattern]:
    """Read every antenna file the cells name, once.

    Raises
    ------
    InputError
        At the first file that cannot be read.
    """
    out: dict[str, Pattern] = {}
    for name, found in read_patterns(cells["antenna_file"], study.folder).items():
        if isinstance(found, InputError):
            raise found
        out[name] = found
    return out


def _budgeted(cells: pd.DataFrame, study: Study, cell_m: float) -> pd.DataFrame:
    """Add the level, threshold and spread columns; a cell outside a standard gets a problem."""
    known: dict[tuple[Any, ...], tuple[float, float, float, str]] = {}
    asked = cells[["technology", "freq_mhz", "bandwidth_mhz", "eirp_dbm"]].itertuples(index=False)
    # NaN is itself no key: a width that is not given is told by None.
    keys = [(t, f, None if np.isnan(width) else width, power) for t, f, width, power in asked]
    for key in keys:
        if key not in known:
            known[key] = _budget(key, study, cell_m)
    rows = [known[key] for key in keys]
    names = ["reference_dbm", "threshold_dbm", "sigma_db", "problem"]
    added = pd.DataFrame(rows, columns=names, index=cells.index)
    kinds: dict[Any, Any] = dict.fromkeys(names[:3], "float64")
    return pd.concat([cells, added.astype(kinds)], axis=1)


def _budget(key: tuple[Any, ...], study: Study, cell_m: float) -> tuple[float, float, float, str]:
    """Return level, threshold, spread and problem of cells of one kind and power."""
    technology, freq_mhz, width, eirp_dbm = key
    radio = study.radio
    budget = radio.technologies[technology]
    sigma = sigma_total_db(radio.spread, freq_mhz, cell_m, radio.rx_height_m)
    bandwidth_mhz = np.nan if width is None else width
    try:
        level = reference_level_dbm(technology, budget, eirp_dbm, bandwidth_mhz, freq_mhz)
    except PhusongError as problem:
        return np.nan, budget.threshold_dbm, sigma, str(problem).splitlines()[0]
    return level + radio.offsets_db.get(technology, 0.0), budget.threshold_dbm, sigma, ""


def _masts(cells: pd.DataFrame, inputs: Inputs) -> list[Mast]:
    """Group usable cells by place and height."""
    usable = cells[cells["problem"] == ""]
    sites = inputs.sites.drop_duplicates("site_id")
    x_m, y_m = (sites[name].to_numpy(dtype=np.float64) for name in ("x_m", "y_m"))
    place = {name: i for i, name in enumerate(sites["site_id"])}
    freqs = usable["freq_mhz"].to_numpy(dtype=np.float64)
    numbers = usable.index.to_numpy(dtype=np.int64)
    groups: Any = usable.groupby(["site_id", "height_m"], sort=True).indices
    masts = []
    for site_id, height_m in sorted(groups):
        rows = groups[site_id, height_m]
        at = place[site_id]
        masts.append(
            Mast(
                str(site_id),
                float(x_m[at]),
                float(y_m[at]),
                float(height_m),
                tuple(sorted({float(f) for f in freqs[rows]})),
                numbers[rows],
            )
        )
    return masts


def _layers(
    cells: pd.DataFrame, verdict: list[Technology]
) -> tuple[list[LayerName], list[LayerName]]:
    """Plain layers that have cells, and the combinations over them."""
    technologies = [t for t in get_args(Technology) if (cells["technology"] == t).any()]
    operators = sorted({str(o) for o in cells["operator"]})
    there = set(zip(cells["operator"], cells["technology"], strict=True))
    plain = [LayerName(o, t) for o in operators for t in technologies if (o, t) in there]

    def members(operator: str, technologies: list[Any]) -> tuple[int, ...]:
        return tuple(
            i
            for i, layer in enumerate(plain)
            if operator in {ANY, layer.operator} and layer.technology in technologies
        )

    combined = [LayerName(ANY, t, members(ANY, [t])) for t in technologies]
    combined += [LayerName(o, ANY, members(o, list(verdict))) for o in operators]
    combined.append(LayerName(ANY, ANY, members(ANY, list(verdict))))
    return plain, combined


def plan_run(inputs: Inputs, study: Study) -> Plan:
    """Return what to compute for the cells in service.

    Raises
    ------
    InputError
        When an antenna file that a cell names cannot be read.
    """
    cells = inputs.cells[inputs.cells["in_service"].astype(bool)].reset_index(drop=True)
    cells = _budgeted(cells, study, inputs.grid.cell_m)
    beams, beam_of_cell = beam_table(cells, study.radio.antenna, _patterns(cells, study))
    plain, combined = _layers(cells, study.verdict.technologies)
    index = {(layer.operator, layer.technology): i for i, layer in enumerate(plain)}
    layer_of_cell = np.array(
        [index[pair] for pair in zip(cells["operator"], cells["technology"], strict=True)],
        dtype=np.int64,
    )
    return Plan(cells, _masts(cells, inputs), plain, combined, layer_of_cell, beam_of_cell, beams)
