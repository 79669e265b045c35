"""SINR and throughput by hand."""

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from helpers.signal import Model, omni, setup
from phusong.coverage.quality.sinr import compute_quality
from phusong.coverage.quality.throughput import (
    needed_sinr_db,
    noise_dbm,
    spectral_efficiency,
    throughput_mbps,
)
from phusong.coverage.results import ANY
from phusong.coverage.signal import losses as losses_module
from phusong.coverage.signal.signal import compute_signal
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.villages.entry import entry_loss_and_spread_db
from phusong.study import Entry, Quality

Q = Quality()


def test_attenuated_shannon_of_tr_36942():
    assert spectral_efficiency(0.0, Q) == pytest.approx(0.6)  # 0.6 log2(2)
    assert spectral_efficiency(-10.0, Q) == pytest.approx(0.0825, abs=1e-4)
    assert spectral_efficiency(-10.1, Q) == 0.0
    assert spectral_efficiency(21.0, Q) == pytest.approx(4.192, abs=2e-3)
    assert spectral_efficiency(30.0, Q) == 4.4
    assert throughput_mbps(0.0, 9.0, Q) == pytest.approx(5.4)


def test_noise_of_a_resource_element():
    # -174 dBm/Hz over 15 kHz is -132.2 dBm; 9 dB of the receiver on top.
    assert noise_dbm(15e3, 9.0) == pytest.approx(-123.21, abs=0.02)


@given(st.floats(0.1, 39.0), st.sampled_from([4.5, 9.0, 98.28]))
def test_needed_sinr_is_the_inverse(asked, width):
    sinr = float(needed_sinr_db(asked, width, Q))
    got = float(throughput_mbps(sinr, width, Q))
    if np.isinf(sinr):
        assert asked / width > 4.4
    elif sinr > Q.sinr_min_db:
        assert got == pytest.approx(asked)
    else:
        assert got >= asked


def run(folder, rows, **radio):
    inputs, study = setup(folder, rows, radio={"radius_km": 5.0, **radio})
    store = PathLossStore(folder / "store")
    signal = compute_signal(inputs, study, folder / "out", store)
    return signal, compute_quality(inputs, study, signal, folder / "out", store)


def read(quality, operator, technology):
    layer = next(x for x in quality.layers if (x.operator, x.technology) == (operator, technology))
    with rasterio.open(layer.sinr) as sinr, rasterio.open(layer.throughput) as rate:
        return (
            sinr.read(1, masked=True) * sinr.scales[0],
            rate.read(1, masked=True) * rate.scales[0],
        )


@pytest.fixture
def model(monkeypatch):
    fake = Model()
    monkeypatch.setattr(losses_module, "propagate", fake)
    return fake


def test_alone_on_its_frequency_there_is_only_noise(tmp_path, model):
    _, quality = run(tmp_path, [omni("a", "A"), omni("b", "B", freq_mhz=800.0)])
    sinr, rate = read(quality, "Viettel", "LTE")
    assert sinr[30, 20] == pytest.approx(29.2185 - 103 + 123.21, abs=0.1)  # 49.4 dB
    assert rate[30, 20] == pytest.approx(4.4 * 9.0, abs=0.06)  # 50 blocks of 180 kHz


@pytest.mark.parametrize("load", [0.0, 0.5, 1.0])
def test_a_neighbour_on_the_frequency_interferes_by_its_load(tmp_path, model, load):
    _, quality = run(tmp_path, [omni("a", "A"), omni("b", "B")], quality={"load": load})
    sinr, _ = read(quality, "Viettel", "LTE")
    # Column 20: 300 m from A and 1470 m from B, hence 11.7 dB weaker.
    own, other = 29.2185 - 103.0, 29.2185 - 114.7
    noise = 10 ** (-123.21 / 10)
    expected = own - 10 * np.log10(noise + load * 10 ** (other / 10))
    assert sinr[30, 20] == pytest.approx(expected, abs=0.15)


def test_other_carriers_and_technologies_do_not_interfere(tmp_path, model):
    alone = read(run(tmp_path / "1", [omni("a", "A")])[1], "Viettel", "LTE")[0]
    many = read(
        run(
            tmp_path / "2",
            [
                omni("a", "A"),
                omni("v", "B", operator="VNPT"),
                omni("g", "B", technology="GSM", bandwidth_mhz=0.2),
                omni("n", "B", technology="NR", bandwidth_mhz=20.0),
            ],
        )[1],
        "Viettel",
        "LTE",
    )[0]
    assert np.array_equal(alone, many)


def test_layers_with_a_modem_only(tmp_path, model):
    _, quality = run(
        tmp_path,
        [
            omni("a", "A"),
            omni("g", "A", technology="GSM", bandwidth_mhz=0.2),
            omni("n", "B", technology="NR", bandwidth_mhz=100.0, freq_mhz=3700.0),
        ],
    )
    names = {(x.operator, x.technology) for x in quality.layers}
    assert names == {
        ("Viettel", "LTE"),
        ("Viettel", "NR"),
        (ANY, "LTE"),
        (ANY, "NR"),
        ("Viettel", ANY),
        (ANY, ANY),
    }
    _, rate = read(quality, ANY, "NR")
    assert rate.max() == pytest.approx(4.4 * 273 * 12 * 0.03, abs=0.1)


def test_no_signal_has_no_sinr(tmp_path, model):
    _, quality = run(tmp_path, [omni("a", "A")], radius_km=0.5)
    sinr, rate = read(quality, "Viettel", "LTE")
    assert sinr.mask[30, 60]
    assert rate.mask[30, 60]
    assert not sinr.mask[30, 12]


def test_quality_recomputes_no_propagation(tmp_path, model):
    run(tmp_path, [omni("a", "A"), omni("b", "B")])
    assert len(model.calls) == 2


def test_damaged_store_is_mended_in_the_second_pass(tmp_path, model):
    inputs, study = setup(tmp_path, [omni("a", "A"), omni("b", "B")])
    store = PathLossStore(tmp_path / "store")
    signal = compute_signal(inputs, study, tmp_path / "out", store)
    clean = read(compute_quality(inputs, study, signal, tmp_path / "out", store), ANY, ANY)[0]
    for path in store.place.rglob("*.loss"):
        path.write_bytes(path.read_bytes()[:-3] + b"xyz")
    again = read(compute_quality(inputs, study, signal, tmp_path / "out", store), ANY, ANY)[0]
    assert np.array_equal(clean, again)


def test_entry_loss_fixed_and_of_p2109():
    loss, spread = entry_loss_and_spread_db(Entry(loss_db=8.0), [900.0, 1800.0])
    assert loss.tolist() == [8.0, 8.0]
    assert spread.tolist() == [0.0, 0.0]
    loss, spread = entry_loss_and_spread_db(Entry(), [900.0, 3500.0, 900.0])
    from phusong.coverage.propagation.p2109 import entry_loss_db

    assert loss[0] == loss[2] == pytest.approx(float(entry_loss_db(900.0, 0.5)))
    high, low = entry_loss_db(900.0, norm.cdf(1)), entry_loss_db(900.0, norm.cdf(-1))
    assert spread[0] == pytest.approx(float(high - low) / 2)
    _, stated = entry_loss_and_spread_db(Entry(sigma_db=5.0), [900.0])
    assert stated[0] == 5.0
