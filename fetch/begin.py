"""A study begun for a place: its outline, and a study file whose paths are what fetching brings."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from typing import Any, Final

import geopandas as gpd

from phusong.disc.durable import replacing, sync
from phusong.disc.refused import refused
from phusong.disc.workplace import session_folder
from phusong.errors import FetchError, OutputError, Where
from phusong.fetch.catalogue import Source, source
from phusong.fetch.gazetteer import Place, find_place, places_of, read_units
from phusong.fetch.job import Desk, asked_of, record_of
from phusong.fetch.ledger import Ledger, Record
from phusong.fetch.opencellid import has_token
from phusong.fetch.units import write_units
from phusong.fetch.web import Web
from phusong.progress import Progress
from phusong.study.file import DATA_FOLDERS, FILE_NAME, parse_study

OUTLINE: Final = Path("data/boundaries/place.gpkg")
DISTRICTS: Final = Path("data/boundaries/districts.gpkg")
_TIERS: Final = ("ADM1", "ADM2")
_METADATA_BYTES: Final = 2**20


@dataclass(frozen=True)
class _Listed:
    """Units of one tier, and where they are from."""

    units: gpd.GeoDataFrame
    record: Record


def begin_study(
    folder: Path, asked: str, country: str, progress: Progress, web: Web | None = None
) -> tuple[Path, Place]:
    """Write the study of a place, its outline and its districts; return its file and the place.

    Nothing is written before the place is found.

    Raises
    ------
    OutputError
        When the folder has a study already.
    InputError
        When no place has that name, or several have.
    FetchError
        When the boundaries cannot be had.
    """
    file = folder / FILE_NAME
    if file.exists():
        raise OutputError(
            "there is a study here already", Where(file=str(file)), "choose another folder"
        )
    rules = source("boundaries")
    talk = web or Web()
    try:
        provinces, districts = (_listed(rules, country, tier, talk, progress) for tier in _TIERS)
    finally:
        talk.close()
    if provinces is None:
        raise FetchError(
            "there are no boundaries of {country}",
            Where(file=rules.title),
            "write the country as three letters, such as VNM",
            {"country": country},
        )
    none = provinces.units.iloc[:0]
    finer = none if districts is None else districts.units
    place = find_place(places_of(country, provinces.units, finer), asked)
    for name in DATA_FOLDERS:
        (folder / "data" / name).mkdir(parents=True, exist_ok=True)
    ledger = Ledger(folder)
    outline = gpd.GeoDataFrame({"name": [place.key]}, geometry=[place.outline], crs="EPSG:4326")
    _keep(ledger, folder / OUTLINE, outline, provinces.record, place.key)
    inside = finer[finer.representative_point().within(place.outline)]
    if districts is not None and len(inside):
        frame = inside.rename(columns={"code": "iso"}).rename(columns={"id": "code"})
        _keep(ledger, folder / DISTRICTS, frame, districts.record, f"districts of {place.key}")
    text = _study_text(place, country)
    parse_study(text, file)
    with refused(file), replacing(file) as temporary:
        temporary.write_text(text, "utf-8")
        sync(temporary)
    return file, place


def _listed(rules: Source, country: str, tier: str, web: Web, progress: Progress) -> _Listed | None:
    """Return the units of a tier; None where there are none of that country."""
    url = rules.url(country=country, tier=tier)
    try:
        said = json.loads(web.whole(rules, url, most=_METADATA_BYTES))
    except FetchError as error:
        if error.params.get("status") == 404:
            return None
        raise
    except ValueError:
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("gjDownloadURL"), str):
        raise FetchError(
            "the boundaries have another form than is known ({reason})",
            Where(file=url),
            "look at docs/first-hour.md for the form that is known",
            {"reason": "gjDownloadURL"},
        )
    place = said["gjDownloadURL"]
    if not rules.allows(place):
        raise FetchError(
            "{host} sends to {to}, which is no place this source is known to have",
            Where(file=url),
            "where it is right, name that place as the source's: [fetch] hosts in study.toml",
            {"host": rules.base, "to": place[:200]},
        )
    with TemporaryDirectory(dir=session_folder()) as work, _desk(web, Path(work)) as desk:
        parts = desk.parts_of(rules, place)
        step = f"boundaries {tier}"
        total = max(1, parts.size // 2**20)
        progress.start(step, total, "Fetching boundaries, MiB")
        parts.whole(Path(work) / f"{tier}.geojson")
        progress.advance(step, total)
        units = read_units(Path(work) / f"{tier}.geojson")
    version = _words(said, "boundaryID", "boundaryYearRepresented", "buildDate")
    licence = _words(said, "boundaryLicense")
    record = record_of(rules, place, version=version, licence=licence or "not stated")
    return _Listed(units, record)


def _desk(web: Web, folder: Path) -> Desk:
    return Desk(web, folder / "parts", lambda _: None)


def _words(said: dict[str, Any], *keys: str) -> str:
    return ", ".join(str(said[key]) for key in keys if said.get(key))


def _keep(ledger: Ledger, path: Path, frame: gpd.GeoDataFrame, record: Record, note: str) -> None:
    if path.exists() and ledger.of(path) is None:
        raise OutputError(
            "a file of your own lies where the source's is kept",
            Where(file=str(path)),
            "choose another folder",
        )
    write_units(frame, path, path.stem)
    ledger.add(path, Record(**{**vars(record), "note": note, "asked": asked_of(note)}))


def _study_text(place: Place, country: str) -> str:
    """Return the study file of a place."""
    words = tomllib.loads((files("phusong.fetch") / "assumed.toml").read_text("utf-8"))
    cells = words["opencellid" if has_token() else "masts"]
    west, south, east, north = place.outline.bounds
    kept = [source(n) for n in ("dem", "landcover", "people", "osm", "boundaries")]
    if has_token():
        kept.append(source("towers"))
    sources = [
        f"{s.title}: {s.attribution} ({s.licence})" if s.licence else s.attribution for s in kept
    ]
    assumed = [f"    {_toml(text)},\n" for text in (*words["all"], cells["assumption"])]
    template = (files("phusong.fetch") / "place.toml").read_text("utf-8")
    return Template(template).substitute(
        name=_toml(place.key),
        licence=_toml("; ".join(sources)),
        assumptions=f"[\n{''.join(assumed)}]",
        country=_toml(country),
        bbox=f"[{west:.5f}, {south:.5f}, {east:.5f}, {north:.5f}]",
        towers=cells["towers"].lstrip(),
    )


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
