"""`phusong fiber`, `extend`: the fibre of a study, what a cut darkens, what to build next."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from phusong.commands.shared import (
    CONTEXT,
    csv_form,
    csv_options,
    open_console,
    out_option,
    overwrite_option,
    run_and_print,
    shared_options,
    show_progress,
    study_argument,
)
from phusong.console import share_text
from phusong.errors import StudyError, Where
from phusong.frames import rows
from phusong.i18n import get_language, number, tr
from phusong.study import Study
from phusong.studyfile import read_study


def _with_fibre(path: Path) -> Study:
    study = read_study(path)
    if study.fiber is None:
        raise StudyError(
            "the study has no [fiber] table",
            Where(file=str(path)),
            "name cables and points of presence in study.toml",
        )
    return study


@click.command(context_settings=CONTEXT)
@study_argument
@out_option("out", "Folder for the results.")
@overwrite_option
@click.option(
    "--cut", multiple=True, metavar="EDGE|NODE|GROUP",
    help="What if this is lost (ids as in fibre_failures.csv)? Several are lost at once.",
)  # fmt: skip
@csv_options
@shared_options
def fiber(
    study: Path, out: Path, overwrite: bool, cut: tuple[str, ...], separator: str, decimal: str
) -> None:
    """Only the fibre of a STUDY: network, reach of commune centres, single points of failure.

    With --cut nothing is written: the communes that go dark are printed.

    \b
    Example:
      phusong fiber my-province --out fibre-out
      phusong fiber my-province --cut C0052.1
    """
    if not cut:
        form = csv_form(separator, decimal)
        run_and_print(study, out, overwrite=overwrite, form=form, radio=False)
        return
    from phusong.run import compute, scratch_rasters

    opened = _with_fibre(study)
    with show_progress() as progress, scratch_rasters() as rasters:
        results = compute(opened, rasters, radio=False, progress=progress)
    if results.fiber is None:
        return
    dark = results.fiber.what_if(cut)
    console = open_console()
    console.print(
        tr("Without {cut}: {count} commune centre(s) go dark", cut=", ".join(cut), count=len(dark)),
        markup=False,
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Commune", "Name", "People"):
        table.add_column(tr(title))
    for row in rows(dark):
        people = "–" if row.people != row.people else number(row.people)
        table.add_row(str(row.commune_code), str(row.name), people)
    console.print(table)


@click.command(context_settings=CONTEXT)
@study_argument
@out_option("extension", "Folder for the plan.")
@overwrite_option
@click.option(
    "--budget-usd", type=click.FloatRange(min=0, min_open=True), help="What may be spent."
)
@click.option("--rings", is_flag=True, help="Then plan second routes for communes on one route.")
@click.option("--time-limit-s", type=click.FloatRange(min=0, min_open=True), help="Longest search.")
@csv_options
@shared_options
def extend(
    study: Path,
    out: Path,
    overwrite: bool,
    budget_usd: float | None,
    rings: bool,
    time_limit_s: float | None,
    separator: str,
    decimal: str,
) -> None:
    """Plan the cheapest cables that bring fibre to every unreached commune of a STUDY.

    Prints the cost beside a proven lower bound, and the order of building; writes lines, bill
    of quantities, the figures before and after, and a map of the plan.

    \b
    Example:
      phusong extend my-province --out extension
      phusong extend my-province --budget-usd 250000 --rings
    """
    import phusong
    from phusong.exports import output_folder, refuse_to_overwrite
    from phusong.exports.extension import write_extension
    from phusong.run import plan_study, write_map

    form = csv_form(separator, decimal)
    opened = _with_fibre(study)
    refuse_to_overwrite(out, overwrite=overwrite)
    with show_progress() as progress:
        planned = plan_study(
            opened, budget_usd=budget_usd, rings=rings, time_limit_s=time_limit_s, progress=progress
        )
    plan, ring_plan = planned.extension, planned.rings
    stamp = {
        "study": opened.study.name,
        "study_sha256": opened.fingerprint(),
        "version": phusong.__version__,
        "usd": plan.usd,
        "lower_bound_usd": plan.lower_bound_usd,
        "gap": plan.gap,
        "status": plan.status,
    }
    with output_folder(out, overwrite=overwrite) as partial:
        write_extension(plan, ring_plan, partial, stamp, form)
        page = partial / "extension.html"
        write_map(planned.results, page, get_language(), extension=plan, rings=ring_plan)
    console = open_console()
    console.print(
        tr(
            "Extension: {usd} USD; no network of these routes costs less than {bound} USD "
            "(gap {gap})",
            usd=number(plan.usd),
            bound=number(plan.lower_bound_usd),
            gap=share_text(plan.gap),
        )
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Stage", "Commune", "Name", "USD", "km", "People"):
        table.add_column(tr(title))
    for row in rows(plan.stages):
        table.add_row(
            str(row.stage), str(row.commune_code), str(row.name), number(row.usd),
            number(row.km, ".1f"), number(row.people),
        )  # fmt: skip
    console.print(table)
    if ring_plan is not None:
        console.print(
            tr(
                "Second routes: {usd} USD; no less than {bound} USD (gap {gap})",
                usd=number(ring_plan.usd),
                bound=number(ring_plan.lower_bound_usd),
                gap=share_text(ring_plan.gap),
            )
        )
    for finding in planned.findings:
        console.print(f"{finding.rule.number} {finding.text()}", style="yellow", markup=False)
    console.print(tr("Tables: {folder}", folder=out), markup=False, soft_wrap=True)
    page = (out / "extension.html").resolve()
    console.print(tr("Map: {file}", file=page), markup=False, soft_wrap=True)
