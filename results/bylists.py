"""A finished run by the units of both lists of Viet Nam: communes, districts, provinces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

import pandas as pd

from phusong.errors import InputError, Where
from phusong.results.finished import FinishedRun
from phusong.results.regroup import Regrouped, regroup
from phusong.sources.boundaries.reform.became import TABLE, Reform, Unit, reform_2025
from phusong.sources.boundaries.reform.whichlist import Scheme, judge

Level = Literal["new_commune", "new_province", "old_commune", "old_district", "old_province"]
LEVELS: Final[tuple[Level, ...]] = (
    "new_commune",
    "new_province",
    "old_commune",
    "old_district",
    "old_province",
)
SEVERAL: Final = "+"
"""Between the codes of units that the run cannot tell apart."""
_SHOWN: Final = 5


def by_level(run: FinishedRun, level: Level) -> Regrouped:
    """Return a run by another unit of administration, by the lists that come with the program.

    A commune of the run that became several units (or, of the new list, was made of several) has
    a row with the codes of all of them: its villages are not shared out by guess. Each of these
    units says beside its own figures how much of such rows it may hold.

    Raises
    ------
    InputError
        When the run has no villages, or its communes stand in neither list.
    """
    reform = reform_2025()
    communes = run.tables["communes"]
    codes = communes["code"].astype(str).tolist()
    judged = judge(codes, communes["name"].fillna("").astype(str).tolist())
    scheme = judged.scheme
    if scheme is None and "both" in judged.fits:  # every one kept its code and name
        scheme = "new"
    if scheme is None:
        raise InputError(
            "the communes of this run stand in neither list of Viet Nam's, before or since"
            " 1 July 2025",
            Where(file=str(run.folder)),
            "give a table with old_code, new_code, new_name",
        )
    other: Scheme = "old" if scheme == "new" else "new"
    schemes: dict[str, Scheme] = {codes[i]: other for i in judged.against}
    units = {"old": reform.old, "new": reform.new}
    unknown = [code for code in codes if code not in units[schemes.get(code, scheme)]]
    if unknown:
        raise InputError(
            "{count} communes of this run do not stand in the list of the others, e.g. {codes}",
            Where(file=str(run.folder)),
            "correct their codes in the study, or give a table with old_code, new_code, new_name",
            {"count": len(unknown), "codes": ", ".join(unknown[:_SHOWN])},
        )
    targets, named = _targets(reform, level)
    rows = []
    for code in codes:
        into = targets[schemes.get(code, scheme)](code)
        rows.append((code, SEVERAL.join(into), " / ".join(named[c].name for c in into)))
    here = set(codes)
    for code in units[scheme]:
        if code not in here:
            rows += [(code, one, named[one].name) for one in targets[scheme](code)]
    crosswalk = pd.DataFrame(rows, columns=["old_code", "new_code", "new_name"])
    crosswalk["row"] = range(1, len(crosswalk) + 1)
    found = regroup(run, crosswalk.set_index("old_code"), Path(TABLE))
    return _with_doubt(found, named)


def _targets(
    reform: Reform, level: Level
) -> tuple[dict[Scheme, Callable[[str], tuple[str, ...]]], Mapping[str, Unit]]:
    """Return for either list what gives the units of a commune, and the units by code."""

    def district(old: str) -> str:
        return reform.old[old].within

    def same(code: str) -> tuple[str, ...]:
        return (code,)

    def of(codes: tuple[str, ...], unit: Callable[[str], str]) -> tuple[str, ...]:
        return tuple(sorted({unit(code) for code in codes}))

    go, come = reform.people_go_to, reform.people_come_from
    if level == "new_commune":
        return {"old": go, "new": same}, reform.new
    if level == "new_province":
        return {
            "old": lambda c: of(go(c), lambda n: reform.new[n].within),
            "new": lambda c: (reform.new[c].within,),
        }, reform.new_provinces
    if level == "old_commune":
        return {"old": same, "new": lambda c: come(c) or (c,)}, {**reform.new, **reform.old}
    if level == "old_district":
        return {
            "old": lambda c: (district(c),),
            "new": lambda c: of(come(c), district) or (c,),
        }, {**reform.new, **reform.districts}

    def province(old: str) -> str:
        return reform.districts[district(old)].within

    return {
        "old": lambda c: (province(c),),
        "new": lambda c: of(come(c), province) or (c,),
    }, {**reform.new, **reform.old_provinces}


def _with_doubt(found: Regrouped, named: Mapping[str, Unit]) -> Regrouped:
    """Say of each unit how much the rows of several units may add to it."""
    table = found.communes
    joined = table["code"].str.contains(SEVERAL, regex=False)
    several = table[joined].assign(one=table["code"][joined].str.split(SEVERAL)).explode("one")
    may = several.groupby("one")[["villages", "people"]].sum()
    absent = sorted(set(may.index) - set(table["code"]))
    if absent:
        counts = [str(c) for c in table if str(c).split("_")[0] == "villages"]
        empty = pd.DataFrame({"code": absent, "name": [named[code].name for code in absent]})
        empty = empty.assign(old_codes="", elsewhere="", **dict.fromkeys(counts, 0))
        empty = empty.reindex(columns=table.columns).astype(object)
        table = pd.concat([table.astype(object), empty], ignore_index=True)
        table = table.astype(dict.fromkeys(counts, int))
    table = table.assign(
        told_apart=~table["code"].str.contains(SEVERAL, regex=False),
        may_add_villages=table["code"].map(may["villages"]).fillna(0).astype(int),
        may_add_people=table["code"].map(may["people"]).fillna(0.0),
    )
    table = table.sort_values(["told_apart", "code"], ascending=[False, True])
    return replace(
        found,
        communes=table.reset_index(drop=True),
        elsewhere=tuple(dict.fromkeys(found.elsewhere)),
    )
