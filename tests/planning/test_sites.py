"""Candidate masts: where they may stand, and which dark villages they cover."""

import dataclasses

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import LineString, box

from helpers.radio import BARE, X0, Y0, cells_frame, make_inputs, make_study, villages_frame
from helpers.signal import cell_box, centre_of
from phusong.coverage.signal.signal import compute_signal
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.villages.assess import assess_villages
from phusong.coverage.villages.verdict import COVERED
from phusong.planning.sites.equipment import site_names, with_sites
from phusong.planning.sites.places import (
    EXISTING,
    around,
    candidate_places,
    high_points,
    near_area,
)
from phusong.planning.sites.service import find_service
from phusong.study.settings.planning import CandidatePlaces, NewSite

ROWS, COLS, CELL = 160, 240, 30.0


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Hills, a mast in the west, six villages; the eastern ones lie behind a ridge."""
    folder = tmp_path_factory.mktemp("world")
    rng = np.random.default_rng(7)
    x = np.arange(COLS)
    ridge = 260.0 * np.exp(-(((x - 110) / 6.0) ** 2))
    heights = 300.0 + ridge[None, :] + rng.normal(0, 6, (ROWS, COLS)).cumsum(axis=0) / 4
    villages = {
        "W": cell_box(60, 20, 30, 30),
        "E1": cell_box(20, 130, 30, 30),
        "E2": cell_box(20, 190, 30, 30),
        "E3": cell_box(110, 130, 30, 30),
        "E4": cell_box(110, 195, 35, 40),
        "R": cell_box(70, 104, 20, 14),
    }
    inputs = make_inputs(
        folder,
        cells=cells_frame([{"cell_id": "a", "site_id": "A", "freq_mhz": 1800.0}]),
        sites={"A": centre_of(70, 30)},
        villages=villages_frame(villages),
        heights=heights,
        people=np.full((ROWS, COLS), 0.3),
    )
    study = make_study(
        folder,
        radio={**BARE, "radius_km": 9.0},
        verdict={"covered_share": 0.85},
    )
    store = PathLossStore(folder / "store")
    signal = compute_signal(inputs, study, folder / "now", store)
    coverage = assess_villages(inputs, study, signal)
    return folder, inputs, study, store, signal, coverage


def places_of(world, **settings):
    _, inputs, _, _, _, coverage = world
    dark = inputs.villages[(coverage.villages["grade"] != COVERED).to_numpy()]
    roads = gpd.GeoDataFrame(
        geometry=[LineString([centre_of(80, 120), centre_of(80, 230)])], crs=inputs.crs
    )
    inputs = dataclasses.replace(inputs, roads=roads)
    return candidate_places(inputs, dark, CandidatePlaces(**settings)), inputs


def test_what_a_candidate_covers_is_what_a_run_with_it_says(world, tmp_path):
    """Every candidate is built by itself, the whole province run, and the verdicts compared."""
    _folder, inputs, study, store, signal, coverage = world
    places, _ = places_of(world, near_km=1.5, spacing_m=1800.0, most=12)
    new = NewSite(height_m=30.0, eirp_dbm=52.0)
    dark = np.flatnonzero((coverage.villages["grade"] != COVERED).to_numpy())
    service = find_service(inputs, study, signal, dark, places, new, store)
    found = set(zip(service.place.tolist(), service.village.tolist(), strict=True))
    assert not service.problems_of.any()
    expected = set()
    for i in range(len(places)):
        built = with_sites(inputs, places.only(np.array([i])), new)
        (tmp_path / str(i)).mkdir()
        after = assess_villages(
            built, study, compute_signal(built, study, tmp_path / str(i), store)
        ).villages
        good = (after["grade"] == COVERED).to_numpy()[dark]
        expected |= {(i, v) for v in np.flatnonzero(good).tolist()}
        share = after["served_share"].to_numpy()[dark]
        assert (service.share >= share - 1e-9).all() or not (share > 0).any()
    assert found == expected
    assert 3 <= len(expected) < len(places) * len(dark)


def test_a_damaged_loss_is_computed_again(world):
    _, inputs, study, store, signal, coverage = world
    dark = np.flatnonzero((coverage.villages["grade"] != COVERED).to_numpy())
    places, _ = places_of(world, near_km=1.5, spacing_m=1800.0, most=5)
    asked = (inputs, study, signal, dark, places, NewSite(height_m=30.0, eirp_dbm=52.0))
    first = find_service(*asked, store)
    newest = max(store.place.rglob("*.loss"), key=lambda path: path.stat().st_mtime_ns)
    whole = newest.read_bytes()
    newest.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    again = find_service(*asked, store)
    assert newest.read_bytes() == whole
    assert (again.place == first.place).all()
    assert (again.village == first.village).all()
    assert (again.share == first.share).all()


def test_two_masts_together_cover_what_none_does(world, tmp_path):
    _, inputs, study, store, signal, coverage = world
    dark = np.flatnonzero((coverage.villages["grade"] != COVERED).to_numpy())
    places, _ = places_of(world, near_km=0.3, spacing_m=400.0)
    new = NewSite(height_m=8.0, eirp_dbm=33.0)
    service = find_service(inputs, study, signal, dark, places, new, store)
    assert len(service.together)
    assert not set(service.together.tolist()) & set(service.village.tolist())
    for k in range(0, len(service.together), max(1, len(service.together) // 4)):
        pair = np.array([service.first[k], service.second[k]])
        built = with_sites(inputs, places.only(pair), new)
        (tmp_path / str(k)).mkdir()
        after = assess_villages(
            built, study, compute_signal(built, study, tmp_path / str(k), store)
        ).villages
        assert after["grade"].iloc[dark[service.together[k]]] == COVERED


def test_high_points_are_the_highest_of_their_squares(world):
    _, inputs, *_ = world
    area = box(*inputs.grid.bounds)
    points = high_points(inputs.terrain, area, 900.0)
    height = inputs.terrain.read(inputs.grid.window)
    row, col = inputs.grid.cell_of(points[:, 0], points[:, 1])
    square = np.column_stack([np.floor(points[:, 0] / 900.0), np.floor(points[:, 1] / 900.0)])
    assert len(np.unique(square, axis=0)) == len(points)
    rows, cols = np.indices(height.shape)
    x, y = X0 + (cols + 0.5) * CELL, Y0 - (rows + 0.5) * CELL
    for r, c, (sx, sy) in zip(row, col, square, strict=True):
        inside = (np.floor(x / 900.0) == sx) & (np.floor(y / 900.0) == sy)
        assert height[r, c] == height[inside].max()


def test_places_are_near_apart_allowed_and_few_enough(world):
    places, _inputs = places_of(world, near_km=1.0, spacing_m=600.0, apart_m=200.0)
    assert {"village", "high", "road"} <= set(places.kind)
    assert len(set(places.place_id)) == len(places)
    xy = np.column_stack([places.x_m, places.y_m])
    away = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    assert away[np.triu_indices(len(xy), 1)].min() >= 200.0
    few, _ = places_of(world, near_km=1.0, spacing_m=600.0, apart_m=200.0, most=5)
    assert len(few) == 5
    assert set(few.place_id) <= set(places.place_id)
    far, _ = places_of(world, near_km=9.0, spacing_m=600.0)
    assert "A" in far.place_id[far.kind == EXISTING]


def test_places_round_a_plan_are_new_near_it_and_few_enough(world):
    known, inputs = places_of(world, near_km=1.0, spacing_m=600.0, apart_m=200.0)
    centre = known.only(np.array([0]))
    wanted = CandidatePlaces(apart_m=50.0, most=1000)
    more = around(centre, known, inputs, 200.0, wanted)
    away = np.hypot(more.x_m - centre.x_m[0], more.y_m - centre.y_m[0])
    assert len(more) > 4
    assert away.max() <= 300.0
    assert not set(more.place_id) & set(known.place_id)
    few = around(centre, known, inputs, 200.0, wanted.model_copy(update={"most": 6}))
    nearest = more.only(np.sort(np.argsort(away, kind="stable")[:3]))
    assert list(few.place_id) == list(nearest.place_id)


def test_nothing_new_stands_where_it_is_forbidden(world):
    _, inputs, _, _, _, coverage = world
    dark = inputs.villages[(coverage.villages["grade"] != COVERED).to_numpy()]
    zone = cell_box(0, 0, ROWS, 150)
    forbidden = gpd.GeoDataFrame(geometry=[zone], crs=inputs.crs)
    settings = CandidatePlaces(near_km=9.0, along_roads=False)
    places = candidate_places(inputs, dark, settings, forbidden=forbidden)
    fresh = places.only(places.kind != EXISTING)
    assert len(fresh)
    assert not zone.intersects(near_area(dark, 0.0)) or (fresh.x_m > zone.bounds[2]).all()
    assert "A" in places.place_id


def test_a_new_site_takes_no_name_that_is_taken(world):
    _, inputs, *_ = world
    places, _ = places_of(world, near_km=9.0, spacing_m=2000.0)
    taken = inputs.sites.assign(site_id=[f"NEW-{places.place_id[1]}"])
    names = site_names(places, dataclasses.replace(inputs, sites=taken))
    assert names[1] == f"NEW-{places.place_id[1]}'"


def test_nothing_is_built_of_kinds_that_are_not_wanted(world):
    _, inputs, _, _, _, coverage = world
    dark = inputs.villages[(coverage.villages["grade"] != COVERED).to_numpy()]
    none = CandidatePlaces(
        existing=False, high_points=False, along_roads=False, village_centres=False
    )
    assert not len(candidate_places(inputs, dark, none))
