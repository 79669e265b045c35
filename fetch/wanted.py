"""What a study can have fetched: each file, where it lies, and what the study says of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from phusong.fetch.catalogue import source
from phusong.fetch.cutout import country_job, tile_job
from phusong.fetch.extent import with_margin
from phusong.fetch.job import Order, asked_of
from phusong.study import Study

DEM: Final = Path("data/terrain/copernicus_glo30.tif")
LANDCOVER: Final = Path("data/terrain/worldcover.tif")
PEOPLE: Final = Path("data/people/worldpop.tif")


@dataclass(frozen=True)
class Wanted:
    """One file that can be fetched for a study."""

    name: str
    """As `--only` names it: its source's name."""
    path: Path
    """From the study's folder."""
    line: str
    """What the study says to have it read."""
    said: list[Path]
    """What the study reads of that kind."""
    order: Order

    def wished(self, study: Study, only: Collection[str]) -> bool:
        """Say whether it is to be fetched: asked for, or nothing else stands in its place."""
        if only:
            return self.name in only
        return self.named or not any(study.resolve(path).exists() for path in self.said)

    @property
    def named(self) -> bool:
        """Whether the study reads it."""
        return self.path in self.said


def wanted(study: Study) -> list[Wanted]:
    """Return all that can be fetched for a study.

    Raises
    ------
    StudyError
        When a mirror's address is none.
    InputError
        When the study's area is not known.
    """
    ground = with_margin(study)
    hosts, asked, terrain = study.fetch.hosts, study.fetch, study.terrain
    dem, cover, people = (source(n, hosts) for n in ("dem", "landcover", "people"))
    folder = study.folder
    raster = [study.people.raster] if study.people is not None else []
    covers = [terrain.landcover] if terrain.landcover is not None else []
    box = ground.said()
    return [
        Wanted(
            "dem",
            DEM,
            f'[terrain] dem = ["{DEM.as_posix()}"], kind = "dsm"',
            terrain.dem,
            Order(
                folder / DEM,
                asked_of(dem.path, dem.version, box),
                lambda desk: tile_job(desk, dem, ground, folder / DEM),
            ),
        ),
        Wanted(
            "landcover",
            LANDCOVER,
            f'[terrain] landcover = "{LANDCOVER.as_posix()}"',
            covers,
            Order(
                folder / LANDCOVER,
                asked_of(cover.path, cover.version, box),
                lambda desk: tile_job(desk, cover, ground, folder / LANDCOVER),
            ),
        ),
        Wanted(
            "people",
            PEOPLE,
            f'[people] raster = "{PEOPLE.as_posix()}"',
            raster,
            Order(
                folder / PEOPLE,
                asked_of(people.path, people.version, box, asked.country, asked.people_year),
                lambda _: country_job(
                    people, ground, folder / PEOPLE, asked.country, asked.people_year
                ),
            ),
        ),
    ]
