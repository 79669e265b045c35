"""Studies as commands use them: opened, or run and the answers printed."""

from __future__ import annotations

from pathlib import Path

from phusong.commands.terminal.console import open_console, show_progress
from phusong.commands.terminal.figures import (
    print_definitions,
    print_indicators,
    print_sensitivity,
)
from phusong.commands.terminal.places import path_text, tell_where
from phusong.crew import Crew
from phusong.exports import CsvForm, refuse_to_overwrite
from phusong.i18n import tr
from phusong.pipeline.compute import no_fibre
from phusong.pipeline.run import run_study
from phusong.results.model import Results
from phusong.study import Study
from phusong.study.file import read_study


def run_and_print(
    study_path: Path,
    out: Path,
    *,
    overwrite: bool,
    form: CsvForm,
    radio: bool = True,
    fibre: bool = True,
    online_base: bool = False,
    scenario: str | None = None,
    crew: Crew | None = None,
) -> Results:
    """Run a study, print what it found, and return it; what is missing is for the caller to say."""
    study = read_study(study_path, scenario)
    refuse_to_overwrite(out, overwrite=overwrite)
    with show_progress() as progress:
        results = run_study(
            study,
            out,
            overwrite=overwrite,
            radio=radio,
            fibre=fibre,
            form=form,
            online_base=online_base,
            progress=progress,
            crew=crew,
        )
    console = open_console()
    console.print(study.title, style="bold", markup=False)
    for assumption in study.study.assumptions:
        console.print(f"{tr('Assumption')}: {assumption}", style="yellow", markup=False)
    print_indicators(console, results.indicators)
    print_sensitivity(console, results.indicators.sensitivity, people=results.weighted_by_people)
    if results.definitions is not None:
        print_definitions(console, results.definitions)
    console.print()
    console.print(
        tr(
            "Findings in the files: {count}, see {file}",
            count=len(results.findings),
            file=path_text(out / "checks.csv"),
        ),
        markup=False,
    )
    tell_where(console, out, "map.html")
    return results


def open_study_with_fibre(path: Path, scenario: str | None = None) -> Study:
    """Read a study that is asked about its fibre.

    Raises
    ------
    StudyError
        When it is wrong, or names no fibre.
    """
    study = read_study(path, scenario)
    if study.fiber is None:
        raise no_fibre(str(path))
    return study
