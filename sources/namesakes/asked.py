"""What a person is asked: the rows of a file of matches, those confirmed before kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from phusong.checks import Findings
from phusong.errors import StudyError, Where
from phusong.i18n import tr
from phusong.sources.boundaries.communes import read_communes
from phusong.sources.crs import STUDY_FILE, Area, study_crs, to_study
from phusong.sources.namesakes.lookalikes import Proposal, communes_at, points_of, propose
from phusong.sources.namesakes.matches import COLUMNS, key_of, read_matches, said_of, write_matches
from phusong.sources.namesakes.named_communes import NamedCommunes
from phusong.sources.namesakes.named_places import Places, read_places
from phusong.sources.namesakes.placeless import read_changes, read_village_list
from phusong.sources.tables.headers import COMMUNES
from phusong.sources.tables.layers import read_layer
from phusong.study import Study, VillagesSource

_REACH_M = 50_000.0
"""Places farther than this outside the communes' bounds are none of the study's."""
_STATES = ("clear", "tie", "weak", "shared", "none")


@dataclass(frozen=True)
class Matched:
    """One list, and what was written for it.

    Attributes
    ----------
    path
        The file of matches.
    villages, confirmed
        Of the list; those of them that had a confirmed row before, and keep it.
    states
        How many of the others are ``clear``, ``tie``, ``weak``, ``shared``, ``none``.
    """

    path: Path
    villages: int
    confirmed: int
    states: dict[str, int]


def match_villages(study: Study, findings: Findings) -> list[Matched]:
    """Look for the villages of every list, and write what is found for a person to confirm.

    Rows that a person has confirmed stay as they are, and their villages are not asked about
    again; nothing is confirmed here.

    Raises
    ------
    StudyError
        Where the study names no list with ``matches``, or no places to look among.
    ChecksFailed
        Where a file cannot be read; then nothing is written.
    """
    lists = [layer for layer in study.boundaries.villages if layer.matches is not None]
    if not lists:
        raise StudyError(
            "the study has no list of villages to match",
            Where(file=STUDY_FILE, key="boundaries.villages"),
            'name the file that takes the matches: villages = [{{ path = "data/list.xlsx", '
            'matches = "data/matches.csv" }}]',
        )
    if not study.boundaries.places:
        raise StudyError(
            "the study names no places to look for villages among",
            Where(file=STUDY_FILE, key="boundaries.places"),
            'name some, such as places = [{{ path = "data/osm/osm.gpkg", layer = "places" }}]',
        )
    ground = _communes(study, findings)
    findings.stop_on_errors()
    assert ground is not None
    communes, area = ground
    places = read_places(study, area, _REACH_M, findings)
    named = NamedCommunes(communes, read_changes(study, findings))
    read = [read_village_list(study, layer, findings) for layer in lists]
    findings.stop_on_errors()
    return [
        _write(study, layer, one[0], places, communes, named, findings)
        for layer, one in zip(lists, read, strict=True)
        if one is not None
    ]


def _communes(study: Study, findings: Findings) -> tuple[gpd.GeoDataFrame, Area] | None:
    records = read_layer(study, study.boundaries.communes, COMMUNES, findings)
    crs = study_crs(study, records, findings)
    if records is None or crs is None:
        return None
    moved = to_study(records, crs, findings)
    communes = None if moved.frame.empty else read_communes(moved, findings)
    return None if communes is None else (communes, Area(crs, communes.geometry.union_all()))


def _write(
    study: Study,
    layer: VillagesSource,
    villages: pd.DataFrame,
    places: Places,
    communes: gpd.GeoDataFrame,
    named: NamedCommunes,
    findings: Findings,
) -> Matched:
    assert layer.matches is not None
    path = study.resolve(layer.matches)
    kept = pd.DataFrame(columns=list(COLUMNS))
    if path.exists():
        kept = read_matches(study, layer.matches, findings)[1]
        findings.stop_on_errors()
    keys = [key_of(v["code"], v["name"], said_of(v)) for v in _dicts(villages)]
    done = {(key_of(r["code"], r["village"], r["commune"]), r["list_row"]) for r in _dicts(kept)}
    known, times = {key for key, _ in done}, Counter(keys)
    asked = [
        i
        for i, (key, row) in enumerate(zip(keys, villages["row"], strict=True))
        if not (key in known and times[key] == 1) and (key, str(row)) not in done
    ]
    rest = villages.iloc[asked].reset_index(drop=True)
    found = propose(rest, places.frame, communes, named)
    told = _Telling(places.frame, communes)
    table = _dicts(kept) + [
        row for p in found for row in told.rows_of(p, _dicts(rest.iloc[[p.row]])[0])
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_matches(path, table)
    states = {state: sum(p.state == state for p in found) for state in _STATES}
    return Matched(layer.matches, len(villages), len(villages) - len(asked), states)


def _dicts(frame: pd.DataFrame) -> list[dict[Hashable, Any]]:
    return frame.to_dict("records")


class _Telling:
    """Proposals in words."""

    def __init__(self, places: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> None:
        self._places = places
        points = gpd.GeoSeries(points_of(places), crs=places.crs).to_crs(4326)
        self._lon, self._lat = points.x.to_numpy(), points.y.to_numpy()
        self._stands = communes_at(places, communes)
        self._names = dict(zip(communes["code"], communes["name"], strict=True))

    def rows_of(
        self, proposal: Proposal, village: Mapping[Hashable, Any]
    ) -> list[dict[Hashable, Any]]:
        """Return a row for each candidate, one that is empty for a village without any."""
        people = village["population"]
        own: dict[Hashable, Any] = {
            "village": village["name"],
            "commune": said_of(village) or None,
            "people": None if pd.isna(people) else f"{people:g}",
            "code": village["code"],
            "list_row": str(village["row"]),
            "reason": self._reason(proposal),
        }
        rows: list[dict[Hashable, Any]] = []
        best = proposal.state in {"clear", "shared"}
        for rank, candidate in enumerate(proposal.candidates, start=1):
            place = self._places.iloc[candidate.place]
            clear = rank == 1 and proposal.state == "clear"
            rows.append(
                {
                    **own,
                    "candidate": place["name"],
                    "reason": own["reason"] if rank == 1 or not best else tr("less alike"),
                    "proposal": "clear" if clear else None,
                    "score": f"{candidate.score:g}",
                    "candidate_kind": place["kind"],
                    "candidate_commune": self._names.get(self._stands[candidate.place]),
                    "longitude": f"{self._lon[candidate.place]:.6f}",
                    "latitude": f"{self._lat[candidate.place]:.6f}",
                    "rank": str(rank),
                    "source": place["source"],
                    "place_id": place["place_id"],
                }
            )
        return rows or [own]

    def _reason(self, proposal: Proposal) -> str:
        words = {
            "clear": tr("one name stands out"),
            "tie": tr("several names are as close: choose"),
            "weak": tr("no name is close: look at it"),
            "shared": tr("the place is the best for another village too: choose"),
            "none": tr("no place of a like name: write longitude and latitude yourself"),
        }
        said = [words[proposal.state]]
        if not proposal.meant.said:
            said.append(tr("the list names no commune, all were looked through"))
        elif not proposal.meant.codes:
            text = tr("{commune} is no commune of the study, all were looked through")
            said.append(text.format(commune=proposal.meant.said))
        if proposal.elsewhere:
            there = ", ".join(str(self._names[code]) for code in proposal.elsewhere)
            said.append(tr("the name stands in {communes}", communes=there))
        return "; ".join(said)
