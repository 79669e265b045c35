"""What a page asks beside the scenario: cuts, definitions, lines of sight, ways along roads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import numpy as np
import pandas as pd
from pydantic import Field

from phusong.coverage.results import ANY
from phusong.coverage.villages.verdict import GRADE_LETTERS
from phusong.errors import StudyError, Where
from phusong.frames import rows
from phusong.maps.codec import plain, positions, scaled
from phusong.maps.sections.areas import figure_columns
from phusong.maps.sections.remarks import indicator_section
from phusong.planning.hops.hops import Masts, find_hops
from phusong.progress import Progress
from phusong.sources.alterations.raised import metres_of
from phusong.studio.drawncable import Roads
from phusong.studio.payload import Payloads, changes_of
from phusong.studio.session import AS_IT_STANDS, Definition, Seen, Studio
from phusong.studio.shelf import Shelf
from phusong.study.scenario import Height, Latitude, Longitude, Name, Scenario
from phusong.study.settings.base import Section

MOST_SITES: Final = 6
"""Sites with fibre that a mast is looked at from."""
POINTS: Final = 240
"""Of a profile."""


class Cut(Section):
    """What is lost at once, named as ``phusong fiber --cut`` does."""

    names: list[Name] = Field(min_length=1, max_length=50)


class Spot(Section):
    """A mast, as far as microwave knows it."""

    longitude: Longitude
    latitude: Latitude
    height_m: Height


class Drawing(Section):
    """A cable as it is drawn, from point to point."""

    points: list[tuple[Longitude, Latitude]] = Field(min_length=2, max_length=200)


class Naming(Section):
    """A scenario's name."""

    name: Annotated[str, Field(max_length=400)]


class Beside(Section):
    """A scenario that is put beside what is drawn; "": the study as it stands."""

    name: Annotated[str, Field(max_length=400)] = ""
    definition: Definition = Definition()


class Looked(Section):
    """A village that is looked at, by its row, under a definition."""

    row: Annotated[int, Field(ge=0)]
    definition: Definition = Definition()


class Edit(Section):
    """A scenario in the place of the one that is drawn."""

    base: int
    """Revision it was made on."""
    scenario: Scenario


@dataclass(frozen=True)
class Questions:
    """Answers of one studio."""

    studio: Studio
    roads: Roads
    shelf: Shelf
    payloads: Payloads
    _beside: list[Seen] = field(default_factory=list)
    """The scenario that was put beside last."""

    def cable(self, drawing: Drawing) -> dict[str, Any]:
        """Return a cable along the roads, see :meth:`phusong.studio.drawncable.Roads.drawn`."""
        return self.roads.drawn(drawing.points)

    def cut(self, seen: Seen, cut: Cut) -> dict[str, Any]:
        """Return communes and sites that go dark, as ``phusong fiber --cut`` says."""
        fiber = seen.fiber
        if fiber is None:
            return {"communes": [], "names": [], "people": [], "sites": [], "known": False}
        dark = fiber.what_if(cut.names)
        return {
            "communes": positions(dark["commune_code"], seen.inputs.communes["code"]),
            "names": dark["name"].tolist(),
            "people": scaled(dark["people"], 0),
            "sites": fiber.dark_sites(cut.names),
            "known": fiber.backhaul is not None,
        }

    def cut_villages(self, seen: Seen, sites: Sequence[str], progress: Progress) -> dict[str, Any]:
        """Return the villages that lose signal without some sites."""
        scenario, standing = seen.scenario, set(self.studio.now.inputs.sites["site_id"])
        gone = dict.fromkeys([*scenario.off.sites, *(s for s in sites if s in standing)])
        update = {
            "off": scenario.off.model_copy(update={"sites": list(gone)}),
            "masts": [mast for mast in scenario.masts if mast.site_id not in sites],
            "backhaul": [],
        }
        without = scenario.model_copy(update=update)
        dark = self.studio.see(without, progress)
        return changes_of(seen.coverage.villages, dark.coverage.villages)

    def define(self, seen: Seen, definition: Definition) -> dict[str, Any]:
        """Return verdicts of every layer, and indicators, under another definition."""
        found = self.studio.verdicts(seen, definition)
        told = found.verdicts
        figures = [
            {
                "place": definition.place,
                "operator": name.operator,
                "technology": name.technology,
                "grade": "".join(GRADE_LETTERS[grade] for grade in told.grade[i]),
                "served": scaled(pd.Series(told.served_share[i] * 100), 1),
                "unserved": scaled(pd.Series(told.people_unserved[i]), 1),
                "chance": scaled(pd.Series(told.probability_centre[i] * 100), 1),
                "centre": told.served_centre[i].astype(int).tolist(),
                # Of one technology the same is heard under any definition.
                **(
                    {"level": scaled(pd.Series(told.level_centre_dbm[i]), 1)}
                    if definition.place == "outdoor" and name.technology == ANY
                    else {}
                ),
            }
            for i, name in enumerate(told.names)
        ]
        return {
            "figures": figures,
            "indicators": indicator_section(found.indicators),
            "thresholds_dbm": {
                name: budget.threshold_dbm
                for name, budget in found.study.radio.technologies.items()
            },
        }

    def beside(self, beside: Beside, progress: Progress) -> dict[str, Any]:
        """Return verdicts and pictures of a scenario that lies on disc, or of none."""
        scenario = self.shelf.open(beside.name) if beside.name else AS_IT_STANDS
        if not self._beside or self._beside[0].scenario != scenario:
            self._beside[:] = [self.studio.see(scenario, progress)]
        seen = self._beside[0]
        return {
            "defined": self.define(seen, beside.definition),
            "drawn": json.loads(self.payloads.drawn(0, seen.signal)),
        }

    def village(self, seen: Seen, looked: Looked, progress: Progress) -> dict[str, Any]:
        """Return all figures of one village under a definition, layer by layer."""
        count, row = len(seen.coverage.villages), looked.row
        if row >= count:
            raise StudyError("there is no such village", Where(row=row + 1))
        _, coverage = self.studio.define(seen, looked.definition, progress, [row])
        outdoors = looked.definition.place == "outdoor"
        table = coverage.by_layer if outdoors else coverage.by_place
        figures = [
            {
                "place": looked.definition.place,
                "operator": name.operator,
                "technology": name.technology,
                "columns": figure_columns(
                    table.iloc[i * count + row : i * count + row + 1], seen.inputs.cells
                ),
            }
            for i, name in enumerate(seen.signal.cells.plan.layers)
        ]
        return {"figures": figures}

    def sight(self, seen: Seen, spot: Spot) -> dict[str, Any]:
        """Return the nearest sites with fibre, and whether a hop to each would hold."""
        inputs, microwave = seen.inputs, self.studio.study.planning.microwave
        x_m, y_m = metres_of(inputs, [spot.longitude], [spot.latitude])
        near = self._with_fibre(seen, float(x_m[0]), float(y_m[0]))
        masts = Masts(
            np.concatenate([x_m, near["x_m"].to_numpy(dtype=np.float64)]),
            np.concatenate([y_m, near["y_m"].to_numpy(dtype=np.float64)]),
            np.concatenate([[spot.height_m], near["height_m"].to_numpy(dtype=np.float64)]),
        )
        wanted = np.zeros(len(masts.x_m), dtype=np.bool_)
        wanted[0] = True
        hops = find_hops(masts, inputs.terrain, microwave, wanted)
        looked = {int(b): i for i, (a, b) in enumerate(zip(hops.a, hops.b, strict=True)) if a == 0}
        ground = [self._profile(masts, k) for k in range(1, len(masts.x_m))]
        allowed = 100.0 - microwave.availability_percent
        looks = []
        for k, site in enumerate(rows(near), start=1):
            hop = looked.get(k)
            clear = None if hop is None else float(hops.clearance[hop])
            outage = None if hop is None else float(hops.outage_percent[hop])
            holds = (
                clear is not None
                and outage is not None
                and clear >= microwave.clearance
                and outage <= allowed
            )
            looks.append(
                {
                    "site": str(site.site_id),
                    "km": round(float(site.km), 2),
                    "clearance": plain(clear),
                    "outage_percent": plain(outage),
                    "holds": holds,
                    **ground[k - 1],
                }
            )
        return {
            "sites": looks,
            "dish_m": max(spot.height_m - microwave.below_top_m, 1.0),
            "needed": microwave.clearance,
            "allowed_percent": allowed,
            "freq_ghz": microwave.freq_ghz,
            "k_factor": microwave.k_factor,
            "obstacles_m": microwave.obstacles_m,
        }

    def _with_fibre(self, seen: Seen, x_m: float, y_m: float) -> pd.DataFrame:
        """Return sites that hang on fibre that is lit, nearest first; all sites where none does."""
        sites = seen.inputs.sites
        tops = seen.inputs.cells.groupby("site_id")["height_m"].max()
        lit = set(sites["site_id"].astype(str))
        table = seen.inputs.backhaul
        if len(table):
            lit = set(table.loc[table["medium"] == "fibre", "site_id"].astype(str))
        own = sites[sites["site_id"].astype(str).isin(lit)]
        km = np.hypot(own["x_m"] - x_m, own["y_m"] - y_m) / 1000.0
        found = pd.DataFrame(own[["site_id", "x_m", "y_m"]]).assign(
            km=km, height_m=own["site_id"].map(tops)
        )
        found = found[found["height_m"].notna() & (found["km"] > 0.05)]
        return found.nsmallest(MOST_SITES, "km")

    def _profile(self, masts: Masts, k: int) -> dict[str, Any]:
        """Return ground along the way to a site, and the heights of both dishes above the sea."""
        terrain = self.studio.now.inputs.terrain
        along = np.linspace(0.0, 1.0, POINTS)
        x_m = masts.x_m[0] + along * (masts.x_m[k] - masts.x_m[0])
        y_m = masts.y_m[0] + along * (masts.y_m[k] - masts.y_m[0])
        ground = terrain.sample(x_m, y_m)
        below = self.studio.study.planning.microwave.below_top_m
        ends = [
            float(ground[at]) + max(float(masts.height_m[i]) - below, 1.0)
            for at, i in ((0, 0), (-1, k))
        ]
        return {"ground_m": scaled(pd.Series(ground), 1), "ends_m": [plain(e) for e in ends]}
