"""What each record of a tower list radiates on: technology, frequency, bandwidth."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.sources.tables.layers import Records
from phusong.sources.tables.text import as_code, clean
from phusong.sources.towers.bands import (
    ASSUMED_MHZ,
    PLAUSIBLE_MHZ,
    Meant,
    frequency_of,
    several,
    technologies_in,
)
from phusong.sources.towers.channels import channel, names_a_band, one_carrier, same_band
from phusong.sources.towers.reading import cleaned, codes_of, complain, constant, mapped
from phusong.sources.towers.widths import blocks_of, widths_of
from phusong.study import CellTemplate, Technology, TowersSource

COLUMNS: Final = ("technology", "freq_mhz", "technology_assumed", "freq_assumed", "split")


@dataclass(frozen=True)
class _Carrier:
    """One carrier of a record."""

    technology: Technology
    freq_mhz: float
    technology_assumed: bool
    freq_assumed: bool


@dataclass(frozen=True)
class _Complaint:
    """What is wrong with a combination of texts: rule, column, template, values."""

    rule: str
    column: str
    detail: str
    params: tuple[tuple[str, Any], ...]


def read_carriers(
    records: Records, source: TowersSource, findings: Findings
) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Expand each record into what it radiates: its own words, or the study's templates.

    Combinations of texts are understood once, however many records have them.

    Returns
    -------
    (carriers,) int, DataFrame
        Record of each carrier, in the file's order; and ``technology``, ``freq_mhz``,
        ``bandwidth_mhz`` (NaN: the study's), ``technology_assumed``, ``freq_assumed`` and
        ``split`` (whether the record stands for several carriers).
    """
    templates = source.defaults.cells
    texts = pd.DataFrame(
        {name: mapped(records.texts(name), read) for name, read in _TEXTS.items()}, dtype=object
    )
    codes, _ = codes_of(zip(*(texts[name] for name in _TEXTS), strict=True))
    first = np.unique(codes, return_index=True)[1]
    meant: dict[int, list[_Carrier]] = {}
    nothing = np.zeros(len(codes), dtype=bool)
    for i in first:
        tech, band, number = (str(texts[name].iloc[i]) for name in _TEXTS)
        if not tech:
            meant[codes[i]] = [_from_template(t) for t in templates]
            nothing |= (codes == codes[i]) & (not templates)
            continue
        meant[codes[i]], complaints = _understand(tech, band, number, templates)
        for said in complaints:
            rows = np.flatnonzero(codes == codes[i])
            values = constant(dict(said.params))
            complain(findings, said.rule, records, rows, said.column, said.detail, values)
    if nothing.any():
        _report_nothing(records, nothing, findings)
    counts = np.array([len(meant[c]) for c in codes], dtype=np.int64)
    at = np.repeat(np.arange(len(codes)), counts)
    each = [c for code in codes for c in meant[code]]
    frame = pd.DataFrame(
        {
            "technology": pd.Series([c.technology for c in each], dtype=object),
            "freq_mhz": np.array([c.freq_mhz for c in each], dtype=np.float64),
            "technology_assumed": np.array([c.technology_assumed for c in each], dtype=bool),
            "freq_assumed": np.array([c.freq_assumed for c in each], dtype=bool),
            "split": counts[at] > 1,
        }
    )
    return at, frame.assign(bandwidth_mhz=_widths(records, at, frame, templates, findings))


_THOUSANDS: Final = re.compile(
    r"(?<!\d)(\d)(?:[\s'’]|[.,](?=\d{3}\s*mhz))(\d{3})(?!\d)", re.IGNORECASE
)
"""``1 800``, ``2.100 MHz``: bands with a sign for thousands."""
_COMMA: Final = re.compile(r"(?<!\w)(\d),(\d+)(?=\s*ghz|\s*$)", re.IGNORECASE)
"""``1,8``, ``1,8 GHz``: one digit before the comma is GHz."""


def _band_text(value: Any) -> str:
    """Return a band as text; a decimal comma would be taken for a list."""
    text = _THOUSANDS.sub(r"\1\2", clean(value) or "")
    return _COMMA.sub(r"\1.\2", text)


def _number_text(value: Any) -> str:
    """Return a channel's number; a list of them, or anything else, is none."""
    text = as_code(value) or ""
    return text if text.isdecimal() else ""


def _word_text(value: Any) -> str:
    return clean(value) or ""


_TEXTS: Final = {"technology": _word_text, "freq_mhz": _band_text, "earfcn": _number_text}


def _report_nothing(records: Records, nothing: NDArray[np.bool_], findings: Findings) -> None:
    findings.add(
        "T16",
        records.at(int(np.argmax(nothing))),
        "",
        "{n} of {total} records name no technology, and the study has no towers.defaults.cells",
        n=int(nothing.sum()),
        total=len(nothing),
    )


def _understand(
    tech: str, band: str, number: str, templates: list[CellTemplate]
) -> tuple[list[_Carrier], list[_Complaint]]:
    """Return the carriers that the texts of a record name, and what is wrong with these."""
    named = technologies_in(tech)
    complaints = []
    if named.unknown:
        complaints.append(
            _Complaint(
                "T10",
                "technology",
                "{word} is no technology known here",
                (("word", named.unknown),),
            )
        )
    bands = several(band)
    out: list[_Carrier] = []
    pairs = _pair(list(named.meant), bands)
    for meant, text in pairs:
        technology = meant.technology
        spoken = frequency_of(meant.band) if meant.band else None
        said = text or meant.band
        if number and len(pairs) == 1:
            on = _on_channel(technology, int(number), said, complaints)
            if on is not None:
                out.append(_Carrier(technology, on, False, False))
                continue
        freq, assumed = _frequency(technology, text or meant.band, templates, complaints)
        if text and spoken is not None and not assumed and not same_band(freq, spoken.freq_mhz):
            complaints.append(
                _Complaint(
                    "T25",
                    "freq_mhz",
                    "{word} and {band}: {freq} MHz is taken",
                    (("word", tech), ("band", text), ("freq", f"{freq:g}")),
                )
            )
        out.append(_Carrier(technology, freq, False, assumed))
    return _apart(out), complaints


def _on_channel(
    technology: Technology, number: int, said: str, complaints: list[_Complaint]
) -> float | None:
    """Return the frequency of a channel's number; None where what is said of the band stands.

    A number is closer than a band's name; a frequency that is stated stays. A number of no band
    is T48, one of another band than is said T25.
    """
    on = channel(technology, number)
    if on is None:
        detail = "{number} is no channel of {technology}"
        named = (("number", number), ("technology", technology))
        complaints.append(_Complaint("T48", "earfcn", detail, named))
        return None
    frequency = frequency_of(said) if said else None
    if frequency is None:
        return on.freq_mhz
    readings = (on.freq_mhz, *on.others_mhz)
    fits = [mhz for mhz in readings if same_band(mhz, frequency.freq_mhz)]
    if not fits:
        both = (("word", str(number)), ("band", said), ("freq", f"{frequency.freq_mhz:g}"))
        detail = "{word} and {band}: {freq} MHz is taken"
        complaints.append(_Complaint("T25", "freq_mhz", detail, both))
        return None
    whole = frequency.unit == "band" or names_a_band(frequency.freq_mhz)
    return fits[0] if whole else None


def _apart(carriers: list[_Carrier]) -> list[_Carrier]:
    """Leave out a carrier that is named a second time: ``B8/900``, ``3G/U2100``.

    One whose frequency is assumed gives way to one that is stated.
    """
    kept: list[int] = []
    for i in sorted(range(len(carriers)), key=lambda i: carriers[i].freq_assumed):
        one = carriers[i]
        if not any(
            one.technology == known.technology and one_carrier(one.freq_mhz, known.freq_mhz)
            for known in (carriers[k] for k in kept)
        ):
            kept.append(i)
    return [carriers[i] for i in sorted(kept)]


def _pair(named: list[Meant], bands: list[str]) -> list[tuple[Meant, str]]:
    """Pair technologies with bands: one each, or one of either for all of the other.

    Of several technologies with one band only those whose word names none take it.
    """
    if len(named) == len(bands):
        return list(zip(named, bands, strict=True))
    if len(bands) <= 1:
        band = bands[0] if bands else ""
        return [(meant, "" if meant.band and len(named) > 1 else band) for meant in named]
    if len({meant.technology for meant in named}) == 1:
        return [(Meant(named[0].technology), band) for band in bands]
    return [(meant, " / ".join(bands)) for meant in named]


def _from_template(template: CellTemplate) -> _Carrier:
    return _Carrier(template.technology, template.freq_mhz, True, True)


def _template_of(
    technology: Technology, templates: list[CellTemplate], freq_mhz: float | None = None
) -> CellTemplate:
    """Return the study's template of a technology (and frequency), else the common band."""
    for template in templates:
        if template.technology == technology and freq_mhz in {None, template.freq_mhz}:
            return template
    return CellTemplate(technology=technology, freq_mhz=ASSUMED_MHZ[technology])


def _frequency(
    technology: Technology,
    text: str,
    templates: list[CellTemplate],
    complaints: list[_Complaint],
) -> tuple[float, bool]:
    """Return the carrier's MHz, and whether it had to be assumed."""
    assumed = _template_of(technology, templates).freq_mhz
    if not text:
        return assumed, True
    frequency = frequency_of(text)
    low, high = PLAUSIBLE_MHZ[technology]
    if frequency is None or not low <= frequency.freq_mhz <= high:
        said = (("band", text), ("technology", technology), ("assumed", assumed))
        detail = "{band} is no band of {technology}; {assumed} MHz is assumed"
        complaints.append(_Complaint("T05", "freq_mhz", detail, said))
        return assumed, True
    if frequency.unit not in {"MHz", "band"}:
        unit = (("band", text), ("unit", frequency.unit), ("freq", frequency.freq_mhz))
        complaints.append(
            _Complaint("T17", "freq_mhz", "{band} is taken as {unit}: {freq} MHz", unit)
        )
    return frequency.freq_mhz, False


def _widths(
    records: Records,
    at: NDArray[np.int64],
    frame: pd.DataFrame,
    templates: list[CellTemplate],
    findings: Findings,
) -> NDArray[np.float64]:
    """Return each carrier's bandwidth, NaN for the study's: also where the standard has none such.

    Of several added up (carrier aggregation) the first is the cell's own.
    """
    texts = cleaned(records, "bandwidth_mhz")
    said = mapped(texts, lambda text: [] if text is None else widths_of(str(text)))
    given = np.array([w[0] if w else np.nan for w in said[at]], dtype=np.float64)
    wrong = np.array([w is None or len(w) > 1 for w in said], dtype=bool)[at]
    kinds = frame[["technology", "freq_mhz"]].assign(width=given)
    for technology, freq, width in kinds.dropna().drop_duplicates().itertuples(index=False):
        if technology in {"LTE", "NR"} and blocks_of(technology, width, freq) is None:
            none = (kinds["technology"] == technology) & (kinds["freq_mhz"] == freq)
            none &= kinds["width"] == width
            wrong |= none.to_numpy()
            given[none.to_numpy()] = np.nan
    given[given <= 0] = np.nan
    if wrong.any():
        rows = np.unique(at[wrong])
        complain(
            findings,
            "T26",
            records,
            rows,
            "bandwidth_mhz",
            "{width} is no bandwidth of one carrier",
            lambda i: {"width": str(texts[i])},
        )
    usual = {
        (t, f): _template_of(t, templates, f).bandwidth_mhz or np.nan
        for t, f in set(zip(frame["technology"], frame["freq_mhz"], strict=True))
    }
    own = np.array(
        [usual[pair] for pair in zip(frame["technology"], frame["freq_mhz"], strict=True)]
    )
    return np.where(np.isnan(given), own, given)
