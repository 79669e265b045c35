"""Cells whose places are means of measurements, as OpenCelliD has them: which mast each is on."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.sources.tables.layers import Records
from phusong.sources.tables.text import ranges
from phusong.sources.towers.reading import as_codes

ESTIMATED_SITE_M: Final = 5000.0
"""Estimated cells of one base station lie this near to each other, or one of them is wrong."""
_CELL_BITS: Final = {"LTE": 8, "NR": 12}
"""Bits of the cell in an identity: TS 36.413 clause 9.2.1.38; TS 38.413 clause 9.3.1.7, where the
base station has 22 to 32 bits: 24 are common, and what is too far apart is parted again."""
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
        named = np.isin(technology.astype(str), list(_CELL_BITS))
        out[named] = cell[named]
    return out


def stations_of(
    records: Records, at: NDArray[np.int64], technology: NDArray[np.object_]
) -> NDArray[np.object_]:
    """Return each carrier's base station, ``452-04-eNB200001``; None where nothing tells."""
    out = np.full(len(at), None, dtype=object)
    if not all(name in records.frame for name in _NETWORK):
        return out
    mcc, mnc, cell = (as_codes(records, name)[at] for name in _NETWORK)
    number = pd.to_numeric(pd.Series(cell, dtype=object), errors="coerce").to_numpy(
        dtype=np.float64
    )
    for name, bits in _CELL_BITS.items():
        for k in np.flatnonzero((technology == name) & (number >= 2**bits)):
            if mcc[k] is not None and mnc[k] is not None:
                kind = "eNB" if name == "LTE" else "gNB"
                out[k] = f"{mcc[k]}-{str(mnc[k]).zfill(2)}-{kind}{int(number[k]) >> bits}"
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
