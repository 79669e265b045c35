"""`phusong fiber`, `extend`: the fibre of a study, what a cut darkens, what to build next."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from phusong.commands.terminal.console import share_text
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
    study_argument,
)
from phusong.fiber.reach.reasons import reason_text
from phusong.frames import rows
from phusong.i18n import get_language, number, tr
from phusong.study import FiberSources, Study
from phusong.study.file import read_study

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from phusong.exports import CsvForm
    from phusong.fiber.extension.extension import ExtensionPlan
    from phusong.fiber.results import FiberResult
    from phusong.fiber.rings.rings import RingPlan


def _with_fibre(path: Path) -> Study:
    study = read_study(path)
    if study.fiber is None:
        from phusong.pipeline.compute import no_fibre

        raise no_fibre(str(path))
    return study


@click.command(context_settings=CONTEXT)
@study_argument
@out_option("out", "Folder for the results.")
@overwrite_option
@click.option(
    "--cut",
    multiple=True,
    metavar="EDGE|NODE|GROUP",
    help="What if this is lost (ids as in fibre_failures.csv)? Several are lost at once.",
)
@click.option(
    "--villages",
    is_flag=True,
    help="With --cut: follow the loss to the villages that lose signal.",
)
@click.option(
    "--places",
    multiple=True,
    metavar="villages|towers|FILE",
    help="How fibre reaches these points instead of commune centres.",
)
@csv_options
@shared_options
def fiber(
    study: Path,
    out: Path,
    overwrite: bool,
    cut: tuple[str, ...],
    villages: bool,
    places: tuple[str, ...],
    separator: str,
    decimal: str,
) -> None:
    """Only the fibre of a STUDY: network, reach of commune centres, single points of failure.

    With --cut nothing is written: the communes, towers and villages that go dark are printed.

    \b
    Example:
      phusong fiber my-province --out fibre-out
      phusong fiber my-province --cut C0052.1 --villages
      phusong fiber my-province --places schools.csv --places villages --out schools-out
    """
    if cut and places:
        raise click.UsageError(tr("--cut and --places do not go together"))
    if villages and not cut:
        raise click.UsageError(tr("--villages goes with --cut"))
    form = csv_form(separator, decimal)
    if cut:
        _follow(_with_fibre(study), cut, villages=villages)
    elif places:
        _reach_places(_with_fibre(study), places, out, overwrite=overwrite, form=form)
    else:
        _with_fibre(study)
        results = run_and_print(study, out, overwrite=overwrite, form=form, radio=False)
        if results.fiber is not None:
            _print_network(open_console(), results.fiber)


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(tr(title))
    return table


def _people(value: float) -> str:
    return "–" if math.isnan(value) else number(value)


def _follow(study: Study, cut: tuple[str, ...], *, villages: bool) -> None:
    """Print what goes dark when something is lost."""
    from phusong.pipeline.what_if import follow_loss

    with show_progress() as progress:
        found = follow_loss(study, cut, villages=villages, progress=progress)
    console, names = open_console(), ", ".join(cut)
    if found.communes.empty:
        console.print(tr("Without {cut}: no commune centre goes dark", cut=names), markup=False)
    else:
        people = found.communes["people"]
        console.print(
            tr(
                "Without {cut}: {count} commune centre(s) go dark, {people} people",
                cut=names,
                count=len(found.communes),
                people=_people(people.sum(min_count=1)),
            ),
            markup=False,
        )
        table = _table("Commune", "Name", "People")
        for row in rows(found.communes):
            table.add_row(str(row.commune_code), str(row.name), _people(row.people))
        console.print(table)
    backhaul = found.fiber.backhaul
    if backhaul is None:
        console.print(tr("Which towers go dark is not known: the study names no fiber.backhaul"))
    else:
        known = len(set(backhaul.thing[backhaul.thing < backhaul.sites].tolist()))
        console.print(
            tr(
                "Of {known} sites whose backhaul is known, {count} go dark",
                known=known,
                count=len(found.sites),
            ),
        )
        if found.sites:
            console.print(", ".join(found.sites), markup=False)
    if found.villages is not None:
        _print_villages(console, found.villages)


def _print_villages(console: Console, villages: pd.DataFrame) -> None:
    console.print(
        tr(
            "{people} people in {count} villages lose signal; {worse} villages are graded lower",
            people=_people(villages["people_lost"].sum(min_count=1)),
            count=len(villages),
            worse=int((villages["before"] != villages["after"]).sum()),
        )
    )
    if villages.empty:
        return
    table = _table("Village", "Name", "Commune", "Before", "After", "People who lose signal")
    for row in rows(villages.head(_MOST_VILLAGES)):
        table.add_row(
            str(row.code),
            str(row.name),
            str(row.commune_code),
            tr(_GRADES[row.before]),
            tr(_GRADES[row.after]),
            _people(row.people_lost),
        )
    console.print(table)
    if len(villages) > _MOST_VILLAGES:
        console.print(tr("… and {count} more", count=len(villages) - _MOST_VILLAGES))


_GRADES = {"covered": "covered", "hollow": "partly served", "white": "no signal"}
_MOST, _MOST_VILLAGES = 10, 40


def _print_network(console: Console, fiber: FiberResult) -> None:
    """Print which centres fibre does not reach, and the worst single losses."""
    missing = fiber.reach[~fiber.reach["reached"]]
    if len(missing):
        console.print()
        table = _table("Commune", "Name", "Why fibre does not reach it")
        for row in rows(missing):
            table.add_row(
                str(row.commune_code), str(row.name), reason_text(row.reason, row.reason_params)
            )
        console.print(table)
    worst = fiber.failures.head(_MOST)
    if len(worst):
        console.print()
        console.print(
            tr("The worst of {count} single losses:", count=len(fiber.failures)), style="bold"
        )
        table = _table("Lost", "Id", "Communes cut off", "People", "Sites")
        for row in rows(worst):
            table.add_row(
                tr(_ELEMENTS[row.element]),
                str(row.id),
                number(row.count),
                _people(row.people),
                number(row.site_count) if fiber.backhaul is not None else "–",
            )
        console.print(table)


_ELEMENTS = {
    "edge": "cable section",
    "node": "joint",
    "pop": "point of presence",
    "group": "shared route",
}


def _reach_places(
    study: Study, places: tuple[str, ...], out: Path, *, overwrite: bool, form: CsvForm
) -> None:
    """Write and print how fibre reaches points beside the commune centres."""
    import phusong
    from phusong.exports import output_folder, refuse_to_overwrite
    from phusong.exports.reach_of_places import write_places
    from phusong.pipeline.what_if import reach_places

    refuse_to_overwrite(out, overwrite=overwrite)
    with show_progress() as progress:
        reach, findings = reach_places(study, places, progress)
    stamp = {
        "study": study.study.name,
        "study_sha256": study.fingerprint(),
        "version": phusong.__version__,
        "places": list(places),
    }
    with output_folder(out, overwrite=overwrite) as partial:
        write_places(reach, partial, stamp, form)
    console = open_console()
    table = _table(
        "Places", "Count", "With fibre", "On a single route", "Nearest cable within drop"
    )
    drop_m = (study.fiber or FiberSources()).drop_m
    for layer, group in reach.groupby("layer", sort=False):
        near = (group["nearest_cable_m"] <= drop_m).sum()
        table.add_row(
            str(layer),
            number(len(group)),
            number(group["reached"].sum()),
            number(group["single_route"].sum()),
            number(near),
        )
    console.print(table)
    for finding in findings:
        console.print(f"{finding.rule.number} {finding.text()}", style="yellow", markup=False)
    console.print(tr("Tables: {folder}", folder=out), markup=False, soft_wrap=True)


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
    from phusong.maps import build_map
    from phusong.pipeline.extend import plan_study

    form = csv_form(separator, decimal)
    opened = _with_fibre(study)
    refuse_to_overwrite(out, overwrite=overwrite)
    with show_progress() as progress:
        planned = plan_study(
            opened, budget_usd=budget_usd, rings=rings, time_limit_s=time_limit_s, progress=progress
        )
    plan, ring_plan = planned.extension, planned.rings
    stamp: dict[str, object] = {
        "study": opened.study.name,
        "study_sha256": opened.fingerprint(),
        "version": phusong.__version__,
        "usd": plan.usd,
        "lower_bound_usd": plan.lower_bound_usd,
        "gap": plan.gap,
        "status": plan.status,
        "budget_usd": opened.extension.budget_usd if budget_usd is None else budget_usd,
        "people_bound": None if math.isnan(plan.people_bound) else plan.people_bound,
    }
    if ring_plan is not None:
        stamp |= {"rings_usd": ring_plan.usd, "rings_lower_bound_usd": ring_plan.lower_bound_usd}
    with output_folder(out, overwrite=overwrite) as partial:
        write_extension(plan, ring_plan, partial, stamp, form)
        page = partial / "extension.html"
        build_map(planned.results, page, get_language(), planned=planned)
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
    if not math.isnan(plan.people_bound):
        left = plan.targets[plan.targets["status"] == "over_budget"]
        console.print(
            tr(
                "The budget reaches {people} people; no plan of these routes reaches more than "
                "{most}. {count} commune(s) do not fit: {names}",
                people=_people(plan.stages["people"].sum(min_count=1)),
                most=number(plan.people_bound),
                count=len(left),
                names=_names(left),
            ),
            markup=False,
        )
    table = _table("Stage", "Commune", "Name", "USD", "km", "People")
    for row in rows(plan.stages):
        table.add_row(
            str(row.stage),
            str(row.commune_code),
            str(row.name),
            number(row.usd),
            number(row.km, ".1f"),
            number(row.people),
        )
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
    console.print(_before_and_after(plan, ring_plan))
    for finding in planned.findings:
        console.print(f"{finding.rule.number} {finding.text()}", style="yellow", markup=False)
    console.print(tr("Tables: {folder}", folder=out), markup=False, soft_wrap=True)
    page = (out / "extension.html").resolve()
    console.print(tr("Map: {file}", file=page), markup=False, soft_wrap=True)


def _names(targets: pd.DataFrame) -> str:
    shown = [str(name) for name in targets["name"].head(_MOST)]
    return ", ".join(shown) + (", …" if len(targets) > _MOST else "") if shown else "–"


def _before_and_after(plan: ExtensionPlan, rings: RingPlan | None) -> Table:
    """Return the figures as they stand, after the extension, and after the second routes."""
    table = _table("Figure", "Now", "With the extension")
    then = [plan.indicators["before"], plan.indicators["after"]]
    if rings is not None:
        table.add_column(tr("With second routes too"))
        then.append(rings.indicators["after"])
    for code, unit, *values in zip(
        plan.indicators["indicator"], plan.indicators["unit"], *then, strict=True
    ):
        shown = [share_text(v) if unit == "share" else _people(v) for v in values]
        table.add_row(tr(_FIGURES[code]), *shown)
    return table


_FIGURES = {
    "communes_with_fibre": "Communes with fibre",
    "communes_with_fibre_share": "Share of communes with fibre",
    "people_in_communes_with_fibre": "People in communes with fibre",
    "communes_on_a_single_route": "Communes on a single route",
    "connected_cable": "Connected cable, km",
}
