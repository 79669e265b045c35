"""Definitions of others, each by hand on a few cells."""

import numpy as np
import pytest
from scipy.stats import norm

from helpers.radio import villages_frame
from helpers.signal import cell_box, centre_of, make_signal
from phusong.coverage.quality.sinr import _KINDS, NO_SINR, Quality, QualityLayer
from phusong.coverage.quality.throughput import needed_sinr_db, noise_dbm
from phusong.coverage.results import ANY
from phusong.coverage.signal.layerfiles import LayerWriter
from phusong.coverage.villages.assess import assess_villages
from phusong.coverage.villages.definitions import definitions, evaluate_definitions
from phusong.errors import StudyError

GSM = {"technology": "GSM", "bandwidth_mhz": 0.2}


def table(folder, villages, levels, names, quality=None, **kwargs):
    inputs, study, signal = make_signal(folder, villages, levels, **kwargs)
    made = None if quality is None else with_sinr(folder, signal, quality)
    return evaluate_definitions(inputs, study, signal, made, names).set_index("id")


def with_sinr(folder, signal, sinr):
    names = [(x.operator, x.technology) for x in signal.layers if x.technology == "LTE"]
    steps = np.where(np.isnan(sinr), NO_SINR, np.rint(np.nan_to_num(sinr) * 10)).astype("int16")
    with LayerWriter(folder / "out", signal.grid, names, _KINDS) as writer:
        for i in range(len(names)):
            writer.write(i, signal.grid.window, (steps, np.zeros(steps.shape, "uint16")))
    layers = [QualityLayer(*n, *p) for n, p in zip(names, writer.paths, strict=True)]
    return Quality(signal.grid, tuple(layers))


def test_every_preset_is_whole(tmp_path):
    _, study, _ = make_signal(tmp_path, villages_frame({}), {(ANY, ANY): np.zeros((2, 2))})
    found = definitions(study)
    assert found[0].id == "study"
    assert {"sdg-9c1", "fcc-bdc-4g", "ofcom", "arcep", "circles"} <= {d.id for d in found}
    for definition in found:
        assert definition.title
        assert definition.says
        assert definition.source
        assert 0 < definition.probability < 1


def test_the_studys_own_row_equals_its_verdict(tmp_path):
    rng = np.random.default_rng(4)
    villages = villages_frame(
        {f"{r}{c}": cell_box(10 * r, 10 * c, 10, 10) for r in range(4) for c in range(4)}
    )
    level = rng.normal(-104, 4, (40, 40)) + np.linspace(-12, 12, 40)
    people = rng.uniform(0, 3, (40, 40))
    made = make_signal(tmp_path, villages, {(ANY, ANY): level}, people=people, radio={})
    row = evaluate_definitions(*made, names=["study"]).iloc[0]
    result = assess_villages(*made)
    covered = int((result.villages["grade"] == "covered").sum())
    assert 0 < covered < 16
    assert (row["villages_covered"], row["villages"]) == (covered, 16)
    shares = result.villages
    assert row["people_share"] == pytest.approx(
        (shares["people"] * shares["served_share"]).sum() / shares["people"].sum()
    )


def test_sdg_takes_the_carrier_that_covers_most(tmp_path):
    cells = [
        {"cell_id": "v", "site_id": "A", **GSM},
        {"cell_id": "n", "site_id": "B", "operator": "VNPT", **GSM},
    ]
    west, east = np.full((2, 4), -120.0), np.full((2, 4), -120.0)
    west[:, :1], east[:, 1:] = -90.0, -90.0
    levels = {("Viettel", "GSM"): west, ("VNPT", "GSM"): east, (ANY, ANY): np.full((2, 4), np.nan)}
    row = table(
        tmp_path,
        villages_frame({"v": cell_box(0, 0, 2, 4)}, {"v": centre_of(0, 2)}),
        levels,
        ["sdg-9c1"],
        cells=cells,
    ).iloc[0]
    assert row["operator"] == "VNPT"
    assert row["people_share"] == pytest.approx(0.75)  # not 1.0, the sum of both


def test_sdg_counts_2g_and_median_levels_the_study_does_not(tmp_path):
    cells = [{"cell_id": "g", "site_id": "A", **GSM}]
    levels = {(ANY, ANY): np.full((2, 2), np.nan), ("Viettel", "GSM"): np.full((2, 2), -94.9)}
    out = table(
        tmp_path,
        villages_frame({"v": cell_box(0, 0)}),
        levels,
        ["study", "sdg-9c1", "sdg-9c1-4g"],
        cells=cells,
        radio={},
    )
    assert out["village_share"].tolist() == [0.0, 1.0, 0.0]
    assert out["computed"].tolist() == [False, True, False]


def test_ofcom_asks_for_a_better_level(tmp_path):
    """-110 dBm threshold, 8 dB: 98 % needs 16.4 dB of margin."""
    spread = {"spread": {"sigma_model_db": 8, "sigma_location_db": 0}}
    level = np.array([[-110 + 8 * norm.ppf(0.98) + 0.1, -110 + 8 * norm.ppf(0.98) - 0.2]])
    villages = villages_frame({"yes": cell_box(0, 0), "no": cell_box(0, 1)})
    row = table(tmp_path, villages, {(ANY, ANY): level}, ["ofcom"], radio=spread).iloc[0]
    assert row["villages_covered"] == 1


def test_fcc_asks_for_a_throughput(tmp_path):
    """5 Mbit/s in 9 MHz needs a SINR of -0.46 dB; 90 % of 8 dB is 10.3 dB more."""
    needed = float(needed_sinr_db(5.0, 9.0, make_quality()))
    assert needed == pytest.approx(10 * np.log10(2 ** (5 / 9 / 0.6) - 1))
    spread = {"spread": {"sigma_model_db": 8, "sigma_location_db": 0}}
    asked = needed + 8 * norm.ppf(0.9)
    sinr = np.array([[asked + 0.15, asked - 0.15, np.nan]])
    villages = villages_frame({"yes": cell_box(0, 0), "no": cell_box(0, 1), "none": cell_box(0, 2)})
    out = table(
        tmp_path,
        villages,
        {(ANY, ANY): np.full((1, 3), -80.0)},
        ["fcc-bdc-4g", "fcc-bdc-5g"],
        sinr,
        radio=spread,
    )
    assert out["villages_covered"].tolist() == [1, 0]
    assert out["computed"].tolist() == [True, False]


def make_quality():
    from phusong.study import Quality as Settings

    return Settings()


def test_a_car_weakens_signal_and_interference_but_not_noise(tmp_path):
    """Where interference rules, 8 dB of car cost nothing; where noise rules, they cost 8 dB."""
    spread = {"spread": {"sigma_model_db": 0, "sigma_location_db": 0}}
    noise = noise_dbm(15e3, 9.0)
    level = np.array([[-60.0, noise + 2.0]])
    sinr = np.array([[0.5, 2.0]])
    villages = villages_frame({"i": cell_box(0, 0), "n": cell_box(0, 1)})
    names = ["fcc-bdc-4g", "fcc-bdc-4g-vehicle"]
    out = table(tmp_path, villages, {(ANY, ANY): np.round(level, 1)}, names, sinr, radio=spread)
    assert out["villages_covered"].tolist() == [2, 1]


def test_a_throughput_without_quality_rasters_is_not_computed(tmp_path):
    row = table(
        tmp_path,
        villages_frame({"v": cell_box(0, 0)}),
        {(ANY, ANY): np.full((2, 2), -50.0)},
        ["fcc-bdc-4g"],
    ).iloc[0]
    assert not row["computed"]
    assert row["villages_covered"] == 0


def test_indoors_needs_more(tmp_path):
    radio = {"spread": {"sigma_model_db": 0, "sigma_location_db": 0}, "indoor": {"loss_db": 15.0}}
    level = np.array([[-94.0, -96.0]])
    villages = villages_frame({"a": cell_box(0, 0), "b": cell_box(0, 1)})
    out = table(tmp_path, villages, {(ANY, ANY): level}, ["study", "indoor"], radio=radio)
    assert out["villages_covered"].tolist() == [2, 1]


def test_circles_row_equals_the_comparison_column(tmp_path):
    villages = villages_frame({"near": cell_box(0, 0), "far": cell_box(0, 100)})
    made = make_signal(
        tmp_path,
        villages,
        {(ANY, ANY): np.full((4, 140), -120.0)},
        indicators={"circles_km": {"LTE": 1.0}},
    )
    row = evaluate_definitions(*made, names=["circles"]).iloc[0]
    circles = assess_villages(*made).circles
    mine = circles[(circles["operator"] == ANY) & (circles["technology"] == ANY)]
    assert row["villages_covered"] == int(mine["circle_centre"].sum()) == 1
    assert np.isnan(row["probability"])


def test_a_family_stands_for_each_of_its_levels(tmp_path):
    _, study, _ = make_signal(tmp_path, villages_frame({}), {(ANY, ANY): np.zeros((2, 2))})
    found = [one.id for one in definitions(study, ["ofcom", "fcc-bdc"])]
    assert found[0] == "ofcom"  # a preset of its own, though others begin like it
    assert found[1:] == ["fcc-bdc-4g", "fcc-bdc-4g-vehicle", "fcc-bdc-5g", "fcc-bdc-5g-35"]


def test_an_unknown_definition_names_the_known(tmp_path):
    _, study, _ = make_signal(tmp_path, villages_frame({}), {(ANY, ANY): np.zeros((2, 2))})
    with pytest.raises(StudyError, match=r"no definition of coverage called fxx(.|\n)*sdg-9c1"):
        definitions(study, ["fxx"])
