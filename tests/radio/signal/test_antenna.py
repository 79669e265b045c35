"""Sector antennas by hand, tilts against a rotation matrix, and antenna files good and bad."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from phusong.coverage.signal.antenna import attenuation_db, beam_table
from phusong.errors import InputError
from phusong.sources.towers.antennas.antennafiles import parse_ant, parse_msi, read_pattern
from phusong.sources.towers.antennas.patterns import Pattern
from phusong.study import Antenna


def beams_of(antenna=None, patterns=None, **cell):
    row = {
        "azimuth_deg": 0.0,
        "mechanical_tilt_deg": 0.0,
        "electrical_tilt_deg": 0.0,
        "horizontal_beamwidth_deg": math.nan,
        "vertical_beamwidth_deg": math.nan,
        "antenna_file": None,
        **cell,
    }
    beams, of_cell = beam_table(pd.DataFrame([row]), antenna or Antenna(), patterns or {})
    assert of_cell.tolist() == [0]
    return beams


def at(beams, azimuth, elevation):
    return float(attenuation_db(beams, 0, azimuth, elevation))


@pytest.mark.parametrize(
    ("azimuth", "elevation", "expected"),
    [
        (0, 0, 0.0),
        (32.5, 0, 3.0),  # half the beamwidth off
        (65, 0, 12.0),
        (-65, 0, 12.0),
        (180, 0, 25.0),  # front to back
        (0, -5, 3.0),
        (0, -10, 12.0),
        (0, 90, 20.0),  # side lobes
        (32.5, -5, 6.0),
        (65, 10, 24.0),
        (90, 10, 25.0),  # 23.0 + 12.0, held to the front-to-back ratio
    ],
)
def test_sector_by_hand(azimuth, elevation, expected):
    assert at(beams_of(), azimuth, elevation) == pytest.approx(expected, abs=1e-9)


def test_azimuth_turns_the_beam_through_north():
    beams = beams_of(azimuth_deg=350.0)
    assert at(beams, 22.5, 0) == pytest.approx(3.0)
    assert at(beams, 317.5, 0) == pytest.approx(3.0)


def test_own_beamwidths_replace_the_studys():
    beams = beams_of(horizontal_beamwidth_deg=90.0, vertical_beamwidth_deg=6.0)
    assert at(beams, 45, 0) == pytest.approx(3.0)
    assert at(beams, 0, 3) == pytest.approx(3.0)


def test_electrical_tilt_lowers_every_azimuth_alike():
    beams = beams_of(electrical_tilt_deg=6.0)
    for azimuth, flat in ((0, 0.0), (32.5, 3.0), (-65, 12.0)):
        assert at(beams, azimuth, -6) == pytest.approx(flat)
        assert at(beams, azimuth, -1) == pytest.approx(flat + 3.0)


def test_mechanical_tilt_differs_by_azimuth():
    beams = beams_of(mechanical_tilt_deg=6.0)
    assert at(beams, 0, -6) == pytest.approx(0.0, abs=1e-9)  # lowered ahead
    # To the side a horizontal ray stays in the plane of the antenna.
    assert at(beams, 90, 0) == pytest.approx(12 * (90 / 65) ** 2, abs=1e-6)
    # Behind, the beam's plane rises: what is 6 degrees up there is level with it.
    behind = beams_of(Antenna(front_to_back_db=100, side_lobe_db=20), mechanical_tilt_deg=6.0)
    assert at(behind, 180, 6) < at(behind, 180, -6)


@settings(max_examples=200, deadline=None)
@given(
    azimuth=st.floats(-180, 180),
    elevation=st.floats(-89, 89),
    tilt=st.floats(-15, 15),
    electrical=st.floats(0, 12),
)
def test_tilt_equals_a_rotation_matrix(azimuth, elevation, tilt, electrical):
    """The direction in the antenna's frame from scipy's rotation, not from our formula."""
    az, el = np.radians([azimuth, elevation])
    direction = [np.cos(el) * np.cos(az), np.cos(el) * np.sin(az), np.sin(el)]
    ahead, right, up = Rotation.from_euler("y", tilt, degrees=True).inv().apply(direction)
    off, rise = np.degrees(np.arctan2(right, ahead)), np.degrees(np.arcsin(np.clip(up, -1, 1)))
    flat = beams_of(electrical_tilt_deg=electrical)
    tilted = beams_of(mechanical_tilt_deg=tilt, electrical_tilt_deg=electrical)
    if abs(abs(off) - 180) < 1e-6 or abs(rise) > 89.99:
        return
    assert at(tilted, azimuth, elevation) == pytest.approx(at(flat, off, rise), abs=1e-5)


@settings(max_examples=100, deadline=None)
@given(st.floats(-720, 720), st.floats(-90, 90), st.floats(0, 359.9))
def test_attenuation_is_bounded_periodic_and_mirrored(off, elevation, azimuth):
    beams = beams_of(azimuth_deg=azimuth)
    value = at(beams, azimuth + off, elevation)
    assert 0 <= value <= 25
    assert at(beams, azimuth + off + 360, elevation) == pytest.approx(value, abs=1e-6)
    assert at(beams, azimuth - off, elevation) == pytest.approx(value, abs=1e-6)


def test_omnidirectional_has_only_a_vertical_cut():
    beams = beams_of(azimuth_deg=math.nan, electrical_tilt_deg=2.0, mechanical_tilt_deg=5.0)
    for azimuth in (0, 77, 180, 301):
        assert at(beams, azimuth, -2) == 0
        assert at(beams, azimuth, 3) == pytest.approx(3.0)
        assert at(beams, azimuth, 80) == pytest.approx(20.0)


def test_equal_cells_share_a_beam():
    rows = pd.DataFrame(
        {
            "azimuth_deg": [0.0, 120.0, 0.0, math.nan, math.nan],
            "mechanical_tilt_deg": 0.0,
            "electrical_tilt_deg": 0.0,
            "horizontal_beamwidth_deg": math.nan,
            "vertical_beamwidth_deg": math.nan,
            "antenna_file": None,
        }
    )
    beams, of_cell = beam_table(rows, Antenna(), {})
    assert of_cell.tolist() == [0, 1, 0, 2, 2]
    assert beams.rows.shape[0] == 3


# ---- files ----


def msi_text(h=None, v=None, gain="15.0 dBi", head="NAME 80010\nMAKE K\nFREQUENCY 900\n"):
    h = h if h is not None else [min(30.0, 12 * (min(a, 360 - a) / 65) ** 2) for a in range(360)]
    v = (
        v
        if v is not None
        else [min(30.0, abs(((a - 6 + 180) % 360) - 180) * 1.0) for a in range(360)]
    )
    lines = [f"{head}GAIN {gain}\nTILT ELECTRICAL\nHORIZONTAL {len(h)}"]
    lines += [f"{a} {x:.2f}" for a, x in enumerate(h)]
    lines += [f"VERTICAL {len(v)}"]
    lines += [f"{a}\t{x:.2f}" for a, x in enumerate(v)]
    return "\n".join(lines) + "\n"


def test_msi_is_read():
    pattern = parse_msi(msi_text(), "a.msi")
    assert pattern.name == "80010"
    assert pattern.gain_dbi == 15.0
    assert pattern.horizontal_db[65] == pytest.approx(12.0)
    assert pattern.vertical_db[6] == 0
    assert pattern.tilt_deg == 6.0


def test_msi_gain_without_unit_is_dbd():
    assert parse_msi(msi_text(gain="13.0"), "a.msi").gain_dbi == pytest.approx(15.15)
    assert parse_msi(msi_text(gain="13.0dBd"), "a.msi").gain_dbi == pytest.approx(15.15)


@pytest.mark.parametrize("cut", ["h", "v"])
def test_msi_with_358_values_says_so(cut):
    with pytest.raises(InputError, match=r"a\.msi.*358 values, not 360"):
        parse_msi(msi_text(**{cut: [0.0] * 358}), "a.msi")


def test_msi_cut_short_says_so():
    text = msi_text()
    with pytest.raises(InputError, match="VERTICAL cut has 340 values"):
        parse_msi("\n".join(text.splitlines()[:-20]), "a.msi")
    with pytest.raises(InputError, match="no VERTICAL cut"):
        parse_msi(text.split("VERTICAL")[0], "a.msi")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\n7 0.14\n", "\n7 zero\n", "'zero' is not a number"),
        ("\n7 0.14\n", "\n7 nan\n", "'nan' is not a number"),
        ("\n7 0.14\n", "\n7\n", "expected an angle and a loss"),
        ("\n7 0.14\n", "\n7.5 0.14\n", "7.5 is not a whole degree"),
        ("\n7 0.14\n", "\n8 0.14\n", "lacks 7 degrees"),
    ],
)
def test_msi_bad_rows_name_file_and_line(old, new, message):
    text = msi_text()
    assert old in text
    with pytest.raises(InputError, match=message) as raised:
        parse_msi(text.replace(old, new, 1), "a.msi")
    assert raised.value.where.file == "a.msi"


def test_msi_with_decimal_commas_and_mixed_case():
    text = msi_text().replace(".", ",").replace("HORIZONTAL", "Horizontal")
    assert parse_msi(text, "a.msi").horizontal_db[65] == pytest.approx(12.0)


def test_ant_vertical_cut_begins_straight_up():
    vertical = [-abs(90 - i - (-6)) * 0.1 if i < 181 else -20.0 for i in range(360)]
    pattern = parse_ant("\n".join(map(str, [0.0] * 360 + vertical)), "b.ant")
    assert pattern.tilt_deg == 6.0  # weakest loss at elevation -6
    assert pattern.vertical_db[0] == pytest.approx(0.6)  # the horizon
    assert pattern.vertical_db[270] == pytest.approx(9.6)  # straight up
    assert pattern.gain_dbi is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["0"] * 718, "718 values"),
        (["0"] * 360, "360 values, not 360 horizontal"),
        (["0"] * 719 + ["x"], "'x' is not a number"),
        (["0"] * 719 + ["3"], "cannot be above 0 dB: 3"),
    ],
)
def test_ant_errors(values, message):
    with pytest.raises(InputError, match=message):
        parse_ant("\n".join(values), "b.ant")


def test_read_pattern_by_suffix(tmp_path):
    good = tmp_path / "x.MSI"
    good.write_text(msi_text(), encoding="utf-8")
    assert read_pattern(good).name == "80010"
    with pytest.raises(InputError, match="missing"):
        read_pattern(tmp_path / "none.msi")
    other = tmp_path / "x.pdf"
    other.write_text("x")
    with pytest.raises(InputError, match=r"\.pdf is not a kind of antenna file"):
        read_pattern(other)


def cosine_pattern():
    angle = np.arange(360)
    h = np.minimum(30.0, 12 * (np.minimum(angle, 360 - angle) / 65) ** 2)
    v = np.minimum(30.0, np.minimum((angle - 4) % 360, (4 - angle) % 360) * 0.7)
    v[180] = 30.0
    return Pattern("p", None, h, v)


def test_pattern_gives_both_its_cuts():
    pattern = cosine_pattern()
    beams = beams_of(antenna_file="p", patterns={"p": pattern}, electrical_tilt_deg=math.nan)
    for down in (-60, -10, 0, 4, 5.5, 30):
        low, high = math.floor(down), math.ceil(down)
        expected = (pattern.vertical_db[low % 360] + pattern.vertical_db[high % 360]) / 2
        assert at(beams, 0, -down) == pytest.approx(expected)
        assert at(beams, 180, -down) == pytest.approx(
            (pattern.vertical_db[(180 - low) % 360] + pattern.vertical_db[(180 - high) % 360]) / 2
        )


def test_pattern_keeps_its_own_tilt_unless_the_cell_states_one():
    patterns = {"p": cosine_pattern()}
    as_it_is = beams_of(antenna_file="p", patterns=patterns, electrical_tilt_deg=math.nan)
    moved = beams_of(antenna_file="p", patterns=patterns, electrical_tilt_deg=10.0)
    assert at(as_it_is, 0, -4) == 0
    assert at(moved, 0, -10) == pytest.approx(0)
    assert at(moved, 0, -4) == pytest.approx(4.2)
    assert at(moved, 180, -10) == pytest.approx(at(as_it_is, 180, -4))


def test_a_stated_tilt_of_0_is_a_tilt():
    level = beams_of(antenna_file="p", patterns={"p": cosine_pattern()}, electrical_tilt_deg=0.0)
    assert at(level, 0, 0) == pytest.approx(0)
    assert at(level, 0, -4) == pytest.approx(2.8)
    # Without a file nothing changes: a level beam either way.
    assert at(beams_of(electrical_tilt_deg=math.nan), 0, 0) == 0


def test_many_directions_keep_their_shape():
    out = attenuation_db(beams_of(), 0, np.zeros((2, 3)), np.array([0.0, -5.0, -10.0]))
    assert out.shape == (2, 3)
    assert out[1].tolist() == pytest.approx([0, 3, 12])


def test_antenna_file_of_a_cell_is_read_from_the_study(tmp_path):
    from helpers.radio import cells_frame, make_inputs, make_study, villages_frame
    from phusong.coverage.signal.plan import plan_run

    cells = cells_frame([{"antenna_file": "a.msi", "azimuth_deg": 10.0}])
    inputs = make_inputs(
        tmp_path,
        cells=cells,
        sites={"S1": (500_100.0, 2_499_900.0)},
        villages=villages_frame({}),
        heights=np.zeros((20, 20)),
    )
    with pytest.raises(InputError, match="missing"):
        plan_run(inputs, make_study(tmp_path))
    Path(tmp_path / "a.msi").write_text(msi_text(), encoding="utf-8")
    plan = plan_run(inputs, make_study(tmp_path))
    assert plan.beams.horizontal_db[0, 65] == pytest.approx(12.0)
