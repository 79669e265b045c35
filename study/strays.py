"""Links in a study's folder that lead out of it: followed only where the study gives leave.

An absolute path, or one through ``..``, is the study's own word. A link is whoever's who filled
the folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from phusong.errors import Overreach, Where


def refuse_strays(path: Path, folder: Path, leave: Sequence[Path]) -> None:
    """Look at a file or folder that a study names, at what lies in it, and at what belongs to it.

    Parameters
    ----------
    path
        From the working folder; need not exist.
    folder
        The study's.
    leave
        Further folders that links may lead to, from the study's folder.

    Raises
    ------
    Overreach
        When ``path`` is written as one in the study's folder, and it, a file of its stem beside
        it or anything below it is a link that leads elsewhere.
    """
    written = Path(os.path.normpath(path.absolute()))
    homes = (Path(os.path.normpath(folder.absolute())), folder.resolve())
    if not any(written.is_relative_to(home) for home in homes):
        return
    roots = [folder.resolve(), *((folder / given).resolve() for given in leave)]
    for part in (path, *_links(path)):
        place = place_of(part)
        if place is None or not any(place.is_relative_to(root) for root in roots):
            raise Overreach(
                "{name} is a link that leads to {place}, outside of the study's folders",
                Where(file=str(part.relative_to(folder)) if part.is_relative_to(folder) else ""),
                "name that place in study.toml, or allow its folder: [gdal] folders in study.toml",
                {"name": part.name, "place": str(place or part)},
            )


def place_of(path: Path) -> Path | None:
    """Return where links lead; None where they lead back to themselves."""
    try:
        place = path.resolve()
    except (OSError, RuntimeError):  # the latter until Python 3.12
        return None
    # From Python 3.13 on such a link is left as it is.
    return None if any(part.is_symlink() for part in (place, *place.parents)) else place


def _links(path: Path) -> Iterator[Path]:
    """Yield the links below a folder, and those beside a file that share its stem.

    Stems in any case: on some discs ``A.DBF`` is what belongs to ``a.shp``.
    """
    try:
        if path.is_dir():
            yield from _below(path)
            return
        stem = path.name.partition(".")[0].casefold()
        with os.scandir(path.parent) as beside:
            for one in beside:
                if one.name.partition(".")[0].casefold() == stem and one.is_symlink():
                    yield Path(one.path)
    except (OSError, RuntimeError):  # what cannot be listed cannot be read
        return


def _below(folder: str | Path) -> Iterator[Path]:
    """Yield the links in a folder and in those below it; none is followed."""
    with os.scandir(folder) as there:
        for one in there:
            if one.is_symlink():
                yield Path(one.path)
            elif one.is_dir():
                yield from _below(one.path)
