"""Every file a study names: where in the study it stands, what it is for, and whose it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from phusong.sources.tables import headers
from phusong.sources.tables.headers import Role
from phusong.study import Layer, Study

Key = tuple[str | int, ...]
"""Place of a layer in the study file, e.g. ``("boundaries", "villages", 0)``."""

KINDS: Final = {
    "boundaries": "Boundaries and villages",
    "towers": "Mobile sites",
    "fiber": "Fibre network",
    "roads": "Roads",
    "rivers": "Rivers",
    "terrain": "Terrain and land cover",
    "people": "People on the ground",
}
"""Parts of the study file -> what its files are about; stands for an owner who is not named."""


@dataclass(frozen=True)
class NamedLayer:
    """One table or layer of the study.

    Attributes
    ----------
    key
        Its place in the study file.
    layer
        What the study says of it.
    role
        What it is for.
    """

    key: Key
    layer: Layer
    role: Role

    @property
    def part(self) -> str:
        """The part of the study file it stands in, a key of :data:`KINDS`."""
        return str(self.key[0])


def named_layers(study: Study) -> list[NamedLayer]:
    """Return every table and layer the study names, in the study's order."""
    return list(_layers(study))


def _layers(study: Study) -> Iterator[NamedLayer]:
    places = study.boundaries
    yield NamedLayer(("boundaries", "communes"), places.communes, headers.COMMUNES)
    yield from _each(("boundaries", "villages"), places.villages, headers.VILLAGES)
    if places.village_centres is not None:
        key = ("boundaries", "village_centres")
        yield NamedLayer(key, places.village_centres, headers.VILLAGE_CENTRES)
    yield from _each(
        ("boundaries", "commune_centres"), places.commune_centres, headers.COMMUNE_CENTRES
    )
    yield from _each(("boundaries", "places"), places.places, headers.NAMESAKES)
    if places.commune_changes is not None:
        key = ("boundaries", "commune_changes")
        yield NamedLayer(key, places.commune_changes, headers.COMMUNE_CHANGES)
    for i, towers in enumerate(study.towers):
        apart = towers.tables
        for kind, table in apart.items():
            yield NamedLayer(("towers", i, kind), table, headers.TOWERS)
        if not apart:
            yield NamedLayer(("towers", i), towers, headers.TOWERS)
    if study.fiber is not None:
        yield from _each(("fiber", "cables"), study.fiber.cables, headers.CABLES)
        yield from _each(("fiber", "pops"), study.fiber.pops, headers.POPS)
        yield from _each(("fiber", "backhaul"), study.fiber.backhaul, headers.BACKHAUL)
    yield from _each(("roads",), study.roads, headers.ROADS)
    yield from _each(("rivers",), study.rivers, headers.RIVERS)


def _each(key: Key, layers: Sequence[Layer], role: Role) -> Iterator[NamedLayer]:
    for i, layer in enumerate(layers):
        yield NamedLayer((*key, i), layer, role)


def named_rasters(study: Study) -> list[tuple[str, Path, str]]:
    """Return every raster the study names: part of the study file, path, owner (may be empty)."""
    terrain = study.terrain
    out = [("terrain", path, terrain.owner) for path in terrain.dem]
    if terrain.landcover is not None:
        out.append(("terrain", terrain.landcover, terrain.owner))
    if study.people is not None:
        out.append(("people", study.people.raster, study.people.owner))
    return out
