"""Every measured set beside every model, bare and with clutter: how far to trust a prediction.

    python benchmarks/bench_truth.py [--shared ../shared] [--sets bekaa,colorado] [--models p1812]
        [--sigma 10.5] [--residuals residuals.csv] [--studies] [--learn]

Prints Markdown. The sets stay where they are; one that is absent is named and left out. Error is
predicted minus measured loss: below 0 too little loss, the map too optimistic. Nothing is fitted
on a set, but for Chengdu's one offset (its antenna gains are not known).
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd
from truth import draw, learn, studies
from truth.predict import NAMES, STREET_LEVEL, TREATMENTS, in_sight, predict_all
from truth.score import SHARES, brier, censored_fit, ranking, reliability, score, served_probability
from truth.sets import MeasuredSet, chengdu, colorado, lebanon

from phusong.coverage.signal.antenna import attenuation_db, beam_table
from phusong.study import Antenna, Spread

ROOT = Path(__file__).resolve().parent.parent
LOWEST_M = 1.0
"""Lower receivers are left out: no model claims to hold there."""
LAND = {land: TREATMENTS[land] for land in ("open", "suburban", "urban", "dense_urban")}
BY_LAND = {**LAND, "water": LAND["open"], "trees": LAND["urban"]}
"""Trees and forest are P.2108's 15 m, as urban."""


def sector_attenuation(
    azimuth: float, mechanical: float, electrical: float, towards: np.ndarray, rise: np.ndarray
) -> np.ndarray:
    """The program's sector antenna towards directions, dB."""
    cell = {
        "azimuth_deg": azimuth,
        "electrical_tilt_deg": electrical,
        "mechanical_tilt_deg": mechanical,
        "antenna_file": "",
        "horizontal_beamwidth_deg": np.nan,
        "vertical_beamwidth_deg": np.nan,
    }
    beams, _ = beam_table(pd.DataFrame([cell]), Antenna(), {})
    return attenuation_db(beams, 0, towards, rise)


def read_sets(shared: Path, wanted: list[str]) -> list[MeasuredSet]:
    """The sets that are there; says which are not."""
    found: list[MeasuredSet] = []
    for folder, names, reader in (
        ("lebanon", ("bekaa", "beirut"), lebanon),
        ("colorado", ("colorado",), colorado),
        ("chengdu", ("chengdu",), lambda at: chengdu(at, sector_attenuation)),
    ):
        if wanted and not set(wanted) & set(names):
            continue
        place = shared / "measured" / folder
        if not place.is_dir():
            print(f"*{folder}: not at {place}, left out.*\n")
            continue
        found += [s for s in reader(place) if not wanted or s.name in wanted]
    return found


def table(head: list[str], rows: list[list[object]]) -> None:
    """Print a Markdown table; floats with one decimal, NaN as a dash."""

    def text(value: object) -> str:
        if isinstance(value, float):
            return "–" if np.isnan(value) else f"{value:.1f}"
        return str(value)

    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(text(value) for value in row) + " |")
    print()


def percent(share: float) -> str:
    return "–" if np.isnan(share) else f"{100 * share:.0f} %"


class Judged:
    """A set's links with what was measured, and every prediction asked for so far."""

    def __init__(self, measured: MeasuredSet) -> None:
        self.set = measured
        self.links = [link for link in measured.links if link.rx_height_m >= LOWEST_M]
        self.loss_db = np.array([link.loss_db for link in self.links])
        self.served = np.isfinite(self.loss_db)
        self.height_m = np.array([link.rx_height_m for link in self.links])
        self.length_m = np.array([link.length_m for link in self.links])
        self.sight = np.array([in_sight(link) for link in self.links])
        self._known: dict[tuple[str, str], np.ndarray] = {}

    def treatments(self, model: str) -> list[str]:
        if model in STREET_LEVEL:
            return ["bare"]
        by_land = ["land"] if any(link.land for link in self.links) else []
        return [*TREATMENTS, *by_land]

    def predicted(self, model: str, treatment: str) -> np.ndarray:
        key = (model, treatment)
        if key not in self._known:
            ends = BY_LAND if treatment == "land" else TREATMENTS[treatment]
            loss = predict_all(model, self.links, ends)
            if self.set.name == "chengdu" and np.isfinite(loss).any():
                loss = loss - np.nanmean(loss - self.loss_db)
            self._known[key] = loss
        return self._known[key]

    def error(self, model: str, treatment: str) -> np.ndarray:
        return self.predicted(model, treatment) - self.loss_db


def report_models(judged: Judged, models: list[str], sigma_db: float) -> None:
    """Every model and treatment on one set."""
    inside = [f"in {100 * share:.0f} %" for share in SHARES]
    several = len({link.site for link in judged.links}) > 1
    rows: list[list[object]] = []
    for model in models:
        for treatment in judged.treatments(model):
            got = score(judged.error(model, treatment), sigma_db)
            shares = [percent(share) for share in got.inside]
            if got.links == 0:
                rows.append([model, "outside of its range", 0, *((7 if several else 6) * ["–"])])
                break
            figures = [got.bias_db, got.sd_db, got.rmse_db]
            within = [within_sites(judged, judged.error(model, treatment))] if several else []
            rows.append([model, treatment, got.links, *figures, *within, *shares])
    more = ["sd within sites"] if several else []
    table(["model", "ends", "links", "bias dB", "sd dB", "RMSE dB", *more, *inside], rows)


def within_sites(judged: Judged, error: np.ndarray) -> float:
    """Deviation of errors about each site's own mean: what is left after an offset a site."""
    known = np.isfinite(error)
    _, site = np.unique([link.site for link in judged.links], return_inverse=True)
    site, error = site[known], error[known]
    sums, counts = np.bincount(site, error), np.maximum(np.bincount(site), 1)
    return float((error - (sums / counts)[site]).std())


def report_heights(judged: Judged, models: list[str]) -> None:
    """Bias and sd by receiver height, and in and out of sight over bare ground."""
    heights = [float(h) for h in np.unique(judged.height_m)]
    groups = {f"{h:g} m": judged.height_m == h for h in heights} if len(heights) > 1 else {}
    if 0 < judged.sight.sum() < judged.sight.size:
        groups |= {"in sight": judged.sight, "obstructed": ~judged.sight}
    if not groups:
        return
    rows: list[list[object]] = []
    for model in (m for m in models if m in ("p526", "p1812", "itm")):
        for treatment in judged.treatments(model):
            error = judged.error(model, treatment)
            cells = []
            for group in groups.values():
                got = score(error[group], 1.0)
                cells.append(f"{got.bias_db:+.1f} ± {got.sd_db:.1f} ({got.links})")
            rows.append([model, treatment, *cells])
    if rows:
        table(["model", "ends", *groups], rows)


def report_served(judged: Judged, models: list[str], sigma_db: float) -> None:
    """Brier score of P(served) at the set's thresholds, beside knowing only the share."""
    thresholds = judged.set.thresholds_db
    rows: list[list[object]] = []
    happened = [np.where(judged.served, judged.loss_db, np.inf) <= t for t in thresholds]
    for model in models:
        for treatment in judged.treatments(model):
            loss = judged.predicted(model, treatment)
            known = np.isfinite(loss)
            if not known.any():
                break
            scores = [
                f"{brier(served_probability(loss[known], t, sigma_db), yes[known]):.3f}"
                for t, yes in zip(thresholds, happened, strict=True)
            ]
            rows.append([model, treatment, *scores])
    shares = [float(yes.mean()) for yes in happened]
    rows.append(["(only the share)", "", *(f"{s * (1 - s):.3f}" for s in shares)])
    heads = [f"≤ {t:.0f} dB ({percent(s)})" for t, s in zip(thresholds, shares, strict=True)]
    table(["model", "ends", *heads], rows)


def curve_of(
    judged: Judged, model: str, treatment: str, sigma_db: float
) -> list[tuple[float, float, int]]:
    """Return mean P, share served and rows by class of P, over all thresholds of a set."""
    loss = judged.predicted(model, treatment)
    known = np.isfinite(loss)
    measured = np.where(judged.served, judged.loss_db, np.inf)[known]
    thresholds = judged.set.thresholds_db
    promised = [served_probability(loss[known], t, sigma_db) for t in thresholds]
    return reliability(
        np.concatenate(promised), np.concatenate([measured <= t for t in thresholds])
    )


def draw_reliability(path: Path, everyone: list[Judged], model: str, sigma_db: float) -> None:
    """Draw the curves of the sets whose powers are known."""
    panels = [
        (
            judged.set.title.split(",")[0],
            {name: curve_of(judged, model, name, sigma_db) for name in draw.TITLES},
        )
        for judged in everyone
        if judged.set.name != "chengdu"
    ]
    draw.draw(path, panels)


def report_reliability(everyone: list[Judged], model: str, sigma_db: float) -> None:
    """Promised against kept, over all thresholds, by class of probability."""
    rows: list[list[object]] = []
    for judged in everyone:
        for treatment in judged.treatments(model):
            curve = curve_of(judged, model, treatment, sigma_db)
            cells = [f"{percent(p)} → {percent(k)} ({n})" for p, k, n in curve]
            rows.append([judged.set.name, treatment, *cells, *((5 - len(cells)) * [""])])
    table(["set", "ends", *(f"class {i}" for i in range(1, 6))], rows)


def report_censored(judged: Judged, models: list[str], sigma_db: float) -> None:
    """Places without service: what was promised there, and how well they are told apart."""
    floor = judged.set.floor_db
    if floor is None or judged.served.all():
        return
    print(f"Places without service: {int((~judged.served).sum())} of {judged.served.size}; taken")
    print(f"as losses beyond {floor:.0f} dB. P(service) promised at served and unserved places,")
    print("chance that a served place is promised more (0.5: no skill), and bias and sd with the")
    print("unserved places counted in.\n")
    rows: list[list[object]] = []
    for model in models:
        for treatment in judged.treatments(model):
            loss = judged.predicted(model, treatment)
            known = np.isfinite(loss)
            if not known.any():
                break
            promised = served_probability(loss[known], floor, sigma_db)
            served = judged.served[known]
            bias, spread = censored_fit(loss[known], judged.loss_db[known], floor)
            rows.append(
                [
                    model,
                    treatment,
                    percent(float(promised[served].mean())),
                    percent(float(promised[~served].mean())),
                    f"{ranking(-loss[known], served):.2f}",
                    bias,
                    spread,
                ]
            )
    table(["model", "ends", "served", "unserved", "told apart", "bias dB", "sd dB"], rows)


def write_residuals(path: Path, everyone: list[Judged], models: list[str]) -> None:
    """One row a link, model and treatment."""
    parts = []
    for judged in everyone:
        for model in models:
            for treatment in judged.treatments(model):
                loss = judged.predicted(model, treatment)
                part = pd.DataFrame(
                    {
                        "set": judged.set.name,
                        "site": [link.site for link in judged.links],
                        "place": [link.place for link in judged.links],
                        "lat": [link.lat for link in judged.links],
                        "lon": [link.lon for link in judged.links],
                        "rx_height_m": judged.height_m,
                        "distance_m": judged.length_m.round(1),
                        "in_sight": judged.sight,
                        "model": model,
                        "ends": treatment,
                        "predicted_db": loss.round(2),
                        "measured_db": judged.loss_db.round(2),
                        "error_db": (loss - judged.loss_db).round(2),
                    }
                )
                parts.append(part[np.isfinite(loss)])
    pd.concat(parts).to_csv(path, index=False, lineterminator="\n")


def main() -> None:
    """Read the sets that are there and print what every model makes of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    shared = Path(os.environ.get("PHUSONG_SHARED", ROOT.parent / "shared"))
    parser.add_argument("--shared", type=Path, default=shared)
    parser.add_argument("--sets", default="")
    parser.add_argument("--models", default="")
    parser.add_argument("--sigma", type=float, default=Spread().sigma_model_db)
    parser.add_argument("--residuals", type=Path)
    parser.add_argument("--studies", action="store_true")
    parser.add_argument("--learn", action="store_true", help="only what calibration is worth")
    parser.add_argument("--draw", type=Path, help="SVG of the reliability curves")
    asked = parser.parse_args()
    models = asked.models.split(",") if asked.models else list(NAMES)
    everyone = [Judged(s) for s in read_sets(asked.shared, [s for s in asked.sets.split(",") if s])]
    if asked.learn:
        print("## A third of the places calibrates, the rest tests (dB)\n")
        learn.report(everyone, table)
        return
    print(f"Spread of the intervals and of P(served): {asked.sigma:g} dB.\n")
    for judged in everyone:
        print(f"## {judged.set.title}\n")
        for note in judged.set.notes:
            print(f"{note}\n")
        report_models(judged, models, asked.sigma)
        report_heights(judged, models)
        print("Brier score of P(served), by the loss that is still served (share measured).\n")
        report_served(judged, models, asked.sigma)
        report_censored(judged, models, asked.sigma)
    for model in (m for m in ("p1812",) if m in models and everyone):
        print(f"## Promised and kept ({model})\n")
        report_reliability(everyone, model, asked.sigma)
    if asked.draw is not None and everyone:
        draw_reliability(asked.draw, everyone, "p1812", asked.sigma)
    if asked.residuals is not None and everyone:
        write_residuals(asked.residuals, everyone, models)
    if asked.studies and everyone:
        studies.report(everyone, table)


if __name__ == "__main__":
    main()
