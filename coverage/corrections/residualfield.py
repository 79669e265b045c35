"""What is left of the residuals, kriged: known near measured roads, and nowhere else.

Simple kriging of mean 0 with an exponential covariance and a nugget, which scikit-learn's
Gaussian process is; its variogram (nugget, sill, distance) is that of largest likelihood. The
spread near a measured place is the kriging deviation, beyond :data:`REACH` distances there is
neither a level nor a tighter spread.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from phusong.errors import InputError, Where
from phusong.grid import Grid, Window
from phusong.study import Study

_Floats = NDArray[np.float64]
Carrier = tuple[str, str]
"""Operator and technology."""

REACH: Final = 3.0
"""Distances of 1/e after which an exponential covariance is under 5 %: its practical range."""
_BLOCK: Final = 45
"""Cells kriged at once lie together: only the places measured near them count."""


@dataclass(frozen=True)
class Variogram:
    """γ(h) = nugget + sill (1 - exp(-h / distance)).

    Attributes
    ----------
    nugget_db2, sill_db2
        Variance of a row about the field, and of the field.
    distance_m
        Over which the field's correlation falls to 1/e.
    """

    nugget_db2: float
    sill_db2: float
    distance_m: float

    @property
    def far_db(self) -> float:
        """Spread of a row far from every measured place."""
        return float(np.sqrt(self.nugget_db2 + self.sill_db2))


@dataclass(frozen=True)
class Kriged:
    """The field of one carrier.

    Attributes
    ----------
    variogram
        Of all carriers.
    x_m, y_m, residual_db, rows
        (places,) where it was measured, the mean of what is left there, and of how many rows.
    """

    variogram: Variogram
    x_m: _Floats
    y_m: _Floats
    residual_db: _Floats
    rows: _Floats

    def at(self, x_m: _Floats, y_m: _Floats) -> tuple[_Floats, _Floats]:
        """Return what to add to the level, and the share of the spread that is left.

        Parameters
        ----------
        x_m, y_m
            (places,) in the study's CRS.

        Returns
        -------
        ndarray, ndarray
            (places,) dB, and 1 where nothing is known.
        """
        level, share = np.zeros(x_m.size), np.ones(x_m.size)
        reach = REACH * self.variogram.distance_m
        away, _ = cKDTree(np.stack([self.x_m, self.y_m], axis=1)).query(
            np.stack([x_m, y_m], axis=1), distance_upper_bound=reach
        )
        near = np.flatnonzero(np.isfinite(away))
        if not near.size:
            return level, share
        square = np.stack([np.floor(x_m[near] / reach), np.floor(y_m[near] / reach)], axis=1)
        _, of = np.unique(square, axis=0, return_inverse=True)
        order = np.argsort(of.ravel(), kind="stable")
        for group in np.split(near[order], np.flatnonzero(np.diff(of.ravel()[order])) + 1):
            x, y = x_m[group], y_m[group]
            known = (self.x_m >= x.min() - reach) & (self.x_m <= x.max() + reach)
            known &= (self.y_m >= y.min() - reach) & (self.y_m <= y.max() + reach)
            mean, sd = self._krige(known, x, y)
            level[group] = mean
            share[group] = np.minimum(sd / self.variogram.far_db, 1.0)
        return level, share

    def over(self, grid: Grid, window: Window) -> tuple[_Floats, _Floats] | None:
        """Return :meth:`at` the cells of a window, None where none is near a measured place."""
        reach = REACH * self.variogram.distance_m
        level, share = np.zeros(window.shape), np.ones(window.shape)
        found = False
        for row0 in range(0, window.rows, _BLOCK):
            for col0 in range(0, window.cols, _BLOCK):
                part = Window(window.row0 + row0, window.col0 + col0, _BLOCK, _BLOCK)
                part = part.intersect(window)
                west, south, east, north = grid.bounds_of(part)
                near = (self.x_m > west - reach) & (self.x_m < east + reach)
                if not (near & (self.y_m > south - reach) & (self.y_m < north + reach)).any():
                    continue
                x = west + (np.arange(part.cols) + 0.5) * grid.cell_m
                y = north - (np.arange(part.rows) + 0.5) * grid.cell_m
                x, y = (axis.ravel() for axis in np.meshgrid(x, y))
                inside = part.slices_in(window)
                level[inside], share[inside] = (v.reshape(part.shape) for v in self.at(x, y))
                found = True
        return (level, share) if found else None

    def _krige(
        self, near: NDArray[np.bool_], x_m: _Floats, y_m: _Floats
    ) -> tuple[_Floats, _Floats]:
        """Return mean and deviation of a new row at places, from some of the measured ones."""
        found = self.variogram
        known = np.stack([self.x_m[near], self.y_m[near]], axis=1)
        process = process_of(found, alpha=found.nugget_db2 / self.rows[near], fixed=True)
        process.fit(known, self.residual_db[near])
        mean, sd = process.predict(np.stack([x_m, y_m], axis=1), return_std=True)
        return np.asarray(mean), np.sqrt(np.asarray(sd) ** 2 + found.nugget_db2)


def process_of(start: Variogram, alpha: Any = 1e-9, *, fixed: bool) -> Any:
    """Return a Gaussian process with this variogram, or one to fit from it."""
    # Slow to import, and wanted only where there is a field.
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    if fixed:
        kernel = ConstantKernel(start.sill_db2, "fixed") * Matern(start.distance_m, "fixed", nu=0.5)
        return GaussianProcessRegressor(kernel, alpha=alpha, optimizer=None)
    sill = ConstantKernel(start.sill_db2, (1e-2, 1e3))
    bounds = (start.distance_m / 20.0, start.distance_m * 20.0)
    kernel = sill * Matern(start.distance_m, bounds, nu=0.5)
    return GaussianProcessRegressor(kernel + WhiteKernel(start.nugget_db2, (1e-1, 1e3)), alpha=1e-6)


@dataclass(frozen=True)
class ResidualField:
    """The fields of a calibration, with where they are from.

    Attributes
    ----------
    variogram
        Of all carriers.
    carriers
        (operator, technology) -> field.
    about
        ``name``, ``date``, ``crs``, ``measurements`` (list of ``file`` and ``sha256``).
    """

    variogram: Variogram
    carriers: Mapping[Carrier, Kriged]
    about: Mapping[str, Any]

    def text(self) -> str:
        """Return what the file holds: JSON, centimetres and hundredths of a dB."""
        variogram = self.variogram
        carriers = [
            {
                "operator": operator,
                "technology": technology,
                "x_m": np.round(field.x_m, 2).tolist(),
                "y_m": np.round(field.y_m, 2).tolist(),
                "residual_db": np.round(field.residual_db, 2).tolist(),
                "rows": field.rows.astype(int).tolist(),
            }
            for (operator, technology), field in self.carriers.items()
        ]
        said = {
            **self.about,
            "variogram": {
                "model": "exponential",
                "nugget_db2": round(variogram.nugget_db2, 3),
                "sill_db2": round(variogram.sill_db2, 3),
                "distance_m": round(variogram.distance_m, 1),
            },
            "carriers": carriers,
        }
        return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def read_field(path: Path) -> ResidualField:
    """Read a field that a calibration wrote.

    Raises
    ------
    InputError
        When the file is not there, or is not such a field.
    """
    try:
        said = json.loads(path.read_text("utf-8"))
        found = said.pop("variogram")
        variogram = Variogram(found["nugget_db2"], found["sill_db2"], found["distance_m"])
        carriers = {}
        for part in said.pop("carriers"):
            columns = (
                np.asarray(part[name], dtype=np.float64)
                for name in ("x_m", "y_m", "residual_db", "rows")
            )
            carriers[part["operator"], part["technology"]] = Kriged(variogram, *columns)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            "the field of residuals cannot be read: {reason}",
            Where(file=str(path), key="radio.residual_field"),
            "calibrate again with --apply, or take the key out",
            {"reason": str(error) or type(error).__name__},
        ) from error
    return ResidualField(variogram, carriers, said)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def provenance(study: Study) -> dict[str, Any] | None:
    """Return where the calibration of a study is from, None without one.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    if study.radio.residual_field is None:
        return None
    path = study.resolve(study.radio.residual_field)
    return {**read_field(path).about, "sha256": digest(path)}
