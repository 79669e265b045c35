"""Measured levels against predicted ones: how far off the model is, and what would mend it.

A residual is measured minus predicted. What is fitted are offsets only: a mean residual over
all rows, one for each class of a kind (technology, land cover, line of sight), or one for each
technology and on top of it one for each land cover. Every offset is tested on sites it was not
fitted to (:mod:`phusong.coverage.calibration.offsets`).

Measurements exist only where something was heard, so the weak end of the predictions is tested
less than the strong one, and a bias is flattered by what was too weak to be measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, NamedTuple, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.calibration.measurements import LEVEL_RANGE_DBM, Measurements, refuse
from phusong.coverage.calibration.offsets import MIN_ROWS, MIN_SITES, fit_nested, fit_offsets, rms
from phusong.coverage.calibration.prediction import FLOOR_DBM, Places, ask, sample_cells
from phusong.coverage.signal.losses import Losses
from phusong.coverage.signal.plan import plan_run
from phusong.coverage.signal.store import PathLossStore
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import TECHNOLOGIES, Study, Technology

ANY_CLASS: Final = "*"
BANDS_KM: Final = (0, 1, 2, 5, 10, 20, 50, 200)
KINDS: Final = ("operator", "technology", "distance", "land_cover", "sight", "site")
SCHEMES: Final = ("overall", "technology", "land_cover", "sight", "technology_land_cover")
WORTH_DB: Final = 0.1
"""How much offsets by land cover must lessen the RMSE on other sites to be proposed: the step in
which a spread is stated."""
_SCHEME_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "technology": ("technology",),
    "land_cover": ("land_cover",),
    "sight": ("sight",),
    "technology_land_cover": ("technology", "land_cover"),
}
_KIND_COLUMNS: Final = {
    "operator": "operator",
    "technology": "technology",
    "distance": "distance_band",
    "land_cover": "land_cover",
    "sight": "sight",
    "site": "site_id",
}
_OFFSET_COLUMNS: Final = ("scheme", "class", "rows", "sites", "offset_db", "own")
_TEST_COLUMNS: Final = (
    "scheme",
    "rows",
    "sites",
    "rmse_before_db",
    "rmse_in_sample_db",
    "rmse_out_of_sample_db",
)


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
        ``land_cover`` (class code as text, None without), ``sight``.
    refused
        See :attr:`phusong.coverage.calibration.measurements.Measurements.refused`.
    summary
        Long: ``kind`` (``all`` and ``KINDS``), ``class``, ``rows``, ``sites``, ``bias_db``,
        ``rmse_db``, ``sigma_db`` (after the bias; NaN for a single row).
    offsets
        Long: ``scheme`` (``SCHEMES``), ``class``, ``rows``, ``sites``, ``offset_db``, ``own``.
    schemes
        ``scheme``, ``rows``, ``sites``, ``rmse_before_db``, ``rmse_in_sample_db``,
        ``rmse_out_of_sample_db``.
    reason, params
        Why no calibration can be made (English template), empty when one can.
    sigma_model_db
        What the study's ``radio.spread.sigma_model_db`` should be; NaN when it cannot be said.
    offsets_db, land_cover_offsets_db
        What the study's keys of ``radio`` should be (those in effect already included); empty
        when no change helps on sites it was not fitted to: they stay as they are.
    """

    residuals: pd.DataFrame
    refused: pd.DataFrame
    summary: pd.DataFrame
    offsets: pd.DataFrame
    schemes: pd.DataFrame
    reason: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    sigma_model_db: float = float("nan")
    offsets_db: dict[Technology, float] = field(default_factory=dict)
    land_cover_offsets_db: dict[Technology, dict[int, float]] = field(default_factory=dict)


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


def fit_schemes(residuals: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return offsets and their test for every scheme the rows allow.

    Returns
    -------
    offsets, schemes
        See :class:`Calibration`.
    """
    residual = residuals["residual_db"].to_numpy(dtype=np.float64)
    site = residuals["site_id"].to_numpy(dtype=object)
    offsets, schemes = [], []
    for scheme in SCHEMES:
        columns = _SCHEME_COLUMNS.get(scheme, ())
        if any(residuals[column].isna().all() for column in columns):
            continue
        classes = [residuals[column].fillna("").to_numpy(dtype=object) for column in columns]
        if len(classes) == 2:
            fit = fit_nested(residual, site, *classes)
        else:
            every = np.full(len(residuals), ANY_CLASS, dtype=object)
            fit = fit_offsets(residual, site, classes[0] if classes else every)
        offsets.append(fit.classes.assign(scheme=scheme))
        schemes.append(
            {
                "scheme": scheme,
                "rows": len(residuals),
                "sites": len(set(site)),
                "rmse_before_db": fit.rmse_before_db,
                "rmse_in_sample_db": fit.rmse_in_sample_db,
                "rmse_out_of_sample_db": fit.rmse_out_of_sample_db,
            }
        )
    return pd.concat(offsets, ignore_index=True), pd.DataFrame(schemes)


class StudyKeys(NamedTuple):
    """What to put in a study.

    Attributes
    ----------
    sigma_model_db
        The model's spread; NaN when no technology has enough rows and sites.
    offsets_db
        By technology; empty: leave them.
    land_cover_offsets_db
        By technology and land cover class, on top of `offsets_db`; empty: leave them.
    """

    sigma_model_db: float
    offsets_db: dict[Technology, float]
    land_cover_offsets_db: dict[Technology, dict[int, float]]


def study_keys(
    residuals: pd.DataFrame,
    in_effect: Mapping[Technology, float],
    cover_in_effect: Mapping[Technology, Mapping[int, float]] | None = None,
) -> StudyKeys:
    """Return what to put in a study: the model's spread, and offsets.

    Only technologies with enough rows and sites count. The spread is the RMSE on sites the
    offsets were not fitted to. Offsets by land cover on top of those by technology are proposed
    where they lessen that RMSE by :data:`WORTH_DB` or more. Where no offsets lessen it none are
    proposed, and the spread is the RMSE without them.

    Parameters
    ----------
    residuals
        See :attr:`Calibration.residuals`.
    in_effect, cover_in_effect
        Offsets the predictions already hold.
    """
    grouped = residuals.groupby("technology")["site_id"].agg(["size", "nunique"])
    enough = grouped[(grouped["size"] >= MIN_ROWS) & (grouped["nunique"] >= MIN_SITES)].index
    used = residuals[residuals["technology"].isin(enough)]
    if used.empty:
        return StudyKeys(float("nan"), {}, {})
    technology = used["technology"].to_numpy(dtype=object)
    cover = used["land_cover"].fillna("").to_numpy(dtype=object)
    site = used["site_id"].to_numpy(dtype=object)
    residual = used["residual_db"].to_numpy(dtype=np.float64)
    before_db = rms(residual)
    held = cover_in_effect or {}
    # What the predictions already add by land cover is taken off: those offsets are fitted anew.
    bare = residual + [
        held.get(t, {}).get(int(c), 0.0) if c else 0.0
        for t, c in zip(technology, cover, strict=True)
    ]
    plain = fit_offsets(bare, site, technology)
    nested = fit_nested(bare, site, technology, cover)
    best = plain
    if nested.rmse_out_of_sample_db <= plain.rmse_out_of_sample_db - WORTH_DB:
        best = nested
    if not best.rmse_out_of_sample_db < before_db:
        return StudyKeys(round(before_db, 1), {}, {})
    fitted = {str(k): float(v) for k, v in plain.classes.set_index("class")["offset_db"].items()}
    # Offsets in effect that are not proposed again are to be none.
    by_cover: dict[Technology, dict[int, float]] = {
        t: dict.fromkeys(classes, 0.0) for t, classes in held.items() if t in fitted
    }
    if best is nested:
        own = nested.classes[nested.classes["own"]]
        for name, offset in zip(own["class"], own["offset_db"], strict=True):
            outer, _, code = str(name).partition(" ")
            if code and outer in fitted:
                of_class = by_cover.setdefault(cast("Technology", outer), {})
                of_class[int(code)] = round(float(offset) - fitted[outer], 1)
    return StudyKeys(
        round(best.rmse_out_of_sample_db, 1),
        {t: round(in_effect.get(t, 0.0) + fitted[t], 1) for t in TECHNOLOGIES if t in fitted},
        {t: dict(sorted(classes.items())) for t, classes in by_cover.items() if classes},
    )


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
        Told of the steps ``propagation``, ``predict`` and ``sight``.

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
            pd.DataFrame(columns=list(_OFFSET_COLUMNS)),
            pd.DataFrame(columns=list(_TEST_COLUMNS)),
            *_nothing(refused),
        )
    offsets, schemes = fit_schemes(residuals)
    summary = summarise(residuals)
    rows, sites = len(residuals), residuals["site_id"].nunique()
    if rows < MIN_ROWS or sites < MIN_SITES:
        return Calibration(
            residuals,
            refused,
            summary,
            offsets,
            schemes,
            "{rows} usable rows on {sites} sites are too few to calibrate; it takes {least} rows "
            "on {least_sites} sites",
            {"rows": rows, "sites": sites, "least": MIN_ROWS, "least_sites": MIN_SITES},
        )
    radio = study.radio
    keys = study_keys(residuals, radio.offsets_db, radio.land_cover_offsets_db)
    reason, params = "", {}
    if np.isnan(keys.sigma_model_db):
        reason = "no technology has {least} usable rows on {least_sites} sites"
        params = {"least": MIN_ROWS, "least_sites": MIN_SITES}
    return Calibration(residuals, refused, summary, offsets, schemes, reason, params, *keys)


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
    residuals["sight"] = places.sight(predicted.server, told)[there]
    found = [part for part in refused if len(part)] or refused[:1]
    refused_rows = measured.each_refused(pd.concat(found, ignore_index=True))
    return residuals, refused_rows.sort_values("row", ignore_index=True)


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
