"""Codes and names of communes and villages: missing, doubled, or stripped of leading zeros."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.sources.tables.layers import Records
from phusong.sources.tables.text import as_code, clean

_FEWEST_OWN = 2
"""Figures that a village's code has behind its commune's, at least."""


def read_codes(records: Records, column: str, findings: Findings) -> tuple[list[str], list[bool]]:
    """Return every record's code, and whether it was made up (B05; once where none has one)."""
    given = [as_code(v) for v in records.texts(column)]
    stem = PurePosixPath(records.where.file).name.split(".")[0]
    made_up = [f"{stem}-{int(row)}" for row in records.frame["row"]]
    missing = [code is None for code in given]
    if all(missing) and len(missing) > 1:
        findings.add(
            "B05",
            records.where,
            detail="none of the {n} records has a code; they are called {first} to {last} in the"
            " results",
            n=len(missing),
            first=made_up[0],
            last=made_up[-1],
        )
    else:
        for i in np.flatnonzero(missing).tolist():
            code = made_up[i]
            findings.add("B05", records.at(i), code, "called {code} in the results", code=code)
    return [own or code for own, code in zip(given, made_up, strict=True)], missing


def read_names(records: Records, codes: Sequence[str], findings: Findings) -> list[str]:
    """Return every record's name; its code stands in where there is none (B06)."""
    given = [clean(v) for v in records.texts("name")]
    missing = [i for i, name in enumerate(given) if name is None]
    if missing:
        findings.add(
            "B06",
            records.where,
            detail="{n} of {total} records have no name, first in record {row}",
            n=len(missing),
            total=len(given),
            row=int(records.frame["row"].iloc[missing[0]]),
        )
    return [name or code for name, code in zip(given, codes, strict=True)]


def disambiguate(codes: Sequence[str]) -> tuple[list[str], NDArray[np.bool_]]:
    """Give the second and later of equal codes a suffix (``-2``, ``-3``).

    Returns
    -------
    list of str, (n,) bool
        Unique codes in the same order, and which were changed.
    """
    taken = set(codes)
    seen: Counter[str] = Counter()
    out, changed = [], np.zeros(len(codes), dtype=bool)
    for i, code in enumerate(codes):
        seen[code] += 1
        unique = code
        if seen[code] > 1:
            changed[i] = True
            unique = f"{code}-{seen[code]}"
            while unique in taken:
                seen[code] += 1
                unique = f"{code}-{seen[code]}"
            taken.add(unique)
        out.append(unique)
    return out, changed


def qualified(codes: Sequence[str], communes: Sequence[str | None]) -> list[str] | None:
    """Put the commune's code before codes that only number the villages of one commune.

    Returns
    -------
    list of str or None
        ``commune-code`` for every village; None where more than nine in ten codes are unique as
        they are, or where the commune's code does not tell them apart either.
    """
    if len(set(codes)) * 10 > 9 * len(codes) or None in communes:
        return None
    joined = [f"{commune}-{code}" for commune, code in zip(communes, codes, strict=True)]
    return joined if len(set(joined)) == len(joined) else None


def with_commune_zeros(codes: Sequence[str], communes: Sequence[str | None]) -> dict[int, str]:
    """Return the villages' codes whose leading zeros a spreadsheet took, by record (from 0).

    A village's code begins with its commune's. One that begins with the commune's code without
    its zeros gets them back, where every code of figures begins so, all are then of one length
    with two figures or more of the village's own, and none of them is there already. A list that
    only numbers its villages thus stays as it is.

    Examples
    --------
    >>> with_commune_zeros(["697001", "1006701"], ["00697", "10067"])
    {}
    >>> with_commune_zeros(["697001", "10067001"], ["00697", "10067"])
    {0: '00697001'}
    >>> with_commune_zeros(["697001", "2"], ["00697", "00697"])
    {}
    """
    out: dict[int, str] = {}
    lengths: set[int] = set()
    for i, (code, commune) in enumerate(zip(codes, communes, strict=True)):
        if commune is None or not code.isdigit():
            continue
        bare = commune.lstrip("0")
        if code.startswith(commune):
            lengths.add(len(code) - len(commune))
        elif bare and bare != commune and code.startswith(bare):
            out[i] = commune[: -len(bare)] + code
            lengths.add(len(code) - len(bare))
        else:
            return {}
    alike = len(lengths) == 1 and min(lengths) >= _FEWEST_OWN
    return out if alike and not set(out.values()) & set(codes) else {}


def match_codes(
    asked: Sequence[str | None], known: Sequence[str]
) -> tuple[list[str | None], list[bool]]:
    """Match codes against known ones, forgiving leading zeros lost by a spreadsheet.

    Returns
    -------
    list of str or None, list of bool
        The known code meant by each (None: no such code, or none asked), and whether zeros
        had to be forgiven.
    """
    exact = set(known)
    bare = Counter(code.lstrip("0") for code in known)
    by_bare = {code.lstrip("0"): code for code in known if bare[code.lstrip("0")] == 1}
    matched: list[str | None] = []
    forgiven: list[bool] = []
    for code in asked:
        if code is None or code in exact:
            matched.append(code)
            forgiven.append(False)
            continue
        found = by_bare.get(code.lstrip("0")) if code.isdigit() else None
        matched.append(found)
        forgiven.append(found is not None)
    return matched, forgiven
