"""A planned extension and second routes, as the page reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from phusong.maps.codec import plain, positions, scaled, texts
from phusong.maps.mercator import Frame
from phusong.maps.outline import encode_lines

if TYPE_CHECKING:
    from phusong.fiber.extension.extension import ExtensionPlan
    from phusong.fiber.rings.rings import RingPlan
    from phusong.sources.inputs import Inputs


def extension_section(
    plan: ExtensionPlan, rings: RingPlan | None, inputs: Inputs, frame: Frame, tolerance_m: float
) -> dict[str, Any]:
    """Return what is to be built: lines, stages, targets, bill, figures before and after."""
    stages = plan.stages
    return {
        "usd": plain(round(plan.usd)),
        "bound": plain(round(plan.lower_bound_usd)),
        "gap": plain(round(plan.gap, 4)),
        "lines": _lines(plan.lines, frame, tolerance_m),
        "targets": _targets(plan.targets, inputs, frame),
        "stages": {
            "stage": scaled(stages["stage"], 0),
            "commune": positions(stages["commune_code"], inputs.communes["code"]),
            "name": texts(stages["name"]),
            "usd": scaled(stages["usd"], 0),
            "km": scaled(stages["km"], 2),
            "people": scaled(stages["people"], 0),
            "usd_total": scaled(stages["usd_total"], 0),
            "km_total": scaled(stages["km_total"], 2),
            "people_total": scaled(stages["people_total"], 0),
        },
        "bill": _bill(plan.bill),
        "figures": {
            "id": texts(plan.indicators["indicator"]),
            "unit": texts(plan.indicators["unit"]),
            "before": scaled(plan.indicators["before"], 4),
            "after": scaled(plan.indicators["after"], 4),
        },
        "rings": None if rings is None else _rings(rings, inputs, frame, tolerance_m),
    }


def _rings(rings: RingPlan, inputs: Inputs, frame: Frame, tolerance_m: float) -> dict[str, Any]:
    targets = rings.targets
    return {
        "usd": plain(round(rings.usd)),
        "bound": plain(round(rings.lower_bound_usd)),
        "gap": plain(round(rings.gap, 4)),
        "lines": _lines(rings.lines, frame, tolerance_m),
        "bill": _bill(rings.bill),
        "targets": {
            "commune": positions(targets["commune_code"], inputs.communes["code"]),
            "name": texts(targets["name"]),
            "status": texts(targets["status"]),
            "alone_usd": scaled(targets["alone_usd"], 0),
        },
    }


def _lines(lines: gpd.GeoDataFrame, frame: Frame, tolerance_m: float) -> dict[str, Any]:
    return {
        "stage": scaled(lines["stage"], 0),
        "kind": texts(lines["kind"]),
        "surface": texts(lines["surface"]),
        "road": texts(lines["road_id"]),
        "length_m": scaled(lines["length_m"], 0),
        "usd": scaled(lines["usd"], 0),
        "lines": encode_lines(lines.geometry, frame, tolerance_m),
    }


def _targets(targets: gpd.GeoDataFrame, inputs: Inputs, frame: Frame) -> dict[str, Any]:
    points = targets.geometry
    x, y = frame.place(points.x.to_numpy(dtype=float), points.y.to_numpy(dtype=float))
    return {
        "commune": positions(targets["commune_code"], inputs.communes["code"]),
        "name": texts(targets["name"]),
        "status": texts(targets["status"]),
        "stage": scaled(targets["stage"], 0),
        "people": scaled(targets["people"], 0),
        "x": x,
        "y": y,
    }


def _bill(bill: pd.DataFrame) -> dict[str, Any]:
    return {
        "kind": texts(bill["kind"]),
        "surface": texts(bill["surface"]),
        "route_km": scaled(bill["route_km"], 2),
        "cable_km": scaled(bill["cable_km"], 2),
        "usd_per_km": scaled(bill["usd_per_km"], 0),
        "usd": scaled(bill["usd"], 0),
    }
