"""`phusong regroup`: a finished run by other communes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click

from phusong.commands.terminal.options import (
    CONTEXT,
    csv_form,
    csv_options,
    refuse_to_replace,
    shared_options,
)
from phusong.i18n import tr

if TYPE_CHECKING:
    from phusong.results.bylists import Level
    from phusong.results.regroup import Regrouped

_SHOWN: Final = 5


_UNITS: Final = {
    "new_commune": "commune since July 2025",
    "new_province": "province since July 2025",
    "old_commune": "former commune",
    "old_district": "former district",
    "old_province": "former province",
}


@click.command(context_settings=CONTEXT)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("table", type=click.Path(path_type=Path), required=False)
@click.option(
    "--by",
    type=click.Choice(
        ["new_commune", "new_province", "old_commune", "old_district", "old_province"]
    ),
    help="Unit of Viet Nam before or since 1 July 2025, by the lists that come with the program;"
    " without TABLE and --by: new_commune.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="new_communes.csv",
    show_default=True,
    help="CSV to write.",
)
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
@csv_options
@shared_options
def regroup(
    run: Path,
    table: Path | None,
    by: str | None,
    out: Path,
    overwrite: bool,
    separator: str,
    decimal: str,
) -> None:
    """Give a finished RUN by other communes, districts or provinces, before or since July 2025.

    Without TABLE the lists that come with the program say which commune became which. Villages of
    a commune that became several stand in a row of these together.

    TABLE is a CSV with old_code, new_code, new_name (or ma_xa_cu, ma_xa_moi, ten_xa_moi);
    village_code in place of old_code where communes were parted. Every commune of the run has to
    be in it, once.

    \b
    Example:
      phusong regroup my-province/out --by old_district --out huyen-cu.csv
      phusong regroup my-province/out ma-xa-moi.csv --out xa-moi.csv
    """
    from phusong.commands.terminal.console import open_console
    from phusong.commands.terminal.places import path_text
    from phusong.exports import write_csv
    from phusong.exports.tables.dictionary import conform
    from phusong.results.bylists import by_level
    from phusong.results.crosswalk import read_crosswalk
    from phusong.results.finished import open_run
    from phusong.results.regroup import regroup as by_new_communes

    if table is not None and by is not None:
        raise click.UsageError(tr("--by goes without TABLE: it takes the program's own lists"))
    form = csv_form(separator, decimal)
    refuse_to_replace(out, overwrite=overwrite)
    opened = open_run(run)
    found = (
        by_level(opened, cast("Level", by or "new_commune"))
        if table is None
        else by_new_communes(opened, read_crosswalk(table), table)
    )
    write_csv(conform(found.communes, "new_communes"), out, form)
    console = open_console()
    console.print(
        tr(
            "{old} communes became {new}" if by is None else "{old} communes: {new} rows by {unit}",
            old=len(opened.tables["communes"]),
            new=int(found.communes["told_apart"].sum()) if by is None else len(found.communes),
            unit=tr(_UNITS[by]) if by is not None else "",
        )
    )
    for note in _notes(found):
        console.print(note, style="yellow", markup=False, soft_wrap=True)
    console.print(tr("Table: {file}", file=path_text(out)), markup=False, soft_wrap=True)


def _notes(found: Regrouped) -> Iterator[str]:
    """Give a sentence on each thing that the table leaves in doubt."""
    if found.corrected:
        given, taken = next(iter(found.corrected.items()))
        yield tr(
            "{given} is taken for {code}; {n} codes in all lost their leading zeros",
            given=given,
            code=taken,
            n=len(found.corrected),
        )
    several = found.communes[~found.communes["told_apart"]]
    if len(several):
        yield tr(
            "{count} rows are of several units together, {villages} villages in all, which the run"
            " cannot tell apart; columns may_add_villages and may_add_people say what they may add",
            count=len(several),
            villages=int(several["villages"].sum()),
        )
    if found.elsewhere:
        yield tr(
            "{count} old codes belong to these rows and are not in the run: {codes}. "
            "The figures are without them, see the column elsewhere",
            count=len(found.elsewhere),
            codes=_some(found.elsewhere),
        )
    if found.adrift:
        yield tr(
            "{count} villages lie in no commune, and so are in no new one: {codes}",
            count=len(found.adrift),
            codes=_some(found.adrift),
        )
    if found.unplaced:
        yield tr(
            "{count} old communes have no villages, and a table by village cannot place them: "
            "{codes}",
            count=len(found.unplaced),
            codes=_some(found.unplaced),
        )


def _some(codes: Sequence[str]) -> str:
    return ", ".join(codes[:_SHOWN]) + (", …" if len(codes) > _SHOWN else "")
