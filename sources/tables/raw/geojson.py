"""GeoJSON before GDAL has it: a CRS that is a link to somewhere else."""

from __future__ import annotations

import json
import mmap
import re
from pathlib import Path

_HEAD = 4096
_CRS = re.compile(rb'"crs"\s*:\s*\{')


def crs_link(path: Path) -> str | None:
    """Return the address a GeoJSON names as its CRS; None where it names none."""
    if not path.is_file() or not path.stat().st_size:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if not data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            return None
        for match in _CRS.finditer(data):
            text = data[match.end() - 1 : match.end() + _HEAD].decode("utf-8", "replace")
            try:
                said, _ = json.JSONDecoder().raw_decode(text)
            except (ValueError, RecursionError):
                continue
            if str(said.get("type", "")).lower() in {"link", "url"}:
                inner = said.get("properties")
                link = inner.get("href") or inner.get("url") if isinstance(inner, dict) else None
                return str(link or "-")[:200]
    return None
