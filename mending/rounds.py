"""Copies made and mended round by round, until nothing is left that is safe to mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from phusong.checks import Finding, Findings
from phusong.mending.copies.copyfile import copy_file, mend_copy
from phusong.mending.mends import Act, CannotMendError, Mend
from phusong.mending.proposals import Sheet, proposed
from phusong.progress import Progress
from phusong.sources import check_inputs
from phusong.sources.named_layers import Key, NamedLayer, named_layers
from phusong.sources.tables.layers import place_of
from phusong.study import Layer, Study

MOST_ROUNDS: Final = 8
_LARGE: Final = frozenset({"roads", "rivers"})
"""Parts of the study that are read in a window: what their records are called is not their place
in the file, and nothing of them is mended."""


@dataclass(frozen=True)
class CopiedLayer:
    """A layer whose file was copied.

    Attributes
    ----------
    path
        Of the copy, from the folder of copies.
    encoding
        What the study has to say of it now; None: nothing.
    """

    path: Path
    encoding: str | None


@dataclass(frozen=True)
class Left:
    """A mend that would be safe, and could not be made; ``why`` is an English sentence."""

    rule: str
    file: str
    why: str


@dataclass(frozen=True)
class Mended:
    """What was mended, where the copies are, and what could not be.

    Attributes
    ----------
    mends
        With files and records as the originals have them.
    layers
        Key of a layer -> its copy.
    left
        Each once.
    """

    mends: Sequence[Mend]
    layers: Mapping[Key, CopiedLayer]
    left: Sequence[Left]


@dataclass
class _Copies:
    """The copies made so far, and the study with them in place of the originals."""

    original: Study
    folder: Path
    layers: dict[Key, CopiedLayer] = field(default_factory=dict)
    dropped: dict[str, list[int]] = field(default_factory=dict)
    """File -> records left out, as the original counts them."""

    def study(self) -> Study:
        """Return the study that reads the copies."""
        changed = {
            key: {"path": self.folder / copy.path, "encoding": copy.encoding}
            for key, copy in self.layers.items()
        }
        return with_layers(self.original, changed)

    def of(self, named: NamedLayer) -> Path:
        """Return the copy of a layer's file, made where there is none yet."""
        if named.key not in self.layers:
            source = self.original.resolve(named.layer.path)
            target = copy_path(self.original, named.layer.path)
            if not (self.folder / target).exists():
                copy_file(source, self.folder / target)
            # Every layer of the file is read from the copy.
            for other in named_layers(self.original):
                if self.original.resolve(other.layer.path) == source:
                    self.layers[other.key] = CopiedLayer(target, other.layer.encoding)
        return self.folder / self.layers[named.key].path

    def recoded(self, key: Key) -> None:
        """Note that a copy is UTF-8 now: the study may not name another encoding."""
        path = self.layers[key].path
        for other, copy in self.layers.items():
            if copy.path == path and copy.encoding is not None:
                self.layers[other] = replace(copy, encoding="utf-8")

    def as_original(self, mend: Mend) -> Mend:
        """Return a mend with the record's number in the original."""
        if mend.row is None:
            return mend
        row = mend.row
        for gone in sorted(self.dropped.get(mend.file, [])):
            row += gone <= row
        return replace(mend, row=row)


def mend_in_copies(study: Study, folder: Path, progress: Progress) -> Mended:
    """Copy what can be mended safely into ``folder``, and mend it there.

    Each round checks the study as it is by then: some faults are seen only when others are gone.
    Records are left out in rounds of their own, so that rows keep their numbers until then.
    """
    copies = _Copies(study, folder)
    done: list[Mend] = []
    left: dict[Left, None] = {}
    tried: set[tuple[Any, ...]] = set()
    progress.start("mending", MOST_ROUNDS, "Mending copies")
    for _ in range(MOST_ROUNDS):
        now = copies.study()
        findings = check_inputs(now)
        mends = _proposed(copies, now, findings, tried, drops=False)
        if not mends:
            mends = _proposed(copies, now, findings, tried, drops=True)
        progress.advance("mending")
        if not mends:
            break
        for own in mends:
            done += _carried_out(copies, own, tried, left)
    return Mended(done, copies.layers if done else {}, list(left))


def _proposed(
    copies: _Copies,
    now: Study,
    findings: Findings,
    tried: set[tuple[Any, ...]],
    *,
    drops: bool,
) -> list[list[Mend]]:
    """Return the mends of every layer that has some, without those tried before."""
    originals = {n.key: n for n in named_layers(copies.original)}
    out = []
    for named in named_layers(now):
        if named.part in _LARGE:
            continue
        file = place_of(originals[named.key].layer, copies.original).file
        own = findings_of(named, now, findings)
        mends = proposed(Sheet(now, named, file), own, drops=drops)
        fresh = [m for m in mends if _place(m) not in tried]
        if fresh:
            out.append(fresh)
    return out


def findings_of(named: NamedLayer, study: Study, findings: Findings) -> list[Finding]:
    """Return the findings about one layer; those of a file's later steps name no layer."""
    place = place_of(named.layer, study)
    return [
        f for f in findings if f.where.file == place.file and f.where.layer in {"", place.layer}
    ]


def _place(mend: Mend) -> tuple[Any, ...]:
    return mend.rule, mend.key, mend.row, mend.column, mend.act


def _carried_out(
    copies: _Copies,
    mends: Sequence[Mend],
    tried: set[tuple[Any, ...]],
    left: dict[Left, None],
) -> list[Mend]:
    """Carry the mends of one layer out, and note those that cannot be."""
    named = next(n for n in named_layers(copies.original) if n.key == mends[0].key)
    tried.update(map(_place, mends))
    try:
        path = copies.of(named)
        layer = next(n.layer for n in named_layers(copies.study()) if n.key == named.key)
        carried = mend_copy(path, layer, named.role, mends)
    except CannotMendError as error:
        for mend in mends:
            left.setdefault(Left(mend.rule, mend.file, str(error)))
        return []
    if any(m.act is Act.ENCODING for m in carried) or layer.encoding is not None:
        copies.recoded(named.key)
    for mend in mends:
        if mend not in carried:
            left.setdefault(Left(mend.rule, mend.file, "a cell no longer says what was found"))
    told = [copies.as_original(mend) for mend in carried]
    for mend in told:
        if mend.act is Act.DROP and mend.row is not None:
            copies.dropped.setdefault(mend.file, []).append(mend.row)
    return told


def copy_path(study: Study, path: Path) -> Path:
    """Return where a file's copy lies in the folder of copies: under the name results give it."""
    named = study.named(path)
    if named.is_absolute() or ".." in named.parts:
        return Path("elsewhere") / named.name
    return Path(PurePosixPath(named.as_posix()))


def with_layers(study: Study, changed: Mapping[Key, Mapping[str, Any]]) -> Study:
    """Return a study with fields of some layers changed."""
    out: Study = _changed(study, changed)
    return out


def _changed(part: Any, changed: Mapping[Key, Mapping[str, Any]]) -> Any:
    if () in changed:
        assert isinstance(part, Layer)
        return part.model_copy(update=dict(changed[()]))
    below: dict[str | int, dict[Key, Mapping[str, Any]]] = {}
    for key, fields in changed.items():
        below.setdefault(key[0], {})[key[1:]] = fields
    if isinstance(part, list):
        return [_changed(one, below[i]) if i in below else one for i, one in enumerate(part)]
    update = {name: _changed(getattr(part, str(name)), inner) for name, inner in below.items()}
    return part.model_copy(update=update)
