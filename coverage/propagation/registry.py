"""The one table of propagation models: what they hold for, need and cost, and where they live.

Importing this compiles nothing: each model's functions are found when first called.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pandas as pd

from phusong.coverage.propagation.ranges import check_range
from phusong.errors import ModelError
from phusong.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from phusong.coverage.propagation.linkpath import LinkPath
    from phusong.coverage.propagation.surface import (
        PathLoss,
        PropagationSettings,
        Surface,
        Transmitter,
    )

_HERE = "phusong.coverage.propagation"


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
    sweeps_in, evaluates_in
        Its functions for a raster and for one path, as ``module:function`` below this package;
        imported, and compiled, when first used.
    knows_clutter
        Made from measurements between the clutter: none is added at the ends.
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
    sweeps_in: str
    evaluates_in: str
    note: str = ""
    knows_clutter: bool = False

    @property
    def sweeps(self) -> bool:
        """Whether the model can fill a raster."""
        return bool(self.sweeps_in)

    def sweep(
        self,
        surface: Surface,
        tx: Transmitter,
        freqs_mhz: tuple[float, ...],
        settings: PropagationSettings,
    ) -> PathLoss:
        """Return the loss to every cell in reach of one antenna.

        The arguments are taken as checked by :func:`.raster.propagate` for what holds for every
        model; the model checks its own range.

        Raises
        ------
        ModelError
            For a value outside of the model's range.
        """
        result: PathLoss = _function(self.sweeps_in)(surface, tx, freqs_mhz, settings)
        return result

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
        more = 0.0
        if path.ends is not None and not self.knows_clutter:
            from phusong.coverage.propagation.ends import raise_path  # noqa: PLC0415 - compiles

            path, more = raise_path(path)
        found: Loss = _function(self.evaluates_in)(path)
        return replace(found, loss_db=found.loss_db + more) if more else found


def _function(place: str) -> Any:
    """Return the function at ``module:function`` below this package."""
    module, _, function = place.partition(":")
    return getattr(import_module(f"{_HERE}.{module}"), function)


_P1812 = "ITU-R P.1812-7 (08/2023)"
_TR = "3GPP TR 38.901 V17.0.0, Table 7.4.1-1"
_TERRAIN = ("terrain",)
_WORLD = ("terrain", "clutter", "zones")

MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Model(
            name="p526",
            title="P.526: free space and delta-Bullington diffraction",
            source="ITU-R P.526-15 (10/2019) §4.5, P.525-4",
            freq_mhz=(30.0, 100_000.0),
            distance_km=(0.0, 1000.0),
            tx_height_m=(0.1, 5000.0),
            rx_height_m=(0.1, 5000.0),
            time_percent=None,
            needs=("terrain", "clutter"),
            cost_us=0.32,
            sweeps_in="p526.sweep:sweep_p526",
            evaluates_in="evaluators:p526",
            note="Median propagation over terrain, and the quickest that knows mountains.",
        ),
        Model(
            name="p1812",
            title="P.1812: path-specific prediction for terrestrial services",
            source=_P1812,
            freq_mhz=(30.0, 6000.0),
            distance_km=(0.25, 3000.0),
            tx_height_m=(1.0, 3000.0),
            rx_height_m=(1.0, 3000.0),
            time_percent=(1.0, 50.0),
            needs=_WORLD,
            cost_us=0.55,
            sweeps_in="p1812.sweep:sweep_p1812",
            evaluates_in="evaluators:p1812",
            note="The default: terrain, clutter, sea, ducting, scatter and time percentage.",
        ),
        Model(
            name="itm",
            title="Irregular Terrain Model (Longley-Rice), point-to-point",
            source="NTIA ITM 1.2.2 (Hufford), NTIA Report 82-100",
            freq_mhz=(20.0, 20_000.0),
            distance_km=(0.0, 2000.0),
            tx_height_m=(0.5, 3000.0),
            rx_height_m=(0.5, 3000.0),
            time_percent=None,
            needs=_TERRAIN,
            cost_us=2.9,
            sweeps_in="itm.sweep:sweep_itm",
            evaluates_in="evaluators:itm",
            note="Exact for every pixel; its warnings are common in mountains. Bare ground only.",
        ),
        Model(
            name="free_space",
            title="Free space",
            source="ITU-R P.525-4 (08/2019)",
            freq_mhz=(0.001, 1e6),
            distance_km=(0.0, 1e6),
            tx_height_m=(0.0, 1e6),
            rx_height_m=(0.0, 1e6),
            time_percent=None,
            needs=(),
            cost_us=0.06,
            sweeps_in="distance.sweep:sweep_range",
            evaluates_in="evaluators:free_space",
            note="The least loss there can be; an upper bound of coverage.",
        ),
        Model(
            name="okumura_hata",
            title="Okumura-Hata",
            source="Hata 1980; ITU-R P.529-3",
            freq_mhz=(150.0, 1500.0),
            distance_km=(1.0, 20.0),
            tx_height_m=(30.0, 200.0),
            rx_height_m=(1.0, 10.0),
            time_percent=None,
            needs=(),
            cost_us=0.08,
            sweeps_in="distance.sweep:sweep_range",
            evaluates_in="evaluators:okumura_hata",
            knows_clutter=True,
            note="Empirical, by distance alone: not for mountains.",
        ),
        Model(
            name="cost231_hata",
            title="COST-231 Hata",
            source="COST 231 final report §4.4.1",
            freq_mhz=(1500.0, 2000.0),
            distance_km=(1.0, 20.0),
            tx_height_m=(30.0, 200.0),
            rx_height_m=(1.0, 10.0),
            time_percent=None,
            needs=(),
            cost_us=0.09,
            sweeps_in="distance.sweep:sweep_range",
            evaluates_in="evaluators:cost231_hata",
            knows_clutter=True,
            note="Empirical, cities and suburban centres: not for open land or mountains.",
        ),
        Model(
            name="extended_hata",
            title="Extended Hata",
            source="Report ITU-R SM.2028-2, Annex 2 §6.1",
            freq_mhz=(30.0, 3000.0),
            distance_km=(0.0, 100.0),
            tx_height_m=(30.0, 200.0),
            rx_height_m=(1.0, 10.0),
            time_percent=None,
            needs=(),
            cost_us=0.13,
            sweeps_in="distance.sweep:sweep_range",
            evaluates_in="evaluators:extended_hata",
            knows_clutter=True,
            note="Empirical, by distance alone: not for mountains.",
        ),
        Model(
            name="tr38901_rma",
            title="3GPP rural macro cell (RMa)",
            source=_TR,
            freq_mhz=(500.0, 30_000.0),
            distance_km=(0.01, 5.0),
            tx_height_m=(10.0, 150.0),
            rx_height_m=(1.0, 10.0),
            time_percent=None,
            needs=(),
            cost_us=0.15,
            sweeps_in="distance.sweep:sweep_range",
            evaluates_in="evaluators:tr38901_rma",
            knows_clutter=True,
            note="Line of sight by chance: the mean of both losses, weighted by its probability.",
        ),
        Model(
            name="tr38901_uma",
            title="3GPP urban macro cell (UMa)",
            source=_TR,
            freq_mhz=(500.0, 100_000.0),
            distance_km=(0.01, 5.0),
            tx_height_m=(10.0, 150.0),
            rx_height_m=(1.5, 22.5),
            time_percent=None,
            needs=(),
            cost_us=0.14,
            sweeps_in="distance.sweep:sweep_range",
            evaluates_in="evaluators:tr38901_uma",
            knows_clutter=True,
            note="Line of sight by chance: the mean of both losses, weighted by its probability.",
        ),
        Model(
            name="tr38901_umi",
            title="3GPP urban street canyon (UMi)",
            source=_TR,
            freq_mhz=(500.0, 100_000.0),
            distance_km=(0.01, 5.0),
            tx_height_m=(3.0, 20.0),
            rx_height_m=(1.5, 22.5),
            time_percent=None,
            needs=(),
            cost_us=0.13,
            sweeps_in="distance.sweep:sweep_range",
            evaluates_in="evaluators:tr38901_umi",
            knows_clutter=True,
            note="Line of sight by chance: the mean of both losses, weighted by its probability.",
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
        raise unknown_model(name, MODELS)
    return MODELS[name]


def unknown_model(name: str, known: Iterable[str]) -> ModelError:
    """Return the refusal of a model's name, listing those known."""
    return ModelError(
        "There is no propagation model called {name}.",
        mend="Choose one of: {known}.",
        params={"name": name, "known": ", ".join(known)},
    )


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
