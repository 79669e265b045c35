"""Offsets shrunk together: by hand, against statsmodels, and a truth that must lie inside."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from phusong.coverage.calibration.folds import by_site, by_stretch, gather, stretches
from phusong.coverage.calibration.mixed import fit_mixed
from phusong.coverage.calibration.schemes import Scheme, fit_scheme


def words(codes) -> np.ndarray:
    return np.array([f"c{k}" for k in codes], dtype=object)


def test_balanced_case_by_hand() -> None:
    """Classes of four rows: means 2, 8, 5 (grand mean 5), rows of each 2 dB about their mean.

    Within: 3·4·4/9 = 16/3. Between: 4·(9 + 9)/2 = 36, so τ² = (36 − 16/3)/4 = 23/3.
    The share kept is 4τ²/(4τ² + σ²) = 1 − (16/3)/36 = 23/27.
    """
    codes = np.repeat([0, 1, 2], 4)
    residual = np.array([2.0, 8.0, 5.0])[codes] + np.tile([2.0, -2.0, 2.0, -2.0], 3)
    fit = fit_mixed(residual, np.ones((12, 1)), {"k": words(codes)}, class_spread_db=None)
    assert fit.noise_db**2 == pytest.approx(16 / 3, rel=1e-3)
    assert fit.spread_db["k"] ** 2 == pytest.approx(23 / 3, rel=1e-3)
    assert fit.fixed == pytest.approx([5.0])
    table = fit.classes["k"]
    assert table["rows"].tolist() == [4, 4, 4]
    assert table["offset_db"].tolist() == pytest.approx([-3 * 23 / 27, 3 * 23 / 27, 0.0], abs=2e-3)
    # Of the mean: (σ² + 4τ²)/12. Of a class not seen: τ² on top, and σ² for the row.
    assert fit.fixed_se**2 == pytest.approx([36 / 12], rel=1e-3)
    mean, sd = fit.predict(np.ones((2, 1)), {"k": np.array(["c0", "new"], object)})
    assert mean == pytest.approx([5 - 3 * 23 / 27, 5.0], abs=2e-3)
    assert sd[1] ** 2 == pytest.approx(36 / 12 + 23 / 3 + 16 / 3, rel=1e-3)
    assert fit.offset_of({"k": "c0"})[0] == pytest.approx(mean[0])
    assert fit.half_width(0.9, "k") == pytest.approx(2.9200, abs=1e-4)  # two degrees
    # τ² of three classes and σ² of twelve rows: (13)² / ((23/3)²/2 + (16/3)²/11) = 5.29.
    assert fit.half_width_of_row(0.9, ["k"]) == pytest.approx(1.9913, abs=2e-3)


def test_few_rows_move_little() -> None:
    """Three rows and three hundred of equal mean: the former keep less of it."""
    codes = np.repeat([0, 1, 2, 3], [300, 3, 300, 300])
    noise = np.random.default_rng(3).normal(0.0, 6.0, codes.size)
    for k in range(4):
        noise[codes == k] -= noise[codes == k].mean()
    residual = np.array([6.0, 6.0, -6.0, 0.0])[codes] + noise
    fit = fit_mixed(residual, np.ones((codes.size, 1)), {"k": words(codes)})
    offset = fit.fixed[0] + fit.classes["k"]["offset_db"].to_numpy()
    assert offset[0] == pytest.approx(6.0, abs=0.1)
    assert offset[1] < offset[0] - 1.0
    error = fit.classes["k"]["se_db"]
    assert error[1] > error[0]


def test_equals_statsmodels() -> None:
    """statsmodels 0.15.0, MixedLM(y, 1, groups=0, exog_vc=VCSpec(...)).fit(reml, bfgs)."""
    rng = np.random.default_rng(1)
    n = 1500
    land, sight = rng.integers(0, 6, n), rng.integers(0, 2, n)
    site = rng.integers(0, 20, n)
    stretch = site * 6 + rng.integers(0, 6, n)
    y = rng.normal(0, 4, 6)[land] + np.array([2, -2])[sight] + rng.normal(0, 4, 20)[site]
    y = y + rng.normal(0, 3, 120)[stretch] + rng.normal(0, 5, n) - 3
    effects = {"land": land, "sight": sight, "site": site, "stretch": stretch}
    fit = fit_mixed(
        y, np.ones((n, 1)), {k: words(v) for k, v in effects.items()}, class_spread_db=None
    )
    variances = [spread**2 for spread in fit.spread_db.values()]
    assert variances == pytest.approx([26.3763, 6.93025, 15.69537, 11.62465], rel=3e-3)
    assert fit.noise_db**2 == pytest.approx(24.91540, rel=1e-4)
    assert fit.fixed == pytest.approx([-2.127172], abs=1e-4)
    assert fit.fixed_se == pytest.approx([2.95990], rel=2e-3)
    expected = [8.656490, -0.676795, 0.788482, -3.844027, 1.310229, -6.234379]
    assert fit.classes["land"]["offset_db"].tolist() == pytest.approx(expected, abs=1e-3)


def test_one_class_is_no_effect() -> None:
    residual = np.random.default_rng(5).normal(-4.0, 3.0, 50)
    fit = fit_mixed(residual, np.ones((50, 1)), {"k": np.full(50, "LTE", object)})
    assert fit.classes == {}
    assert fit.fixed == pytest.approx([residual.mean()])
    assert fit.fixed_se == pytest.approx([residual.std(ddof=1) / np.sqrt(50)], rel=1e-3)
    assert fit.offset_of({"k": "LTE"})[0] == pytest.approx(residual.mean())


COVERS = np.array(["10", "30", "50"], object)
SIGHTS = np.array(["clear", "obstructed"], object)


def drive(seed: int, sites: int, rows: int, step_m: float = 60.0):
    """A drive test with known truth: errors along the road fall to 1/e over 200 m."""
    rng = np.random.default_rng(seed)
    n = sites * rows
    truth, cover, sight = rng.normal(0, 6), rng.normal(0, 4, 3), rng.normal(0, 3, 2)
    site, c, s = np.repeat(np.arange(sites), rows), rng.integers(0, 3, n), rng.integers(0, 2, n)
    keep = np.exp(-step_m / 200.0)
    along, fresh = np.zeros(n), rng.normal(0.0, 4.0, n)
    for i in range(n):
        along[i] = fresh[i]
        if i % rows:
            along[i] = keep * along[i - 1] + np.sqrt(1 - keep**2) * fresh[i]
    of_site = rng.normal(0.0, 3.0, sites)[site] if sites > 1 else 0.0
    residual = truth + cover[c] + sight[s] + of_site + along + rng.normal(0.0, 4.0, n)
    frame = pd.DataFrame(
        {
            "residual_db": residual,
            "technology": "LTE",
            "land_cover": COVERS[c],
            "sight": SIGHTS[s],
            "site_id": [f"s{k}" for k in site],
            "x_m": site * 2e4 + np.tile(np.arange(rows) * step_m, sites),
            "y_m": 0.0,
        }
    )
    return frame, truth + cover[:, None] + sight


@pytest.mark.parametrize(("sites", "rows"), [(8, 50), (1, 300)])
def test_truth_lies_inside_its_interval(sites, rows) -> None:
    """90 of 100 drive tests at the least, for each of two kinds of places."""
    inside = np.zeros(2)
    scheme = Scheme(("technology", "land_cover", "sight"))
    with threadpool_limits(1, "blas"):
        for seed in range(100):
            frame, truth = drive(seed, sites, rows)
            fit = fit_scheme(frame, scheme, 1000.0).fit
            width = fit.half_width(0.9, "site" if sites > 1 else "stretch")
            for k, (c, s) in enumerate([(0, 0), (1, 1)]):
                known = {"land_cover": f"LTE {COVERS[c]}", "sight": str(SIGHTS[s])}
                offset, error = fit.offset_of(known)
                inside[k] += abs(offset - truth[c, s]) <= width * error
    assert (inside >= 90).all(), inside
    assert (inside <= 99).all(), inside


def test_folds_hold_groups_whole() -> None:
    site = np.repeat(np.array(list("abcde"), object), [50, 10, 30, 20, 40])
    of = gather(site, most=3)
    assert all(len(set(of[site == name])) == 1 for name in "abcde")
    assert np.bincount(of).tolist() == [50, 50, 50]
    found = by_site(site)
    assert (found.kind, found.groups, found.count) == ("site", 5, 5)
    assert by_site(site[:60]) is None


def test_one_site_is_held_out_by_stretches_of_road() -> None:
    x, y = np.arange(0.0, 3000.0, 50.0), np.full(60, 10.0)
    labels = stretches(x, y, 500.0)
    assert labels[[0, 9, 10, 59]].tolist() == ["0 0", "0 0", "1 0", "5 0"]
    found = by_stretch(x, y, 500.0)
    assert (found.kind, found.groups) == ("stretch", 6)
    assert all(len(set(found.of[labels == name])) == 1 for name in set(labels))
    assert by_stretch(x, y, 700.0) is None
    # So many that a fit would be slow: squares are doubled.
    assert len(set(stretches(np.arange(0.0, 1e6, 50.0), np.zeros(20_000), 50.0))) <= 100
