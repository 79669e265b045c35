"""Signal rasters: best server by hand, resume, damage, and what must not be recomputed."""

import dataclasses
import time

import numpy as np
import pytest
import rasterio
from scipy.stats import norm

from helpers.radio import X0, Y0, make_study
from helpers.signal import SHAPE, A, B, Model, omni, setup
from phusong.checks import Findings
from phusong.coverage.propagation import (
    PropagationSettings,
    Surface,
    Transmitter,
    propagate,
)
from phusong.coverage.propagation.surroundings import SURROUNDINGS
from phusong.coverage.results import ANY
from phusong.coverage.signal import bestservers
from phusong.coverage.signal import losses as losses_module
from phusong.coverage.signal import signal as signal_module
from phusong.coverage.signal.clutter import ends_of
from phusong.coverage.signal.signal import compute_signal, report_problems
from phusong.coverage.signal.store import PathLossStore
from phusong.grid import Window
from phusong.names import safe_names


@pytest.fixture
def model(monkeypatch):
    fake = Model()
    monkeypatch.setattr(losses_module, "propagate", fake)
    return fake


def run(inputs, study, folder):
    return compute_signal(inputs, study, folder / "out", PathLossStore(folder / "store"))


def read(layer):
    with (
        rasterio.open(layer.level) as level,
        rasterio.open(layer.server) as server,
        rasterio.open(layer.probability) as odds,
    ):
        return (
            level.read(1, masked=True) * level.scales[0],
            server.read(1),
            odds.read(1, masked=True) * odds.scales[0],
        )


def test_level_server_and_odds_by_hand(tmp_path, model):
    radio = {"radius_km": 5.0, "spread": {"sigma_model_db": 8.0}}
    inputs, study = setup(tmp_path, [omni("a", "A"), omni("b", "B")], radio=radio)
    signal = run(inputs, study, tmp_path)
    level, server, odds = read(signal.layer("Viettel", "LTE"))
    # 60 dBm over 600 subcarriers, 3 dB body: 29.2185 at no loss. Column 10 holds mast A.
    assert level[30, 10] == pytest.approx(29.2185 - 100, abs=0.1)
    assert level[30, 20] == pytest.approx(29.2185 - 103, abs=0.1)  # 300 m on
    assert server[30, 20] == 1
    assert server[30, 60] == 2
    sigma = signal.cells["sigma_db"][0]
    assert sigma == pytest.approx(np.hypot(8.0, 1.19321), abs=1e-4)
    assert odds[30, 20] == pytest.approx(norm.cdf((level[30, 20] + 110) / sigma), abs=0.0026)
    assert signal.cells["cell_id"].tolist() == ["a", "b"]


def test_layers_and_their_combinations(tmp_path, model):
    inputs, study = setup(
        tmp_path,
        [
            omni("v4", "A"),
            omni("v2", "A", technology="GSM", bandwidth_mhz=0.2),
            omni("n4", "B", operator="VNPT", eirp_dbm=66.0),
            omni("n5", "B", operator="VNPT", technology="NR", freq_mhz=3700.0, bandwidth_mhz=100.0),
            omni("off", "A", operator="MobiFone", in_service=False),
        ],
    )
    signal = run(inputs, study, tmp_path)
    names = {(layer.operator, layer.technology) for layer in signal.layers}
    assert names == {
        ("Viettel", "LTE"),
        ("Viettel", "GSM"),
        ("VNPT", "LTE"),
        ("VNPT", "NR"),
        (ANY, "GSM"),
        (ANY, "LTE"),
        (ANY, "NR"),
        ("Viettel", ANY),
        ("VNPT", ANY),
        (ANY, ANY),
    }
    assert (signal.layers[-1].operator, signal.layers[-1].technology) == (ANY, ANY)
    v4, _, _ = read(signal.layer("Viettel", "LTE"))
    n4, _, _ = read(signal.layer("VNPT", "LTE"))
    any4, server, _ = read(signal.layer(ANY, "LTE"))
    assert np.array_equal(any4, np.maximum(v4, n4))
    assert set(np.unique(server)) == {1, 3}
    # GSM does not count for the verdict, however strong.
    _, any_server, any_odds = read(signal.layer(ANY, ANY))
    assert set(np.unique(any_server)) <= {1, 3, 4}
    parts = [
        read(signal.layer(*n))[2] for n in (("Viettel", "LTE"), ("VNPT", "LTE"), ("VNPT", "NR"))
    ]
    assert np.allclose(any_odds, np.max(parts, axis=0), atol=0.0051)


def test_odds_decide_between_technologies_not_levels(tmp_path, model):
    radio = {"radius_km": 5.0, "technologies": {"NR": {"threshold_dbm": -140}}}
    inputs, study = setup(
        tmp_path,
        [
            omni("four", "A"),
            omni("five", "A", technology="NR", freq_mhz=700.0, bandwidth_mhz=20.0, eirp_dbm=50.0),
        ],
        radio=radio,
    )
    signal = run(inputs, study, tmp_path)
    _, server, _ = read(signal.layer(ANY, ANY))
    assert (server == 2).all()


def test_sectors_split_the_ground_by_azimuth(tmp_path, model):
    inputs, study = setup(
        tmp_path, [omni("east", "A", azimuth_deg=90.0), omni("west", "A", azimuth_deg=270.0)]
    )
    level, server, _ = read(run(inputs, study, tmp_path).layer("Viettel", "LTE"))
    assert (server[:, 12:] == 1).all()
    assert (server[:, :9] == 2).all()
    assert level[30, 20] == pytest.approx(29.2185 - 103, abs=0.1)  # main beam
    # Straight north of the mast both are 90 degrees off: 12 (90/65)^2 = 23.0 dB.
    assert level[10, 10] == pytest.approx(29.2185 - 106 - 23.0, abs=0.15)


def test_bands_at_one_mast_share_a_call(tmp_path, model):
    inputs, study = setup(
        tmp_path,
        [omni("a9", "A"), omni("a18", "A", freq_mhz=1800.0), omni("hi", "A", height_m=50.0)],
    )
    signal = run(inputs, study, tmp_path)
    assert sorted(freqs for _, freqs in model.calls) == [(900.0,), (900.0, 1800.0)]
    assert signal.stats["masts"] == 2
    assert signal.stats["computed"] == 2


def test_a_band_of_two_sites_at_one_place_is_computed_once(tmp_path, model, monkeypatch):
    keep_all = losses_module.Losses._keep_all

    def slowly(*given):
        time.sleep(0.3)
        return keep_all(*given)

    monkeypatch.setattr(losses_module.Losses, "_keep_all", slowly)
    cells = [omni("a9", "A"), omni("b9", "B"), omni("b18", "B", freq_mhz=1800.0)]
    run(*setup(tmp_path, cells, sites={"A": A, "B": A}), tmp_path)
    assert sorted(freqs for _, freqs in model.calls) == [(900.0,), (1800.0,)]


def test_thresholds_tilts_and_powers_recompute_nothing(tmp_path, model):
    rows = [omni("a", "A", azimuth_deg=0.0), omni("b", "B", azimuth_deg=90.0)]
    inputs, study = setup(tmp_path, rows)
    first = run(inputs, study, tmp_path)
    assert len(model.calls) == 2
    for row in rows:
        row.update(
            azimuth_deg=45.0,
            electrical_tilt_deg=4.0,
            mechanical_tilt_deg=2.0,
            eirp_dbm=50.0,
            operator="VNPT",
        )
    radio = {
        "radius_km": 5.0,
        "technologies": {"LTE": {"threshold_dbm": -90}},
        "antenna": {"horizontal_beamwidth_deg": 90},
        "spread": {"sigma_model_db": 6},
    }
    inputs, study = setup(tmp_path, rows, radio=radio)
    second = run(inputs, study, tmp_path)
    assert len(model.calls) == 2
    assert (second.stats["computed"], second.stats["from_store"]) == (0, 2)
    assert read(first.layers[0])[0].mean() != read(second.layers[-1])[0].mean()


@pytest.mark.parametrize(
    "change", [{"rx_height_m": 2.0}, {"radius_km": 4.0}, {"effective_earth_radius_km": 8000.0}]
)
def test_what_shapes_propagation_is_recomputed(tmp_path, model, change):
    rows = [omni("a", "A"), omni("b", "B")]
    run(*setup(tmp_path, rows), tmp_path)
    run(*setup(tmp_path, rows, radio={"radius_km": 5.0, **change}), tmp_path)
    assert len(model.calls) == 4


def test_a_new_band_or_mast_costs_only_itself(tmp_path, model):
    run(*setup(tmp_path, [omni("a", "A")]), tmp_path)
    run(
        *setup(tmp_path, [omni("a", "A"), omni("a2", "A", freq_mhz=1800.0), omni("b", "B")]),
        tmp_path,
    )
    assert model.calls == [(A[0], (900.0,)), (A[0], (1800.0,)), (B[0], (900.0,))]


def test_changed_terrain_recomputes_the_masts_it_reaches(tmp_path, model):
    rows = [omni("a", "A"), omni("b", "B")]
    near = {"radius_km": 1.0}
    sites = {"A": (X0 + 1500.0, Y0 - 1500.0), "B": (X0 + 17_000.0, Y0 - 1500.0)}
    heights = np.zeros((100, 600))
    run(*setup(tmp_path, rows, heights, sites, radio=near), tmp_path)
    heights[50, 590] = 40.0
    run(*setup(tmp_path, rows, heights, sites, radio=near), tmp_path)
    assert [x for x, _ in model.calls[2:]] == [sites["B"][0]]


def test_a_killed_run_resumes(tmp_path, model):
    rows = [omni("a", "A"), omni("b", "B")]
    inputs, study = setup(tmp_path, rows)

    class Stop:
        def start(self, *_):
            pass

        def message(self, _):
            pass

        def advance(self, *_):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compute_signal(inputs, study, tmp_path / "out", PathLossStore(tmp_path / "store"), Stop())
    assert len(model.calls) == 1
    assert not list((tmp_path).glob("out/*.tif"))
    assert run(inputs, study, tmp_path).stats["from_store"] == 1
    assert len(model.calls) == 2


def test_a_run_that_dies_while_combining_leaves_the_last_rasters(tmp_path, model, monkeypatch):
    inputs, study = setup(tmp_path, [omni("a", "A")])
    before = run(inputs, study, tmp_path).layers[0].level.read_bytes()

    def dies(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(bestservers, "to_level_ticks", dies)
    with pytest.raises(RuntimeError, match="power cut"):
        run(inputs, study, tmp_path)
    assert (tmp_path / "out/coverage_Viettel_LTE_level.tif").read_bytes() == before
    assert [p for p in (tmp_path / "out").iterdir() if p.name.startswith(".")] == []


def test_damaged_blocks_are_computed_again_in_the_run(tmp_path, model):
    inputs, study = setup(tmp_path, [omni("a", "A"), omni("b", "B")])
    clean, server, _ = read(run(inputs, study, tmp_path).layers[0])
    for path in (tmp_path / "store").rglob("*.loss"):
        data = bytearray(path.read_bytes())
        data[-5] ^= 0xFF
        path.write_bytes(bytes(data))
    again, server_again, _ = read(run(inputs, study, tmp_path).layers[0])
    assert np.array_equal(clean, again)
    assert np.array_equal(server, server_again)
    assert len(model.calls) == 4


def test_a_band_the_model_refuses_does_not_stop_the_others(tmp_path, model):
    model.refuse = lambda _, freqs: any(f > 50_000 for f in freqs)
    inputs, study = setup(
        tmp_path,
        [omni("a", "A"), omni("mm", "A", freq_mhz=60_000.0), omni("only", "B", freq_mhz=70_000.0)],
    )
    signal = run(inputs, study, tmp_path)
    assert signal.cells.set_index("cell_id")["problem"].to_dict() == {
        "a": "",
        "mm": "refused 60000.0",
        "only": "refused 70000.0",
    }
    assert signal.stats["unusable_cells"] == 2
    _, server, _ = read(signal.layer("Viettel", "LTE"))
    assert (server == 1).all()


def test_a_bandwidth_no_standard_has_marks_the_cell(tmp_path, model):
    inputs, study = setup(tmp_path, [omni("a", "A"), omni("odd", "B", bandwidth_mhz=7.0)])
    signal = run(inputs, study, tmp_path)
    assert "no carrier of 7 MHz" in signal.cells["problem"][1]
    findings = Findings()
    report_problems(inputs, signal, findings)
    assert [(f.rule.number, f.subject, f.where.file) for f in findings] == [
        ("C01", "odd", "towers.csv")
    ]
    assert "no carrier of 7 MHz" in findings.items[0].text()
    assert findings.items[0].x_m == B[0]
    assert len(model.calls) == 1


def test_no_cells_in_service_gives_one_empty_layer(tmp_path, model):
    inputs, study = setup(tmp_path, [omni("a", "A", in_service=False)])
    signal = run(inputs, study, tmp_path)
    assert [(layer.operator, layer.technology) for layer in signal.layers] == [(ANY, ANY)]
    level, server, odds = read(signal.layers[0])
    assert level.mask.all()
    assert (server == 0).all()
    assert odds.mask.all()


def test_beyond_the_radius_there_is_no_signal(tmp_path, model):
    inputs, study = setup(tmp_path, [omni("a", "A")], radio={"radius_km": 0.5})
    level, server, odds = read(run(inputs, study, tmp_path).layers[0])
    assert server[30, 60] == 0
    assert level.mask[30, 60]
    assert odds.mask[30, 60]
    assert server[30, 20] == 1


def test_ground_without_height_has_no_signal(tmp_path, model):
    heights = np.zeros(SHAPE)
    heights[5:8, 5:8] = np.nan
    _, server, _ = read(run(*setup(tmp_path, [omni("a", "A")], heights), tmp_path).layers[0])
    assert (server[5:8, 5:8] == 0).all()
    assert (server == 0).sum() == 9


def test_levels_under_the_floor_are_none(tmp_path, model):
    inputs, study = setup(tmp_path, [omni("a", "A", eirp_dbm=-50.0)])
    _, server, _ = read(run(inputs, study, tmp_path).layers[0])
    assert server[30, 12] == 0 or server[30, 79] == 0


def test_tiles_and_threads_make_no_difference(tmp_path, model, monkeypatch):
    rows = [
        omni(f"{s}{az}", s, azimuth_deg=float(az), mechanical_tilt_deg=3.0)
        for s in "AB"
        for az in (0, 120, 240)
    ]
    inputs, study = setup(tmp_path, rows)
    whole = [read(layer) for layer in run(inputs, study, tmp_path).layers]
    monkeypatch.setattr(signal_module, "TILE", 16)
    monkeypatch.setattr("phusong.coverage.signal.tiles.get_num_threads", lambda: 3)
    pieces = [read(layer) for layer in run(inputs, study, tmp_path).layers]
    for one, other in zip(whole, pieces, strict=True):
        for a, b in zip(one, other, strict=True):
            assert np.array_equal(a, b)


def test_rasters_are_cloud_optimised_and_on_the_grid(tmp_path, model):
    inputs, study = setup(
        tmp_path, [omni("a", "A", operator="Tập đoàn/Viettel: 4G")], np.zeros((700, 600))
    )
    layer = run(inputs, study, tmp_path).layers[0]
    assert layer.level.name == "coverage_Tập_đoàn_Viettel_4G_LTE_level.tif"
    for path in (layer.level, layer.server, layer.probability):
        with rasterio.open(path) as raster:
            assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert raster.overviews(1)
            assert raster.transform == inputs.grid.transform
            assert raster.crs.to_epsg() == 32648
            assert raster.shape == inputs.grid.shape


def test_safe_names():
    assert safe_names(["*", "any", "ANY"]) == {"*": "any", "any": "any-3", "ANY": "ANY-2"}
    names = safe_names(["Viettel", "viettel", "a b", "a/b", "..", "x" * 200, "MobiFone"])
    assert names["MobiFone"] == "MobiFone"
    assert len({n.casefold() for n in names.values()}) == len(names)
    assert names[".."] == "unnamed"
    assert len(names["x" * 200]) == 120


def test_with_the_real_model_levels_follow_its_losses(tmp_path):
    """No stand-in: P.526 over a ridge, level = reference - loss - attenuation to 0.1 dB."""
    heights = np.zeros(SHAPE)
    heights[:, 40] = 80.0
    bare = {"model": "p526", "radius_km": 5.0, "clutter": {"at": "none"}}
    tilted = [omni("a", "A", electrical_tilt_deg=3.0)]
    inputs, study = setup(tmp_path, tilted, heights, radio=bare)
    signal = run(inputs, study, tmp_path)
    level, _, _ = read(signal.layers[0])
    west, _, _, north = inputs.grid.bounds
    settings = PropagationSettings(
        rx_height_m=1.5,
        radius_m=5000.0,
        polarisation="v",
    )
    found = propagate(
        Surface(heights.astype("float32"), west, north, 30.0),
        Transmitter(*A, 35.0),
        [900.0],
        settings,
    )
    off = np.minimum(12 * ((found.elevation_deg + 3.0) / 10.0) ** 2, 20.0)
    expected = 29.2185 - found.loss_db[0] - off
    window = Window(found.row0, found.col0, *found.elevation_deg.shape)
    got = np.asarray(level.filled(np.nan))[window.slices_in(inputs.grid.window)]
    assert np.nanmax(np.abs(got - expected)) < 0.05 + 0.026 + 0.03
    assert np.isfinite(got).sum() > 4000
    assert got[30, 60] < got[30, 30] - 20  # the ridge costs something


def test_landcover_gives_clutter_unless_the_terrain_holds_it(tmp_path, monkeypatch):
    seen = []
    fake = Model()

    def spy(surface, *args):
        seen.append(surface)
        return fake(surface, *args)

    monkeypatch.setattr(losses_module, "propagate", spy)
    inputs, _ = setup(tmp_path, [omni("a", "A")])
    land = np.full(SHAPE, 10.0)
    land[0, :4] = [50, 80, np.nan, 254]
    from helpers.radio import write_raster

    inputs = dataclasses.replace(
        inputs, landcover=write_raster(tmp_path / "l.tif", land, inputs.grid)
    )
    path = {"radius_km": 5.0, "clutter": {"at": "path"}}
    run(inputs, make_study(tmp_path, radio=path), tmp_path)
    assert seen[0].clutter_m[0, :5].tolist() == [10.0, 0.0, 0.0, 0.0, 15.0]
    assert seen[0].end is None
    dsm = {"dem": ["d.tif"], "kind": "dsm"}
    run(inputs, make_study(tmp_path, radio=path, terrain=dsm), tmp_path)
    assert seen[1].clutter_m is None
    # At the ends: never between as well, over either kind of heights.
    for kind in ("dtm", "dsm"):
        terrain = {"dem": ["d.tif"], "kind": kind}
        run(inputs, make_study(tmp_path, radio={"radius_km": 5.0}, terrain=terrain), tmp_path)
        assert seen[-1].clutter_m is None
        ends = ends_of(make_study(tmp_path, terrain=terrain))
        around = [ends.receivers[k] for k in seen[-1].end[0, :5]]
        words = ("suburban", "water", "suburban", "suburban", "trees")
        assert around == [SURROUNDINGS[word] for word in words]
        assert ends.over_top == (kind == "dsm")
    run(inputs, make_study(tmp_path, radio={"clutter": {"at": "none"}}), tmp_path)
    assert seen[-1].clutter_m is None
    assert seen[-1].end is None
