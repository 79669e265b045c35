"""P(village covered): closed-form cases, seeds, and the correlation of the fields themselves."""

import numpy as np
import pytest
from pandas.testing import assert_frame_equal
from scipy.stats import norm

from helpers.radio import CRS_M, X0, Y0, villages_frame
from helpers.signal import ANY, cell_box, centre_of, make_signal
from phusong.coverage.villages.errorfield import Nodes, draw_fields
from phusong.coverage.villages.simulation import simulate_villages
from phusong.grid import Grid, Window


def simulate(
    folder,
    villages,
    level,
    *,
    model=8.0,
    location=0.0,
    correlation=500.0,
    draws=2000,
    seed=1,
    people=None,
    **tables,
):
    inputs, study, signal = make_signal(
        folder,
        villages,
        {(ANY, ANY): level},
        people=people,
        radio={
            "spread": {
                "sigma_model_db": model,
                "sigma_location_db": location,
                "correlation_m": correlation,
            }
        },
        uncertainty={"draws": draws, "seed": seed},
        **tables,
    )
    return simulate_villages(inputs, study, signal, [(ANY, ANY)])


@pytest.mark.parametrize("margin", [-8.0, 0.0, 4.0, 10.0])
@pytest.mark.parametrize(("model", "location"), [(8.0, 0.0), (6.0, 4.0), (0.0, 7.0)])
def test_one_cell_is_covered_with_the_odds_of_its_level(tmp_path, margin, model, location):
    """The share of a single cell is its served part; ask any of it, and the centre decides."""
    out = simulate(
        tmp_path,
        villages_frame({"v": cell_box(1, 1)}),
        np.full((4, 4), -110.0 + margin),
        model=model,
        location=location,
        draws=4000,
        verdict={"covered_share": 1e-9, "hollow_share": 1.0},
    )
    p = norm.cdf(margin / np.hypot(model, location))
    assert out.villages["p_covered"][0] == pytest.approx(
        p, abs=4 * np.sqrt(p * (1 - p) / 4000) + 1e-9
    )


def test_errors_all_alike_make_a_village_all_or_nothing(tmp_path):
    out = simulate(
        tmp_path,
        villages_frame({"v": cell_box(0, 0, 30, 30)}),
        np.full((30, 30), -106.0),
        correlation=1e7,
        draws=4000,
    )
    row = out.villages.iloc[0]
    p = norm.cdf(0.5)
    assert row["p_covered"] == pytest.approx(p, abs=0.03)
    assert row["p_white"] == pytest.approx(1 - p, abs=0.03)
    assert row["share_mean"] == pytest.approx(p, abs=0.03)
    assert (row["share_low"], row["share_high"]) == pytest.approx((0, 1), abs=1e-3)


@pytest.mark.parametrize(
    ("margin", "share", "expected"), [(6.0, 0.85, None), (6.0, 0.8, "centre"), (2.0, 0.85, "none")]
)
def test_errors_all_apart_average_out_in_a_village(tmp_path, margin, share, expected):
    """Location variability alone: the served share is Phi(margin / sigma), surely."""
    out = simulate(
        tmp_path,
        villages_frame({"v": cell_box(0, 0, 10, 10)}),
        np.full((10, 10), -110.0 + margin),
        model=0.0,
        location=6.0,
        draws=3000,
        verdict={"covered_share": share},
    )
    row = out.villages.iloc[0]
    served = norm.cdf(margin / 6.0)  # 0.8413 at 6 dB
    assert row["share_low"] == pytest.approx(served, abs=1e-4)
    assert row["share_high"] == pytest.approx(served, abs=1e-4)
    covered = served if expected == "centre" else 0.0
    assert row["p_covered"] == pytest.approx(covered, abs=0.03)


def test_far_villages_vary_apart_and_near_ones_together(tmp_path):
    level = np.full((60, 600), -110.0)
    far = villages_frame({str(i): cell_box(30, 60 * i) for i in range(10)})
    near = villages_frame({str(i): cell_box(30, 30 + i % 2) for i in range(10)})
    tiny = {"verdict": {"covered_share": 1e-9}}
    width = {}
    for name, villages in (("far", far), ("near", near)):
        figures = simulate(tmp_path / name, villages, level, correlation=300.0, **tiny).figures
        row = figures.set_index("figure").loc["villages_covered"]
        assert row["mean"] == pytest.approx(0.5, abs=0.06)
        width[name] = row["high"] - row["low"]
    # Ten coins: 5 % and 95 % of Binomial(10, 1/2) are 2 and 8.
    assert width["far"] == pytest.approx(0.6, abs=0.1)
    assert width["near"] == pytest.approx(1.0, abs=0.05)


def test_a_seed_gives_the_same_and_another_something_else(tmp_path):
    villages = villages_frame({"v": cell_box(0, 0, 8, 8)})
    level = np.random.default_rng(1).uniform(-120, -100, (20, 20))
    a, b, c = (
        simulate(tmp_path / str(k), villages, level, draws=50, seed=s)
        for k, s in enumerate((1, 1, 2))
    )
    assert a.villages.equals(b.villages)
    assert a.figures.equals(b.figures)
    assert not a.villages["share_mean"].equals(c.villages["share_mean"])


def test_draws_in_parts_and_batches_are_one_simulation(tmp_path, monkeypatch):
    villages = villages_frame({f"{r}{c}": cell_box(r, c, 9, 9) for r in (0, 40) for c in (0, 45)})
    level = np.random.default_rng(1).uniform(-120, -100, (60, 60))
    one = simulate(tmp_path / "1", villages, level, draws=41)
    monkeypatch.setattr("phusong.coverage.villages.figures.draws._FIELD_BYTES", 1)
    monkeypatch.setattr("phusong.coverage.villages.footprints.BATCH_CELLS", 16)
    many = simulate(tmp_path / "2", villages, level, draws=41)
    assert_frame_equal(one.villages, many.villages, check_exact=False, rtol=0, atol=2e-6)


def test_certain_places_are_certain(tmp_path):
    level = np.full((10, 10), -50.0)
    level[:, 5:] = np.nan
    villages = villages_frame(
        {"sure": cell_box(0, 0, 5, 5), "dark": cell_box(0, 5, 5, 5), "off": cell_box(0, 50)}
    )
    people = np.ones((10, 10))
    out = simulate(tmp_path, villages, level, draws=20, people=people)
    assert out.villages["p_covered"].tolist() == [1.0, 0.0, 0.0]
    assert out.villages["p_white"].tolist() == [0.0, 1.0, 1.0]
    figures = out.figures.set_index("figure")
    assert figures.loc["people_covered", ["mean", "low", "high"]].tolist() == [0.5, 0.5, 0.5]
    assert figures.loc["villages_white", "mean"] == pytest.approx(2 / 3)


def test_expected_share_equals_the_mean_of_the_draws(tmp_path):
    from phusong.coverage.villages.assess import assess_villages

    level = np.random.default_rng(2).uniform(-125, -95, (40, 40))
    villages = villages_frame({f"v{i}": cell_box(10 * i, 0, 10, 40) for i in range(4)})
    inputs, study, signal = make_signal(
        tmp_path, villages, {(ANY, ANY): level}, radio={}, uncertainty={"draws": 600}
    )
    expected = assess_villages(inputs, study, signal).villages["expected_share"]
    drawn = simulate_villages(inputs, study, signal, [(ANY, ANY)]).villages["share_mean"]
    assert drawn.to_numpy() == pytest.approx(expected.to_numpy(), abs=0.02)


def test_fields_have_unit_variance_and_exponential_correlation():
    grid = Grid(CRS_M, X0, Y0, 30.0, 200, 200)
    nodes = Nodes.over(grid, 600.0)
    x = np.array([1500.0, 1500, 1733, 2100, 2700, 4500]) + X0
    corner, weights = nodes.place(x, np.full(6, Y0 - 3000.0))
    fields = draw_fields(nodes, 4, Window(0, 0, *nodes.shape), range(3000))
    first, cols = corner[:, 0] * nodes.shape[1] + corner[:, 1], nodes.shape[1]
    values = sum(fields[first + s].T * weights[:, k] for k, s in enumerate((0, 1, cols, cols + 1)))
    assert values.std(axis=0) == pytest.approx(1.0, abs=0.06)
    found = np.corrcoef(values.T)[0]
    assert found == pytest.approx(np.exp(-(x - x[0]) / 600.0), abs=0.09)
    assert abs(values.mean()) < 0.06


@pytest.mark.parametrize("correlation", [40.0, 600.0])
def test_a_part_of_a_field_is_that_of_the_whole(correlation):
    nodes = Nodes.over(Grid(CRS_M, X0, Y0, 30.0, 300, 400), correlation)
    whole = draw_fields(nodes, 7, Window(-3, -70, 90, 150), range(22)).reshape(90, 150, 22)
    part = draw_fields(nodes, 7, Window(10, -9, 60, 41), range(16, 21)).reshape(60, 41, 5)
    assert whole[13:73, 61:102, 16:21] == pytest.approx(part, abs=1e-5)
    other = draw_fields(nodes, 8, Window(10, -9, 60, 41), range(16, 21)).reshape(60, 41, 5)
    assert abs(np.corrcoef(part.ravel(), other.ravel())[0, 1]) < 0.3
    apart = np.corrcoef(whole.reshape(-1, 22).T) - np.eye(22)
    assert abs(apart).max() < 0.3


def test_a_centre_far_from_its_village_has_the_error_of_where_it_lies(tmp_path):
    level = np.full((100, 100), -50.0)
    level[90, 90] = -108.0
    out = simulate(
        tmp_path,
        villages_frame(
            {"far": cell_box(2, 2, 3, 3), "there": cell_box(90, 90)}, {"far": centre_of(90, 90)}
        ),
        level,
        draws=400,
        correlation=90.0,
    )
    far, there = out.villages["p_covered"]
    assert far == there == pytest.approx(norm.cdf(0.25), abs=0.1)


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("centre", [(-10, -10), (2, 2)])
def test_a_village_off_the_grid_ends_no_run(tmp_path, beside, centre):
    boxes = {"off": cell_box(-10, -10, 2, 2), **({"on": cell_box(2, 2)} if beside else {})}
    level = np.full((10, 10), -50.0)
    villages = villages_frame(boxes, {"off": centre_of(*centre)})
    out = simulate(tmp_path, villages, level, draws=20)
    assert out.villages["p_covered"].tolist() == [0.0, 1.0][: 1 + beside]


def test_a_draw_that_shares_its_seed_with_one_before_does_not_begin():
    nodes = Nodes.over(Grid(CRS_M, X0, Y0, 30.0, 50, 50), 500.0)
    with pytest.raises(ValueError, match="multiple of 16"):
        draw_fields(nodes, 1, Window(0, 0, 4, 4), range(8, 10))


def test_place_stays_inside_the_lattice():
    grid = Grid(CRS_M, X0, Y0, 30.0, 50, 50)
    nodes = Nodes.over(grid, 500.0)
    corner, weights = nodes.place(np.array([X0 - 1e4, X0 + 1e5]), np.array([Y0 + 1e4, Y0 - 1e5]))
    assert corner.min() >= 0
    assert (corner.max(axis=0) + 1 < nodes.shape).all()
    assert np.isfinite(weights).all()


def test_centre_of_a_village_matters(tmp_path):
    level = np.full((10, 10), -50.0)
    level[0, 0] = np.nan
    villages = villages_frame({"v": cell_box(0, 0, 10, 10)}, {"v": centre_of(0, 0)})
    out = simulate(tmp_path, villages, level, draws=10)
    assert out.villages["p_covered"][0] == 0.0
    assert out.villages["share_low"][0] == pytest.approx(0.99)


def test_no_draws_and_no_villages_give_empty_tables(tmp_path):
    level = np.full((4, 4), -100.0)
    none = simulate(tmp_path / "1", villages_frame({"v": cell_box(0, 0)}), level, draws=0)
    empty = simulate(tmp_path / "2", villages_frame({}), level, draws=5)
    for out in (none, empty):
        assert out.villages.empty
        assert out.figures.empty
        assert "p_covered" in out.villages
