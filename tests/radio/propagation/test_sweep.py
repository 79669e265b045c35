"""The sweep: equal to the formula of each path, whole, and the same however it is run."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from phusong.coverage.propagation import (
    FLAG_BEYOND_RADIUS,
    FLAG_BRANCH_NEAR,
    FLAG_FREE_SPACE,
    FLAG_LINE_OF_SIGHT,
    FLAG_NO_DATA,
    FLAG_NOT_ASKED,
    PathLoss,
    PropagationSettings,
    Surface,
    Transmitter,
    propagate,
)
from phusong.coverage.propagation.p526.path import free_space_db, p526_path
from phusong.coverage.propagation.p526.sweep import sweep_p526
from phusong.coverage.propagation.p1812.path import p1812_path
from phusong.coverage.propagation.p1812.sweep import sweep_p1812
from phusong.coverage.propagation.registry import MODELS
from phusong.coverage.propagation.surroundings import SURROUNDINGS, Ends
from phusong.coverage.propagation.walk.approach import (
    OWN_POINTS,
    own_ground,
    own_nearest,
    shared_points,
)
from phusong.coverage.propagation.walk.fan import bilinear, fan_of, nearest_radial, points_before
from phusong.coverage.propagation.walk.hull import highest, push, tangent
from phusong.coverage.propagation.walk.profile import cell_profile, line_profile
from phusong.coverage.propagation.walk.receivers import bundles_in_turn
from phusong.coverage.propagation.walk.sight import BLOCK, close_block, nearest_to_ray
from phusong.coverage.propagation.walk.skyline import highest_above
from phusong.coverage.propagation.walk.zones import ZONE_STATE
from phusong.errors import ModelError
from phusong.jit import get_num_threads, set_num_threads
from worlds.terrain import filled, read_tile, rough_ground

CELLS = 480
CELL_M = 30.0
FREQS = (700.0, 2600.0)
MAST = Transmitter(7_213.0, 7_188.0, 35.0)
MOUNTAINS = rough_ground(CELLS, relief_m=900.0)
PLAIN = rough_ground(CELLS, relief_m=12.0, seed=2, roughness=1.6)


def surface(ground: NDArray[np.float32], **layers: Any) -> Surface:
    return Surface(ground, 0.0, ground.shape[0] * CELL_M, CELL_M, **layers)


def clutter_layer() -> NDArray[np.float32]:
    random = np.random.default_rng(3)
    return np.where(random.random((CELLS, CELLS)) < 0.25, 12.0, 0.0).astype(np.float32)


def zone_layer() -> NDArray[np.uint8]:
    level = rough_ground(CELLS, relief_m=1.0, seed=9)
    low, high = np.percentile(level, (50, 62))
    return np.where(level < low, 1, np.where(level < high, 3, 4)).astype(np.uint8)


def receivers(result: PathLoss, count: int, seed: int = 0) -> list[tuple[int, int]]:
    usable = np.isfinite(result.loss_db[0]) & (result.flags & FLAG_FREE_SPACE == 0)
    rows, cols = np.nonzero(usable)
    chosen = np.random.default_rng(seed).choice(rows.size, min(count, rows.size), replace=False)
    return [(int(rows[i]), int(cols[i])) for i in chosen]


def worst_difference(
    ground: Surface, mast: Transmitter, config: PropagationSettings, count: int
) -> float:
    """Largest |sweep − direct formula on the identical profile|, dB; branches near are counted."""
    p526 = config.model == "p526"
    sweep = sweep_p526 if p526 else sweep_p1812
    result = sweep(ground, mast, FREQS, config, np.float64)
    worst, near = 0.0, 0
    for row, col in receivers(result, count):
        profile = cell_profile(ground, mast, config, row + result.row0, col + result.col0)
        if result.flags[row, col] & FLAG_BRANCH_NEAR:
            near += 1
            continue
        common: dict[str, Any] = {
            "tx_height_m": mast.height_m,
            "rx_height_m": config.rx_height_m,
            "polarisation": config.polarisation,
            "clutter_m": profile.clutter_m,
        }
        for band, freq in enumerate(FREQS):
            path: Any
            if p526:
                path = p526_path(profile.distance_m, profile.height_m, freq_mhz=freq, **common)
                sight = path.in_sight
                assert bool(result.flags[row, col] & FLAG_LINE_OF_SIGHT) == sight
            else:
                path = p1812_path(
                    profile.distance_m,
                    profile.height_m,
                    freq_mhz=freq,
                    zone=profile.zone,
                    time_percent=config.time_percent,
                    latitude_deg=config.latitude_deg,
                    delta_n=config.delta_n,
                    n0=config.n0,
                    **common,
                )
            worst = max(worst, abs(path.loss_db - result.loss_db[band, row, col]))
    assert near <= count // 100
    return worst


@pytest.mark.parametrize("ground", [MOUNTAINS, PLAIN], ids=["mountains", "plain"])
@pytest.mark.parametrize("clutter", [False, True])
def test_p526_equals_the_path_formula(ground: NDArray[np.float32], clutter: bool) -> None:
    layers = {"clutter_m": clutter_layer()} if clutter else {}
    config = PropagationSettings(radius_m=7000.0)
    assert worst_difference(surface(ground, **layers), MAST, config, 1500) < 1e-6


@pytest.mark.parametrize("ground", [MOUNTAINS, PLAIN], ids=["mountains", "plain"])
@pytest.mark.parametrize("percent", [50.0, 10.0, 1.0])
def test_p1812_equals_the_path_formula(ground: NDArray[np.float32], percent: float) -> None:
    config = PropagationSettings(model="p1812", radius_m=7000.0, time_percent=percent)
    assert worst_difference(surface(ground), MAST, config, 500) < 1e-6


@pytest.mark.parametrize("percent", [50.0, 3.0])
@pytest.mark.parametrize("polarisation", ["h", "v"])
def test_p1812_equals_the_path_formula_with_clutter_and_sea(
    percent: float, polarisation: Any
) -> None:
    zone = zone_layer()
    ground = np.where(zone == 1, 0.0, PLAIN).astype(np.float32)
    clutter = np.where(zone == 1, 0.0, clutter_layer()).astype(np.float32)
    config = PropagationSettings(
        model="p1812", radius_m=7000.0, time_percent=percent, polarisation=polarisation
    )
    layers = surface(ground, clutter_m=clutter, zone=zone)
    assert worst_difference(layers, MAST, config, 500) < 1e-6


@pytest.mark.parametrize("steps", [(15.0, 60.0), (45.0, 20.0)])
def test_any_steps_equal_the_path_formula(steps: tuple[float, float]) -> None:
    config = PropagationSettings(radius_m=6000.0, radial_step_m=steps[0], arc_step_m=steps[1])
    assert worst_difference(surface(MOUNTAINS), MAST, config, 300) < 1e-6


def test_real_mountains_equal_the_path_formula(shared: Path) -> None:
    archive = shared / "realdata/andorra/N42E001.hgt.zip"
    if not archive.is_file():
        pytest.skip(f"no SRTM tile at {archive}")
    tile = filled(read_tile(archive))
    # Cells of a tile are 90 m north to south; what matters here is real relief, not its place.
    ground = Surface(tile[500:900, 500:900].astype(np.float32), 0.0, 36_000.0, 90.0)
    mast = Transmitter(18_040.0, 17_950.0, 30.0)
    for config in (
        PropagationSettings(radius_m=15_000.0),
        PropagationSettings(model="p1812", radius_m=15_000.0),
        PropagationSettings(model="p1812", radius_m=15_000.0, time_percent=10.0),
    ):
        assert worst_difference(ground, mast, config, 1500) < 1e-6


@pytest.mark.parametrize("model", ["p526", "p1812"])
def test_the_number_of_threads_changes_nothing(model: str) -> None:
    before = get_num_threads()
    config = PropagationSettings(model=model, radius_m=5000.0, time_percent=10.0)
    results = []
    try:
        for threads in (1, min(2, before)):
            set_num_threads(threads)
            results.append(propagate(surface(MOUNTAINS), MAST, FREQS, config))
    finally:
        set_num_threads(before)
    one, two = results
    assert one.loss_db.tobytes() == two.loss_db.tobytes()
    assert one.elevation_deg.tobytes() == two.elevation_deg.tobytes()
    assert one.flags.tobytes() == two.flags.tobytes()


@pytest.mark.parametrize("model", ["p526", "p1812", "free_space"])
def test_every_cell_of_the_disc_has_a_value_or_a_reason(model: str) -> None:
    ground = MOUNTAINS.copy()
    ground[100:110, 300:330] = np.nan
    config = PropagationSettings(model=model, radius_m=6500.0)
    result = propagate(surface(ground), MAST, (900.0,), config)
    rows = result.row0 + np.arange(result.flags.shape[0])
    cols = result.col0 + np.arange(result.flags.shape[1])
    y = CELLS * CELL_M - (rows + 0.5) * CELL_M
    x = (cols + 0.5) * CELL_M
    inside = np.hypot(y[:, None] - MAST.y_m, x[None, :] - MAST.x_m) <= 6500.0
    assert np.array_equal(inside, result.flags & FLAG_BEYOND_RADIUS == 0)
    missing = np.isnan(result.loss_db[0])
    reason = result.flags & (FLAG_BEYOND_RADIUS | FLAG_NO_DATA) != 0
    assert np.array_equal(missing, reason)
    assert np.array_equal(np.isnan(result.elevation_deg), reason)
    hole = np.isnan(ground)[result.row0 :, result.col0 :][: rows.size, : cols.size] & inside
    assert (result.flags[hole] & FLAG_NO_DATA).all()
    assert missing[inside].mean() < 0.1
    if model != "free_space":
        assert missing[inside].sum() > hole.sum()  # what lies behind the hole is unknown too


@pytest.mark.parametrize("model", sorted(MODELS))
def test_cells_not_asked_for_change_no_other(model: str) -> None:
    """What is asked for has the same bytes as in the whole disc, under every model."""
    size = 90
    heights = rough_ground(size, relief_m=250.0, seed=3)
    heights[40:44, 60:66] = np.nan
    asked = np.random.default_rng(1).random(heights.shape) < 0.1
    low, high = MODELS[model].freq_mhz
    freqs = (min(max(900.0, low), high),)
    mast = Transmitter(1_373.0, 1_321.0, min(35.0, MODELS[model].tx_height_m[1]))
    for ends in (None, Ends((SURROUNDINGS["suburban"],))):
        config = PropagationSettings(
            model=model, radius_m=1_300.0, ends=ends, environment="suburban"
        )
        whole = propagate(surface(heights), mast, freqs, config)
        part = propagate(surface(heights, asked=asked), mast, freqs, config)
        rows, cols = whole.flags.shape
        wanted = asked[whole.row0 : whole.row0 + rows, whole.col0 : whole.col0 + cols]
        assert np.isfinite(part.loss_db[0][wanted]).sum() > 100
        for one, other in (
            (whole.loss_db[0], part.loss_db[0]),
            (whole.elevation_deg, part.elevation_deg),
            (whole.flags, part.flags),
        ):
            assert one[wanted].tobytes() == other[wanted].tobytes()
        assert np.isnan(part.loss_db[0][~wanted]).all()
        assert np.isnan(part.elevation_deg[~wanted]).all()
        left_out = ~wanted & np.isfinite(whole.loss_db[0])
        assert (part.flags[left_out] == FLAG_NOT_ASKED).all()


def test_a_ridge_shadows_what_lies_behind_it_and_north_is_up() -> None:
    ground = np.zeros((200, 200), np.float32)
    ground[60, :] = 120.0  # an east-west ridge, north of the mast
    mast = Transmitter(100.5 * CELL_M, 100.5 * CELL_M - CELL_M, 20.0)
    result = propagate(
        surface(ground), mast, (900.0,), PropagationSettings(radius_m=2500.0, rx_height_m=3.0)
    )
    north, south = 40 - result.row0, 160 - result.row0
    column = 100 - result.col0
    assert result.loss_db[0, north, column] > result.loss_db[0, south, column] + 15.0
    assert not result.flags[north, column] & FLAG_LINE_OF_SIGHT
    assert result.flags[south, column] & FLAG_LINE_OF_SIGHT
    # towards the ridge the antenna looks up at the horizon, not at the receiver behind it
    climb = math.degrees(math.atan((120.0 - 20.0) / (40 * CELL_M)))
    assert result.elevation_deg[north, column] == pytest.approx(climb, abs=0.15)
    assert result.elevation_deg[south, column] < 0.0


def test_near_the_mast_it_is_free_space_and_says_so() -> None:
    for model in ("p526", "p1812"):
        config = PropagationSettings(model=model, radius_m=1500.0)
        result = propagate(surface(PLAIN), MAST, (900.0,), config)
        near = result.flags & FLAG_FREE_SPACE != 0
        assert near.any()
        row, col = (int(v) for v in np.argwhere(near)[0])
        x = (result.col0 + col + 0.5) * CELL_M - MAST.x_m
        y = (CELLS - result.row0 - row - 0.5) * CELL_M - MAST.y_m
        drop = PLAIN[result.row0 + row, result.col0 + col] + 1.5
        mast_ground = cell_profile(surface(PLAIN), MAST, config, 239, 200).height_m[0]
        slant = math.sqrt(x * x + y * y + (drop - mast_ground - MAST.height_m) ** 2)
        want = free_space_db(900.0, slant) - (0.0478 if model == "p1812" else 0.0)
        assert result.loss_db[0, row, col] == pytest.approx(want, abs=1e-3)


def test_a_mast_at_the_corner_of_the_terrain() -> None:
    mast = Transmitter(1.0, 1.0, 30.0)
    result = propagate(surface(MOUNTAINS), mast, (900.0,), PropagationSettings(radius_m=3000.0))
    assert result.row0 + result.flags.shape[0] == CELLS
    assert result.col0 == 0
    inside = result.flags & FLAG_BEYOND_RADIUS == 0
    assert np.isfinite(result.loss_db[0][inside]).all()


@pytest.mark.parametrize(
    ("mast", "changes", "words"),
    [
        (Transmitter(-10.0, 100.0, 30.0), {}, "outside the terrain"),
        (Transmitter(7000.0, 99_000.0, 30.0), {}, "outside the terrain"),
        (Transmitter(45.0, CELLS * CELL_M - 45.0, 30.0), {}, "no height under the antenna"),
        (MAST, {"model": "p9999"}, "no propagation model"),
        (Transmitter(7000.0, 7000.0, 0.0), {}, "antenna height"),
        (MAST, {"rx_height_m": -1.0}, "receiver height"),
        (MAST, {"radius_m": 0.0}, "radius"),
        (MAST, {"model": "p1812", "time_percent": 70.0}, "time percentage"),
        (MAST, {"model": "p1812", "delta_n": 200.0}, "delta N"),
        (MAST, {"radial_step_m": -5.0}, "radial step"),
    ],
)
def test_refusals(mast: Transmitter, changes: dict[str, Any], words: str) -> None:
    ground = MOUNTAINS.copy()
    ground[1, 1] = np.nan
    with pytest.raises(ModelError, match=words):
        propagate(surface(ground), mast, (900.0,), PropagationSettings(**changes))


@pytest.mark.parametrize("freqs", [(), (0.0,), (7000.0,)])
def test_frequencies_out_of_range(freqs: tuple[float, ...]) -> None:
    with pytest.raises(ModelError, match="requency"):
        propagate(surface(PLAIN), MAST, freqs, PropagationSettings(model="p1812"))


def test_every_receiver_is_on_its_nearest_radial() -> None:
    config = PropagationSettings(radius_m=4000.0)
    fan = fan_of(surface(PLAIN), MAST, config)
    assert fan.start[-1] == fan.cells.size == np.unique(fan.cells).size
    radial = np.repeat(np.arange(fan.radials), np.diff(fan.start))
    d_row = fan.row0 + fan.cells // fan.cols - fan.tx_row
    d_col = fan.col0 + fan.cells % fan.cols - fan.tx_col
    off = np.arctan2(d_row, d_col) - 2 * np.pi * radial / fan.radials
    off = np.abs((off + np.pi) % (2 * np.pi) - np.pi)
    assert off.max() <= np.pi / fan.radials + 1e-6


@settings(max_examples=200, deadline=None)
@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.integers(8, 20_000))
def test_nearest_radial(d_row: float, d_col: float, radials: int) -> None:
    got = nearest_radial(d_row, d_col, radials)
    assert 0 <= got < radials
    if math.hypot(d_row, d_col) > 1e-6:
        off = math.atan2(d_row, d_col) - 2 * math.pi * got / radials
        assert abs(math.remainder(off, 2 * math.pi)) <= math.pi / radials + 1e-6


def test_a_profile_keeps_one_point_of_the_radial() -> None:
    assert [shared_points(n) for n in range(6)] == [0, 1, 1, 1, 1, 2]
    assert shared_points(100) == 100 - OWN_POINTS


@pytest.mark.parametrize("start", [(3.2, 4.7), (-0.4, -0.3)], ids=["inside", "at the border"])
def test_own_points_are_read_where_they_lie(start: tuple[float, float]) -> None:
    ground = MOUNTAINS[:12, :12].copy()
    layer = np.arange(144, dtype=np.float32).reshape(12, 12)
    line = (*start, 0.7, 0.3, 1, 3)
    out = np.empty(3)
    assert own_ground(ground, *line, out)
    places = [(start[0] + 0.7 * i, start[1] + 0.3 * i) for i in (1, 2, 3)]
    assert out == pytest.approx([bilinear(ground, *place) for place in places])
    own_nearest(layer, *line, out)
    assert out.tolist() == [layer[round(max(r, 0.0)), round(max(c, 0.0))] for r, c in places]
    row, col = places[1]
    ground[int(row) + 1, int(col) + 1] = np.nan
    assert not own_ground(ground, *line, out)


def test_the_last_point_keeps_half_a_step_away() -> None:
    assert points_before(10.0, 30.0) == 0
    assert points_before(44.9, 30.0) == 0
    assert points_before(45.0, 30.0) == 1
    assert points_before(1000.0, 30.0) == 32


grounds = st.lists(st.floats(-500.0, 500.0), min_size=2, max_size=80)


@settings(max_examples=200, deadline=None)
@given(grounds, st.floats(-800.0, 800.0), st.floats(0.1, 50.0), st.floats(-30.0, 30.0))
def test_hull_answers_like_a_look_at_every_point(
    ground: list[float], y: float, beyond: float, slope: float
) -> None:
    size = 0
    vertex = np.empty(len(ground), np.int32)
    hx, hy = np.empty(len(ground)), np.empty(len(ground))
    for i, height in enumerate(ground):
        size = push(vertex, hx, hy, size, i, 10.0 * i, height)
    px = 10.0 * (len(ground) - 1) + beyond
    x = 10.0 * np.arange(len(ground))
    at = tangent(hx, hy, size, px, y)
    direct = ((np.array(ground) - y) / (px - x)).max()
    assert (hy[at] - y) / (px - hx[at]) == pytest.approx(direct, rel=1e-9, abs=1e-9)
    at = highest(hx, hy, size, slope)
    assert hy[at] - slope * hx[at] == pytest.approx(
        (np.array(ground) - slope * x).max(), rel=1e-9, abs=1e-9
    )


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 120),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.3, 3.0, 60.0]),
    st.floats(0.5, 1.5),
    st.floats(0.01, 30.0),
    st.one_of(st.just(math.inf), st.floats(1e-6, 10.0)),
)
def test_nearest_to_ray_like_a_look_at_every_point(
    points: int, seed: int, relief: float, last: float, over: float, limit: float
) -> None:
    random = np.random.default_rng(seed)
    step = 30.0
    flat = np.append(0.0, np.cumsum(random.normal(0.0, relief, points)))
    x = step * np.arange(points + 1)
    total = (points + last) * step
    tx = flat[1:].max() + over * random.random() + 1e-3
    ray = ((flat[1:] - tx) / x[1:]).max() + over / total
    rx = tx + ray * total
    steepest = np.append(-np.inf, np.maximum.accumulate((flat[1:] - tx) / x[1:]))
    base, slope = np.empty(points // BLOCK + 1), np.empty(points // BLOCK + 1)
    for end in range(BLOCK, points + 1, BLOCK):
        close_block(flat, step, end, base, slope)
    guess = 1 + int(np.argmax((flat[1:] - rx) / (total - x[1:])))
    got, at = nearest_to_ray(flat, steepest, base, slope, points, step, total, tx, rx, guess, limit)
    c = tx + ray * x[1:] - flat[1:]
    q = c * c / (x[1:] * (total - x[1:]))
    if q.min() < limit:
        assert got == pytest.approx(q.min(), rel=1e-9, abs=1e-15)
        assert q[at - 1] == pytest.approx(q.min(), rel=1e-9, abs=1e-15)
    else:
        assert (got, at) == (limit, 0)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 100), st.integers(0, 2**32 - 1), st.floats(-1.0, 1.0), st.floats(-200.0, 50.0)
)
def test_highest_above_a_line(points: int, seed: int, slope: float, floor: float) -> None:
    random = np.random.default_rng(seed)
    heights = np.cumsum(random.normal(0.0, 10.0, points + 1))
    base, rise = np.empty(points // BLOCK + 1), np.empty(points // BLOCK + 1)
    for end in range(BLOCK, points + 1, BLOCK):
        close_block(heights, 30.0, end, base, rise)
    first = int(random.integers(1, points + 1))
    last = int(random.integers(first, points + 1))
    got = highest_above(heights, base, rise, first, last, 30.0, 5.0, slope, floor)
    x = 30.0 * np.arange(first, last + 1)
    want = max(floor, (heights[first : last + 1] - 5.0 - slope * x).max())
    assert got == pytest.approx(want, abs=1e-9)


def test_profiles_of_a_cell_and_of_a_line() -> None:
    ground = surface(MOUNTAINS, zone=zone_layer(), clutter_m=clutter_layer())
    config = PropagationSettings()
    profile = cell_profile(ground, MAST, config, 30, 400)
    x, y = 400.5 * CELL_M, (CELLS - 30.5) * CELL_M
    total = math.hypot(x - MAST.x_m, y - MAST.y_m)
    assert profile.distance_m[-1] == pytest.approx(total)
    assert profile.height_m[-1] == MOUNTAINS[30, 400]
    assert profile.clutter_m[0] == profile.clutter_m[-1] == 0.0
    # the last points lie on the cell's own line from the mast, the others beside it
    own = shared_points(points_before(total, CELL_M)) + 1
    parts = profile.distance_m[own:-1] / total
    row_0, col_0 = (CELLS * CELL_M - MAST.y_m) / CELL_M - 0.5, MAST.x_m / CELL_M - 0.5
    want = [bilinear(MOUNTAINS, row_0 + (30 - row_0) * q, col_0 + (400 - col_0) * q) for q in parts]
    assert len(want) == OWN_POINTS
    assert profile.height_m[own:-1] == pytest.approx(want)
    line = line_profile(ground, MAST, x, y, 15.0)
    assert line.distance_m[-1] == pytest.approx(total)
    assert np.diff(line.distance_m).max() <= 15.0 + 1e-9
    assert line.height_m[-1] == pytest.approx(MOUNTAINS[30, 400])
    assert len(line.zone) == len(line.height_m) == len(line.distance_m)
    with pytest.raises(ModelError, match="outside the terrain"):
        line_profile(ground, MAST, -500.0, y, 15.0)
    holed = MOUNTAINS.copy()
    holed[100:140, 300:340] = np.nan
    with pytest.raises(ModelError, match="no data on the path"):
        line_profile(surface(holed), MAST, x, y, 15.0)


def test_the_zone_state_is_as_long_as_its_layout() -> None:
    from phusong.coverage.propagation.walk import zones

    places = [zones.SEA_M, zones.LAND_FROM, zones.LAND_BEST, zones.INLAND_FROM]
    places += [zones.INLAND_BEST, zones.SEA_FIRST, zones.SEA_LAST, zones.SEA_FROM]
    assert sorted(places) == list(range(ZONE_STATE))


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 44, 64, 131, 524, 1047])
def test_bundles_come_in_an_order_of_which_every_stretch_goes_round(count: int) -> None:
    order = bundles_in_turn(count)
    assert sorted(order.tolist()) == list(range(count))
    if count < 40:
        return
    for threads in (2, 4):
        for stretch in np.array_split(order, threads):
            for side in range(4):  # half of the disc, turned by a quarter
                there = (stretch - side * count / 4) % count < count / 2
                assert 0.35 < there.mean() < 0.65
