"""Sites and their cells, as the page reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from phusong.maps.codec import coded, flags, positions, scaled, texts
from phusong.maps.mercator import Frame

if TYPE_CHECKING:
    from phusong.sources.inputs import Inputs
    from phusong.study import Study

ASSUMED = ("height_assumed", "eirp_assumed", "technology_assumed", "operator_assumed")


def site_section(inputs: Inputs, frame: Frame) -> dict[str, Any]:
    """Return identifier and place of each site, and what it hangs on."""
    sites = inputs.sites
    x, y = frame.place(sites["x_m"].to_numpy(), sites["y_m"].to_numpy())
    return {
        "id": texts(sites["site_id"]),
        "x": x,
        "y": y,
        "inside": flags(sites["in_area"]),
        "backhaul": _backhaul(inputs),
    }


def _backhaul(inputs: Inputs) -> list[list[list[str]]]:
    """Return the medium and the far end of each record of each site."""
    table = inputs.backhaul
    records: dict[str, list[list[str]]] = {}
    for site, medium, upstream in zip(
        table["site_id"], table["medium"], texts(table["upstream"]), strict=True
    ):
        records.setdefault(str(site), []).append([str(medium), upstream])
    return [records.get(str(site), []) for site in inputs.sites["site_id"]]


def cell_section(inputs: Inputs, study: Study) -> dict[str, Any]:
    """Return every cell, out of service or not, with what was assumed about it."""
    cells = inputs.cells
    operators, operator_of = coded(cells["operator"])
    technologies, technology_of = coded(cells["technology"])
    beam = cells["horizontal_beamwidth_deg"].fillna(study.radio.antenna.horizontal_beamwidth_deg)
    tilt = cells["mechanical_tilt_deg"].fillna(0) + cells["electrical_tilt_deg"].fillna(0)
    return {
        "id": texts(cells["cell_id"]),
        "site": positions(cells["site_id"], inputs.sites["site_id"]),
        "operators": operators,
        "operator": operator_of,
        "technologies": technologies,
        "technology": technology_of,
        "freq_mhz": scaled(cells["freq_mhz"], 1),
        "height_m": scaled(cells["height_m"], 1),
        "azimuth_deg": scaled(cells["azimuth_deg"], 0),
        "beam_deg": scaled(beam, 0),
        "tilt_deg": scaled(tilt, 1),
        "eirp_dbm": scaled(cells["eirp_dbm"], 1),
        "in_service": flags(cells["in_service"]),
        "assumed": _assumed(cells),
    }


def _assumed(cells: pd.DataFrame) -> list[str]:
    """Return the first letters of what was assumed: h(eight) e(irp) t(echnology) o(perator)."""
    return [
        "".join(name[0] for name, given in zip(ASSUMED, row, strict=True) if given)
        for row in cells[list(ASSUMED)].astype(bool).itertuples(index=False)
    ]
