"""`phusong fix`: mends that are safe, made in copies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from phusong.commands.terminal.options import CONTEXT, csv_form, csv_options, shared_options
from phusong.i18n import number, tr

if TYPE_CHECKING:
    from rich.console import Console

    from phusong.pipeline.fix import Fixed


def _plain_name(_: click.Context, __: click.Parameter, value: str) -> str:
    from phusong.names import safe_names

    if safe_names([value])[value] != value or value == "study":
        raise click.BadParameter(tr("a plain name without blanks, other than study"))
    return value


@click.command(context_settings=CONTEXT)
@click.argument("study", type=click.Path(path_type=Path), required=False)
@click.option(
    "--name",
    default="fixed",
    show_default=True,
    callback=_plain_name,
    help="Name of the folder of copies, and of the study file that reads them, beside the study's.",
)
@click.option(
    "--pages",
    type=click.Path(path_type=Path),
    help="Folder for the pages of `check --pages`, with what was mended.",
)
@click.option("--overwrite", is_flag=True, help="Replace an earlier fix and its pages.")
@click.option("--rules", "list_rules", is_flag=True, help="List what is mended and why, and stop.")
@csv_options
@shared_options
def fix(
    study: Path | None,
    name: str,
    pages: Path | None,
    overwrite: bool,
    list_rules: bool,
    separator: str,
    decimal: str,
) -> None:
    """Mend what is safe to mend in a STUDY's files, in copies; the originals are never touched.

    Writes the copies and mends.csv (file, record, rule, before, after) into the folder fixed, and
    fixed.toml beside the study file: the same study with the copies in place.

    \b
    Example:
      phusong fix my-province
      phusong check my-province/fixed.toml
      phusong run my-province/fixed.toml --out my-province/out
    """
    from phusong.commands.terminal.console import open_console, show_progress

    console = open_console()
    if list_rules:
        _print_rules(console)
        return
    if study is None:
        raise click.UsageError(tr("name a study folder, or give --rules"))
    from phusong.exports import refuse_to_overwrite
    from phusong.letters.mail import INDEX, write_letters
    from phusong.pipeline.fix import changes_by_finding, fix_study
    from phusong.study.file import read_study

    form = csv_form(separator, decimal)
    if pages is not None:
        refuse_to_overwrite(pages, overwrite=overwrite)
    with show_progress() as progress:
        fixed = fix_study(study, name, overwrite=overwrite, form=form, progress=progress)
    _print(console, fixed)
    if pages is not None:
        from phusong.commands.terminal.places import path_text

        write_letters(
            read_study(study),
            fixed.before.findings,
            fixed.before.inputs,
            pages,
            overwrite=overwrite,
            mended=changes_by_finding(fixed),
        )
        text = tr("To be sent back: {file}", file=path_text(pages / INDEX))
        console.print(text, markup=False, soft_wrap=True)


def _print(console: Console, fixed: Fixed) -> None:
    from phusong.commands.terminal.places import path_text
    from phusong.commands.terminal.tables import plain, plain_table
    from phusong.pipeline.fix import MENDS

    for left in fixed.left:
        text = tr(
            "{rule} {file}: not mended: {why}", rule=left.rule, file=left.file, why=tr(left.why)
        )
        console.print(text, style="yellow", markup=False, soft_wrap=True)
    if fixed.study_file is None:
        console.print(tr("Nothing is left that is safe to mend."))
        return
    counts: dict[tuple[str, str, str], int] = {}
    for mend in fixed.mends:
        key = mend.rule, mend.file, str(mend.act)
        counts[key] = counts.get(key, 0) + 1
    table = plain_table("Rule", "File", "What", "Changes", fold=True)
    for (rule, file, act), n in sorted(counts.items()):
        table.add_row(rule, plain(file), tr(act), number(n))
    console.print(table)
    lines = (
        tr(
            "Findings: {before} before, {after} after",
            before=number(len(fixed.before.findings)),
            after=number(len(fixed.after.findings)),
        ),
        tr("Every change: {file}", file=path_text(fixed.study_file.with_suffix("") / MENDS)),
        tr("The study with the copies: {file}", file=path_text(fixed.study_file)),
    )
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _print_rules(console: Console) -> None:
    from phusong.checks import rules
    from phusong.commands.terminal.tables import plain_table
    from phusong.mending.decisions import decisions

    table = plain_table("Rule", "What", "Mended", "Why", fold=True)
    for number_, rule in rules().items():
        decision = decisions()[number_]
        told = tr("yes") if decision.safe else tr("no")
        table.add_row(number_, tr(rule.title), told, tr(decision.why))
    console.print(table)
