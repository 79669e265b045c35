"""Measured levels, as drive tests and crowds hand them in, in the study's own words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.checks import Finding, Findings
from phusong.i18n import tr
from phusong.sources.crs import Area, to_study
from phusong.sources.inputs import Inputs
from phusong.sources.read import REACH_M
from phusong.sources.tables.headers import TOWERS, Role
from phusong.sources.tables.layers import Records, read_layer
from phusong.sources.tables.text import as_code, clean
from phusong.sources.towers.bands import frequency_of, technology_of
from phusong.study import Layer, Study

MEASUREMENTS: Final = Role(
    "measurements",
    {
        "level_dbm": (
            "level_dbm",
            "muc_tin_hieu_dbm",
            "muc_tin_hieu",
            "muc_thu_dbm",
            "muc_thu",
            "cuong_do_tin_hieu",
            "rsrp_dbm",
            "rsrp",
            "ss_rsrp",
            "ssrsrp",
            "rscp_dbm",
            "rscp",
            "rxlev_dbm",
            "rxlev",
            "level",
            "signal_dbm",
            "signal_strength",
            "signal",
            "dbm",
        ),
        **{
            name: TOWERS.columns[name]
            for name in ("operator", "technology", "cell_id", "freq_mhz", "mcc", "mnc")
        },
    },
    ("level_dbm",),
)
"""Headers a file of measurements may use."""

LEVEL_RANGE_DBM: Final = (-150.0, -20.0)
"""No handset reports a level outside of this."""

REASONS: Final[dict[str, str]] = {
    "no_level": "no level is given, or it is not a number",
    "level_out_of_range": "{level:g} dBm is no level a handset reports ({low:g} to {high:g} dBm)",
    "off_dem": "the place lies where the DEM has no height",
    "no_carrier": "the study has no cell in service of {operator} {technology} {freq}",
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
    """What a file of measurements holds.

    Attributes
    ----------
    frame
        RangeIndex; ``row`` of the file, ``x_m``, ``y_m``, ``longitude``, ``latitude``,
        ``level_dbm`` (NaN: not given), ``operator``, ``technology``, ``cell_id`` (each text or
        None), ``freq_mhz`` (NaN: not given).
    refused
        Rows the reader left out: the columns ``REFUSED_COLUMNS``.
    """

    frame: pd.DataFrame
    refused: pd.DataFrame


def read_measurements(
    path: Path,
    inputs: Inputs,
    study: Study,
    *,
    columns: dict[str, str] | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> tuple[Measurements, Findings]:
    """Read a table or layer of measured levels.

    Parameters
    ----------
    path
        Any form the sources read; the same care is taken of encodings, decimal commas,
        projected and exchanged coordinates.
    inputs, study
        Where the study lies.
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
    records = read_layer(study, layer, MEASUREMENTS, findings)
    if records is not None:
        area = Area(inputs.crs, inputs.communes.geometry.union_all())
        records = to_study(records, area.crs, findings, area, REACH_M)
    findings.stop_on_errors()
    if records is None or records.frame.empty:
        empty = pd.DataFrame({name: [] for name in ("row", *_FRAME)})
        return Measurements(empty, _left_out(findings)), findings
    frame = _frame(records, findings)
    return Measurements(frame, _left_out(findings)), findings


_FRAME = (
    "x_m",
    "y_m",
    "longitude",
    "latitude",
    "level_dbm",
    "operator",
    "technology",
    "cell_id",
    "freq_mhz",
)
_LEFT_OUT = ("S10", "S11", "S22")
"""Rules after which the reader leaves one record out."""


def _frame(records: Records, findings: Findings) -> pd.DataFrame:
    """Return the records in the columns of :attr:`Measurements.frame`."""
    points: gpd.GeoSeries = records.frame.geometry.representative_point()
    wgs84 = points.to_crs(4326)
    frequencies = [frequency_of(clean(v) or "") for v in records.texts("freq_mhz")]
    return pd.DataFrame(
        {
            "row": records.frame["row"].to_numpy(),
            "x_m": points.x.to_numpy(),
            "y_m": points.y.to_numpy(),
            "longitude": wgs84.x.to_numpy(),
            "latitude": wgs84.y.to_numpy(),
            "level_dbm": records.numbers("level_dbm", findings),
            "operator": pd.Series(_operators(records), dtype=object),
            "technology": pd.Series(
                [_technology(clean(v)) for v in records.texts("technology")], dtype=object
            ),
            "cell_id": pd.Series([as_code(v) for v in records.texts("cell_id")], dtype=object),
            "freq_mhz": [np.nan if f is None else f.freq_mhz for f in frequencies],
        }
    )


def _technology(text: str | None) -> str | None:
    """Return our word for a technology; an unknown word stays, and matches no cell."""
    return text if text is None else technology_of(text) or text


def _operators(records: Records) -> list[str | None]:
    """Return each record's operator: its column, else its network code as tower lists give it."""
    out = []
    for name, mcc, mnc in zip(
        records.texts("operator"), records.texts("mcc"), records.texts("mnc"), strict=True
    ):
        country, network = as_code(mcc), as_code(mnc)
        code = f"{country}-{network.zfill(2)}" if country and network else None
        out.append(clean(name) or code)
    return out


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
        A key of ``REASONS``.
    **params
        Further placeholders; an array holds one value for each of ``at``.
    """
    low, high = LEVEL_RANGE_DBM
    chosen = frame.iloc[at].reset_index(drop=True)
    details = []
    for i, row in enumerate(chosen.to_dict("records")):
        own = {k: v[i] if isinstance(v, np.ndarray) else v for k, v in params.items()}
        details.append(
            tr(
                REASONS[reason],
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
    out = chosen.assign(reason=reason, detail=pd.Series(details, dtype=object))
    return out[list(REFUSED_COLUMNS)]
