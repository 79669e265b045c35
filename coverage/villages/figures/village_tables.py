"""The tables of figures of all villages, from the sums of every layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.results import ANY, VillageCoverage
from phusong.coverage.signal.combine import Odds
from phusong.coverage.villages.assumed import assumed_of
from phusong.coverage.villages.centre_cells import Centres
from phusong.coverage.villages.circles import Circles, circles_of, places_of
from phusong.coverage.villages.figures.tally import Figures, Named, Steps, Tally, share_of
from phusong.coverage.villages.nearest import nearest_sites
from phusong.coverage.villages.weights import Weights, census
from phusong.grid import Grid
from phusong.sources.inputs import Inputs
from phusong.study import Study

FIGURES = (
    "grade",
    "served_share",
    "served_share_area",
    "expected_share",
    "people_unserved",
    "people_unserved_expected",
    "level_median_dbm",
    "level_centre_dbm",
    "probability_centre",
    "served_centre",
    "best_cell_id",
)
_OFF_GRID_SHARE = 1e-6


def _flags(
    villages: gpd.GeoDataFrame,
    weights: Weights,
    area_cells: NDArray[np.float64],
    centre_on_grid: NDArray[np.bool_],
    people_wanted: bool,
) -> list[str]:
    """Return the flags of the inputs and what came up here."""
    outside = area_cells - weights.cells > _OFF_GRID_SHARE * np.maximum(area_cells, 1.0)
    added = {
        "off_grid": weights.cells == 0,
        "partly_off_grid": outside & (weights.cells > 0),
        "centre_off_grid": ~centre_on_grid,
        "no_people_on_raster": people_wanted & ~weights.weighted_by_people,
    }
    out = []
    for i, given in enumerate(villages["flags"].fillna("")):
        out.append(" ".join([*str(given).split(), *(n for n, there in added.items() if there[i])]))
    return out


def circles_of_layers(
    inputs: Inputs, study: Study, cells: pd.DataFrame, layers: Sequence[Named]
) -> list[Circles]:
    """Return the circles of some layers, of cells in service."""
    verdict = [str(t) for t in study.verdict.technologies]
    radii = {str(t): km for t, km in study.indicators.circles_km.items()}
    places = places_of(inputs.sites)
    return [
        circles_of(
            cells,
            places,
            layer.operator,
            verdict if layer.technology == ANY else [layer.technology],
            radii,
        )
        for layer in layers
    ]


@dataclass(frozen=True)
class Inhabited:
    """What holds of villages whoever serves them, (villages,) each.

    Attributes
    ----------
    people, people_source
        See :attr:`phusong.coverage.results.VillageCoverage.villages`.
    weighted_by_people, total
        What shares are weighted by, and the whole weight.
    area_cells
        Area in cells.
    flags
        Of the inputs, and what lies off the grid.
    """

    people: NDArray[np.float64]
    people_source: NDArray[np.object_]
    weighted_by_people: NDArray[np.bool_]
    total: NDArray[np.float64]
    area_cells: NDArray[np.float64]
    flags: list[str]

    @classmethod
    def of(
        cls, inputs: Inputs, study: Study, grid: Grid, weights: Weights, centres: Centres
    ) -> Inhabited:
        """Close the weights of villages that were all weighed."""
        villages = inputs.villages
        area_cells = villages.geometry.area.to_numpy(dtype=np.float64) / grid.cell_m**2
        weights.close(area_cells)
        people, source = census(villages, weights.on_raster)
        by_people = study.verdict.weight == "people" and inputs.people is not None
        flags = _flags(villages, weights, area_cells, centres.on_grid, by_people)
        area_cells = np.maximum(area_cells, weights.cells)
        return cls(people, source, weights.weighted_by_people, weights.total, area_cells, flags)


@dataclass(frozen=True)
class Judged:
    """The layers of a signal with what was summed of each.

    Attributes
    ----------
    layers, tallies, circles
        In one order, the layer (ANY, ANY) last.
    servers
        Cells by server index, as in the rasters: names and odds of servers.
    in_service
        Cells in service.
    odds, steps, cuts
        What the tallies were counted by.
    """

    layers: Sequence[Named]
    tallies: Sequence[Tally]
    circles: Sequence[Circles]
    servers: pd.DataFrame
    in_service: pd.DataFrame
    odds: Odds
    steps: Steps
    cuts: NDArray[np.int32]


def village_tables(
    inputs: Inputs, study: Study, about: Inhabited, centres: Centres, judged: Judged
) -> VillageCoverage:
    """Return the tables of figures."""
    frame = _frame(inputs, study, about, judged)
    layers, tallies = judged.layers, judged.tallies
    figures = layer_figures(inputs, study, about, judged)
    circles = layer_circles(inputs, about, centres, judged)
    return VillageCoverage(
        villages=village_table(inputs, about, figures[-1], judged.in_service),
        by_layer=pd.concat(figures, ignore_index=True),
        sensitivity=pd.concat(
            [frame.sensitivity(a, t) for a, t in zip(layers, tallies, strict=True)],
            ignore_index=True,
        ),
        circles=pd.concat(circles, ignore_index=True),
    )


def layer_figures(
    inputs: Inputs, study: Study, about: Inhabited, judged: Judged
) -> list[pd.DataFrame]:
    """Return the figures of each layer, see :attr:`VillageCoverage.by_layer`."""
    frame = _frame(inputs, study, about, judged)
    return [frame.figures(a, t) for a, t in zip(judged.layers, judged.tallies, strict=True)]


def layer_circles(
    inputs: Inputs, about: Inhabited, centres: Centres, judged: Judged
) -> list[pd.DataFrame]:
    """Return what circles claim of each layer, see :attr:`VillageCoverage.circles`."""
    return [
        pd.DataFrame(
            {
                "code": np.asarray(inputs.villages["code"], dtype=object),
                "operator": layer.operator,
                "technology": layer.technology,
                "circle_share": share_of(tally.in_circles, about.total),
                "circle_centre": circle.hold(centres.x_m, centres.y_m),
            }
        )
        for layer, tally, circle in zip(judged.layers, judged.tallies, judged.circles, strict=True)
    ]


def _frame(inputs: Inputs, study: Study, about: Inhabited, judged: Judged) -> Figures:
    return Figures(
        inputs.villages,
        study,
        judged.servers,
        judged.odds,
        judged.steps,
        judged.cuts,
        about.people,
        about.total,
        about.area_cells,
    )


def village_table(
    inputs: Inputs,
    about: Inhabited,
    overall: pd.DataFrame,
    cells: pd.DataFrame,
) -> gpd.GeoDataFrame:
    """Return the table of villages, see :attr:`VillageCoverage.villages`.

    Parameters
    ----------
    overall
        Figures of the layer (ANY, ANY).
    cells
        In service.
    """
    villages = inputs.villages
    in_service = inputs.sites[inputs.sites["site_id"].isin(cells["site_id"])]
    near = nearest_sites(villages, in_service)
    operator_of = cells.set_index("cell_id")["operator"]
    best = overall["best_cell_id"]
    assumed = best.map(assumed_of(cells)).fillna("")
    flags = [" ".join(f"{a} {b}".split()) for a, b in zip(about.flags, assumed, strict=True)]
    return gpd.GeoDataFrame(
        {
            "code": np.asarray(villages["code"], dtype=object),
            "name": villages["name"].to_numpy(),
            "commune_code": villages["commune_code"].to_numpy(),
            "people": about.people,
            "people_source": about.people_source,
            "area_km2": villages.geometry.area.to_numpy() / 1e6,
            "weight": np.where(about.weighted_by_people, "people", "area"),
            **{name: overall[name].to_numpy() for name in FIGURES},
            "best_operator": best.map(operator_of).to_numpy(dtype=object),
            "nearest_site_id": near["site_id"].to_numpy(),
            "nearest_site_km": near["site_km"].to_numpy(),
            "flags": flags,
        },
        geometry=villages.geometry.to_numpy(),
        crs=villages.crs,
    )
