"""Antenna files as makers and programs write them, good and bad, and how their cuts are joined."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phusong.coverage.signal.antenna import attenuation_db, beam_table
from phusong.errors import InputError, Where
from phusong.sources.towers.antennas.antennafiles import parse_ant, parse_msi, read_pattern
from phusong.sources.towers.antennas.patterns import Pattern, join_cuts, oddities
from phusong.study import Antenna

ANGLE = np.arange(360)
TURN = (ANGLE + 180) % 360 - 180
WIDE = np.minimum(12 * (TURN / 65) ** 2, 25.0)
NARROW = np.minimum(12 * (((TURN - 6 + 180) % 360 - 180) / 7) ** 2, 20.0)
"""A sector of 65°, its beam 6° below the horizon."""


def rows(values: np.ndarray, angles: np.ndarray = ANGLE, extra: str = "") -> str:
    return "\n".join(f"{a:g} {v:.3f}{extra}" for a, v in zip(angles, values, strict=True))


def msi(
    horizontal: str = rows(WIDE),
    vertical: str = rows(NARROW),
    gain: str = "GAIN 17.5 dBi",
    head: str = "",
    count: str = " 360",
) -> str:
    return f"NAME X\n{gain}\n{head}HORIZONTAL{count}\n{horizontal}\nVERTICAL{count}\n{vertical}\n"


def half(values: np.ndarray) -> str:
    angles = np.arange(720) / 2
    return rows(np.interp(angles, np.arange(361), np.append(values, values[0])), angles)


SPELLINGS = {
    "plain": msi(),
    "lower": msi().lower(),
    "crlf_tabs": msi().replace(" ", "\t").replace("\n", "\r\n"),
    "comments": msi("// dB\n# of a maker\n" + rows(WIDE)),
    "361": msi(rows(WIDE) + "\n360 0.000", rows(NARROW) + f"\n360 {NARROW[0]:.3f}", count=" 361"),
    "361_said_360": msi(rows(WIDE) + "\n360 0.000", rows(NARROW) + f"\n360 {NARROW[0]:.3f}"),
    "from_minus_180": msi(
        rows(WIDE[TURN.argsort()], np.sort(TURN)), rows(NARROW[TURN.argsort()], np.sort(TURN))
    ),
    "phase": msi(rows(WIDE, extra=" 12.5"), rows(NARROW, extra=" -3")),
    "half_degrees": msi(half(WIDE), half(NARROW), count=" 720"),
    "commas": msi().replace(".", ","),
    "negative": msi(rows(-WIDE), rows(-NARROW)),
    "no_count": msi(count=""),
    "gain_first": msi(gain="GAIN (dBi) 17.5"),
    "gain_glued": msi(gain="GAIN 17.5DBI"),
    "gain_dbd": msi(gain="GAIN 15.35 dBd"),
    "gain_tolerance": msi(gain="GAIN 17.5±0.3 dBi"),
    "bare_name": "80010-test 65 deg\n" + msi().split("\n", 1)[1],
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_files_of_one_antenna_are_one_pattern(tmp_path: Path, spelling: str, encoding: str) -> None:
    path = tmp_path / "x.MSI"
    path.write_bytes(SPELLINGS[spelling].encode(encoding))
    pattern = read_pattern(path)
    np.testing.assert_allclose(pattern.horizontal_db, WIDE, atol=1e-3)
    np.testing.assert_allclose(pattern.vertical_db, NARROW, atol=1e-3)
    assert pattern.gain_dbi == pytest.approx(17.5)
    assert pattern.tilt_deg == 6


def test_gain_may_be_empty() -> None:
    assert parse_msi(msi(gain="GAIN"), "x.msi").gain_dbi is None


def test_coarse_cuts_are_drawn_out() -> None:
    text = msi(rows(WIDE[::5], ANGLE[::5]), count=" 72")
    found = parse_msi(text, "x.msi").horizontal_db
    np.testing.assert_allclose(found[::5], WIDE[::5], atol=1e-3)
    assert found[2] == pytest.approx(WIDE[5] * 2 / 5, abs=1e-3)


@pytest.mark.parametrize("values", [WIDE[::10], WIDE[:340], WIDE[:359]])
def test_cuts_with_too_few_values_are_refused(values: np.ndarray) -> None:
    with pytest.raises(InputError, match="not 360"):
        parse_msi(msi(rows(values, ANGLE[: values.size])), "x.msi")


@pytest.mark.parametrize(
    "cuts",
    [
        (17.5 - WIDE, 17.5 - NARROW),  # dBi, of both signs
        (30.0 - WIDE, 30.0 - NARROW),  # dBi, all positive
        (10 ** (-WIDE / 20), 10 ** (-NARROW / 20)),  # field strengths
        (10 ** (-WIDE / 10), 10 ** (-NARROW / 10)),  # powers
    ],
    ids=["dbi", "positive", "fields", "powers"],
)
def test_gains_for_losses_are_refused(cuts: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(InputError, match="not losses"):
        parse_msi(msi(rows(cuts[0]), rows(cuts[1])), "x.msi")


def test_antennas_that_are_odd_but_sound_are_read() -> None:
    flat = np.zeros(360)
    ripple = 0.4 + 0.4 * np.cos(np.radians(ANGLE))
    for horizontal in (flat, ripple):
        assert not oddities(parse_msi(msi(rows(horizontal)), "x.msi"))
    deep = np.where(np.abs(TURN) == 20, 40.0, NARROW)  # a null beside the beam
    assert not oddities(parse_msi(msi(vertical=rows(deep)), "x.msi"))


@pytest.mark.parametrize("head", ["ELECTRICAL_TILT 6\n", "TILT 6\n", "TILT ELECTRICAL 6\n", ""])
def test_a_mirrored_vertical_cut_is_said(head: str) -> None:
    sound = parse_msi(msi(head=head), "x.msi")
    assert not oddities(sound)
    mirrored = parse_msi(msi(vertical=rows(NARROW[-ANGLE]), head=head), "x.msi")
    ((text, params),) = oddities(mirrored)
    assert "mirrored" in text
    assert params["tilt"] == "-6"


def test_other_oddities_are_said() -> None:
    other = parse_msi(msi(head="ELECTRICAL_TILT 2\n"), "x.msi")
    assert "mirrored" not in oddities(other)[0][0]
    turned = parse_msi(msi(vertical=rows(np.roll(NARROW, 80))), "x.msi")
    assert "turned" in oddities(turned)[0][0]
    low = parse_msi(msi(rows(WIDE + 8), rows(NARROW + 8)), "x.msi")
    assert oddities(low)[0][1] == {"loss": "8"}


def loss(pattern: Pattern, azimuth: float, elevation: float) -> float:
    row = {
        "azimuth_deg": 0.0,
        "mechanical_tilt_deg": 0.0,
        "electrical_tilt_deg": math.nan,
        "horizontal_beamwidth_deg": math.nan,
        "vertical_beamwidth_deg": math.nan,
        "antenna_file": "p",
    }
    beams, _ = beam_table(pd.DataFrame([row]), Antenna(), {"p": pattern})
    return float(attenuation_db(beams, 0, azimuth, elevation))


def test_a_beam_beside_straight_ahead_is_not_turned_there() -> None:
    """One beam of a twin antenna: 32° to the right, 4° down, cuts drawn each from its own peak."""
    horizontal = np.minimum(12 * (((TURN - 32 + 180) % 360 - 180) / 41.6) ** 2, 25.0)
    vertical = np.minimum(12 * (((TURN - 4 + 180) % 360 - 180) / 7) ** 2, 20.0)
    pattern = parse_msi(msi(rows(horizontal), rows(vertical)), "t.msi")
    assert loss(pattern, 0, -4) == pytest.approx(7.1, abs=0.05)
    assert loss(pattern, -15, -4) == pytest.approx(15.3, abs=0.1)
    assert loss(pattern, -32, -4) == pytest.approx(25.0, abs=0.1)
    assert loss(pattern, 32, -4) == pytest.approx(0.0, abs=0.05)
    assert loss(pattern, 0, 0) == pytest.approx(7.1 + 3.92, abs=0.05)


def test_a_peak_in_neither_cut_counts_from_the_files_gain() -> None:
    base = join_cuts("x", 17.5, WIDE, NARROW, Where())
    pattern = join_cuts("x", 17.5, WIDE + 2.0, NARROW + 2.0, Where())
    assert loss(pattern, 0, -6) == pytest.approx(2.0)
    for azimuth, elevation in ((0, 0), (65, -6), (120, 3), (180, -6)):
        assert loss(pattern, azimuth, elevation) == pytest.approx(
            loss(base, azimuth, elevation) + 2.0
        )


def test_cuts_through_the_horizon_and_through_the_beam_are_one_antenna() -> None:
    """The horizontal cut at the horizon starts with what the vertical one has there."""
    beam = join_cuts("x", None, WIDE, NARROW, Where())
    horizon = join_cuts("x", None, np.minimum(WIDE + NARROW[0], 25.0), NARROW, Where())
    for elevation in (0, -3, -6, -10):
        assert loss(beam, 0, elevation) == pytest.approx(loss(horizon, 0, elevation))


def test_radio_mobile_version_2_draws_the_front_alone() -> None:
    # Straight up, through the horizon, straight down: 181 values.
    front = np.array([NARROW[(down - 90) % 360] for down in range(181)])
    text = "\n".join(map(str, [*(-WIDE), *(-front)]))
    pattern = parse_ant(text, "x.ant")
    assert pattern.tilt_deg == 6
    np.testing.assert_allclose(pattern.vertical_db[:91], NARROW[:91])
    assert loss(pattern, 0, -6) == pytest.approx(0.0)
    assert loss(pattern, 180, -6) == pytest.approx(25.0, abs=0.5)
