"""What can be learned from residuals, each kind tested on rows it was not fitted to.

A scheme says which classes have offsets and which slopes there are. Beside them every fit knows
that rows of one site, and of one stretch of road, share an error: so many rows of one road do
not pass for knowledge of all roads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from phusong.coverage.calibration.folds import Folds, stretches
from phusong.coverage.calibration.mixed import MixedFit, fit_mixed
from phusong.coverage.calibration.variogram import fit_variogram, krige
from phusong.coverage.corrections.residualfield import Kriged, Variogram

_Floats = NDArray[np.float64]
_Labels = NDArray[np.object_]

SHARES: Final = (0.5, 0.8, 0.9)
"""Central intervals that held-out rows are counted in."""
_ENDS: Final = (5.0, 95.0)
"""A slope holds between these percentiles of what was measured, and is flat beyond."""


SHARED: Final = ("site", "stretch")
"""Effects of every fit, that no place elsewhere knows its class of."""


@dataclass(frozen=True)
class Scheme:
    """Classes with offsets (shrunk together), and slopes."""

    effects: tuple[str, ...] = ()
    slopes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its parts, a plus between."""
        return "+".join([*self.effects, *self.slopes]) or "overall"

    def with_part(self, part: str) -> Scheme:
        """Return the scheme with one more effect or slope."""
        if part in SLOPES:
            return Scheme(self.effects, (*self.slopes, part))
        return Scheme((*self.effects, part), self.slopes)


SLOPES: Final = ("excess", "log_distance")
"""Loss beyond free space (dB), and the decadic logarithm of the distance in km."""
FIRST: Final = (Scheme(), Scheme(("technology",)))
PARTS: Final = ("land_cover", "sight", *SLOPES)
"""What may be added to offsets by technology."""


@dataclass(frozen=True)
class Span:
    """Where a slope holds; it turns about the middle."""

    low: float
    high: float

    def off_middle(self, values: _Floats) -> _Floats:
        """Return how far values are from the middle, those outside taken to the nearer end."""
        return np.asarray(np.clip(values, self.low, self.high) - 0.5 * (self.low + self.high))


def usable(scheme: Scheme, rows: pd.DataFrame) -> bool:
    """Whether rows say all that a scheme asks of them."""
    labelled = all(_labels(rows, name) is not None for name in scheme.effects)
    return labelled and all(
        rows[name].notna().all() and np.ptp(rows[name].to_numpy(np.float64)) > 0.0
        for name in scheme.slopes
    )


def _labels(rows: pd.DataFrame, effect: str) -> _Labels | None:
    """Return the class of every row for an effect, None where the rows do not know it."""
    if effect == "land_cover":
        if rows["land_cover"].isna().all():
            return None
        cover = rows["land_cover"].fillna("")
        return np.asarray(rows["technology"].astype(str) + " " + cover, dtype=object)
    return rows[effect].to_numpy(dtype=object)


@dataclass(frozen=True)
class Learned:
    """A scheme fitted to rows."""

    scheme: Scheme
    fit: MixedFit
    spans: Mapping[str, Span]

    def predict(self, rows: pd.DataFrame) -> tuple[_Floats, _Floats]:
        """Return the offset of every row and its spread, at a site and road not yet seen."""
        known = {name: _labels(rows, name) for name in self.scheme.effects}
        return self.fit.predict(_columns(rows, self.spans), known)


def _columns(rows: pd.DataFrame, spans: Mapping[str, Span]) -> _Floats:
    columns = [np.ones(len(rows))]
    columns += [span.off_middle(rows[name].to_numpy(np.float64)) for name, span in spans.items()]
    return np.stack(columns, axis=1)


def fit_scheme(
    rows: pd.DataFrame, scheme: Scheme, side_m: float, near: Learned | None = None
) -> Learned:
    """Fit a scheme.

    Parameters
    ----------
    rows
        ``residual_db``, ``site_id``, ``x_m``, ``y_m``, and what the scheme asks for.
    scheme
        One that is :func:`usable`.
    side_m
        Of the stretches of road.
    near
        The scheme fitted to nearly the same rows: a start.
    """
    spans = {
        name: Span(*np.percentile(rows[name].to_numpy(np.float64), _ENDS)) for name in scheme.slopes
    }
    effects: dict[str, _Labels] = {}
    for name in scheme.effects:
        labels = _labels(rows, name)
        if labels is not None:
            effects[name] = labels
    effects["site"] = rows["site_id"].to_numpy(dtype=object)
    effects["stretch"] = stretches(*_places(rows), side_m)
    residual = rows["residual_db"].to_numpy(np.float64)
    start = None if near is None else near.fit
    return Learned(scheme, fit_mixed(residual, _columns(rows, spans), effects, near=start), spans)


def _places(rows: pd.DataFrame) -> tuple[_Floats, _Floats]:
    return rows["x_m"].to_numpy(np.float64), rows["y_m"].to_numpy(np.float64)


def carriers_of(rows: pd.DataFrame) -> _Labels:
    """Return the carrier of every row as one text."""
    return np.asarray(rows["operator"].astype(str) + "\t" + rows["technology"], dtype=object)


def fit_field(rows: pd.DataFrame, left_db: _Floats) -> tuple[Variogram, dict[str, Kriged]]:
    """Return the variogram of what offsets leave, and the field of every carrier."""
    found = fit_variogram(*_places(rows), left_db, carriers_of(rows))
    return found, krige(found, *_places(rows), left_db, carriers_of(rows))


def field_at(fields: Mapping[str, Kriged], rows: pd.DataFrame) -> tuple[_Floats, _Floats]:
    """Return what the fields of their carriers add to rows, and the share of spread left."""
    level, share = np.zeros(len(rows)), np.ones(len(rows))
    carriers, (x, y) = carriers_of(rows), _places(rows)
    for name, field in fields.items():
        at = np.flatnonzero(carriers == name)
        if at.size:
            level[at], share[at] = field.at(x[at], y[at])
    return level, share


def rms(values: _Floats) -> float:
    """Return the root of the mean square, NaN without values."""
    return float(np.sqrt(np.mean(values**2))) if values.size else float("nan")


@dataclass(frozen=True)
class Trial:
    """How a scheme does on rows it knows, and on rows held out.

    Attributes
    ----------
    in_sample_db, out_of_sample_db
        RMSE; the second NaN where nothing could be held out.
    inside
        Share of held-out rows inside their intervals of ``SHARES``.
    """

    in_sample_db: float
    out_of_sample_db: float
    inside: tuple[float, ...]


def try_scheme(
    rows: pd.DataFrame,
    scheme: Scheme | None,
    folds: Folds | None,
    side_m: float,
    variogram: Variogram | None = None,
) -> Trial:
    """Fit a scheme to all rows, and to all folds but one at a time.

    Parameters
    ----------
    rows, scheme, side_m
        As for :func:`fit_scheme`; None: the predictions as they stand (``current_db``).
    folds
        Rows held out together; None: nothing is.
    variogram
        With it, what the scheme leaves is kriged; it is fitted once, to all rows.
    """
    whole = None if scheme is None else fit_scheme(rows, scheme, side_m)
    residual = rows["residual_db" if scheme else "current_db"].to_numpy(np.float64)
    in_sample = rms(residual if whole is None else residual - whole.predict(rows)[0])
    if folds is None:
        return Trial(in_sample, float("nan"), tuple(float("nan") for _ in SHARES))
    error, relative = np.zeros(len(rows)), np.zeros((len(rows), len(SHARES)), dtype=np.bool_)
    for fold in range(folds.count):
        out = folds.of == fold
        known, held = rows[~out].reset_index(drop=True), rows[out].reset_index(drop=True)
        fitted, mean, sd, widths = _guess(known, held, whole, side_m)
        if variogram is not None:
            left = residual[~out] - fitted
            fields = krige(variogram, *_places(known), left, carriers_of(known))
            level, share = field_at(fields, held)
            mean, sd = mean + level, sd * share
        error[out] = residual[out] - mean
        relative[out] = np.abs(error[out])[:, None] <= widths * sd[:, None]
    inside = tuple(float(share) for share in relative.mean(axis=0))
    return Trial(in_sample, rms(error), inside)


def _guess(
    known: pd.DataFrame, held: pd.DataFrame, whole: Learned | None, side_m: float
) -> tuple[_Floats, _Floats, _Floats, _Floats]:
    """Return offsets of known rows, offsets and spread of held ones, and interval half widths."""
    if whole is None:
        sd = np.full(len(held), rms(known["current_db"].to_numpy(np.float64)))
        return np.zeros(len(known)), np.zeros(len(held)), sd, ndtri(0.5 + np.array(SHARES) / 2.0)
    learned = fit_scheme(known, whole.scheme, side_m, whole)
    widths = np.array([learned.fit.half_width_of_row(share, SHARED) for share in SHARES])
    return (learned.predict(known)[0], *learned.predict(held), widths)
