"""A driven road makes levels surer: every figure asks with the spread that it leaves."""

from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
from scipy.spatial.distance import cdist
from scipy.stats import norm

from helpers.radio import BARE, X0, Y0, cells_frame, make_inputs, make_study, villages_frame
from helpers.signal import cell_box, make_signal
from phusong.coverage.audit.claimed import probability_at
from phusong.coverage.corrections.residualfield import Kriged, ResidualField, Variogram
from phusong.coverage.results import ANY
from phusong.coverage.signal.combine import (
    ALL_LEFT,
    NO_LEVEL,
    PROBABILITY_STEP,
    SHARE_STEP,
    Odds,
    pick_best,
)
from phusong.coverage.signal.layerfiles import LayerReader
from phusong.coverage.signal.signal import compute_signal
from phusong.coverage.signal.spread import split_db
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.villages.assess import assess_villages
from phusong.coverage.villages.definitions import evaluate_definitions
from phusong.coverage.villages.indoors import assess_places
from phusong.coverage.villages.simulation import simulate_villages
from worlds.terrain import rough_ground

EIGHT = {"spread": {"sigma_model_db": 8, "sigma_location_db": 0}}
"""Threshold -110 dBm; P >= 0.75 takes 5.4 dB of margin, and 2.7 dB where half of it is left."""


def test_a_road_decides_the_verdict(tmp_path):
    """4 dB over the threshold: 0.69 away from the road, 0.84 beside it; 4 dB under it 0.16."""
    level = np.array([[-106.0, -106.0, -114.0]])
    left = np.array([[1.0, 0.5, 0.5]])
    villages = villages_frame(
        {"away": cell_box(0, 0), "beside": cell_box(0, 1), "under": cell_box(0, 2)}
    )
    made = make_signal(tmp_path / "road", villages, {(ANY, ANY): level}, radio=EIGHT, left=left)
    found = assess_villages(*made)
    p = norm.cdf([0.5, 1.0, -1.0])
    assert found.villages["probability_centre"].to_numpy() == pytest.approx(p, abs=1e-6)
    assert found.villages["expected_share"].to_numpy() == pytest.approx(p, abs=1e-6)
    assert found.villages["grade"].tolist() == ["white", "covered", "white"]
    table = found.sensitivity.query("operator == '*' and technology == '*' and code == 'beside'")
    for row in table.itertuples():
        sure = norm.cdf((4.0 - row.threshold_offset_db) / 4.0) >= row.probability
        assert (row.served_centre, row.served_share) == (sure, float(sure))
    plain = make_signal(tmp_path / "none", villages, {(ANY, ANY): level}, radio=EIGHT)
    assert (assess_villages(*plain).villages["grade"] == "white").all()


def test_whole_shares_are_as_good_as_none(tmp_path):
    """A field that leaves all of the spread changes no figure by a bit."""
    rng = np.random.default_rng(5)
    level = rng.uniform(-125, -95, (40, 40))
    villages = villages_frame({f"v{i}": cell_box(10 * i, 0, 10, 40) for i in range(4)})
    tables = {
        "radio": {},
        "uncertainty": {"draws": 40},
        "indicators": {"places": ["indoor"]},
    }
    args = (villages, {(ANY, ANY): level})
    plain = make_signal(tmp_path / "plain", *args, **tables)
    whole = make_signal(tmp_path / "whole", *args, left=np.ones((40, 40)), **tables)
    assert whole[2].tightened
    assert not plain[2].tightened
    one, other = assess_villages(*plain), assess_villages(*whole)
    assert one.by_layer.equals(other.by_layer)
    assert one.sensitivity.equals(other.sensitivity)
    assert assess_places(*plain).equals(assess_places(*whole))
    names = ["study", "indoor"]
    definitions = [evaluate_definitions(*made, names=names) for made in (plain, whole)]
    assert definitions[0].equals(definitions[1])
    drawn = [simulate_villages(*made, [(ANY, ANY)]) for made in (plain, whole)]
    assert drawn[0].villages.equals(drawn[1].villages)


def test_walls_stay_as_unsure_as_they_are(tmp_path):
    """Outdoors 8 dB, half of it left beside the road, and 3 dB of the walls: 5 dB together."""
    tables = {
        "radio": {**EIGHT, "indoor": {"loss_db": 10.0, "sigma_db": 3.0}},
        "indicators": {"places": ["indoor"]},
    }
    made = make_signal(
        tmp_path,
        villages_frame({"v": cell_box(0, 0)}),
        {(ANY, ANY): np.array([[-96.0]])},
        left=np.array([[0.5]]),
        **tables,
    )
    row = assess_places(*made).query("operator == '*' and technology == '*'").iloc[0]
    assert row["probability_centre"] == pytest.approx(norm.cdf(4.0 / 5.0), abs=1e-6)
    asked = {"verdict": {"probability": 0.79, "covered_share": 0.5}}
    for level, served in ((-95.9, 1), (-96.0, 0)):  # 0.79 takes 4.03 dB
        made = make_signal(
            tmp_path / str(served),
            villages_frame({"v": cell_box(0, 0)}),
            {(ANY, ANY): np.array([[level]])},
            left=np.array([[0.5]]),
            **tables,
            **asked,
        )
        assert evaluate_definitions(*made, names=["indoor"])["villages_covered"][0] == served
        assert (assess_places(*made)["grade"] == ("covered" if served else "white")).all()


def test_the_surer_technology_serves(tmp_path):
    """LTE 8 dB over its threshold, UMTS 6 dB over its own and half as unsure: UMTS."""
    ticks = np.array([[[-1020]], [[-970]], [[0]]], np.int16)
    server = np.array([[[1]], [[2]], [[0]]], np.int32)
    threshold, sigma = np.array([-110.0, -103.0]), np.array([8.0, 8.0])

    def best(left):
        at = (ticks[2], server[2], left[2] if len(left) else np.zeros((0, 0), np.uint8))
        pick_best(ticks, server, left, np.array([0, 1]), threshold, sigma, True, *at)
        return [int(part.ravel()[0]) for part in at if part.size]

    assert best(np.zeros((0, 1, 1), np.uint8)) == [-1020, 1]
    assert best(np.array([[[200]], [[100]], [[0]]], np.uint8)) == [-970, 2, 100]
    assert best(np.array([[[100]], [[100]], [[0]]], np.uint8)) == [-1020, 1, 100]
    ticks[:2] = NO_LEVEL
    server[:2] = 0
    assert best(np.zeros((3, 1, 1), np.uint8)) == [NO_LEVEL, 0, 0]


@pytest.mark.parametrize("share", [1.0, 0.9, 0.6, 0.3])
def test_what_is_learnt_is_what_neighbours_share(share):
    """Of 8 and 6 dB (10 together) the model's error goes first, then the variability in cells."""
    whole = np.array([10.0])
    model, location = split_db(whole * share, whole, 8.0)
    assert np.hypot(model, location) == pytest.approx(10.0 * share)
    assert model == pytest.approx(np.sqrt(max(100 * share**2 - 36, 0.0)))
    assert location == pytest.approx(min(6.0, 10.0 * share))


@pytest.mark.parametrize("margin", [-4.0, 2.0, 6.0])
@pytest.mark.parametrize("share", [0.8, 0.4])
def test_draws_have_the_odds_of_what_is_left(tmp_path, margin, share):
    made = make_signal(
        tmp_path,
        villages_frame({"v": cell_box(1, 1)}),
        {(ANY, ANY): np.full((4, 4), -110.0 + margin)},
        left=np.full((4, 4), share),
        radio={"spread": {"sigma_model_db": 8, "sigma_location_db": 6, "correlation_m": 500}},
        uncertainty={"draws": 4000, "seed": 1},
        verdict={"covered_share": 1e-9, "hollow_share": 1.0},
    )
    p = norm.cdf(margin / (10.0 * share))
    drawn = simulate_villages(*made, [(ANY, ANY)]).villages
    assert drawn["p_covered"][0] == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / 4000))
    assert drawn["share_mean"][0] == pytest.approx(p, abs=0.03)


def test_neighbours_share_what_is_left_of_the_models_error(tmp_path):
    """All alike over the village: its share is all or nothing while the model may be wrong, and
    the same in every draw where only the variability inside cells is left."""
    shape = (30, 30)

    def drawn(share):
        made = make_signal(
            tmp_path / str(share),
            villages_frame({"v": cell_box(0, 0, *shape)}),
            {(ANY, ANY): np.full(shape, -108.0)},
            left=np.full(shape, share),
            radio={"spread": {"sigma_model_db": 8, "sigma_location_db": 6, "correlation_m": 1e7}},
            uncertainty={"draws": 3000, "seed": 1},
        )
        return simulate_villages(*made, [(ANY, ANY)]).villages.iloc[0]

    wide, narrow = drawn(1.0), drawn(0.6)
    # The middle 90 % of a mean level that errs by 8 dB, seen through 6 dB inside cells.
    ends = norm.cdf((2.0 + 8.0 * norm.ppf([0.05, 0.95])) / 6.0)
    assert (wide["share_low"], wide["share_high"]) == pytest.approx(ends, abs=0.03)
    assert narrow["share_low"] == pytest.approx(norm.cdf(2.0 / 6.0), abs=1e-3)
    assert narrow["share_high"] == pytest.approx(norm.cdf(2.0 / 6.0), abs=1e-3)


@pytest.fixture(scope="module")
def driven(tmp_path_factory):
    """Two carriers' masts in hills, a village in every other cell; one carrier's road is driven."""
    folder = tmp_path_factory.mktemp("driven")
    sites = {"W": (X0 + 1500.0, Y0 - 2500.0), "E": (X0 + 3500.0, Y0 - 2500.0)}
    carriers = (("W", "Viettel", "LTE"), ("E", "Viettel", "UMTS"), ("E", "VNPT", "LTE"))
    rows = [
        {
            "cell_id": f"{site}{technology}{operator}",
            "site_id": site,
            "operator": operator,
            "technology": technology,
            "freq_mhz": 1800.0,
            "eirp_dbm": 40.0,
        }
        for site, operator, technology in carriers
    ]
    boxes = {
        f"{row}-{col}": (X0 + 100 * col, Y0 - 100 * (row + 1), X0 + 100 * (col + 1), Y0 - 100 * row)
        for row in range(0, 50, 2)
        for col in range(0, 50, 2)
    }
    inputs = make_inputs(
        folder,
        cells=cells_frame(rows),
        sites=sites,
        heights=rough_ground(50, relief_m=250.0, seed=3),
        cell_m=100.0,
        villages=villages_frame(boxes),
    )
    variogram = Variogram(9.0, 60.0, 400.0)
    x = X0 + np.arange(500.0, 4500.0, 200.0)
    road = Kriged(
        variogram, x, np.full(x.size, Y0 - 2050.0), np.full(x.size, -4.0), np.ones(x.size)
    )
    about = {"name": "x", "date": "2026-01-01", "crs": inputs.crs.to_string(), "measurements": []}
    said = ResidualField(variogram, {("Viettel", "LTE"): road}, about)
    (folder / "field.json").write_text(said.text(), "utf-8")
    radio = {**BARE, "residual_field": "field.json"}
    study = make_study(
        folder,
        radio=radio,
        verdict={"technologies": ["LTE", "UMTS"]},
        uncertainty={"draws": 400, "seed": 2},
    )
    signal = compute_signal(inputs, study, folder / "out", PathLossStore(folder / "store"))
    return SimpleNamespace(inputs=inputs, study=study, signal=signal, road=road)


def test_one_cell_has_one_probability_everywhere(driven):
    """Raster, verdict, expected share and audit, layer by layer and cell by cell."""
    inputs, signal = driven.inputs, driven.signal
    found = assess_villages(inputs, driven.study, signal).by_layer
    odds = Odds.of_cells(signal.cells, tightened=True)
    x, y = (inputs.villages[f"centre_{axis}_m"].to_numpy() for axis in "xy")
    row, col = signal.grid.cell_of(x, y)
    tight = 0
    with LayerReader(signal.layers) as reader:
        for i, layer in enumerate(signal.layers):
            rows = found[
                (found["operator"] == layer.operator) & (found["technology"] == layer.technology)
            ]
            levels = reader.read(i, signal.grid.window)
            exact = odds.of(levels.ticks, levels.server, levels.left)[row, col]
            heard = levels.server[row, col] > 0
            tight += int(((levels.left[row, col] < ALL_LEFT) & heard).sum())
            assert rows["probability_centre"].to_numpy() == pytest.approx(exact, abs=0)
            assert rows["expected_share"].to_numpy() == pytest.approx(exact, abs=1e-6)
            served = exact >= driven.study.verdict.probability
            sure = np.abs(exact - driven.study.verdict.probability) > 1e-5
            assert (rows["served_centre"].to_numpy() == served)[sure].all()
            with rasterio.open(layer.probability) as raster:
                steps = raster.read(1)[row, col]
            assert np.array_equal(np.rint(exact / PROBABILITY_STEP)[heard], steps[heard])
            audited = probability_at(layer, signal.grid, x, y)
            assert audited == pytest.approx(exact, abs=PROBABILITY_STEP / 2 + 1e-6)
    assert tight > 400


def test_the_best_by_odds_takes_its_spread_along(driven):
    """The layer of all takes level, server and spread of the surest of the plain ones."""
    signal = driven.signal
    plain = [i for i, x in enumerate(signal.layers) if ANY not in (x.operator, x.technology)]
    with LayerReader(signal.layers) as reader:
        parts = [reader.read(i, signal.grid.window) for i in plain]
        best = reader.read(len(signal.layers) - 1, signal.grid.window)
    odds = Odds.of_cells(signal.cells, tightened=True)
    each = np.stack([odds.of(p.ticks, p.server, p.left) for p in parts])
    together = odds.of(best.ticks, best.server, best.left)
    assert together == pytest.approx(each.max(axis=0), abs=1e-6)
    surest = np.stack([p.server for p in parts])
    loose = Odds.of_cells(signal.cells)
    by_whole = np.stack([loose.of(p.ticks, p.server) for p in parts]).argmax(axis=0)
    changed = np.take_along_axis(surest, by_whole[None], axis=0)[0] != best.server
    assert (changed & (together < 0.999) & (together > 0.001)).sum() > 5


def test_draws_agree_with_the_rasters_on_average(driven):
    inputs, study, signal = driven.inputs, driven.study, driven.signal
    expected = assess_villages(inputs, study, signal).villages["expected_share"].to_numpy()
    drawn = simulate_villages(inputs, study, signal, [(ANY, ANY)]).villages["share_mean"].to_numpy()
    assert np.abs(drawn - expected).max() < 0.12  # 400 draws: four deviations of a half are 0.1
    assert abs((drawn - expected).mean()) < 0.01


def test_definitions_count_with_what_is_left(driven):
    """The study's own row is its verdict, of each carrier too."""
    inputs, study, signal = driven.inputs, driven.study, driven.signal
    verdict = assess_villages(inputs, study, signal)
    row = evaluate_definitions(inputs, study, signal, names=["study"]).iloc[0]
    covered = int((verdict.villages["grade"] == "covered").sum())
    assert 0 < covered < len(inputs.villages)
    assert row["villages_covered"] == covered


def test_spread_raster_says_what_the_field_leaves(driven):
    grid, signal = driven.signal.grid, driven.signal
    layer, other = signal.layer("Viettel", "LTE"), signal.layer("VNPT", "LTE")
    with rasterio.open(layer.spread) as raster, rasterio.open(layer.server) as server:
        assert raster.scales == (SHARE_STEP,)
        left, heard = raster.read(1), server.read(1) > 0
    _, share = driven.road.over(grid, grid.window)
    assert np.abs(left - share * ALL_LEFT)[heard].max() <= 0.5 + 1e-4
    assert share[heard].min() < 0.7
    assert not left[~heard].any()
    with rasterio.open(other.spread) as raster, rasterio.open(other.server) as server:
        assert set(raster.read(1)[server.read(1) > 0].tolist()) == {ALL_LEFT}
    assert layer.moved_to(driven.study.folder).spread == driven.study.folder / layer.spread.name


@pytest.mark.parametrize("distance_m", [200.0, 500.0, 1000.0])
@pytest.mark.parametrize(
    ("road_m", "least", "most"), [(-500.0, 1.0, 1.07), (0.0, 1.04, 1.22), (500.0, 1.3, 2.01)]
)
def test_a_villages_mean_is_never_surer_than_kriging_has_it(distance_m, road_m, least, most):
    """The figures of docs/calibration.md: a village of 1 km, a road beside, along or through it,
    measured every 100 m; 7.5 dB that neighbours share and 3.3 dB that they do not."""
    shared, own = 7.5**2, 3.3**2
    at = np.arange(25.0, 1000.0, 50.0)
    cells = np.array([(x, y) for x in at for y in at])
    road = np.array([(x, road_m) for x in np.arange(-1500.0, 2500.0, 100.0)])

    def alike(a, b):
        return np.exp(-cdist(a, b) / distance_m)

    towards = shared * alike(cells, road)
    known = shared * alike(road, road) + own * np.eye(len(road))
    exact = shared * alike(cells, cells) - towards @ np.linalg.solve(known, towards.T)
    whole = np.full(len(cells), np.sqrt(shared + own))
    model, location = split_db(np.sqrt(np.diag(exact) + own), whole, np.sqrt(shared))
    assert location == pytest.approx(np.sqrt(own))
    assert model == pytest.approx(np.sqrt(np.diag(exact)))
    drawn = model[:, None] * model[None, :] * alike(cells, cells)
    ratio = np.sqrt(drawn.mean() / exact.mean())
    assert least - 0.01 < ratio < most
