"""What spread, correlation and options the measured sets support, each set judged by the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from truth.predict import BARE, TREATMENTS, Ends, predict_all
from truth.score import correlation_length_m, score, tails, variogram
from truth.sets import Link, between_km

MODEL = "p1812"
OFFSET_SETS = ("bekaa", "beirut", "colorado")
"""Sets whose budget is known: Chengdu's is not, its mean error says nothing."""

Table = Callable[[list[str], list[list[object]]], None]


def report(everyone: list[Any], table: Table) -> None:
    """Print all studies."""
    for treatment in ("open", "suburban", "urban"):
        print(f"## Spread after clutter ({MODEL}, {treatment} at the receiver)\n")
        spread(everyone, treatment, table)
        left_out(everyone, treatment, table)
    print(f"## Correlation of errors ({MODEL}, open)\n")
    correlation(everyone, table)
    print(f"## Options ({MODEL})\n")
    options(everyone, table)
    for judged in everyone:
        if any(link.antenna_db for link in judged.links):
            print(f"## Sector antennas in the city ({judged.set.name}, free space)\n")
            antennas(judged, table)


def spread(everyone: list[Any], treatment: str, table: Table) -> None:
    """Spread in sight and obstructed apart, and the shape of the errors."""
    rows: list[list[object]] = []
    for judged in everyone:
        error = judged.error(MODEL, treatment)
        for name, here in (
            ("all", np.ones(error.size, bool)),
            ("in sight", judged.sight),
            ("obstructed", ~judged.sight),
        ):
            known = error[here & np.isfinite(error)]
            if known.size < 10:
                continue
            got = score(known, 1.0)
            lean, peak, beyond = tails(known)
            shape = [f"{lean:+.2f}", f"{peak:+.2f}", f"{100 * beyond:.1f} %"]
            rows.append([judged.set.name, name, got.links, got.bias_db, got.sd_db, *shape])
    head = ["set", "links", "n", "bias dB", "sd dB", "skewness", "excess kurtosis", "beyond 2 sd"]
    table(head, rows)


def left_out(everyone: list[Any], treatment: str, table: Table) -> None:
    """The spread the other sets give, and what it holds of the one left out.

    The spread is the root mean square error with sets weighing alike: a set's own mean error is
    part of what is not known about the next. Also an offset: the mean of the others' mean errors.
    """
    errors = {
        judged.set.name: error[np.isfinite(error)]
        for judged in everyone
        for error in [judged.error(MODEL, treatment)]
        if judged.set.name in OFFSET_SETS
    }
    if len(errors) < 2:
        return
    rows: list[list[object]] = []
    for name, error in errors.items():
        others = [other for key, other in errors.items() if key != name]
        sigma = float(np.sqrt(np.mean([(other**2).mean() for other in others])))
        offset = float(np.mean([other.mean() for other in others]))
        about = float(np.sqrt(np.mean([((other - offset) ** 2).mean() for other in others])))
        plain, moved = score(error, sigma), score(error - offset, about)
        rows.append(
            [
                name,
                sigma,
                f"{100 * plain.inside[2]:.0f} %",
                plain.rmse_db,
                f"{-offset:+.1f}",
                moved.rmse_db,
                f"{100 * moved.inside[2]:.0f} %",
            ]
        )
    pooled = float(np.sqrt(np.mean([(error**2).mean() for error in errors.values()])))
    print(f"Root mean square error over the sets, each weighing alike: {pooled:.1f} dB.\n")
    head = ["left out", "spread of the others", "in its 90 %", "RMSE", "offset of the others"]
    table([*head, "RMSE with it", "in 90 % with it"], rows)
    rows = []
    for sigma in np.arange(8.0, 13.1, 0.5):
        inside = [f"{100 * score(e, float(sigma)).inside[2]:.0f} %" for e in errors.values()]
        rows.append([float(sigma), *inside])
    table(["spread dB", *(f"{name}: in 90 %" for name in errors)], rows)


def correlation(everyone: list[Any], table: Table) -> None:
    """Correlation by distance; one error a place and mast, the mean over antenna heights."""
    rows: list[list[object]] = []
    curves = []
    for judged in everyone:
        if judged.set.name not in OFFSET_SETS:
            continue
        error = judged.error(MODEL, "open")
        by_height = {h: np.nanmean(error[judged.height_m == h]) for h in np.unique(judged.height_m)}
        level = error - np.array([by_height[h] for h in judged.height_m])
        places: dict[int, list[int]] = {}
        for i, link in enumerate(judged.links):
            if np.isfinite(level[i]):
                places.setdefault(link.place, []).append(i)
        mean = np.array([level[at].mean() for at in places.values()])
        away = between_km([judged.links[at[0]] for at in places.values()])
        edges = np.array([0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2])
        found = variogram(mean, away, edges)
        curves.append(found)
        length, share = correlation_length_m(found)
        cells = [f"{1000 * d:.0f} m: {rho:+.2f} ({n})" for d, rho, n in found]
        rows.append(
            [judged.set.name, mean.size, f"{length:.0f} m", f"{share:.2f}", ", ".join(cells)]
        )
    if len(curves) > 1:
        length, share = correlation_length_m(*curves)
        rows.append(["all, weighing alike", "", f"{length:.0f} m", f"{share:.2f}", ""])
    table(["set", "places", "1/e distance", "correlated share", "by distance (pairs)"], rows)


def options(everyone: list[Any], table: Table) -> None:
    """What else could be chosen: heights, streets, time, polarisation, the mast's end."""
    opened, built = TREATMENTS["open"], TREATMENTS["suburban"]
    choices: list[tuple[str, Ends, dict[str, Any]]] = [
        ("bare", BARE, {}),
        ("bare, horizontal", BARE, {"polarisation": "h"}),
        ("open", opened, {}),
        ("open, receiver only", Ends("open"), {}),
        ("open, R = 4 m", replace(opened, rx_clutter_m=4.0), {}),
        ("open, R = 6 m", replace(opened, rx_clutter_m=6.0), {}),
        ("open, R = 15 m", replace(opened, rx_clutter_m=15.0), {}),
        ("open, R = 20 m", replace(opened, rx_clutter_m=20.0), {}),
        ("open, horizontal", opened, {"polarisation": "h"}),
        ("open, 10 % of time", opened, {"time_percent": 10.0}),
        ("open, delta N 70", opened, {"delta_n": 70.0}),
        ("suburban", built, {}),
        ("suburban, receiver only", Ends("suburban"), {}),
        ("suburban, both ends", Ends("suburban", "suburban"), {}),
        ("suburban, streets 15 m", replace(built, street_m=15.0), {}),
        ("suburban, streets 50 m", replace(built, street_m=50.0), {}),
        ("urban", TREATMENTS["urban"], {}),
        ("urban, receiver only", Ends("urban"), {}),
        ("urban, both ends", Ends("urban", "urban"), {}),
        ("dense urban, receiver only", Ends("dense_urban"), {}),
    ]
    chosen = [judged for judged in everyone if judged.set.name in OFFSET_SETS]
    rows: list[list[object]] = []
    for name, ends, more in choices:
        cells = []
        for judged in chosen:
            got = score(predict_all(MODEL, judged.links, ends, **more) - judged.loss_db, 1.0)
            cells.append(f"{got.bias_db:+.1f} ± {got.sd_db:.1f}")
        rows.append([name, *cells])
    for name in ("open", "suburban", "urban"):
        cells = []
        for judged in chosen:
            links = [at_stated_altitude(link) for link in judged.links]
            got = score(predict_all(MODEL, links, TREATMENTS[name]) - judged.loss_db, 1.0)
            cells.append(f"{got.bias_db:+.1f} ± {got.sd_db:.1f}")
        rows.append([f"{name}, mast at the altitude its owner states", *cells])
    for clutter_m in (4.0, 5.0, 6.0, 8.0, 10.0):
        cells = []
        for judged in chosen:
            loss = np.array(
                [
                    predict_all(
                        MODEL, [link], BARE, clutter_m=np.full(link.distance_m.size, clutter_m)
                    )[0]
                    for link in judged.links
                ]
            )
            got = score(loss - judged.loss_db, 1.0)
            cells.append(f"{got.bias_db:+.1f} ± {got.sd_db:.1f}")
        rows.append([f"{clutter_m:g} m along the path, ends bare", *cells])
    table(["ends", *(judged.set.name for judged in chosen)], rows)


def at_stated_altitude(link: Link) -> Link:
    """The link with its antenna at the stated altitude: a roof or a hilltop the terrain misses."""
    if np.isnan(link.stated_ground_m):
        return link
    return replace(link, tx_height_m=link.tx_height_m + link.stated_ground_m - link.ground_m[0])


def antennas(judged: Any, table: Table) -> None:
    """How much of the antenna's attenuation arrives: what is off the beam comes by reflections.

    One offset is taken out of all links, and one of each cell.
    """
    free_db = judged.predicted("free_space", "bare")
    pattern_db = np.array([link.antenna_db for link in judged.links])
    bare = free_db - judged.loss_db - pattern_db
    cells = np.unique([link.site for link in judged.links], return_inverse=True)[1]
    rows: list[list[object]] = []
    for ceiling in (0.0, 5.0, 8.0, 10.0, 15.0, 20.0, 25.0):
        error = bare + np.minimum(pattern_db, ceiling)
        within = error - (np.bincount(cells, error) / np.bincount(cells))[cells]
        rows.append([ceiling, float(error.std()), float(within.std())])
    table(["ceiling dB", "RMSE, one offset", "RMSE, one offset a cell"], rows)
