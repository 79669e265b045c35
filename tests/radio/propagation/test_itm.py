"""ITM against NTIA's published cases, the 1.2.2 deck, real mountain paths, and its edges."""

import csv
import gzip
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phusong.coverage.propagation.itm.attenuation import reference_attenuation
from phusong.coverage.propagation.itm.diffraction import height_gain_db, knife_edge_db
from phusong.coverage.propagation.itm.geometry import (
    fit_line,
    horizons,
    irregularity,
    mean_height,
)
from phusong.coverage.propagation.itm.path import (
    ItmMode,
    ItmSettings,
    ItmWarning,
    Siting,
    area_height,
    itm_area,
    itm_path,
)
from phusong.coverage.propagation.itm.scatter import scatter_h0_db
from phusong.coverage.propagation.itm.variability import normal_deviate
from phusong.errors import ModelError


def settings_of(row):
    return ItmSettings(
        n0=float(row["N_0"]),
        climate=int(row["climate"]),
        epsilon=float(row["epsilon"]),
        sigma_s_m=float(row["sigma"]),
        mdvar=int(row["mdvar"]),
        time_percent=float(row["time"]),
        location_percent=float(row["location"]),
        situation_percent=float(row["situation"]),
    )


def common(row):
    return (float(row["h_tx__meter"]), float(row["h_rx__meter"]), float(row["f__mhz"]))


def test_point_to_point_cases_of_ntia_with_their_flags(reference):
    with (reference / "itm" / "pfls.csv").open() as file:
        profiles = [np.array(row, float) for row in csv.reader(file)]
    with (reference / "itm" / "p2p.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5
    flags = []
    for row, profile in zip(rows, profiles, strict=True):
        result = itm_path(
            profile[2:],
            profile[1],
            *common(row),
            polarisation="hv"[int(row["pol"])],
            settings=settings_of(row),
        )
        # Printed to two decimals.
        assert result.loss_db == pytest.approx(float(row["A__db"]), abs=0.0051)
        flags.append(int(result.warnings))
    assert flags == [0, 1024, 0, 0, 1536]


def test_area_cases_of_ntia(reference):
    with (reference / "itm" / "area.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5
    for row in rows:
        result = itm_area(
            1000 * float(row["d__km"]),
            float(row["delta_h__meter"]),
            *common(row),
            tx_siting=Siting(int(row["tx_siting_criteria"])),
            rx_siting=Siting(int(row["rx_siting_criteria"])),
            polarisation="hv"[int(row["pol"])],
            settings=settings_of(row),
        )
        # Printed to one decimal.
        assert result.loss_db == pytest.approx(float(row["A__db"]), abs=0.051)


def crystal_palace(reference):
    """The profile of the 1.2.2 deck: each card is led by its count (the last, by `1` and `07`)."""
    heights = []
    for line in (reference / "itm" / "qkpfldat.txt").read_text().splitlines()[2:13]:
        heights += line.split()[1:]
    return np.array(heights, float)


@pytest.mark.parametrize(
    ("freq_mhz", "h1", "h2", "h_e", "table"),
    [
        (
            41.5,
            143.9,
            8.5,
            (240.5, 18.4),
            {
                1: (128.6, 137.6, 119.6),
                10: (132.2, 140.8, 123.5),
                50: (135.8, 144.3, 127.2),
                90: (138.0, 146.5, 129.4),
                99: (139.7, 148.4, 131.0),
            },
        ),
        (
            573.3,
            194.0,
            9.1,
            (292.5, 19.0),
            {
                1: (144.3, 154.1, 134.4),
                10: (150.9, 159.5, 142.3),
                50: (157.6, 165.7, 149.4),
                90: (161.6, 169.9, 153.3),
                99: (164.9, 173.6, 156.2),
            },
        ),
    ],
)
def test_printed_answers_of_the_deck(reference, freq_mhz, h1, h2, h_e, table):
    height = crystal_palace(reference)
    assert height.size == 157
    n0 = 314.0 / math.exp(-float(mean_height(height)) / 9460.0)
    for reliability, row in table.items():
        for confidence, expected in zip((50, 90, 10), row, strict=True):
            result = itm_path(
                height,
                77_800.0 / 156,
                h1,
                h2,
                freq_mhz,
                polarisation="h",
                settings=ItmSettings(
                    n0=n0,
                    mdvar=13,
                    time_percent=reliability,
                    situation_percent=confidence,
                ),
            )
            assert result.loss_db == pytest.approx(expected, abs=0.11)
    # NTIA names the mode by distance alone: within the smooth earth's line of sight or not.
    assert result.mode is ItmMode.LINE_OF_SIGHT
    assert result.surface_refractivity == pytest.approx(314.0)
    assert result.effective_height_m == pytest.approx(h_e, abs=0.06)


def test_three_hundred_mountain_paths_and_their_warnings(reference):
    worst = 0.0
    count = 0
    with gzip.open(reference / "p1812" / "terrain_paths.jsonl.gz", "rt") as file:
        for line in file:
            path = json.loads(line)
            height = path["height_m"]
            result = itm_path(
                height,
                1000 * path["distance_km"] / (len(height) - 1),
                path["tx_height_m"],
                path["rx_height_m"],
                path["freq_mhz"],
                polarisation=path["polarisation"],
            )
            worst = max(worst, abs(result.loss_db - path["itm_loss_db"]))
            assert int(result.warnings) == path["itm_warnings"], count
            count += 1
    assert count == 300
    assert worst < 0.001


def test_deviates_of_the_normal_distribution():
    # Abramowitz & Stegun 26.2.23 promises 4.5e-4.
    assert normal_deviate(0.5) == pytest.approx(0.0, abs=4.5e-4)
    assert normal_deviate(0.1) == pytest.approx(1.2815516, abs=4.5e-4)
    assert normal_deviate(0.9) == pytest.approx(-1.2815516, abs=4.5e-4)
    assert normal_deviate(0.001) == pytest.approx(3.0902323, abs=4.5e-4)


def test_knife_edge_at_grazing_and_deep_shadow():
    assert knife_edge_db(0.0) == pytest.approx(6.02)
    assert knife_edge_db(4.0) == pytest.approx(6.02 + 18.22 - 5.08)
    assert knife_edge_db(100.0) == pytest.approx(32.953)
    # The two branches meet to a tenth of a decibel.
    assert knife_edge_db(5.7599) == pytest.approx(knife_edge_db(5.7601), abs=0.1)


def test_height_gain_branches():
    assert height_gain_db(0.5, 1e-6) == -117.0
    assert height_gain_db(10.0, 1e-6) == pytest.approx(40.0 - 117.0, abs=1e-3)
    assert height_gain_db(10.0, 0.1) == pytest.approx(2.5e-2 - 20.0 - 15.0, abs=1e-3)
    assert height_gain_db(3000.0, 0.1) == pytest.approx(172.53 - 34.7712, abs=2e-3)
    blend = 0.0134 * 300 * math.exp(-1.5)
    expected = (1 - blend) * (17.253 - 24.7712) + blend * (99.0849 - 117)
    assert height_gain_db(300.0, 0.1) == pytest.approx(expected, abs=2e-3)


def test_scatter_curves_are_interpolated_and_clamped():
    low, high = scatter_h0_db(1.0, 1.0), scatter_h0_db(1.0, 2.0)
    assert low == pytest.approx(10 * math.log10(50.0))
    assert high == pytest.approx(10 * math.log10(126.0))
    assert scatter_h0_db(1.0, 1.25) == pytest.approx(0.75 * low + 0.25 * high)
    assert scatter_h0_db(1.0, 0.2) == low
    assert scatter_h0_db(1.0, 9.0) == pytest.approx(10 * math.log10(811.0))


def test_fit_of_a_straight_slope_is_that_slope():
    height = 100.0 + 3.0 * np.arange(41)
    first, last = fit_line(height, 4.0, 33.0)
    assert first == pytest.approx(100.0)
    assert last == pytest.approx(220.0)
    # An empty range is widened to one interval on each side.
    assert fit_line(height, 10.0, 10.0) == pytest.approx((100.0, 220.0))
    assert irregularity(height, 100.0, 0.0, 4000.0) == pytest.approx(0.0, abs=1e-9)


def test_irregularity_of_two_samples_is_none():
    assert irregularity(np.array([0.0, 500.0, 0.0]), 100.0, 10.0, 190.0) == 0.0


def test_horizons_of_one_hill():
    height = np.zeros(11)
    height[3] = 200.0
    theta1, theta2, d1, d2 = horizons(height, 1000.0, 0.0, 20.0, 10.0)
    assert (d1, d2) == pytest.approx((3000.0, 7000.0))
    assert (theta1, theta2) == pytest.approx((180 / 3000, 190 / 7000))


def test_siting_raises_the_effective_height():
    assert area_height(10.0, Siting.RANDOM, 90.0) == 10.0
    assert area_height(10.0, Siting.CAREFUL, 90.0) == pytest.approx(10 + 5 * math.exp(-20 / 90))
    low = 1 + 9 * math.sin(0.1 * math.pi * 2.0)
    assert area_height(2.0, Siting.VERY_CAREFUL, 0.0) == pytest.approx(2 + low * math.exp(-20))


RIDGES = 300.0 + 120.0 * np.sin(np.arange(200) / 7.0) + 40.0 * np.sin(np.arange(200) / 2.3)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"freq_mhz": 19.0}, "frequency"),
        ({"freq_mhz": 21_000.0}, "frequency"),
        ({"freq_mhz": math.nan}, "frequency"),
        ({"tx_height_m": 0.4}, "transmitter height"),
        ({"rx_height_m": 3001.0}, "receiver height"),
        ({"height_m": [1.0, 2.0]}, "at least 3 points"),
        ({"height_m": [1.0, math.nan, 2.0]}, "not numbers"),
        ({"height_m": [[1.0, 2.0, 3.0]]}, "at least 3 points"),
        ({"step_m": 0.0}, "no length"),
        ({"step_m": math.inf}, "no length"),
        ({"height_m": [8000.0] * 5}, "refractivity"),
        ({"settings": ItmSettings(n0=200.0)}, "N0"),
        ({"settings": ItmSettings(climate=8)}, "climates"),
        ({"settings": ItmSettings(mdvar=4)}, "mode of variability"),
        ({"settings": ItmSettings(epsilon=0.5)}, "epsilon"),
        ({"settings": ItmSettings(epsilon=math.nan)}, "epsilon"),
        ({"settings": ItmSettings(sigma_s_m=0.0)}, "sigma"),
        ({"settings": ItmSettings(time_percent=0.0)}, "time percentage"),
        ({"settings": ItmSettings(location_percent=100.0)}, "location percentage"),
        ({"settings": ItmSettings(situation_percent=math.nan)}, "situation percentage"),
        (
            {
                "height_m": [2400, 300, 700, 2300, 700, 1700, 800, 2000],
                "step_m": 20.0,
                "tx_height_m": 10.0,
                "rx_height_m": 10.0,
                "freq_mhz": 30.0,
            },
            "no value on this path",
        ),
    ],
)
def test_values_outside_of_the_model_are_refused(change, text):
    path = {
        "height_m": RIDGES,
        "step_m": 100.0,
        "tx_height_m": 30.0,
        "rx_height_m": 1.5,
        "freq_mhz": 900.0,
    }
    with pytest.raises(ModelError, match=text):
        itm_path(**(path | change))


def test_area_mode_refuses_no_distance_and_negative_irregularity():
    with pytest.raises(ModelError, match="no length"):
        itm_area(0.0, 90.0, 30.0, 1.5, 900.0)
    with pytest.raises(ModelError, match="irregularity"):
        itm_area(1000.0, -1.0, 30.0, 1.5, 900.0)


@pytest.mark.parametrize(
    ("curvature", "impedance", "code"),
    [(1 / 8.5e6, 1 + 2j, 3), (1 / 3.9e6, 2 + 1j, 2), (1 / 13.4e6, 2 + 1j, 2)],
)
def test_kernel_refuses_what_settings_can_hardly_reach(curvature, impedance, code):
    path = (10e3, 0.0, 0.0, 5e3, 5e3, 30.0, 10.0, 30.0, 10.0)
    assert reference_attenuation(*path, curvature, 301.0, 50.0, 900.0, impedance, True)[3] == code


def test_edges_of_the_comfortable_range_warn():
    result = itm_path(RIDGES, 100.0, 0.7, 1200.0, 30.0)
    assert result.warnings & ItmWarning.TX_HEIGHT
    assert result.warnings & ItmWarning.RX_HEIGHT
    assert result.warnings & ItmWarning.FREQUENCY
    far = itm_area(
        2_100e3, 90.0, 30.0, 1.5, 900.0, settings=ItmSettings(time_percent=0.05, mdvar=3)
    )
    assert far.warnings & ItmWarning.DISTANCE_BIG
    assert far.warnings & ItmWarning.DISTANCE_TOO_BIG
    assert far.warnings & ItmWarning.EXTREME_VARIABILITY
    assert far.mode is ItmMode.TROPOSCATTER


@pytest.mark.parametrize("mdvar", [0, 1, 2, 3, 10, 13, 20, 23, 33])
def test_more_certainty_costs_more_loss(mdvar):
    losses = [
        itm_path(
            RIDGES,
            100.0,
            30.0,
            1.5,
            900.0,
            settings=ItmSettings(mdvar=mdvar, time_percent=q, situation_percent=q),
        ).loss_db
        for q in (1, 10, 50, 90, 99)
    ]
    assert losses == sorted(losses)
    assert losses[-1] > losses[0]


@settings(max_examples=150, deadline=None)
@given(
    data=st.data(),
    n=st.integers(3, 120),
    step=st.floats(1.0, 500.0),
    tx=st.floats(0.5, 300.0),
    rx=st.floats(0.5, 50.0),
    freq=st.floats(20.0, 20_000.0),
    pol=st.sampled_from("hv"),
)
def test_any_profile_gives_a_finite_loss(data, n, step, tx, rx, freq, pol):
    height = data.draw(st.lists(st.floats(0.0, 2500.0), min_size=n, max_size=n))
    try:
        result = itm_path(height, step, tx, rx, freq, polarisation=pol)
    except ModelError as error:
        if "no value on this path" not in str(error):
            raise
        return
    assert math.isfinite(result.loss_db)
    assert result.reference_attenuation_db >= 0.0
    assert result.delta_h_m >= 0.0
    assert min(result.effective_height_m) > 0.0
    assert min(result.horizon_distance_m) > 0.0
