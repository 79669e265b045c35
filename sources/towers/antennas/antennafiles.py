"""Measured antenna patterns: MSI Planet (.msi, .pla) and Radio Mobile .ant files.

Both hold two cuts. An MSI Planet file names its angles, 0 being ahead in the horizontal cut and
the horizon in the vertical cut, counted downwards; values are dB below the maximum, unsigned. A
.ant file is bare values, dB relative to the maximum (zero or negative): 360 of the horizontal cut,
then the vertical one from +90 degrees (straight up) downwards through the horizon, 360 values round
(version 3) or 181 to straight down (version 2).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from phusong.errors import InputError, Where
from phusong.sources.bounds import refuse_long
from phusong.sources.towers.antennas.patterns import ANGLES, Pattern, join_cuts

_DBD_TO_DBI = 2.15
_BYTES = 2**22
_MSI_SUFFIXES = frozenset({".msi", ".pla", ".pln", ".txt"})
_COMMENTS = ("#", "//", ";", "!")
_STEP_MAX = 5.0
"""Cuts drawn at more degrees than this are too coarse."""
_HALF = ANGLES // 2 + 1
_MEND = "ask the antenna's maker for the file again; both cuts need 360 values, one a degree"


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


def _gain_dbi(text: str, where: Where) -> float | None:
    """``15.4 dBi``, ``(dBi) 15.4``, ``13.2 dBd`` or a bare figure, which is dBd in this format."""
    if not text.strip():
        return None
    figure = re.search(r"[-+]?\d+(?:[.,]\d+)?", text)
    value = _number(figure[0] if figure else text, where)
    return value if re.search(r"dbi", text, re.IGNORECASE) else value + _DBD_TO_DBI


def _tilt_deg(text: str) -> float | None:
    """Return the degrees of a line such as ``ELECTRICAL_TILT 6``, None where it has none."""
    figure = re.search(r"[-+]?\d+(?:[.,]\d+)?", text)
    return float(figure[0].replace(",", ".")) if figure else None


def _read_cut(
    rows: list[tuple[int, str]], cut: str, announced: str, file: str
) -> NDArray[np.float64]:
    """Read one cut of an MSI file; ``rows`` are (line number, text).

    Columns after the loss (phase) are not used.
    """
    where = Where(file=file, key=cut)
    if announced:
        _number(announced.split(maxsplit=1)[0], where)
    angles, losses = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for i, (line, text) in enumerate(rows):
        place = Where(file=file, row=line, key=cut)
        parts = text.replace(";", " ").split()
        if len(parts) < 2:
            raise _bad("expected an angle and a loss, found {text}", place, text=repr(text))
        angles[i], losses[i] = _number(parts[0], place), _number(parts[1], place)
    _refuse_both_signs(losses, cut, where)
    return np.abs(_by_degree(angles, losses, [line for line, _ in rows], cut, file))


def _refuse_both_signs(losses: NDArray[np.float64], cut: str, where: Where) -> None:
    if losses.size and losses.max() > 0 > losses.min():
        raise InputError(
            "the {cut} cut has figures of both signs, {low} to {high}: gains, not losses",
            where,
            "ask for the file with losses in dB below the maximum, 0 in the beam",
            {"cut": cut, "low": f"{losses.min():g}", "high": f"{losses.max():g}"},
        )


def _by_degree(
    angles: NDArray[np.float64],
    losses: NDArray[np.float64],
    lines: list[int],
    cut: str,
    file: str,
) -> NDArray[np.float64]:
    """Return the losses at whole degrees of a cut drawn at even steps all round.

    Angles may go from 0 to 359 or 360, or from -180 to 180.
    """
    where = Where(file=file, key=cut)
    turned, first = np.unique(np.round(angles % ANGLES, 6) % ANGLES, return_index=True)
    steps = np.diff(np.append(turned, turned[:1] + ANGLES))
    if turned.size >= ANGLES / _STEP_MAX and np.ptp(steps) < 1e-3:
        return np.interp(np.arange(ANGLES), turned, losses[first], period=ANGLES)
    if not ANGLES <= angles.size <= ANGLES + 1:
        raise _bad("the {cut} cut has {count} values, not 360", where, cut=cut, count=angles.size)
    for angle, line in zip(angles, lines, strict=True):
        if angle != int(angle) or not -ANGLES / 2 <= angle <= ANGLES:
            place = Where(file=file, row=line, key=cut)
            raise _bad("{text} is not a whole degree from 0 to 359", place, text=f"{angle:g}")
    missing = np.setdiff1d(np.arange(ANGLES), turned)
    raise _bad("the {cut} cut lacks {angle} degrees", where, cut=cut, angle=int(missing[0]))


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
        When a cut is missing, cut short, unevenly drawn, holds no number, or gains.
    """
    name, gain, tilt = Path(file).stem, None, None
    cuts: dict[str, tuple[str, list[tuple[int, str]]]] = {}
    open_cut: list[tuple[int, str]] | None = None
    for line, row in _rows(text):
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
            elif keyword in {"ELECTRICAL_TILT", "TILT"}:
                stated = _tilt_deg(rest)
                tilt = stated if stated is not None else tilt
        elif open_cut is not None:
            open_cut.append((line, row))
    for cut in ("HORIZONTAL", "VERTICAL"):
        if cut not in cuts:
            raise _bad("the file has no {cut} cut", Where(file=file), cut=cut)
    horizontal, vertical = (
        _read_cut(cuts[cut][1], cut, cuts[cut][0], file) for cut in ("HORIZONTAL", "VERTICAL")
    )
    return join_cuts(name, gain, horizontal, vertical, Where(file=file), tilt)


def _rows(text: str) -> Iterable[tuple[int, str]]:
    """Yield the rows of a file that say something, with their line numbers."""
    for line, raw in enumerate(text.splitlines(), start=1):
        row = raw.strip()
        if row and not row.startswith(_COMMENTS):
            yield line, row


def parse_ant(text: str, file: str) -> Pattern:
    """Read a Radio Mobile .ant pattern (version 3: 360 + 360 values; version 2: 360 + 181).

    Raises
    ------
    InputError
        When there are other than so many values, one is no number, or one is a gain above 0 dB.
    """
    values = np.array(
        [
            _number(word, Where(file=file, row=line))
            for line, row in _rows(text)
            for word in row.split()
        ]
    )
    if values.size not in {2 * ANGLES, ANGLES + _HALF}:
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
    horizontal, drawn = -values[:ANGLES], -values[ANGLES:]
    if drawn.size == _HALF:
        # Behind, the same shape, from what the horizontal cut says there.
        behind = drawn[-2:0:-1] + horizontal[ANGLES // 2] - horizontal[0]
        drawn = np.append(drawn, np.maximum(behind, 0.0))
    # The vertical cut begins straight up, a quarter turn before the horizon.
    vertical = np.roll(drawn, -ANGLES // 4)
    return join_cuts(Path(file).stem, None, horizontal, vertical, Where(file=file))


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
    if path.exists():
        refuse_long(path, _BYTES, where)
    try:
        data = path.read_bytes()
    except OSError:
        raise InputError(
            "the antenna file is missing", where, "put it at {path}", {"path": str(path)}
        ) from None
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = data.decode("utf-16" if wide else "utf-8-sig", errors="replace")
    return parse_ant(text, path.name) if suffix == ".ant" else parse_msi(text, path.name)


def read_patterns(names: Iterable[object], folder: Path) -> dict[str, Pattern | InputError]:
    """Read every antenna file that cells name, once: the pattern, or why there is none."""
    out: dict[str, Pattern | InputError] = {}
    for name in names:
        if not isinstance(name, str) or not name or name in out:
            continue
        try:
            out[name] = read_pattern(folder / name)
        except InputError as error:
            out[name] = error
    return out
