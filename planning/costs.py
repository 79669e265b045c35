"""What things cost over their life, and what power a place can have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from phusong.planning.sites.places import EXISTING, Places
from phusong.study.settings.planning import Price, Prices

Floats = NDArray[np.float64]

SOLAR: Final = "solar"
GRID: Final = "grid"
STANDS: Final = "stands"
"""Power of a mast that stands already: nothing to build."""


def annuity(prices: Prices) -> float:
    """Return what one unit of money a year, at each year's end, is worth today.

    The present value of an ordinary annuity over the horizon.
    """
    rate = prices.discount_percent / 100.0
    if rate == 0.0:
        return float(prices.horizon_years)
    return (1.0 - (1.0 + rate) ** -prices.horizon_years) / rate


def life_cost(price: Price, prices: Prices) -> float:
    """Return capital and the present value of the yearly cost."""
    return price.capital + price.yearly * annuity(prices)


def times(price: Price, amount: float) -> Price:
    """Return the price of an amount."""
    return Price(capital=price.capital * amount, yearly=price.yearly * amount)


def fibre_life_cost(usd: ArrayLike, length_m: ArrayLike, prices: Prices) -> Floats:
    """Return laying (in US dollars) and keeping of cable in the study's currency."""
    keeping = prices.fibre_yearly_per_km * annuity(prices)
    laid = np.asarray(usd, dtype=np.float64) * prices.per_usd
    return laid + np.asarray(length_m, dtype=np.float64) / 1000.0 * keeping


@dataclass(frozen=True)
class Power:
    """How places get current; every array is (places,).

    Attributes
    ----------
    kind
        ``solar``, ``grid`` or ``stands``.
    line_km
        New power line, in a straight line; 0 where there is none to build.
    capital, yearly
        What it costs.
    life
        Capital and the present value of the yearly cost.
    """

    kind: NDArray[np.object_]
    line_km: Floats
    capital: Floats
    yearly: Floats
    life: Floats


def power_of(places: Places, lines: gpd.GeoDataFrame | None, prices: Prices) -> Power:
    """Choose the cheaper of grid and panels for every place, over the life of the site.

    Parameters
    ----------
    lines
        Power lines in the study's CRS; None or empty: there is no grid.
    """
    count = len(places)
    line_km = np.full(count, np.inf)
    if lines is not None and len(lines) and count:
        tree = shapely.STRtree(lines.geometry.to_numpy())
        points = shapely.points(places.x_m, places.y_m)
        (who, _), away = tree.query_nearest(points, return_distance=True, all_matches=False)
        line_km[who] = away / 1000.0
    per_km = life_cost(prices.grid_per_km, prices)
    with np.errstate(invalid="ignore"):
        grid = life_cost(prices.grid, prices) + np.where(
            np.isinf(line_km), np.inf, line_km * per_km
        )
    kind = np.where(grid < life_cost(prices.solar, prices), GRID, SOLAR).astype(object)
    kind[places.kind == EXISTING] = STANDS
    line_km = np.where(kind == GRID, line_km, 0.0)
    capital, yearly = np.zeros(count), np.zeros(count)
    for name, price in ((SOLAR, prices.solar), (GRID, prices.grid)):
        capital[kind == name], yearly[kind == name] = price.capital, price.yearly
    capital += line_km * prices.grid_per_km.capital
    yearly += line_km * prices.grid_per_km.yearly
    return Power(kind, line_km, capital, yearly, capital + yearly * annuity(prices))


def masts(places: Places, prices: Prices) -> tuple[Floats, Floats]:
    """Return (places,) capital and yearly cost of the mast itself: new, or room on one."""
    stands = places.kind == EXISTING
    capital = np.where(stands, prices.cosite.capital, prices.tower.capital)
    yearly = np.where(stands, prices.cosite.yearly, prices.tower.yearly)
    return capital, yearly
