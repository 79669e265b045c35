"""`phusong check`: what is wrong in the files of a study."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import (
    CONTEXT,
    csv_form,
    csv_options,
    out_option,
    shared_options,
)
from phusong.i18n import tr


@click.command(context_settings=CONTEXT)
@click.argument("study", type=click.Path(path_type=Path), required=False)
@out_option(None, "Where to write checks.csv [default: the study's folder].")
@click.option(
    "--pages",
    type=click.Path(path_type=Path),
    help="Folder for a page and a workbook for each who supplied files, to be sent back.",
)
@click.option("--overwrite", is_flag=True, help="Replace the pages of an earlier check.")
@click.option("--rules", "list_rules", is_flag=True, help="List every rule, and stop.")
@csv_options
@shared_options
def check(
    study: Path | None,
    out: Path | None,
    pages: Path | None,
    overwrite: bool,
    list_rules: bool,
    separator: str,
    decimal: str,
) -> None:
    """Read everything a STUDY names and say what is wrong, where, and how to mend it.

    Writes checks.csv. Exit code 1 when there is an error, 0 otherwise. With --pages also one page
    and one workbook for each owner of files: findings, small maps, a column to answer in.

    \b
    Example:
      phusong check my-province
      phusong check my-province --pages my-province/letters --lang vi
      phusong check --rules
    """
    from phusong.commands.terminal.console import open_console, show_progress
    from phusong.commands.terminal.findings import print_findings, print_rules
    from phusong.commands.terminal.places import path_text

    console = open_console()
    if list_rules:
        print_rules(console)
        return
    if study is None:
        raise click.UsageError(tr("name a study folder, or give --rules"))
    from phusong.exports import refuse_to_overwrite, write_checks
    from phusong.pipeline.check import check_study
    from phusong.study.file import read_study

    opened = read_study(study)
    target = out or opened.folder / "checks.csv"
    if target.is_dir():
        target = target / "checks.csv"
    if pages is not None:
        refuse_to_overwrite(pages, overwrite=overwrite)
    with show_progress() as progress:
        checked = check_study(opened, progress)
    print_findings(console, checked.findings)  # first: a folder may be closed to writing
    write_checks(checked.findings, checked.inputs, target, csv_form(separator, decimal))
    console.print(tr("All findings: {file}", file=path_text(target)), markup=False, soft_wrap=True)
    if pages is not None:
        from phusong.letters.mail import INDEX, write_letters

        write_letters(opened, checked.findings, checked.inputs, pages, overwrite=overwrite)
        text = tr("To be sent back: {file}", file=path_text(pages / INDEX))
        console.print(text, markup=False, soft_wrap=True)
    if not checked.ok:
        click.get_current_context().exit(1)
