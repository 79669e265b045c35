"""Measured levels against predictions: what is recovered, refused, and not mistaken for skill."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import rasterio
from click.testing import CliRunner
from pyproj import Transformer

from helpers.radio import BARE, X0, Y0, cells_frame, make_inputs, make_study, villages_frame
from helpers.tiny import make_tiny_study
from phusong.commands.calibrate import calibrate as command
from phusong.coverage.calibration.calibrate import calibrate, distance_band, study_keys, summarise
from phusong.coverage.calibration.folds import MIN_ROWS
from phusong.coverage.calibration.learn import WORTH_DB, learn
from phusong.coverage.calibration.measurements import REASONS, Measurements, read_measurements
from phusong.coverage.calibration.prediction import Places, ask
from phusong.coverage.corrections.coveroffsets import CoverOffsets
from phusong.coverage.quality.sinr import compute_quality
from phusong.coverage.signal.losses import Losses
from phusong.coverage.signal.plan import plan_run
from phusong.coverage.signal.signal import compute_signal
from phusong.coverage.signal.store import PathLossStore
from phusong.errors import ChecksFailed, StudyError
from phusong.exports import CsvForm
from phusong.exports.calibration import CLASS_WORDS, KIND_WORDS, write_calibration
from phusong.exports.tables.dictionary import tables
from phusong.i18n import catalogue, set_language
from phusong.progress import NoProgress
from phusong.study import Radio
from worlds.terrain import rough_ground

SIZE, CELL = 160, 100.0
SITES = {
    f"S{i}": (X0 + 3000.0 + 5000.0 * (i % 3), Y0 - 3000.0 - 5000.0 * (i // 3)) for i in range(6)
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Six sites of two carriers on hills of 16 km, forest in the east, one mast planned only."""
    folder = tmp_path_factory.mktemp("world")
    heights = rough_ground(SIZE, relief_m=300.0, seed=5)
    heights[:4, :4] = np.nan
    land = np.full((SIZE, SIZE), 30.0, dtype=np.float32)
    land[:, SIZE // 2 :] = 10.0
    rows = [
        {
            "cell_id": f"{site}-{azimuth:.0f}",
            "site_id": site,
            "azimuth_deg": azimuth,
            "operator": "Viettel",
            "freq_mhz": 1800.0,
        }
        for site in SITES
        for azimuth in (0.0, 120.0, 240.0)
    ]
    rows += [
        {"cell_id": "V1", "site_id": "S0", "operator": "VNPT", "freq_mhz": 900.0},
        {"cell_id": "V2", "site_id": "S0", "operator": "VNPT", "freq_mhz": 1800.0},
        {"cell_id": "off", "site_id": "S5", "operator": "VNPT", "in_service": False},
        {"cell_id": "bad", "site_id": "S5", "operator": "Sai", "bandwidth_mhz": 7.0},
    ]
    inputs = make_inputs(
        folder,
        cells=cells_frame(rows),
        sites=SITES,
        heights=heights,
        cell_m=CELL,
        villages=villages_frame({"v": (X0, Y0 - 1000, X0 + 1000, Y0)}),
        landcover=land,
    )
    study = make_study(folder, radio=BARE)
    return SimpleNamespace(
        folder=folder, inputs=inputs, study=study, store=PathLossStore(folder / "store")
    )


def frame_of(x, y, level=-90.0, **columns) -> pd.DataFrame:
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


def measured(frame: pd.DataFrame) -> Measurements:
    none = pd.DataFrame(columns=["row", "reason", "detail"])
    return Measurements(frame, none)


def spots(count: int, seed: int = 3):
    rng = np.random.default_rng(seed)
    return X0 + rng.uniform(1500, 14500, count), Y0 - rng.uniform(1500, 9500, count)


def predicted_at(world, frame):
    plan = plan_run(world.inputs, world.study)
    places = Places(
        frame["x_m"].to_numpy(),
        frame["y_m"].to_numpy(),
        ask(frame, plan.cells),
        plan,
        world.inputs,
        world.study,
    )
    return places, places.predict(Losses(world.inputs, world.study, world.store), NoProgress())


def test_level_is_that_of_the_raster(world, tmp_path) -> None:
    signal = compute_signal(world.inputs, world.study, tmp_path, world.store)
    x, y = spots(300)
    _, found = predicted_at(world, frame_of(x, y))
    layer = signal.layer("Viettel", "LTE")
    row, col = world.inputs.grid.cell_of(x, y)
    with rasterio.open(layer.level) as level, rasterio.open(layer.server) as server:
        on_raster = level.read(1)[row, col]
        who = server.read(1)[row, col].astype(np.int64) - 1
    heard = on_raster != -32768
    assert heard.sum() > 250
    np.testing.assert_array_equal(found.server >= 0, heard)
    np.testing.assert_allclose(found.level_dbm[heard], on_raster[heard] * 0.1, atol=0.0501)
    assert (found.server[heard] == who[heard]).mean() > 0.99


def test_named_cell_and_frequency_are_taken(world) -> None:
    x, y = np.full(4, X0 + 4000.0), np.full(4, Y0 - 4000.0)
    frame = frame_of(
        x,
        y,
        operator=["viettel", "VNPT", "vnpt", None],
        technology=["LTE", "LTE", "LTE", None],
        cell_id=["S1-240", None, None, "V1"],
        freq_mhz=[np.nan, 942.5, 1842.5, np.nan],
    )
    _, found = predicted_at(world, frame)
    cells = plan_run(world.inputs, world.study).cells
    assert cells["cell_id"].iloc[found.server].tolist() == ["S1-240", "V1", "V2", "V1"]
    assert found.level_dbm[1] == found.level_dbm[3]


def test_kept_losses_are_not_computed_again(world) -> None:
    x, y = spots(40)
    predicted_at(world, frame_of(x, y))

    class Closed(PathLossStore):
        def write(self, *_args, **_kwargs):
            raise AssertionError("computed again")

    closed = SimpleNamespace(**{**vars(world), "store": Closed(world.store.place)})
    predicted_at(closed, frame_of(x, y))


def test_damaged_entry_is_mended(world, tmp_path) -> None:
    own = SimpleNamespace(**{**vars(world), "store": PathLossStore(tmp_path)})
    x, y = spots(40)
    _, before = predicted_at(own, frame_of(x, y))
    entry = max(tmp_path.glob("*/*.loss"), key=lambda p: p.stat().st_size)
    data = bytearray(entry.read_bytes())
    data[-40:] = b"\xff" * 40
    entry.write_bytes(bytes(data))
    own.store = PathLossStore(tmp_path)
    _, after = predicted_at(own, frame_of(x, y))
    np.testing.assert_array_equal(before.level_dbm, after.level_dbm)


def synthetic(world, noise_db: float, count: int = 1500, seed: int = 3) -> tuple:
    """Measurements that are the prediction, off by a figure for each land cover and sight."""
    x, y = spots(count, seed)
    frame = frame_of(x, y)
    _, found = predicted_at(world, frame)
    forest = x >= X0 + SIZE / 2 * CELL
    off = np.where(forest, -9.0, 1.0) + np.where(found.obstructed, -4.0, 2.0)
    noise = np.random.default_rng(8).normal(0.0, noise_db, count)
    frame["level_dbm"] = found.level_dbm + off + noise
    return frame[(found.server >= 0) & (frame["level_dbm"] > -150)], off


def test_known_bias_is_recovered(world) -> None:
    frame, _ = synthetic(world, noise_db=3.0)
    found = calibrate(world.inputs, world.study, world.store, measured(frame))
    assert found.reason == ""
    assert found.refused.empty
    residuals = found.residuals
    summary = found.summary.set_index(["kind", "class"])
    assert summary.loc[("all", "*"), "rows"] == len(frame)
    for cover, part in (("10", -9.0), ("30", 1.0)):
        for sight, more in (("clear", 2.0), ("obstructed", -4.0)):
            chosen = residuals[(residuals["land_cover"] == cover) & (residuals["sight"] == sight)]
            assert len(chosen) > 20
            assert chosen["residual_db"].mean() == pytest.approx(part + more, abs=0.9)
            assert chosen["residual_db"].std() == pytest.approx(3.0, abs=0.7)
    tests = found.schemes.set_index("scheme")
    chosen = tests.index[tests["proposed"]][0]
    assert {"technology", "land_cover", "sight"} <= set(chosen.split("+"))
    assert set(tests["held_out"]) == {"site", "stretch"}
    assert (tests["rmse_out_of_sample_db"] >= tests["rmse_in_sample_db"] - 0.05)[:-2].all()
    assert tests.loc[chosen, "rmse_out_of_sample_db"] == pytest.approx(3.0, abs=0.4)
    assert tests.loc[chosen, "inside_90"] == pytest.approx(0.9, abs=0.05)
    keys = found.keys
    assert keys.sigma_model_db == pytest.approx(
        tests.loc[chosen, "rmse_out_of_sample_db"], abs=0.06
    )
    cover, sight = keys.land_cover_offsets_db["LTE"], keys.obstruction_offsets_db
    assert cover[10] - cover[30] == pytest.approx(-10.0, abs=0.6)
    assert sight["clear"] - sight["obstructed"] == pytest.approx(6.0, abs=0.8)
    assert keys.offsets_db["LTE"] + cover[30] + sight["clear"] == pytest.approx(3.0, abs=0.8)


def test_offset_moves_levels_and_computes_no_propagation(world, tmp_path) -> None:
    frame, _ = synthetic(world, noise_db=2.0, count=200)
    before = calibrate(world.inputs, world.study, world.store, measured(frame))
    assert (before.residuals["calibrated_db"] == 0.0).all()
    moved = make_study(world.folder, radio={**BARE, "offsets_db": {"LTE": -10.0}})
    after = calibrate(world.inputs, moved, world.store, measured(frame))
    np.testing.assert_allclose(
        after.residuals["predicted_dbm"], before.residuals["predicted_dbm"] - 10.0
    )
    # The keys are what the study should say, whatever it said before.
    assert after.keys.offsets_db["LTE"] == pytest.approx(before.keys.offsets_db["LTE"], abs=0.11)
    plain = compute_signal(world.inputs, world.study, tmp_path / "a", world.store)
    signal = compute_signal(world.inputs, moved, tmp_path / "b", world.store)
    assert signal.stats["computed"] == 0
    levels = []
    for run in (plain, signal):
        with rasterio.open(run.layer("Viettel", "LTE").level) as file:
            levels.append(file.read(1).astype(int))
    heard = (levels[0] != -32768) & (levels[1] != -32768)
    assert set(np.unique(levels[1][heard] - levels[0][heard])) <= {-101, -100, -99}


def test_land_cover_offsets_move_their_places_and_compute_no_propagation(world, tmp_path) -> None:
    frame, _ = synthetic(world, noise_db=2.0, count=600)
    before = calibrate(world.inputs, world.study, world.store, measured(frame))
    offsets = {"LTE": {10: -5.0, 30: 4.0}}
    radio = {
        **BARE,
        "offsets_db": {"LTE": -3.0},
        "land_cover_offsets_db": offsets,
    }
    moved = make_study(world.folder, radio=radio)
    after = calibrate(world.inputs, moved, world.store, measured(frame))
    added = [-3.0 + offsets["LTE"][int(code)] for code in before.residuals["land_cover"]]
    np.testing.assert_allclose(
        after.residuals["predicted_dbm"], before.residuals["predicted_dbm"] + added, atol=1e-6
    )
    np.testing.assert_allclose(after.residuals["calibrated_db"], added, atol=1e-6)
    # Fitted anew, the keys are what they were: those in effect are not counted twice.
    assert after.keys.offsets_db["LTE"] == pytest.approx(before.keys.offsets_db["LTE"], abs=0.11)
    for code, value in after.keys.land_cover_offsets_db["LTE"].items():
        expected = before.keys.land_cover_offsets_db["LTE"][code]
        assert value == pytest.approx(expected, abs=0.11)

    signals = [
        compute_signal(world.inputs, study, tmp_path / name, world.store)
        for name, study in (("a", world.study), ("b", moved))
    ]
    assert signals[1].stats["computed"] == 0
    levels, servers = [], []
    for run in signals:
        layer = run.layer("Viettel", "LTE")
        with rasterio.open(layer.level) as level, rasterio.open(layer.server) as server:
            levels.append(level.read(1).astype(int))
            servers.append(server.read(1))
    heard = (levels[0] != -32768) & (levels[1] != -32768)
    for columns, code in ((slice(0, SIZE // 2), 30), (slice(SIZE // 2, SIZE), 10)):
        shift = round(10 * (-3.0 + offsets["LTE"][code]))
        part = (levels[1] - levels[0])[:, columns][heard[:, columns]]
        assert set(np.unique(part)) <= {shift - 1, shift, shift + 1}
    assert np.array_equal(servers[0][heard], servers[1][heard])

    # Interference moves with the levels: only the ratio to noise changes.
    sinr = []
    for run, study, name in zip(signals, (world.study, moved), "ab", strict=True):
        quality = compute_quality(world.inputs, study, run, tmp_path / name, world.store)
        one = next(q for q in quality.layers if (q.operator, q.technology) == ("Viettel", "LTE"))
        with rasterio.open(one.sinr) as file:
            sinr.append(file.read(1).astype(int))
    both = heard & (sinr[0] != -32768) & (sinr[1] != -32768)
    strong = both & (levels[0] > -900) & (levels[1] > -900)
    assert strong.sum() > 100
    crowded = strong & (sinr[0] < 100)
    assert np.abs(sinr[1] - sinr[0])[crowded].max() <= 8


def test_land_cover_offsets_without_land_cover_say_so(world) -> None:
    bare = dataclasses.replace(world.inputs, landcover=None)
    asked = make_study(world.folder, radio={"land_cover_offsets_db": {"LTE": {10: -3.0}}})
    with pytest.raises(StudyError, match=r"terrain\.landcover"):
        CoverOffsets(bare, asked)
    none = make_study(world.folder, radio={"land_cover_offsets_db": {"LTE": {10: 0.0}}})
    assert CoverOffsets(bare, none).over("LTE", world.inputs.grid.window) is None
    classes = np.array([10.0, 30.0, np.nan, 999.0, -1.0], np.float32)
    offsets = CoverOffsets(world.inputs, asked)
    assert offsets.of("LTE", classes).tolist() == [-3.0, 0.0, 0.0, 0.0, 0.0]
    assert offsets.of("GSM", classes).tolist() == [0.0] * 5


def test_each_refusal(world) -> None:
    inside = (X0 + 4000.0, Y0 - 4000.0)
    cases = [
        ("no_level", inside, {"level_dbm": np.nan}),
        ("level_out_of_range", inside, {"level_dbm": -151.0}),
        ("level_out_of_range", inside, {"level_dbm": 30.0}),
        ("off_dem", (X0 + 150.0, Y0 - 150.0), {}),
        ("off_dem", (X0 - 5000.0, Y0), {}),
        ("no_carrier", inside, {"operator": "Mạng lạ"}),
        ("no_carrier", inside, {"technology": "NR"}),
        ("no_carrier", inside, {"freq_mhz": 2600.0}),
        ("not_said", inside, {"operator": None, "technology": None}),
        ("no_cell", inside, {"cell_id": "X9"}),
        ("no_cell", inside, {"cell_id": "off"}),
        ("other_carrier", inside, {"cell_id": "V1"}),
        ("other_carrier", inside, {"cell_id": "S0-0", "technology": "GSM"}),
        ("too_far", (X0 + 15500.0, Y0 - 15500.0), {"cell_id": "S0-0"}),
        ("no_prediction", inside, {"operator": "Sai"}),
        ("", inside, {"level_dbm": -150.0}),
    ]
    frame = pd.concat(
        [frame_of([x], [y], **columns) for _, (x, y), columns in cases], ignore_index=True
    )
    frame["row"] = np.arange(1, len(cases) + 1)
    found = calibrate(world.inputs, world.study, world.store, measured(frame))
    expected = {i: reason for i, (reason, _, _) in enumerate(cases, start=1) if reason}
    assert dict(zip(found.refused["row"], found.refused["reason"], strict=True)) == expected
    assert found.residuals["row"].tolist() == [len(cases)]
    texts = found.refused.set_index("row")["detail"]
    assert texts[8] == "the study has no cell in service of Viettel LTE 2600 MHz"
    assert texts[14].startswith("the nearest such cell stands 17.")
    assert not found.residuals.isna().drop(columns="land_cover").any().any()


def test_rows_under_the_floor_say_how_far_off_they_are(world) -> None:
    x, y = spots(60)
    frame = measured(frame_of(x, y, level=-100.0))
    before = calibrate(world.inputs, world.study, world.store, frame)
    assert before.refused.empty
    moved = make_study(world.folder, radio={**BARE, "offsets_db": {"LTE": -60.0}})
    found = calibrate(world.inputs, moved, world.store, frame)
    # A level 60 dB lower falls under -160 dBm where it stood under -100 dBm.
    weak = before.residuals.loc[before.residuals["predicted_dbm"] < -100.0, "row"]
    assert 0 < len(weak) < 60
    assert found.refused["row"].tolist() == weak.tolist()
    assert set(found.refused["reason"]) == {"under_floor"}
    assert found.refused["detail"].str.contains("under -160 dBm .* off by more than 60 dB").all()


def test_too_few_rows_say_so(world, tmp_path) -> None:
    x, y = spots(20)
    found = calibrate(world.inputs, world.study, world.store, measured(frame_of(x, y)))
    assert "too few" in found.reason
    assert found.params["rows"] == len(found.residuals) <= 20
    assert np.isnan(found.keys.sigma_model_db)
    assert found.keys.offsets_db == {}
    assert found.schemes["rmse_out_of_sample_db"].isna().all()
    assert not found.schemes["proposed"].any()
    assert not found.summary.empty
    nothing = frame_of(x, y, level=0.0)
    found = calibrate(world.inputs, world.study, world.store, measured(nothing))
    assert "none of the rows" in found.reason
    assert len(found.refused) == 20
    write_calibration(found, tmp_path / "out", CsvForm(), overwrite=False)
    assert len(pd.read_csv(tmp_path / "out/calibration_schemes.csv")) == 0


def rows_of(residual, site, **columns) -> pd.DataFrame:
    base = {
        "operator": "A",
        "technology": "LTE",
        "distance_band": "0–1 km",
        "land_cover": None,
        "sight": "clear",
    }
    count = len(residual)
    # Places in no order of sites, far apart.
    base |= {
        "x_m": np.arange(count) * 7919.0 % 99_991,
        "y_m": np.arange(count) * 104_729.0 % 99_991,
    }
    base |= {"excess": 20.0, "log_distance": 0.0, "current_db": residual}
    return pd.DataFrame({**base, "residual_db": residual, "site_id": site, **columns})


def test_land_cover_that_does_not_carry_over_is_not_proposed() -> None:
    """Each site has its own error in the forest: no offset of the forest mends another site."""
    rng = np.random.default_rng(4)
    site = np.repeat([f"s{i}" for i in range(8)], 60)
    cover = np.tile(["10"] * 30 + ["30"] * 30, 8)
    off = np.repeat(np.tile([9.0, -9.0], 4), 60)
    residual = np.where(cover == "10", off, 0.0) + rng.normal(-5.0, 1.0, site.size)
    lesson = learn(rows_of(residual, site, land_cover=cover))
    found = study_keys(lesson, Radio())
    assert found.offsets_db == {"LTE": pytest.approx(-5.0, abs=0.5)}
    assert found.land_cover_offsets_db == {}
    # Those in effect that do not help are to be none.
    in_effect = Radio(
        land_cover_offsets_db={"LTE": {10: -8.0}},
        obstruction_offsets_db={"clear": 1.0},
        slopes={"excess": {"db_per_unit": 0.5, "low": 0.0, "high": 30.0}},
    )
    found = study_keys(lesson, in_effect)
    assert found.land_cover_offsets_db == {"LTE": {10: 0.0}}
    assert found.obstruction_offsets_db == {"clear": 0.0}
    assert found.slopes["excess"].db_per_unit == 0.0
    assert WORTH_DB == 0.1


def test_summary_by_hand() -> None:
    frame = rows_of([1.0, 3.0, 8.0], ["a", "a", "b"], sight=["clear", "clear", "obstructed"])
    found = summarise(frame).set_index(["kind", "class"])
    row = found.loc[("all", "*")]
    assert row[["rows", "sites", "bias_db"]].tolist() == [3, 2, 4.0]
    assert row["rmse_db"] == pytest.approx(np.sqrt(74 / 3))
    assert row["sigma_db"] == pytest.approx(np.sqrt((9 + 1 + 16) / 2))
    assert found.loc[("sight", "clear"), "bias_db"] == 2.0
    assert np.isnan(found.loc[("site", "b"), "sigma_db"])


def test_offset_that_does_not_carry_over_is_not_proposed() -> None:
    """Three sites that disagree: the mean of two makes the third worse."""
    residual = np.repeat([6.0, -6.0, 0.3], 20) + np.tile([-1.0, 1.0], 30)
    found = study_keys(learn(rows_of(residual, np.repeat(["a", "b", "c"], 20))), Radio())
    assert found.offsets_db == {}
    assert found.sigma_model_db == round(float(np.sqrt(np.mean(residual**2))), 1)


def test_technology_of_few_rows_moves_little() -> None:
    """Three rows of GSM say little beside 240 of LTE, 240 say nearly all there is to say."""
    rng = np.random.default_rng(11)
    site = np.tile(np.repeat([f"s{i}" for i in range(8)], 30), 2)
    technology = np.repeat(["LTE", "GSM"], 240)
    residual = np.where(technology == "LTE", -6.0, 4.0) + rng.normal(0.0, 4.0, 480)
    frame = rows_of(residual, site, technology=technology)
    offsets = study_keys(learn(frame), Radio()).offsets_db
    assert offsets["LTE"] == pytest.approx(-6.0, abs=0.6)
    assert offsets["GSM"] == pytest.approx(4.0, abs=0.6)
    few = frame[(technology == "LTE") | (np.arange(480) >= 477)].reset_index(drop=True)
    table = learn(few).offsets.set_index(["scheme", "class"])
    own = few.loc[few["technology"] == "GSM", "residual_db"].mean()
    of = table.loc[("technology", "GSM")]
    assert -6.0 < of["offset_db"] < own - 0.2
    assert of["se_db"] > 3.0 * table.loc[("technology", "LTE"), "se_db"]


def test_distance_bands() -> None:
    found = distance_band(np.array([0.0, 0.999, 1.0, 9.99, 10.0, 199.0, 200.0]))
    assert found.tolist() == [
        "0–1 km",
        "0–1 km",
        "1–2 km",
        "5–10 km",
        "10–20 km",
        "50–200 km",
        "50–200 km",
    ]


def test_every_word_is_translated() -> None:
    words = {*REASONS.values(), *KIND_WORDS.values()}
    for kind in CLASS_WORDS.values():
        words |= set(kind.values())
    assert words <= set(catalogue())


def write_csv(path: Path, world, lines: list[str], header: str, encoding="utf-8") -> Path:
    path.write_bytes(("\n".join([header, *lines]) + "\n").encode(encoding))
    return path


def lonlat(x: float, y: float) -> tuple[float, float]:
    return Transformer.from_crs(32648, 4326, always_xy=True).transform(x, y)


def test_planners_file_is_understood(world, tmp_path) -> None:
    lon, lat = lonlat(X0 + 4000, Y0 - 4000)
    far_lon, far_lat = lonlat(X0 + 5000, Y0 - 4000)
    comma = [f"{v:.6f}".replace(".", ",") for v in (lon, lat, far_lon, far_lat)]
    file = write_csv(
        tmp_path / "đo kiểm.csv",
        world,
        [
            f"{comma[0]};{comma[1]};-95,5;Viettel;4G;1800;",
            f"{comma[1]};{comma[0]};-90,0;Viettel;4G;1800;",
            f"{comma[2]};{comma[3]};-101,25;Viettel;LTE;B3;S0-0",
            f"{comma[2]};{comma[3]};hỏng;Viettel;LTE;;",
            ";;-90,0;Viettel;LTE;;",
        ],
        "Kinh độ;Vĩ độ;Mức thu;Nhà mạng;Công nghệ;Băng tần;Mã cell",
    )
    found, findings = read_measurements(file, world.inputs, world.study)
    frame = found.frame
    assert frame["row"].tolist() == [1, 3, 4]
    assert frame["level_dbm"].tolist()[:2] == [-95.5, -101.25]
    assert np.isnan(frame["level_dbm"].iloc[2])
    assert frame["technology"].tolist() == ["LTE"] * 3
    assert frame["freq_mhz"].tolist()[:2] == [1800.0, 1842.5]
    assert frame["cell_id"].tolist() == [None, "S0-0", None]
    assert frame["x_m"].iloc[0] == pytest.approx(X0 + 4000, abs=0.2)
    assert dict(zip(found.refused["row"], found.refused["reason"], strict=True)) == {
        2: "S10",
        5: "S11",
    }
    assert findings.of("S21")
    assert findings.of("S13")


def test_projected_file_with_own_headers_and_network_codes(world, tmp_path) -> None:
    file = write_csv(
        tmp_path / "m.csv",
        world,
        [
            f"{X0 + 4000},{Y0 - 4000},-88,452,4,LTE",
            f"{X0 + 4100},{Y0 - 4000},-89,,,LTE",
            f"{X0 + 4200},{Y0 - 4000},-89,460,1,LTE",
        ],
        "E,N,P,mcc,mnc,rat",
    )
    found, _ = read_measurements(
        file,
        world.inputs,
        world.study,
        columns={"x": "E", "y": "N", "level_dbm": "P"},
        crs="EPSG:32648",
    )
    # 452-04 is Viettel's, which the study has; 460-01 is no network of the study.
    assert found.frame["operator"].tolist() == ["Viettel", None, "460-01"]
    assert found.frame["x_m"].tolist() == [X0 + 4000, X0 + 4100, X0 + 4200]


@pytest.mark.parametrize(
    ("header", "line", "rule"),
    [
        ("lon,lat,operator", "105.0,22.6,A", "S07"),
        ("operator,level_dbm", "A,-90", "S07"),
        ("lon,lat,level_dbm", "22.5884,105.0389,-90", "S09"),
        ("lon,lat,level_dbm", "12.0,48.0,-90", "S23"),
        ("lon,lat,level_dbm", "", "S06"),
    ],
)
def test_unusable_file(world, tmp_path, header, line, rule) -> None:
    file = write_csv(tmp_path / "m.csv", world, [line] if line else [], header)
    with pytest.raises(ChecksFailed, match=rule):
        read_measurements(file, world.inputs, world.study)


def test_missing_file(world, tmp_path) -> None:
    with pytest.raises(ChecksFailed, match="S01"):
        read_measurements(tmp_path / "none.csv", world.inputs, world.study)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """The tiny province with three masts, and a drive test that hears all of them 6 dB weaker."""
    folder = make_tiny_study(tmp_path_factory.mktemp("calibrated") / "tỉnh")
    header = "cell_id,site_id,operator,technology,freq_mhz,lon,lat,height_m,azimuth_deg,eirp_dbm\n"
    masts = [(500_800.0, 2_501_000.0), (502_000.0, 2_502_000.0), (503_000.0, 2_503_200.0)]
    cells = [
        f"C{i},M{i},Sóng Xanh,LTE,800,{lonlat(*at)[0]:.6f},{lonlat(*at)[1]:.6f},30,,60\n"
        for i, at in enumerate(masts)
    ]
    (folder / "data/towers/cells.csv").write_text(header + "".join(cells), "utf-8")
    rng = np.random.default_rng(4)
    lines = []
    for i, at in enumerate(masts):
        for _ in range(15):
            lon, lat = lonlat(*(np.array(at) + rng.uniform(-700, 700, 2)))
            lines.append(f"{lon:.6f},{lat:.6f},-60,Sóng Xanh,LTE,C{i}")
    file = folder / "đo.csv"
    file.write_text("lon,lat,level_dbm,operator,technology,cell_id\n" + "\n".join(lines), "utf-8")
    return folder, file, len(lines)


def test_command(tiny, tmp_path) -> None:
    folder, file, count = tiny
    study = folder / "study.toml"
    before = study.read_text("utf-8")
    run = CliRunner()
    out = tmp_path / "ra"
    done = run.invoke(command, [str(folder), str(file), "--out", str(out), "-q"])
    assert done.exit_code == 0, done.output
    assert study.read_text("utf-8") == before
    for name, key in (("residuals", "row"), ("summary", "kind"), ("refused", "row")):
        table = pd.read_csv(out / f"calibration_{name}.csv")
        described = [c.name for c in tables()[f"calibration_{name}"].columns]
        assert list(table.columns) == described
        assert key in table
    residuals = pd.read_csv(out / "calibration_residuals.csv")
    assert len(residuals) == count
    # Without --overwrite an earlier result stays.
    again = run.invoke(command, [str(folder), str(file), "--out", str(out)])
    assert again.exit_code != 0
    done = run.invoke(
        command, [str(folder), str(file), "--out", str(out), "--overwrite", "--apply"]
    )
    assert done.exit_code == 0, done.output
    assert "sigma_model_db" in done.output
    said = tomllib.loads(study.read_text("utf-8"))["radio"]
    mean = residuals["residual_db"].mean()
    assert said["offsets_db"]["LTE"] == pytest.approx(mean, abs=3.0)
    stamp = json.loads((out / "run.json").read_text("utf-8"))
    assert stamp["measurements"][0]["file"] == "đo.csv"
    assert len(stamp["measurements"][0]["sha256"]) == 64
    third = run.invoke(
        command,
        [
            str(folder),
            str(file),
            "--out",
            str(tmp_path / "b"),
            "--separator",
            ";",
            "--decimal",
            ",",
        ],
    )
    assert third.exit_code == 0, third.output
    settled = pd.read_csv(tmp_path / "b/calibration_summary.csv", sep=";", decimal=",")
    assert abs(settled["bias_db"].iloc[0]) < 0.2 * abs(mean)
    assert settled["rmse_db"].iloc[0] < 0.5 * abs(mean)
    study.write_text(before, "utf-8")


def test_field_is_applied_named_and_not_counted_twice(tiny, tmp_path) -> None:
    """A drive whose errors are alike over 300 m: level near it, provenance, and again the same."""
    folder, file, _ = tiny
    study = folder / "study.toml"
    before = study.read_text("utf-8")
    rng = np.random.default_rng(6)
    x, y = 500_400.0 + rng.uniform(0, 3000, 260), 2_500_600.0 + rng.uniform(0, 3000, 260)
    at = [lonlat(*place) for place in zip(x, y, strict=True)]
    head = file.read_text("utf-8").splitlines()[0]

    def write(level, name):
        lines = [
            f"{lon:.6f},{lat:.6f},{dbm:.1f},Sóng Xanh,LTE,C1"
            for (lon, lat), dbm in zip(at, level, strict=True)
        ]
        (folder / name).write_text("\n".join([head, *lines]), "utf-8")
        return folder / name

    def run(path, out, *options):
        arguments = [str(folder), str(path), "--out", str(tmp_path / out), *options]
        done = CliRunner().invoke(command, arguments)
        assert done.exit_code == 0, done.output
        return pd.read_csv(tmp_path / out / "calibration_residuals.csv"), done.output

    predicted, _ = run(write(np.full(260, -60.0), "first.csv"), "a")
    at = [at[row - 1] for row in predicted["row"]]
    x, y = (v[predicted["row"] - 1] for v in (x, y))
    error = -6.0 + 7.0 * np.sin(x / 300.0) * np.cos(y / 300.0) + rng.normal(0, 1.5, x.size)
    drive = write(predicted["predicted_dbm"] + error, "drive.csv")
    _, output = run(drive, "b", "--apply")
    assert 'residual_field = "data/calibration/field.json"' in output
    said = tomllib.loads(study.read_text("utf-8"))["radio"]
    field = json.loads((folder / said["residual_field"]).read_text("utf-8"))
    assert field["measurements"][0]["file"] == "drive.csv"
    assert field["carriers"][0]["technology"] == "LTE"
    assert 100.0 < field["variogram"]["distance_m"] < 2000.0
    again, output = run(drive, "c", "--apply")
    assert np.sqrt((again["residual_db"] ** 2).mean()) < 3.0
    later = tomllib.loads(study.read_text("utf-8"))["radio"]
    assert later["offsets_db"]["LTE"] == pytest.approx(said["offsets_db"]["LTE"], abs=0.2)
    # The spread is that away from the road, not that of rows the field was made from.
    assert later["spread"]["sigma_model_db"] == pytest.approx(
        said["spread"]["sigma_model_db"], abs=0.6
    )
    assert later["spread"]["sigma_model_db"] > 3.0
    study.write_text(before, "utf-8")


def test_command_refuses_to_apply_too_little(tiny, tmp_path) -> None:
    folder, file, _ = tiny
    few = tmp_path / "few.csv"
    few.write_text("\n".join(file.read_text("utf-8").splitlines()[:10]), "utf-8")
    before = (folder / "study.toml").read_text("utf-8")
    done = CliRunner().invoke(
        command, [str(folder), str(few), "--out", str(tmp_path / "o"), "--apply"]
    )
    assert done.exit_code != 0
    assert "too few" in str(done.exception)
    assert (folder / "study.toml").read_text("utf-8") == before
    told = CliRunner().invoke(
        command, [str(folder), str(few), "--out", str(tmp_path / "p"), "--lang", "vi"]
    )
    set_language("en")
    assert told.exit_code == 0
    assert "quá ít" in told.output


def test_command_needs_name_and_header(tiny) -> None:
    folder, file, _ = tiny
    done = CliRunner().invoke(command, [str(folder), str(file), "--column", "level_dbm"])
    assert done.exit_code == 2
    assert MIN_ROWS == 30
