"""Villages when masts fall silent: equal to a run without those masts, event by event."""

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.radio import BARE, X0, Y0, cells_frame, make_inputs, make_study, villages_frame
from helpers.signal import cell_box, centre_of
from phusong.coverage.signal.losses import Losses
from phusong.coverage.signal.signal import compute_signal
from phusong.coverage.signal.store import EntryError, PathLossStore
from phusong.coverage.silence import vicinities
from phusong.coverage.silence.silenced import SilencedVillages
from phusong.coverage.villages.assess import assess_villages
from phusong.coverage.villages.verdict import grade

ROWS, COLS, CELL = 90, 150, 30.0
SITES = {f"S{i}": (20 + 25 * (i % 3), 15 + 20 * i) for i in range(7)}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Rough ground, seven masts of two carriers and three technologies, nine villages."""
    folder = tmp_path_factory.mktemp("silence")
    rng = np.random.default_rng(3)
    heights = 400.0 + rng.normal(0, 9, (ROWS, COLS)).cumsum(axis=0).cumsum(axis=1) / 30
    rows = []
    for i, name in enumerate(SITES):
        rows.append(
            {
                "cell_id": f"{name}a",
                "site_id": name,
                "operator": "Viettel" if i % 2 else "VNPT",
                "freq_mhz": [800.0, 1800.0, 2600.0][i % 3],
                "eirp_dbm": 44.0 + 2 * i,
            }
        )
        if i % 2:
            rows.append({**rows[-1], "cell_id": f"{name}b", "technology": "NR", "eirp_dbm": 48.0})
        if i == 4:
            rows.append({**rows[-1], "cell_id": f"{name}g", "technology": "GSM"})
    villages = {
        f"V{r}{c}": cell_box(4 + 28 * r, 4 + 48 * c, 24, 40) for r in range(3) for c in range(3)
    }
    inputs = make_inputs(
        folder,
        cells=cells_frame(rows),
        sites={name: centre_of(*place) for name, place in SITES.items()},
        villages=villages_frame(villages, {"V00": (X0 - 500.0, Y0)}),
        heights=heights,
        people=rng.random((ROWS, COLS)),
    )
    study = make_study(folder, radio={**BARE, "radius_km": 3.5})
    return folder, inputs, study, PathLossStore(folder / "store")


@pytest.fixture(scope="module")
def heard(world):
    _, inputs, study, store = world
    return SilencedVillages(inputs, study, store)


def run(world, folder, silent=frozenset()):
    _, inputs, study, store = world
    cells = inputs.cells.copy()
    cells["in_service"] = ~cells["site_id"].isin(silent)
    left = dataclasses.replace(inputs, cells=cells)
    folder.mkdir()
    return assess_villages(left, study, compute_signal(left, study, folder, store)).villages


EVENTS = [frozenset(e) for e in ({"S0"}, {"S3"}, {"S1", "S2", "S3"}, {"S6", "S5"}, {"nobody"})]
MANY = frozenset({"S0", "S1", "S2", "S3", "S4", "S5"})


@pytest.mark.parametrize("cells", [2500, 10**6])
def test_every_event_equals_a_run_without_its_sites(world, tmp_path, monkeypatch, cells):
    """Villages looked at together or apart: the numbers stay the same."""
    monkeypatch.setattr(vicinities, "_CELLS", cells)
    _, inputs, study, store = world
    now, changes = SilencedVillages(inputs, study, store).without([*EVENTS, MANY])
    before = run(world, tmp_path / "now")
    assert now["share"].to_numpy() == pytest.approx(before["served_share"].to_numpy(), abs=1e-12)
    assert (now["centre"] == before["served_centre"].to_numpy()).all()
    assert (now["grade"] == before["grade"].to_numpy()).all()
    for k, event in enumerate([*EVENTS, MANY]):
        after = run(world, tmp_path / f"{k}", event)
        share, centre = now["share"].to_numpy().copy(), now["centre"].to_numpy().copy()
        share[changes[k].village] = changes[k].share
        centre[changes[k].village] = changes[k].centre
        assert share == pytest.approx(after["served_share"].to_numpy(), abs=1e-12)
        assert (centre == after["served_centre"].to_numpy()).all()
    assert len(changes[2].village)
    assert not len(changes[4].village)


@given(silent=st.sets(st.sampled_from(sorted(SITES)), min_size=1, max_size=6))
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_set_of_sites_equals_a_run_without_them(world, heard, tmp_path_factory, silent):
    after = run(world, tmp_path_factory.mktemp("after") / "run", silent)
    now, (change,) = heard.without([frozenset(silent)])
    share, centre = now["share"].to_numpy().copy(), now["centre"].to_numpy().copy()
    share[change.village], centre[change.village] = change.share, change.centre
    assert share == pytest.approx(after["served_share"].to_numpy(), abs=1e-12)
    assert (centre == after["served_centre"].to_numpy()).all()


def test_a_village_no_longer_heard_at_all(world):
    _, inputs, study, store = world
    _, (change,) = SilencedVillages(inputs, study, store).without([frozenset(SITES)])
    assert (change.share == 0).all()
    assert not change.centre.any()


def test_no_events_change_nothing(world):
    _, inputs, study, store = world
    now, changes = SilencedVillages(inputs, study, store).without([])
    assert len(now) == 9
    assert changes == []


@pytest.mark.parametrize("hollow_share", [1e-9, 0.5])
def test_grades_equal_a_run_where_nobody_is_left(world, tmp_path, hollow_share):
    """With next to no share asked a village that nobody serves is hollow: so it is defined."""
    folder, inputs, study, store = world
    asked = study.model_copy(
        update={
            "verdict": study.verdict.model_copy(update={"hollow_share": hollow_share}),
            "radio": study.radio.model_copy(update={"radius_km": 0.8}),
        }
    )
    silent = frozenset(SITES) - {"S0"}
    now, (change,) = SilencedVillages(inputs, asked, store).without([silent])
    grades = now["grade"].to_numpy(dtype=object)
    grades[change.village] = grade(change.centre, change.share, asked.verdict)
    after = run((folder, inputs, asked, store), tmp_path / "after", silent)
    assert (change.share == 0).any()
    assert grades.tolist() == after["grade"].tolist()


def test_a_damaged_path_loss_is_computed_again(world, monkeypatch):
    _, inputs, study, store = world
    now, (before,) = SilencedVillages(inputs, study, store).without([EVENTS[2]])
    read, broken = Losses.read, []

    def fails_once(self, mast, *rest):
        if not broken:
            broken.append(mast)
            raise EntryError("damaged")
        return read(self, mast, *rest)

    monkeypatch.setattr(Losses, "read", fails_once)
    again, (after,) = SilencedVillages(inputs, study, store).without([EVENTS[2]])
    assert broken
    assert again.equals(now)
    assert after.village.tolist() == before.village.tolist()
    assert after.share.tolist() == before.share.tolist()
