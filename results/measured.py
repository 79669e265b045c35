"""A calibration's residuals, read back from its folder and judged: for reports and for the map."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer

from phusong.coverage.audit.intervals import clopper_pearson
from phusong.coverage.signal.combine import NO_SHARE, SHARE_STEP
from phusong.coverage.signal.spread import probability, sigma_total_db
from phusong.disc.swap import find_results
from phusong.errors import InputError, Where
from phusong.names import safe_names
from phusong.results.csvback import read_back
from phusong.results.finished import FinishedRun
from phusong.study import Study

TABLE: Final = "calibration_residuals.csv"
_STAMP: Final = "run.json"
_NUMBERS: Final = (
    "row",
    "rows",
    "longitude",
    "latitude",
    "level_dbm",
    "predicted_dbm",
    "calibrated_db",
)
_TEXTS: Final = ("operator", "technology", "cell_id", "site_id", "sight")
CLAIM_ENDS: Final = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)
"""Classes of claimed probability: the lower end belongs to each, and 1 to the last."""
TWO_SIDED_90: Final = 1.6448536269514722
"""Spreads to either side of the prediction that hold 90 % of a normal level."""


@dataclass(frozen=True)
class MeasuredLevels:
    """Measured levels beside predicted ones, as `phusong calibrate` wrote them.

    Attributes
    ----------
    folder
        Where they lie.
    stamp
        Its run.json.
    rows
        One row a place and carrier: ``row``, ``rows``, ``longitude``, ``latitude``, ``operator``,
        ``technology``, ``cell_id``, ``site_id``, ``sight``, ``level_dbm``, ``predicted_dbm``,
        ``residual_db`` (measured minus predicted), ``calibrated_db`` (what of the prediction is
        from an earlier calibration).
    """

    folder: Path
    stamp: dict[str, Any]
    rows: pd.DataFrame

    @property
    def files(self) -> list[tuple[str, str]]:
        """Name and SHA-256 (empty where it is not known) of each file of measurements."""
        said = self.stamp.get("measurements")
        found = [item for item in said if isinstance(item, dict)] if isinstance(said, list) else []
        return [(str(item.get("file", "")), str(item.get("sha256", ""))) for item in found]

    @property
    def date(self) -> str:
        """Day of the calibration, ISO 8601; empty where it is not known."""
        return str(self.stamp.get("date", ""))

    @property
    def calibrated(self) -> bool:
        """Whether the predictions hold an earlier calibration."""
        return bool((self.rows["calibrated_db"] != 0.0).any())

    @property
    def study(self) -> str:
        """Name of the study they were held against; empty where it is not known."""
        return str(self.stamp.get("name", ""))


def open_measured(folder: Path) -> MeasuredLevels:
    """Read the stamp and the residuals of a calibration.

    Raises
    ------
    InputError
        When the folder is not one of a calibration, or a file of it is broken.
    """
    folder = find_results(folder)
    try:
        stamp = json.loads((folder / _STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        stamp = None
    if not isinstance(stamp, dict) or stamp.get("calibration") is not True:
        raise InputError(
            "this is not the folder of a calibration",
            Where(file=str(folder)),
            "name the folder that `phusong calibrate` wrote",
        )
    return MeasuredLevels(folder, stamp, _residuals(folder / TABLE))


def _residuals(path: Path) -> pd.DataFrame:
    """Return the rows."""
    out = read_back(path, _TEXTS, _NUMBERS, "calibrate again")
    whole = np.isfinite(out[list(_NUMBERS)].to_numpy(np.float64)).all(axis=1)
    if not whole.all():
        raise InputError(
            "a figure of this row is missing or is no number",
            Where(file=str(path), row=int(np.flatnonzero(~whole)[0]) + 1),
            "calibrate again",
        )
    return out.assign(
        row=out["row"].astype("int64"),
        rows=out["rows"].astype("int64"),
        residual_db=out["level_dbm"] - out["predicted_dbm"],
    )


def calibrates(study: Study) -> bool | None:
    """Return whether a study's levels hold a calibration.

    None where it names only a field near the measured roads, which may be an empty one.
    """
    radio = study.radio
    added = [
        *radio.offsets_db.values(),
        *(db for classes in radio.land_cover_offsets_db.values() for db in classes.values()),
        *radio.obstruction_offsets_db.values(),
        *(slope.db_per_unit for slope in radio.slopes.values()),
    ]
    if any(db != 0.0 for db in added):
        return True
    return False if radio.residual_field is None else None


def spread_left(rows: pd.DataFrame, run: FinishedRun) -> NDArray[np.float64] | None:
    """Return the share of the spread that a run's field leaves at places, as its rasters have it.

    Parameters
    ----------
    rows
        ``longitude``, ``latitude``, ``operator``, ``technology``.
    run
        A finished run; None comes back where its levels hold no field.

    Returns
    -------
    ndarray or None
        (rows,), 1 where no cell of the carrier is heard.
    """
    if "sensitivity" not in run.tables or not any(run.folder.glob("coverage_*_spread.tif")):
        return None
    safe = safe_names(run.tables["sensitivity"]["operator"].astype(str))
    to_run = Transformer.from_crs(4326, run.stamp["crs"], always_xy=True)
    x, y = to_run.transform(rows["longitude"].to_numpy(), rows["latitude"].to_numpy())
    out = np.ones(len(rows))
    for (operator, technology), part in rows.reset_index().groupby(["operator", "technology"]):
        path = run.folder / f"coverage_{safe.get(str(operator))}_{technology}_spread.tif"
        if path.is_file():
            at = part.index.to_numpy()
            with rasterio.open(path) as raster:
                steps = np.array([v[0] for v in raster.sample(zip(x[at], y[at], strict=True))])
            out[at] = np.where(steps == NO_SHARE, 1.0, steps * SHARE_STEP)
    return out


def judge(
    rows: pd.DataFrame,
    study: Study,
    cells: pd.DataFrame,
    cell_m: float,
    left: NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """Return the rows with what a study claims of them, and whether it came true.

    Added are ``sigma_db`` (location and model, less what a field takes), ``threshold_dbm``,
    ``probability`` (claimed P(level >= threshold)), ``reached`` and ``inside_90`` (of the level's
    90 % interval). Frequencies are those of the cells; a cell that the run does not know has the
    middle one of its technology. Where neither is known the claim is NaN.

    Parameters
    ----------
    rows
        See :attr:`MeasuredLevels.rows`.
    study
        Its thresholds and spreads.
    cells
        ``cell_id``, ``technology``, ``freq_mhz``.
    cell_m
        Width of the study's grid cells.
    left
        See :func:`spread_left`; None: all of the spread.
    """
    radio = study.radio
    frequency = cells.drop_duplicates("cell_id").set_index("cell_id")["freq_mhz"]
    middle = cells.groupby("technology")["freq_mhz"].median()
    freq_mhz = rows["cell_id"].map(frequency).fillna(rows["technology"].map(middle))
    spreads = {
        f: sigma_total_db(radio.spread, f, cell_m, radio.rx_height_m)
        for f in freq_mhz.dropna().unique()
    }
    thresholds = {str(name): t.threshold_dbm for name, t in radio.technologies.items()}
    sigma = freq_mhz.map(spreads).to_numpy(np.float64) * (1.0 if left is None else left)
    threshold = rows["technology"].map(thresholds).to_numpy(np.float64)
    predicted = rows["predicted_dbm"].to_numpy(np.float64)
    residual = rows["residual_db"].to_numpy(np.float64)
    return rows.assign(
        sigma_db=sigma,
        threshold_dbm=threshold,
        probability=probability(predicted, threshold, sigma),
        reached=rows["level_dbm"].to_numpy(np.float64) >= threshold,
        inside_90=np.where(np.isnan(sigma), np.nan, np.abs(residual) <= TWO_SIDED_90 * sigma),
    )


@dataclass(frozen=True)
class Figures:
    """How far predictions of some rows are off.

    Attributes
    ----------
    rows, sites
        How many.
    bias_db, sd_db, rmse_db
        Mean, standard deviation about it (NaN for a single row) and root mean square of measured
        minus predicted.
    inside_90
        Share of the rows inside their 90 % interval; NaN where no spread is known.
    """

    rows: int
    sites: int
    bias_db: float
    sd_db: float
    rmse_db: float
    inside_90: float


def figures(judged: pd.DataFrame) -> Figures:
    """Return the figures of judged rows, at least one."""
    residual = judged["residual_db"].to_numpy(np.float64)
    return Figures(
        rows=len(judged),
        sites=int(judged["site_id"].nunique()),
        bias_db=float(residual.mean()),
        sd_db=float(residual.std(ddof=1)) if residual.size > 1 else math.nan,
        rmse_db=float(np.sqrt(np.mean(residual**2))),
        inside_90=float(judged["inside_90"].mean()),
    )


def reliability(judged: pd.DataFrame) -> pd.DataFrame:
    """Return what was claimed beside what was measured, by class of claimed probability.

    Parameters
    ----------
    judged
        See :func:`judge`; rows without a claim are left out.

    Returns
    -------
    DataFrame
        Classes that have rows: ``claim_low``, ``claim_high``, ``rows``, ``claimed`` (mean),
        ``reached`` (rows), ``share``, ``low``, ``high`` (exact binomial interval of 95 %).
    """
    known = judged[judged["probability"].notna()]
    claim = known["probability"].to_numpy(np.float64)
    of = np.clip(np.searchsorted(CLAIM_ENDS, claim, side="right") - 1, 0, len(CLAIM_ENDS) - 2)
    lines = []
    for number, (least, most) in enumerate(pairwise(CLAIM_ENDS)):
        part = known[of == number]
        if part.empty:
            continue
        reached = int(part["reached"].sum())
        low, high = clopper_pearson(reached, len(part))
        lines.append(
            {
                "claim_low": least,
                "claim_high": most,
                "rows": len(part),
                "claimed": float(part["probability"].mean()),
                "reached": reached,
                "share": reached / len(part),
                "low": float(low),
                "high": float(high),
            }
        )
    names = ["claim_low", "claim_high", "rows", "claimed", "reached", "share", "low", "high"]
    return pd.DataFrame(lines, columns=names)
