"""Which communes of the study a list means: by code or name, of before or after a reform."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from phusong.sources.boundaries.codes import match_codes
from phusong.sources.namesakes.placenames import PlaceName, commune_name


@dataclass(frozen=True)
class Meant:
    """Communes of the study that a record of a list may mean.

    Attributes
    ----------
    codes
        Several where a former commune was parted, or a name stands for several; empty where the
        record says none, or none of the study.
    said
        What the record says: its code or name; empty for nothing.
    """

    codes: frozenset[str]
    said: str


class NamedCommunes:
    """The study's communes, found by what lists call them.

    Parameters
    ----------
    communes
        ``code``, ``name``.
    changes
        See :func:`phusong.sources.namesakes.placeless.read_changes`; either side may be of the
        study.
    """

    def __init__(self, communes: pd.DataFrame, changes: pd.DataFrame) -> None:
        self._codes = [str(code) for code in communes["code"]]
        self._names = [
            (commune_name(str(name)), str(code))
            for code, name in zip(communes["code"], communes["name"], strict=True)
        ]
        self._became: list[tuple[str | None, PlaceName | None, frozenset[str]]] = []
        for row in changes.to_dict("records"):
            old = (row["old_code"], row["old_name"])
            new = (row["new_code"], row["new_name"])
            for (code, name), other in ((old, new), (new, old)):
                ours = self._here(*other)
                if ours:
                    taken = None if name is None else commune_name(str(name))
                    self._became.append((code, taken, ours))

    def meant(self, code: str | None, name: str | None, former: str | None) -> Meant:
        """Return the communes that a record means: the former name comes first, as the closer."""
        said = next((word for word in (former, name, code) if word), "")
        for word in (former, name):
            if word is not None and (found := self._by_name(word)):
                return Meant(found, said)
        found = self._by_code(code) if code is not None else frozenset()
        return Meant(found, said)

    def _here(self, code: str | None, name: str | None) -> frozenset[str]:
        found = frozenset() if code is None else self._of_codes(code)
        if found or name is None:
            return found
        return self._alike(commune_name(str(name)), self._names)

    def _of_codes(self, code: str) -> frozenset[str]:
        matched, _ = match_codes([code], self._codes)
        return frozenset(c for c in matched if c is not None)

    def _by_code(self, code: str) -> frozenset[str]:
        """Return the communes of a code; one that both schemes have may mean either."""
        bare = code.lstrip("0")
        before = (ours for asked, _, ours in self._became if (asked or "").lstrip("0") == bare)
        return self._of_codes(code).union(*before)

    def _by_name(self, text: str) -> frozenset[str]:
        asked = commune_name(text)
        before = [(name, code) for _, name, ours in self._became if name for code in ours]
        return self._alike(asked, self._names) | self._alike(asked, before)

    @staticmethod
    def _alike(asked: PlaceName, known: Iterable[tuple[PlaceName, str]]) -> frozenset[str]:
        """Return the codes whose names are the one asked, the closest writing of it only."""
        same = [
            (name, code)
            for name, code in known
            if (name.words, name.numbers) == (asked.words, asked.numbers)
        ]
        for closer in (
            [pair for pair in same if pair[0].accented == asked.accented],
            [pair for pair in same if asked.kind and pair[0].kind == asked.kind],
        ):
            same = [pair for pair in same if pair in closer] or same
        return frozenset(code for _, code in same)
