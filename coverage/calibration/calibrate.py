"""Measured levels against predicted ones: how far off the model is, and what would mend it.

A residual is measured minus predicted. What is fitted are offsets by technology, land cover and
sight, shrunk together, slopes, and near the measured roads a field of what they leave; each is
tested on sites or stretches of road it was not fitted to, and proposed only where those gain
(:mod:`phusong.coverage.calibration.learn`).

Measurements exist only where something was heard, so the weak end of the predictions is tested
less than the strong one, and a bias is flattered by what was too weak to be measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.calibration.learn import OFFSET_COLUMNS, SCHEME_COLUMNS, Lesson, learn
from phusong.coverage.calibration.measurements import LEVEL_RANGE_DBM, Measurements, refuse
from phusong.coverage.calibration.prediction import (
    CLEAR,
    FLOOR_DBM,
    OBSTRUCTED,
    Places,
    ask,
    sample_cells,
)
from phusong.coverage.calibration.schemes import rms
from phusong.coverage.corrections.residualfield import Carrier, Kriged, Variogram
from phusong.coverage.signal.correction import excess_db, log_distance
from phusong.coverage.signal.losses import Losses
from phusong.coverage.signal.plan import plan_run
from phusong.coverage.signal.store import PathLossStore
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import TECHNOLOGIES, Radio, Slope, Study, Technology

ANY_CLASS: Final = "*"
BANDS_KM: Final = (0, 1, 2, 5, 10, 20, 50, 200)
KINDS: Final = ("operator", "technology", "distance", "land_cover", "sight", "site")
_KIND_COLUMNS: Final = {
    "operator": "operator",
    "technology": "technology",
    "distance": "distance_band",
    "land_cover": "land_cover",
    "sight": "sight",
    "site": "site_id",
}


@dataclass(frozen=True)
class StudyKeys:
    """What to put in a study; what is empty stays as it is.

    Attributes
    ----------
    sigma_model_db
        ``radio.spread.sigma_model_db``: the RMSE on held-out rows; NaN when it cannot be said.
    offsets_db, land_cover_offsets_db, obstruction_offsets_db, slopes
        The keys of ``radio``.
    """

    sigma_model_db: float
    offsets_db: Mapping[Technology, float] = field(default_factory=dict)
    land_cover_offsets_db: Mapping[Technology, Mapping[int, float]] = field(default_factory=dict)
    obstruction_offsets_db: Mapping[str, float] = field(default_factory=dict)
    slopes: Mapping[str, Slope] = field(default_factory=dict)


@dataclass(frozen=True)
class Calibration:
    """What measurements say about the predictions.

    Attributes
    ----------
    residuals
        One row a place and carrier used: ``row`` (the first of the file), ``rows`` (how many
        stand behind it), ``longitude``, ``latitude``, ``operator``,
        ``technology``, ``cell_id``, ``site_id``, ``level_dbm``, ``predicted_dbm``,
        ``residual_db`` (measured minus predicted), ``distance_km``, ``distance_band``,
        ``land_cover`` (class code as text, None without), ``sight``, ``excess_db`` (kept loss
        beyond free space), ``calibrated_db`` (what of the prediction is from an earlier
        calibration).
    refused
        See :attr:`phusong.coverage.calibration.measurements.Measurements.refused`.
    summary
        Long: ``kind`` (``all`` and ``KINDS``), ``class``, ``rows``, ``sites``, ``bias_db``,
        ``rmse_db``, ``sigma_db`` (after the bias; NaN for a single row).
    offsets, schemes
        See :class:`phusong.coverage.calibration.learn.Lesson`.
    reason, params
        Why no calibration can be made (English template), empty when one can.
    keys
        What the study should say.
    variogram, fields
        Of what the offsets leave (None where it was not looked at), and, where held-out
        stretches of road gain by it, kriged, by carrier (operator and technology).
    """

    residuals: pd.DataFrame
    refused: pd.DataFrame
    summary: pd.DataFrame
    offsets: pd.DataFrame
    schemes: pd.DataFrame
    reason: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    keys: StudyKeys = field(default_factory=lambda: StudyKeys(float("nan")))
    variogram: Variogram | None = None
    fields: Mapping[Carrier, Kriged] = field(default_factory=dict)


def _figures(kind: str, name: str, rows: pd.DataFrame) -> dict[str, Any]:
    """Return one row of the summary."""
    residual = rows["residual_db"].to_numpy(dtype=np.float64)
    return {
        "kind": kind,
        "class": name,
        "rows": len(rows),
        "sites": rows["site_id"].nunique(),
        "bias_db": residual.mean() if residual.size else np.nan,
        "rmse_db": rms(residual),
        "sigma_db": residual.std(ddof=1) if residual.size > 1 else np.nan,
    }


def summarise(residuals: pd.DataFrame) -> pd.DataFrame:
    """Return bias, RMSE and spread of all rows and of the classes of every kind.

    Parameters
    ----------
    residuals
        See :attr:`Calibration.residuals`.
    """
    out = [_figures("all", ANY_CLASS, residuals)]
    for kind in KINDS:
        column = _KIND_COLUMNS[kind]
        groups = {str(name): rows for name, rows in residuals.groupby(column)}
        order = [band for band in _BAND_NAMES if band in groups] if kind == "distance" else groups
        out += [_figures(kind, name, groups[name]) for name in order]
    return pd.DataFrame(out)


_BAND_NAMES: Final = [f"{low}–{high} km" for low, high in pairwise(BANDS_KM)]


def distance_band(distance_km: NDArray[np.float64]) -> NDArray[np.object_]:
    """Return the distance band of each row: its lower end belongs to it, its upper does not."""
    index = np.searchsorted(BANDS_KM, distance_km, side="right") - 1
    return np.array(_BAND_NAMES, dtype=object)[np.clip(index, 0, len(_BAND_NAMES) - 1)]


def calibrate(
    inputs: Inputs,
    study: Study,
    store: PathLossStore,
    measured: Measurements,
    progress: Progress | None = None,
) -> Calibration:
    """Hold measurements against the predictions of a study; nothing is changed by it.

    Parameters
    ----------
    inputs, study
        What is predicted from.
    store
        Path losses that are kept are not computed again.
    measured
        See :func:`phusong.coverage.calibration.measurements.read_measurements`.
    progress
        Told of the steps ``propagation`` and ``predict``.

    Raises
    ------
    InputError
        When an antenna file cannot be read.
    StudyError
        When the study asks for offsets by land cover and has none.
    """
    told = progress or NoProgress()
    residuals, refused = _compare(inputs, study, store, measured, told)
    if residuals.empty:
        return Calibration(
            residuals,
            refused,
            summarise(residuals),
            pd.DataFrame(columns=list(OFFSET_COLUMNS)),
            pd.DataFrame(columns=list(SCHEME_COLUMNS)),
            *_nothing(refused),
        )
    lesson = learn(_asked_rows(residuals), inputs.grid.cell_m)
    fields = {
        (name.partition("\t")[0], name.partition("\t")[2]): kriged
        for name, kriged in lesson.fields.items()
    }
    return Calibration(
        residuals.drop(columns=["x_m", "y_m", "field_db"]),
        refused,
        summarise(residuals),
        lesson.offsets,
        lesson.schemes,
        lesson.reason,
        lesson.params,
        study_keys(lesson, study.radio),
        lesson.variogram,
        fields,
    )


def _asked_rows(residuals: pd.DataFrame) -> pd.DataFrame:
    """Return residuals as :func:`phusong.coverage.calibration.learn.learn` takes them.

    What the predictions hold of an earlier calibration is taken off: it is fitted anew. The
    field most of all, which follows the rows it was kriged from.
    """
    current = residuals["residual_db"] + residuals["field_db"]
    offsets = residuals["calibrated_db"] - residuals["field_db"]
    return residuals.assign(
        current_db=current,
        residual_db=current + offsets,
        excess=residuals["excess_db"],
        log_distance=log_distance(residuals["distance_km"].to_numpy(np.float64) * 1000.0),
    )


def study_keys(lesson: Lesson, radio: Radio) -> StudyKeys:
    """Return what to put in a study, rounded as it is written.

    Parameters
    ----------
    lesson
        What held-out rows confirm.
    radio
        What is in effect: what of it is not proposed again is to be 0.
    """
    sigma_db = round(lesson.sigma_db, 1)
    if lesson.chosen is None:
        return StudyKeys(sigma_db)
    fit, spans = lesson.chosen.fit, lesson.chosen.spans
    seen = set(lesson.offsets["class"])
    offsets = {t: round(fit.offset_of({"technology": t})[0], 1) for t in TECHNOLOGIES if t in seen}
    covers: dict[Technology, dict[int, float]] = {
        t: dict.fromkeys(classes, 0.0) for t, classes in radio.land_cover_offsets_db.items()
    }
    if "land_cover" in fit.classes:
        table = fit.classes["land_cover"]
        for name, offset in zip(table["class"], table["offset_db"], strict=True):
            technology, _, code = str(name).partition(" ")
            if code:
                of = covers.setdefault(cast("Technology", technology), {})
                of[int(code)] = round(float(offset), 1)
    sights = dict.fromkeys(map(str, radio.obstruction_offsets_db), 0.0)
    if "sight" in fit.classes:
        table = fit.classes["sight"]
        pairs = zip(table["class"], table["offset_db"], strict=True)
        sights |= {str(name): round(float(offset), 1) for name, offset in pairs}
    slopes = {
        str(name): slope.model_copy(update={"db_per_unit": 0.0})
        for name, slope in radio.slopes.items()
    }
    for k, (name, span) in enumerate(spans.items(), start=1):
        slopes[name] = Slope(
            db_per_unit=round(float(fit.fixed[k]), 3),
            low=round(span.low, 3),
            high=round(span.high, 3),
        )
    covers = {t: dict(sorted(classes.items())) for t, classes in covers.items() if classes}
    return StudyKeys(sigma_db, offsets, covers, sights, slopes)


def _nothing(refused: pd.DataFrame) -> tuple[str, dict[str, Any]]:
    """Say why no row is left: the commonest reason, in the words of its first row."""
    if refused.empty:
        return "the file holds no measurement", {}
    commonest = refused["reason"].value_counts().index[0]
    rows = refused[refused["reason"] == commonest]
    return (
        "none of the rows can be held against a prediction; {n} of {total} because: {detail}",
        {"n": len(rows), "total": len(refused), "detail": rows["detail"].iloc[0]},
    )


def _compare(
    inputs: Inputs,
    study: Study,
    store: PathLossStore,
    measured: Measurements,
    told: Progress,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return residuals and refused rows."""
    plan = plan_run(inputs, study)
    measured = measured.at_places()
    refused = [measured.refused]
    frame, dropped = _sound(measured.frame, inputs)
    refused += dropped
    asked = ask(frame, plan.cells)
    named = frame["cell_id"].notna().to_numpy()
    doubts = {
        "no_cell": asked.unknown_cell,
        "other_carrier": asked.other_carrier,
        "no_carrier": ~named & asked.nobody(),
    }
    for reason, wrong in doubts.items():
        refused.append(refuse(frame, np.flatnonzero(wrong), reason))
    frame = frame[~np.any(list(doubts.values()), axis=0)].reset_index(drop=True)
    asked = ask(frame, plan.cells)
    x, y = (frame[name].to_numpy(dtype=np.float64) for name in ("x_m", "y_m"))
    places = Places(x, y, asked, plan, inputs, study)
    predicted = places.predict(Losses(inputs, study, store), told)
    unheard = np.flatnonzero(predicted.server < 0)
    nearest_km = places.nearest_asked_m(unheard) / 1000.0
    far = np.isfinite(nearest_km) & (nearest_km > study.radio.radius_km)
    refused.append(
        refuse(frame, unheard[far], "too_far", km=nearest_km[far], radius=study.radio.radius_km)
    )
    weak = ~far & predicted.under_floor[unheard]
    off_db = frame["level_dbm"].to_numpy(dtype=np.float64)[unheard[weak]] - FLOOR_DBM
    refused.append(
        refuse(
            frame,
            unheard[weak],
            "under_floor",
            floor=np.full(off_db.size, FLOOR_DBM),
            off=off_db,
        )
    )
    refused.append(refuse(frame, unheard[~far & ~weak], "no_prediction"))
    there = np.flatnonzero(predicted.server >= 0)
    cells = plan.cells.iloc[predicted.server[there]].reset_index(drop=True)
    distance_km = places.distance_m(predicted.server)[there] / 1000.0
    cover: list[str | None] = [None] * there.size
    if inputs.landcover is not None:
        classes = sample_cells(inputs.landcover, x[there], y[there])
        cover = [None if np.isnan(code) else f"{code:.0f}" for code in classes]
    residuals = frame.iloc[there][["row", "longitude", "latitude", "level_dbm"]].reset_index(
        drop=True
    )
    residuals["rows"] = frame["rows"].to_numpy()[there] if "rows" in frame else 1
    for name in ("operator", "technology", "cell_id", "site_id"):
        residuals[name] = cells[name].astype(object)
    residuals["predicted_dbm"] = predicted.level_dbm[there]
    residuals["residual_db"] = residuals["level_dbm"] - residuals["predicted_dbm"]
    residuals["distance_km"] = distance_km
    residuals["distance_band"] = distance_band(distance_km)
    residuals["land_cover"] = pd.Series(cover, dtype=object)
    hidden = predicted.obstructed[there]
    residuals["sight"] = np.where(hidden, OBSTRUCTED, CLEAR).astype(object)
    freq_mhz = cells["freq_mhz"].to_numpy(np.float64)
    residuals["excess_db"] = excess_db(predicted.loss_db[there], freq_mhz, 1000.0 * distance_km)
    residuals["calibrated_db"] = (predicted.added_db + predicted.field_db)[there]
    residuals["field_db"] = predicted.field_db[there]
    residuals["x_m"], residuals["y_m"] = x[there], y[there]
    # What the reader refused has nothing behind it, and a neighbour shares its row's number.
    before, *ours = refused
    parts = [before, *(measured.each_refused(part) for part in ours)]
    found = [part for part in parts if len(part)] or parts[:1]
    refused_rows = pd.concat(found, ignore_index=True)
    return residuals, refused_rows.sort_values("row", kind="stable", ignore_index=True)


def _sound(frame: pd.DataFrame, inputs: Inputs) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Keep rows with a believable level on ground of known height; return the others refused."""
    level = frame["level_dbm"].to_numpy(dtype=np.float64)
    low, high = LEVEL_RANGE_DBM
    x, y = (frame[name].to_numpy(dtype=np.float64) for name in ("x_m", "y_m"))
    reasons = np.full(len(frame), "", dtype=object)
    reasons[np.isnan(sample_cells(inputs.terrain, x, y))] = "off_dem"
    reasons[(level < low) | (level > high)] = "level_out_of_range"
    reasons[np.isnan(level)] = "no_level"
    refused = [
        refuse(frame, np.flatnonzero(reasons == reason), reason)
        for reason in ("no_level", "level_out_of_range", "off_dem")
    ]
    return frame[reasons == ""].reset_index(drop=True), refused
