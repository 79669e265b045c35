"""A shapefile's parts: all there, whole, and of one number of records.

GDAL leaves out, without a word, the attributes that have no shape, and reads what is left of a file
that was cut short.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

from phusong.errors import InputError, Where

_HEADER: Final = 100
_NEEDED: Final = (".shx", ".dbf")
_MEND: Final = "copy the shapefile anew, with all its parts: .shp, .shx, .dbf, .prj, .cpg"


def refuse_torn(path: Path, where: Where) -> None:
    """Raise InputError for a shapefile of which a part is missing, cut short or of another one."""
    if path.suffix.lower() != ".shp" or not path.is_file():
        return
    parts = {part.suffix.lower(): part for part in path.parent.glob(f"{_literal(path.stem)}.*")}
    for suffix in _NEEDED:
        if suffix not in parts:
            raise InputError(
                "{name} is missing beside it", where, _MEND, {"name": f"{path.stem}{suffix}"}
            )
    for part in (path, parts[".shx"]):
        stated = 2 * _number(part, 24, ">i")
        if stated > part.stat().st_size:
            raise InputError(
                "{name} is cut short: {size} of {stated} bytes",
                where,
                _MEND,
                {"name": part.name, "size": part.stat().st_size, "stated": stated},
            )
    shapes = (parts[".shx"].stat().st_size - _HEADER) // 8
    rows = _number(parts[".dbf"], 4, "<I")
    if shapes != rows:
        raise InputError(
            "it has {shapes} shapes, and {rows} records in {name}",
            where,
            _MEND,
            {"shapes": shapes, "rows": rows, "name": parts[".dbf"].name},
        )


def _literal(stem: str) -> str:
    """Return a name in which no letter stands for others."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in stem)


def _number(path: Path, at: int, form: str) -> int:
    """Read one number of four bytes; 0 past the end."""
    with path.open("rb") as file:
        file.seek(at)
        raw = file.read(4)
    return int(struct.unpack(form, raw)[0]) if len(raw) == 4 else 0
