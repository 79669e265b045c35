"""The field near measured roads: weights by hand, its reach, its file, and its effect."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio

from helpers.radio import BARE, X0, Y0, cells_frame, make_inputs, make_study, villages_frame
from phusong.coverage.calibration.variogram import fit_variogram, krige
from phusong.coverage.corrections.residualfield import (
    REACH,
    Kriged,
    ResidualField,
    Variogram,
    provenance,
    read_field,
)
from phusong.coverage.kept.lossbytes import NODATA
from phusong.coverage.propagation.surface import FLAG_LINE_OF_SIGHT
from phusong.coverage.quality.sinr import compute_quality
from phusong.coverage.signal.combine import Odds, share_steps
from phusong.coverage.signal.correction import (
    Correction,
    Sight,
    along_slope,
    excess_db,
    log_distance,
)
from phusong.coverage.signal.losses import LOSS_STEP_DB, Losses, LossReport
from phusong.coverage.signal.plan import plan_run
from phusong.coverage.signal.signal import compute_signal
from phusong.coverage.signal.store import PathLossStore
from phusong.errors import InputError
from phusong.grid import Window
from phusong.progress import NoProgress
from phusong.study import Slope
from worlds.terrain import rough_ground

FOUND = Variogram(4.0, 12.0, 500.0)


def kriged(x, residual, rows=None) -> Kriged:
    x = np.asarray(x, float)
    rows = np.ones(x.size) if rows is None else np.asarray(rows, float)
    return Kriged(FOUND, x, np.zeros(x.size), np.asarray(residual, float), rows)


def test_two_places_by_hand() -> None:
    """Weights solve [[16, c], [c, 16]] w = [k, k] midway: w = k / (16 + c), alike for both."""
    field = kriged([0.0, 500.0], [8.0, 2.0])
    c, k = 12 * np.exp(-1.0), 12 * np.exp(-0.5)
    level, share = field.at(np.array([250.0]), np.array([0.0]))
    assert level == pytest.approx([k / (16 + c) * 10.0])
    variance = 16 - 2 * k**2 / (16 + c)
    assert share == pytest.approx([np.sqrt(variance / 16)])


def test_three_places_by_hand() -> None:
    """The general case, solved as the textbook writes it, ten rows at the third place."""
    x, residual = np.array([0.0, 300.0, 900.0]), np.array([5.0, -3.0, 6.0])
    field = kriged(x, residual, [1, 1, 10])
    covariance = 12 * np.exp(-np.abs(x[:, None] - x) / 500.0) + np.diag([4.0, 4.0, 0.4])
    towards = 12 * np.exp(-np.abs(x - 800.0) / 500.0)
    weights = np.linalg.solve(covariance, towards)
    level, share = field.at(np.array([800.0]), np.array([0.0]))
    assert level == pytest.approx([weights @ residual])
    assert share == pytest.approx([np.sqrt((16 - weights @ towards) / 16)])


def test_nothing_farther_than_its_reach() -> None:
    field = kriged([0.0], [10.0])
    x = np.array([0.0, 400.0, REACH * 500.0 - 1.0, REACH * 500.0 + 1.0, 1e5])
    level, share = field.at(x, np.zeros(5))
    assert (np.diff(level) < 0)[:3].all()
    assert (np.diff(share) > 0)[:2].all()
    assert level[2] < 0.05 * 10.0
    assert share[2] > 0.99
    assert level[3:].tolist() == [0.0, 0.0]
    assert share[3:].tolist() == [1.0, 1.0]


def test_variogram_is_found_and_carriers_are_apart() -> None:
    """Residuals drawn with a known variogram, along a road; two carriers on the same road."""
    rng = np.random.default_rng(7)
    x = np.arange(240) * 40.0
    root = np.linalg.cholesky(25 * np.exp(-np.abs(x[:, None] - x) / 300.0) + 1e-9 * np.eye(x.size))
    residual = np.concatenate([root @ rng.normal(size=240), root @ rng.normal(size=240)])
    residual += rng.normal(0.0, 2.0, 480)
    carriers = np.repeat(np.array(["A", "B"], object), 240)
    x = np.tile(x, 2)
    found = fit_variogram(x, np.zeros(480), residual, carriers)
    assert found.nugget_db2 == pytest.approx(4.0, rel=0.5)
    assert found.sill_db2 == pytest.approx(25.0, rel=0.5)
    assert 150.0 < found.distance_m < 600.0
    fields = krige(found, x, np.zeros(480), residual, carriers)
    assert list(fields) == ["A", "B"]
    a, b = (fields[name].at(x[:240], np.zeros(240))[0] for name in "AB")
    assert np.sqrt(np.mean((a - residual[:240]) ** 2)) < 2.5
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.7
    # Neighbours nearer than a fifth of the distance became one place.
    assert fields["A"].rows.sum() == 240
    assert fields["A"].x_m.size < 200


def test_file_comes_back(tmp_path) -> None:
    about = {"name": "Hà Giang", "date": "2026-11-01", "crs": "EPSG:32648", "measurements": []}
    field = ResidualField(FOUND, {("Viettel", "LTE"): kriged([0.004, 500.0], [8.123, 2.0])}, about)
    path = tmp_path / "field.json"
    path.write_text(field.text(), "utf-8")
    again = read_field(path)
    assert again.about == about
    assert again.variogram == FOUND
    assert again.carriers["Viettel", "LTE"].residual_db.tolist() == [8.12, 2.0]
    for broken in ("{", "[]", '{"variogram": 1}', json.dumps({"variogram": {}, "carriers": []})):
        path.write_text(broken, "utf-8")
        with pytest.raises(InputError, match="calibrate again"):
            read_field(path)
    with pytest.raises(InputError):
        read_field(tmp_path / "none.json")


def test_odds_tighten_where_less_of_the_spread_is_left() -> None:
    odds = Odds(np.array([-100.0]), np.array([10.0]), tightened=True)
    ticks, server = np.full((1, 3), -900, np.int16), np.array([[1, 1, 0]], np.int32)
    left = share_steps(np.array([[1.0, 0.5, 0.5]], np.float32))
    # One deviation above the threshold, then two: 0.841 and 0.977 in steps of 0.005.
    assert odds.steps(ticks, server, left).tolist() == [[168, 195, 255]]
    assert odds.steps(ticks, server).tolist() == [[168, 168, 255]]


def test_slope_turns_about_its_middle_and_ends() -> None:
    slope = Slope(db_per_unit=-0.5, low=10.0, high=30.0)
    found = along_slope(slope, np.array([0.0, 10.0, 20.0, 24.0, 99.0]))
    assert found.tolist() == [5.0, 5.0, 0.0, -2.0, -5.0]
    with pytest.raises(ValueError, match="less than"):
        Slope(db_per_unit=1.0, low=3.0, high=3.0)
    # P.525-4: 32.4 + 20 log f + 20 log d; 1 GHz at 1 km is 92.4 dB.
    assert excess_db(np.array([100.0]), 1000.0, np.array([1000.0])) == pytest.approx(
        [7.6], abs=0.05
    )
    assert log_distance(np.array([10.0, 1e4])).tolist() == [-2.0, 1.0]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Two masts on hills, one carrier; a field measured at one place in the west."""
    folder = tmp_path_factory.mktemp("field")
    sites = {"W": (X0 + 2500.0, Y0 - 4000.0), "E": (X0 + 6500.0, Y0 - 4000.0)}
    rows = [
        {"cell_id": name, "site_id": name, "operator": "Viettel", "freq_mhz": 1800.0}
        for name in sites
    ]
    inputs = make_inputs(
        folder,
        cells=cells_frame(rows),
        sites=sites,
        heights=rough_ground(90, relief_m=250.0, seed=3),
        cell_m=100.0,
        villages=villages_frame({"v": (X0, Y0 - 1000, X0 + 1000, Y0)}),
    )
    field = Kriged(
        Variogram(4.0, 60.0, 400.0),
        np.array([X0 + 2050.0]),
        np.array([Y0 - 3050.0]),
        np.array([-12.0]),
        np.array([4.0]),
    )
    about = {"name": "x", "date": "2026-01-01", "crs": inputs.crs.to_string(), "measurements": []}
    said = ResidualField(field.variogram, {("Viettel", "LTE"): field}, about)
    (folder / "field.json").write_text(said.text(), "utf-8")
    return SimpleNamespace(
        folder=folder, inputs=inputs, field=field, store=PathLossStore(folder / "store")
    )


def study_of(world, **radio):
    return make_study(world.folder, radio={**BARE, **radio})


def rasters(world, study, folder):
    signal = compute_signal(world.inputs, study, folder, world.store)
    layer = signal.layer("Viettel", "LTE")
    out = []
    for path in (layer.level, layer.server, layer.probability):
        with rasterio.open(path) as file:
            out.append(file.read(1).astype(int))
    return signal, *out


def test_level_and_spread_tighten_near_the_road_and_nowhere_else(world, tmp_path) -> None:
    plain = study_of(world)
    moved = study_of(world, residual_field="field.json")
    _, level, server, chance = rasters(world, plain, tmp_path / "a")
    signal, level2, server2, chance2 = rasters(world, moved, tmp_path / "b")
    assert signal.stats["computed"] == 0
    assert np.array_equal(server, server2)
    row, col = 30, 20  # the cell that was measured
    expected = -12.0 * 60 / 61
    assert (level2 - level)[row, col] == pytest.approx(10 * expected, abs=1)
    y, x = np.mgrid[:90, :90]
    away = 100.0 * np.hypot(y - row, x - col)
    beyond = (away > REACH * 400.0) & (level != -32768)
    assert beyond.sum() > 1000
    assert np.array_equal(level[beyond], level2[beyond])
    assert np.array_equal(chance[beyond], chance2[beyond])
    # The spread there is that of the field: P at the cell from level and sigma.
    sigma = signal.cells["sigma_db"].iloc[0] * np.sqrt((4 + 60 - 3600 / 61) / 64)
    threshold = signal.cells["threshold_dbm"].iloc[0]
    odds = Odds(np.array([threshold]), np.array([sigma]))
    one = odds.steps(level2[row : row + 1, col].astype(np.int16), np.array([1], np.int32))
    assert chance2[row, col] == pytest.approx(one[0], abs=1)
    assert provenance(moved)["date"] == "2026-01-01"
    assert provenance(plain) is None
    compute_quality(world.inputs, moved, signal, tmp_path / "c", world.store)


def test_field_of_another_crs_is_refused(world) -> None:
    text = (world.folder / "field.json").read_text("utf-8").replace("32648", "32647")
    (world.folder / "other.json").write_text(text, "utf-8")
    with pytest.raises(InputError, match="32647"):
        Correction(world.inputs, study_of(world, residual_field="other.json"))


def test_sight_and_slopes_move_paths(world, tmp_path) -> None:
    """Every cell's loss moves by what its own sight, excess and distance say; nothing is lost."""
    plain = study_of(world)
    moved = study_of(
        world,
        obstruction_offsets_db={"clear": 2.0, "obstructed": -7.0},
        slopes={"log_distance": {"db_per_unit": -10.0, "low": -1.0, "high": 1.0}},
    )
    losses = Losses(world.inputs, plain, world.store)
    plan = plan_run(world.inputs, plan_study := plain)
    report = losses.ensure(plan.masts, NoProgress())
    mast = plan.masts[0]
    part = Window(20, 10, 40, 40)
    loss, elevation = losses.read(mast, part, report.problems)
    found = Correction(world.inputs, moved).on_losses(mast, part, loss, elevation)
    there = (loss[0] != NODATA) & (elevation != NODATA)
    assert np.array_equal(found[0] == NODATA, loss[0] == NODATA)
    y, x = np.mgrid[:40, :40]
    east = X0 + (part.col0 + x + 0.5) * 100.0 - mast.x_m
    north = Y0 - (part.row0 + y + 0.5) * 100.0 - mast.y_m
    away = np.hypot(east, north)
    added = -(found[0] - loss[0].astype(int)) * LOSS_STEP_DB + 10.0 * np.log10(away / 1000.0)
    clear = np.isclose(added, 2.0, atol=0.04)
    assert (clear | np.isclose(added, -7.0, atol=0.04))[there].all()
    # In sight is where the model adds next to nothing to free space, and hidden where it does.
    excess = excess_db(loss[0] * LOSS_STEP_DB, 1800.0, away)
    assert clear[there].sum() > 50
    assert (~clear)[there].sum() > 50
    assert np.median(excess[there & clear]) < 3.0
    assert excess[there & ~clear].min() > 5.5
    assert Correction(world.inputs, plan_study).on_losses(mast, part, loss, elevation) is loss


@pytest.mark.parametrize("model", ["p526", "p1812", "itm"])
def test_sight_is_that_of_the_model(world, model) -> None:
    """The kept angles tell what the model's own flag says, but for grazing rays."""
    study = study_of(world, model=model, radius_km=4.0)
    store = PathLossStore(world.folder / f"store-{model}")
    losses = Losses(world.inputs, study, store)
    mast = plan_run(world.inputs, study).masts[0]
    found = losses._find(mast, report := LossReport())[0]
    losses.ensure([mast], NoProgress())
    outer = losses.window(mast)
    rows, cols = found.elevation_deg.shape
    part = Window(outer.row0 + found.row0, outer.col0 + found.col0, rows, cols)
    _, elevation = losses.read(mast, part, report.problems)
    y, x = np.mgrid[:rows, :cols]
    away = np.hypot(
        X0 + (part.col0 + x + 0.5) * 100.0 - mast.x_m,
        Y0 - (part.row0 + y + 0.5) * 100.0 - mast.y_m,
    )
    ground = world.inputs.terrain.read(part)
    hidden = Sight(world.inputs, study).obstructed(mast, elevation, away, ground)
    flagged = (found.flags & FLAG_LINE_OF_SIGHT) != 0
    known = (elevation != NODATA) & (away > 250.0)
    assert known.sum() > 2000
    assert (hidden & known).sum() > 200
    assert (hidden == ~flagged)[known].mean() > 0.98
