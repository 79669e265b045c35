"""Measured levels against predicted ones: how far off the model is, and what would mend it.

A residual is measured minus predicted. What is fitted are offsets only: a mean residual over
all rows, or one for each class of a kind (technology, land cover, line of sight). Every offset
is tested on sites it was not fitted to (leave one site out): rows of one site share the mast,
its surveyed height and its hill, and a test within a site would praise any overfitting.

Measurements exist only where something was heard, so the weak end of the predictions is tested
less than the strong one, and a bias is flattered by what was too weak to be measured.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.losses import Losses
from phusong.coverage.measurements import LEVEL_RANGE_DBM, Measurements, refuse
from phusong.coverage.plan import plan_run
from phusong.coverage.prediction import Places, ask, sample_cells
from phusong.coverage.store import PathLossStore
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import TECHNOLOGIES, Study, Technology

ANY_CLASS: Final = "*"
MIN_ROWS: Final = 30
MIN_SITES: Final = 3
"""A class with fewer rows or sites gets no offset of its own, but that of all rows."""
BANDS_KM: Final = (0, 1, 2, 5, 10, 20, 50, 200)
KINDS: Final = ("operator", "technology", "distance", "land_cover", "sight", "site")
SCHEMES: Final = ("overall", "technology", "land_cover", "sight")
_SCHEME_COLUMNS: Final = {"technology": "technology", "land_cover": "land_cover", "sight": "sight"}
_KIND_COLUMNS: Final = {
    "operator": "operator", "technology": "technology", "distance": "distance_band",
    "land_cover": "land_cover", "sight": "sight", "site": "site_id",
}  # fmt: skip
_OFFSET_COLUMNS: Final = ("scheme", "class", "rows", "sites", "offset_db", "own")
_TEST_COLUMNS: Final = (
    "scheme", "rows", "sites", "rmse_before_db", "rmse_in_sample_db", "rmse_out_of_sample_db",
)  # fmt: skip


@dataclass(frozen=True)
class Fit:
    """Offsets by class, and how well they do on rows they know and rows they do not.

    Attributes
    ----------
    classes
        ``class``, ``rows``, ``sites``, ``offset_db``, ``own`` (False: too few, the offset of
        all rows stands in).
    rmse_before_db, rmse_in_sample_db, rmse_out_of_sample_db
        Without offsets; with offsets fitted to all rows; with offsets fitted to the other
        sites (NaN with a single site).
    """

    classes: pd.DataFrame
    rmse_before_db: float
    rmse_in_sample_db: float
    rmse_out_of_sample_db: float


@dataclass(frozen=True)
class Calibration:
    """What measurements say about the predictions.

    Attributes
    ----------
    residuals
        One row a measurement used: ``row``, ``longitude``, ``latitude``, ``operator``,
        ``technology``, ``cell_id``, ``site_id``, ``level_dbm``, ``predicted_dbm``,
        ``residual_db`` (measured minus predicted), ``distance_km``, ``distance_band``,
        ``land_cover`` (class code as text, None without), ``sight``.
    refused
        See :attr:`phusong.coverage.measurements.Measurements.refused`.
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
    offsets_db
        What the study's ``radio.offsets_db`` should be (those in effect already included);
        empty when no change helps on sites it was not fitted to: they stay as they are.
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


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2))) if values.size else float("nan")


def fit_offsets(
    residual_db: NDArray[np.float64],
    site: NDArray[np.object_],
    klass: NDArray[np.object_],
) -> Fit:
    """Fit one offset a class by least squares, and test it leaving out one site at a time.

    Whether a class is large enough for an offset of its own depends on counts alone, so
    deciding it on all rows tells the test nothing about the residuals it is tested on.

    Parameters
    ----------
    residual_db
        (rows,) measured minus predicted, at least one.
    site
        (rows,) the mast each row was served from.
    klass
        (rows,) class of each row.
    """
    sites, s = np.unique(site.astype(str), return_inverse=True)
    classes, c = np.unique(klass.astype(str), return_inverse=True)
    total, count = np.zeros((2, sites.size, classes.size))
    np.add.at(total, (s, c), residual_db)
    np.add.at(count, (s, c), 1.0)
    rows, masts = count.sum(axis=0), (count > 0).sum(axis=0)
    own = (rows >= MIN_ROWS) & (masts >= MIN_SITES)
    with np.errstate(invalid="ignore", divide="ignore"):
        everywhere = residual_db.mean()
        offset = np.where(own, total.sum(axis=0) / rows, everywhere)
        rest_total, rest = total.sum(axis=0) - total, count.sum(axis=0) - count
        rest_everywhere = rest_total.sum(axis=1) / rest.sum(axis=1)
        elsewhere = np.where(own, rest_total / rest, rest_everywhere[:, None])
    table = pd.DataFrame(
        {
            "class": classes.astype(object),
            "rows": rows.astype(np.int64),
            "sites": masts,
            "offset_db": offset,
            "own": own,
        }
    )
    out = residual_db - elsewhere[s, c]
    return Fit(
        table,
        _rms(residual_db),
        _rms(residual_db - offset[c]),
        _rms(out) if sites.size > 1 else float("nan"),
    )


def _figures(kind: str, name: str, rows: pd.DataFrame) -> dict[str, Any]:
    """Return one row of the summary."""
    residual = rows["residual_db"].to_numpy(dtype=np.float64)
    return {
        "kind": kind,
        "class": name,
        "rows": len(rows),
        "sites": rows["site_id"].nunique(),
        "bias_db": residual.mean() if residual.size else np.nan,
        "rmse_db": _rms(residual),
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
        column = _SCHEME_COLUMNS.get(scheme)
        klass = np.full(len(residuals), ANY_CLASS, dtype=object)
        if column is not None:
            if residuals[column].isna().all():
                continue
            klass = residuals[column].fillna("").to_numpy(dtype=object)
        fit = fit_offsets(residual, site, klass)
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


def study_keys(
    residuals: pd.DataFrame, in_effect: dict[Technology, float]
) -> tuple[float, dict[Technology, float]]:
    """Return what to put in a study: the model's spread, and an offset by technology.

    Only technologies with enough rows and sites count. The spread is the RMSE on sites the
    offsets were not fitted to. Where offsets do not lessen that RMSE none is proposed, and the
    spread is the RMSE without them.

    Parameters
    ----------
    residuals
        See :attr:`Calibration.residuals`.
    in_effect
        Offsets the predictions already hold.

    Returns
    -------
    sigma_model_db, offsets_db
        NaN and nothing when no technology has enough.
    """
    grouped = residuals.groupby("technology")["site_id"].agg(["size", "nunique"])
    enough = grouped[(grouped["size"] >= MIN_ROWS) & (grouped["nunique"] >= MIN_SITES)].index
    used = residuals[residuals["technology"].isin(enough)]
    if used.empty:
        return float("nan"), {}
    fit = fit_offsets(
        used["residual_db"].to_numpy(dtype=np.float64),
        used["site_id"].to_numpy(dtype=object),
        used["technology"].to_numpy(dtype=object),
    )
    if not fit.rmse_out_of_sample_db < fit.rmse_before_db:
        return round(fit.rmse_before_db, 1), {}
    fitted = fit.classes.set_index("class")["offset_db"]
    return round(fit.rmse_out_of_sample_db, 1), {
        technology: round(in_effect.get(technology, 0.0) + float(fitted[technology]), 1)
        for technology in TECHNOLOGIES
        if technology in fitted.index
    }


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
        See :func:`phusong.coverage.measurements.read_measurements`.
    progress
        Told of the steps ``propagation``, ``predict`` and ``sight``.

    Raises
    ------
    InputError
        When an antenna file cannot be read.
    """
    told = progress or NoProgress()
    residuals, refused = _compare(inputs, study, store, measured, told)
    if residuals.empty:
        return Calibration(
            residuals, refused, summarise(residuals),
            pd.DataFrame(columns=list(_OFFSET_COLUMNS)), pd.DataFrame(columns=list(_TEST_COLUMNS)),
            "none of the rows can be held against a prediction; see the reasons",
        )  # fmt: skip
    offsets, schemes = fit_schemes(residuals)
    summary = summarise(residuals)
    rows, sites = len(residuals), residuals["site_id"].nunique()
    if rows < MIN_ROWS or sites < MIN_SITES:
        return Calibration(
            residuals, refused, summary, offsets, schemes,
            "{rows} usable rows on {sites} sites are too few to calibrate; it takes {least} rows "
            "on {least_sites} sites",
            {"rows": rows, "sites": sites, "least": MIN_ROWS, "least_sites": MIN_SITES},
        )  # fmt: skip
    sigma, keys = study_keys(residuals, dict(study.radio.offsets_db))
    reason, params = "", {}
    if np.isnan(sigma):
        reason = "no technology has {least} usable rows on {least_sites} sites"
        params = {"least": MIN_ROWS, "least_sites": MIN_SITES}
    return Calibration(residuals, refused, summary, offsets, schemes, reason, params, sigma, keys)


def _compare(
    inputs: Inputs,
    study: Study,
    store: PathLossStore,
    measured: Measurements,
    told: Progress,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return residuals and refused rows."""
    plan = plan_run(inputs, study)
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
    refused.append(refuse(frame, unheard[~far], "no_prediction"))
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
    for name in ("operator", "technology", "cell_id", "site_id"):
        residuals[name] = cells[name].astype(object)
    residuals["predicted_dbm"] = predicted.level_dbm[there]
    residuals["residual_db"] = residuals["level_dbm"] - residuals["predicted_dbm"]
    residuals["distance_km"] = distance_km
    residuals["distance_band"] = distance_band(distance_km)
    residuals["land_cover"] = pd.Series(cover, dtype=object)
    residuals["sight"] = places.sight(predicted.server, told)[there]
    found = [part for part in refused if len(part)] or refused[:1]
    return residuals, pd.concat(found, ignore_index=True).sort_values("row", ignore_index=True)


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
