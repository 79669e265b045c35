"""From results to the tables people read: joins and words, no new figures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import pandas as pd

from phusong.checks import Findings
from phusong.coverage.results import ANY, VillageCoverage
from phusong.coverage.villages.assumed import assumed_of
from phusong.coverage.villages.indoors import OUTDOOR, PLACES
from phusong.coverage.villages.nearest import nearest_sites
from phusong.coverage.villages.simulation import Simulation
from phusong.coverage.villages.verdict import GRADE_WORDS
from phusong.fiber.reach.reach import reason_text
from phusong.fiber.results import FiberResult
from phusong.i18n import number, tr
from phusong.kinds import Kind, by_kind
from phusong.names import distinct_names
from phusong.sources.inputs import Inputs

MOST_OF_A_KIND = 10_000
"""Findings of one kind that checks.csv lists: a spreadsheet holds a million rows in all."""
ASSUMED_WORDS = {
    "operator_assumed": "carrier",
    "technology_assumed": "technology",
    "freq_assumed": "frequency",
    "height_assumed": "antenna height",
    "eirp_assumed": "EIRP",
}


@dataclass(frozen=True)
class Lonlat:
    """Positions in WGS 84, for people."""

    longitude: pd.Series[float]
    latitude: pd.Series[float]


def lonlat(x_m: pd.Series[float], y_m: pd.Series[float], inputs: Inputs) -> Lonlat:
    """Return WGS 84 positions of projected ones; missing stays missing."""
    points = gpd.GeoSeries(gpd.points_from_xy(x_m, y_m, crs=inputs.crs), index=x_m.index)
    known = x_m.notna() & y_m.notna()
    wgs84 = points[known].to_crs(4326)
    return Lonlat(wgs84.x.reindex(x_m.index), wgs84.y.reindex(x_m.index))


def operators_of(coverage: VillageCoverage) -> list[str]:
    """Return the carriers, in alphabetical order."""
    return sorted(set(coverage.by_layer["operator"]) - {ANY})


def villages_table(
    inputs: Inputs, coverage: VillageCoverage, simulation: Simulation | None = None
) -> pd.DataFrame:
    """One row a village, every figure of the verdict, and each carrier's own grade."""
    out = pd.DataFrame(coverage.villages.drop(columns="geometry")).reset_index(drop=True)
    names = inputs.communes.set_index("code")["name"]
    out["commune_name"] = out["commune_code"].map(names)
    out["grade_label"] = out["grade"].map({k: tr(v) for k, v in GRADE_WORDS.items()})
    place = lonlat(inputs.villages["centre_x_m"], inputs.villages["centre_y_m"], inputs)
    out["longitude"], out["latitude"] = place.longitude.to_numpy(), place.latitude.to_numpy()
    out["p_covered"] = float("nan")
    if simulation is not None and simulation.draws:
        drawn = simulation.villages
        drawn = drawn[(drawn["operator"] == ANY) & (drawn["technology"] == ANY)]
        out["p_covered"] = out["code"].map(drawn.set_index("code")["p_covered"])
    for where in PLACES:
        if where != OUTDOOR:
            there = _anyone_at(coverage, where).reindex(out["code"])
            for name in _PLACED:
                out[f"{name}_{where}"] = there[name].to_numpy()
    for operator, called in distinct_names(operators_of(coverage)).items():
        own = layer_of(coverage, operator).reindex(out["code"])
        out[f"grade_of:{called}"] = own["grade"].to_numpy()
        out[f"served_share_of:{called}"] = own["served_share"].to_numpy()
        out[f"level_centre_dbm_of:{called}"] = own["level_centre_dbm"].to_numpy()
    return out


_PLACED = ("grade", "served_share", "people_unserved")


def _anyone_at(coverage: VillageCoverage, place: str) -> pd.DataFrame:
    """Return the verdict for any carrier in a place, by code; no row where it was not judged."""
    if coverage.by_place.empty:
        return pd.DataFrame(columns=[*_PLACED])
    frame = coverage.by_place
    return layer_of(replace(coverage, by_layer=frame[frame["place"] == place]), ANY)


def layer_of(coverage: VillageCoverage, operator: str, technology: str = ANY) -> pd.DataFrame:
    """Return one carrier's and technology's figures, indexed by village code."""
    frame = coverage.by_layer
    chosen = frame[(frame["operator"] == operator) & (frame["technology"] == technology)]
    return chosen.set_index("code")


def carrier_table(inputs: Inputs, coverage: VillageCoverage, operator: str) -> pd.DataFrame:
    """Villages a carrier does not cover: its nearest own mast, and the best other carrier."""
    villages = villages_table(inputs, coverage)
    own = layer_of(coverage, operator).reindex(villages["code"]).reset_index()
    cells = inputs.cells[(inputs.cells["operator"] == operator) & inputs.cells["in_service"]]
    sites = inputs.sites[inputs.sites["site_id"].isin(cells["site_id"])]
    near = nearest_sites(inputs.villages, sites)
    out = villages[
        ["code", "name", "commune_code", "commune_name", "longitude", "latitude", "people"]
    ].copy()
    for name in (
        "grade",
        "people_unserved",
        "people_unserved_expected",
        "served_share",
        "level_centre_dbm",
        "best_cell_id",
    ):
        out[name] = own[name].to_numpy()
    out["grade_label"] = out["grade"].map({k: tr(v) for k, v in GRADE_WORDS.items()})
    out["own_site_id"], out["own_site_km"] = near["site_id"].to_numpy(), near["site_km"].to_numpy()
    best = _best_other(coverage, operator).reindex(villages["code"])
    for name in ("other_operator", "other_grade", "other_level_centre_dbm"):
        out[name] = best[name].to_numpy()
    out["other_grade_label"] = out["other_grade"].map({k: tr(v) for k, v in GRADE_WORDS.items()})
    assumed = out["best_cell_id"].map(assumed_of(inputs.cells)).fillna("")
    out["assumed"] = [", ".join(tr(ASSUMED_WORDS[n]) for n in names.split()) for names in assumed]
    out = out[out["grade"] != "covered"]
    return out.sort_values(["people_unserved", "code"], ascending=[False, True])


def _best_other(coverage: VillageCoverage, operator: str) -> pd.DataFrame:
    """Return, by village, the other carrier most likely to serve the centre."""
    frame = coverage.by_layer
    others = frame[
        (frame["technology"] == ANY) & ~frame["operator"].isin([ANY, operator])
    ].sort_values(["probability_centre", "level_centre_dbm"], ascending=False, kind="stable")
    best = others.drop_duplicates("code").set_index("code")
    return best.rename(
        columns={
            "operator": "other_operator",
            "grade": "other_grade",
            "level_centre_dbm": "other_level_centre_dbm",
        }
    )


def communes_table(
    inputs: Inputs, coverage: VillageCoverage | None, fiber: FiberResult | None
) -> pd.DataFrame:
    """One row a commune: its villages by grade, its people, and fibre at its centre."""
    out = pd.DataFrame({"code": inputs.communes["code"], "name": inputs.communes["name"]})
    out = out.set_index("code", drop=False)
    if coverage is not None:
        villages = coverage.villages
        group = villages.groupby("commune_code")
        out["villages"] = group.size()
        out["people"] = group["people"].sum(min_count=1)
        for name in ("people_unserved", "people_unserved_expected"):
            out[name] = group[name].sum(min_count=1)
        for grade in GRADE_WORDS:
            graded = villages[villages["grade"] == grade].groupby("commune_code").size()
            out[f"villages_{grade}"] = graded
        counts = ["villages", *(f"villages_{g}" for g in GRADE_WORDS)]
        out[counts] = out[counts].fillna(0)
    else:
        out[["villages", "people", "people_unserved", "people_unserved_expected"]] = pd.NA
        out[[f"villages_{g}" for g in GRADE_WORDS]] = pd.NA
    return _with_fibre(out, fiber).reset_index(drop=True)


_FIBRE = (
    "pop_id",
    "route_km",
    "drop_m",
    "loss_db",
    "optical_class",
    "working_classes",
    "splices",
    "attenuator_db",
    "margin_db",
    "single_route",
    "bridges_on_route",
    "second_route_same_pop",
    "second_route_other_pop",
    "node_disjoint",
    "node_disjoint_other_pop",
    "shared_risk",
    "nearest_cable_m",
    "nearest_connected_m",
    "nearest_pop_km",
)


def _with_fibre(out: pd.DataFrame, fiber: FiberResult | None) -> pd.DataFrame:
    if fiber is None:
        unknown: dict[str, Any] = dict.fromkeys(
            ("fibre", "fibre_reason", "centre_name", *_FIBRE), pd.NA
        )
        return out.assign(**unknown)
    # A commune with several centres is reached when one of them is; that one is shown.
    best = (
        fiber.reach.sort_values(["reached", "loss_db"], ascending=[False, True], kind="stable")
        .drop_duplicates("commune_code")
        .set_index("commune_code")
    )
    out["fibre"] = best["reached"].astype("boolean").reindex(out.index)
    out["fibre_reason"] = [
        reason_text(row.reason, row.reason_params) if isinstance(row.reason, str) else pd.NA
        for row in best.reindex(out.index)[["reason", "reason_params"]].itertuples()
    ]
    out["centre_name"] = best["name"].reindex(out.index)
    for name in _FIBRE:
        out[name] = best[name].reindex(out.index)
    return out


def definitions_table(definitions: pd.DataFrame) -> pd.DataFrame:
    """One row a published definition, its texts in the current language."""
    out = definitions.copy()
    for name in ("title", "says", "source", "assumed"):
        out[name] = [tr(text) if text else "" for text in out[name]]
    return out


def checks_table(findings: Findings, inputs: Inputs | None) -> pd.DataFrame:
    """One row a finding, with its place in WGS 84 where it has one.

    Of one kind :data:`MOST_OF_A_KIND` are listed; a row of its own says how many more there are.
    """
    listed = Findings()
    left: list[Kind] = []
    for kind in by_kind(findings):
        listed.extend(kind.items[:MOST_OF_A_KIND])
        if kind.count > MOST_OF_A_KIND:
            left.append(Kind(kind.items[MOST_OF_A_KIND:]))
    out = listed.to_frame().assign(count=1)
    if left:
        out = pd.concat([out, *(_left_out(kind) for kind in left)], ignore_index=True)
    if inputs is None:
        out["longitude"] = out["latitude"] = float("nan")
    else:
        place = lonlat(out["x_m"], out["y_m"], inputs)
        out["longitude"], out["latitude"] = place.longitude, place.latitude
    return out


def _left_out(kind: Kind) -> pd.DataFrame:
    """Return the row that stands for the findings of a kind that have no row of their own."""
    one = Findings(items=[kind.first]).to_frame()
    text = tr(
        "{count} more of this kind are not listed: {values}",
        count=number(kind.count),
        values=kind.values() or kind.first.text(),
    )
    out = one.assign(subject="", detail=text, count=kind.count)
    out["row"] = pd.array([pd.NA], dtype="Int64")
    out["x_m"] = out["y_m"] = float("nan")
    return out
