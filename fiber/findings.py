"""What is odd about the network, and which file it is to be mended in."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from phusong.checks import Findings
from phusong.errors import Where
from phusong.fiber.failures.tracing import Tracer
from phusong.fiber.network.gaps import MOST_CROSSINGS
from phusong.fiber.results import FiberResult
from phusong.sources.inputs import Inputs
from phusong.sources.tables.layers import place_of
from phusong.study import Study
from phusong.study.settings.sources import Layer


def in_files(study: Study, layers: Sequence[Layer], key: str) -> Where:
    """Return the files that layers are in, or their key where the study names none."""
    names = dict.fromkeys(place_of(layer, study).file for layer in layers)
    return Where(file=", ".join(names)) if names else Where(key=key)


def report_network(
    findings: Findings, study: Study, inputs: Inputs, result: FiberResult, *, tangled: bool = False
) -> None:
    """Turn what is odd about the network into findings.

    ``tangled`` says that cables cross too often for their crossings to be listed (F26).
    """
    where = _where(inputs.cables)
    if tangled:
        findings.add(
            "F26",
            where,
            detail="{n} cables cross more than {most} times",
            n=len(inputs.cables),
            most=MOST_CROSSINGS,
        )
    gaps = result.near_misses
    for gap in gaps.to_dict("records"):
        point = gap["geometry"]
        params = {
            "a": gap["a"],
            "b": gap["b"],
            "gap_m": gap["gap_m"],
            "lon": gap["lon"],
            "lat": gap["lat"],
        }
        if gap["kind"] in {"pop_line", "pop_far"}:
            continue  # rule F06 has named it on reading
        if gap["kind"] == "crossing":
            rule, at = "F12", where
            text = "{a} and {b} cross at {lon:.5f}, {lat:.5f} without a joint"
        else:
            rule, at = ("F10" if gap["joins_parts"] else "F13"), where
            text = (
                "{a} and {b} come within {gap_m:.1f} m of each other at {lon:.5f}, {lat:.5f}"
                " and are not joined"
            )
        findings.add(rule, at, str(gap["a"]), text, point.x, point.y, **params)
    _report_islands(findings, where, result)
    _report_tails(findings, inputs, result)
    _report_unfed(findings, inputs, result)
    for row in result.reach[result.reach["reason"] == "no_centre"].to_dict("records"):
        findings.add(
            "F15",
            in_files(study, study.boundaries.commune_centres, "boundaries.commune_centres"),
            str(row["commune_code"]),
            "{name} has no centre: whether fibre reaches it is not known",
            name=row["name"],
        )
    if len(inputs.cables) and not inputs.cables["in_service"].any():
        known = sorted(set(inputs.cables["status"].astype(str)) - {""})
        findings.add(
            "F11",
            where,
            "",
            "none of {count} cables is in service; their status reads: {status}",
            count=len(inputs.cables),
            status=", ".join(known[:5]) or "-",
        )


def _report_islands(findings: Findings, where: Where, result: FiberResult) -> None:
    """Name in-service cable that no PoP lights, part by part."""
    network = result.network
    dark = network.cable & ~result.edges["connected"].to_numpy()
    if not dark.any():
        return
    part = network.graph.components(network.in_service)[network.graph.tail]
    frame = pd.DataFrame(
        {
            "part": part[dark],
            "km": network.length_m[dark] / 1000.0,
            "edge": np.flatnonzero(dark),
            "cable": result.edges.loc[dark, "cable_id"].to_numpy(),
        }
    )
    for _, group in frame.groupby("part", sort=True):
        edge = int(group["edge"].iloc[0])
        point = shapely.line_interpolate_point(network.geometry[edge], 0.5, normalized=True)
        cables = [str(c) for c in dict.fromkeys(group["cable"])]
        findings.add(
            "F14",
            where,
            cables[0],
            "{km:.1f} km of cable in service ({cables}) reach no PoP",
            point.x,
            point.y,
            km=float(group["km"].sum()),
            cables=", ".join(cables[:5]) + (", …" if len(cables) > 5 else ""),
        )


def _report_tails(findings: Findings, inputs: Inputs, result: FiberResult) -> None:
    """Say which PoPs stand beside their cable (F24)."""
    network = result.network
    tails = np.flatnonzero(network.beside)
    pop = network.pop[network.graph.tail[tails]]
    if not len(tails):
        return
    cable = network.cable | (network.line >= 0)
    for edge, i in zip(tails.tolist(), pop.tolist(), strict=True):
        joint = network.graph.head[edge]
        at = (network.graph.tail == joint) | (network.graph.head == joint)
        beside = result.edges["cable_id"].to_numpy()[np.flatnonzero(at & cable)]
        findings.add(
            "F24",
            Where(file=str(inputs.pops["file"].iloc[i]), row=int(inputs.pops["row"].iloc[i])),
            str(inputs.pops["pop_id"].iloc[i]),
            "{name} stands {distance:.0f} m from {cable}",
            float(network.x_m[network.graph.tail[edge]]),
            float(network.y_m[network.graph.tail[edge]]),
            name=str(inputs.pops["name"].iloc[i]),
            distance=float(network.length_m[edge]),
            cable=", ".join(dict.fromkeys(str(c) for c in beside)) or "-",
        )


def _report_unfed(findings: Findings, inputs: Inputs, result: FiberResult) -> None:
    """Say which sites and PoPs are dark though nothing is lost (F25)."""
    if result.backhaul is None:
        return
    _, lit = Tracer(result.network, result.hanging, result.backhaul).whole
    table = inputs.backhaul.drop_duplicates("site_id").set_index("site_id")
    for name in result.backhaul.names[~lit].tolist():
        row = table.loc[name]
        findings.add(
            "F25",
            Where(file=str(row["file"]), row=int(row["row"])),
            str(name),
            "no point of presence feeds {name}: its records lead back to it or to what is dark",
            name=name,
        )


def _where(cables: gpd.GeoDataFrame) -> Where:
    files = list(dict.fromkeys(cables["file"].astype(str))) if "file" in cables else []
    return Where(file=", ".join(files))
