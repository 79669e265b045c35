"""Claims against tests: intervals worked by hand, truth that equals the claim, claims that lie."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer
from scipy.stats import binomtest
from shapely.geometry import LineString, Point, box

from helpers.radio import CRS_M, X0, Y0, cells_frame, make_inputs, make_study, villages_frame
from phusong.commands.audit import PRESETS
from phusong.coverage.audit.assess import RESULTS, audit_map
from phusong.coverage.audit.claimed import CLASSES, MOST_CLAIMED, probability_class
from phusong.coverage.audit.claims import LEAST_OF_A_VILLAGE, count_shares, judge_claims
from phusong.coverage.audit.intervals import (
    MOST_TESTS,
    at_most_by_chance,
    clopper_pearson,
    further_tests,
)
from phusong.coverage.audit.presets import Preset, preset_of, preset_table
from phusong.coverage.audit.undecided import open_claims
from phusong.coverage.audit.votes import one_test_a_place
from phusong.coverage.calibration.measurements import (
    REFUSED_COLUMNS,
    Measurements,
    read_measurements,
)
from phusong.coverage.signal.signal import compute_signal
from phusong.coverage.signal.store import PathLossStore
from phusong.errors import StudyError
from phusong.grid import Grid
from phusong.i18n import catalogue
from phusong.pipeline.next_drive import next_drive
from worlds.terrain import rough_ground

SIZE, CELL = 120, 100.0
SITES = {"S0": (X0 + 3000.0, Y0 - 3000.0), "S1": (X0 + 9000.0, Y0 - 8000.0)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Two masts of two carriers on hills of 12 km, four communes, a village in the first."""
    folder = tmp_path_factory.mktemp("world")
    heights = rough_ground(SIZE, relief_m=300.0, seed=5)
    heights[:4, :4] = np.nan
    rows = [
        {"cell_id": f"{site}-{name}", "site_id": site, "operator": name, "freq_mhz": freq}
        for site in SITES
        for name, freq in (("Viettel", 1800.0), ("Mạng Đỏ", 900.0))
    ]
    inputs = make_inputs(
        folder,
        cells=cells_frame(rows),
        sites=SITES,
        heights=heights,
        cell_m=CELL,
        villages=villages_frame({"v1": (X0 + 500, Y0 - 2500, X0 + 2500, Y0 - 500)}),
    )
    half = SIZE * CELL / 2
    squares = [
        box(X0 + i * half, Y0 - (j + 1) * half, X0 + (i + 1) * half, Y0 - j * half)
        for j in (0, 1)
        for i in (0, 1)
    ]
    communes = gpd.GeoDataFrame(
        {"code": ["1", "2", "3", "4"], "name": list("ABCD"), "row": 1},
        geometry=[*squares[:3], squares[3].intersection(box(X0, Y0 - 11_000, X0 + 20_000, Y0))],
        crs=inputs.crs,
    )
    inputs = replace(inputs, communes=communes)
    study = make_study(folder, radio={"radius_km": 15.0, "clutter": {"at": "none"}})
    signal = compute_signal(inputs, study, folder / "rasters", PathLossStore(folder / "store"))
    return SimpleNamespace(folder=folder, inputs=inputs, study=study, signal=signal)


def frame_of(x: np.ndarray, y: np.ndarray, level: object, **columns: object) -> pd.DataFrame:
    lon, lat = Transformer.from_crs(32648, 4326, always_xy=True).transform(x, y)
    base = {
        "row": np.arange(1, len(x) + 1),
        "x_m": x,
        "y_m": y,
        "longitude": lon,
        "latitude": lat,
        "level_dbm": level,
        "operator": "Viettel",
        "technology": "LTE",
        "cell_id": None,
        "freq_mhz": np.nan,
    }
    frame = pd.DataFrame({**base, **columns})
    for name in ("operator", "technology", "cell_id"):
        frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
    return frame


def measured(frame: pd.DataFrame) -> list[tuple[str, Measurements]]:
    return [("m.csv", Measurements(frame, pd.DataFrame(columns=list(REFUSED_COLUMNS))))]


def audit(world: SimpleNamespace, frame: pd.DataFrame, preset: str = "study", **how: object):
    return audit_map(
        world.inputs,
        world.study,
        world.signal.layers,
        world.signal.cells,
        measured(frame),
        preset_of(preset, world.study),
        **how,
    )


def cell_centres(count: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Centres of different cells, off the void and off the strip that lies in no commune."""
    rng = np.random.default_rng(seed)
    at = rng.choice((SIZE - 20) * SIZE, count, replace=False)
    row, col = np.divmod(at, SIZE)
    return X0 + (col + 0.5) * CELL, Y0 - (row + 5.5) * CELL


def predicted(world: SimpleNamespace, x: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    """Level and claimed probability of the map at places, as an audit reads them."""
    return audit(world, frame_of(x, y, -80.0)).tests


# -- intervals ----------------------------------------------------------------------------------


def test_intervals_worked_by_hand() -> None:
    low, high = clopper_pearson([0, 10, 5, 1, 0], [10, 10, 10, 1, 0])
    # No success of n: 1 - 0.025^(1/n); all of them: 0.025^(1/n).
    assert (low[0], high[0]) == (0.0, pytest.approx(1 - 0.025 ** (1 / 10)))
    assert (low[1], high[1]) == (pytest.approx(0.025 ** (1 / 10)), 1.0)
    # 5 of 10: 0.1871 to 0.8129, the textbook's own pair.
    assert (low[2], high[2]) == (pytest.approx(0.18709, abs=1e-5), pytest.approx(0.81291, abs=1e-5))
    assert (low[3], high[3]) == (pytest.approx(0.025), 1.0)
    assert (low[4], high[4]) == (0.0, 1.0)


@pytest.mark.parametrize(("k", "n", "confidence"), [(3, 17, 0.95), (97, 99, 0.9), (1, 400, 0.99)])
def test_intervals_are_those_of_scipy(k: int, n: int, confidence: float) -> None:
    expected = binomtest(k, n).proportion_ci(confidence, method="exact")
    low, high = clopper_pearson(k, n, confidence)
    assert (float(low), float(high)) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert at_most_by_chance(k, n, 0.5) == pytest.approx(
        binomtest(k, n, 0.5, alternative="less").pvalue
    )


def test_so_many_tests_confirm_98_of_100() -> None:
    """0.025^(1/n) passes 0.98 from n = 183 on: ln 0.025 / ln 0.98 = 182.6."""
    assert further_tests(183, 183, 0.98, 0.98) == 0
    assert further_tests(182, 182, 0.98, 0.98) == 1
    assert further_tests(1, 1, 0.98, 0.98) == 182


def test_further_tests_decide_and_one_less_does_not() -> None:
    more = further_tests(8, 10, 0.9, 0.9)
    assert more > 0
    for extra, decided in ((more, True), (more - 1, False)):
        _, high = clopper_pearson(0.8 * (10 + extra), 10 + extra)
        assert (high < 0.9) == decided
    assert np.isnan(further_tests(90, 100, 0.9, 0.9))
    assert further_tests(0, 2, 0.9, 0.9) == 0.0
    assert MOST_TESTS > 10_000


# -- places -------------------------------------------------------------------------------------


def test_rows_of_a_place_and_carrier_count_once() -> None:
    grid = Grid(CRS_M, X0, Y0, 100.0, 10, 10)
    rows = pd.DataFrame(
        {
            "row": [1, 2, 3, 4, 5, 6, 7],
            "x_m": [X0 + 10, X0 + 90, X0 + 50, X0 + 110, X0 + 20, X0 + 30, X0 + 450],
            "y_m": Y0 - 10.0,
            "operator": ["a", "a", "a", "a", "b", "b", "a"],
            "technology": "LTE",
            "level_dbm": [-90.0, -120.0, -100.0, -80.0, -120.0, -90.0, -70.0],
        }
    )
    out = one_test_a_place(rows, grid)
    # The median of three, the stronger of two; another cell and another carrier stand alone.
    assert out[["row", "rows"]].to_numpy().tolist() == [[3, 3], [4, 1], [6, 2], [7, 1]]
    wide = one_test_a_place(rows, grid, spacing_m=400.0)
    assert wide[["row", "rows"]].to_numpy().tolist() == [[3, 3], [6, 2], [7, 1]]


def test_classes_hold_their_lower_end() -> None:
    found = probability_class(np.array([0.0, 0.005, 0.495, 0.5, 0.75, 0.9, 0.95, 1.0]))
    index = [CLASSES.index(name) for name in found]
    assert index == [0, 1, 1, 2, 3, 4, 5, 5]


# -- shares and claims --------------------------------------------------------------------------


def counted(rows: list[tuple[str, str | None, float, bool, bool]]) -> pd.DataFrame:
    frame = pd.DataFrame(
        rows,
        columns=["commune_code", "village_code", "claimed_probability", "claimed", "success"],
    )
    return frame.assign(
        operator="a",
        technology="LTE",
        probability_class=probability_class(frame["claimed_probability"].to_numpy()),
    )


def test_shares_by_hand() -> None:
    tests = counted(
        [("1", "v", 0.8, True, True)] * 3
        + [("1", None, 0.9, True, False)]
        + [("2", None, 0.2, False, True)] * 2
    )
    names = ["kind", "area", "commune_code", "village_code", "probability_class"]
    shares = count_shares(tests, 0.95).set_index(names)
    of_1 = shares.loc[("commune", "inside", "1", "*", "*")]
    assert (of_1["tests"], of_1["successes"], of_1["share"]) == (4, 3, 0.75)
    assert of_1["claimed_mean"] == pytest.approx((3 * 0.8 + 0.9) / 4)
    ends = clopper_pearson(3, 4)
    assert (of_1["low"], of_1["high"]) == (float(ends[0]), float(ends[1]))
    assert shares.loc[("village", "inside", "1", "v", "*"), "tests"] == 3
    assert shares.loc[("all", "outside", "*", "*", "*"), "share"] == 1.0
    classes = shares.xs("class", level="kind").groupby("probability_class")["tests"].sum()
    assert classes.to_dict() == {"0–50 %": 2, "75–90 %": 3, "90–95 %": 1}


def test_verdicts_by_hand() -> None:
    many = [("1", None, 0.95, True, True)] * 20 + [("1", None, 0.95, True, False)] * 20
    good = [("2", None, 0.95, True, True)] * 200
    few = [("3", None, 0.95, True, True)] * 3
    shares = count_shares(counted(many + good + few), 0.95)
    own = Preset("p", "", "", "", 0.75)
    claims = judge_claims(shares, own, 0.95)
    assert claims["verdict"].iloc[0] == "refuted"
    by_commune = claims[claims["kind"] == "commune"].set_index("commune_code")
    assert by_commune["verdict"].to_dict() == {"1": "refuted", "2": "confirmed", "3": "undecided"}
    # Twenty of forty: the interval is 33.8 to 66.2 %, 28.8 points under the 95 % claimed.
    assert by_commune.loc["1", "shortfall"] == pytest.approx(0.95 - 0.66199, abs=1e-4)
    assert by_commune.loc["1", "by_chance"] < 1e-15
    # All succeed: 0.75 is passed from n = ln 0.025 / ln 0.75 = 12.8 on.
    assert by_commune.loc["3", "more_tests"] == 10
    asked = judge_claims(shares, replace(own, share=0.99), 0.95)
    of_2 = asked[asked["commune_code"] == "2"].iloc[0]
    assert (of_2["claim"], of_2["promise"], of_2["verdict"]) == (0.99, 0.99, "undecided")


def test_few_tests_do_not_judge_a_village_and_nobody_claims_certainty() -> None:
    few = [("1", "v", 1.0, True, False)] * (LEAST_OF_A_VILLAGE - 1)
    claims = judge_claims(count_shares(counted(few), 0.95), Preset("p", "", "", "", 0.75), 0.95)
    assert set(claims["kind"]) == {"layer", "commune"}
    assert (claims["claim"] == MOST_CLAIMED).all()
    one_more = count_shares(counted([*few, few[0]]), 0.95)
    assert "village" in set(judge_claims(one_more, Preset("p", "", "", "", 0.75), 0.95)["kind"])


def test_presets() -> None:
    study = make_study(verdict={"probability": 0.8})
    assert tuple(preset_table()) == PRESETS
    own, arcep, fcc = (preset_of(name, study) for name in PRESETS)
    assert (own.probability, own.share, own.promise) == (0.8, None, 0.8)
    assert (arcep.probability, arcep.share) == (0.98, 0.98)
    assert (fcc.probability, fcc.share) == (0.9, 0.9)
    for preset in (own, arcep, fcc):
        for text in (preset.title, preset.says, preset.assumed):
            assert not text or text in catalogue()
        assert preset.source == "study.toml" or preset.source in catalogue()
    mine = preset_of("arcep", study, probability=0.6, share=0.95)
    assert (mine.probability, mine.promise) == (0.6, 0.95)
    with pytest.raises(StudyError, match="choose among: study, arcep, fcc"):
        preset_of("ofcom", study)


# -- a made-up province -------------------------------------------------------------------------


def test_truth_that_equals_the_claim_is_not_refuted(world: SimpleNamespace) -> None:
    """A hundred carriers of the same map, each tested with errors of its own."""
    x, y = cell_centres(400)
    there = predicted(world, x, y)
    sigma = float(world.signal.cells["sigma_db"].iloc[0])
    level = there["predicted_dbm"].fillna(-145.0).to_numpy()
    assert 0.3 < there["claimed"].mean() < 0.99
    names = [f"carrier {seed}" for seed in range(100)]
    noise = [np.random.default_rng(seed).normal(0.0, sigma, len(x)) for seed in range(100)]
    frame = frame_of(
        np.tile(x, 100),
        np.tile(y, 100),
        np.clip((level + np.array(noise)).ravel(), -149, -21),
        operator=np.repeat(names, len(x)),
    )
    one = world.signal.layer("Viettel", "LTE")
    claims = audit_map(
        world.inputs,
        world.study,
        [replace(one, operator=name) for name in names],
        world.signal.cells,
        measured(frame),
        preset_of("study", world.study),
    ).claims
    own, whole = claims[claims["kind"] != "layer"], claims[claims["kind"] == "layer"]
    assert sorted(whole["operator"]) == sorted(names)
    assert (whole["verdict"] == "refuted").sum() <= 5
    assert (own["verdict"] == "refuted").mean() <= 0.05


def test_a_claim_20_db_too_strong_is_refuted(world: SimpleNamespace) -> None:
    x, y = cell_centres(400)
    there = predicted(world, x, y)
    sigma = float(world.signal.cells["sigma_db"].iloc[0])
    noise = np.random.default_rng(1).normal(-20.0, sigma, len(x))
    level = np.clip(there["predicted_dbm"].fillna(-125.0).to_numpy() + noise, -149, -21)
    found = audit(world, frame_of(x, y, level))
    claims = found.claims
    assert claims.loc[claims["kind"] == "layer", "verdict"].tolist() == ["refuted"]
    communes = claims[claims["kind"] == "commune"]
    assert (communes["verdict"] == "refuted").sum() >= 3
    refuted = claims.loc[claims["verdict"] == "refuted", "shortfall"]
    assert refuted.is_monotonic_decreasing
    evidence = found.failed_claims
    assert len(evidence) == int((found.tests["result"] == RESULTS[1]).sum()) > 50
    assert (evidence["level_dbm"] < evidence["threshold_dbm"]).all()
    assert (evidence["claimed_probability"] >= 0.75).all()


def test_villages_are_judged_where_they_are_tested(world: SimpleNamespace) -> None:
    x = X0 + 550.0 + 100.0 * np.arange(15)
    found = audit(world, frame_of(x, np.full(15, Y0 - 1550.0), -125.0))
    assert set(found.tests["village_code"]) == {"v1"}
    claimed = int(found.tests["claimed"].sum())
    assert claimed >= LEAST_OF_A_VILLAGE
    villages = found.claims[found.claims["kind"] == "village"]
    told = villages[["commune_code", "village_code", "verdict", "tests", "successes"]]
    assert told.to_numpy().tolist() == [["1", "v1", "refuted", claimed, 0]]


def test_what_cannot_be_used_is_refused_with_its_reason(world: SimpleNamespace) -> None:
    x = np.full(9, X0 + 1050.0)
    y = np.full(9, Y0 - 1050.0)
    x[0], y[0] = X0 + 50, Y0 - 50  # void of the DEM
    x[1] = X0 - 5000  # off the grid
    x[2], y[2] = X0 + 9000, Y0 - 11_500  # in no commune
    frame = frame_of(
        x,
        y,
        [-80.0, -80.0, -80.0, np.nan, 40.0, -80.0, -80.0, -80.0, -80.0],
        operator=["Viettel"] * 5 + ["Nobody", None, "Viettel", "VIETTEL"],
        cell_id=[None] * 5 + [None, "none such", "S0-Mạng Đỏ", "gone"],
    )
    found = audit(world, frame)
    assert found.refused["reason"].tolist() == [
        "off_dem",
        "off_dem",
        "outside",
        "no_level",
        "level_out_of_range",
        "no_carrier",
        "no_cell",
        "other_carrier",
    ]
    assert (found.refused["file"] == "m.csv").all()
    assert found.refused["detail"].str.len().min() > 10
    # A cell that the study does not list still is a test of its carrier's service.
    assert found.tests[["row", "operator"]].to_numpy().tolist() == [[9, "Viettel"]]


def test_of_two_carriers_of_one_name_the_spelling_tells(world: SimpleNamespace) -> None:
    """`Viettel` and `VIETTEL` are two in the tower list: a third spelling is neither of them."""
    other = replace(world.signal.layer("Viettel", "LTE"), operator="VIETTEL")
    x, y = X0 + 1050.0 + 100.0 * np.arange(3), np.full(3, Y0 - 1050.0)
    frame = frame_of(x, y, -80.0, operator=["Viettel", "VIETTEL", "viettel"])
    found = audit_map(
        world.inputs,
        world.study,
        [*world.signal.layers, other],
        world.signal.cells,
        measured(frame),
        preset_of("study", world.study),
    )
    assert found.tests["operator"].tolist() == ["Viettel", "VIETTEL"]
    assert found.refused[["row", "reason"]].to_numpy().tolist() == [[3, "no_carrier"]]


def test_a_cell_names_its_carrier_and_files_are_kept_apart(world: SimpleNamespace) -> None:
    x, y = np.full(1, X0 + 1050.0), np.full(1, Y0 - 1050.0)
    one = frame_of(x, y, -80.0, operator=None, technology=None, cell_id="S1-Mạng Đỏ")
    two = frame_of(x, y, -130.0, time="2026-01-02T03:04:05Z")
    found = audit_map(
        world.inputs,
        world.study,
        world.signal.layers,
        world.signal.cells,
        [measured(one)[0], ("other.csv", measured(two)[0][1])],
        preset_of("study", world.study),
    )
    told = found.tests[["file", "operator", "success", "time"]].astype(object)
    assert told.where(told.notna(), None).to_numpy().tolist() == [
        ["m.csv", "Mạng Đỏ", True, None],
        ["other.csv", "Viettel", False, "2026-01-02T03:04:05Z"],
    ]


def test_a_phone_that_heard_nothing_failed_if_one_says_so(world: SimpleNamespace) -> None:
    x, y = X0 + 2550.0 + 100.0 * np.array([0, 1, 1, 2, 2, 2]), np.full(6, Y0 - 3050.0)
    frame = frame_of(x, y, [np.nan, np.nan, -80.0, np.nan, np.nan, -80.0])
    assert audit(world, frame).refused["reason"].tolist() == ["no_level"] * 4
    found = audit(world, frame, silent_fails=True)
    assert found.refused.empty
    # One of two rows heard is enough, one of three is not.
    assert found.tests["success"].tolist() == [False, True, False]
    assert found.failed_claims["level_dbm"].isna().all()


def test_no_test_at_all(world: SimpleNamespace) -> None:
    none = frame_of(np.zeros(0), np.zeros(0), np.zeros(0))
    found = audit(world, none)
    assert found.tests.empty
    assert found.claims.empty
    assert found.refused.empty
    assert (
        "phones" in next_drive(found, _with_roads(world), world.study, world.signal.layers).reason
    )


# -- the next drive -----------------------------------------------------------------------------


def _with_roads(world: SimpleNamespace):
    """Roads along the middle of the land and down the first commune, one piece apart."""
    shapes = [
        LineString([(X0 + 500, Y0 - 5950), (X0 + 11_500, Y0 - 5950)]),
        LineString([(X0 + 500, Y0 - 5950), (X0 + 500, Y0 - 500)]),
        LineString([(X0 + 6000, Y0 - 5950), (X0 + 6000, Y0 - 10_500)]),
        LineString([(X0 + 11_000, Y0 - 500), (X0 + 11_500, Y0 - 500)]),
    ]
    roads = gpd.GeoDataFrame(
        {"road_id": list("abcd"), "kind": "", "surface": "", "row": 1},
        geometry=shapes,
        crs=world.inputs.crs,
    )
    return replace(world.inputs, roads=roads)


def test_the_drive_keeps_to_roads_and_budget(world: SimpleNamespace) -> None:
    inputs = _with_roads(world)
    found = audit(world, frame_of(*cell_centres(5), -80.0))
    start = tuple(
        gpd.GeoSeries([Point(X0 + 480, Y0 - 5900)], crs=inputs.crs).to_crs(4326).iloc[0].coords[0]
    )
    shorter = 0.0
    for day_km in (6.0, 15.0, 200.0):
        drive = next_drive(
            found, inputs, world.study, world.signal.layers, start=start, day_km=day_km
        )
        assert not drive.reason
        assert shorter < drive.length_km <= day_km
        shorter = drive.length_km
        line = drive.line.geometry.iloc[0]
        main = inputs.roads.geometry.iloc[:3].union_all().buffer(1.0)
        assert main.covers(line)
        assert line.coords[0] == line.coords[-1]
        assert line.length / 1000 == pytest.approx(drive.length_km, rel=0.02)
        stops = drive.stops
        assert stops["order"].tolist() == list(range(len(stops)))
        assert stops["km"].is_monotonic_increasing
        assert stops["km"].iloc[-1] == pytest.approx(drive.length_km)
        assert stops["new_tests"].sum() == drive.claims["new_tests"].sum() > 0
        assert stops["narrowing"].sum() > 0
        assert (drive.claims["high_after"] <= drive.claims["high"]).all()
    # Every road that claims anything is driven when there is time, and no further.
    assert drive.length_km < 45.0


def test_decided_claims_need_no_drive(world: SimpleNamespace) -> None:
    inputs = _with_roads(world)
    x, y = cell_centres(4000)
    found = audit(world, frame_of(x, y, -130.0))
    communes = found.claims[found.claims["kind"] == "commune"]
    assert (communes["verdict"] == "refuted").all()
    drive = next_drive(found, inputs, world.study, world.signal.layers)
    assert "no road leads" in drive.reason
    assert drive.length_km == 0.0


def test_without_roads_it_says_so(world: SimpleNamespace) -> None:
    found = audit(world, frame_of(*cell_centres(5), -80.0))
    drive = next_drive(found, world.inputs, world.study, world.signal.layers)
    assert drive.reason == "the study names no roads, so that no drive can be planned"
    assert drive.reason in catalogue()


def test_places_tested_already_are_not_offered_again(world: SimpleNamespace) -> None:
    inputs = _with_roads(world)
    x, y = X0 + 2550.0 + 100.0 * np.arange(4), np.full(4, Y0 - 3050.0)
    found = audit(world, frame_of(x, y, -80.0))
    assert found.tests["claimed"].all()
    rows = []
    for at in (x, x + 400.0):
        edge = np.zeros(4, dtype=np.int64)
        asked = open_claims(found, inputs, world.signal.layers, edge, at, y)
        rows.append(len(asked.untested.of_place))
    assert rows[0] == 0
    assert rows[1] > 0


# -- logs as phones write them ------------------------------------------------------------------


def from_log(world: SimpleNamespace, rows: list[tuple[float, float, str]], **how: object):
    """Audit a log of Viettel's LTE: place from the corner, and the level as written."""
    to_wgs84 = Transformer.from_crs(32648, 4326, always_xy=True)
    lines = ["lon,lat,operator,technology,rsrp,serving"]
    for dx, dy, said in rows:
        lon, lat = to_wgs84.transform(X0 + dx, Y0 - dy)
        level, _, serving = said.partition(" ")
        lines.append(f"{lon:.7f},{lat:.7f},Viettel,LTE,{level},{serving or 'true'}")
    path = world.folder / "log.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    one, _ = read_measurements(path, world.inputs, world.study)
    asked = preset_of("study", world.study)
    signal = world.signal
    return audit_map(
        world.inputs, world.study, signal.layers, signal.cells, [("log.csv", one)], asked, **how
    )


def test_a_place_is_thinned_as_a_calibration_does(world: SimpleNamespace) -> None:
    """Neighbours have no vote, and fast fading along a few metres is averaged before the median."""
    rows = [(3050.0 + i, 4050.0, "-105") for i in range(5)]
    rows += [(3050.0 + i, 4050.0, "-130 false") for i in range(20)]
    found = from_log(world, rows)
    assert found.tests[["rows", "success"]].to_numpy().tolist() == [[5, True]]
    assert found.tests["level_dbm"].tolist() == pytest.approx([-105.0])
    assert found.refused["reason"].tolist() == ["neighbour"] * 20
    # -95 and -125 in turn: in power -98 on the way, over the threshold, whichever row is asked.
    turn = from_log(world, [(3050.0 + i, 4050.0, "-95" if i % 2 else "-125") for i in range(9)])
    assert turn.tests["level_dbm"].tolist() == pytest.approx([-98.0], abs=1.0)


def test_cells_of_a_carrier_vote_by_their_rows() -> None:
    grid = Grid(CRS_M, X0, Y0, 100.0, 10, 10)
    rows = pd.DataFrame(
        {
            "row": [1, 10],
            "x_m": X0 + 50.0,
            "y_m": Y0 - 50.0,
            "operator": "a",
            "technology": "LTE",
            "level_dbm": [-115.0, -105.0],
            "rows": [9, 1],
        }
    )
    assert one_test_a_place(rows, grid)[["row", "rows"]].to_numpy().tolist() == [[1, 10]]
    level = one_test_a_place(rows.assign(rows=[5, 5]), grid)
    assert level[["row", "rows"]].to_numpy().tolist() == [[10, 10]]


def test_the_lowest_figure_is_a_test_that_failed(world: SimpleNamespace) -> None:
    """-140 says that the level was that or less; 2147483647 says nothing, unless one is told so."""
    heard, floor, unknown = (3050.0, 4050.0), (3250.0, 4050.0), (3450.0, 4050.0)
    rows = [(*heard, "-90"), (*floor, "-140"), (*floor, "-140 false"), (*unknown, "2147483647")]
    found = from_log(world, rows)
    assert found.tests["success"].tolist() == [True, False]
    assert found.tests["level_dbm"].isna().tolist() == [False, True]
    assert found.tests["row"].tolist() == [1, 2]
    assert found.refused[["row", "reason"]].to_numpy().tolist() == [[3, "floor"], [4, "sentinel"]]
    told = from_log(world, rows, silent_fails=True)
    assert told.tests["success"].tolist() == [True, False, False]
    assert told.refused["row"].tolist() == [3]
    # A majority at one place decides: two rows of silence against one that was heard.
    mixed = from_log(world, [(*heard, "-90"), (*heard, "-140"), (*heard, "-140")])
    assert mixed.tests[["rows", "success"]].to_numpy().tolist() == [[3, False]]


def test_a_threshold_under_the_lowest_figure_is_not_failed(world: SimpleNamespace) -> None:
    """A study that takes -150 dBm for service learns nothing from -140 or less."""
    budgets = dict(world.study.radio.technologies)
    budgets["LTE"] = budgets["LTE"].model_copy(update={"threshold_dbm": -150.0})
    radio = world.study.radio.model_copy(update={"technologies": budgets})
    deep = SimpleNamespace(**vars(world))
    deep.study = world.study.model_copy(update={"radio": radio})
    found = from_log(deep, [(3050.0, 4050.0, "-90"), (3250.0, 4050.0, "-140")])
    assert found.tests["row"].tolist() == [1]
    assert found.refused["reason"].tolist() == ["floor"]
