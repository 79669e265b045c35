"""`phusong demo`, `new`, `check`: studies and what is wrong with them."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

import click

from phusong.commands.terminal.console import print_findings, print_rules
from phusong.commands.terminal.options import (
    CONTEXT,
    csv_form,
    csv_options,
    open_console,
    out_option,
    overwrite_option,
    run_and_print,
    shared_options,
    show_progress,
)
from phusong.errors import OutputError, Where
from phusong.i18n import tr
from phusong.study.file import DATA_FOLDERS, FILE_NAME, new_study, read_study


@click.command(context_settings=CONTEXT)
@click.argument("folder", type=click.Path(path_type=Path), default="phusong-demo")
@overwrite_option
@csv_options
@shared_options
def demo(folder: Path, overwrite: bool, separator: str, decimal: str) -> None:
    """Run the main job on the embedded synthetic province, in FOLDER.

    Writes the study and its data into FOLDER and the results into FOLDER/out.

    \b
    Example:
      phusong demo
      phusong demo my-demo --lang vi
    """
    from phusong.exports import refuse_to_overwrite

    out = folder / "out"
    if folder.is_dir() and any(folder.iterdir()) and not (folder / FILE_NAME).is_file():
        raise OutputError(
            "the folder holds files that are not a study",
            Where(file=str(folder)),
            "name a new or empty folder",
        )
    refuse_to_overwrite(out, overwrite=overwrite)
    _copy_sample(folder)
    run_and_print(folder, out, overwrite=overwrite, form=csv_form(separator, decimal))


def _copy_sample(folder: Path) -> None:
    with as_file(files("phusong") / "data") as sample:
        for name in DATA_FOLDERS:
            shutil.copytree(sample / name, folder / "data" / name, dirs_exist_ok=True)
        shutil.copyfile(sample / FILE_NAME, folder / FILE_NAME)


@click.command(context_settings=CONTEXT)
@click.argument("folder", type=click.Path(path_type=Path))
@shared_options
def new(folder: Path) -> None:
    """Write a commented study.toml and the data folders into FOLDER.

    \b
    Example:
      phusong new my-province
    """
    file = new_study(folder)
    open_console().print(
        tr(
            "Wrote {file}. Put your files under {data}, name them in the study, then run "
            "`phusong check {folder}`.",
            file=file,
            data=folder / "data",
            folder=folder,
        ),
        markup=False,
    )


@click.command(context_settings=CONTEXT)
@click.argument("study", type=click.Path(path_type=Path), required=False)
@out_option(None, "Where to write checks.csv [default: the study's folder].")
@click.option("--rules", "list_rules", is_flag=True, help="List every rule, and stop.")
@csv_options
@shared_options
def check(
    study: Path | None, out: Path | None, list_rules: bool, separator: str, decimal: str
) -> None:
    """Read everything a STUDY names and say what is wrong, where, and how to mend it.

    Writes checks.csv. Exit code 1 when there is an error, 0 otherwise.

    \b
    Example:
      phusong check my-province
      phusong check --rules
    """
    console = open_console()
    if list_rules:
        print_rules(console)
        return
    if study is None:
        raise click.UsageError(tr("name a study folder, or give --rules"))
    from phusong.checks import Severity
    from phusong.exports import write_checks
    from phusong.pipeline.check import check_study

    opened = read_study(study)
    target = out or opened.folder / "checks.csv"
    if target.is_dir():
        target = target / "checks.csv"
    with show_progress() as progress:
        findings, inputs = check_study(opened, progress)
    write_checks(findings, inputs, target, csv_form(separator, decimal))
    print_findings(console, findings)
    console.print(tr("All findings: {file}", file=target), markup=False)
    if findings.count(Severity.ERROR):
        click.get_current_context().exit(1)
