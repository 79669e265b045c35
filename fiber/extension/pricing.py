"""What new cable costs, by kind of route, surface and slope."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.errors import InputError, Where
from phusong.fiber.network.polylines import Floats
from phusong.study import Extension


def usd_per_km(
    prices: Extension, kind: NDArray[np.object_], surface: NDArray[np.object_], slope: Floats
) -> Floats:
    """Return the price of a kilometre of route, in US dollars.

    ``price(kind) x surface factor x (1 + slope factor x slope) x route factor``; a kind or a
    surface the study does not price has its default.

    Parameters
    ----------
    kind, surface
        (k,) of the road, pole line or duct.
    slope
        (k,) mean absolute slope along the route, rise over run.
    """
    return on_ground(prices, level_usd_per_km(prices, kind, surface), slope)


def level_usd_per_km(
    prices: Extension, kind: NDArray[np.object_], surface: NDArray[np.object_]
) -> Floats:
    """Return the price of a kilometre of route on level ground, no more bought than laid."""
    base = _lookup(prices.kind_usd_per_km, kind, prices.usd_per_km)
    return base * _lookup(prices.surface_factor, surface, 1.0)


def on_ground(prices: Extension, level: Floats, slope: Floats) -> Floats:
    """Return prices of level ground on ground of a slope, for cable as it is bought."""
    return level * _ground(prices, slope)


def offroad_usd_per_km(prices: Extension, slope: Floats) -> Floats:
    """Return the price of a kilometre where there is no road, in US dollars."""
    return prices.offroad_usd_per_km * _ground(prices, slope)


def _ground(prices: Extension, slope: Floats) -> Floats:
    return (1.0 + prices.slope_factor * slope) * prices.route_factor


def _lookup(table: dict[str, float], keys: NDArray[np.object_], default: float) -> Floats:
    which, names = pd.factorize(keys, use_na_sentinel=False)
    return np.array([table.get(str(name), default) for name in names], dtype=np.float64)[which]


def check_costs(cost_usd: Floats, names: Callable[[], NDArray[np.object_]]) -> None:
    """Refuse costs no network can be planned with.

    ``names`` gives the names of the routes; it is asked only when one is wrong.

    Raises
    ------
    InputError
        When a cost is missing, infinite or negative; the first such route is named.
    """
    wrong = np.flatnonzero(~np.isfinite(cost_usd) | (cost_usd < 0))
    if len(wrong):
        raise InputError(
            "{count} routes have a missing or negative cost, the first is {name} ({cost})",
            Where(key="extension"),
            "give every kind of road a price of at least 0",
            {
                "count": len(wrong),
                "name": str(names()[wrong[0]]),
                "cost": float(cost_usd[wrong[0]]),
            },
        )
