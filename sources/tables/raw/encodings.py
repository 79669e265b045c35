"""Which encoding texts are in, undone without loss; and which one garbled texts ask for.

GDAL recodes with the system's converter, which drops the last letter of every windows-1258 text
(it waits for a tone mark). Texts of shapefiles are therefore taken as bytes and decoded here.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pandas as pd

from phusong.sources.tables.text import from_tcvn3, from_vni, suspected_font_encoding

FONTS = frozenset({"tcvn3", "vni"})
"""Encodings that are undone letter by letter, after reading."""
BYTES = "ISO-8859-1"
"""Read as this, every byte is one character and none is lost."""
_NO_NAME = "system"
"""What QGIS writes into a .cpg when it was not told."""
_SHAPES = frozenset({".shp", ".dbf"})
_LANGUAGE_DRIVERS = {0x01: "cp437", 0x02: "cp850", 0x26: "cp866", 0xC8: "cp1250", 0xC9: "cp1251"}
_LANGUAGE_DRIVERS |= {0x78: "cp950", 0x79: "cp949", 0x7A: "gbk", 0x7B: "cp932"}
"""Encodings by byte 29 of a .dbf, as ESRI numbers them; the others are Latin-1 or say nothing."""
_CODE_PAGE = re.compile(r"(?:cp|ansi|windows|ms|ibm|oem)?[\s_-]*(\d{3,5})", re.IGNORECASE)
_LATIN = re.compile(r"(?:iso)?[\s_-]*8859[\s_-]*(\d{1,2})", re.IGNORECASE)


def codec_of(name: str) -> str | None:
    """Return Python's codec for an encoding as a .cpg or a study writes it, None for no codec."""
    text = name.strip()
    latin, page = _LATIN.fullmatch(text), _CODE_PAGE.fullmatch(text)
    if latin:
        text = f"iso8859-{latin[1]}"
    elif page:
        text = "utf-8" if page[1] == "65001" else f"cp{page[1]}"
    try:
        return codecs.lookup(text).name
    except (LookupError, ValueError):
        return None


def is_shapefile(path: Path) -> bool:
    """Say whether texts come from a .dbf: of a shapefile, or of one in a zip."""
    if path.suffix.lower() == ".zip" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return any(name.lower().endswith(tuple(_SHAPES)) for name in archive.namelist())
    return path.suffix.lower() in _SHAPES


def stated_by_shapefile(path: Path) -> str | None:
    """Return the encoding that a shapefile says its texts are in; None: it says none.

    The .cpg beside it, or in the same zip, counts before the language byte of the .dbf.
    """
    if path.suffix.lower() == ".zip" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if n.lower().endswith(".cpg")]
            if len(names) != 1:
                return None
            with archive.open(names[0]) as file:
                said = file.read(64)
        return said.decode("ascii", "replace").strip() or None
    if path.suffix.lower() not in _SHAPES or not path.is_file():
        return None
    beside = {p.suffix.lower(): p for p in path.parent.glob(f"{_escaped(path.stem)}.*")}
    if ".cpg" in beside:
        said = beside[".cpg"].read_bytes()[:64]
        text = said.decode("ascii", "replace").strip()
        if text and text.lower() != _NO_NAME:
            return text
    if ".dbf" not in beside:
        return None
    with beside[".dbf"].open("rb") as file:
        head = file.read(32)
    return _LANGUAGE_DRIVERS.get(head[29]) if len(head) == 32 else None


def stated_by_mapinfo(path: Path) -> str | None:
    """Return windows-1258 for a MapInfo table that names it: GDAL does not recode that one."""
    if path.suffix.lower() not in {".mif", ".tab"} or not path.is_file():
        return None
    with path.open("rb") as file:
        head = file.read(2048)
    return "cp1258" if b"windowsvietnamese" in head.lower() else None


def _escaped(stem: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", stem)


def decoded(
    frame: pd.DataFrame, encoding: str, fixed: Sequence[str] = ()
) -> tuple[pd.DataFrame, list[str]]:
    """Return a frame read as :data:`BYTES` with its texts and headers in Unicode.

    The texts returned beside it end in a letter that the width of their column cuts through; of
    that letter nothing is left.

    Parameters
    ----------
    frame
        Texts whose every character stands for one byte.
    encoding
        A codec of Python's, ``tcvn3`` or ``vni``.
    fixed
        Columns that stay as they are.

    Bytes that a Windows code page has no letter for stay as they are, as control characters.

    Raises
    ------
    UnicodeDecodeError
        When a text is not in the encoding.
    """
    cut: list[str] = []
    undo = _undo(encoding, cut)
    out = frame.copy(deep=False)
    for column in [c for c in frame.columns if c not in fixed]:
        if not pd.api.types.is_numeric_dtype(frame[column].dtype):
            out[column] = frame[column].map(lambda v: undo(v) if isinstance(v, str) else v)
    if encoding in FONTS:
        return out, cut
    names = [c if c in fixed else _header(str(c), encoding) for c in frame.columns]
    return out.set_axis(names, axis=1) if len(set(names)) == len(names) else out, cut


def _undo(encoding: str, cut: list[str]) -> Callable[[str], str]:
    """Return what undoes an encoding; texts cut through a letter are added to ``cut``."""
    if encoding == "tcvn3":
        return from_tcvn3
    if encoding == "vni":
        return from_vni
    if encoding == "utf-8":

        def from_utf8(text: str) -> str:
            data = text.encode("latin-1")
            found = codecs.getincrementaldecoder("utf-8")().decode(data)
            if len(found.encode()) < len(data):
                cut.append(found)
            return found

        return from_utf8
    errors = KEPT if encoding.startswith("cp125") else "strict"

    def from_bytes(text: str) -> str:
        """windows-1258 has tone marks that stand behind their letter: one letter here."""
        return unicodedata.normalize("NFC", text.encode("latin-1").decode(encoding, errors))

    return from_bytes


def _keep(error: UnicodeError) -> tuple[str, int]:
    """Let a byte stand as the control character of its number: nothing is lost."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


KEPT = "phusong.kept"
codecs.register_error(KEPT, _keep)


def _header(name: str, encoding: str) -> str:
    """Return a header decoded; of a letter cut through by the ten bytes nothing is left."""
    return name.encode("latin-1", "ignore").decode(encoding, "ignore")


# A base letter and what windows-1258's five tone marks are in Latin-1.
_CP1258_SIGN = re.compile(r"[aeiouyãâêôõýAEIOUYÃÂÊÔÕÝ][ÌÒÞìò]")
_NO_LETTER = re.compile("[\x80-\x84\x86-\x9f]")
_VIETNAMESE = re.compile("[\u0300\u0301\u0303\u0309\u0323\u1ea0-\u1ef9ăđơưĂĐƠƯ]")


def garbled_as(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Return the encodings that garbled texts may be in, each with an example, the likeliest first.

    Texts as read: UTF-8 taken for Latin-1 or a Windows code page, windows-1258 taken for Latin-1,
    and the font encodings. Nothing for sound texts.
    """
    distinct = [t for t in dict.fromkeys(texts) if not t.isascii()]
    out: list[tuple[str, str]] = []
    multibyte = [t for t in distinct if _as_utf8(t) is not None]
    if multibyte and 2 * len(multibyte) >= len(distinct):
        out.append(("utf-8", multibyte[0]))
    marked = [t for t in distinct if _CP1258_SIGN.search(t) and _as_cp1258(t) is not None]
    if marked and 5 * len(marked) >= len(distinct):
        out.append(("cp1258", marked[0]))
    font = suspected_font_encoding(distinct)
    return [*out, font] if font is not None else out


def undecoded(texts: Iterable[str]) -> str | None:
    """Return the first text that holds bytes which were no letters when it was read."""
    return next((t for t in texts if _NO_LETTER.search(t)), None)


def ungarbled(text: str, encoding: str) -> str:
    """Return what a garbled text is in the encoding that it seems to be in."""
    if encoding == "utf-8":
        return _as_utf8(text) or text
    if encoding == "cp1258":
        return _as_cp1258(text) or text
    return undone(text, encoding)


def undone(text: str, font: str) -> str:
    """Return a text of a font encoding, read as Latin-1, in Unicode."""
    return _undo(font, [])(text)


def _bytes_of(text: str, code_page: str) -> bytes | None:
    """Return the bytes a text was read from, where a code page has no letter as Latin-1 has it."""
    parts = []
    for letter in text:
        try:
            parts.append(letter.encode(code_page))
        except UnicodeEncodeError:
            if ord(letter) > 0xFF:
                return None
            parts.append(letter.encode("latin-1"))
    return b"".join(parts)


def _as_utf8(text: str) -> str | None:
    """Return a text read from its bytes as UTF-8, None where that is none; its end may be cut."""
    for code_page in ("cp1252", "cp1258"):
        data = _bytes_of(text, code_page)
        if data is None:
            continue
        try:
            found = codecs.getincrementaldecoder("utf-8")().decode(data)
        except UnicodeDecodeError:
            continue
        if found and found != text and any(not c.isascii() for c in found):
            return found
    return None


def _as_cp1258(text: str) -> str | None:
    data = _bytes_of(text, "cp1252")
    try:
        found = data.decode("cp1258") if data is not None else ""
    except UnicodeDecodeError:
        return None
    return unicodedata.normalize("NFC", found) if _VIETNAMESE.search(found) else None
