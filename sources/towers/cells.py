"""Cells of a tower list: one row per site, technology and sector, with every assumption marked."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.sources.boundaries.codes import disambiguate
from phusong.sources.boundaries.shapes import keep_types, separate
from phusong.sources.tables.layers import Records
from phusong.sources.tables.status import in_service
from phusong.sources.tables.text import ranges
from phusong.sources.towers.antennas.antennafiles import read_patterns
from phusong.sources.towers.antennas.patterns import report_antennas
from phusong.sources.towers.carriers import read_carriers
from phusong.sources.towers.estimates.estimated import (
    identities_of,
    positions_estimated,
    report_estimated,
    stations_of,
)
from phusong.sources.towers.estimates.station_ids import Numbering
from phusong.sources.towers.operators import operators_of
from phusong.sources.towers.reading import as_codes, cleaned, complain
from phusong.sources.towers.sectors import read_figures, sectors_of
from phusong.study import TECHNOLOGIES, TowersSource

_PLACES = {0, 3, 4, 6}
_ID_PARTS = ("technology", "mcc", "mnc", "area", "cell")


def read_cells(
    records: Records, source: TowersSource, findings: Findings, folder: Path | None = None
) -> pd.DataFrame:
    """Make cells of one tower layer already in the study's CRS.

    A record gives a cell to each of its carriers in each of its sectors.

    Parameters
    ----------
    records
        Points (areas give their centroid) with the columns of the TOWERS role.
    source
        Defaults and templates of the study.
    findings
        Takes the T rules.
    folder
        The study's: antenna files are counted from it. None: they are not looked at.

    Returns
    -------
    DataFrame
        The columns of ``cells`` in :class:`phusong.sources.inputs.Inputs`, ``site_id`` as given
        (or None), and ``x_m``, ``y_m``, ``samples``, ``range_m`` (NaN where not given). Cell ids
        are unique within the layer.
    """
    records = separate(keep_types(records, _PLACES, findings, points_first=True), findings)
    antenna = cleaned(records, "antenna_file")
    patterns = {} if folder is None else read_patterns(antenna, folder)
    carrier_of, carriers = read_carriers(records, source, findings)
    sector_of, place, azimuth = sectors_of(records, findings)
    figures = {
        "azimuth_deg": azimuth,
        **read_figures(records, source, sector_of, place, antenna, patterns, findings),
    }
    carrier, sector = _crossed(carrier_of, sector_of, len(records.frame))
    at = carrier_of[carrier]
    radiates = carriers.iloc[carrier].reset_index(drop=True)
    technology = radiates["technology"].to_numpy(dtype=object)
    places = shapely.centroid(records.frame.geometry.to_numpy())
    working = in_service(
        records.texts("status").tolist(), source.in_service, "T14", findings, records.where
    )
    operators, operator_assumed = operators_of(records, source, findings)
    estimated = positions_estimated(records)
    report_estimated(records, estimated, findings)
    sites = as_codes(records, "site_id")[at]
    numbering = Numbering(source.gnb_bits, source.sector_digits)
    stations = stations_of(records, at, technology, numbering, findings)
    stations[~estimated[at]] = None
    identity = as_codes(records, "eci")[at]
    sectors = np.bincount(sector_of, minlength=len(records.frame))[at]
    cells = pd.DataFrame(
        {
            "cell_id": _cell_ids(records, at, radiates, azimuth[sector], sectors > 1, findings),
            "site_id": _first(sites, stations),
            "operator": np.array(operators, dtype=object)[at],
            **{name: radiates[name] for name in ("technology", "freq_mhz", "bandwidth_mhz")},
            **{name: column[sector] for name, column in figures.items()},
            "antenna_file": pd.Series(antenna[at], dtype=object),
            "eci": _first(identity, identities_of(records, at, technology)),
            "pci": _whole(records, "pci")[at],
            "in_service": working[at],
            **{name: radiates[name] for name in ("technology_assumed", "freq_assumed")},
            "operator_assumed": operator_assumed[at],
            "position_estimated": estimated[at],
            "file": pd.Series([records.where.file] * len(at), dtype=object),
            "row": records.frame["row"].to_numpy()[at],
            "x_m": shapely.get_x(places)[at],
            "y_m": shapely.get_y(places)[at],
            "samples": _figures(records, "samples")[at],
            "range_m": _figures(records, "range")[at],
        }
    )
    if folder is not None:
        report_antennas(cells, patterns, findings)
    _report_assumed(cells, records, source, findings)
    return cells


def _crossed(
    carrier_of: NDArray[np.int64], sector_of: NDArray[np.int64], records: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair every carrier of a record with every sector of it, in the file's order."""
    sectors = np.bincount(sector_of, minlength=records)
    first = np.cumsum(sectors) - sectors
    each = sectors[carrier_of]
    carrier = np.repeat(np.arange(len(carrier_of)), each)
    within = np.arange(len(carrier)) - np.repeat(np.cumsum(each) - each, each)
    return carrier, first[carrier_of[carrier]] + within


def _first(one: NDArray[np.object_], other: NDArray[np.object_]) -> pd.Series[str]:
    """Return the first of two columns, the other where it has nothing."""
    have = np.array([v is not None for v in one], dtype=bool)
    return pd.Series(np.where(have, one, other), dtype=object)


def _whole(records: Records, column: str) -> NDArray[np.float64]:
    """Return whole numbers that only tell cells apart; anything else, as a list, is NaN."""
    texts = as_codes(records, column)
    whole = [float(v) if v is not None and v.isdecimal() else np.nan for v in texts]
    return np.array(whole, dtype=np.float64)


def _figures(records: Records, column: str) -> NDArray[np.float64]:
    """Return figures that only weigh places; anything else is NaN."""
    texts = as_codes(records, column)
    return pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").to_numpy(np.float64)


def _cell_ids(
    records: Records,
    at: NDArray[np.int64],
    radiates: pd.DataFrame,
    azimuth: NDArray[np.float64],
    sectored: NDArray[np.bool_],
    findings: Findings,
) -> pd.Series[str]:
    """Return unique cell ids; given ones that are doubled are listed (T09)."""
    if all(name in records.frame for name in _ID_PARTS):
        parts = [["" if v is None else v for v in as_codes(records, name)] for name in _ID_PARTS]
        given = np.array(["-".join(p) for p in zip(*parts, strict=True)], dtype=object)
    else:
        given = as_codes(records, "cell_id")
    stem = PurePosixPath(records.where.file).name.split(".")[0]
    rows = records.frame["row"].to_numpy()
    sites = as_codes(records, "site_id")
    split = radiates["split"].to_numpy()
    ids: list[str] = []
    for k, (i, technology, freq) in enumerate(
        zip(at.tolist(), radiates["technology"], radiates["freq_mhz"], strict=True)
    ):
        base = given[i]
        if base is None or split[k]:
            base = f"{base or sites[i] or f'{stem}-{rows[i]}'}-{technology}{freq:g}"
        ids.append(f"{base}-{azimuth[k]:g}" if sectored[k] else str(base))
    unique, changed = disambiguate(ids)
    own = changed & ~split & ~sectored & np.array([given[i] is not None for i in at], dtype=bool)
    doubled = {int(at[k]): (ids[k], unique[k]) for k in np.flatnonzero(own)}
    if doubled:
        complain(
            findings,
            "T09",
            records,
            list(doubled),
            "cell_id",
            "{cell} is already the id of another cell; {unique} in the results",
            lambda i: {"cell": doubled[i][0], "unique": doubled[i][1]},
        )
    return pd.Series(unique, dtype=object)


def _report_assumed(
    cells: pd.DataFrame, records: Records, source: TowersSource, findings: Findings
) -> None:
    """Say once a file how many cells rest on each assumption, and which rows first."""
    texts = {
        "height_assumed": ("T02", _figures_used(cells, "height", "m")),
        "eirp_assumed": ("T03", _figures_used(cells, "eirp", "dBm")),
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
        findings.add(
            rule,
            records.where,
            detail="{n} of {total} cells: {value}; records {rows}",
            n=len(assumed),
            total=len(cells),
            value=value,
            rows=ranges(np.unique(assumed["row"]).tolist()),
        )


def _figures_used(cells: pd.DataFrame, what: str, unit: str) -> str:
    """Return the figures that stand in, as text."""
    used = cells.loc[cells[f"{what}_assumed"].astype(bool), f"{what}_{unit.lower()}"]
    return ", ".join(f"{figure:g} {unit}" for figure in sorted(used.unique()))


def _list_templates(source: TowersSource) -> str:
    ordered = sorted(source.defaults.cells, key=lambda t: TECHNOLOGIES.index(t.technology))
    return ", ".join(f"{t.technology} {t.freq_mhz:g} MHz" for t in ordered)
