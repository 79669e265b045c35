"""Zip archives whatever the clock says: the format holds the years 1980 to 2107 only."""

from __future__ import annotations

import os
import time
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

_FIRST: Final = (1980, 1, 1, 0, 0, 0)
_LAST: Final = (2107, 12, 31, 23, 59, 58)


def mend_clock() -> bool:
    """Leave out a ``SOURCE_DATE_EPOCH`` that libraries stumble over; whether there was one.

    They read it as whole seconds of a year their files can hold, some while they are imported.
    """
    said = os.environ.get("SOURCE_DATE_EPOCH")
    if said is None or (said.isdecimal() and _year(said) <= _LAST[0]):
        return False
    del os.environ["SOURCE_DATE_EPOCH"]
    return True


def _year(seconds: str) -> int:
    try:
        return time.gmtime(int(seconds))[0]
    except (OverflowError, ValueError, OSError):
        return _LAST[0] + 1


def zip_time() -> tuple[int, int, int, int, int, int]:
    """Return now as a zip can hold it; ``SOURCE_DATE_EPOCH``, where it is a number, is now."""
    seconds: float = time.time()
    with suppress(ValueError):
        seconds = float(os.environ.get("SOURCE_DATE_EPOCH", ""))
    try:
        now = time.gmtime(seconds)[:6]
    except (OverflowError, ValueError, OSError):
        now = _FIRST if seconds < 0 else _LAST
    return min(max(now, _FIRST), _LAST)


class Archive(zipfile.ZipFile):
    """A new deflated zip; every entry has the same time, one that the format holds."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w", zipfile.ZIP_DEFLATED, allowZip64=True)
        self._time = zip_time()

    def writestr(self, zinfo_or_arcname: Any, data: Any, *args: Any, **more: Any) -> None:
        """Add bytes or text under a name."""
        if not isinstance(zinfo_or_arcname, zipfile.ZipInfo):
            zinfo_or_arcname = self._entry(str(zinfo_or_arcname))
        super().writestr(zinfo_or_arcname, data, *args, **more)

    def write(self, filename: Any, arcname: Any = None, *args: Any, **more: Any) -> None:
        """Add a file; its own time is left out."""
        entry = self._entry(str(arcname if arcname is not None else filename))
        super().writestr(entry, Path(filename).read_bytes(), *args, **more)

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, self._time)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        return entry
