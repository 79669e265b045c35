"""What masts, power and cable cost over their life."""

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import LineString

from phusong.planning.costs import annuity, fibre_life_cost, life_cost, masts, power_of
from phusong.planning.sites.places import Places
from phusong.study.settings.planning import Price, Prices


def places(*kinds, x=None):
    count = len(kinds)
    x = np.zeros(count) if x is None else np.array(x, dtype=float)
    names = np.array([f"p{i}" for i in range(count)], dtype=object)
    return Places(names, np.array(kinds, dtype=object), x, np.zeros(count))


def test_a_yearly_cost_by_hand():
    # 1/1.1 + 1/1.21 + 1/1.331
    prices = Prices(horizon_years=3, discount_percent=10.0)
    assert annuity(prices) == pytest.approx(2.486852)
    assert life_cost(Price(capital=100.0, yearly=10.0), prices) == pytest.approx(124.86852)
    assert annuity(Prices(horizon_years=7, discount_percent=0.0)) == 7.0


def test_cable_is_laid_once_and_kept_every_year():
    prices = Prices(
        per_usd=25_000.0, fibre_yearly_per_km=1000.0, horizon_years=2, discount_percent=0.0
    )
    assert fibre_life_cost([10.0], [1500.0], prices).tolist() == [250_000.0 + 1.5 * 2000.0]


def test_power_is_the_cheaper_over_the_life_of_the_site():
    prices = Prices(
        horizon_years=10,
        discount_percent=0.0,
        solar=Price(capital=10_000.0, yearly=500.0),  # 15,000
        grid=Price(capital=1000.0, yearly=400.0),  # 5,000
        grid_per_km=Price(capital=4000.0, yearly=100.0),  # 5,000 a km: 2 km are worth the panels
    )
    line = gpd.GeoDataFrame(geometry=[LineString([(0, -50), (0, 50)])])
    power = power_of(places("high", "high", "existing", x=[1900.0, 2100.0, 9000.0]), line, prices)
    assert power.kind.tolist() == ["grid", "solar", "stands"]
    assert power.line_km.tolist() == [1.9, 0.0, 0.0]
    assert power.capital.tolist() == pytest.approx([1000.0 + 7600.0, 10_000.0, 0.0])
    assert power.yearly.tolist() == pytest.approx([400.0 + 190.0, 500.0, 0.0])
    assert power.life.tolist() == pytest.approx([14_500.0, 15_000.0, 0.0])
    assert power_of(places("high"), None, prices).kind.tolist() == ["solar"]
    assert power_of(places("high"), line.iloc[:0], prices).kind.tolist() == ["solar"]


def test_room_on_a_mast_is_paid_instead_of_a_mast():
    prices = Prices()
    capital, yearly = masts(places("existing", "road"), prices)
    assert capital.tolist() == [prices.cosite.capital, prices.tower.capital]
    assert yearly.tolist() == [prices.cosite.yearly, prices.tower.yearly]
