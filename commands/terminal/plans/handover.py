"""A plan handed over: made, written with its page, printed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from phusong.commands.terminal.console import open_console, show_progress
from phusong.commands.terminal.missing import stop_if_missing
from phusong.commands.terminal.places import tell_where
from phusong.exports import CsvForm, output_folder, refuse_to_overwrite
from phusong.exports.folder import write_stamp
from phusong.exports.site_plan import write_scenarios, write_site_plan
from phusong.i18n import get_language
from phusong.maps import MastPlan, build_map
from phusong.pipeline.siting import Sited, plan_study_sites, stamp_of_plan
from phusong.planning.assess import Money
from phusong.results.missing import Attempts
from phusong.study import Study


def hand_over_plan(
    study: Study,
    money: Money,
    out: Path,
    page: str,
    form: CsvForm,
    print_plan: Callable[[Console, Sited], None],
    *,
    overwrite: bool,
    communes: bool = False,
) -> None:
    """Plan, write tables, scenarios and the page into ``out``, and print what was found.

    Parameters
    ----------
    page
        What the page is called.
    communes
        Whether commune centres are planned in the same list.

    Raises
    ------
    SystemExit
        When a file is missing, or a run with the plan built breaks what it promised.
    """
    refuse_to_overwrite(out, overwrite=overwrite)
    with show_progress() as progress:
        sited = plan_study_sites(study, money, progress, communes=communes)
    stamp = stamp_of_plan(study, sited, money)
    with output_folder(out, overwrite=overwrite) as partial:
        attempt = Attempts(partial)
        write_site_plan(
            sited.plan, sited.figures, partial, stamp, form, attempt, study, sited.yearly
        )
        write_scenarios(sited.scenarios, partial)
        with attempt(page, partial / page):
            lines = sited.layers.power_lines
            masts = MastPlan(sited.plan, sited.figures, lines, money.worst_first, sited.yearly)
            build_map(sited.results, partial / page, get_language(), masts=masts)
        write_stamp(partial, stamp, attempt.missing)
    console = open_console()
    print_plan(console, sited)
    tell_where(console, out, page)
    stop_if_missing(attempt.missing)
    if sited.broken:
        raise SystemExit(1)
