"""SHA-256 of the planner's files, so that a result can name what it was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from phusong.sources.named_layers import named_layers, named_rasters
from phusong.study import Study

_SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_MAPINFO = (".tab", ".dat", ".map", ".id", ".ind")
_BLOCK = 2**20


def files_of(path: Path) -> list[Path]:
    """Return every file that makes up what ``path`` names: a shapefile's parts, a folder's."""
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.is_file())
    for family in (_SHAPEFILE, _MAPINFO):
        if path.suffix.lower() == family[0]:
            beside = {p for p in path.parent.glob(f"{path.stem}.*") if p.suffix.lower() in family}
            return sorted(beside | {path})
    return [path]


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def named_files(study: Study) -> list[Path]:
    """Return every path the study names, as it names it, each once."""
    layers = [named.layer.path for named in named_layers(study)]
    matches = [villages.matches for villages in study.boundaries.villages if villages.matches]
    rasters = [path for _, path, _ in named_rasters(study)]
    return list(dict.fromkeys([*layers, *matches, *rasters]))


def digests(study: Study) -> dict[str, str]:
    """Return file (from the study's folder where it lies there) -> SHA-256.

    Files that are missing are left out.
    """
    out: dict[str, str] = {}
    for path in named_files(study):
        resolved = study.resolve(path)
        if not resolved.exists():
            continue
        named = study.named(path)
        base = resolved if resolved.is_dir() else resolved.parent
        for part in files_of(resolved):
            beside = named if resolved.is_dir() else named.parent
            out[(beside / part.relative_to(base)).as_posix()] = sha256(part)
    return out


def combined(parts: Iterable[str]) -> str:
    """Return one SHA-256 over several texts, in their order."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
