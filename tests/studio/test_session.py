"""What the studio shows of a scenario is what a run of it gives, cell by cell."""

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from helpers.altered import (
    CELL_IDS,
    SITES,
    hold_to_a_run,
    make_hills,
    place,
    same_tables,
    small_tiles,
)
from helpers.province import X0, Y0
from phusong.coverage.corrections.residualfield import Kriged, ResidualField, Variogram
from phusong.coverage.signal.layerfiles import LayerReader
from phusong.errors import StudyError
from phusong.pipeline.compute import compute
from phusong.studio.session import AS_IT_STANDS, Definition, Studio
from phusong.study.scenario import Scenario


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        small_tiles(patch)
        with Studio(make_hills(tmp_path_factory.mktemp("hills"))) as held:
            yield held


def mast(name="N-1", at=(5000, 5000), operator="Mạng A", bands=None, **more):
    longitude, latitude = place(*at)
    return {
        "site_id": name,
        "longitude": longitude,
        "latitude": latitude,
        "operator": operator,
        "height_m": 40.0,
        "azimuths_deg": [],
        "bands": bands or [{"technology": "LTE", "freq_mhz": 900.0, "eirp_dbm": 57.0}],
        **more,
    }


def scenario(**said):
    return Scenario.model_validate({"name": "thử", **said})


def test_nothing_altered_is_the_study_as_it_stands(studio, tmp_path):
    seen = hold_to_a_run(studio, AS_IT_STANDS, tmp_path)
    assert not seen.signal.patches


def test_a_mast_is_built(studio, tmp_path):
    seen = hold_to_a_run(studio, scenario(masts=[mast()]), tmp_path)
    before = studio.now.coverage.villages["people_unserved"].sum()
    assert seen.coverage.villages["people_unserved"].sum() < before
    assert seen.signal.patches
    # Only tiles within the radius of the mast are looked at.
    assert len({tile for _, tile in seen.signal.patches}) < 16


CASES = {
    "a new carrier": {
        "masts": [mast(operator="Mạng Z", bands=[{"technology": "NR", "freq_mhz": 700.0}])]
    },
    "a mast off": {"off": {"sites": ["T1"]}},
    "a whole layer off": {"off": {"cells": ["C32"]}},
    "moved, raised, turned": {
        "changes": [
            {"site_id": "T2", "longitude": place(6800, 3400)[0], "latitude": place(6800, 3400)[1]},
            {"site_id": "T1", "height_m": 60.0},
            {"cell_id": "C51", "azimuth_deg": 10.0, "eirp_dbm": 62.0},
        ]
    },
    "the same mast twice": {"masts": [mast(), mast(name="N-2")]},
    "cells on a mast that stands, itself off": {
        "off": {"sites": ["T3"]},
        "masts": [
            {
                "site_id": "T3",
                "operator": "Mạng B",
                "height_m": 30.0,
                "bands": [{"technology": "LTE"}],
            }
        ],
    },
    "cables, and what hangs on them": {
        "masts": [mast(at=(2500, 2550))],
        "cables": [{"cable_id": "mới", "points": [place(2500, 2500), place(2500, 7500)]}],
        "backhaul": [{"site_id": "N-1"}],
        "off": {"cables": ["B"]},
    },
    "a point of presence off": {"off": {"pops": ["P1"]}},
    "a band the model refuses": {
        "masts": [mast(height_m=0.5, bands=[{"technology": "LTE", "freq_mhz": 5000.0}])]
    },
}


@pytest.mark.parametrize("case", CASES)
def test_a_scenario_is_as_a_run_of_it(studio, tmp_path, case):
    hold_to_a_run(studio, scenario(**CASES[case]), tmp_path)


bands = st.lists(
    st.builds(
        lambda t, f, e: {"technology": t[0], "freq_mhz": f, "eirp_dbm": e},
        st.sampled_from([("LTE",), ("NR",), ("GSM",)]),
        st.sampled_from([800.0, 900.0, 1800.0]),
        st.integers(45, 65).map(float),
    ),
    min_size=1,
    max_size=2,
)
spots = st.tuples(st.integers(0, 10_000), st.integers(0, 10_000))
masts = st.lists(
    st.builds(
        lambda at, operator, bands, azimuths, height: mast(
            at=at, operator=operator, bands=bands, azimuths_deg=azimuths, height_m=height
        ),
        spots,
        st.sampled_from(["Mạng A", "Mạng B", "Mạng C"]),
        bands,
        st.sampled_from([[], [0.0, 120.0, 240.0], [75.0]]),
        st.sampled_from([15.0, 35.0, 80.0]),
    ),
    max_size=3,
)
changes = st.lists(
    st.one_of(
        st.builds(
            lambda s, t: {"site_id": s, "turn_deg": t},
            st.sampled_from([*SITES]),
            st.integers(-90, 90).map(float),
        ),
        st.builds(
            lambda c, h: {"cell_id": c, "height_m": h},
            st.sampled_from(CELL_IDS),
            st.sampled_from([20.0, 50.0]),
        ),
        st.builds(
            lambda s, at: {"site_id": s, "longitude": place(*at)[0], "latitude": place(*at)[1]},
            st.sampled_from([*SITES]),
            spots,
        ),
    ),
    max_size=3,
)


@pytest.mark.slow
@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(masts, changes, st.lists(st.sampled_from(CELL_IDS), max_size=3, unique=True))
def test_any_scenario_is_as_a_run_of_it(studio, tmp_path, built, changed, off):
    for number, one in enumerate(built):
        one["site_id"] = f"N-{number}"
    hold_to_a_run(studio, scenario(masts=built, changes=changed, off={"cells": off}), tmp_path)


def test_the_same_however_it_was_come_to(studio):
    """Edits leave nothing behind: the study as it stands is the same after any of them."""
    first, other = scenario(masts=[mast()]), scenario(off={"sites": ["T1"]})
    answers = [studio.see(one) for one in (first, other, first)]
    for one, two in itertools.pairwise([answers[0], answers[2]]):
        assert one.coverage.villages.drop(columns="geometry").equals(
            two.coverage.villages.drop(columns="geometry")
        )
    assert not studio.see(AS_IT_STANDS).signal.patches


def test_what_is_not_there_is_named(studio):
    with pytest.raises(StudyError, match="T9"):
        studio.see(scenario(off={"sites": ["T9"]}))


def test_a_stopped_edit_leaves_everything_as_it_was(studio, tmp_path):
    class Stop:
        def start(self, step, *_):
            if step == "combine":
                raise InterruptedError

        advance = message = lambda *_: None

    with pytest.raises(InterruptedError):
        studio.see(scenario(masts=[mast(at=(4000, 4000))]), Stop())
    hold_to_a_run(studio, scenario(masts=[mast(at=(4000, 4000))]), tmp_path)


def test_rasters_of_the_first_pass_are_those_that_are_held(studio):
    window = studio.now.inputs.grid.window
    seen = studio.see(AS_IT_STANDS)
    with LayerReader(studio.now.signal.layers) as reader:
        for i in range(len(studio.now.signal.layers)):
            assert (reader.read(i, window).ticks == seen.signal.read(i, window).ticks).all()


DEFINITIONS = [
    {},
    {"threshold_offset_db": 6.0},
    {"threshold_offset_db": -9.5, "probability": 0.9},
    {"covered_share": 0.4, "place": "indoor"},
    {"threshold_offset_db": 3.0, "place": "in_vehicle"},
]


def looked_up(studio, seen, asked, coverage):
    """Hold what is looked up in sums to tables of all places summed; return the indicators."""
    found = studio.verdicts(seen, Definition(**asked))
    place = asked.get("place", "outdoor")
    table = coverage.by_layer if place == "outdoor" else coverage.by_place
    names = ["grade", "served_share", "people_unserved", "probability_centre", "served_centre"]
    for name in [*names, *(["level_centre_dbm"] if place == "outdoor" else [])]:
        np.testing.assert_array_equal(
            getattr(found.verdicts, name).ravel(), table[name].to_numpy(), err_msg=name
        )
    return found.indicators


@pytest.mark.parametrize("asked", DEFINITIONS)
def test_another_definition_is_as_a_run_under_it(studio, tmp_path, asked):
    both = scenario(masts=[mast()], off={"cells": ["C41"]})
    seen = studio.see(both)
    study, coverage = studio.define(seen, Definition(**asked))
    run = compute(study.model_copy(update={"scenario": both}), tmp_path)
    indicators = looked_up(studio, seen, asked, run.coverage)
    for name in ("villages", "by_layer", "circles", "by_place"):
        same_tables(getattr(coverage, name), getattr(run.coverage, name))
    same_tables(indicators.to_frame("en"), run.indicators.to_frame("en"))


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory):
    """Held with all that measurements may add: offsets, sight, a slope, a field that tightens."""
    folder = tmp_path_factory.mktemp("calibrated")
    x = X0 + np.arange(1000.0, 6000.0, 250.0)
    road = Kriged(
        Variogram(9.0, 60.0, 400.0),
        x,
        np.full(x.size, Y0 + 4800.0),
        np.full(x.size, -4.0),
        np.ones(x.size),
    )
    about = {"name": "x", "date": "2026-01-01", "crs": "EPSG:32648", "measurements": []}
    field = ResidualField(road.variogram, {("Mạng A", "LTE"): road}, about)
    radio = {
        "model": "p1812",
        "radius_km": 4.0,
        "residual_field": "field.json",
        "offsets_db": {"LTE": -2.5},
        "obstruction_offsets_db": {"clear": 3.0, "obstructed": -2.0},
        "slopes": {"log_distance": {"db_per_unit": -3.0, "low": -0.5, "high": 0.6}},
    }
    study = make_hills(folder, radio=radio)
    (folder / "field.json").write_text(field.text(), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        small_tiles(patch)
        with Studio(study) as held:
            yield held


@pytest.mark.parametrize(
    "case", ["a mast off", "a whole layer off", "moved, raised, turned", "a new carrier"]
)
def test_a_calibrated_study_too(calibrated, tmp_path, case):
    said = CASES[case]
    hold_to_a_run(calibrated, scenario(**{"masts": [mast(at=(3000, 4700))], **said}), tmp_path)


def test_a_calibrated_study_under_another_definition(calibrated, tmp_path):
    both = scenario(masts=[mast(at=(3000, 4700))])
    asked = {"threshold_offset_db": 4.0, "probability": 0.9, "place": "indoor"}
    seen = calibrated.see(both)
    study, coverage = calibrated.define(seen, Definition(**asked))
    run = compute(study.model_copy(update={"scenario": both}), tmp_path)
    looked_up(calibrated, seen, asked, run.coverage)
    for name in ("by_layer", "by_place"):
        same_tables(getattr(coverage, name), getattr(run.coverage, name))


definitions = st.fixed_dictionaries(
    {},
    optional={
        "threshold_offset_db": st.one_of(st.integers(-20, 20), st.floats(-20, 20)),
        "probability": st.floats(0.5, 0.99),
        "covered_share": st.floats(0.05, 1.0),
        "place": st.sampled_from(["outdoor", "in_vehicle", "indoor"]),
    },
)
plenty = settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def hold_sums(studio, built, off, asked):
    for number, one in enumerate(built):
        one["site_id"] = f"N-{number}"
    seen = studio.see(scenario(masts=built, off={"cells": off}))
    for one in asked:  # one after the other: what is held of the first serves the next
        _, coverage = studio.define(seen, Definition(**one))
        looked_up(studio, seen, one, coverage)


@pytest.mark.slow
@plenty
@given(
    masts,
    st.lists(st.sampled_from(CELL_IDS), max_size=4, unique=True),
    st.lists(definitions, min_size=1, max_size=3),
)
def test_what_is_looked_up_is_what_is_summed(studio, built, off, asked):
    hold_sums(studio, built, off, asked)


@pytest.mark.slow
@plenty
@given(masts, st.lists(definitions, min_size=1, max_size=3))
@example(
    built=[
        mast(
            at=(4139, 194),
            operator="Mạng B",
            bands=[{"technology": "NR", "freq_mhz": 1800.0, "eirp_dbm": 49.0}],
            azimuths_deg=[75.0],
            height_m=35.0,
        ),
        mast(
            at=(5305, 2879),
            operator="Mạng B",
            bands=[{"technology": "LTE", "freq_mhz": 900.0, "eirp_dbm": 60.0}],
            azimuths_deg=[0.0, 120.0, 240.0],
            height_m=35.0,
        ),
        mast(
            at=(46, 0),
            operator="Mạng B",
            bands=[
                {"technology": "GSM", "freq_mhz": 1800.0, "eirp_dbm": 51.0},
                {"technology": "LTE", "freq_mhz": 900.0, "eirp_dbm": 58.0},
            ],
            azimuths_deg=[0.0, 120.0, 240.0],
            height_m=80.0,
        ),
    ],
    asked=[
        {
            "threshold_offset_db": -9,
            "place": "in_vehicle",
            "covered_share": 0.198,
            "probability": 0.97,
        },
        {"covered_share": 0.7791767892385942, "place": "outdoor"},
        {
            "covered_share": 0.81061,
            "probability": 0.8522099081164061,
            "threshold_offset_db": -16,
            "place": "indoor",
        },
    ],
)
def test_what_is_looked_up_is_what_is_summed_near_measurements(calibrated, built, asked):
    hold_sums(calibrated, built, [], asked)


def test_who_serves_in_the_open_is_who_is_looked_up_behind_a_wall(studio):
    """Of high and low bands the high one may serve in the open where the low one alone gets in."""
    high = {"technology": "NR", "freq_mhz": 3500.0, "eirp_dbm": 68.0}
    low = {"technology": "LTE", "freq_mhz": 900.0, "eirp_dbm": 52.0}
    seen = studio.see(scenario(masts=[mast(operator="Mạng Z", bands=[high, low])]))
    for offset in (0.0, -15.0):
        asked = {"threshold_offset_db": offset, "place": "indoor"}
        _, coverage = studio.define(seen, Definition(**asked))
        looked_up(studio, seen, asked, coverage)


def test_one_village_is_summed_as_all_are(studio):
    seen = studio.see(scenario(masts=[mast()]))
    asked = Definition(threshold_offset_db=7.0, place="indoor")
    (_, every), (_, some) = studio.define(seen, asked), studio.define(seen, asked, rows=[5, 11])
    for name in ("by_layer", "by_place"):
        tables = [
            table[table["code"].isin(every.villages["code"].iloc[[5, 11]])]
            for table in (getattr(every, name), getattr(some, name))
        ]
        same_tables(*tables)
