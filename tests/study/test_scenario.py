"""Scenario files: what may stand in them, every fault with its line, written and read back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.errors import StudyError
from phusong.study.scenario import (
    Band,
    Cable,
    Change,
    Hang,
    Mast,
    Off,
    Scenario,
    parse_scenario,
    read_scenario,
    scenario_names,
    scenario_text,
)

FILE = Path("/x/scenarios/a.toml")
names = st.text(min_size=1, max_size=12)
degrees = st.floats(-90, 90).map(lambda v: round(v, 7))
bands = st.lists(
    st.builds(
        Band,
        technology=st.sampled_from(["GSM", "UMTS", "LTE", "NR"]),
        freq_mhz=st.floats(400, 6000),
        bandwidth_mhz=st.none() | st.floats(1, 100),
        eirp_dbm=st.floats(0, 90),
    ),
    max_size=3,
)
masts = st.builds(
    lambda place, **rest: Mast(longitude=place, latitude=place, **rest),
    place=st.none() | degrees,
    site_id=names,
    operator=names,
    height_m=st.floats(1, 300),
    azimuths_deg=st.lists(st.floats(0, 359.9), max_size=4),
    tilt_deg=st.floats(-30, 30),
    bands=bands,
)
scenarios = st.builds(
    Scenario,
    name=names,
    description=st.text(max_size=40),
    masts=st.lists(masts, max_size=3),
    changes=st.lists(
        st.builds(Change, site_id=names, turn_deg=st.none() | st.floats(-360, 360)), max_size=2
    ),
    cables=st.lists(
        st.builds(
            Cable,
            cable_id=names,
            owner=st.text(max_size=5),
            points=st.lists(st.tuples(degrees, degrees), min_size=2, max_size=4),
        ),
        max_size=2,
    ),
    backhaul=st.lists(st.builds(Hang, site_id=names, upstream=st.none() | names), max_size=2),
    off=st.builds(Off, sites=st.lists(names, max_size=2), pops=st.lists(names, max_size=2)),
)


@given(scenarios)
def test_what_is_written_is_read_back(scenario: Scenario) -> None:
    assert parse_scenario(scenario_text(scenario), FILE) == scenario


def test_a_file_is_short_and_readable() -> None:
    mast = Mast(
        site_id="Đỉnh 1", longitude=105.1, latitude=23.1, operator="A", height_m=45, bands=[Band()]
    )
    text = scenario_text(Scenario(name="Thêm một trạm", masts=[mast]))
    assert text.splitlines()[0] == 'name = "Thêm một trạm"'
    assert "[[masts]]" in text
    assert "bandwidth" not in text
    assert "changes" not in text
    assert '{technology = "LTE", freq_mhz = 900.0, eirp_dbm = 60.0}' in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "`name` is missing"),
        ('name = "a"\nmast = []', "line 2: unknown key `mast`; the nearest valid key is `masts`"),
        (
            'name = "a"\n[[masts]]\nsite_id = "N"\noperator = "A"\nheight_m = 30\nlongitude = 1\nbands = []',
            "`longitude` and `latitude` stand together",
        ),
        ('name = "a"\n[[changes]]\nturn_deg = 3', "name either `site_id` or `cell_id`"),
        (
            'name = "a"\n[[changes]]\nsite_id = "A"\ncell_id = "B"',
            "name either `site_id` or `cell_id`",
        ),
        ('name = "a"\n[[changes]]\nsite_id = "A"\nazimuth_deg = 3', "turn_deg"),
        (
            'name = "a"\n[[changes]]\ncell_id = "A"\nlongitude = 3\nlatitude = 3',
            "a cell stays with its site",
        ),
        ('name = "a"\n[[cables]]\ncable_id = "c"\npoints = [[1, 2]]', "cables.0.points"),
        ('name = "a"\n[[cables]]\ncable_id = "c"\npoints = [[1, 95], [1, 2]]', "at most 90"),
        ("name = a", "not valid TOML"),
    ],
)
def test_every_fault_is_said_with_its_line(text: str, said: str) -> None:
    with pytest.raises(StudyError, match=r"a\.toml") as caught:
        parse_scenario(text, FILE)
    assert said in str(caught.value)


def test_scenarios_are_known_by_name_or_by_file(tmp_path: Path) -> None:
    folder = tmp_path / "scenarios"
    folder.mkdir()
    for name in ("Thêm trạm", "ít cáp"):
        (folder / f"{name}.toml").write_text(scenario_text(Scenario(name=name)), "utf-8")
    assert scenario_names(tmp_path) == ["Thêm trạm", "ít cáp"]
    assert read_scenario(tmp_path, "ít cáp").name == "ít cáp"
    assert read_scenario(tmp_path, str(folder / "ít cáp.toml")).name == "ít cáp"
    with pytest.raises(StudyError, match="Thêm trạm"):
        read_scenario(tmp_path, "Thêm tram")
    with pytest.raises(StudyError, match="there is no scenario"):
        read_scenario(tmp_path, "../study")
    with pytest.raises(StudyError, match="there is no scenario here"):
        read_scenario(tmp_path, str(tmp_path / "no.toml"))
