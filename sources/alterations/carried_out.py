"""Inputs as a scenario alters them: masts, changes to cells, cables, what is switched off.

One way to build something: planned masts, a scenario's and those of a person in a meeting all
become cells here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.errors import StudyError, Where
from phusong.i18n import tr
from phusong.sources.alterations.laid import cables_with
from phusong.sources.alterations.raised import cells_with, metres_of, sites_with
from phusong.sources.cables.backhaul import FIBRE, MICROWAVE
from phusong.sources.inputs import Inputs
from phusong.study.scenario import Cable, Change, Hang, Mast, Off, Scenario
from phusong.study.validated import nearest

ELSEWHERE_M: Final = 50.0
"""A mast given with coordinates this far from the one of its id is another mast."""
_WGS84: Final = "EPSG:4326"


def with_scenario(inputs: Inputs, scenario: Scenario) -> Inputs:
    """Return inputs as they are once a scenario is carried out.

    Switched off first, then changed, then built: what is built may stand on a site that is
    switched off.

    Raises
    ------
    StudyError
        When the scenario names what is not there, or builds where there is no terrain; every
        problem is named.
    """
    doing = _Doing(inputs)
    doing.switch_off(scenario.off)
    for number, change in enumerate(scenario.changes):
        doing.change(change, f"changes.{number}")
    doing.build(scenario.masts)
    doing.lay(scenario.cables)
    doing.hang(scenario.backhaul)
    if doing.problems:
        raise StudyError(
            "{problems}",
            Where(file=scenario.name),
            "correct the scenario; its ids are those that the results of a run name",
            {"problems": "\n  ".join(("", *doing.problems))},
        )
    return doing.inputs


@dataclass
class _Doing:
    """Inputs while they are altered, and what could not be done."""

    inputs: Inputs
    problems: list[str] = field(default_factory=list)

    def switch_off(self, off: Off) -> None:
        """Take things out of service."""
        cells, cables = self.inputs.cells, self.inputs.cables
        self._all_known(off.sites, self.inputs.sites["site_id"], "off.sites")
        self._all_known(off.cells, cells["cell_id"], "off.cells")
        self._all_known(off.cables, cables["cable_id"], "off.cables")
        self._all_known(off.pops, self.inputs.pops["pop_id"], "off.pops")
        silent = cells["site_id"].isin(off.sites) | cells["cell_id"].isin(off.cells)
        dark = cables["cable_id"].astype(str).isin(off.cables)
        pops = self.inputs.pops
        self.inputs = replace(
            self.inputs,
            cells=cells.assign(in_service=cells["in_service"].astype(bool) & ~silent),
            cables=cables.assign(in_service=cables["in_service"].astype(bool) & ~dark),
            pops=pops[~pops["pop_id"].isin(off.pops)].reset_index(drop=True),
        )

    def change(self, change: Change, key: str) -> None:
        """Change the cells of a site, or one cell."""
        cells = self.inputs.cells
        if change.site_id is not None:
            known = self._all_known([change.site_id], self.inputs.sites["site_id"], key)
            mine = (cells["site_id"] == change.site_id).to_numpy()
        else:
            known = self._all_known([str(change.cell_id)], cells["cell_id"], key)
            mine = (cells["cell_id"] == change.cell_id).to_numpy()
        if not known:
            return
        if change.longitude is not None and change.latitude is not None:
            self._move(str(change.site_id), change.longitude, change.latitude, key)
        cells = cells.copy()
        for column, value in (
            ("height_m", change.height_m),
            ("azimuth_deg", change.azimuth_deg),
            ("electrical_tilt_deg", change.tilt_deg),
            ("eirp_dbm", change.eirp_dbm),
        ):
            if value is not None:
                cells.loc[mine, column] = value
                assumed = column.removesuffix("_m").removesuffix("_dbm") + "_assumed"
                if assumed in cells:
                    cells.loc[mine, assumed] = False
        if change.turn_deg is not None:
            cells.loc[mine, "azimuth_deg"] = (
                cells.loc[mine, "azimuth_deg"] + change.turn_deg
            ) % 360.0
        self.inputs = replace(self.inputs, cells=cells)

    def _move(self, site_id: str, longitude: float, latitude: float, key: str) -> None:
        x_m, y_m = metres_of(self.inputs, [longitude], [latitude])
        if not self._on_ground(x_m, y_m, [key]):
            return
        sites = self.inputs.sites.copy()
        mine = sites["site_id"] == site_id
        point = shapely.Point(x_m[0], y_m[0])
        sites.loc[mine, ["x_m", "y_m", "in_area"]] = x_m[0], y_m[0], point.within(self.inputs.area)
        if "position_error_m" in sites:
            sites.loc[mine, "position_error_m"] = np.nan
        sites.loc[mine, "geometry"] = gpd.GeoSeries(
            [point] * int(mine.sum()), index=sites[mine].index
        )
        self.inputs = replace(self.inputs, sites=sites)

    def build(self, masts: Sequence[Mast]) -> None:
        """Build masts, several on one site if need be."""
        standing = self.inputs.sites.set_index("site_id")
        fresh: dict[str, Mast] = {}
        for number, mast in enumerate(masts):
            key = f"masts.{number}"
            first = fresh.get(mast.site_id)
            if mast.site_id in standing.index:
                place = standing.loc[mast.site_id]
                self._stands_here(mast, float(place["x_m"]), float(place["y_m"]), key)
            elif first is not None:
                if mast.longitude is not None and (
                    (mast.longitude, mast.latitude) != (first.longitude, first.latitude)
                ):
                    self._say(key, tr("{id} is built at two places", id=mast.site_id))
            elif mast.longitude is None:
                close = nearest(mast.site_id, [str(name) for name in standing.index])
                self._say(key, self._unknown(mast.site_id, close))
            else:
                fresh[mast.site_id] = mast
        if self.problems:
            return
        new = list(fresh.values())
        x_m, y_m = metres_of(self.inputs, [m.longitude for m in new], [m.latitude for m in new])
        if self._on_ground(x_m, y_m, [m.site_id for m in new]):
            sites = sites_with(self.inputs, [m.site_id for m in new], x_m, y_m)
            self.inputs = replace(self.inputs, sites=sites, cells=cells_with(self.inputs, masts))

    def _stands_here(self, mast: Mast, x_m: float, y_m: float, key: str) -> None:
        if mast.longitude is None:
            return
        at_x, at_y = metres_of(self.inputs, [mast.longitude], [mast.latitude])
        off_m = float(np.hypot(at_x[0] - x_m, at_y[0] - y_m))
        if off_m > ELSEWHERE_M:
            text = tr(
                "a mast called {id} stands {km} km from there; another id is needed, or `changes`",
                id=mast.site_id,
                km=f"{off_m / 1000:.2f}",
            )
            self._say(key, text)

    def lay(self, cables: Sequence[Cable]) -> None:
        """Lay cables."""
        if not cables:
            return
        taken = set(self.inputs.cables["cable_id"].astype(str))
        for number, cable in enumerate(cables):
            if cable.cable_id in taken:
                self._say(
                    f"cables.{number}", tr("there is a cable {id} already", id=cable.cable_id)
                )
            taken.add(cable.cable_id)
        lines = [
            shapely.linestrings(*metres_of(self.inputs, *zip(*cable.points, strict=True)))
            for cable in cables
        ]
        frame = {
            "cable_id": [c.cable_id for c in cables],
            "owner": [c.owner for c in cables],
            "geometry": lines,
        }
        self.inputs = replace(self.inputs, cables=cables_with(self.inputs, frame))

    def hang(self, hangs: Sequence[Hang]) -> None:
        """Say what sites hang on, beside what the study's backhaul says."""
        if not hangs:
            return
        sites = self.inputs.sites["site_id"]
        for number, link in enumerate(hangs):
            self._all_known([link.site_id], sites, f"backhaul.{number}")
            if link.upstream is not None:
                known = pd.concat([sites, self.inputs.pops["pop_id"]])
                self._all_known([link.upstream], known, f"backhaul.{number}")
        rows = pd.DataFrame(
            {
                "site_id": [link.site_id for link in hangs],
                "medium": [FIBRE if link.upstream is None else MICROWAVE for link in hangs],
                "upstream": [link.upstream for link in hangs],
                "file": "",
                "row": 0,
            }
        ).astype(object)
        both = pd.concat([self.inputs.backhaul, rows], ignore_index=True)
        self.inputs = replace(self.inputs, backhaul=both)

    def _all_known(self, ids: Sequence[str], known: Any, key: str) -> bool:
        names = {str(name): None for name in known}
        missing = [name for name in ids if name not in names]
        for name in missing:
            self._say(key, self._unknown(name, nearest(name, list(names))))
        return not missing

    @staticmethod
    def _unknown(name: str, close: str | None) -> str:
        if close is None:
            return tr("there is no {id}", id=name)
        return tr("there is no {id}; the nearest is {nearest}", id=name, nearest=close)

    def _on_ground(
        self, x_m: NDArray[np.float64], y_m: NDArray[np.float64], keys: Sequence[str]
    ) -> bool:
        """Whether every place lies on the study's terrain."""
        west, south, east, north = self.inputs.grid.bounds
        inside = (x_m >= west) & (x_m <= east) & (y_m >= south) & (y_m <= north)
        if inside.any():
            inside[inside] = ~np.isnan(self.inputs.terrain.sample(x_m[inside], y_m[inside]))
        for i in np.flatnonzero(~inside).tolist():
            self._say(keys[i], tr("this place is not on the study's terrain"))
        return bool(inside.all())

    def _say(self, key: str, text: str) -> None:
        self.problems.append(f"{key}: {text}")
