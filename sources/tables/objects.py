"""Tables as programs' interfaces answer them: JSON with a list of flat objects, no GeoJSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pandas as pd

_SUFFIXES: Final = frozenset({".json", ".jsonl", ".ndjson"})
_LISTS: Final = ("cells", "data", "results", "items", "records", "rows")
"""Where interfaces put the list; OpenCelliD's has ``cells``."""


def read_objects(path: Path) -> pd.DataFrame | None:
    """Return the objects of a JSON file, one row each, every cell text or None.

    Returns
    -------
    DataFrame or None
        The row (first object: 1) as index. None for a file that is no list of flat objects:
        GeoJSON, or no JSON at all.
    """
    if path.suffix.lower() not in _SUFFIXES or not path.is_file():
        return None
    found = _objects(path.read_bytes())
    if not found:
        return None
    frame = pd.DataFrame([{k: _text(v) for k, v in one.items()} for one in found], dtype=object)
    return frame.where(frame.notna(), None).set_axis(pd.RangeIndex(1, len(frame) + 1))


def _objects(data: bytes) -> list[dict[str, Any]]:
    try:
        text = data.decode("utf-8-sig")
        try:
            whole = json.loads(text)
        except json.JSONDecodeError:
            whole = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        return []
    if isinstance(whole, dict):
        if whole.get("type") in {"FeatureCollection", "Feature", "Topology"}:
            return []
        whole = next((whole[k] for k in _LISTS if isinstance(whole.get(k), list)), [])
    flat = isinstance(whole, list) and all(
        isinstance(one, dict) and not any(isinstance(v, dict | list) for v in one.values())
        for one in whole
    )
    return list(whole) if flat else []


def _text(value: Any) -> str | None:
    """Return a value as a table's cell has it."""
    if value is None or isinstance(value, str):
        return (value or "").strip() or None
    return str(int(value)) if isinstance(value, bool) else str(value)
