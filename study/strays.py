"""Links in a study's folder that lead out of it: followed only where the study gives leave.

An absolute path, or one through ``..``, is the study's own word. A link is whoever's who filled
the folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
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
    home = Path(os.path.normpath(folder.absolute()))
    if not Path(os.path.normpath(path.absolute())).is_relative_to(home):
        return
    roots = [folder.resolve(), *((folder / given).resolve() for given in leave)]
    for part in (path, *_parts(path)):
        place = part.resolve()
        if not any(place.is_relative_to(root) for root in roots):
            raise Overreach(
                "{name} is a link that leads to {place}, outside of the study's folders",
                Where(file=str(part.relative_to(folder)) if part.is_relative_to(folder) else ""),
                "name that place in study.toml, or allow its folder: [gdal] folders in study.toml",
                {"name": part.name, "place": str(place)},
            )


def _parts(path: Path) -> Iterator[Path]:
    """Yield the links below a folder, and those beside a file that share its stem."""
    with suppress(OSError):  # what cannot be listed cannot be read
        if path.is_dir():
            for place, folders, names in os.walk(path):
                yield from (p for n in (*folders, *names) if (p := Path(place, n)).is_symlink())
            return
        stem = path.name.partition(".")[0]
        with os.scandir(path.parent) as beside:
            yield from (
                Path(one.path)
                for one in beside
                if one.name.partition(".")[0] == stem and one.is_symlink()
            )
