"""Prepared rasters: made once, kept in the study's work folder, used only while they are whole.

A prepared raster is named by the hash of all that shaped it. Beside it lies a note with what was
found when it was made, and size and SHA-256 of its files; the note has a checksum of its own.
Whatever does not agree, as after a torn write or a rotten disc, is made again. Rasters are made in
a folder of the run's own and moved: two runs at once do no harm, and one that dies leaves nothing
half-written in place.
"""

from __future__ import annotations

import hashlib
import json
import logging
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rasterio.errors import RasterioError

from phusong.disc.durable import sync_tree
from phusong.disc.refused import refusal
from phusong.disc.spill import Spill
from phusong.disc.workplace import session_folder, sweep, workplace
from phusong.errors import OutputError
from phusong.grid import Grid
from phusong.i18n import tr
from phusong.sources.digest import sha256

MAKING = "making-"
"""How folders in which rasters are being made are called."""


@dataclass(frozen=True)
class Prepared:
    """Rasters that belong together, and what was noted when they were made."""

    paths: dict[str, Path]
    """By noun: ``terrain``, ``filled``, ``people``, ``landcover``."""
    facts: dict[str, Any]


Make = Callable[[Path], dict[str, Any]]
"""Writes ``NOUN.tif`` for one noun or several into a folder, and returns what it found."""


def prepared(folder: Path, noun: str, key: str, make: Make) -> Prepared:
    """Return rasters prepared in an earlier run, or make them.

    Where the work folder cannot be written, they are made in a temporary one, and a warning says
    so: the run costs more time, not its results.

    Parameters
    ----------
    folder
        Where prepared rasters are kept.
    noun
        Of the first raster.
    key
        SHA-256 of all that shaped them.

    Raises
    ------
    OutputError
        When they can be written nowhere.
    """
    sweep(folder, MAKING)
    found = _kept(folder, noun, key)
    if found is not None:
        return found
    try:
        return _made(folder, noun, key, make)
    except RasterioError:  # a planner's raster cannot be read, which is no matter of this folder
        raise
    except (OSError, OutputError) as problem:
        told = problem if isinstance(problem, OutputError) else refusal(problem, folder)
        logging.getLogger("phusong").warning(
            tr(
                "{reason}; prepared rasters are not kept in {folder}, this run makes its own",
                reason=tr(told.what, **told.params),
                folder=folder,
            )
        )
    spare = Path(tempfile.mkdtemp(prefix=f"{noun}-", dir=session_folder()))
    facts = make(spare)
    return Prepared({path.stem: path for path in sorted(spare.glob("*.tif"))}, facts)


@contextmanager
def create(path: Path, grid: Grid, dtype: str, nodata: float | None) -> Iterator[Spill]:
    """Give a raster on the grid to fill; in the end it is a tiled GeoTIFF.

    Not compressed: every place is read for each mast that reaches it, dozens of times.
    """
    with Spill(path, grid, dtype, nodata) as spill:
        yield spill
        spill.to_geotiff(blockxsize=256, blockysize=256)


def grid_key(grid: Grid) -> str:
    """Return the grid in one line, for hashing."""
    return (
        f"{grid.crs.to_wkt()}|{grid.x0_m!r}|{grid.y0_m!r}|{grid.cell_m!r}|{grid.rows}|{grid.cols}"
    )


def _note_of(folder: Path, noun: str, key: str) -> Path:
    return folder / f"{noun}-{key[:16]}.json"


def _kept(folder: Path, noun: str, key: str) -> Prepared | None:
    """Return what an earlier run prepared; None when anything about it does not agree."""
    try:
        note = _note_of(folder, noun, key)
        if not _is_plain(note):
            return None
        said = json.loads(note.read_text("utf-8"))
        if said["check"] != _check(said) or said["key"] != key:
            return None
        paths = {}
        for name, (size, digest) in said["files"].items():
            path = folder / f"{name}-{key[:16]}.tif"
            if not _is_plain(path) or path.stat().st_size != size or sha256(path) != digest:
                return None
            paths[name] = path
        facts: dict[str, Any] = said["facts"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return Prepared(paths, facts)


def _is_plain(path: Path) -> bool:
    """Whether a file is there and is one: no pipe that waits for ever, no link elsewhere."""
    return path.exists() and stat.S_ISREG(path.stat(follow_symlinks=False).st_mode)


def _made(folder: Path, noun: str, key: str, make: Make) -> Prepared:
    """Make rasters in a folder of our own, then name them; the note comes last and vouches."""
    with workplace(folder, MAKING) as work:
        facts = make(work)
        made = sorted(work.glob("*.tif"))
        files = {path.stem: [path.stat().st_size, sha256(path)] for path in made}
        note = {"key": key, "facts": facts, "files": files}
        draft = work / "note.json"
        draft.write_text(json.dumps({**note, "check": _check(note)}, indent=1), "utf-8")
        sync_tree(work)
        paths = {path.stem: folder / f"{path.stem}-{key[:16]}.tif" for path in made}
        for path in made:
            _put(path, paths[path.stem])
        _put(draft, _note_of(folder, noun, key))
    return Prepared(paths, facts)


def _put(source: Path, target: Path) -> None:
    """Give a file its name; an empty folder that has it gives way."""
    with suppress(OSError):
        target.rmdir()
    source.replace(target)


def _check(note: dict[str, Any]) -> str:
    """Return the checksum of a note, its own field left out."""
    rest = {name: value for name, value in note.items() if name != "check"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
