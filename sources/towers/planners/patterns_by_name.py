"""Pattern files of antennas that an export knows by name only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from phusong.sources.tables.columns import plain

_SUFFIXES: Final = (".msi", ".pla", ".pln", ".ant")


def pattern_files(folder: Path, names: Sequence[str]) -> dict[str, Path]:
    """Return the pattern file of each antenna that has one of its name in a folder or below.

    The ending of a name (``X.pafx``) and signs do not count; of two files with one name neither is
    taken.
    """
    of: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if path.suffix.lower() in _SUFFIXES and path.is_file():
            of.setdefault(plain(path.stem), []).append(path)
    found = {}
    for name in names:
        files = of.get(plain(name)) or of.get(plain(Path(name).stem)) or []
        if len(files) == 1:
            found[name] = files[0]
    return found
