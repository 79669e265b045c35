"""Whether a claimed map holds: measurements become tests; tests are counted and judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.coverage.audit.claimed import at_least, probability_class, with_claims
from phusong.coverage.audit.claims import count_shares, judge_claims
from phusong.coverage.audit.presets import Preset
from phusong.coverage.audit.votes import one_test_a_place
from phusong.coverage.calibration.measurements import (
    LEVEL_RANGE_DBM,
    REFUSED_COLUMNS,
    Measurements,
    refuse,
)
from phusong.coverage.calibration.prediction import ask, sample_cells
from phusong.coverage.results import ANY, SignalLayer
from phusong.i18n import tr
from phusong.sources.inputs import Inputs
from phusong.sources.tables.columns import plain
from phusong.study import Study

RESULTS: Final = ("claimed_succeeded", "claimed_failed", "unclaimed_succeeded", "unclaimed_failed")
OUTSIDE_STUDY: Final = "outside"
"""Reason of refusal beside those of a calibration: in no commune, where nothing is claimed."""
_ROUNDING_DB: Final = 1e-9


@dataclass(frozen=True)
class Audit:
    """What tests say about a claimed map.

    Attributes
    ----------
    preset, confidence
        What was asked, and of how sure an interval.
    tests
        One row a place, carrier and technology: ``file``, ``row`` (the first of the cell whose
        median stands for the place), ``rows`` (how many voted), ``time`` (text or None),
        ``operator``, ``technology``, ``x_m``, ``y_m``, ``longitude``, ``latitude``,
        ``commune_code``, ``commune_name``, ``village_code``, ``village_name`` (None: in no
        village), ``level_dbm`` (NaN: nothing was heard), ``threshold_dbm``, ``success``,
        ``predicted_dbm`` (NaN: no signal), ``claimed_probability``, ``probability_class``,
        ``claimed``, ``result`` (``RESULTS``).
    refused
        ``file`` and the columns ``REFUSED_COLUMNS``.
    shares, claims
        See :func:`.claims.count_shares` and :func:`.claims.judge_claims`.
    """

    preset: Preset
    confidence: float
    tests: pd.DataFrame
    refused: pd.DataFrame
    shares: pd.DataFrame
    claims: pd.DataFrame

    @property
    def failed_claims(self) -> pd.DataFrame:
        """Tests that failed where service is claimed: the evidence of a challenge."""
        return self.tests[self.tests["result"] == RESULTS[1]].reset_index(drop=True)


def audit_map(
    inputs: Inputs,
    study: Study,
    layers: Sequence[SignalLayer],
    cells: pd.DataFrame,
    measured: Sequence[tuple[str, Measurements]],
    preset: Preset,
    *,
    confidence: float = 0.95,
    spacing_m: float = 0.0,
    silent_fails: bool = False,
) -> Audit:
    """Hold a map against measurements.

    A test is held against the layer of its carrier and technology, the best server there, not
    against one cell: what was promised is service, from whichever cell.

    Parameters
    ----------
    inputs
        Communes, villages, terrain and grid.
    study
        Thresholds.
    layers
        Rasters of the map, on the grid.
    cells
        Cells in service, see :attr:`phusong.coverage.results.Signal.cells`.
    measured
        Name and contents of each file.
    preset
        What is asked of the map.
    confidence, spacing_m
        See :func:`.claims.count_shares` and :func:`.votes.one_test_a_place`.
    silent_fails
        Whether a row without a level is a test that failed; else it is refused. The lowest figure
        that phones write always is one.
    """
    parts, refused = [], []
    for name, one in measured:
        rows, dropped = _usable(one, inputs, study, cells, layers, silent_fails=silent_fails)
        parts.append(rows.assign(file=name))
        refused += [part.assign(file=name) for part in dropped if len(part)]
    rows = pd.concat(parts, ignore_index=True)
    if "time" not in rows:
        rows["time"] = pd.Series([None] * len(rows), dtype=object)
    tests = one_test_a_place(rows, inputs.grid, spacing_m)
    tests = _judged(with_claims(tests, layers, inputs.grid), study, preset)
    shares = count_shares(tests, confidence)
    claims = judge_claims(shares, preset, confidence)
    return Audit(preset, confidence, tests, _listed(refused), shares, claims)


def _usable(
    measured: Measurements,
    inputs: Inputs,
    study: Study,
    cells: pd.DataFrame,
    layers: Sequence[SignalLayer],
    *,
    silent_fails: bool,
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Return the rows that can be held against the map, and the others with the reason."""
    measured, unheard = _with_unheard(measured.at_places(), study, silent_fails=silent_fails)
    frame = measured.frame
    level = frame["level_dbm"].to_numpy(dtype=np.float64)
    x, y = (frame[name].to_numpy(dtype=np.float64) for name in ("x_m", "y_m"))
    frame = _carried(frame, cells, layers)
    commune = place_of(inputs.communes, x, y)
    asked = ask(measured.frame, cells)
    low, high = LEVEL_RANGE_DBM
    reasons = np.full(len(frame), "", dtype=object)
    # The last reason that holds is the one told: what is wrong with the row itself comes first.
    unknown = frame["layer"].to_numpy(dtype=np.int64) < 0
    reasons[unknown] = "no_carrier"
    reasons[unknown & asked.unknown_cell] = "no_cell"
    reasons[asked.other_carrier] = "other_carrier"
    reasons[commune < 0] = OUTSIDE_STUDY
    reasons[np.isnan(sample_cells(inputs.terrain, x, y))] = "off_dem"
    reasons[(level < low) | (level > high)] = "level_out_of_range"
    if not silent_fails:
        reasons[np.isnan(level) & ~unheard] = "no_level"
    refused = [
        refuse(measured.frame, np.flatnonzero(reasons == reason), reason)
        for reason in sorted(set(reasons) - {"", OUTSIDE_STUDY})
    ]
    beyond = refuse(measured.frame, np.flatnonzero(reasons == OUTSIDE_STUDY), "off_dem")
    detail = tr("the place lies in no commune of the study, where nothing is claimed")
    refused.append(beyond.assign(reason=OUTSIDE_STUDY, detail=detail))
    refused = [measured.refused, *(measured.each_refused(part) for part in refused)]
    good = np.flatnonzero(reasons == "")
    kept = frame.iloc[good].reset_index(drop=True).drop(columns=["layer", "cell_id", "freq_mhz"])
    return _placed(kept, inputs, commune[good]), refused


def _with_unheard(
    measured: Measurements, study: Study, *, silent_fails: bool
) -> tuple[Measurements, NDArray[np.bool_]]:
    """Take back rows that were refused because little or nothing was heard: tests that failed.

    The lowest figure that phones write says that the level was that or less, which fails under any
    threshold above it. Figures that stand for "not known" are rows without a level.

    Returns
    -------
    Measurements, ndarray
        The rows taken back are no longer refused and have no level; (rows,) which they are.
    """
    plain_rows = np.zeros(len(measured.frame), dtype=np.bool_)
    if measured.unheard is None or measured.unheard.empty:
        return measured, plain_rows
    silent = measured.unheard
    thresholds = {str(n): row.threshold_dbm for n, row in study.radio.technologies.items()}
    under = silent["level_dbm"] < silent["technology"].map(thresholds).astype(float)
    taken = silent[(silent["reason"] == "floor") & under | silent_fails]
    back = taken.assign(level_dbm=np.nan, rows=1)[list(measured.frame.columns)]
    said = measured.refused
    left = said[~(said["row"].isin(taken["row"]) & said["reason"].isin(["floor", "sentinel"]))]
    frame = pd.concat([measured.frame, back], ignore_index=True)
    unheard = np.append(plain_rows, np.ones(len(back), dtype=np.bool_))
    return replace(measured, frame=frame, refused=left), unheard


def _carried(
    frame: pd.DataFrame, cells: pd.DataFrame, layers: Sequence[SignalLayer]
) -> pd.DataFrame:
    """Give each row the carrier and technology of a layer, by name or by the cell it names."""
    cell_of = {
        str(cell): (str(operator), str(technology))
        for cell, operator, technology in zip(
            cells["cell_id"], cells["operator"], cells["technology"], strict=True
        )
    }
    known: dict[tuple[str, str], int] = {}
    alike: dict[tuple[str, str], list[int]] = {}
    for i, layer in enumerate(layers):
        if ANY not in {layer.operator, layer.technology}:
            known[layer.operator, layer.technology] = i
            alike.setdefault((plain(layer.operator), layer.technology), []).append(i)
    # A name in another spelling is taken for the carrier it resembles, if that is one only.
    known = {key: own[0] for key, own in alike.items() if len(own) == 1} | known
    which = np.full(len(frame), -1, dtype=np.int64)
    rows = zip(frame["operator"], frame["technology"], frame["cell_id"], strict=True)
    for i, (operator, technology, cell) in enumerate(rows):
        own = cell_of.get(cell, (None, None)) if cell is not None else (None, None)
        who, kind = operator or own[0], technology or own[1]
        exactly = known.get((who or "", kind or ""), -1)
        which[i] = exactly if exactly >= 0 else known.get((plain(who or ""), kind or ""), -1)
    out = frame.assign(layer=which)
    there = np.flatnonzero(which >= 0)
    for name in ("operator", "technology"):
        values = out[name].to_numpy(dtype=object).copy()
        values[there] = [getattr(layers[k], name) for k in which[there]]
        out[name] = pd.Series(values, index=out.index, dtype=object)
    return out


def place_of(
    areas: gpd.GeoDataFrame, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the row of the area that each place lies in, the first of several, -1 outside all."""
    out = np.full(len(x_m), len(areas), dtype=np.int64)
    tree = shapely.STRtree(areas.geometry.to_numpy())
    point, area = tree.query(shapely.points(x_m, y_m), predicate="intersects")
    np.minimum.at(out, point, area)
    return np.where(out < len(areas), out, -1)


def _placed(rows: pd.DataFrame, inputs: Inputs, commune: NDArray[np.int64]) -> pd.DataFrame:
    """Add the commune, known already, and the village of each row."""
    x, y = (rows[name].to_numpy(dtype=np.float64) for name in ("x_m", "y_m"))
    village = place_of(inputs.villages, x, y)
    return rows.assign(
        commune_code=names_at(inputs.communes["code"], commune),
        commune_name=names_at(inputs.communes["name"], commune),
        village_code=names_at(inputs.villages["code"], village),
        village_name=names_at(inputs.villages["name"], village),
    )


def names_at(names: pd.Series[Any], at: NDArray[np.int64]) -> pd.Series[Any]:
    """Return names by row, None at -1."""
    known = [*names.astype(object), None]
    return pd.Series([known[i] for i in at], dtype=object)


def _judged(tests: pd.DataFrame, study: Study, preset: Preset) -> pd.DataFrame:
    """Add threshold, success, claim and result of each test."""
    budgets = study.radio.technologies
    thresholds = [budgets[name].threshold_dbm for name in tests["technology"]]
    threshold = np.array(thresholds, dtype=np.float64)
    success = tests["level_dbm"].to_numpy(dtype=np.float64) >= threshold - _ROUNDING_DB
    probability = tests["claimed_probability"].to_numpy(dtype=np.float64)
    claimed = at_least(probability, preset.probability)
    index = np.where(claimed, 0, 2) + np.where(success, 0, 1)
    return tests.assign(
        threshold_dbm=threshold,
        success=success,
        probability_class=probability_class(probability),
        claimed=claimed,
        result=np.array(RESULTS, dtype=object)[index],
    )


def _listed(refused: list[pd.DataFrame]) -> pd.DataFrame:
    """Return what was refused, file by file in the order of the rows."""
    names = ["file", *REFUSED_COLUMNS]
    if not refused:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in names})
    return pd.concat(refused)[names].sort_values(["file", "row"], kind="stable", ignore_index=True)
