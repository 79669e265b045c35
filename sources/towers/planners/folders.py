"""A folder that a planning program exported its tables into."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from phusong.errors import InputError, Where
from phusong.sources.towers.planners.exported import KINDS, Kind
from phusong.study import Layer, Study, TowersSource

_NAMES: Final[dict[Kind, re.Pattern[str]]] = {
    "sites": re.compile(r"site", re.IGNORECASE),
    "transmitters": re.compile(r"transmitter|antenna|(?<![a-z])tx(?![a-z])", re.IGNORECASE),
    "cells": re.compile(r"cell|sector", re.IGNORECASE),
}
_SUFFIXES: Final = frozenset({".txt", ".csv", ".tsv", ".xlsx"})


def with_tables(study: Study, source: TowersSource) -> TowersSource:
    """Return the source with the tables of its folder, by the names of the files in it.

    A source that is no folder of such files stays as it is (a file geodatabase is a folder, too).

    Raises
    ------
    InputError
        Where a kind of table that is needed is missing, or there twice.
    """
    folder = study.resolve(source.path)
    if source.tables or not folder.is_dir():
        return source
    files = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in _SUFFIXES and p.is_file()]
    if not files:
        return source
    where = Where(file=study.named(source.path).as_posix())
    found: dict[str, Layer] = {}
    for kind in KINDS:
        named = [p for p in files if _NAMES[kind].search(p.stem)]
        if len(named) > 1 or (not named and kind != "cells"):
            raise InputError(
                "the folder has {n} tables of {kind}",
                where,
                "leave one file of each kind in it (sites, transmitters, cells in their names), or "
                "name them: sites = …, transmitters = …, cells = …",
                {"n": len(named), "kind": kind},
            )
        if named:
            found[kind] = Layer(
                path=source.path / named[0].name,
                encoding=source.encoding,
                separator=source.separator,
                decimal=source.decimal,
            )
    return source.model_copy(update={**found, "path": Path()})
