"""Measured antenna patterns: MSI Planet (.msi, .pla) and Radio Mobile .ant files.

Both hold two cuts of 360 values. An MSI Planet file names its angles, 0 being ahead in the
horizontal cut and the horizon in the vertical cut, counted downwards; values are dB below the
maximum, unsigned. A .ant file (version 3) is 720 bare values, dB relative to the maximum (zero
or negative): the horizontal cut, then the vertical from +90 degrees (straight up) downwards
through the horizon and round.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from phusong.errors import InputError, Where

_ANGLES = 360
_DBD_TO_DBI = 2.15
_MSI_SUFFIXES = frozenset({".msi", ".pla", ".pln", ".txt"})
_MEND = "ask the antenna's maker for the file again; both cuts need 360 values, one a degree"


@dataclass(frozen=True)
class Pattern:
    """One antenna's two cuts.

    Attributes
    ----------
    name
        As the file gives it, else the file's name.
    gain_dbi
        Gain in the main beam, or None where the file does not say (EIRP is taken from the
        cell: the gain is information only).
    horizontal_db
        (360,) attenuation by azimuth clockwise from ahead, dB, 0 or positive.
    vertical_db
        (360,) attenuation by angle downwards from the horizon ahead, dB, 0 or positive.
    """

    name: str
    gain_dbi: float | None
    horizontal_db: NDArray[np.float64]
    vertical_db: NDArray[np.float64]

    @property
    def tilt_deg(self) -> float:
        """Down-tilt of the main beam in the vertical cut, in whole degrees (up negative)."""
        down = np.argmin(np.roll(self.vertical_db, _ANGLES // 4)[: _ANGLES // 2])
        return float(down - _ANGLES // 4)


def _bad(what: str, where: Where, **params: object) -> InputError:
    return InputError(what, where, _MEND, dict(params))


def _number(text: str, where: Where) -> float:
    """Read a figure with a decimal point or comma."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        raise _bad("{text} is not a number", where, text=repr(text)) from None
    if not np.isfinite(value):
        raise _bad("{text} is not a number", where, text=repr(text))
    return value


def _from_peak(
    name: str,
    gain_dbi: float | None,
    horizontal: NDArray[np.float64],
    vertical: NDArray[np.float64],
) -> Pattern:
    """Both cuts relative to the strongest value in either."""
    peak = min(float(horizontal.min()), float(vertical.min()))
    return Pattern(name, gain_dbi, horizontal - peak, vertical - peak)


def _gain_dbi(text: str, where: Where) -> float:
    """``15.4 dBi``, ``13.2 dBd`` or a bare figure, which is dBd in this format."""
    parts = text.replace("dB", " dB").split()
    value = _number(parts[0] if parts else "", where)
    unit = parts[1].lower() if len(parts) > 1 else "dbd"
    return value if unit == "dbi" else value + _DBD_TO_DBI


def _read_cut(
    rows: list[tuple[int, str]], cut: str, announced: str, file: str
) -> NDArray[np.float64]:
    """Read one cut of an MSI file; ``rows`` are (line number, text)."""
    where = Where(file=file, key=cut)
    if _number(announced or str(_ANGLES), where) != _ANGLES or len(rows) != _ANGLES:
        raise _bad("the {cut} cut has {count} values, not 360", where, cut=cut, count=len(rows))
    values = np.full(_ANGLES, np.nan)
    for line, text in rows:
        place = Where(file=file, row=line, key=cut)
        parts = text.split()
        if len(parts) != 2:
            raise _bad("expected an angle and a loss, found {text}", place, text=repr(text))
        angle = _number(parts[0], place)
        if angle != int(angle) or not 0 <= angle <= _ANGLES:
            raise _bad("{text} is not a whole degree from 0 to 359", place, text=parts[0])
        values[int(angle) % _ANGLES] = abs(_number(parts[1], place))
    missing = np.flatnonzero(np.isnan(values))
    if missing.size:
        raise _bad("the {cut} cut lacks {angle} degrees", where, cut=cut, angle=int(missing[0]))
    return values


def parse_msi(text: str, file: str) -> Pattern:
    """Read an MSI Planet pattern.

    Parameters
    ----------
    text
        The file's text.
    file
        Its name, for messages.

    Raises
    ------
    InputError
        When a cut is missing, cut short, has other than 360 values, or holds no number.
    """
    name, gain = Path(file).stem, None
    cuts: dict[str, tuple[str, list[tuple[int, str]]]] = {}
    open_cut: list[tuple[int, str]] | None = None
    for line, raw in enumerate(text.splitlines(), start=1):
        row = raw.strip()
        if not row:
            continue
        keyword, rest = [*row.split(None, 1), ""][:2]
        keyword = keyword.upper()
        if keyword in {"HORIZONTAL", "VERTICAL"}:
            open_cut = []
            cuts[keyword] = (rest, open_cut)
        elif keyword[0].isalpha():
            open_cut = None
            if keyword == "NAME" and rest:
                name = rest
            elif keyword == "GAIN":
                gain = _gain_dbi(rest, Where(file=file, row=line, key="GAIN"))
        elif open_cut is not None:
            open_cut.append((line, row))
    for cut in ("HORIZONTAL", "VERTICAL"):
        if cut not in cuts:
            raise _bad("the file has no {cut} cut", Where(file=file), cut=cut)
    return _from_peak(
        name,
        gain,
        _read_cut(cuts["HORIZONTAL"][1], "HORIZONTAL", cuts["HORIZONTAL"][0], file),
        _read_cut(cuts["VERTICAL"][1], "VERTICAL", cuts["VERTICAL"][0], file),
    )


def parse_ant(text: str, file: str) -> Pattern:
    """Read a Radio Mobile .ant pattern (version 3: 360 + 360 values).

    Raises
    ------
    InputError
        When there are other than 720 values, one is no number, or one is a gain above 0 dB.
    """
    rows = [(line, row) for line, row in enumerate(text.splitlines(), start=1) if row.strip()]
    values = np.array(
        [_number(word, Where(file=file, row=line)) for line, row in rows for word in row.split()]
    )
    if values.size != 2 * _ANGLES:
        raise _bad(
            "the file has {count} values, not 360 horizontal and 360 vertical",
            Where(file=file),
            count=values.size,
        )
    if values.max() > 0:
        raise _bad(
            "values are relative to the maximum and cannot be above 0 dB: {value}",
            Where(file=file),
            value=f"{values.max():g}",
        )
    # The vertical cut begins straight up, a quarter turn before the horizon.
    vertical = np.roll(-values[_ANGLES:], -_ANGLES // 4)
    return _from_peak(Path(file).stem, None, -values[:_ANGLES], vertical)


def read_pattern(path: Path) -> Pattern:
    """Read an antenna file by its suffix (.msi, .pla, .pln, .txt; .ant).

    Raises
    ------
    InputError
        When the file is missing, of another kind, or not a whole pattern.
    """
    where = Where(file=path.name)
    suffix = path.suffix.lower()
    if suffix not in _MSI_SUFFIXES | {".ant"}:
        raise InputError(
            "{suffix} is not a kind of antenna file that can be read",
            where,
            "give an MSI Planet file (.msi, .pla) or a .ant file of 720 values",
            {"suffix": suffix or path.name},
        )
    try:
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError:
        raise InputError(
            "the antenna file is missing", where, "put it at {path}", {"path": str(path)}
        ) from None
    return parse_ant(text, path.name) if suffix == ".ant" else parse_msi(text, path.name)
