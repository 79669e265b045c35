"""The propagation models there are: what they hold for, need and cost.

Importing this compiles nothing: each model's functions are found when first called.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import pandas as pd

from phusong.coverage.propagation.dispatch import SWEEPS, check_range
from phusong.errors import ModelError
from phusong.i18n import tr

if TYPE_CHECKING:
    from phusong.coverage.propagation.linkpath import LinkPath

EVALUATORS = "phusong.coverage.propagation.evaluators"


@dataclass(frozen=True)
class Loss:
    """Loss of one path under one model."""

    loss_db: float
    warnings: int = 0
    """The model's own warning bits; 0 where it has none."""


@dataclass(frozen=True)
class Model:
    """One propagation model.

    Parameters
    ----------
    name
        What a study and the command line call it.
    title, note
        English templates: its full name, and what to know before choosing it.
    source
        Recommendation or report, with its edition.
    freq_mhz, distance_km, tx_height_m, rx_height_m, time_percent
        Stated ranges, lowest and highest; `time_percent` None where the model knows no time.
    needs
        What of ``terrain``, ``clutter``, ``zones`` it uses.
    cost_us
        Microseconds per output pixel and band on one core, measured on 20 km of 30 m cells.
    evaluator
        Name of its function in :data:`EVALUATORS`.
    """

    name: str
    title: str
    source: str
    freq_mhz: tuple[float, float]
    distance_km: tuple[float, float]
    tx_height_m: tuple[float, float]
    rx_height_m: tuple[float, float]
    time_percent: tuple[float, float] | None
    needs: tuple[str, ...]
    cost_us: float
    evaluator: str
    note: str = ""

    @property
    def sweeps(self) -> bool:
        """Whether the model can fill a raster."""
        return self.name in SWEEPS

    def check(self, path: LinkPath) -> None:
        """Refuse a path outside of the stated ranges.

        Raises
        ------
        ModelError
            Naming the quantity, its value and the range.
        """
        for name, value, limits, unit in (
            ("frequency", path.freq_mhz, self.freq_mhz, "MHz"),
            ("antenna height", path.tx_height_m, self.tx_height_m, "m"),
            ("receiver height", path.rx_height_m, self.rx_height_m, "m"),
            ("distance", path.length_m / 1000.0, self.distance_km, "km"),
        ):
            check_range(name, value, *limits, unit, self.name)
        if self.time_percent:
            check_range("time percentage", path.time_percent, *self.time_percent, "%", self.name)

    def path_loss(self, path: LinkPath) -> Loss:
        """Return the loss of one path.

        Raises
        ------
        ModelError
            For a path outside of the model's range, or one it cannot be computed on.
        """
        self.check(path)
        result: Loss = getattr(import_module(EVALUATORS), self.evaluator)(path)
        return result


_P1812 = "ITU-R P.1812-7 (08/2023)"
_TR = "3GPP TR 38.901 V17.0.0, Table 7.4.1-1"
_TERRAIN = ("terrain",)
_WORLD = ("terrain", "clutter", "zones")

MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Model(
            "p526",
            "P.526: free space and delta-Bullington diffraction",
            "ITU-R P.526-15 (10/2019) §4.5, P.525-4",
            (30.0, 100_000.0),
            (0.0, 1000.0),
            (0.1, 5000.0),
            (0.1, 5000.0),
            None,
            ("terrain", "clutter"),
            0.32,
            "p526",
            "The default: median propagation over terrain, and the quickest that knows mountains.",
        ),
        Model(
            "p1812",
            "P.1812: path-specific prediction for terrestrial services",
            _P1812,
            (30.0, 6000.0),
            (0.25, 3000.0),
            (1.0, 3000.0),
            (1.0, 3000.0),
            (1.0, 50.0),
            _WORLD,
            0.55,
            "p1812",
            "Terrain, clutter, sea, ducting, scatter and time percentage.",
        ),
        Model(
            "itm",
            "Irregular Terrain Model (Longley-Rice), point-to-point",
            "NTIA ITM 1.2.2 (Hufford), NTIA Report 82-100",
            (20.0, 20_000.0),
            (0.0, 2000.0),
            (0.5, 3000.0),
            (0.5, 3000.0),
            None,
            _TERRAIN,
            2.9,
            "itm",
            "Exact for every pixel; its warnings are common in mountains. Bare ground only.",
        ),
        Model(
            "free_space",
            "Free space",
            "ITU-R P.525-4 (08/2019)",
            (0.001, 1e6),
            (0.0, 1e6),
            (0.0, 1e6),
            (0.0, 1e6),
            None,
            (),
            0.06,
            "free_space",
            "The least loss there can be; an upper bound of coverage.",
        ),
        Model(
            "okumura_hata",
            "Okumura-Hata",
            "Hata 1980; ITU-R P.529-3",
            (150.0, 1500.0),
            (1.0, 20.0),
            (30.0, 200.0),
            (1.0, 10.0),
            None,
            (),
            0.08,
            "okumura_hata",
            "Empirical, by distance alone: not for mountains.",
        ),
        Model(
            "cost231_hata",
            "COST-231 Hata",
            "COST 231 final report §4.4.1",
            (1500.0, 2000.0),
            (1.0, 20.0),
            (30.0, 200.0),
            (1.0, 10.0),
            None,
            (),
            0.09,
            "cost231_hata",
            "Empirical, cities and suburban centres: not for open land or mountains.",
        ),
        Model(
            "extended_hata",
            "Extended Hata",
            "Report ITU-R SM.2028-2, Annex 2 §6.1",
            (30.0, 3000.0),
            (0.0, 100.0),
            (30.0, 200.0),
            (1.0, 10.0),
            None,
            (),
            0.13,
            "extended_hata",
            "Empirical, by distance alone: not for mountains.",
        ),
        Model(
            "tr38901_rma",
            "3GPP rural macro cell (RMa)",
            _TR,
            (500.0, 30_000.0),
            (0.01, 5.0),
            (10.0, 150.0),
            (1.0, 10.0),
            None,
            (),
            0.15,
            "tr38901_rma",
            "Line of sight by chance: the mean of both losses, weighted by its probability.",
        ),
        Model(
            "tr38901_uma",
            "3GPP urban macro cell (UMa)",
            _TR,
            (500.0, 100_000.0),
            (0.01, 5.0),
            (10.0, 150.0),
            (1.5, 22.5),
            None,
            (),
            0.14,
            "tr38901_uma",
            "Line of sight by chance: the mean of both losses, weighted by its probability.",
        ),
        Model(
            "tr38901_umi",
            "3GPP urban street canyon (UMi)",
            _TR,
            (500.0, 100_000.0),
            (0.01, 5.0),
            (3.0, 20.0),
            (1.5, 22.5),
            None,
            (),
            0.13,
            "tr38901_umi",
            "Line of sight by chance: the mean of both losses, weighted by its probability.",
        ),
    )
}


def model_named(name: str) -> Model:
    """Return a model by its name.

    Raises
    ------
    ModelError
        When there is none; it lists those there are.
    """
    if name not in MODELS:
        raise ModelError(
            "There is no propagation model called {name}.",
            mend="Choose one of: {known}.",
            params={"name": name, "known": ", ".join(MODELS)},
        )
    return MODELS[name]


def models_table() -> pd.DataFrame:
    """Return all models, one a row, worded in the current language.

    Columns: name, title, source, freq_mhz, distance_km, tx_height_m, rx_height_m, time_percent
    (texts ``low–high``), needs, raster (bool), cost_us, note.
    """

    def span(limits: tuple[float, float] | None) -> str:
        return "" if limits is None else f"{limits[0]:g}–{limits[1]:g}"

    return pd.DataFrame(
        [
            {
                "name": model.name,
                "title": tr(model.title),
                "source": model.source,
                "freq_mhz": span(model.freq_mhz),
                "distance_km": span(model.distance_km),
                "tx_height_m": span(model.tx_height_m),
                "rx_height_m": span(model.rx_height_m),
                "time_percent": span(model.time_percent),
                "needs": ", ".join(tr(need) for need in model.needs),
                "raster": model.sweeps,
                "cost_us": model.cost_us,
                "note": tr(model.note),
            }
            for model in MODELS.values()
        ]
    )
