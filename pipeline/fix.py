"""A study checked, mended in copies where that is safe, and checked again."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pandas as pd

from phusong.checks import rules
from phusong.disc.workplace import sweep, workplace
from phusong.errors import OutputError, Where
from phusong.exports import CsvForm, write_csv
from phusong.exports.folder import output_folder, refuse_to_overwrite, write_stamp
from phusong.exports.tables.dictionary import conform
from phusong.i18n import number, tr
from phusong.mending.mends import Act, Mend
from phusong.mending.rounds import Left, mend_in_copies
from phusong.mending.studytext import study_text
from phusong.pipeline.check import Checked, check_study
from phusong.progress import NoProgress, Progress
from phusong.sources.digest import named_files
from phusong.study import Study
from phusong.study.file import FILE_NAME, parse_study
from phusong.study.validated import read_text
from phusong.version import __version__

MENDS: Final = "mends.csv"
_MENDING: Final = "mending-"
_SHOWN: Final = 3


@dataclass(frozen=True)
class Fixed:
    """What was mended, and what is still found.

    Attributes
    ----------
    before, after
        What was found in the study, and in the one that reads the copies; the same where nothing
        was mended.
    mends
        Every change.
    left
        What would be safe and could not be done.
    study_file
        Reads the copies; None where nothing was mended.
    """

    before: Checked
    after: Checked
    mends: Sequence[Mend]
    left: Sequence[Left]
    study_file: Path | None


def fix_study(
    file: Path,
    name: str,
    *,
    overwrite: bool = False,
    form: CsvForm | None = None,
    progress: Progress | None = None,
) -> Fixed:
    """Mend what is safe in copies beside a study.

    The folder ``name`` beside the study file holds the copies and ``mends.csv``; ``name.toml``
    beside it is the study that reads them. Both replace those of an earlier fix together, and no
    file that the study names is written to. Where nothing can be mended, nothing is written.

    Parameters
    ----------
    file
        The study folder, or its study file.

    Raises
    ------
    StudyError
        When the study file is wrong.
    OutputError
        When the folder or the file may not be replaced, or cannot be written.
    """
    progress = progress or NoProgress()
    path = file / FILE_NAME if file.is_dir() else file
    text = read_text(path, "there is no study file here", "name a folder with a study.toml")
    study = parse_study(text, path)
    folder, target = study.folder / name, study.folder / f"{name}.toml"
    before = check_study(study, progress)
    sweep(study.work_folder, _MENDING)
    with workplace(study.work_folder, _MENDING) as work:
        made = work / "copies"
        made.mkdir()
        mended = mend_in_copies(study, made, progress)
        if not mended.mends:
            return Fixed(before, before, (), mended.left, None)
        _refuse_originals(study, folder, target, path)
        refuse_to_overwrite(folder, overwrite=overwrite)
        if target.exists() and not (overwrite and _is_ours(target)):
            raise OutputError(
                "there is something here already",
                Where(file=str(target)),
                "add --overwrite to replace an earlier fix, or choose another --name",
            )
        edited = study_text(text, study, mended.layers, name, target)
        with output_folder(folder, overwrite=overwrite) as partial:
            for part in made.iterdir():
                shutil.copytree(part, partial / part.name)
            write_csv(mends_table(mended.mends), partial / MENDS, form or CsvForm())
            created = datetime.now(UTC).isoformat(timespec="seconds")
            stamp = {"study": study.study.name, "study_sha256": study.fingerprint()}
            write_stamp(partial, {**stamp, "version": __version__, "created": created})
    half = target.with_name(f".{target.name}.partial")
    half.write_text(_HEAD.format(version=__version__, source=path.name) + edited, "utf-8")
    half.replace(target)
    after = check_study(parse_study(edited, target), progress)
    return Fixed(before, after, mended.mends, mended.left, target)


_HEAD: Final = "# phusong {version} fix: {source} with copies in place of files that were mended.\n"


def _is_ours(target: Path) -> bool:
    return target.is_file() and target.read_text("utf-8").startswith("# phusong ")


def _refuse_originals(study: Study, folder: Path, target: Path, file: Path) -> None:
    """Refuse a name under which the study's own files lie."""
    named = [study.resolve(path).resolve() for path in named_files(study)]
    if target.resolve() == file.resolve() or any(
        path.is_relative_to(folder.resolve()) for path in named
    ):
        raise OutputError(
            "the study reads files of this folder, and originals are never replaced",
            Where(file=str(folder)),
            "choose another --name",
        )


def mends_table(mends: Sequence[Mend]) -> pd.DataFrame:
    """Return one row a change, as mends.csv has them."""
    rows = [
        {
            "rule": m.rule,
            "title": tr(rules()[m.rule].title),
            "file": m.file,
            "layer": m.layer,
            "row": m.row,
            "what": tr(str(m.act)),
            "column": m.column,
            "before": m.before,
            "after": m.after,
        }
        for m in mends
    ]
    columns = ["rule", "title", "file", "layer", "row", "what", "column", "before", "after"]
    return conform(pd.DataFrame(rows, columns=columns), "mends")


def changes_by_finding(fixed: Fixed) -> dict[tuple[str, str, int | None], str]:
    """Return what was changed of each finding, in words: (rule, file, record) -> words.

    A finding of many records is mended when it is not found in the copies any more.
    """
    by_place: dict[tuple[str, str, int | None], list[Mend]] = {}
    for mend in fixed.mends:
        by_place.setdefault((mend.rule, mend.file, mend.row), []).append(mend)
    by_file: dict[tuple[str, str], int] = {}
    for mend in fixed.mends:
        key = mend.rule, mend.file
        by_file[key] = by_file.get(key, 0) + (mend.act is not Act.ENCODING)
    still = {f.rule.number for f in fixed.after.findings}
    files = {mend.file for mend in fixed.mends}
    out: dict[tuple[str, str, int | None], str] = {}
    for finding in fixed.before.findings:
        rule, where = finding.rule.number, finding.where
        own = by_place.get((rule, where.file, where.row))
        if own is not None and where.row is not None:
            out[rule, where.file, where.row] = "; ".join(map(_words, own[:_SHOWN]))
        elif where.file in files and rule not in still:
            n = by_file.get((rule, where.file))
            if n is None:
                words = tr("gone with other mends")
            else:
                words = tr("{n} changes", n=number(n)) if n else tr("saved as UTF-8")
            out[rule, where.file, where.row] = words
    return out


def _words(mend: Mend) -> str:
    head = f"{mend.column}: " if mend.column else ""
    return f"{head}{mend.before} → {mend.after}"
