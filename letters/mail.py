"""A folder of letters: a page and a workbook an owner, and a page that leads to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Final

from jinja2 import Environment

from phusong.checks import Findings
from phusong.exports.folder import output_folder, write_stamp
from phusong.i18n import get_language, tr
from phusong.letters.letter import Letter, compose, outlines
from phusong.letters.letterbook import write_letterbook
from phusong.letters.letterpage import Header, counts_text, write_page
from phusong.names import numbered, safe_names
from phusong.report.reliability import day_text
from phusong.sources import Inputs
from phusong.study import Study
from phusong.version import __version__

INDEX: Final = "index.html"


def write_letters(
    study: Study,
    findings: Findings,
    inputs: Inputs | None,
    folder: Path,
    *,
    overwrite: bool = False,
    mended: Mapping[tuple[str, str, int | None], str] | None = None,
) -> list[Letter]:
    """Write what was found to ``folder``, for each owner of files by itself.

    The folder appears whole: ``index.html``, and of every owner a page and a workbook, in the
    current language.

    Parameters
    ----------
    mended
        (rule, file, record or None) -> what was changed of that in a copy.

    Raises
    ------
    OutputError
        When the folder may not be replaced or cannot be written.
    """
    created = datetime.now(UTC).isoformat(timespec="seconds")
    header = Header(study.title, day_text(created))
    letters = compose(study, findings, inputs, dict(mended or {}))
    ground = outlines(study, inputs)
    names = _names([letter.owner for letter in letters])
    with output_folder(folder, overwrite=overwrite) as partial:
        for letter, name in zip(letters, names, strict=True):
            write_page(letter, ground, header, partial / f"{name}.html")
            write_letterbook(letter, header, partial / f"{name}.xlsx")
        _write_index(list(zip(letters, names, strict=True)), header, partial / INDEX)
        stamp = {"study": study.study.name, "study_sha256": study.fingerprint()}
        write_stamp(partial, {**stamp, "version": __version__, "created": created})
    return letters


def _names(owners: Sequence[str]) -> list[str]:
    """Return file names of owners; none takes the place of the index."""
    safe = safe_names(owners)
    return numbered(["index", *(safe[owner] for owner in owners)])[1:]


def _write_index(letters: Sequence[tuple[Letter, str]], header: Header, path: Path) -> None:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    source = (files("phusong.letters") / "index.html.jinja").read_text("utf-8")
    page = environment.from_string(source).render(
        language=get_language(),
        title=tr("Findings by who supplied the files"),
        study=header.study,
        day=header.day,
        version=__version__,
        words={
            "owner": tr("Supplied by"),
            "files": tr("Files"),
            "findings": tr("findings"),
            "book": tr("workbook"),
            "none": tr("No findings: the files are ready."),
        },
        rows=[
            {
                "owner": letter.owner,
                "page": f"{name}.html",
                "book": f"{name}.xlsx",
                "files": letter.files,
                "counts": counts_text(letter),
            }
            for letter, name in letters
        ],
    )
    path.write_text(page, "utf-8")
