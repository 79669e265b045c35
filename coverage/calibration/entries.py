"""The entries of one log: level, technology, network, cell, channel, time, serving or not.

Nothing here looks at the study; what a column means is said by the log's format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.coverage.calibration.formats import (
    TABLE,
    Format,
    implied_technology,
    of_neighbour,
    technology_word,
)
from phusong.coverage.calibration.joins import Identity, identities, joined, plmn_of, split_plmn
from phusong.coverage.calibration.levels import from_index, judge
from phusong.sources.tables.columns import plain
from phusong.sources.tables.layers import Records
from phusong.sources.tables.text import as_code, clean
from phusong.sources.towers.bands import frequency_of, technology_of
from phusong.sources.towers.channels import channel
from phusong.study import TECHNOLOGIES

_LEVEL_OF_NEIGHBOUR: Final = of_neighbour(r"\d+", "level_dbm")
_YES: Final = frozenset(
    {
        *("true", "t", "1", "yes", "y", "x", "co", "s", "serving", "serving_cell", "registered"),
        *("primary", "pcell", "phuc_vu", "dang_phuc_vu"),
    }
)
_NO: Final = frozenset(
    {
        *("false", "f", "0", "no", "n", "khong", "neighbour", "neighbor", "neighbours"),
        *("neighbors", "neighbour_cell", "neighbor_cell", "nbr", "nb", "ncell", "lan_can"),
        *("detected", "monitored"),
    }
)
_PCI_LAST: Final = {"LTE": 503, "NR": 1007, "UMTS": 511}
"""TS 36.211 clause 6.11, TS 38.211 clause 7.4.2.1, TS 25.213 clause 5.2.3 (scrambling codes)."""
_UNKNOWN: Final[dict[str, frozenset[int]]] = {
    name: frozenset(values) for name, values in TABLE["unknown"].items()
}
_NCI_LAST: Final = 2**36 - 1
_IN_NOTE: Final = re.compile(r"([-\u2212]\s?\d{2,3}(?:[.,]\d+)?)\s*dBm", re.IGNORECASE)
_BARE: Final = re.compile(r"[-\u2212]\d{2,3}(?:[.,]\d+)?")
_UNIT: Final = re.compile(r"\s*dBm\s*$", re.IGNORECASE)
_NOTES: Final = ("note", "note_2", "note_3")
_GNETTRACK_TIME: Final = re.compile(r"(\d{4})\.(\d\d)\.(\d\d)_(\d\d)\.(\d\d)\.(\d\d)(\.\d+)?")
_ZONED: Final = re.compile(r"(?:Z|[+-]\d\d:?(?:\d\d)?)$")

_PHONES: Final = (pd.Timestamp("1970-01-01", tz="UTC"), pd.Timestamp("2200-01-01", tz="UTC"))
"""A time outside is none."""


def entries_of(records: Records, kind: Format, findings: Findings) -> pd.DataFrame:
    """Return the entries of a log.

    Parameters
    ----------
    records
        In the study's CRS, with the columns of the format's role.
    kind
        The log's format.
    findings
        Takes S13 (no number) and M03 (times without a zone).

    Returns
    -------
    DataFrame
        The columns of :attr:`phusong.coverage.calibration.measurements.Measurements.frame` that a
        log can say, and ``wrong`` (a reason of :func:`judge`, or empty), ``given`` (level or index
        as written), ``word`` (the technology as written).
    """
    entries = _entries(records, kind, findings)
    parts = [entries]
    for own in _neighbours(records, kind):
        part = _entries(own, kind, findings).assign(serving=False, time=entries["time"])
        # The cell of a GSM neighbour is no PCI, and of an unknown technology it may be either.
        part.loc[~part["technology"].isin(list(_PCI_LAST)), "pci"] = pd.NA
        parts.append(part[part["given"].notna() & (part["wrong"] != "sentinel")])
    if len(parts) == 1:
        return entries
    return pd.concat(parts).sort_values("row", kind="stable", ignore_index=True)


def _neighbours(records: Records, kind: Format) -> Iterator[Records]:
    """Give the neighbours of a log's records as logs of their own, first neighbours first."""
    shared = ["row", "file", "geometry", "operator", "plmn", "mcc", "mnc"]
    frame = records.frame
    for number in sorted(
        (name.split("_")[1] for name in frame if re.fullmatch(_LEVEL_OF_NEIGHBOUR, str(name))),
        key=int,
    ):
        columns = {of_neighbour(number, ours): ours for ours in kind.neighbours}
        own = frame[[name for name in (*shared, *columns) if name in frame]].rename(columns=columns)
        said = {ours: records.columns[n] for n, ours in columns.items() if n in records.columns}
        yield replace(records, frame=own, columns=said)


def _entries(records: Records, kind: Format, findings: Findings) -> pd.DataFrame:
    """Return the entries of the columns that bear our names."""
    points: gpd.GeoSeries = records.frame.geometry.representative_point()
    wgs84 = points.to_crs(4326)
    technology = _technologies(records, kind)
    plmn = _networks(records)
    eci = _identities(records, technology, plmn)
    channels = _whole(records.texts("earfcn"), "earfcn")
    level, given, wrong = _levels(records, technology, findings)
    cell_id = pd.Series([as_code(v) for v in records.texts("cell_id")], dtype=object)
    return pd.DataFrame(
        {
            "row": records.frame["row"].to_numpy(),
            "x_m": points.x.to_numpy(),
            "y_m": points.y.to_numpy(),
            "longitude": wgs84.x.to_numpy(),
            "latitude": wgs84.y.to_numpy(),
            "level_dbm": level,
            "operator": pd.Series([clean(v) for v in records.texts("operator")], dtype=object),
            "technology": pd.Series(technology, dtype=object),
            "cell_id": cell_id,
            "freq_mhz": _frequencies(records, technology, channels),
            "serving": _serving(records, kind, eci, cell_id),
            "time": _times(records, findings),
            "pci": _pcis(records, technology),
            "earfcn": pd.array(channels, dtype="Int64"),
            "eci": pd.array(eci, dtype="Int64"),
            "plmn": pd.Series(plmn, dtype=object),
            "wrong": wrong,
            "given": given,
            "word": pd.Series([clean(v) for v in records.texts("technology")], dtype=object),
        }
    )


def _technologies(records: Records, kind: Format) -> list[str | None]:
    """Return each entry's technology: the format's, the entry's own word, what a header implies."""
    if kind.technology is not None:
        return [kind.technology] * len(records.frame)
    implied = None
    for column in ("earfcn", "eci"):
        implied = implied or implied_technology(records.columns.get(column))
    stated = [technology_word(clean(v)) or implied for v in records.texts("technology")]
    return [word or noted for word, noted in zip(stated, _technologies_noted(records), strict=True)]


def _technologies_noted(records: Records) -> list[str | None]:
    """Return the technology that a comment names beside the level: ``LTE -95 dBm``."""
    out: list[str | None] = [None] * len(records.frame)
    for column in _NOTES:
        for i, value in enumerate(records.texts(column)):
            text = clean(value)
            if out[i] is None and text is not None and _IN_NOTE.search(text):
                words = (
                    technology_of(word) for word in re.findall(r"[\w+-]*[A-Za-z][\w+-]*", text)
                )
                out[i] = next((word for word in words if word is not None), None)
    return out


def _networks(records: Records) -> list[str | None]:
    """Return each entry's network code."""
    return [
        plmn_of(as_code(mcc), as_code(mnc)) or split_plmn(as_code(plmn))
        for mcc, mnc, plmn in zip(
            *(records.texts(name) for name in ("mcc", "mnc", "plmn")), strict=True
        )
    ]


def _whole(values: Sequence[Any] | pd.Series[Any], unknown: str) -> list[int | None]:
    """Return whole numbers that are not negative; what means "not known" is None."""
    out: list[int | None] = []
    for value in values:
        text = as_code(value)
        try:
            number = float(text) if text is not None else np.nan
        except ValueError:
            number = np.nan
        sound = number >= 0 and number.is_integer() and int(number) not in _UNKNOWN[unknown]
        out.append(int(number) if sound else None)
    return out


def _identities(
    records: Records, technology: Sequence[str | None], plmn: Sequence[str | None]
) -> list[int | None]:
    """Return each entry's global cell identity: from its two parts, else as written."""
    nodes = _whole(records.texts("node"), "eci")
    sectors = _whole(records.texts("sector"), "pci")
    out: list[int | None] = []
    for node, sector, text, word, network in zip(
        nodes, sectors, records.texts("eci"), technology, plmn, strict=True
    ):
        if node is not None and sector is not None:
            out.append(joined(node, sector, word or "LTE")[0])
            continue
        found = _readings(text, word or "LTE")
        known = [one for one in found if one.plmn is not None and one.plmn == network]
        numbers = [one.number for one in known or found if one.number <= _NCI_LAST]
        out.append(numbers[0] if numbers else None)
    return out


def _readings(value: Any, technology: str) -> list[Identity]:
    """Return what a cell of identities may mean; nothing where it stands for "not known"."""
    text = as_code(value) or ""
    if re.fullmatch(r"\d+\.?\d*[eE]\+?\d+", text):  # a spreadsheet's 1.2801795E7
        text = str(int(float(text)))
    found = identities(text, technology)
    return [] if found and found[0].number in _UNKNOWN["eci"] else found


def _pcis(records: Records, technology: Sequence[str | None]) -> Any:
    """Return each entry's PCI or scrambling code; one that the technology cannot have is none."""
    codes = _whole(records.texts("pci"), "pci")
    sound = [
        code if code is not None and code <= _PCI_LAST.get(word or "", 1007) else None
        for code, word in zip(codes, technology, strict=True)
    ]
    return pd.array(sound, dtype="Int64")


def _frequencies(
    records: Records, technology: Sequence[str | None], channels: Sequence[int | None]
) -> NDArray[np.float64]:
    """Return each entry's carrier frequency: of its channel number, else as written."""
    out = np.full(len(channels), np.nan)
    for i, (text, word, number) in enumerate(
        zip(records.texts("freq_mhz"), technology, channels, strict=True)
    ):
        at = None
        if number is not None:
            at = next((channel(t, number) for t in TECHNOLOGIES if t == word), None)
        if at is not None:
            out[i] = at.freq_mhz
            continue
        stated = frequency_of(clean(text) or "")
        out[i] = np.nan if stated is None else stated.freq_mhz
    return out


def _levels(
    records: Records, technology: Sequence[str | None], findings: Findings
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.object_]]:
    """Return levels in dBm, what was written, and what is wrong with it."""
    words = np.array(technology, dtype=object)
    for column in ("level_dbm", "level_nr_dbm"):
        if column in records.frame and records.frame[column].dtype == object:
            records.frame[column] = records.frame[column].map(
                lambda v: _UNIT.sub("", v) if isinstance(v, str) else v
            )
    given = records.numbers("level_dbm", findings)
    of_nr = records.numbers("level_nr_dbm", findings)
    given = np.where((words == "NR") & ~np.isnan(of_nr), of_nr, given)
    given = np.where(np.isnan(given), _in_notes(records), given)
    wrong = judge(given, words)
    level = given.copy()
    for kind in ("index", "asu"):
        number = records.numbers(f"level_{kind}", findings)
        take = np.isnan(given) & ~np.isnan(number)
        found = from_index(number, words, kind)
        level = np.where(take, found, level)
        wrong[take & np.isnan(found)] = "sentinel"
        wrong[take & (number == 0)] = "floor"
        given = np.where(take, number, given)
    return level, given, wrong


def _in_notes(records: Records) -> NDArray[np.float64]:
    """Return levels that stand in comments: with their unit, or alone and below zero."""
    out = np.full(len(records.frame), np.nan)
    for column in _NOTES:
        for i, value in enumerate(records.texts(column)):
            text = clean(value)
            if text is None or not np.isnan(out[i]):
                continue
            match = _IN_NOTE.search(text)
            figure = match[1] if match else (text if _BARE.fullmatch(text) else None)
            if figure is not None:
                bare = re.sub(r"\s", "", figure).replace("\u2212", "-")
                out[i] = float(bare.replace(",", "."))
    return out


def _serving(
    records: Records, kind: Format, eci: Sequence[int | None], cell_id: pd.Series[Any]
) -> NDArray[np.bool_]:
    """Say which entries are of the serving cell.

    A phone knows the global identity of serving cells only: where a column of such flags is
    empty, or the format has none, entries without one are neighbours. A column none of whose words
    is a flag is something else.
    """
    known = np.array(
        [e is not None or c is not None for e, c in zip(eci, cell_id, strict=True)], dtype=bool
    )
    plains = {word: plain(word) for word in {as_code(v) or "" for v in records.texts("serving")}}
    said = np.array([plains[as_code(v) or ""] for v in records.texts("serving")], dtype=object)
    yes, no = np.isin(said, list(_YES)), np.isin(said, list(_NO))
    flagged = "serving" in records.columns and bool((yes | no | (said == "")).any())
    out = known.copy() if flagged or kind.unflagged == "identified" else np.ones(len(known), bool)
    if flagged:
        out[yes], out[no] = True, False
    return out


def _times(records: Records, findings: Findings) -> pd.Series[Any]:
    """Return times in UTC, NaT for none; a time without a zone is taken as UTC, said once (M03)."""
    texts = [_as_iso(clean(v)) for v in records.texts("time")]
    out = pd.Series(pd.NaT, index=range(len(texts)), dtype="datetime64[ns, UTC]")
    series = pd.Series(texts, dtype=object)
    # Seconds or milliseconds since 1970.
    epoch = np.array([bool(re.fullmatch(r"\d{10}|\d{13}", t or "")) for t in texts], dtype=bool)
    if epoch.any():
        seconds = [int(t or 0) / (1 if len(t or "") == 10 else 1000) for t in series[epoch]]
        out[epoch] = pd.to_datetime(seconds, unit="s", utc=True)
    for form in ("ISO8601", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M"):
        left = out.isna() & series.notna() & ~epoch
        if left.any():
            read = pd.to_datetime(series[left], format=form, utc=True, errors="coerce")
            out[left] = read.where(read.between(*_PHONES)).astype("datetime64[ns, UTC]")
    bare = out.notna() & ~epoch & ~series.fillna("").str.contains(_ZONED)
    if bare.any():
        findings.add(
            "M03",
            records.where,
            detail="{n} of {total} times say no zone, the first is {time}",
            n=int(bare.sum()),
            total=len(texts),
            time=str(series[bare].iloc[0]),
        )
    return out


def _as_iso(text: str | None) -> str | None:
    """Write the times of G-NetTrack (2016.05.12_15.43.12) as ISO 8601, whole numbers plainly."""
    match = _GNETTRACK_TIME.fullmatch(text or "")
    if match is None:
        return as_code(text)
    year, month, day, hour, minute, second, part = match.groups()
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}{part or ''}"
