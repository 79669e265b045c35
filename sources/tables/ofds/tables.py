"""Nodes and spans as rows: what they say as texts, where they are as geometry."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.errors import GEOSException

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.ofds.span_ends import led_to_nodes
from phusong.sources.tables.ofds.standard import NODE, SPAN, Document, Entry, sound_text

_PLACE: Final = {NODE: "location", SPAN: "route"}
_COLUMNS_MOST: Final = 200
"""Columns beyond the standard's own, which has 24 of a span."""
_TEXT_MOST: Final = 2000
POP_TYPES: Final = frozenset({"pop", "ixp", "dataCentre", "exchange", "cableLanding"})
"""Types of node at which a lit network is entered; the others are passive, or carry it on."""
_OTHER_MEDIA: Final = frozenset({"microwave", "copper", "coaxial"})


def table_of(
    document: Document, kind: str, findings: Findings, where: Where, *, pops: bool
) -> pd.DataFrame:
    """Return one kind of a file's entries, as its rows.

    Parameters
    ----------
    pops
        Only nodes where the network can be entered are wanted (F34, F35).

    Returns
    -------
    DataFrame
        The standard's fields by their own names; of spans also ``owner``, ``cores`` and ``kind``;
        ``row`` and ``geometry``. Entries that are no objects, or whose geometry is none, are left
        out (S51, S22), spans of another medium than fibre as well (F33).
    """
    _report_broken(document, kind, findings, where)
    entries = document.of(kind)
    if kind == SPAN:
        entries = _of_fibre(entries, findings, where)
    elif pops:
        entries = _entered(entries, findings, where)
    geometry, sound = _geometry(entries, kind, findings, where)
    entries = [entry for entry, good in zip(entries, sound, strict=True) if good]
    geometry = geometry[sound]
    if kind == SPAN:
        geometry = led_to_nodes(entries, geometry, document, findings, where)
    frame = _texts(entries)
    if kind == SPAN:
        frame["owner"] = [_owner(entry.body) for entry in entries]
        frame["cores"] = [_text(entry.body.get("fibreCount")) for entry in entries]
        frame["kind"] = [_text(entry.body.get("deployment")) for entry in entries]
    frame["row"] = np.array([entry.row for entry in entries], dtype=np.int64)
    frame["geometry"] = pd.Series(geometry, index=frame.index, dtype=object)
    return frame


def _report_broken(document: Document, kind: str, findings: Findings, where: Where) -> None:
    for row in document.broken[kind]:
        findings.add("S51", Where(where.file, where.layer, row), detail="it is no object")


def _of_fibre(entries: Sequence[Entry], findings: Findings, where: Where) -> list[Entry]:
    """Leave out spans whose media are all known and none of them fibre (F33)."""
    media = [set(_words(entry.body.get("transmissionMedium"))) for entry in entries]
    other = [bool(own) and own <= _OTHER_MEDIA for own in media]
    left = [own for own, out in zip(media, other, strict=True) if out]
    _report_left("F33", left, len(entries), findings, where)
    return [entry for entry, out in zip(entries, other, strict=True) if not out]


def _entered(entries: Sequence[Entry], findings: Findings, where: Where) -> list[Entry]:
    """Keep nodes at which the network can be entered: by type, or said to be access points."""
    types = [set(_words(entry.body.get("type"))) for entry in entries]
    access = [entry.body.get("accessPoint") is True for entry in entries]
    if entries and not any(types) and not any(access):
        findings.add("F35", where, detail="{n} nodes", n=len(entries))
        return list(entries)
    kept = [bool(own & POP_TYPES) or open_ for own, open_ in zip(types, access, strict=True)]
    left = [own for own, keep in zip(types, kept, strict=True) if not keep]
    _report_left("F34", left, len(entries), findings, where)
    return [entry for entry, keep in zip(entries, kept, strict=True) if keep]


def _report_left(
    rule: str, left: Iterable[set[str]], total: int, findings: Findings, where: Where
) -> None:
    counted = Counter(", ".join(sorted(own)) or "-" for own in left)
    if counted:
        findings.add(
            rule,
            where,
            detail="{n} of {total} records: {kinds}",
            n=counted.total(),
            total=total,
            kinds=", ".join(f"{name} ({n})" for name, n in counted.most_common()),
        )


def _geometry(
    entries: Sequence[Entry], kind: str, findings: Findings, where: Where
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Return each entry's geometry (None: it has none) and whether it can be used (S22)."""
    shapes = np.full(len(entries), None, dtype=object)
    sound = np.ones(len(entries), dtype=bool)
    for i, entry in enumerate(entries):
        value = entry.body.get(_PLACE[kind])
        if value is None:
            continue
        try:
            shapes[i] = shape_of(value)
        except (GEOSException, ValueError, RecursionError) as error:
            sound[i] = False
            findings.add(
                "S22",
                Where(where.file, where.layer, entry.row),
                _text(entry.body.get("id")) or "",
                "its geometry is broken: {reason}",
                reason=str(error)[:_TEXT_MOST] or type(error).__name__,
            )
    return shapes, sound


def shape_of(value: Any) -> shapely.Geometry | None:
    """Return a GeoJSON geometry; None where it holds no coordinate.

    Raises
    ------
    ValueError, GEOSException
        When it is none.
    """
    if not isinstance(value, Mapping):
        msg = f"{type(value).__name__} instead of an object"
        raise ValueError(msg)  # noqa: TRY004 - of the file's value, not of a caller's
    if value.get("coordinates") in (None, []):
        return None
    shape = shapely.from_geojson(json.dumps(value, allow_nan=False))
    return None if shape.is_empty else shapely.force_2d(shape)


def _texts(entries: Sequence[Entry]) -> pd.DataFrame:
    """Return what entries say besides their place, a column a field."""
    fields: dict[str, None] = {}
    for entry in entries:
        for name in entry.body:
            if len(fields) < _COLUMNS_MOST:
                fields[name] = None
    for taken in ("row", "geometry", *_PLACE.values()):
        fields.pop(taken, None)
    columns = {name: [_text(entry.body.get(name)) for entry in entries] for name in fields}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(entries)), dtype=object)


def _owner(body: Mapping[str, Any]) -> str | None:
    """Return who owns a span: of the ducts and fibres, else who lights it.

    0.4 says ``transmissionMediumOwner``; 0.3 has no word for it beside the infrastructure.
    """
    for name in ("physicalInfrastructureProvider", "transmissionMediumOwner", "networkProviders"):
        text = _text(body.get(name))
        if text is not None:
            return text
    return None


def _words(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for one in values if (text := _text(one)) is not None]


def _text(value: Any) -> str | None:
    """Return a field as one text: a reference by its name, a list by its members."""
    if value is None or isinstance(value, str):
        return sound_text(value or "") or None
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, Mapping):
        named = next((v for k in ("name", "id") if isinstance(v := value.get(k), str)), None)
        return _dumped(value) if named is None else sound_text(named) or None
    if isinstance(value, list):
        flat: list[str] = [t for one in value[:_TEXT_MOST] if (t := _member(one)) is not None]
        return ", ".join(flat)[:_TEXT_MOST] or None
    return str(value)


def _member(value: Any) -> str | None:
    return _dumped(value) if isinstance(value, list) else _text(value)


def _dumped(value: Any) -> str:
    try:
        return json.dumps(value)[:_TEXT_MOST]
    except RecursionError:
        return "…"
