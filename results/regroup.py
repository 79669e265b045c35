"""A finished run by other communes: those of July 2025, from a table of old and new codes."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from phusong.coverage.villages.verdict import GRADE_WORDS
from phusong.errors import InputError, Where
from phusong.results.finished import FinishedRun

_SUMMED = ("people", "people_unserved", "people_unserved_expected")
_SHOWN = 5


def read_crosswalk(path: Path) -> pd.DataFrame:
    """Read which commune became which.

    Parameters
    ----------
    path
        CSV with ``old_code`` (of a commune) or ``village_code`` (where a commune was parted),
        ``new_code``, ``new_name``; comma, semicolon or tab between them.

    Returns
    -------
    DataFrame
        ``new_code``, ``new_name``, indexed by ``old_code`` or ``village_code``.

    Raises
    ------
    InputError
        When the file cannot be read, lacks a column, or gives one code two new communes.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "the table cannot be read: {reason}",
            Where(file=str(path)),
            "give a CSV in UTF-8 with old_code, new_code, new_name",
            {"reason": str(error)},
        ) from None
    header = text.partition("\n")[0]
    separator = max(",;\t", key=header.count)
    lines = csv.DictReader(text.splitlines(), delimiter=separator)
    table = pd.DataFrame(list(lines), columns=list(lines.fieldnames or []), dtype="string")
    key = "village_code" if "village_code" in table else "old_code"
    missing = [name for name in (key, "new_code", "new_name") if name not in table]
    if missing:
        raise InputError(
            "the table lacks the column {column}",
            Where(file=str(path)),
            "give a CSV in UTF-8 with old_code, new_code, new_name",
            {"column": missing[0]},
        )
    table = pd.DataFrame({n: table[n].str.strip() for n in (key, "new_code", "new_name")})
    table = table.drop_duplicates()
    twice = table[key][table[key].duplicated()]
    if len(twice):
        raise InputError(
            "{code} goes to two new communes",
            Where(file=str(path)),
            "keep one; where a commune was parted, give village_code in place of old_code",
            {"code": str(twice.iloc[0])},
        )
    return table.set_index(key)


def regroup(run: FinishedRun, crosswalk: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return the villages, people and old centres of each new commune, by code.

    Parameters
    ----------
    run
        A finished run with coverage.
    crosswalk
        See :func:`read_crosswalk`.
    path
        Where it was read from, for messages.

    Raises
    ------
    InputError
        When the run has no villages, or a village's new commune is not told.
    """
    if "villages" not in run.tables:
        raise InputError(
            "this run has no villages to group",
            Where(file=str(run.folder)),
            "name the folder of a run with coverage",
        )
    villages = run.tables["villages"]
    by_village = crosswalk.index.name == "village_code"
    old = villages["code"] if by_village else villages["commune_code"]
    unknown = sorted(set(old.dropna()) - set(crosswalk.index))
    if unknown:
        raise InputError(
            "{count} codes of the run have no new commune, e.g. {codes}",
            Where(file=str(path)),
            "add them to the table, written as in the run",
            {"count": len(unknown), "codes": ", ".join(unknown[:_SHOWN])},
        )
    new = old.map(crosswalk["new_code"])
    group = villages.groupby(new)
    out = pd.DataFrame({"villages": group.size()})
    for grade in GRADE_WORDS:
        out[f"villages_{grade}"] = (villages["grade"] == grade).groupby(new).sum()
    out["covered_share"] = out["villages_covered"] / out["villages"]
    for name in _SUMMED:
        out[name] = group[name].sum(min_count=1)
    out["old_codes"] = group["commune_code"].agg(
        lambda codes: " ".join(sorted(set(codes.dropna())))
    )
    out[["centres", "centres_reached"]] = pd.NA
    communes = run.tables["communes"]
    if not by_village and communes["fibre"].notna().any():
        centres = communes.groupby(communes["code"].map(crosswalk["new_code"]))["fibre"]
        out["centres"] = centres.count()
        out["centres_reached"] = centres.agg(lambda reached: int(reached.fillna(value=False).sum()))
    names = crosswalk.drop_duplicates("new_code").set_index("new_code")["new_name"]
    return out.assign(name=names).rename_axis("code").reset_index()
