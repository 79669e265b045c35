"""Layers as planners have them: pole lines and ducts without a kind, cables that are cut."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest

from helpers.fiber import UTM, cables, inputs, line, point, pops, study
from phusong.checks import Findings
from phusong.errors import Where
from phusong.fiber.assess import assess_fiber
from phusong.fiber.extension.extension import plan_extension
from phusong.sources.cables.lines import read_roads
from phusong.sources.crs import Area
from phusong.sources.tables import headers
from phusong.sources.tables.layers import read_layer
from phusong.sources.tables.status import in_service
from phusong.study import RoadsSource


def test_a_layer_of_poles_is_priced_as_poles(tmp_path):
    frame = gpd.GeoDataFrame(
        {"ma": ["1", "2"], "loai": [None, "duct"]},
        geometry=[line((1000, 0), (1000, 3000)), line((1000, 3000), (1000, 6000))],
        crs=UTM,
    )
    frame.to_file(tmp_path / "poles.gpkg")
    layer = RoadsSource(path="poles.gpkg", kind="pole")
    findings = Findings()
    records = read_layer(
        study().model_copy(update={"folder": tmp_path}), layer, headers.ROADS, findings
    )
    assert records is not None
    area = Area(UTM, point(0, 0).buffer(20_000))
    roads = read_roads(records, area, 10_000.0, findings, layer.kind)
    assert roads["kind"].tolist() == ["pole", "duct"]
    read = inputs(
        tmp_path,
        cables(line((0, 0), (2000, 0))),
        pops(point(0, 0)),
        {"a": point(1000, 6000)},
        roads=roads,
    )
    fiber = assess_fiber(read, study(), Findings(), pd.Series({"a": 10.0}))
    plan = plan_extension(read, study(), fiber, Findings(), time_limit_s=2)
    by_kind = plan.bill.groupby("kind")["route_km"].sum()
    assert by_kind.to_dict() == pytest.approx({"pole": 3.0, "duct": 3.0})
    assert plan.usd == pytest.approx(6.0 * 1.1 * 8_000)


@pytest.mark.parametrize("word", ["cut", "planned", "Bị đứt", "đứt cáp", "dự kiến", "Sự cố"])
def test_cables_cut_or_planned_carry_nothing(word):
    told = Findings()
    got = in_service(["", "in service", word], [], "F08", told, Where(file="cables.gpkg"))
    assert got.tolist() == [True, True, False]
    assert word in told.of("F08")[0].text()
