"""Which cell of the study a phone measured, by what its log says of it.

What says most decides: the cell's own name in the study; its global identity (ECI, NCI, CGI);
PCI with the carrier frequency, where the tower list has PCIs and the nearest such cell stands
alone; else all cells of the carrier in the band measured.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.sources.tables.columns import plain
from phusong.sources.towers.channels import channel, names_a_band, same_band
from phusong.sources.towers.operators import network_codes, network_names

AMBIGUOUS: Final = object()
"""An operator that may be any of several that the study has."""
STRANGER: Final = object()
"""An operator with a name, and the study has none of that name."""
SECTORS_OF_ENODEB: Final = 256
"""ECI = eNodeB * 256 + cell (TS 36.413 clause 9.2.1.38)."""
CELLS_OF_RNC: Final = 65536
"""UTRAN cell identity = RNC * 65536 + cell (TS 25.401 clause 6.1.5)."""
ALONE: Final = 2.0
"""A PCI is used again and again: the next cell of the same must be this many times as far."""
_TECHNOLOGY: Final = re.compile(r"(?:gsm|umts|wcdma|lte|nr)[-_/:. ]+", re.IGNORECASE)
_FIGURES: Final = re.compile(r"\d+(?:[-_/:.,;| ]+\d+)*")


@dataclass(frozen=True)
class Identity:
    """A cell's global identity; the network is None where it is not said."""

    plmn: str | None
    number: int


def plmn_of(mcc: str | None, mnc: str | None) -> str | None:
    """Return a network code as tower lists give it: ``452-04``."""
    if not mcc or not mnc or not mcc.isdigit() or not mnc.isdigit() or len(mcc) != 3:
        return None
    return f"{mcc}-{mnc.zfill(2)}" if len(mnc) <= 3 else None


def split_plmn(text: str | None) -> str | None:
    """Return ``452-04`` for ``45204``, ``452 04``, ``452-4``; None for what is no network code."""
    match = re.fullmatch(r"(\d{3})[^\d]?(\d{1,3})", text or "")
    return plmn_of(match[1], match[2]) if match else None


def identities(text: str, technology: str) -> list[Identity]:
    """Return the global identities that a text may be: 12801795, 452-04-50007-3, LTE-452-4-1-128.

    Parameters
    ----------
    text
        Figures with signs between them, a technology's name before them or not.
    technology
        Two figures are eNodeB and cell in LTE, RNC or area and cell in UMTS, area and cell in GSM.
    """
    bare = _TECHNOLOGY.sub("", text.strip())
    if not _FIGURES.fullmatch(bare):
        return []
    parts = re.findall(r"\d+", bare)
    plmn = None
    if len(parts) >= 3:
        plmn, parts = plmn_of(parts[0], parts[1]), parts[2:]
        if plmn is None or len(parts) > 2:
            return []
    if len(parts) == 1:
        return _of_one(plmn, parts[0])
    return [Identity(plmn, number) for number in joined(int(parts[0]), int(parts[1]), technology)]


def _of_one(plmn: str | None, digits: str) -> list[Identity]:
    """Return what one figure may be: an identity, or one behind the digits of its network."""
    found = [Identity(plmn, int(digits))]
    if plmn is None and len(digits) > 6 and "2" <= digits[0] <= "7":
        found += [
            Identity(code, int(digits[3 + n :]))
            for n in (2, 3)
            if (code := plmn_of(digits[:3], digits[3 : 3 + n])) and digits[3 + n :]
        ]
    return found


def joined(upper: int, lower: int, technology: str) -> list[int]:
    """Return the identities that a figure of two parts may be, the likeliest first.

    Examples
    --------
    >>> joined(50007, 3, "LTE"), joined(12, 34567, "UMTS"), joined(1234, 5678, "GSM")
    ([12801795], [820999, 34567], [5678])
    """
    if technology in {"LTE", "NR"}:
        # A cell number over 255 is a whole identity, and what stands before it the tracking area.
        return [upper * SECTORS_OF_ENODEB + lower] if lower < SECTORS_OF_ENODEB else [lower]
    if technology == "UMTS" and lower < CELLS_OF_RNC and upper < CELLS_OF_RNC // 16:
        return [upper * CELLS_OF_RNC + lower, lower]
    return [lower]


class Operators:
    """The study's operators, found by a log's name or network code.

    Parameters
    ----------
    names
        As the study spells them.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(dict.fromkeys(str(name) for name in names))
        self._alike: dict[str, list[str]] = defaultdict(list)
        for name in self.names:
            self._alike[plain(name)].append(name)
        self._found: dict[tuple[str | None, str | None], Any] = {}

    def find(self, name: str | None, plmn: str | None) -> Any:
        """Return the study's spelling, ``AMBIGUOUS``, ``STRANGER``, or None where nothing is said.

        None also stands for a network code that the study has not: its cells may bear a name.
        """
        key = (name, plmn)
        if key not in self._found:
            self._found[key] = self._find(name, plmn)
        return self._found[key]

    def _find(self, name: str | None, plmn: str | None) -> Any:
        words = [w for w in (name, plmn) if w]
        words += network_names(plmn or split_plmn(name) or "")
        words += network_codes(name or "") if name and not plmn else []
        doubt: Any = STRANGER if name else None
        for word in words:
            if word in self.names:
                return word
            alike = self._alike.get(plain(word), [])
            if len(alike) == 1:
                return alike[0]
            doubt = AMBIGUOUS if alike else doubt
        return doubt

    def alike(self, name: str | None, plmn: str | None) -> list[str]:
        """Return the study's operators that a log's words may mean."""
        words = [w for w in (name, plmn) if w] + network_names(plmn or "")
        return list(dict.fromkeys(n for w in words for n in self._alike.get(plain(w), [])))


class Cells:
    """The study's cells, found by their identities.

    Parameters
    ----------
    cells
        See :class:`phusong.sources.inputs.Inputs`; ``eci``, ``pci`` and ``earfcn`` may be absent.
    sites
        Where they stand.
    reach_m
        How far a cell may stand from where it is heard.
    """

    def __init__(self, cells: pd.DataFrame, sites: pd.DataFrame, reach_m: float) -> None:
        self.ids = [str(v) for v in cells["cell_id"]]
        self.operators = [str(v) for v in cells["operator"]]
        self.technologies = [str(v) for v in cells["technology"]]
        self.freqs_mhz = cells["freq_mhz"].to_numpy(dtype=np.float64)
        place = sites.set_index("site_id")
        self.x_m = place["x_m"].reindex(cells["site_id"]).to_numpy(dtype=np.float64)
        self.y_m = place["y_m"].reindex(cells["site_id"]).to_numpy(dtype=np.float64)
        self.index = {name: i for i, name in enumerate(self.ids)}
        self._reach_m = reach_m
        self._by_number: dict[tuple[str, int], list[tuple[int, str | None]]] = defaultdict(list)
        own = cells["eci"] if "eci" in cells else [None] * len(cells)
        for i, (name, eci) in enumerate(zip(self.ids, own, strict=True)):
            text = eci if isinstance(eci, str) and eci else name
            for one in identities(text, self.technologies[i]):
                for number in _with_short(one.number, self.technologies[i]):
                    self._by_number[self.technologies[i], number].append((i, one.plmn))
        self._by_pci: dict[tuple[str, int], list[int]] = defaultdict(list)
        if "pci" in cells:
            for i, pci in enumerate(cells["pci"].to_numpy(dtype=np.float64)):
                if np.isfinite(pci):
                    self._by_pci[self.technologies[i], int(pci)].append(i)

    def by_number(
        self, number: int, technology: str | None, plmn: str | None, operator: Any
    ) -> int | None:
        """Return the cell of a global identity, None where there is none or more than one."""
        words = [technology] if technology else sorted(set(self.technologies))
        for asked in _with_short(number, technology):
            found = {
                i
                for word in words
                for i, own in self._by_number.get((word, asked), ())
                if self._is_of(i, own, plmn, operator)
            }
            if found:
                return found.pop() if len(found) == 1 else None
        return None

    def _is_of(self, i: int, own: str | None, plmn: str | None, operator: Any) -> bool:
        """Whether a cell may be of a network: by its code where both say one, else by operator."""
        if own is not None and plmn is not None:
            return own == plmn
        return self._of(i, operator)

    def by_pci(
        self, pci: int, technology: str, freq_mhz: float, operator: Any, x_m: float, y_m: float
    ) -> int | None:
        """Return the cell of a PCI and carrier frequency, where the nearest one stands alone."""
        found = [
            i
            for i in self._by_pci.get((technology, pci), ())
            if self._of(i, operator) and same_band(self.freqs_mhz[i], freq_mhz)
        ]
        if not found:
            return None
        near = _nearest(self.freqs_mhz[found], freq_mhz)
        away = np.hypot(self.x_m[found] - x_m, self.y_m[found] - y_m)
        away = np.where(near & np.isfinite(away), away, np.inf)
        order = np.argsort(away, kind="stable")
        if away[order[0]] > self._reach_m:
            return None
        if len(order) > 1 and away[order[1]] < ALONE * away[order[0]]:
            return None
        return found[int(order[0])]

    def _of(self, i: int, operator: Any) -> bool:
        """Whether a cell may be of an operator; one that is not said may be any."""
        if operator is AMBIGUOUS or operator is None:
            return True
        return operator is not STRANGER and plain(self.operators[i]) == plain(operator)


def _with_short(number: int, technology: str | None) -> list[int]:
    """Return an identity, and of a UTRAN cell the 16 bits that some programs keep of it."""
    if technology != "UMTS" or number < CELLS_OF_RNC:
        return [number]
    return [number, number % CELLS_OF_RNC]


def _nearest(freqs_mhz: NDArray[np.float64], freq_mhz: float) -> NDArray[np.bool_]:
    off = np.abs(freqs_mhz - freq_mhz)
    return np.asarray(off == off.min())


def on_frequency(
    carrier: NDArray[np.bool_],
    freqs_mhz: NDArray[np.float64],
    freq_mhz: float,
    *,
    exact: bool = False,
) -> NDArray[np.bool_]:
    """Keep the cells of a carrier that are in the band measured.

    Of several frequencies in one band the nearest is kept, unless the figure stands for the whole
    band (``900``, ``B3``): then none of them is said.

    Parameters
    ----------
    carrier
        (cells,) whether a cell is of the operator and technology.
    freqs_mhz
        (cells,).
    freq_mhz
        Measured; NaN where it is not said, and all cells are kept.
    exact
        Whether the figure comes from a channel number.
    """
    if np.isnan(freq_mhz) or not carrier.any():
        return carrier
    band = np.array([same_band(float(f), freq_mhz) for f in freqs_mhz], dtype=bool) & carrier
    if not band.any():
        return band
    off = np.where(band, np.abs(freqs_mhz - freq_mhz), np.inf)
    if not exact and names_a_band(freq_mhz) and off.min() > 0:
        return band
    return np.asarray(band & (off == off.min()))


def join(
    frame: pd.DataFrame, cells: Cells, names: Sequence[Any]
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Find the cell each row measured.

    Parameters
    ----------
    frame
        See :attr:`phusong.coverage.calibration.measurements.Measurements.frame`.
    cells
        The study's.
    names
        (rows,) see :meth:`Operators.find`.

    Returns
    -------
    cell_id, how
        (rows,) the study's id (that of the file where the study has no such cell, None where
        nothing names one); ``cell_id``, ``eci``, ``pci``, or ``carrier`` where no cell is named.
    """
    ids = frame["cell_id"].to_numpy(dtype=object).copy()
    how = np.full(len(frame), "carrier", dtype=object)
    unmatched: list[int] = []
    matched: set[tuple[Any, str | None]] = set()
    columns = ("cell_id", "eci", "technology", "plmn", "pci", "freq_mhz", "x_m", "y_m")
    for i, (cell, eci, technology, plmn, pci, freq, x, y) in enumerate(
        zip(*(frame[c] for c in columns), strict=True)
    ):
        operator = names[i]
        if cell is not None and cell in cells.index:
            how[i] = "cell_id"
            continue
        number = None if pd.isna(eci) else int(eci)
        if number is None and cell is not None:
            number = next((one.number for one in identities(cell, technology or "LTE")), None)
        found = None if number is None else cells.by_number(number, technology, plmn, operator)
        if found is not None:
            ids[i], how[i] = cells.ids[found], "eci"
            matched.add((operator, technology))
            continue
        if not pd.isna(pci) and not np.isnan(freq) and technology:
            found = cells.by_pci(int(pci), technology, float(freq), operator, x, y)
            if found is not None:
                ids[i], how[i] = cells.ids[found], "pci"
                continue
        if number is not None and cell is None:
            unmatched.append(i)
    # Where other rows are found by their identity the study knows identities: a row that is not
    # found is of a cell the study has not, and must not stand for one it has.
    for i in unmatched:
        if (names[i], frame["technology"].iloc[i]) in matched:
            ids[i], how[i] = str(int(frame["eci"].iloc[i])), "eci"
    return ids, how


def second_readings(entries: pd.DataFrame, cells: Cells) -> NDArray[np.float64]:
    """Read a number that DCS 1800 and PCS 1900 share as the one the study has cells in."""
    out = entries["freq_mhz"].to_numpy(dtype=np.float64).copy()
    gsm = cells.freqs_mhz[[t == "GSM" for t in cells.technologies]]
    numbers = entries["earfcn"]
    for i in np.flatnonzero((entries["technology"] == "GSM") & numbers.notna()):
        read = channel("GSM", int(numbers.iloc[i]))
        if read is None or any(same_band(float(f), read.freq_mhz) for f in gsm):
            continue
        fits = [o for o in read.others_mhz if any(same_band(float(f), o) for f in gsm)]
        out[i] = fits[0] if fits else out[i]
    return out


def spelt_as_in_study(frame: pd.DataFrame, found: Sequence[Any], cells: Cells) -> list[str | None]:
    """Return each row's operator as the study spells it, else as the log does.

    A cell says whose it is where the log does not, or may mean several.
    """
    spelt: list[str | None] = []
    for one, name, plmn, cell, how in zip(
        found, frame["operator"], frame["plmn"], frame["cell_id"], frame["joined"], strict=True
    ):
        if isinstance(one, str):
            spelt.append(one)
        elif how == "eci" or (one is not STRANGER and how != "carrier"):
            at = cells.index.get(str(cell))
            spelt.append(name or plmn if at is None else cells.operators[at])
        else:
            spelt.append(name or plmn)
    return spelt


def carriers_mhz(frame: pd.DataFrame, cells: Cells) -> NDArray[np.float64]:
    """Return the best known frequency: the log's, the cell's, else the carrier's highest.

    The highest has the shortest waves: what is averaged over too short a way is only rougher.
    """
    highest: dict[tuple[str, str], float] = {}
    for who, what, freq in zip(cells.operators, cells.technologies, cells.freqs_mhz, strict=True):
        highest[who, what] = max(float(freq), highest.get((who, what), 0.0))
    out = frame["freq_mhz"].to_numpy(dtype=np.float64).copy()
    for i in np.flatnonzero(np.isnan(out)):
        at = cells.index.get(str(frame["cell_id"].iloc[i]))
        key = (str(frame["operator"].iloc[i]), str(frame["technology"].iloc[i]))
        out[i] = highest.get(key, np.nan) if at is None else cells.freqs_mhz[at]
    return out
