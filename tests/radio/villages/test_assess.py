"""Village figures worked by hand on tiny rasters, the truth table of the grades, circles."""

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from shapely.geometry import MultiPolygon, box

from helpers.radio import X0, Y0, sites_frame, villages_frame
from helpers.signal import CELL, SITES, cell_box, centre_of, make_signal
from phusong.coverage.results import ANY
from phusong.coverage.signal.combine import Odds
from phusong.coverage.villages.assess import assess_villages
from phusong.coverage.villages.footprints import footprints
from phusong.coverage.villages.nearest import nearest_sites
from phusong.coverage.villages.verdict import grade
from phusong.coverage.villages.zonal import disc_mask
from phusong.grid import Grid, Window
from phusong.study import Verdict


def assess(*args, **kwargs):
    return assess_villages(*make_signal(*args, **kwargs))


GOOD, POOR = -100.0, -120.0


def test_shares_by_area_and_by_people(tmp_path):
    level = np.full((4, 4), POOR)
    level[:, :1] = GOOD  # the west column is served
    people = np.zeros((4, 4))
    people[0, 0], people[0, 1] = 30.0, 10.0
    villages = villages_frame({"v": cell_box(0, 0, 2, 2)}, {"v": centre_of(0, 0)})
    row = assess(tmp_path, villages, {(ANY, ANY): level}, people=people).villages.iloc[0]
    assert row["weight"] == "people"
    assert row["served_share"] == pytest.approx(0.75)
    assert row["served_share_area"] == pytest.approx(0.5)
    assert (row["people"], row["people_source"]) == (40.0, "raster")
    assert row["people_unserved"] == pytest.approx(10.0)
    assert row["area_km2"] == pytest.approx(0.0036)
    assert (row["grade"], row["served_centre"]) == ("hollow", True)
    assert (row["best_cell_id"], row["best_operator"]) == ("a", "Viettel")


def test_part_cells_count_by_their_part(tmp_path):
    level = np.full((4, 4), POOR)
    level[0, 0] = GOOD
    shape = box(X0 + 15, Y0 - 30, X0 + 60, Y0)  # half of cell 0, all of cell 1
    result = assess(tmp_path, villages_frame({"v": shape}), {(ANY, ANY): level})
    assert result.villages["served_share"][0] == pytest.approx(1 / 3)


def test_a_village_without_people_on_the_raster_falls_back_to_area(tmp_path):
    level = np.full((4, 4), GOOD)
    people = np.zeros((4, 4))
    people[3, 3] = 5.0
    villages = villages_frame(
        {"none": cell_box(0, 0), "some": cell_box(3, 3), "census": cell_box(0, 2)},
        population=[np.nan, np.nan, 70.0],
    )
    out = assess(tmp_path, villages, {(ANY, ANY): level}, people=people).villages
    assert out["weight"].tolist() == ["area", "people", "area"]
    assert out["people"].tolist() == [0.0, 5.0, 70.0]
    assert out["people_source"].tolist() == ["raster", "raster", "census"]
    assert out["served_share"].tolist() == [1.0, 1.0, 1.0]
    assert out["flags"].tolist() == ["no_people_on_raster", "", "no_people_on_raster"]


def test_without_any_people_their_number_is_unknown(tmp_path):
    out = assess(
        tmp_path, villages_frame({"v": cell_box(0, 0)}), {(ANY, ANY): np.full((4, 4), GOOD)}
    ).villages
    assert np.isnan(out["people"][0])
    assert out["people_source"][0] == "none"
    assert out["flags"][0] == ""


def test_weight_area_ignores_the_raster_for_shares(tmp_path):
    level = np.full((4, 4), POOR)
    level[0, 0] = GOOD
    people = np.zeros((4, 4))
    people[0, 0] = 9.0
    villages = villages_frame({"v": cell_box(0, 0, 1, 2)})
    out = assess(
        tmp_path, villages, {(ANY, ANY): level}, people=people, verdict={"weight": "area"}
    ).villages
    assert out["served_share"][0] == pytest.approx(0.5)
    assert out["people"][0] == 9.0
    assert out["flags"][0] == ""


def test_a_polygon_smaller_than_a_cell_gets_a_value(tmp_path):
    x, y = centre_of(1, 2)
    level = np.full((4, 4), POOR)
    level[1, 2] = GOOD
    tiny = box(x - 0.5, y - 0.5, x + 0.5, y + 0.5)
    out = assess(tmp_path, villages_frame({"v": tiny}), {(ANY, ANY): level}).villages.iloc[0]
    assert out["served_share"] == pytest.approx(1.0)
    assert out["grade"] == "covered"
    assert out["level_median_dbm"] == pytest.approx(GOOD)


def test_off_the_grid(tmp_path):
    villages = villages_frame(
        {
            "off": box(X0 - 500, Y0 + 100, X0 - 400, Y0 + 200),
            "half": box(X0 - 30, Y0 - 30, X0 + 30, Y0),
            "centre": cell_box(0, 0),
        },
        {"centre": (X0 - 100, Y0)},
    )
    out = assess(tmp_path, villages, {(ANY, ANY): np.full((4, 4), GOOD)}).villages
    assert out["flags"].tolist() == [
        "off_grid centre_off_grid",
        "partly_off_grid",
        "centre_off_grid",
    ]
    assert out["served_share"].tolist() == pytest.approx([0.0, 0.5, 1.0])
    assert out["grade"].tolist()[0] == "white"
    assert out["grade"].tolist()[2] == "hollow"  # all served, but the centre is not known to be
    assert not out[["served_share", "expected_share", "served_share_area"]].isna().any(axis=None)


def test_no_signal_is_a_figure_not_a_gap(tmp_path):
    result = assess(
        tmp_path, villages_frame({"v": cell_box(0, 0, 2, 2)}), {(ANY, ANY): np.full((4, 4), np.nan)}
    )
    row = result.by_layer.iloc[-1]
    assert (row["grade"], row["served_share"], row["expected_share"]) == ("white", 0.0, 0.0)
    assert row["probability_centre"] == 0.0
    assert row["best_cell_id"] is None
    assert np.isnan(row["level_centre_dbm"])


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([-90, -95, -100], -95),
        ([-90, -100], -100),
        ([-90, np.nan, -100], -100),
        ([-90, np.nan, np.nan], np.nan),
        ([-90, np.nan], np.nan),
    ],
)
def test_median_level_counts_no_signal_as_the_lowest(tmp_path, levels, expected):
    level = np.array([levels], dtype=float)
    out = assess(
        tmp_path, villages_frame({"v": cell_box(0, 0, 1, len(levels))}), {(ANY, ANY): level}
    )
    assert out.villages["level_median_dbm"][0] == pytest.approx(expected, nan_ok=True)


def test_expected_share_is_the_mean_probability(tmp_path):
    level = np.array([[-110.0, -102.0, -118.0, np.nan]])
    radio = {"spread": {"sigma_model_db": 8, "sigma_location_db": 0}}
    out = assess(
        tmp_path,
        villages_frame({"v": cell_box(0, 0, 1, 4)}, {"v": centre_of(0, 1)}),
        {(ANY, ANY): level},
        radio=radio,
    ).villages.iloc[0]
    assert out["expected_share"] == pytest.approx((0.5 + norm.cdf(1) + norm.cdf(-1)) / 4, abs=1e-6)
    assert out["served_share"] == pytest.approx(0.25)  # P >= 0.75 only at -102
    assert out["probability_centre"] == pytest.approx(norm.cdf(1), abs=1e-6)
    assert out["level_centre_dbm"] == pytest.approx(-102.0)


def test_served_from_exactly_the_asked_probability():
    odds = Odds(np.array([-110.0]), np.array([8.0]))
    assert odds.served_from_tick(0.5)[0] == -1100
    cut = odds.served_from_tick(0.75)[0]
    assert odds.table[0, cut + 1600] >= 0.75 > odds.table[0, cut + 1599]
    assert odds.served_from_tick(0.5, offset_db=-10.0)[0] == -1200


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-120, -80),
    st.floats(0.5, 12),
    st.floats(0.02, 0.98),
    st.sampled_from([-10.0, 0.0, 5.0]),
)
def test_cut_agrees_with_the_table(threshold, sigma, asked, offset):
    odds = Odds(np.array([threshold]), np.array([sigma]))
    levels = np.arange(-1600, 1001) / 10
    served = np.arange(-1600, 1001) >= odds.served_from_tick(asked, offset)[0]
    p = norm.cdf((levels - threshold - offset) / sigma)
    assert (served == (p >= asked))[np.abs(p - asked) > 1e-6].all()


def test_best_server_is_the_one_of_most_people(tmp_path):
    servers = np.array([[1, 2, 2, 1]])
    villages = villages_frame({"area": cell_box(0, 0, 1, 3), "tie": cell_box(0, 2, 1, 2)})
    cells = [{"cell_id": "a", "site_id": "A"}, {"cell_id": "b", "site_id": "B", "operator": "VNPT"}]
    out = assess(
        tmp_path, villages, {(ANY, ANY): np.full((1, 4), GOOD)}, cells=cells, servers=servers
    )
    assert out.villages["best_cell_id"].tolist() == ["b", "a"]
    assert out.villages["best_operator"].tolist() == ["VNPT", "Viettel"]
    assert out.villages["nearest_site_id"].tolist() == ["A", "A"]


@pytest.mark.parametrize(
    ("centre", "share", "expected"),
    [
        (True, 1.0, "covered"),
        (True, 0.95, "covered"),
        (True, 0.9499, "hollow"),
        (True, 0.0, "hollow"),
        (False, 1.0, "hollow"),
        (False, 0.95, "hollow"),
        (False, 0.05, "hollow"),
        (False, 0.0499, "white"),
        (False, 0.0, "white"),
    ],
)
def test_truth_table_of_the_grades(centre, share, expected):
    assert grade([centre], [share], Verdict(covered_share=0.95))[0] == expected


def test_a_share_of_rounded_sums_is_enough():
    assert grade([True], [sum([0.1] * 9) + 0.05], Verdict(covered_share=0.95))[0] == "covered"


def test_sensitivity_counts_every_pair(tmp_path):
    level = np.array([[-105.0, -110.0, -115.0, np.nan]])
    radio = {"spread": {"sigma_model_db": 6, "sigma_location_db": 0}}
    indicators = {"threshold_offsets_db": [-5, 0, 5], "probabilities": [0.5, 0.9]}
    result = assess(
        tmp_path,
        villages_frame({"v": cell_box(0, 0, 1, 4)}, {"v": centre_of(0, 1)}),
        {(ANY, ANY): level},
        radio=radio,
        indicators=indicators,
    )
    table = result.sensitivity
    assert len(table) == len(result.by_layer) * 6
    for row in table.itertuples():
        needed = -110 + row.threshold_offset_db + norm.ppf(row.probability) * 6
        assert row.served_share == pytest.approx(sum(v >= needed for v in (-105, -110, -115)) / 4)
        assert row.served_centre == (needed <= -110)


def test_sensitivity_falls_as_more_is_asked(tmp_path):
    rng = np.random.default_rng(3)
    level = rng.uniform(-130, -90, (20, 20))
    villages = villages_frame({f"v{i}": cell_box(5 * i, 0, 5, 20) for i in range(4)})
    table = assess(tmp_path, villages, {(ANY, ANY): level}, radio={}).sensitivity
    wide = table[table["technology"] == ANY].pivot_table(
        index=["operator", "code"],
        columns=["threshold_offset_db", "probability"],
        values="served_share",
    )
    by_offset = wide.xs(0.75, axis=1, level=1)
    assert (by_offset.diff(axis=1).iloc[:, 1:] <= 1e-12).all(axis=None)
    by_odds = wide.xs(0.0, axis=1, level=0)
    assert (by_odds.diff(axis=1).iloc[:, 1:] <= 1e-12).all(axis=None)


def test_every_layer_has_its_own_figures(tmp_path):
    cells = [
        {"cell_id": "a", "site_id": "A"},
        {"cell_id": "g", "site_id": "A", "technology": "GSM", "bandwidth_mhz": 0.2},
    ]
    levels = {("Viettel", "LTE"): np.full((2, 2), POOR), (ANY, ANY): np.full((2, 2), GOOD)}
    result = assess(tmp_path, villages_frame({"v": cell_box(0, 0)}), levels, cells=cells)
    grades = result.by_layer.set_index(["operator", "technology"])["grade"]
    assert grades["Viettel", "LTE"] == "white"
    assert grades[ANY, ANY] == "covered"
    assert len(grades) == 6


def test_circles_by_hand(tmp_path):
    villages = villages_frame(
        {"near": cell_box(0, 0, 2, 2), "far": cell_box(0, 100, 2, 2)},
        {"near": centre_of(0, 0), "far": centre_of(0, 100)},
    )
    cells = [
        {"cell_id": "a", "site_id": "A"},
        {
            "cell_id": "n",
            "site_id": "B",
            "technology": "NR",
            "operator": "VNPT",
            "bandwidth_mhz": 100.0,
        },
    ]
    result = assess(
        tmp_path,
        villages,
        {(ANY, ANY): np.full((4, 140), GOOD)},
        cells=cells,
        indicators={"circles_km": {"LTE": 1.0, "NR": 0.5}},
    )
    table = result.circles.set_index(["code", "operator", "technology"])
    assert table.loc[("near", "Viettel", "LTE"), "circle_share"] == 1.0
    assert bool(table.loc[("near", ANY, ANY), "circle_centre"]) is True
    # B is 4 km east; the far village lies 3 km east: inside neither circle.
    assert table.loc[("far", ANY, ANY), "circle_share"] == 0.0
    assert not table.loc[("far", "VNPT", "NR"), "circle_centre"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-50, 350), st.floats(-50, 350), st.floats(0, 200)), max_size=4))
def test_disc_mask_equals_distances(masts):
    x, y, radius = (np.array([m[i] for m in masts], dtype=float) for i in range(3))
    mask = disc_mask(Window(0, 0, 10, 12), (0.0, 300.0), 30.0, x, y, radius)
    col, row = np.meshgrid(15 + 30 * np.arange(12), 285 - 30 * np.arange(10))
    expected = np.zeros((10, 12), dtype=bool)
    near = np.zeros((10, 12), dtype=bool)
    for a, b, r in zip(x, y, radius, strict=True):
        d = np.hypot(col - a, row - b)
        expected |= d <= r
        near |= np.abs(d - r) < 1e-6
    assert (mask == expected)[~near].all()


def test_footprints_partition_the_ground():
    grid = Grid(rasterio.crs.CRS.from_epsg(32648), X0, Y0, CELL, 40, 50)
    left = box(X0, Y0 - 1200, X0 + 333, Y0)
    right = MultiPolygon(
        [box(X0 + 333, Y0 - 1200, X0 + 1500, Y0 - 5), box(X0 + 333, Y0 - 5, X0 + 1500, Y0)]
    )
    total = np.zeros(grid.shape)
    for batch in footprints(villages_frame({"l": left, "r": right}), grid):
        row, col = np.divmod(batch.cells, batch.window.cols)
        np.add.at(total, (row + batch.window.row0, col + batch.window.col0), batch.fraction)
    assert total == pytest.approx(1.0, abs=1e-6)


def test_batches_make_no_difference(tmp_path, monkeypatch):
    rng = np.random.default_rng(5)
    level = rng.uniform(-130, -90, (60, 60))
    people = rng.uniform(0, 3, (60, 60))
    villages = villages_frame(
        {f"{r}-{c}": cell_box(r, c, 13, 17) for r in (0, 20, 45) for c in (0, 19, 40)}
    )
    one = assess(tmp_path, villages, {(ANY, ANY): level}, people=people, radio={})
    monkeypatch.setattr("phusong.coverage.villages.footprints.BATCH_CELLS", 16)
    many = assess(tmp_path, villages, {(ANY, ANY): level}, people=people, radio={})
    assert one.by_layer.round(9).equals(many.by_layer.round(9))
    assert one.sensitivity.round(9).equals(many.sensitivity.round(9))


def test_against_plain_numpy(tmp_path):
    rng = np.random.default_rng(8)
    level = np.round(rng.uniform(-130, -90, (30, 30)), 1)
    level[rng.random((30, 30)) < 0.1] = np.nan
    people = rng.uniform(0, 3, (30, 30))
    villages = villages_frame({"v": cell_box(3, 4, 20, 15)})
    row = assess(
        tmp_path,
        villages,
        {(ANY, ANY): level},
        people=people,
        radio={"spread": {"sigma_model_db": 8}},
    ).villages.iloc[0]
    part, weight = level[3:23, 4:19], people[3:23, 4:19].astype("float32")
    sigma = np.hypot(8, 1.19321)
    p = np.where(np.isnan(part), 0, norm.cdf((part + 110) / sigma))
    assert row["expected_share"] == pytest.approx((p * weight).sum() / weight.sum(), abs=1e-5)
    assert row["served_share"] == pytest.approx(weight[p >= 0.75].sum() / weight.sum(), abs=1e-6)
    assert row["served_share_area"] == pytest.approx((p >= 0.75).mean())


def test_nearest_sites():
    villages = villages_frame({"a": cell_box(0, 0), "b": cell_box(0, 130)})
    inputs_sites = sites_frame(SITES)
    near = nearest_sites(villages, inputs_sites)
    assert near["site_id"].tolist() == ["A", "B"]
    assert near["site_km"][0] == pytest.approx(np.hypot(85, 85) / 1000)
    empty = nearest_sites(villages, inputs_sites.iloc[:0])
    assert empty["site_id"].tolist() == [None, None]
    assert empty["site_km"].isna().all()


def test_no_villages(tmp_path):
    result = assess(tmp_path, villages_frame({}), {(ANY, ANY): np.full((2, 2), GOOD)})
    assert len(result.villages) == len(result.sensitivity) == 0
