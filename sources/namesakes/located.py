"""Villages of a list at the places a person has confirmed; the rest is told, and left out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.crs import Area, to_study
from phusong.sources.namesakes.matches import Confirmed, Key, key_of, read_matches, said_of
from phusong.sources.namesakes.named_communes import NamedCommunes
from phusong.sources.namesakes.named_places import read_places
from phusong.sources.namesakes.placeless import read_changes, read_village_list
from phusong.sources.tables.layers import Records
from phusong.study import Study, VillagesSource

_WGS84 = CRS.from_epsg(4326)


def located_villages(
    study: Study,
    layer: VillagesSource,
    communes: gpd.GeoDataFrame,
    area: Area,
    reach_m: float,
    findings: Findings,
) -> tuple[Records | None, Where, int] | None:
    """Give the villages of a list the places that were confirmed.

    Parameters
    ----------
    layer
        With ``matches``.
    communes
        ``code``, ``name``.
    area, reach_m
        The communes together, and how far outside of them a place may be.
    findings
        Takes B40 to B45; a village without a confirmed place is left out (B41).

    Returns
    -------
    Records, Where, int or None
        As of a layer with geometry, in the study's CRS, of the columns of the VILLAGES role: the
        area of a confirmed place that has one, else its point (None: nothing is confirmed); file
        and layer of the list; records asked for. None where the list cannot be read.
    """
    read = read_village_list(study, layer, findings)
    if read is None or layer.matches is None:
        return None
    villages, where, total = read
    if not study.resolve(layer.matches).exists():
        matches = study.named(layer.matches).as_posix()
        findings.add("B44", where, matches, "{file} does not exist", file=matches)
        return None, where, total
    confirmed, _ = read_matches(study, layer.matches, findings)
    of = _by_village(villages, confirmed, findings)
    named = NamedCommunes(communes, read_changes(study, findings))
    kept, codes = [], []
    for i, village in enumerate(villages.to_dict("records")):
        if i not in of:
            at = replace(where, row=int(village["row"]))
            findings.add(
                "B41",
                at,
                str(village["name"]),
                "{name}, {commune}",
                name=village["name"],
                commune=said_of(village) or "–",
            )
            continue
        kept.append(i)
        asked = named.meant(village["commune_code"], village["commune"], village["former_commune"])
        one = next(iter(asked.codes)) if len(asked.codes) == 1 else None
        codes.append(one if one is not None or asked.codes else village["commune_code"])
    if not kept:
        matches = study.named(layer.matches).as_posix()
        findings.add("B44", where, matches, "no row of {file} is confirmed", file=matches)
        return None, where, total
    frame = villages.iloc[kept].reset_index(drop=True)
    frame["commune_code"] = pd.Series(codes, dtype=object)
    frame["file"], frame["place"] = where.file, np.arange(len(kept))
    points = [shapely.Point(of[i].lon, of[i].lat) for i in kept]
    listed = gpd.GeoDataFrame(frame, geometry=np.array(points, dtype=object), crs=_WGS84)
    columns = {name: name for name in ("code", "name", "commune_code", "population")}
    records = Records(listed, where, ".", columns, total=total)
    moved = to_study(records, area.crs, findings, area, reach_m)
    places = read_places(study, area, reach_m, findings)
    chosen = [of[kept[k]] for k in moved.frame["place"]]
    shapes = [
        places.shape_at(match.source, match.place_id, point)
        for match, point in zip(chosen, moved.frame.geometry, strict=True)
    ]
    frame = moved.frame.drop(columns="place").set_geometry(np.array(shapes, dtype=object))
    return replace(moved, frame=frame.set_crs(area.crs)), where, total


def _by_village(
    villages: pd.DataFrame, confirmed: list[Confirmed], findings: Findings
) -> dict[int, Confirmed]:
    """Return the one confirmed row of each village, by its row in the frame.

    A confirmed row of no village, or of several that nothing tells apart, is B45; of two for one
    village neither is taken.
    """
    rows_of: dict[Key, list[int]] = defaultdict(list)
    for i, v in enumerate(villages.to_dict("records")):
        rows_of[key_of(v["code"], v["name"], said_of(v))].append(i)
    listed = villages["row"].to_numpy()
    taken: dict[int, list[Confirmed]] = defaultdict(list)
    for match in confirmed:
        found = rows_of.get(match.key, [])
        if len(found) > 1:
            found = [i for i in found if listed[i] == match.list_row]
        if not found:
            findings.add(
                "B45", match.where, match.name, "{name} is not in the list", name=match.name
            )
            continue
        taken[found[0]].append(match)
    out: dict[int, Confirmed] = {}
    for i, matches in taken.items():
        if len({(m.lon, m.lat) for m in matches}) > 1:
            findings.add(
                "B45",
                matches[1].where,
                matches[1].name,
                "{name} has {n} confirmed places",
                name=matches[1].name,
                n=len(matches),
            )
            continue
        out[i] = matches[0]
    return out
