"""Text as planners' files hold it: one Unicode form, and the two old font encodings.

Every text read is normalised to NFC, so that ``Hà`` typed as one character or as two compares
equal, and stripped of outer blanks. TCVN3 and VNI are never converted unless the study says
``encoding = "tcvn3"`` or ``"vni"``: a wrong guess could not be undone later.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

FontEncoding = Literal["tcvn3", "vni"]

# TCVN 5712:1993, the VN3 subset: one byte a letter in 0xA1..0xFE, capitals with a tone mark are
# left to an all-capital font. Bytes are seen here as the Latin-1 characters they pass for.
_TCVN3_BYTES = (
    "A1Ă A2Â A3Ê A4Ô A5Ơ A6Ư A7Đ A8ă A9â AAê ABô ACơ ADư AEđ B5à B6ả B7ã B8á B9ạ BBằ BCẳ BDẵ "
    "BEắ C6ặ C7ầ C8ẩ C9ẫ CAấ CBậ CCè CEẻ CFẽ D0é D1ẹ D2ề D3ể D4ễ D5ế D6ệ D7ì D8ỉ DCĩ DDí DEị "
    "DFò E1ỏ E2õ E3ó E4ọ E5ồ E6ổ E7ỗ E8ố E9ộ EAờ EBở ECỡ EDớ EEợ EFù F1ủ F2ũ F3ú F4ụ F5ừ F6ử "
    "F7ữ F8ứ F9ự FAỳ FBỷ FCỹ FDý FEỵ"
)
_TCVN3 = {int(pair[:2], 16): pair[2:] for pair in _TCVN3_BYTES.split()}

# VNI Windows: a base letter, then one character for the mark; a few letters stand alone.
_ACUTE, _GRAVE, _HOOK, _TILDE, _DOT = "\u0301", "\u0300", "\u0309", "\u0303", "\u0323"
_CIRCUMFLEX, _BREVE = "\u0302", "\u0306"
_VNI_MARKS = {
    "ù": _ACUTE,
    "ø": _GRAVE,
    "û": _HOOK,
    "õ": _TILDE,
    "ï": _DOT,
    "â": _CIRCUMFLEX,
    "á": _CIRCUMFLEX + _ACUTE,
    "à": _CIRCUMFLEX + _GRAVE,
    "å": _CIRCUMFLEX + _HOOK,
    "ã": _CIRCUMFLEX + _TILDE,
    "ä": _CIRCUMFLEX + _DOT,
    "ê": _BREVE,
    "é": _BREVE + _ACUTE,
    "è": _BREVE + _GRAVE,
    "ú": _BREVE + _HOOK,
    "ü": _BREVE + _TILDE,
    "ë": _BREVE + _DOT,
}
_VNI_ALONE = {"ô": "ơ", "ö": "ư", "ñ": "đ", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}
_VNI_PAIR = re.compile("([aeouyôö])([" + "".join(_VNI_MARKS) + "])", re.IGNORECASE)

# What each encoding leaves in a text taken for Latin-1, and no Vietnamese text holds.
_TCVN3_SIGN = re.compile(r"[A-Za-zÀ-ÿ][¡-©«¬®µ¶·¸¹»¼½¾]|[¨©«¬®µ¶¸¹»¼½¾][A-Za-z]")
_VNI_SIGN = re.compile(r"[AEOUYaeouyÔÖôö][ØÛÏÅÄËÜøûïåäëü]")
_VNI_NEVER = re.compile(
    "(?<![aeouyôöAEOUYÔÖ])[" + "".join(_VNI_MARKS) + "".join(_VNI_MARKS).upper() + "]"
)
"""A mark of VNI's stands behind the letter it marks: ``Julià`` and ``Escàs`` are no VNI."""
_UNICODE_SIGN = re.compile("[\u1ea0-\u1ef9\u0102\u0103\u0110\u0111\u01a0\u01a1\u01af\u01b0]")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
"""Characters without width, and those that turn the direction of what follows."""
_NOTHING = frozenset(
    {
        "-",
        "--",
        "–",
        "—",
        "NULL",
        "Null",
        "null",
        "(null)",
        "<null>",
        "<Null>",
        "<NULL>",
        "NaN",
        "nan",
        "NAN",
        "N/A",
        "n/a",
        "#N/A",
        "\\N",
    }
)
"""What stands in a cell that holds nothing. ``Nan`` may be a village's name."""


def clean(value: Any) -> str | None:
    """Return ``value`` as NFC text on one line without outer blanks; None for nothing.

    A dash, ``NULL`` and ``NaN`` are nothing. Control characters are blanks: no table, map or
    spreadsheet can hold them.
    """
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124 - NaN
        return None
    if value is pd.NA or value is pd.NaT:
        return None
    text = tidy(str(value))
    return None if text in _NOTHING else text or None


def tidy(text: str) -> str:
    """Return a text as NFC on one line, without outer blanks and characters nobody sees."""
    if text.isascii() and text.isprintable():  # most cells by far
        return text.strip()
    text = unicodedata.normalize("NFC", text).replace("\u00a0", " ")
    if not text.isprintable():
        text = " ".join(_UNSEEN.sub("", _CONTROL.sub(" ", text)).split())
    return text.strip()


def ranges(rows: Sequence[int], most: int = 12) -> str:
    """Write sorted records shortly: ``1–4, 7, 9–12``; after ``most`` runs an ellipsis."""
    cuts = np.flatnonzero(np.diff(rows) > 1) + 1
    runs = [f"{run[0]}–{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in np.split(rows, cuts)]
    return ", ".join(runs[:most]) + (", …" if len(runs) > most else "")


def as_code(value: Any) -> str | None:
    """Return a code as text: whole numbers lose the ``.0`` a spreadsheet or a double gave them."""
    text = clean(value)
    if text is not None and re.fullmatch(r"\d+\.0+", text):
        return text.split(".", maxsplit=1)[0]
    return text


def from_tcvn3(text: str) -> str:
    """Return TCVN3 text, read as Latin-1, in Unicode (NFC)."""
    return unicodedata.normalize("NFC", text.translate(_TCVN3))


def _vni_letter(match: re.Match[str]) -> str:
    base, mark = match.groups()
    letter = _VNI_ALONE.get(base.lower(), base.lower()) + _VNI_MARKS[mark.lower()]
    composed = unicodedata.normalize("NFC", letter)
    return composed.upper() if base.isupper() else composed


def from_vni(text: str) -> str:
    """Return VNI (Windows) text, read as Latin-1, in Unicode (NFC)."""
    parts: list[str] = []
    last = 0
    for match in _VNI_PAIR.finditer(text):
        parts.extend((_vni_alone(text[last : match.start()]), _vni_letter(match)))
        last = match.end()
    parts.append(_vni_alone(text[last:]))
    return unicodedata.normalize("NFC", "".join(parts))


def _vni_alone(text: str) -> str:
    return "".join(
        _VNI_ALONE.get(c, _VNI_ALONE[c.lower()].upper() if c.lower() in _VNI_ALONE else c)
        for c in text
    )


def convert(text: str, encoding: FontEncoding) -> str:
    """Return text of a font encoding, read as Latin-1, in Unicode."""
    return from_tcvn3(text) if encoding == "tcvn3" else from_vni(text)


def is_unicode(texts: Iterable[str]) -> bool:
    """Say whether a text holds letters that only Vietnamese in Unicode has."""
    return any(_UNICODE_SIGN.search(text) for text in texts)


def suspected_font_encoding(texts: Iterable[str]) -> tuple[FontEncoding, str] | None:
    """Say whether texts look like TCVN3 or VNI, with the first that does.

    Texts that hold letters only Unicode Vietnamese has are taken for sound. One in fifty must
    carry the signs of TCVN3 (symbols inside words); VNI's signs are letters of other languages
    too, so one in five must, and more than have letters where VNI has none.
    """
    distinct = list(dict.fromkeys(t for t in texts if not t.isascii()))
    if not distinct:
        return None
    if sum(bool(_UNICODE_SIGN.search(t)) for t in distinct) * 10 > len(distinct):
        return None
    signs: tuple[tuple[FontEncoding, re.Pattern[str], float], ...] = (
        ("tcvn3", _TCVN3_SIGN, 0.02),
        ("vni", _VNI_SIGN, 0.2),
    )
    for encoding, sign, share in signs:
        hits = [t for t in distinct if sign.search(t)]
        if encoding == "vni" and sum(bool(_VNI_NEVER.search(t)) for t in distinct) >= len(hits):
            continue
        if hits and len(hits) >= share * len(distinct):
            return encoding, hits[0]
    return None
