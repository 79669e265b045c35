"""Sectors of a tower list: directions, heights, powers, tilts; impossible ones are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import InputError
from phusong.sources.tables.layers import Records
from phusong.sources.tables.numerals import number
from phusong.sources.tables.text import clean
from phusong.sources.towers.antennas.patterns import Pattern
from phusong.sources.towers.azimuths import azimuths_of, compass_of, parts_of
from phusong.sources.towers.classes import defaults_of, report_classes
from phusong.sources.towers.powers import DIPOLE_DBI, gain_dbi, is_erp, power_dbm, unit_in_header
from phusong.sources.towers.reading import complain, mapped
from phusong.study import TowersSource

HEIGHT_MAX_M: Final = 400.0
EIRP_RANGE_DBM: Final = (-20.0, 100.0)
TILT_MAX_DEG: Final = 30.0
_FOOT_M: Final = 0.3048
_UNITLESS_POWER: Final = frozenset({"tx_power_dbm"})

Read = Callable[[Any], float | None]
Figures = dict[str, NDArray[Any]]


def sectors_of(
    records: Records, findings: Findings
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return record, place among the record's sectors, and azimuth of every sector.

    A record without a direction is one sector, all round (NaN).
    """
    texts = mapped(records.texts("azimuth_deg"), clean)
    compass = compass_of(set(texts))
    read = mapped(
        texts,
        lambda t: [np.nan] if t is None else azimuths_of(str(t), compass, records.decimal),
    )
    wrong = np.array([a is None for a in read], dtype=bool)
    if wrong.any():
        rows = np.flatnonzero(wrong)
        complain(
            findings,
            "T07",
            records,
            rows,
            "azimuth_deg",
            "azimuth {value}",
            lambda i: {"value": str(texts[i])},
        )
    lists = [[np.nan] if a is None else a for a in read]
    counts = np.array([len(a) for a in lists], dtype=np.int64)
    at = np.repeat(np.arange(len(lists)), counts)
    place = np.arange(len(at)) - np.repeat(np.cumsum(counts) - counts, counts)
    return at, place, np.array([a for each in lists for a in each], dtype=np.float64)


def read_figures(
    records: Records,
    source: TowersSource,
    at: NDArray[np.int64],
    place: NDArray[np.int64],
    antenna: NDArray[np.object_],
    patterns: Mapping[str, Pattern | InputError],
    findings: Findings,
) -> Figures:
    """Read the figures of sectors.

    Parameters
    ----------
    at, place
        (sectors,) record, and place among the record's sectors: a list of as many figures has one
        for each.
    antenna
        (records,) antenna files.
    patterns
        Antenna files by name; where a transmitter's power has no gain beside it the file's counts.
    """
    of = _Columns(records, at, place, findings, frozenset(source.columns))
    height = of.read("height_m")
    feet = of.read("height_ft")
    height = np.where(np.isnan(height), feet * _FOOT_M, height)
    wrong = (height <= 0) | (height > HEIGHT_MAX_M)
    of.report(wrong, height, "height_m", "T04", "height {value} m")
    height = np.where(wrong, np.nan, height)
    eirp = _eirp_dbm(of, records, antenna[at], patterns)
    wrong = (eirp < EIRP_RANGE_DBM[0]) | (eirp > EIRP_RANGE_DBM[1])
    of.report(wrong, eirp, "eirp_dbm", "T06", "EIRP {value} dBm")
    eirp = np.where(wrong, np.nan, eirp)
    tilts = {}
    for name in ("mechanical_tilt_deg", "electrical_tilt_deg"):
        tilt = of.read(name)
        wrong = np.abs(tilt) > TILT_MAX_DEG
        of.report(wrong, tilt, name, "T08", "tilt {value}°")
        tilts[name] = np.where(wrong, np.nan, tilt)
    # Without a file an antenna is level; with one an electrical tilt not given is the file's own.
    tilts["mechanical_tilt_deg"] = np.nan_to_num(tilts["mechanical_tilt_deg"])
    beams = {}
    for name, widest in (("horizontal_beamwidth_deg", 360), ("vertical_beamwidth_deg", 180)):
        beam = of.read(name)
        wrong = (beam <= 0) | (beam > widest)
        of.report(wrong, beam, name, "T18", "beamwidth {value}°")
        beams[name] = np.where(wrong, np.nan, beam)
    usual_m, usual_dbm, classes = defaults_of(records, source)
    assumed = np.isnan(height) | np.isnan(eirp)
    some = np.bincount(at[assumed], minlength=len(classes)) > 0
    report_classes(records, classes, some, usual_m, usual_dbm, findings)
    return {
        "height_m": np.where(np.isnan(height), usual_m[at], height),
        **tilts,
        "eirp_dbm": np.where(np.isnan(eirp), usual_dbm[at], eirp),
        **beams,
        "height_assumed": np.isnan(height),
        "eirp_assumed": np.isnan(eirp),
    }


def _eirp_dbm(
    of: _Columns,
    records: Records,
    antenna: NDArray[np.object_],
    patterns: Mapping[str, Pattern | InputError],
) -> NDArray[np.float64]:
    """Return each sector's EIRP: as stated, else power and gain less the feeder, else NaN."""
    stated = of.read_power("eirp_dbm")
    if is_erp(records.columns.get("eirp_dbm", "")):
        stated = stated + DIPOLE_DBI
    power = of.read_power("tx_power_dbm")
    header = unit_in_header(records.columns.get("antenna_gain_dbi", ""))
    gain = of.read("antenna_gain_dbi", lambda t: gain_dbi(t, header, records.decimal))
    lost = of.read("feeder_loss_db", lambda t: gain_dbi(t, "", records.decimal))
    unknown = np.isnan(gain) & ~np.isnan(power)
    for name in {str(n) for n in antenna[unknown] if n is not None}:
        found = patterns.get(name)
        if isinstance(found, Pattern) and found.gain_dbi is not None:
            gain = np.where(unknown & (antenna == name), found.gain_dbi, gain)
    alone = ~np.isnan(power) & np.isnan(gain) & np.isnan(stated)
    of.report(alone, power, "tx_power_dbm", "T41", "{value} dBm, and the gain is not known")
    summed = power + gain - np.nan_to_num(lost)
    eirp: NDArray[np.float64] = np.where(np.isnan(stated), summed, stated)
    return eirp


class _Columns:
    """The figure columns of a tower list, spread over its sectors."""

    def __init__(
        self,
        records: Records,
        at: NDArray[np.int64],
        place: NDArray[np.int64],
        findings: Findings,
        mapped_by_study: frozenset[str],
    ) -> None:
        self._mapped = mapped_by_study
        self._records = records
        self._at = at
        self._place = place
        self._counts = np.bincount(at, minlength=len(records.frame))
        self._findings = findings

    def read_power(self, column: str) -> NDArray[np.float64]:
        """Read a column of powers in whatever unit; a bare transmitter's power says none (T27)."""
        header = self._records.columns.get(column, "")
        unit = unit_in_header(header)
        decimal = self._records.decimal
        if column in _UNITLESS_POWER - self._mapped and header and not unit:
            texts = mapped(self._records.texts(column), clean)
            bare = np.array(
                [t is not None and number(t, decimal) is not None for t in texts], dtype=bool
            )
            if bare.any():
                self._findings.add(
                    "T27",
                    self._records.where,
                    header,
                    "{header}: {n} records, such as {value}",
                    header=header,
                    n=int(bare.sum()),
                    value=str(texts[bare][0]),
                )
            return self.read(
                column,
                lambda t: (
                    np.nan
                    if clean(t) is None or number(t, decimal) is not None
                    else power_dbm(t, unit, decimal)
                ),
            )
        return self.read(column, lambda t: power_dbm(t, unit, decimal))

    def read(self, column: str, read: Read | None = None) -> NDArray[np.float64]:
        """Read a column as one figure a sector, NaN where there is none; S13 for what is no figure.

        A cell with as many figures as the record has sectors gives one to each.
        """
        if column not in self._records.frame:
            return np.full(len(self._at), np.nan)
        decimal = self._records.decimal
        one: Read = read or (lambda t: number(t, decimal))
        texts = self._records.texts(column)
        single = mapped(texts, one)
        values = np.array([np.nan if v is None else v for v in single], dtype=np.float64)[self._at]
        wrong = np.array([v is None or np.isinf(v) for v in single], dtype=bool)
        for i in np.flatnonzero(wrong & (self._counts > 1)):
            parts = [one(part) for part in parts_of(str(texts.iloc[i]), decimal)]
            if len(parts) == self._counts[i] and not any(p is None or np.isnan(p) for p in parts):
                here = self._at == i
                values[here] = np.array(parts, dtype=np.float64)[self._place[here]]
                wrong[i] = False
        values[np.isinf(values)] = np.nan
        if wrong.any():
            complain(
                self._findings,
                "S13",
                self._records,
                np.flatnonzero(wrong),
                column,
                "{value} is not a number",
                lambda i: {"value": str(texts.iloc[i])},
            )
        return values

    def report(
        self,
        wrong: NDArray[np.bool_],
        values: NDArray[np.float64],
        column: str,
        rule: str,
        detail: str,
    ) -> None:
        """Say which figures are impossible."""
        if not wrong.any():
            return
        rows, first = np.unique(self._at[wrong], return_index=True)
        figure = dict(zip(rows.tolist(), values[wrong][first].tolist(), strict=True))
        complain(
            self._findings,
            rule,
            self._records,
            rows,
            column,
            detail,
            lambda i: {"value": f"{figure[i]:g}"},
        )
