"""Cells of a tower list: one row per site, technology and sector, with every assumption marked."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.sources.boundaries.codes import disambiguate
from phusong.sources.boundaries.shapes import keep_types, separate
from phusong.sources.tables.layers import Records, label
from phusong.sources.tables.status import in_service
from phusong.sources.tables.text import as_code, clean, ranges
from phusong.sources.towers.bands import (
    ASSUMED_MHZ,
    PLAUSIBLE_MHZ,
    frequency_of,
    several,
    technology_of,
)
from phusong.sources.towers.channels import channel
from phusong.sources.towers.generations import generations
from phusong.sources.towers.operators import operators_of
from phusong.study import TECHNOLOGIES, CellTemplate, Technology, TowersSource

HEIGHT_MAX_M = 400.0
EIRP_RANGE_DBM = (-20.0, 100.0)
TILT_MAX_DEG = 30.0
_PLACES = {0, 3, 4, 6}
_THOUSANDS = re.compile(r"(?<!\d)(\d)(?:[\s'’]|[.,](?=\d{3}\s*mhz))(\d{3})(?!\d)", re.IGNORECASE)
"""``1 800``, ``2.100 MHz``: bands with a sign for thousands."""


@dataclass(frozen=True)
class _Carrier:
    """What one record radiates on."""

    record: int
    technology: Technology
    freq_mhz: float
    bandwidth_mhz: float
    technology_assumed: bool
    freq_assumed: bool
    split: bool
    """Whether the record stands for several cells."""


def read_cells(records: Records, source: TowersSource, findings: Findings) -> pd.DataFrame:
    """Make cells of one tower layer already in the study's CRS.

    Parameters
    ----------
    records
        Points (areas give their centroid) with the columns of the TOWERS role.
    source
        Defaults and templates of the study.
    findings
        Takes the T rules.

    Returns
    -------
    DataFrame
        The columns of ``cells`` in :class:`phusong.sources.inputs.Inputs`, ``site_id`` as given
        (or None), and ``x_m``, ``y_m``. Cell ids are unique within the layer.
    """
    records = separate(keep_types(records, _PLACES, findings), findings)
    carriers = _carriers(records, source, findings)
    at = np.array([c.record for c in carriers], dtype=np.int64)
    figures = _figures(records, source, findings)
    places = shapely.centroid(records.frame.geometry.to_numpy())
    working = in_service(
        records.texts("status").tolist(), source.in_service, "T14", findings, records.where
    )
    operators, operator_assumed = operators_of(records, source, findings)
    sites = [as_code(v) for v in records.texts("site_id")]
    cells = pd.DataFrame(
        {
            "cell_id": pd.Series(_cell_ids(records, carriers, sites, findings), dtype=object),
            "site_id": pd.Series([sites[i] for i in at], dtype=object),
            "operator": pd.Series([operators[i] for i in at], dtype=object),
            "technology": pd.Series([c.technology for c in carriers], dtype=object),
            "freq_mhz": np.array([c.freq_mhz for c in carriers], dtype=np.float64),
            "bandwidth_mhz": np.array([c.bandwidth_mhz for c in carriers], dtype=np.float64),
            **{name: column[at] for name, column in figures.items()},
            "antenna_file": pd.Series(
                [clean(records.texts("antenna_file").iloc[i]) for i in at], dtype=object
            ),
            "eci": pd.Series([as_code(records.texts("eci").iloc[i]) for i in at], dtype=object),
            "pci": _whole(records, "pci")[at],
            "in_service": working[at],
            "technology_assumed": np.array([c.technology_assumed for c in carriers], dtype=bool),
            "freq_assumed": np.array([c.freq_assumed for c in carriers], dtype=bool),
            "operator_assumed": operator_assumed[at],
            "file": pd.Series([records.where.file] * len(at), dtype=object),
            "row": records.frame["row"].to_numpy()[at],
            "x_m": shapely.get_x(places)[at],
            "y_m": shapely.get_y(places)[at],
        }
    )
    _report_assumed(cells, records, source, findings)
    return cells


def _carriers(records: Records, source: TowersSource, findings: Findings) -> list[_Carrier]:
    """Expand each record into what it radiates: its own words, or the study's templates."""
    templates = source.defaults.cells
    bandwidth = records.numbers("bandwidth_mhz", findings)
    numbers = _whole(records, "earfcn")
    out: list[_Carrier] = []
    nothing: list[int] = []
    for i, (tech, band) in enumerate(
        zip(records.texts("technology"), records.texts("freq_mhz"), strict=True)
    ):
        words: list[str] = [*generations(clean(tech) or "")] or several(clean(tech) or "")
        if not words:
            out += [_from_template(i, t, len(templates) > 1, bandwidth[i]) for t in templates]
            if not templates:
                nothing.append(i)
            continue
        bands = several(_band_text(band))
        pairs = _pair(words, bands)
        for word, text in pairs:
            technology = technology_of(word)
            if technology is None:
                findings.add(
                    "T10",
                    replace(records.at(i), key=records.columns["technology"]),
                    label(records, i),
                    "{word} is no technology known here",
                    word=word,
                )
                continue
            on = _channel_mhz(technology, float(numbers[i])) if not text else None
            freq, assumed = (
                (on, False)
                if on is not None
                else _frequency(i, technology, text, records, templates, findings)
            )
            width = bandwidth[i]
            if np.isnan(width):
                width = _template_of(technology, templates, freq).bandwidth_mhz or np.nan
            out.append(_Carrier(i, technology, freq, width, False, assumed, len(pairs) > 1))
    if nothing:
        findings.add(
            "T16",
            records.at(nothing[0]),
            label(records, nothing[0]),
            "{n} of {total} records name no technology, and the study has no towers.defaults.cells",
            n=len(nothing),
            total=len(records.frame),
        )
    return out


def _whole(records: Records, column: str) -> NDArray[np.float64]:
    """Return whole numbers that only tell cells apart; anything else, as a list of them, is NaN."""
    texts = [as_code(value) or "" for value in records.texts(column)]
    return np.array([float(text) if text.isdecimal() else np.nan for text in texts])


def _channel_mhz(technology: Technology, number: float) -> float | None:
    """Return the carrier of a channel number, None where there is none."""
    if np.isnan(number):
        return None
    found = channel(technology, int(number))
    return None if found is None else found.freq_mhz


def _band_text(value: Any) -> str:
    """Return a band as text; a decimal comma would be taken for a list."""
    text = _THOUSANDS.sub(r"\1\2", clean(value) or "")
    whole, comma, rest = text.partition(",")
    if comma and whole.strip().isdigit() and len(whole.strip()) == 1 and rest.strip().isdigit():
        return f"{whole}.{rest}"
    return text


def _pair(words: list[str], bands: list[str]) -> list[tuple[str, str]]:
    """Pair technologies with bands: one each, or one of either for all of the other."""
    if len(words) == len(bands):
        return list(zip(words, bands, strict=True))
    if len(bands) <= 1:
        return [(word, bands[0] if bands else "") for word in words]
    if len(words) == 1:
        return [(words[0], band) for band in bands]
    return [(word, " / ".join(bands)) for word in words]


def _from_template(i: int, template: CellTemplate, split: bool, bandwidth_mhz: float) -> _Carrier:
    width = template.bandwidth_mhz or np.nan if np.isnan(bandwidth_mhz) else bandwidth_mhz
    return _Carrier(i, template.technology, template.freq_mhz, width, True, True, split)


def _template_of(
    technology: Technology, templates: list[CellTemplate], freq_mhz: float | None = None
) -> CellTemplate:
    """Return the study's template of a technology (and frequency), else the common band."""
    for template in templates:
        if template.technology == technology and freq_mhz in {None, template.freq_mhz}:
            return template
    return CellTemplate(technology=technology, freq_mhz=ASSUMED_MHZ[technology])


def _frequency(
    i: int,
    technology: Technology,
    text: str,
    records: Records,
    templates: list[CellTemplate],
    findings: Findings,
) -> tuple[float, bool]:
    """Return the carrier's MHz, and whether it had to be assumed."""
    assumed = _template_of(technology, templates).freq_mhz
    if not text:
        return assumed, True
    where = replace(records.at(i), key=records.columns["freq_mhz"])
    frequency = frequency_of(text)
    low, high = PLAUSIBLE_MHZ[technology]
    if frequency is None or not low <= frequency.freq_mhz <= high:
        findings.add(
            "T05",
            where,
            label(records, i),
            "{band} is no band of {technology}; {assumed} MHz is assumed",
            band=text,
            technology=technology,
            assumed=assumed,
        )
        return assumed, True
    if frequency.unit not in {"MHz", "band"}:
        findings.add(
            "T17",
            where,
            label(records, i),
            "{band} is taken as {unit}: {freq} MHz",
            band=text,
            unit=frequency.unit,
            freq=frequency.freq_mhz,
        )
    return frequency.freq_mhz, False


def _figures(records: Records, source: TowersSource, findings: Findings) -> dict[str, NDArray[Any]]:
    """Read heights, powers and angles; impossible ones are listed and replaced by the default."""
    read = {
        name: records.numbers(name, findings)
        for name in (
            "height_m",
            "eirp_dbm",
            "tx_power_dbm",
            "antenna_gain_dbi",
            "feeder_loss_db",
            "azimuth_deg",
            "mechanical_tilt_deg",
            "electrical_tilt_deg",
            "horizontal_beamwidth_deg",
            "vertical_beamwidth_deg",
        )
    }
    height = read["height_m"]
    wrong = (height <= 0) | (height > HEIGHT_MAX_M)
    _report(wrong, height, "height_m", "T04", "height {value} m", records, findings)
    height = np.where(wrong, np.nan, height)
    summed = read["tx_power_dbm"] + read["antenna_gain_dbi"] - np.nan_to_num(read["feeder_loss_db"])
    eirp = np.where(np.isnan(read["eirp_dbm"]), summed, read["eirp_dbm"])
    wrong = (eirp < EIRP_RANGE_DBM[0]) | (eirp > EIRP_RANGE_DBM[1])
    _report(wrong, eirp, "eirp_dbm", "T06", "EIRP {value} dBm", records, findings)
    eirp = np.where(wrong, np.nan, eirp)
    azimuth = read["azimuth_deg"]
    wrong = (azimuth < 0) | (azimuth > 360)
    _report(wrong, azimuth, "azimuth_deg", "T07", "azimuth {value}°", records, findings)
    azimuth = np.where(wrong, np.nan, np.where(azimuth == 360, 0.0, azimuth))
    tilts = {}
    for name in ("mechanical_tilt_deg", "electrical_tilt_deg"):
        tilt = read[name]
        wrong = np.abs(tilt) > TILT_MAX_DEG
        _report(wrong, tilt, name, "T08", "tilt {value}°", records, findings)
        tilts[name] = np.where(wrong | np.isnan(tilt), 0.0, tilt)
    beams = {}
    for name, widest in (("horizontal_beamwidth_deg", 360), ("vertical_beamwidth_deg", 180)):
        beam = read[name]
        wrong = (beam <= 0) | (beam > widest)
        _report(wrong, beam, name, "T18", "beamwidth {value}°", records, findings)
        beams[name] = np.where(wrong, np.nan, beam)
    return {
        "height_m": np.where(np.isnan(height), source.defaults.height_m, height),
        "azimuth_deg": azimuth,
        **tilts,
        "eirp_dbm": np.where(np.isnan(eirp), source.defaults.eirp_dbm, eirp),
        **beams,
        "height_assumed": np.isnan(height),
        "eirp_assumed": np.isnan(eirp),
    }


def _report(
    wrong: NDArray[np.bool_],
    values: NDArray[np.float64],
    column: str,
    rule: str,
    detail: str,
    records: Records,
    findings: Findings,
) -> None:
    for i in np.flatnonzero(wrong):
        where = replace(records.at(int(i)), key=records.columns.get(column, column))
        findings.add(rule, where, label(records, int(i)), detail, value=f"{values[i]:g}")


def _cell_ids(
    records: Records,
    carriers: list[_Carrier],
    sites: list[str | None],
    findings: Findings,
) -> list[str]:
    """Return unique cell ids; given ones that are doubled are listed (T09)."""
    keys = ("technology", "mcc", "mnc", "area", "cell")
    if all(k in records.frame for k in keys):
        parts = [[as_code(v) or "" for v in records.texts(k)] for k in keys]
        given: list[str | None] = ["-".join(p) for p in zip(*parts, strict=True)]
    else:
        given = [as_code(v) for v in records.texts("cell_id")]
    stem = PurePosixPath(records.where.file).name.split(".")[0]
    rows = records.frame["row"].to_numpy()
    ids, own = [], []
    for c in carriers:
        base = given[c.record]
        own.append(base is not None and not c.split)
        if base is None or c.split:
            base = base or sites[c.record] or f"{stem}-{rows[c.record]}"
            base = f"{base}-{c.technology}{c.freq_mhz:g}"
        ids.append(base)
    unique, changed = disambiguate(ids)
    for k in np.flatnonzero(changed):
        if own[k]:
            findings.add(
                "T09",
                records.at(carriers[k].record),
                ids[k],
                "{cell} is already the id of another cell; {unique} in the results",
                cell=ids[k],
                unique=unique[k],
            )
    return unique


def _report_assumed(
    cells: pd.DataFrame, records: Records, source: TowersSource, findings: Findings
) -> None:
    """Say once a file how many cells rest on each assumption, and which rows first."""
    texts = {
        "height_assumed": ("T02", f"{source.defaults.height_m:g} m"),
        "eirp_assumed": ("T03", f"{source.defaults.eirp_dbm:g} dBm"),
        "technology_assumed": ("T12", _list_templates(source)),
        "freq_assumed": ("T13", ""),
    }
    for column, (rule, value) in texts.items():
        assumed = cells[cells[column]]
        if column == "freq_assumed":
            assumed = assumed[~assumed["technology_assumed"]]
            used = assumed.drop_duplicates(["technology", "freq_mhz"])
            value = ", ".join(  # noqa: PLW2901
                f"{t} {f:g} MHz" for t, f in zip(used["technology"], used["freq_mhz"], strict=True)
            )
        if assumed.empty:
            continue
        rows = sorted(set(assumed["row"]))
        findings.add(
            rule,
            records.where,
            detail="{n} of {total} cells: {value}; records {rows}",
            n=len(assumed),
            total=len(cells),
            value=value,
            rows=ranges(rows),
        )


def _list_templates(source: TowersSource) -> str:
    ordered = sorted(source.defaults.cells, key=lambda t: TECHNOLOGIES.index(t.technology))
    return ", ".join(f"{t.technology} {t.freq_mhz:g} MHz" for t in ordered)
