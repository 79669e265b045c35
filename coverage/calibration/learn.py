"""The choice of what a study should take from measurements: only what held-out rows confirm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from phusong.coverage.calibration.folds import (
    MIN_ROWS,
    MIN_SITES,
    MIN_STRETCHES,
    Folds,
    by_site,
    by_stretch,
    stretches,
)
from phusong.coverage.calibration.schemes import (
    FIRST,
    PARTS,
    SHARES,
    Learned,
    Scheme,
    Trial,
    carriers_of,
    fit_field,
    fit_scheme,
    rms,
    try_scheme,
    usable,
)
from phusong.coverage.calibration.variogram import fit_variogram
from phusong.coverage.corrections.residualfield import Kriged, Variogram

WORTH_DB: Final = 0.1
"""How much anything must lessen the RMSE on held-out rows to be proposed: the step in which a
spread is stated."""
STRETCH: Final = 5.0
"""Side of a stretch of road, in distances over which residuals fall to 1/e of correlation:
neighbouring stretches then have little in common, and standard errors hold."""
ENOUGH_STRETCHES: Final = 12
"""A small area is cut finer than that, down to one distance."""
LONGEST_M: Final = 1000.0
"""Where residuals drift over the whole area the likelihood names any distance."""
HOLDS: Final = 0.8
"""A field whose 90 % intervals hold fewer held-out rows than this claims too much."""
SCHEME_COLUMNS: Final = (
    "scheme",
    "held_out",
    "rows",
    "sites",
    "rmse_before_db",
    "rmse_in_sample_db",
    "rmse_out_of_sample_db",
    "inside_50",
    "inside_80",
    "inside_90",
    "proposed",
)
OFFSET_COLUMNS: Final = ("scheme", "class", "rows", "sites", "offset_db", "se_db")


@dataclass(frozen=True)
class Lesson:
    """What was learned from residuals.

    Attributes
    ----------
    offsets
        Long: ``OFFSET_COLUMNS``; of slopes dB a dB, and dB a decade of distance.
    schemes
        ``SCHEME_COLUMNS``; the last two rows (``no_field``, ``field``) are the chosen offsets
        held out by stretch of road, without and with what they leave kriged.
    reason, params
        Why nothing can be learned (English template), empty when something can.
    side_m
        Of the stretches of road.
    sigma_db
        RMSE of what is proposed on held-out rows, the field aside; NaN with a reason.
    chosen
        The offsets proposed, None when none help on rows they were not fitted to.
    variogram, fields
        Of what they leave; the fields (by carrier) empty unless they are proposed.
    """

    offsets: pd.DataFrame
    schemes: pd.DataFrame
    reason: str
    params: Mapping[str, Any]
    side_m: float
    sigma_db: float
    chosen: Learned | None
    variogram: Variogram | None
    fields: Mapping[str, Kriged]


def learn(rows: pd.DataFrame, cell_m: float = 30.0) -> Lesson:
    """Choose offsets, slopes and a field.

    Parameters
    ----------
    rows
        ``residual_db`` (measured minus predicted, nothing of an earlier calibration in it),
        ``current_db`` (the same with its offsets in effect, its field aside),
        ``operator``, ``technology``, ``land_cover``, ``sight``, ``site_id``, ``x_m``, ``y_m``,
        ``excess``, ``log_distance``.
    cell_m
        The least side of a stretch of road.
    """
    # Many small matrices: threads of the linear algebra cost more than they bring.
    with threadpool_limits(1, "blas"):
        return _learn(rows, cell_m)


def _learn(rows: pd.DataFrame, cell_m: float) -> Lesson:
    residual = rows["residual_db"].to_numpy(np.float64)
    before_db = rms(rows["current_db"].to_numpy(np.float64))
    sites = int(rows["site_id"].nunique())
    side_m = cell_m
    if len(rows) >= MIN_ROWS:
        found = fit_variogram(*_places(rows), residual - residual.mean(), carriers_of(rows))
        side_m = side_of(rows, found, cell_m)
    roads = by_stretch(*_places(rows), side_m)
    folds = by_site(rows["site_id"].to_numpy(dtype=object)) or roads
    enough = len(rows) >= MIN_ROWS and folds is not None
    judged = _Judged(rows, sites, before_db, side_m)
    if enough:
        judged.choose(folds)
    else:
        judged.add([scheme for scheme in FIRST if usable(scheme, rows)], None)
    if not enough:
        params = {
            "rows": len(rows),
            "sites": sites,
            "least": MIN_ROWS,
            "least_sites": MIN_SITES,
            "least_stretches": MIN_STRETCHES,
        }
        return judged.lesson(
            "{rows} usable rows on {sites} sites are too few to calibrate; it takes {least} rows "
            "on {least_sites} sites, or on {least_stretches} stretches of road",
            params,
        )
    judged.try_field(cell_m)
    return judged.lesson("", {})


def side_of(rows: pd.DataFrame, found: Variogram, cell_m: float) -> float:
    """Return the side of stretches of road."""
    least_m = float(np.clip(found.distance_m, cell_m, LONGEST_M))
    side_m = least_m * STRETCH
    while side_m > least_m and len(set(stretches(*_places(rows), side_m))) < ENOUGH_STRETCHES:
        side_m = max(0.7 * side_m, least_m)
    return side_m


def _places(rows: pd.DataFrame) -> tuple[Any, Any]:
    return rows["x_m"].to_numpy(np.float64), rows["y_m"].to_numpy(np.float64)


class _Judged:
    """Trials so far, and what they lead to."""

    def __init__(self, rows: pd.DataFrame, sites: int, before_db: float, side_m: float) -> None:
        self._rows, self._sites = rows, sites
        self._before_db, self._side_m = before_db, side_m
        self._trials: list[tuple[Scheme, Trial]] = []
        self._table: list[dict[str, Any]] = []
        self._offsets: list[pd.DataFrame] = []
        self._chosen: Scheme | None = None
        self._sigma_db = float("nan")
        self._variogram: Variogram | None = None
        self._fields: Mapping[str, Kriged] = {}

    def add(self, schemes: list[Scheme], folds: Folds | None) -> list[tuple[Scheme, Trial]]:
        """Try schemes."""
        trials = []
        for scheme in schemes:
            trial = try_scheme(self._rows, scheme, folds, self._side_m)
            trials.append((scheme, trial))
            self._note(scheme.name, trial, folds)
            learned = fit_scheme(self._rows, scheme, self._side_m)
            self._offsets.append(offsets_of(learned, self._rows).assign(scheme=scheme.name))
        return trials

    def _note(self, name: str, trial: Trial, folds: Folds | None) -> None:
        inside = {
            f"inside_{100 * share:.0f}": value
            for share, value in zip(SHARES, trial.inside, strict=True)
        }
        self._table.append(
            {
                "scheme": name,
                "held_out": None if folds is None else folds.kind,
                "rows": len(self._rows),
                "sites": self._sites,
                "rmse_before_db": self._before_db,
                "rmse_in_sample_db": trial.in_sample_db,
                "rmse_out_of_sample_db": trial.out_of_sample_db,
                **inside,
                "proposed": False,
            }
        )

    def choose(self, folds: Folds | None) -> None:
        """Start from offsets by technology and add what helps most, while it is worth it."""
        best, trial = self.add(list(FIRST), folds)[-1]
        left = list(PARTS)
        while True:
            more = [best.with_part(part) for part in left]
            tried = self.add([scheme for scheme in more if usable(scheme, self._rows)], folds)
            if not tried:
                break
            other = min(tried, key=lambda pair: pair[1].out_of_sample_db)
            if other[1].out_of_sample_db > trial.out_of_sample_db - WORTH_DB:
                break
            best, trial = other
            left = [part for part in left if part not in (*best.effects, *best.slopes)]
        self._sigma_db = self._before_db
        if trial.out_of_sample_db < self._before_db:
            self._chosen, self._sigma_db = best, trial.out_of_sample_db
            self._propose(best.name)

    def _propose(self, name: str) -> None:
        for row in self._table:
            row["proposed"] |= row["scheme"] == name

    def try_field(self, cell_m: float) -> None:
        """Krige what the chosen offsets leave, and keep that if held-out stretches gain."""
        left = self._rows["current_db"].to_numpy(np.float64)
        if self._chosen is not None:
            learned = fit_scheme(self._rows, self._chosen, self._side_m)
            left = self._rows["residual_db"].to_numpy(np.float64) - learned.predict(self._rows)[0]
        self._variogram, fields = fit_field(self._rows, left)
        # One distance, not five: of a wider gap only its edges are near a measured road.
        side_m = float(np.clip(self._variogram.distance_m, cell_m, LONGEST_M))
        roads = by_stretch(*_places(self._rows), side_m)
        if roads is None:
            return
        plain = try_scheme(self._rows, self._chosen, roads, self._side_m)
        kriged = try_scheme(self._rows, self._chosen, roads, self._side_m, self._variogram)
        self._note("no_field", plain, roads)
        self._note("field", kriged, roads)
        gains = kriged.out_of_sample_db <= plain.out_of_sample_db - WORTH_DB
        if gains and kriged.inside[-1] >= HOLDS:
            self._fields = fields
            self._propose("field")

    def lesson(self, reason: str, params: Mapping[str, Any]) -> Lesson:
        """Return what was found."""
        return Lesson(
            pd.concat(self._offsets, ignore_index=True)[list(OFFSET_COLUMNS)],
            pd.DataFrame(self._table, columns=list(SCHEME_COLUMNS)),
            reason,
            params,
            self._side_m,
            self._sigma_db,
            fit_scheme(self._rows, self._chosen, self._side_m) if self._chosen else None,
            self._variogram,
            self._fields,
        )


def offsets_of(learned: Learned, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the offset of every class of a scheme with its standard error, then the slopes."""
    fit, effects = learned.fit, learned.scheme.effects
    everyone = pd.Series(True, index=rows.index)
    technology, sight = rows["technology"].astype(str), rows["sight"].astype(str)
    pairs = technology + " " + rows["land_cover"].fillna("")
    classes: list[tuple[str, dict[str, str], pd.Series[bool]]] = []
    if not effects:
        classes.append(("*", {}, everyone))
    if "technology" in effects:
        classes += [(t, {"technology": t}, technology == t) for t in sorted(set(technology))]
    if "land_cover" in effects:
        for pair in sorted(set(pairs)):
            both = {"technology": pair.partition(" ")[0], "land_cover": pair}
            classes.append((pair, both, pairs == pair))
    if "sight" in effects:
        classes += [(name, {"sight": name}, sight == name) for name in sorted(set(sight))]
    out = []
    for name, known, there in classes:
        offset, error = fit.offset_of(known)
        seen = rows[there]
        figures = (len(seen), seen["site_id"].nunique(), offset, error)
        out.append((name, *figures))
    for k, name in enumerate(learned.spans, start=1):
        figures = (len(rows), rows["site_id"].nunique(), fit.fixed[k], fit.fixed_se[k])
        out.append((f"slope {name}", *figures))
    return pd.DataFrame(out, columns=["class", "rows", "sites", "offset_db", "se_db"])
