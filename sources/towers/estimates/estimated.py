"""Cells whose places are means of measurements, as OpenCelliD has them: which mast each is on."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.sources.tables.layers import Records
from phusong.sources.tables.text import ranges
from phusong.sources.towers.estimates.station_ids import Numbering, is_identity, station_of
from phusong.sources.towers.reading import as_codes, complain

ESTIMATED_SITE_M: Final = 5000.0
"""Estimated cells of one base station lie this near to its middlemost, or are not on its mast. Of
pairs of cells of one eNB in OpenCelliD's list of Lesotho nine in ten are nearer to each other; of
those whose GSM and UMTS numbers differ in the last digit only three in four, of those of one
location area about half."""
_IDENTIFIED: Final = ("LTE", "NR")
_NETWORK: Final = ("mcc", "mnc", "cell")


def positions_estimated(records: Records) -> NDArray[np.bool_]:
    """Say which records stand where phones measured them rather than where their mast is.

    OpenCelliD's ``changeable`` is 0 where the operator gave the place; a list with ``samples`` and
    no such column is all estimated.
    """
    if "changeable" in records.frame:
        words = {"1", "true", "True", "TRUE"}
        return np.array([v in words for v in as_codes(records, "changeable")], dtype=bool)
    return np.array([v is not None for v in as_codes(records, "samples")], dtype=bool)


def identities_of(
    records: Records, at: NDArray[np.int64], technology: NDArray[np.object_]
) -> NDArray[np.object_]:
    """Return the identity (ECI, NCI) of LTE and NR carriers whose record has network and cell."""
    out = np.full(len(at), None, dtype=object)
    if all(name in records.frame for name in _NETWORK):
        cell = as_codes(records, "cell")[at]
        named = np.isin(technology.astype(str), _IDENTIFIED)
        out[named] = cell[named]
    return out


def stations_of(
    records: Records,
    at: NDArray[np.int64],
    technology: NDArray[np.object_],
    numbering: Numbering,
    findings: Findings,
) -> NDArray[np.object_]:
    """Return each carrier's base station, ``452-04-eNB200001``; None where nothing tells.

    Numbers that no cell of the technology may have are told (T43).
    """
    out = np.full(len(at), None, dtype=object)
    if not all(name in records.frame for name in _NETWORK):
        return out
    mcc, mnc, cell, area = (as_codes(records, name)[at] for name in (*_NETWORK, "area"))
    wrong = []
    for k in range(len(at)):
        if mcc[k] is None or mnc[k] is None or cell[k] is None or not cell[k].isdecimal():
            continue
        number = int(cell[k])
        if not is_identity(technology[k], number):
            wrong.append(int(at[k]))
            continue
        station = station_of(technology[k], number, area[k], numbering)
        if station is not None:
            out[k] = f"{mcc[k]}-{str(mnc[k]).zfill(2)}-{station}"
    if wrong:
        whole = as_codes(records, "cell")
        complain(
            findings,
            "T43",
            records,
            list(dict.fromkeys(wrong)),
            "cell",
            "{number} is no number of a cell of this technology",
            lambda i: {"number": str(whole[i])},
        )
    return out


def report_estimated(records: Records, estimated: NDArray[np.bool_], findings: Findings) -> None:
    """Say once a file how many places are estimated (T28)."""
    if estimated.any():
        findings.add(
            "T28",
            records.where,
            detail="{n} of {total} records; records {rows}",
            n=int(estimated.sum()),
            total=len(estimated),
            rows=ranges(records.frame["row"].to_numpy()[estimated].tolist()),
        )
