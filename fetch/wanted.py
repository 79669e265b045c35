"""What a study can have fetched: each file, where it lies, and what the study says of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import geopandas as gpd

from phusong.errors import FetchError, InputError, Where
from phusong.fetch.begin import DISTRICTS
from phusong.fetch.catalogue import source
from phusong.fetch.cutout import country_job, tile_job
from phusong.fetch.extent import Extent, with_margin
from phusong.fetch.job import Desk, Job, Order, asked_of, record_of
from phusong.fetch.ledger import Ledger, Record
from phusong.fetch.opencellid import cells_job, has_token
from phusong.fetch.openstreetmap import osm_asked, osm_job
from phusong.fetch.units import Tier, communes_of, osm_tiers, villages_of, write_units
from phusong.sources.digest import sha256
from phusong.sources.gdal import vectors
from phusong.study import Study

DEM: Final = Path("data/terrain/copernicus_glo30.tif")
LANDCOVER: Final = Path("data/terrain/worldcover.tif")
PEOPLE: Final = Path("data/people/worldpop.tif")
OSM: Final = Path("data/osm/osm.gpkg")
COMMUNES: Final = Path("data/boundaries/communes.gpkg")
VILLAGES: Final = Path("data/boundaries/villages.gpkg")
TOWERS: Final = Path("data/towers/opencellid.csv")
NAMES: Final = ("dem", "landcover", "people", "osm", "boundaries", "towers")
"""Of sources, as `--only` takes them."""


@dataclass(frozen=True)
class Wanted:
    """One file that can be fetched for a study."""

    name: str
    """As `--only` names it: its source's name."""
    path: Path
    """From the study's folder."""
    line: str
    """What the study says to have it read."""
    said: Sequence[Path]
    """What the study reads of that kind."""
    order: Order

    def wished(self, study: Study, only: Collection[str]) -> bool:
        """Say whether it is to be fetched: asked for, or nothing else stands in its place."""
        if only:
            return self.name in only
        if self.name == "towers" and not self.named and not has_token():
            return False
        return self.named or not any(study.resolve(path).exists() for path in self.said)

    @property
    def named(self) -> bool:
        """Whether the study reads it."""
        return self.path in self.said


def wanted(study: Study, ledger: Ledger, *, renew: bool = False) -> list[Wanted]:
    """Return all that can be fetched for a study, in the order in which one needs another.

    Raises
    ------
    StudyError
        When a mirror's address is none.
    InputError
        When the study's area is not known.
    """
    ground = with_margin(study)
    return [
        *_rasters(study, ground),
        *_vectors(study, ground, ledger, renew=renew),
        Wanted(
            "towers",
            TOWERS,
            f'[[towers]] path = "{TOWERS.as_posix()}"',
            [t.path for source in study.towers for t in source.tables.values() or [source]],
            Order(
                study.folder / TOWERS,
                asked_of("towers", study.fetch.country, ground.said()),
                lambda _: cells_job(study, ground, study.folder / TOWERS),
            ),
        ),
    ]


def _rasters(study: Study, ground: Extent) -> Iterator[Wanted]:
    terrain, asked, box = study.terrain, study.fetch, ground.said()
    people = source("people", asked.hosts)
    covers = [terrain.landcover] if terrain.landcover is not None else []
    for name, path, key, said in (
        ("dem", DEM, '[terrain] kind = "dsm", dem', terrain.dem),
        ("landcover", LANDCOVER, "[terrain] landcover", covers),
    ):
        tiles, target = source(name, asked.hosts), study.folder / path
        word = asked_of(tiles.path, tiles.version, box)
        line = f'{key} = "{path.as_posix()}"'
        order = Order(target, word, partial(tile_job, source=tiles, extent=ground, target=target))
        yield Wanted(name, path, line, said, order)
    year, country = asked.people_year, asked.country
    yield Wanted(
        "people",
        PEOPLE,
        f'[people] raster = "{PEOPLE.as_posix()}"',
        [study.people.raster] if study.people is not None else [],
        Order(
            study.folder / PEOPLE,
            asked_of(people.path, people.version, box, country, year),
            lambda _: country_job(people, ground, study.folder / PEOPLE, country, year),
        ),
    )


def _vectors(study: Study, ground: Extent, ledger: Ledger, *, renew: bool) -> Iterator[Wanted]:
    word = osm_asked(study, ground)
    target = study.folder / OSM
    read = [*study.roads, *study.rivers, *study.planning.power_lines]
    yield Wanted(
        "osm",
        OSM,
        f'[[roads]] path = "{OSM.as_posix()}", layer = "roads" (rivers, power_lines: likewise)',
        [layer.path for layer in read],
        Order(target, word, lambda _: osm_job(study, ground, target, ledger, renew=renew)),
    )
    if study.fetch.outline is None:
        return
    outline = study.resolve(study.fetch.outline)
    if not outline.is_file():
        raise InputError(
            "the outline of the place is missing",
            Where(file=str(outline), key="fetch.outline"),
            "begin anew with `phusong new DIR --place NAME`",
        )
    boundaries = study.boundaries
    village_paths = [layer.path for layer in boundaries.villages]
    for path, said, make in (
        (COMMUNES, [boundaries.communes.path], _communes),
        (VILLAGES, village_paths, _villages),
    ):
        job = UnitsJob(study, ledger, outline, study.folder / path, make)
        yield Wanted(
            "boundaries",
            path,
            f'[boundaries] path = "{path.as_posix()}"',
            said,
            Order(job.target, asked_of(word, sha256(outline)), job.myself),
        )


@dataclass
class UnitsJob:
    """Communes or villages of the place, out of what lies here already."""

    study: Study
    ledger: Ledger
    outline: Path
    target: Path
    make: Callable[[Study, Ledger, gpd.GeoDataFrame, Path], Record]

    def myself(self, _: Desk) -> Job:
        """Return it: nothing is to be asked to make it."""
        return self

    def prepare(self, desk: Desk) -> int:  # noqa: ARG002 - as every job
        """Nothing is to come."""
        return 0

    def bring(self) -> None:
        """Nothing comes."""

    def settle(self) -> list[tuple[Path, Record]]:
        """Write the units that lie in the place."""
        if self.ledger.of(self.study.folder / OSM) is None:
            raise FetchError(
                "it is made of OpenStreetMap's layers, and these are not here",
                Where(file=str(self.study.folder / OSM)),
                "the same command fetches them, with what stands above mended",
            )
        outline = _layer(self.outline, self.outline.stem)
        return [(self.target, self.make(self.study, self.ledger, outline, self.target))]


def _communes(study: Study, ledger: Ledger, outline: gpd.GeoDataFrame, target: Path) -> Record:
    tiers = osm_tiers(_layer(study.folder / OSM, "admin"), study.fetch.country)
    districts = study.folder / DISTRICTS
    if districts.is_file():
        title = "districts of geoBoundaries, in place of communes"
        tiers.append(Tier(title, _layer(districts, districts.stem)[["code", "name", "geometry"]]))
    frame, note = communes_of(outline.union_all(), tiers)
    write_units(frame, target, "communes")
    of_osm = note.startswith("OpenStreetMap")
    record = ledger.of(study.folder / OSM if of_osm else districts)
    if record is None:
        return record_of(source("boundaries"), str(districts), note=note)
    return Record(**{**vars(record), "note": note, "asked": ""})


def _villages(study: Study, ledger: Ledger, outline: gpd.GeoDataFrame, target: Path) -> Record:
    frame = villages_of(_layer(study.folder / OSM, "places"), outline.union_all())
    if not len(frame):
        raise FetchError(
            "OpenStreetMap names no place inside this one that could stand for a village",
            Where(file=OSM.as_posix()),
            "name villages of your own under [[boundaries.villages]] in study.toml",
        )
    write_units(frame, target, "villages")
    record = ledger.of(study.folder / OSM)
    assert record is not None
    note = f"{len(frame)} places of OpenStreetMap, in place of villages"
    return Record(**{**vars(record), "note": note, "asked": ""})


def _layer(path: Path, name: str) -> gpd.GeoDataFrame:
    with vectors():
        return gpd.read_file(path, layer=name, engine="pyogrio")
