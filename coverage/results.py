"""What the coverage room hands over: signal rasters, and the verdict of every village."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from phusong.grid import Grid

ANY = "*"
"""Stands for every operator, or for the technologies of the study's verdict."""


@dataclass(frozen=True)
class SignalLayer:
    """Cloud-optimised GeoTIFFs on the study grid.

    Attributes
    ----------
    operator, technology
        ``ANY`` for a combination: operator ``*`` is the best level over operators, technology
        ``*`` the greatest probability over the technologies of the verdict.
    level
        Level of the best server: int16 in steps of 0.1 dBm (scale 0.1 in the file), nodata
        -32768 where no cell is heard above -160 dBm.
    server
        Index of the best server in :attr:`Signal.cells`, plus one; 0 where there is none.
    probability
        P(level >= threshold of the server's technology): uint8 in steps of 0.005, nodata 255.
    spread
        Share of the server's ``sigma_db`` that a calibration's field leaves: uint8 in steps of
        0.005, nodata 0 where there is no server. None where the study has no such field.
    """

    operator: str
    technology: str
    level: Path
    server: Path
    probability: Path
    spread: Path | None = None

    def elsewhere(self) -> SignalLayer:
        """Return the layer with paths that hold in any working folder."""
        return self.moved_to(self.level.parent.resolve())

    def moved_to(self, folder: Path) -> SignalLayer:
        """Return the layer with its files, by the same names, in another folder."""
        names = ("level", "server", "probability", "spread")
        paths = {name: getattr(self, name) for name in names}
        return replace(self, **{name: path and folder / path.name for name, path in paths.items()})


@dataclass(frozen=True)
class Signal:
    """Signal of every operator and technology over the study grid.

    Attributes
    ----------
    grid
        The study grid.
    layers
        One for every operator and technology, and for the combinations with ``ANY``.
    cells
        Cells in service, by server index: the columns of ``Inputs.cells`` and
        ``threshold_dbm``, ``sigma_db`` (spread of the level, where no field tightens it),
        ``reference_dbm`` (reported level at zero path loss in the main beam, the study's offset
        included) and ``problem`` (why a cell cannot be computed, empty when it can). Behind a
        wall ``entry_sigma_db`` too: the spread of the way in, which no field tightens.
    stats
        Figures of the run: ``masts``, ``computed``, ``from_store``, ``pixels``,
        ``propagation_s``, ``us_per_pixel``, ``combine_s``, ``unusable_cells``.
    """

    grid: Grid
    layers: tuple[SignalLayer, ...]
    cells: pd.DataFrame
    stats: dict[str, Any] = field(default_factory=dict)

    @property
    def tightened(self) -> bool:
        """Whether a field of measurements tightens the spread of some place."""
        return any(layer.spread is not None for layer in self.layers)

    def layer(self, operator: str, technology: str) -> SignalLayer:
        """Return one layer.

        Raises
        ------
        KeyError
            When the study has no such operator and technology.
        """
        for layer in self.layers:
            if (layer.operator, layer.technology) == (operator, technology):
                return layer
        raise KeyError((operator, technology))


@dataclass(frozen=True)
class VillageCoverage:
    """Figures and verdicts of every village.

    Attributes
    ----------
    villages
        One row a village in the order of ``Inputs.villages``: ``code``, ``name``,
        ``commune_code``, ``people`` (census when given, else the raster's sum, else NaN),
        ``people_source`` (``census`` | ``raster`` | ``none``), ``area_km2``, ``weight``
        (``people`` | ``area``: what the shares are weighted by), the figures of the layer
        ``(ANY, ANY)``, ``best_operator``, ``nearest_site_id``, ``nearest_site_km``, ``flags``,
        ``geometry``.
    by_layer
        Long: ``code``, ``operator``, ``technology`` and the figures of every layer: ``grade``,
        ``served_share``, ``served_share_area``, ``expected_share`` (mean of P, weighted),
        ``people_unserved`` (people x unserved share), ``people_unserved_expected``
        (people x mean of 1 - P), ``level_median_dbm`` (NaN where at least half is
        without signal), ``level_centre_dbm``, ``probability_centre``, ``served_centre``,
        ``best_cell_id`` (server of the greatest part of the village).
    sensitivity
        Long: ``operator``, ``technology``, ``threshold_offset_db``, ``probability``, ``code``,
        ``served_share``, ``served_centre``.
    circles
        Long: ``code``, ``operator``, ``technology``, ``circle_share``, ``circle_centre``: what
        a report of circles round every mast would have claimed.
    by_place
        Long: ``place`` (``in_vehicle`` | ``indoor``) and the verdict figures of ``by_layer``
        there, levels left out; no row where the study asks for no such place.
    """

    villages: gpd.GeoDataFrame
    by_layer: pd.DataFrame
    sensitivity: pd.DataFrame
    circles: pd.DataFrame
    by_place: pd.DataFrame = field(default_factory=pd.DataFrame)
