"""A finished run by other communes: those of July 2025, from a table of old and new codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from phusong.coverage.villages.verdict import GRADE_WORDS
from phusong.errors import InputError, Where
from phusong.results.finished import FinishedRun
from phusong.sources.boundaries.codes import match_codes

_SUMMED = ("people", "people_unserved", "people_unserved_expected")
_SHOWN = 5


@dataclass(frozen=True)
class Regrouped:
    """A run by new communes, and what of it a table of codes leaves in doubt.

    Attributes
    ----------
    communes
        One row a new commune, by code: villages, people, old centres. ``elsewhere`` are old codes
        that go into it and are not in the run: its figures are without them. Where ``told_apart``
        is false the row is of several communes; ``may_add_*`` is what such rows may add to one.
    corrected
        Code of the table -> that of the run it was taken for: leading zeros were lost.
    elsewhere
        Codes that go into one of these communes, and that the run does not have.
    adrift
        Villages that lie in no commune, and so are in no new one.
    unplaced
        Old communes that a table by village cannot place: they have no villages.
    """

    communes: pd.DataFrame
    corrected: dict[str, str]
    elsewhere: tuple[str, ...]
    adrift: tuple[str, ...]
    unplaced: tuple[str, ...]


def regroup(run: FinishedRun, crosswalk: pd.DataFrame, path: Path) -> Regrouped:
    """Return the villages, people and old centres of each new commune.

    Parameters
    ----------
    run
        A finished run with coverage.
    crosswalk
        See :func:`phusong.results.crosswalk.read_crosswalk`.
    path
        Where it was read from, for messages.

    Raises
    ------
    InputError
        When the run has no villages, or the new commune of one of its communes (or villages) is
        not told.
    """
    if "villages" not in run.tables:
        raise InputError(
            "this run has no villages to group",
            Where(file=str(run.folder)),
            "name the folder of a run with coverage",
        )
    villages, communes = run.tables["villages"], run.tables["communes"]
    by_village = crosswalk.index.name == "village_code"
    known = (villages if by_village else communes)["code"].tolist()
    here, corrected = _of_run(crosswalk, known, path)
    untold = [code for code in known if code not in here.index]
    if untold:
        raise InputError(
            "{count} codes of the run have no new commune, e.g. {codes}",
            Where(file=str(path)),
            "add them to the table, written as in the run",
            {"count": len(untold), "codes": ", ".join(untold[:_SHOWN])},
        )
    old = villages["code"] if by_village else villages["commune_code"]
    table = _by_new(villages, old.map(here["new_code"]), here["new_code"])
    # Without villages a commune still is one: its centre, and its old codes.
    became = here["new_code"] if not by_village else None
    centres = _centres(communes, became)
    out = table.join(centres)
    names = crosswalk.drop_duplicates("new_code").set_index("new_code")["new_name"]
    away = crosswalk[~crosswalk.index.isin([*here.index, *corrected])]
    away = away[away["new_code"].isin(out.index)]
    elsewhere = _joined_by(away.index.to_series(), away["new_code"])
    out = out.assign(name=names, elsewhere=elsewhere)
    out["old_codes"] = (
        _joined_by(villages["commune_code"], old.map(here["new_code"]))
        if by_village
        else _joined_by(here.index.to_series(), here["new_code"])
    )
    text = {name: out[name].fillna("") for name in ("old_codes", "elsewhere")}
    out = out.assign(told_apart=True, may_add_villages=0, may_add_people=0.0)
    empty = set(communes["code"]) - set(villages["commune_code"].dropna())
    return Regrouped(
        out.assign(**text).rename_axis("code").reset_index(),
        corrected,
        tuple(away.index),
        () if by_village else tuple(villages["code"][villages["commune_code"].isna()]),
        tuple(sorted(empty)) if by_village else (),
    )


def _of_run(
    crosswalk: pd.DataFrame, known: Sequence[str], path: Path
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the rows that speak of the run, under its codes, and the codes that were corrected."""
    asked = crosswalk.index.tolist()
    matched, forgiven = match_codes(asked, known)
    corrected = {
        code: str(ours) for code, ours, lost in zip(asked, matched, forgiven, strict=True) if lost
    }
    at_home = set(known)
    here = crosswalk.set_axis(
        pd.Index([ours if ours in at_home else None for ours in matched], name="code")
    )
    here = here[here.index.notna()]
    twice = here.index[here.index.duplicated()]
    if len(twice):
        raise InputError(
            "{code} stands in the table with and without its leading zeros",
            Where(file=str(path)),
            "keep one of the records, written as in the run",
            {"code": str(twice[0])},
        )
    return here, corrected


def _by_new(villages: pd.DataFrame, new: pd.Series[str], every: pd.Series[str]) -> pd.DataFrame:
    """Sum the villages of each new commune; one without villages has a row of its own too."""
    group = villages.groupby(new)
    codes = pd.Index(sorted(every.unique()), name="new_code")
    out = pd.DataFrame({"villages": group.size()}).reindex(codes)
    for grade in GRADE_WORDS:
        out[f"villages_{grade}"] = (villages["grade"] == grade).groupby(new).sum()
    out = out.fillna(0).astype(int)
    out["covered_share"] = out["villages_covered"] / out["villages"].where(out["villages"] > 0)
    for name in _SUMMED:
        out[name] = group[name].sum(min_count=1)
    return out


def _centres(communes: pd.DataFrame, became: pd.Series[str] | None) -> pd.DataFrame:
    """Count old centres, and those fibre reaches; empty where communes were parted."""
    if became is None or not communes["fibre"].notna().any():
        return pd.DataFrame({"centres": pd.Series(dtype=object), "centres_reached": pd.NA})
    centres = communes.groupby(communes["code"].map(became))["fibre"]
    reached = centres.agg(lambda of: int(of.fillna(value=False).sum()))
    return pd.DataFrame({"centres": centres.count(), "centres_reached": reached})


def _joined_by(codes: pd.Series[str], new: pd.Series[str]) -> pd.Series[str]:
    return codes.groupby(new.to_numpy()).agg(_joined)


def _joined(codes: Sequence[str]) -> str:
    return " ".join(sorted({str(code) for code in codes if not pd.isna(code)}))
