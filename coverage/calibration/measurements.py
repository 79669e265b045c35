"""Measured levels, as drive tests, phones and crowds hand them in, in the study's own words.

Formats are recognised by their headers (:mod:`phusong.coverage.calibration.formats`), rows are
joined to cells of the study (:mod:`phusong.coverage.calibration.joins`), and what is no level is
refused by name (:mod:`phusong.coverage.calibration.levels`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.checks import Finding, Findings
from phusong.coverage.calibration.entries import entries_of
from phusong.coverage.calibration.formats import ANY_TABLE, Chooser, is_mobile, recognise
from phusong.coverage.calibration.joins import (
    AMBIGUOUS,
    Cells,
    Operators,
    carriers_mhz,
    join,
    second_readings,
    spelt_as_in_study,
)
from phusong.coverage.calibration.levels import RANGE_DBM, index_name
from phusong.coverage.calibration.thinning import one_a_place, place_ids, spokesmen, weights
from phusong.i18n import tr
from phusong.sources.crs import Area, to_study
from phusong.sources.inputs import Inputs
from phusong.sources.read import REACH_M
from phusong.sources.tables.delimited import is_delimited
from phusong.sources.tables.layers import Records, place_of, read_layer
from phusong.sources.tables.ogr import headers_of_layers
from phusong.study import Gdal, Layer, Study

LEVEL_RANGE_DBM: Final = RANGE_DBM
"""No handset reports a level outside of this."""

REASONS: Final[dict[str, str]] = {
    "no_level": "no level is given, or it is not a number",
    "level_out_of_range": "{level:g} dBm is no level a handset reports ({low:g} to {high:g} dBm)",
    "sentinel": "{given:g} is what programs write where no level is known",
    "floor": "{given:g} dBm is the lowest figure a phone writes: the level was that or less",
    "index": "{given:g} is a number of {quantity}'s reporting range (0 to {last}), not dBm; give "
    "dBm, or say that the column holds such numbers: --column level_index=HEADER",
    "unsigned": "{given:g} is a number of {quantity}'s reporting range (0 to {last}) or a level "
    "without its minus; give dBm, or say which: --column level_index=HEADER",
    "positive": "{given:g} is no level in dBm: these are negative; put the minus back",
    "not_mobile": "{word} is no mobile network: the level is not of a cell",
    "neighbour": "the level is of a neighbour cell, which is kept apart from the serving one",
    "two_carriers": "{operator} may be any of {names}: these carriers of the study are called "
    "alike",
    "outside": "the place lies {km:.1f} km outside of the ground that the study computes",
    "off_dem": "the place lies where the DEM has no height",
    "no_carrier": "the study has no cell in service of {operator} {technology} {freq}",
    "not_said": "the log says neither the cell nor both operator and technology, so that nothing "
    "tells what to compare with; name their columns with --column",
    "no_cell": "the study has no cell {cell_id} in service",
    "other_carrier": "cell {cell_id} is not of {operator} {technology}",
    "too_far": "the nearest such cell stands {km:.1f} km away; levels are computed to "
    "{radius:g} km",
    "under_floor": "under {floor:g} dBm is predicted here, no signal at all: off by more than "
    "{off:.0f} dB, which the figures leave out",
    "no_prediction": "no level can be computed here: see the findings about the cell, or voids "
    "of the DEM on the way",
}
"""Reason of refusal -> English template; a finding of the reader has its rule's number."""

REFUSED_COLUMNS: Final = (
    "row",
    "reason",
    "detail",
    "longitude",
    "latitude",
    "operator",
    "technology",
    "cell_id",
    "level_dbm",
)


@dataclass(frozen=True)
class Measurements:
    """What a log of measurements holds.

    Attributes
    ----------
    frame
        RangeIndex; ``row`` of the file (of several tables of a file: counted on through them),
        ``x_m``, ``y_m``, ``longitude``, ``latitude``, ``level_dbm`` (NaN: not given),
        ``operator`` (as the study spells it where it has one), ``technology``, ``cell_id`` (the
        study's where it has the cell; each text or None), ``freq_mhz`` (NaN: not given), and

        ``serving`` bool, False for neighbour cells, which say nothing of the level that serves;
        ``time`` UTC or NaT; ``pci``, ``earfcn`` (any technology's channel number), ``eci`` (any
        technology's global cell identity) nullable integers; ``plmn`` text or None;
        ``joined`` how ``cell_id`` was found: ``cell_id``, ``eci``, ``pci``, or ``carrier`` where
        no cell is named; ``carrier_mhz`` the best known frequency (NaN: none);
        ``place_id`` the cell of the study's grid, counted by row; ``weight`` one over the rows of
        one place and carrier (0 without a level), so that a parked phone weighs one.
    refused
        Rows the reader left out: the columns ``REFUSED_COLUMNS``.
    behind
        After :meth:`at_places` all rows of serving cells, with the ``spokesman`` (a ``row``) that
        each counts under.
    unheard
        The refused rows of serving cells that say that little or nothing was heard, with the
        columns of ``frame`` and ``reason`` (``floor`` | ``sentinel``).
    """

    frame: pd.DataFrame
    refused: pd.DataFrame
    behind: pd.DataFrame | None = None
    unheard: pd.DataFrame | None = None

    def at_places(self) -> Measurements:
        """Return serving cells only, one row for each place and carrier; neighbours are refused.

        ``rows`` is how many rows stand behind each; see
        :func:`phusong.coverage.calibration.thinning.one_a_place`. A frame that was not read from
        a log (without ``place_id``) stays as it is.
        """
        if "place_id" not in self.frame:
            return self
        serving = self.frame["serving"].to_numpy(dtype=bool)
        apart = refuse(self.frame, np.flatnonzero(~serving), "neighbour")
        rows = self.frame[serving].reset_index(drop=True)
        behind = rows.assign(spokesman=spokesmen(rows))
        refused = _together([self.refused, apart])
        return Measurements(one_a_place(rows), refused, behind, self.unheard)

    def each_refused(self, refused: pd.DataFrame) -> pd.DataFrame:
        """Return refused rows with every row that stands behind them, for the same reason.

        Parameters
        ----------
        refused
            Of :attr:`frame`, the columns ``REFUSED_COLUMNS``.
        """
        if self.behind is None or refused.empty:
            return refused
        behind = self.behind[self.behind["row"] != self.behind["spokesman"]]
        said = refused[["row", "reason", "detail"]].rename(columns={"row": "spokesman"})
        more = behind.merge(said, on="spokesman")[list(REFUSED_COLUMNS)]
        return _together([refused, more])


def read_measurements(
    path: Path,
    inputs: Inputs,
    study: Study,
    *,
    columns: dict[str, str] | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> tuple[Measurements, Findings]:
    """Read a log of measured levels.

    Parameters
    ----------
    path
        Network Survey (CSV, GeoPackage), G-NetTrack, CellMapper, OpenCelliD, GPX, or any table or
        layer the sources read; the same care is taken of encodings, decimal commas, projected and
        exchanged coordinates.
    inputs, study
        Where the study lies, and the cells that rows are joined to.
    columns
        Our name -> the file's header, where the header does not tell.
    crs, encoding
        Of the file, where it does not say.

    Returns
    -------
    Measurements, Findings
        The findings say what was recognised and assumed.

    Raises
    ------
    ChecksFailed
        When the file cannot be used as a whole.
    """
    findings = Findings(study.checks.severity)
    layer = Layer(path=path.absolute(), columns=columns or {}, crs=crs, encoding=encoding)
    parts: list[pd.DataFrame] = []
    left_out: list[pd.DataFrame] = []
    before = 0
    for one in _layers(layer, study.gdal):
        own = Findings(study.checks.severity)
        entries, read = _entries(one, inputs, study, own)
        findings.items.extend(own.items)
        out = _left_out(own)
        left_out.append(out.assign(row=out["row"] + before))
        parts.append(entries.assign(row=entries["row"] + before))
        before += read
    findings.stop_on_errors()
    entries = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    frame, refused, unheard = _joined(entries, inputs, study, findings, layer)
    found = Measurements(frame, _together([*left_out, refused]), unheard=unheard)
    return found, findings


_LEFT_OUT = ("S10", "S11", "S22")
"""Rules after which the reader leaves one record out."""


def _layers(layer: Layer, leave: Gdal) -> list[Layer]:
    """Return the layers of a file that hold measurements; the file as it is where none is known."""
    if is_delimited(layer.path) or not layer.path.is_file():
        return [layer]
    known = [
        (name, count)
        for name, (headers, count) in headers_of_layers(layer.path, leave).items()
        if recognise(headers) is not ANY_TABLE
    ]
    filled = [name for name, count in known if count] or [name for name, _ in known[:1]]
    return [layer.model_copy(update={"layer": name}) for name in filled] or [layer]


def _entries(
    layer: Layer, inputs: Inputs, study: Study, findings: Findings
) -> tuple[pd.DataFrame, int]:
    """Return the entries of one layer, and how many records it has."""
    chooser = Chooser(layer.columns)
    records = read_layer(study, layer, chooser, findings)
    if records is None:
        return _none(), 0
    count = int(records.frame["row"].max()) if len(records.frame) else 0
    kind = chooser.chosen
    if kind.name:
        findings.add("M01", records.where, detail="the file is known as {format}", format=kind.name)
    area = Area(inputs.crs, inputs.communes.geometry.union_all())
    moved = to_study(records, area.crs, findings, area, REACH_M)
    if moved.frame.empty:
        return _none(), count
    entries = entries_of(moved, kind, findings)
    _report_no_level(entries, moved, findings)
    return entries, count


def _none() -> pd.DataFrame:
    """Return no entries, in the columns of :func:`entries_of`."""
    texts = ("operator", "technology", "cell_id", "plmn", "wrong", "word")
    figures = ("x_m", "y_m", "longitude", "latitude", "level_dbm", "freq_mhz", "given")
    kinds: dict[str, str] = {
        "row": "int64",
        **dict.fromkeys(figures, "float64"),
        **dict.fromkeys(texts, "object"),
        "serving": "bool",
        "time": "datetime64[ns, UTC]",
        **dict.fromkeys(("pci", "earfcn", "eci"), "Int64"),
    }
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def _report_no_level(entries: pd.DataFrame, records: Records, findings: Findings) -> None:
    """Say that a log without a column of levels has none in its comments either (M02)."""
    if entries["given"].isna().all() and not any(
        name in records.columns for name in ("level_dbm", "level_index", "level_asu")
    ):
        findings.add(
            "M02",
            records.where,
            detail="none of {n} points says a level, in an extension or a comment",
            n=len(entries),
        )


def _joined(
    entries: pd.DataFrame, inputs: Inputs, study: Study, findings: Findings, layer: Layer
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Join entries to the study; return what can be compared, what is refused, what is unheard."""
    operators = Operators(inputs.cells["operator"].tolist())
    cells = Cells(inputs.cells, inputs.sites, study.radio.radius_km * 1000.0)
    entries = entries.assign(freq_mhz=second_readings(entries, cells))
    found = [
        operators.find(name, plmn)
        for name, plmn in zip(entries["operator"], entries["plmn"], strict=True)
    ]
    cell_id, how = join(entries, cells, found)
    frame = entries.assign(
        cell_id=pd.Series(cell_id, dtype=object), joined=pd.Series(how, dtype=object)
    )
    frame["operator"] = pd.Series(spelt_as_in_study(frame, found, cells), dtype=object)
    _report_one_name(frame, findings, layer, study)
    frame["carrier_mhz"] = carriers_mhz(frame, cells)
    x, y = (frame[name].to_numpy(dtype=np.float64) for name in ("x_m", "y_m"))
    frame["place_id"] = place_ids(x, y, inputs.grid)
    doubtful = np.array([one is AMBIGUOUS for one in found], dtype=bool) & (how == "carrier")
    reasons, refused = _refused(frame, inputs, operators, doubtful)
    kept = frame[reasons == ""].reset_index(drop=True)
    kept["weight"] = weights(kept)
    silent = np.isin(reasons.astype(str), ["floor", "sentinel"]) & frame["serving"].to_numpy()
    unheard = frame[silent & ~doubtful].assign(reason=reasons[silent & ~doubtful], weight=0.0)
    return (
        kept.drop(columns=["wrong", "given", "word"]),
        refused,
        unheard.drop(columns=["wrong", "given", "word"]).reset_index(drop=True),
    )


def _report_one_name(frame: pd.DataFrame, findings: Findings, layer: Layer, study: Study) -> None:
    """Say where a log calls several networks by one name (M04)."""
    pairs = frame[["operator", "plmn"]].dropna().drop_duplicates()
    for name, codes in pairs.groupby("operator")["plmn"]:
        if len(codes) > 1:
            findings.add(
                "M04",
                place_of(layer, study),
                str(name),
                "{operator} stands for the networks {codes}",
                operator=str(name),
                codes=", ".join(sorted(codes)),
            )


def _refused(
    frame: pd.DataFrame, inputs: Inputs, operators: Operators, doubtful: NDArray[np.bool_]
) -> tuple[NDArray[np.object_], pd.DataFrame]:
    """Return the reason to refuse each row (empty: none), and the rows refused in words."""
    x, y = (frame[name].to_numpy(dtype=np.float64) for name in ("x_m", "y_m"))
    west, south, east, north = inputs.grid.bounds
    away_km = np.hypot(
        np.maximum(np.maximum(west - x, x - east), 0.0),
        np.maximum(np.maximum(south - y, y - north), 0.0),
    )
    away_km /= 1000.0
    reasons = frame["wrong"].to_numpy(dtype=object).copy()
    mobile = np.array([is_mobile(word) for word in frame["word"]], dtype=bool)
    reasons[doubtful & (reasons == "")] = "two_carriers"
    reasons[~mobile] = "not_mobile"
    reasons[frame["place_id"].to_numpy() < 0] = "outside"
    parts = []
    for reason in dict.fromkeys(reasons):
        at = np.flatnonzero(reasons == reason)
        if not reason:
            continue
        rows = frame.iloc[at]
        ranges = [index_name(t) for t in rows["technology"]]
        alike = [
            ", ".join(operators.alike(o, p))
            for o, p in zip(rows["operator"], rows["plmn"], strict=True)
        ]
        params: dict[str, NDArray[Any]] = {
            "given": rows["given"].to_numpy(),
            "word": rows["word"].to_numpy(dtype=object),
            "km": away_km[at],
            "quantity": np.array([name for name, _ in ranges], dtype=object),
            "last": np.array([last for _, last in ranges], dtype=object),
            "names": np.array(alike, dtype=object),
        }
        parts.append(refuse(frame, at, str(reason), **params))
    return reasons, _together(parts)


def _together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return refused rows in the file's order."""
    kinds = {"longitude": float, "latitude": float, "level_dbm": float}
    found = [part for part in parts if len(part)]
    if not found:
        return pd.DataFrame(columns=list(REFUSED_COLUMNS)).astype(kinds)
    out = pd.concat(found, ignore_index=True).sort_values("row", kind="stable", ignore_index=True)
    return out[list(REFUSED_COLUMNS)]


def _left_out(findings: Findings) -> pd.DataFrame:
    """Return the records the reader left out, one by one."""
    rows = [(f.where.row, f.rule.number, f.text()) for f in findings if _leaves_out(f)]
    frame = pd.DataFrame(rows, columns=["row", "reason", "detail"])
    frame = frame.reindex(columns=list(REFUSED_COLUMNS))
    return frame.astype({"longitude": float, "latitude": float, "level_dbm": float})


def _leaves_out(finding: Finding) -> bool:
    return finding.rule.number in _LEFT_OUT and finding.where.row is not None


def refuse(frame: pd.DataFrame, at: NDArray[np.int64], reason: str, **params: Any) -> pd.DataFrame:
    """Return rows of measurements as refused ones, with the reason put into words.

    Parameters
    ----------
    frame
        See :attr:`Measurements.frame`.
    at
        Which rows.
    reason
        A key of ``REASONS``; ``no_carrier`` is ``not_said`` for rows that ask for none.
    **params
        Further placeholders; an array holds one value for each of ``at``.
    """
    low, high = LEVEL_RANGE_DBM
    chosen = frame.iloc[at].reset_index(drop=True)
    details, keys = [], []
    for i, row in enumerate(chosen.to_dict("records")):
        asks = row["operator"] and row["technology"]
        keys.append(reason if asks or reason != "no_carrier" else "not_said")
        own = {k: v[i] if isinstance(v, np.ndarray) else v for k, v in params.items()}
        details.append(
            tr(
                REASONS[keys[-1]],
                level=row["level_dbm"],
                low=low,
                high=high,
                cell_id=row["cell_id"],
                operator=row["operator"] or "?",
                technology=row["technology"] or "?",
                freq="" if np.isnan(row["freq_mhz"]) else f"{row['freq_mhz']:g} MHz",
                **own,
            ).rstrip()
        )
    out = chosen.assign(
        reason=pd.Series(keys, dtype=object), detail=pd.Series(details, dtype=object)
    )
    return out[list(REFUSED_COLUMNS)]
