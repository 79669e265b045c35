"""From findings to mends: for every rule that is safe, the changes that take its finding away."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import pandas as pd
import shapely

from phusong.checks import Finding, Findings
from phusong.i18n import number, tr
from phusong.mending.mends import Act, Mend
from phusong.sources.boundaries.codes import match_codes, qualified, with_commune_zeros
from phusong.sources.boundaries.reform.whichlist import with_zeros
from phusong.sources.boundaries.shapes import made_valid
from phusong.sources.named_layers import NamedLayer
from phusong.sources.tables import headers
from phusong.sources.tables.layers import Records, place_of, read_layer
from phusong.sources.tables.ogr import broken_shapes
from phusong.sources.tables.rows import Rows, in_encoding, read_rows
from phusong.sources.tables.text import as_code, tidy
from phusong.study import Study

AREA_KEPT: Final = 0.001
"""An outline is mended where its area changes by less than this share."""
_OWN: Final = frozenset({"row", "geometry"})
_REPEATED: Final = {
    "B03": "code",
    "B12": "code",
    "B16": "code",
    "B19": "code",
    "B33": "code",
    "T09": "cell_id",
    "F03": "cable_id",
    "F21": "pop_id",
}
"""Rules that repeated records break -> our column that names such a record."""


@dataclass
class Sheet:
    """One layer as it is now, read when it is first asked for.

    Attributes
    ----------
    study
        With the copies made so far in place of the originals.
    named
        The layer in that study.
    file
        The original's name, as its findings are to be told.
    """

    study: Study
    named: NamedLayer
    file: str

    @cached_property
    def rows(self) -> Rows | None:
        """The file's own headers and cells, ``row``, and ``geometry`` where it has one."""
        layer, where = self.named.layer, place_of(self.named.layer, self.study)
        path = self.study.resolve(layer.path)
        return read_rows(path, layer, self.named.role, Findings(), where, leave=self.study.gdal)

    @cached_property
    def records(self) -> Records | None:
        """The same with our names of columns, in the file's CRS."""
        return read_layer(self.study, self.named.layer, self.named.role, Findings())

    def in_encoding(self, encoding: str) -> pd.DataFrame | None:
        """Return the file's own cells read in another encoding."""
        layer, where = self.named.layer, place_of(self.named.layer, self.study)
        path = self.study.resolve(layer.path)
        return in_encoding(path, layer, self.named.role, where, leave=self.study.gdal)(encoding)

    def header(self, ours: str) -> str | None:
        """Return the file's header of one of our columns; None where it has no single one."""
        if self.records is None or self.rows is None:
            return None
        header = self.records.columns.get(ours)
        return header if header in self.rows.frame.columns else None

    def mend(
        self,
        rule: str,
        row: int | None,
        act: Act,
        value: Any = None,
        *,
        column: str = "",
        before: str = "",
        after: str = "",
    ) -> Mend:
        """Return a mend of this layer."""
        layer = self.named.layer.layer or ""
        return Mend(rule, self.named.key, self.file, layer, row, column, before, after, act, value)


def proposed(sheet: Sheet, findings: Sequence[Finding], *, drops: bool) -> list[Mend]:
    """Return the mends of one layer.

    Parameters
    ----------
    sheet, findings
        The layer, and what was found in it.
    drops
        Whether records that repeat others are looked for, instead of everything else: while no
        record is left out, rows keep their numbers.
    """
    if drops:
        return list(_repeated(sheet, findings))
    out: list[Mend] = []
    for rule, propose in _PROPOSE.items():
        own = [f for f in findings if f.rule.number == rule]
        if own:
            out += propose(sheet, own)
            if rule in {"S15", "S16"} and out:
                return out  # everything else is looked at again when texts are texts
    return _once(out)


def _once(mends: Sequence[Mend]) -> list[Mend]:
    """Keep one mend a place; others are proposed again when it is made."""
    seen: dict[tuple[int | None, str], Mend] = {}
    for mend in mends:
        seen.setdefault((mend.row, mend.column), mend)
    return list(seen.values())


def _texts(frame: pd.DataFrame) -> list[str]:
    return [str(c) for c in frame.columns if c not in _OWN]


def _guessed(sheet: Sheet, _: Sequence[Finding]) -> Iterator[Mend]:
    yield sheet.mend("S15", None, Act.ENCODING, before="windows-1258", after="UTF-8")


def _garbled(sheet: Sheet, found: Sequence[Finding]) -> Iterator[Mend]:
    encoding = next((f.params["encoding"] for f in found if "encoding" in f.params), None)
    now = sheet.rows
    then = sheet.in_encoding(str(encoding)) if encoding is not None else None
    if encoding is None or now is None or then is None or len(then) != len(now.frame):
        return
    yield sheet.mend("S16", None, Act.ENCODING, encoding, before=encoding, after="UTF-8")
    names = list(zip(_texts(now.frame), _texts(then), strict=False))
    for old, new in names:
        pairs = zip(now.frame["row"], now.frame[old], then[new], strict=True)
        for row, before, after in pairs:
            if isinstance(before, str) and isinstance(after, str) and before != after:
                yield sheet.mend(
                    "S16", int(row), Act.CELL, after, column=old, before=before, after=after
                )


def _untidy(sheet: Sheet, found: Sequence[Finding]) -> Iterator[Mend]:
    if sheet.rows is None:
        return
    frame = sheet.rows.frame
    for column in dict.fromkeys(f.where.key for f in found):
        if column not in frame:
            continue
        for row, text in zip(frame["row"], frame[column], strict=True):
            if isinstance(text, str) and (after := tidy(text)) != text:
                shown = ascii(text) if unicodedata.is_normalized("NFC", text) else text
                yield sheet.mend(
                    "S60", int(row), Act.CELL, after, column=column, before=shown, after=after
                )


def _exchanged(sheet: Sheet, found: Sequence[Finding]) -> Iterator[Mend]:
    """Exchange the coordinates of the records named (S10), or of all (S09)."""
    if sheet.rows is None or sheet.records is None:
        return
    frame, rule = sheet.rows.frame, found[0].rule.number
    if rule == "S09":
        # All of them, or it is not clear which.
        if any(f.params.get("n") != f.params.get("total") for f in found):
            return
        rows = [int(row) for row in frame["row"]]
    else:
        rows = [f.where.row for f in found if f.where.row is not None]
    if "geometry" in frame:
        yield from _turned(sheet, rule, rows)
    else:
        yield from _swapped(sheet, rule, rows)


def _turned(sheet: Sheet, rule: str, rows: Sequence[int]) -> Iterator[Mend]:
    """Exchange x and y of geometries."""
    assert sheet.rows is not None
    frame = sheet.rows.frame
    shapes = dict(zip(frame["row"].astype(int), frame["geometry"], strict=True))
    for row in rows:
        if (shape := shapes.get(row)) is not None:
            turned = shapely.transform(shape, lambda xy: xy[:, ::-1])
            yield sheet.mend(
                rule, row, Act.GEOMETRY, turned, before=_middle(shape), after=_middle(turned)
            )


def _swapped(sheet: Sheet, rule: str, rows: Sequence[int]) -> Iterator[Mend]:
    """Exchange the cells of the two columns of coordinates; no mend where more than two are."""
    assert sheet.rows is not None
    pairs = [(sheet.header(a), sheet.header(b)) for a, b in (("lon", "lat"), ("x", "y"))]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    if len(known) != 1:
        return
    (one, two), cells = known[0], sheet.rows.frame.set_index("row")
    for row in [row for row in rows if row in cells.index]:
        a, b = as_code(cells.loc[row, one]), as_code(cells.loc[row, two])
        if a is not None and b is not None:
            yield sheet.mend(rule, row, Act.CELL, b, column=one, before=a, after=b)
            yield sheet.mend(rule, row, Act.CELL, a, column=two, before=b, after=a)


def _middle(shape: shapely.Geometry) -> str:
    west, south, east, north = shapely.bounds(shape)
    return f"{(west + east) / 2:.6g}, {(south + north) / 2:.6g}"


def _invalid(sheet: Sheet, found: Sequence[Finding]) -> Iterator[Mend]:
    if sheet.rows is None or "geometry" not in sheet.rows.frame:
        return
    frame = sheet.rows.frame
    shapes = dict(zip(frame["row"].astype(int), frame["geometry"], strict=True))
    for finding in found:
        shape = shapes.get(finding.where.row or 0)
        if shape is None or shapely.is_valid(shape):
            continue
        valid = made_valid(shape)
        area = float(shapely.area(valid))
        if abs(area - float(shapely.area(shape))) < AREA_KEPT * area:
            yield sheet.mend(
                "B01",
                finding.where.row,
                Act.GEOMETRY,
                valid,
                before=finding.text(),
                after=tr(
                    "valid; corners {before} before, {after} after",
                    before=number(int(shapely.get_num_coordinates(shape))),
                    after=number(int(shapely.get_num_coordinates(valid))),
                ),
            )


def _unclosed(sheet: Sheet, found: Sequence[Finding]) -> Iterator[Mend]:
    layer = sheet.named.layer
    rows = {f.where.row for f in found if "reason" in f.params}
    if not rows or layer.where is not None:
        return
    for row, closed in broken_shapes(sheet.study.resolve(layer.path), layer).items():
        if row in rows and shapely.is_valid(closed) and not shapely.is_empty(closed):
            yield sheet.mend(
                "S22",
                row,
                Act.GEOMETRY,
                closed,
                before=tr("a ring is not closed"),
                after=tr("the ring is closed"),
            )


def _zeros(sheet: Sheet, _: Sequence[Finding]) -> Iterator[Mend]:
    column = sheet.header("commune_code")
    communes = read_layer(
        sheet.study, sheet.study.boundaries.communes, headers.COMMUNES, Findings()
    )
    if column is None or communes is None or sheet.rows is None or sheet.records is None:
        return
    known = [code for value in communes.texts("code") if (code := as_code(value)) is not None]
    frame = sheet.rows.frame
    asked = [as_code(value) for value in frame[column]]
    matched, forgiven = match_codes(asked, known)
    for row, before, after, on in zip(frame["row"], asked, matched, forgiven, strict=True):
        if on and after is not None and before is not None:
            yield sheet.mend(
                "B18", int(row), Act.CELL, after, column=column, before=before, after=after
            )
    own = sheet.header("code")
    codes = [as_code(value) or "" for value in frame[own]] if own is not None else []
    if own is None or qualified(codes, asked) is not None:
        return
    communes_of = [code if code is None else with_zeros(code) for code in asked]
    for i, after in with_commune_zeros(codes, communes_of).items():
        row = int(frame["row"].iloc[i])
        yield sheet.mend("B18", row, Act.CELL, after, column=own, before=codes[i], after=after)


def _repeated(sheet: Sheet, findings: Sequence[Finding]) -> Iterator[Mend]:
    """Leave out records that repeat an earlier one in every cell and corner."""
    rules = dict.fromkeys(f.rule.number for f in findings if f.rule.number in _REPEATED)
    if not rules or sheet.rows is None:
        return
    frame = sheet.rows.frame
    cells = frame.drop(columns=["row"])
    if "geometry" in cells:
        cells = cells.assign(geometry=shapely.to_wkb(cells["geometry"].to_numpy()))
    keys = cells.astype(object).where(cells.notna(), None).apply(tuple, axis=1)
    rule = next(iter(rules))
    column = sheet.header(_REPEATED[rule])
    first: dict[Any, int] = {}
    for i, (row, key) in enumerate(zip(frame["row"].astype(int), keys, strict=True)):
        earlier = first.setdefault(key, row)
        if earlier == row:
            continue
        if column is not None and as_code(frame[column].iloc[i]) is None:
            continue  # records without a name of their own may be several things alike
        named = {f.where.row: f.rule.number for f in findings if f.rule.number in _REPEATED}
        yield sheet.mend(
            named.get(row, rule),
            row,
            Act.DROP,
            before=tr("record {row}", row=row),
            after=tr("left out: it repeats record {row}", row=earlier),
        )


_PROPOSE: Final[dict[str, Callable[[Sheet, Sequence[Finding]], Iterator[Mend]]]] = {
    "S16": _garbled,
    "S15": _guessed,
    "S09": _exchanged,
    "S10": _exchanged,
    "S22": _unclosed,
    "B01": _invalid,
    "B18": _zeros,
    "S60": _untidy,
}


def mended_rules() -> set[str]:
    """Return the rules that something is proposed for."""
    return {*_PROPOSE, *_REPEATED}
