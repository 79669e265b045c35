"""Who supplied each file: as the study says, else as the file itself, else what it is about."""

from __future__ import annotations

from typing import Final

from phusong.checks import Finding
from phusong.i18n import tr
from phusong.letters.reread import Reread
from phusong.sources.named_layers import KINDS, NamedLayer, named_layers, named_rasters
from phusong.sources.tables.layers import place_of
from phusong.study import Study
from phusong.study.settings.sources import TowersSource

_BY_COLUMN: Final = {"towers": "operator", "fiber": "owner"}
"""Parts of the study whose files say in a column whose the things in them are."""
_NOT_KNOWN: Final = "unknown"
_STUDY: Final = "The study itself"


class Suppliers:
    """Owner of each file, as findings name files.

    The study's ``owner`` of a layer counts; without it a list of towers or cables of one operator
    is that operator's, and every other file that of whoever keeps such files.
    """

    def __init__(self, study: Study, layers: Reread) -> None:
        self._owners: dict[str, list[str]] = {}
        for named in named_layers(study):
            self._note(place_of(named.layer, study).file, _owner(named, layers))
        for part, path, owner in named_rasters(study):
            self._note(study.named(path).as_posix(), owner or tr(KINDS[part]))
        self._study = tr(_STUDY)

    def _note(self, file: str, owner: str) -> None:
        known = self._owners.setdefault(file, [])
        if owner not in known:
            known.append(owner)

    def of(self, finding: Finding) -> list[str]:
        """Return whom a finding concerns: one, unless it speaks of several files."""
        files = [finding.where.file] if finding.where.file in self._owners else []
        files = files or [f for f in finding.where.file.split(", ") if f in self._owners]
        # The first of a file's owners: a file is handed back once.
        owners = dict.fromkeys(self._owners[file][0] for file in files)
        return list(owners) or [self._study]

    def files(self, owner: str) -> list[str]:
        """Return the files of an owner, in the study's order."""
        return [file for file, owners in self._owners.items() if owners[0] == owner]


def _owner(named: NamedLayer, layers: Reread) -> str:
    if named.layer.owner:
        return named.layer.owner
    column = _BY_COLUMN.get(named.part)
    said = layers.laid(named).columns.get(column, set()) if column is not None else set()
    if len(said) == 1:
        return next(iter(said))
    if not said and isinstance(named.layer, TowersSource):
        stated = named.layer.defaults.operator
        if stated != _NOT_KNOWN:
            return stated
    return tr(KINDS[named.part])
