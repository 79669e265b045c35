"""Channel numbers and bands against values worked out by hand from 3GPP's tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.sources.towers.bands import BANDS_MHZ, frequency_of, technology_of
from phusong.sources.towers.channels import (
    _TABLE as TABLE,
)
from phusong.sources.towers.channels import (
    BANDS,
    bands_at,
    channel,
    named_bands,
    names_a_band,
    same_band,
)
from phusong.sources.towers.operators import network_codes, network_names


@pytest.mark.parametrize(
    ("technology", "number", "freq_mhz", "band"),
    [
        # TS 36.101 clause 5.7.3: F_DL_low + 0.1 (N - N_Offs)
        ("LTE", 0, 2110.0, 1),
        ("LTE", 1300, 1815.0, 3),
        ("LTE", 1575, 1842.5, 3),
        ("LTE", 3100, 2655.0, 7),
        ("LTE", 3625, 942.5, 8),
        ("LTE", 6300, 806.0, 20),
        ("LTE", 9410, 778.0, 28),
        ("LTE", 39150, 2350.0, 40),
        ("LTE", 66886, 2155.0, 66),
        ("LTE", 68761, 634.5, 71),
        # TS 38.104 clause 5.4.2.1
        ("NR", 156510, 782.55, 28),
        ("NR", 632628, 3489.42, 78),
        ("NR", 636666, 3549.99, 78),
        ("NR", 2079167, 28000.08, 257),
        # TS 25.101 clause 5.4.3: 0.2 N + offset
        ("UMTS", 10563, 2112.6, 1),
        ("UMTS", 10700, 2140.0, 1),
        ("UMTS", 3013, 942.6, 8),
        ("UMTS", 4387, 877.4, 5),
        # TS 45.005 clause 2
        ("GSM", 1, 935.2, 8),
        ("GSM", 62, 947.4, 8),
        ("GSM", 975, 925.2, 8),
        ("GSM", 512, 1805.2, 3),
        ("GSM", 885, 1879.8, 3),
        ("GSM", 190, 881.6, 5),
    ],
)
def test_published_channels(technology, number, freq_mhz, band) -> None:
    found = channel(technology, number)
    assert found is not None
    assert found.freq_mhz == pytest.approx(freq_mhz, abs=1e-6)
    low, high = BANDS[band].downlink
    assert low <= found.freq_mhz <= high


def test_number_of_dcs_and_pcs_has_two_readings() -> None:
    assert channel("GSM", 600).others_mhz == (1947.8,)
    assert channel("GSM", 850).others_mhz == ()


@pytest.mark.parametrize(
    ("technology", "number"),
    [("LTE", 65535), ("LTE", 4960), ("LTE", -1), ("NR", 1), ("UMTS", 0), ("GSM", 400)],
)
def test_numbers_of_no_band(technology, number) -> None:
    assert channel(technology, number) is None


@given(st.sampled_from(sorted(n for n in BANDS if n <= 88)), st.integers(0, 10_000))
def test_every_earfcn_lies_in_its_band(number, step) -> None:
    low, high = BANDS[number].downlink
    count = round((high - low) * 10)
    first = {1: 0, 3: 1200, 28: 9210, 41: 39650}.get(number)
    if first is not None:
        assert channel("LTE", first + step % count).freq_mhz == pytest.approx(
            low + 0.1 * (step % count)
        )
    assert number in bands_at(low + 0.05) or named_bands(low + 0.05)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (700.0, 763.0, True),
        (700.0, 780.5, True),
        (1800.0, 1842.5, True),
        (2100.0, 2140.0, True),
        (2600.0, 2655.0, True),
        (2600.0, 2595.0, True),
        (900.0, 942.5, True),
        (850.0, 881.5, True),
        (3500.0, 3550.0, True),
        (800.0, 806.0, True),
        (1747.5, 1842.5, True),
        (800.0, 1815.0, False),
        (800.0, 763.0, False),
        (900.0, 881.5, False),
        (1800.0, 1960.0, False),
        (2100.0, 1960.0, False),
        (2600.0, 2350.0, False),
        (400.0, 405.0, True),
        (400.0, 370.0, False),
    ],
)
def test_frequencies_of_one_band(one, other, same) -> None:
    assert same_band(one, other) is same
    assert same_band(other, one) is same


def test_figures_that_stand_for_a_band() -> None:
    assert names_a_band(900.0)
    assert names_a_band(1842.5)
    assert not names_a_band(1815.0)


def test_tower_lists_use_the_same_bands() -> None:
    assert BANDS_MHZ[28] == 780.5
    assert frequency_of("B3").freq_mhz == BANDS_MHZ[3] == 1842.5
    assert frequency_of("n78").freq_mhz == 3550.0


@pytest.mark.parametrize(
    ("word", "technology"),
    [("LTE_CA", "LTE"), ("LTE+", "LTE"), ("HSPA+", "UMTS"), ("HSPAP", "UMTS"), ("5G SA", "NR")],
)
def test_words_of_technologies(word, technology) -> None:
    assert technology_of(word) == technology


def test_networks_by_code_and_name() -> None:
    assert "Viettel" in network_names("452-04")
    assert network_names("999-99") == []
    assert network_codes("VIETTEL") == ["452-04"]


# ------------------------------------------------------------------ there and back, by the formulas


@given(st.sampled_from([r for r in TABLE["bands"] if "earfcn" in r]), st.integers(0, 20_000))
def test_earfcn_there_and_back(row, step) -> None:
    """TS 36.101 clause 5.7.3, turned round: N = N_Offs + 10 (F - F_low)."""
    low, high = row["downlink"]
    number = row["earfcn"] + step % round(10 * (high - low))
    found = channel("LTE", number)
    assert found is not None
    assert low <= found.freq_mhz < high
    assert round(row["earfcn"] + 10 * (found.freq_mhz - low)) == number


@given(st.sampled_from(TABLE["nr"]), st.integers(0, 3_279_165))
def test_nr_arfcn_there_and_back(row, step) -> None:
    """TS 38.104 clause 5.4.2.1, turned round: N = N_Offs + (F - F_Offs) / dF."""
    number = row["first"] + step % (row["last"] - row["first"] + 1)
    found = channel("NR", number)
    if found is not None:
        assert round(row["first"] + (found.freq_mhz - row["start"]) / row["step"]) == number
        assert bands_at(found.freq_mhz)


@given(st.sampled_from(TABLE["umts"]), st.integers(0, 10_000))
def test_uarfcn_there_and_back(row, step) -> None:
    """TS 25.101 clause 5.4.3: N = 5 (F - F_Offset), every one within its band's downlink."""
    number = row["first"] + step % (row["last"] - row["first"] + 1)
    found = channel("UMTS", number)
    assert found is not None
    assert round(5 * (found.freq_mhz - row["offset"])) == number
    low, high = BANDS[row["band"]].downlink
    # A carrier of 5 MHz lies within the band.
    assert low + 2.3 <= found.freq_mhz <= high - 2.3


@given(st.sampled_from(TABLE["gsm"]), st.integers(0, 2000))
def test_arfcn_there_and_back(row, step) -> None:
    """TS 45.005 clause 2: N = first + 5 (F - F_first)."""
    number = row["first"] + step % (row["last"] - row["first"] + 1)
    found = channel("GSM", number)
    assert found is not None
    readings = {
        round(row["first"] + 5 * (f - row["start"])) for f in (found.freq_mhz, *found.others_mhz)
    }
    assert number in readings
    # TS 45.005 clause 2: its bands are not quite those of LTE (railways, 450 MHz).
    limits = {8: (921, 960), 3: (1805, 1880), 2: (1930, 1990), 5: (869, 894), 31: (460.4, 467.6)}
    low, high = limits[row["band"]]
    assert any(low <= f <= high for f in (found.freq_mhz, *found.others_mhz))
