"""Options and parameters that commands share, and what -v, -q and --debug said.

Imported by every command, so that it may import nothing heavy: ``--help`` would wait for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from phusong.errors import OutputError, Where
from phusong.i18n import set_language, tr

if TYPE_CHECKING:
    from phusong.exports import CsvForm

F = TypeVar("F", bound=Callable[..., Any])
STOPPED = "stopped"
"""Under this name a command leaves, beside the settings, what a stop says where not all is lost."""
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _set_language(_: click.Context, __: click.Parameter, value: str | None) -> None:
    if value is not None:
        set_language("vi" if value == "vi" else "en")


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """Return a callback that keeps an option for every command below, wherever it was given."""

    def keep(context: click.Context, _: click.Parameter, value: Any) -> None:
        kept = context.ensure_object(dict)
        kept[name] = max(value, kept.get(name, 0))

    return keep


def shared_options(command: F) -> F:
    """Add --lang, -v, -q and --debug; they may stand before or behind the command's name."""
    options = [
        click.option(
            "--lang",
            type=click.Choice(["vi", "en"]),
            envvar="PHUSONG_LANG",
            expose_value=False,
            is_eager=True,
            callback=_set_language,
            help="Language of messages, map and tables [default: en].",
        ),
        click.option(
            "-v",
            "--verbose",
            count=True,
            expose_value=False,
            callback=_keep("verbose"),
            help="Say more.",
        ),
        click.option(
            "-q",
            "--quiet",
            count=True,
            expose_value=False,
            callback=_keep("quiet"),
            help="Say only what goes wrong.",
        ),
        click.option(
            "--debug",
            count=True,
            expose_value=False,
            callback=_keep("debug"),
            help="Show a traceback when something goes wrong.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def settings() -> dict[str, int]:
    """Return what -v, -q and --debug said, before or behind the command's name."""
    return cast("dict[str, int]", click.get_current_context().ensure_object(dict))


study_argument = click.argument("study", type=click.Path(path_type=Path))
scenario_option = click.option(
    "--scenario",
    metavar="NAME",
    help="With scenarios/NAME.toml of the study, or a scenario's .toml file, carried out.",
)
overwrite_option = click.option(
    "--overwrite", is_flag=True, help="Replace an earlier run in the output folder."
)

online_base_option = click.option(
    "--online-base",
    is_flag=True,
    help="Offer OpenStreetMap's street map on the page; only then may it ask the network.",
)


def out_option(default: str | None, text: str) -> Callable[[F], F]:
    """Return the --out option with a command's own default."""
    return click.option(
        "--out", type=click.Path(path_type=Path), default=default, show_default=True, help=text
    )


def crew_options(command: F) -> F:
    """Add who computes path losses: processes here, or the workers of a scheduler."""
    options = [
        click.option(
            "--workers",
            type=click.IntRange(1, 1024),
            help="Compute path losses in so many processes, which share the cores.",
        ),
        click.option(
            "--scheduler",
            metavar="ADDRESS",
            help="Compute path losses on the workers of a dask scheduler, e.g. tcp://host:8786.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def csv_options(command: F) -> F:
    """Add how numbers and columns are set apart in CSV files."""
    command = click.option(
        "--decimal",
        type=click.Choice([".", ","]),
        default=".",
        show_default=True,
        help="Decimal sign in CSV files; Vietnamese Excel reads ',' (with --separator ';').",
    )(command)
    return click.option(
        "--separator",
        type=click.Choice([",", ";", "tab"]),
        default=",",
        show_default=True,
        help="Sign between columns in CSV files.",
    )(command)


def csv_form(separator: str, decimal: str) -> CsvForm:
    """Return how CSV files are written, from the options.

    Raises
    ------
    UsageError
        When both signs are the same.
    """
    from phusong.exports import CsvForm

    if separator == decimal:
        raise click.UsageError(tr("--separator and --decimal must differ"))
    return CsvForm("\t" if separator == "tab" else separator, decimal)


def money_options(command: F) -> F:
    """Add what may be spent on a plan, and on whom first."""
    for option in (
        click.option(
            "--worst-first", is_flag=True, help="With a budget: the darkest communes first."
        ),
        click.option(
            "--year",
            "years",
            type=click.FloatRange(min=0),
            multiple=True,
            help="The budget of one year; once for each year, in order.",
        ),
        click.option(
            "--budget",
            type=click.FloatRange(min=0),
            help="What may be spent, in the study's currency: serve most people for it.",
        ),
    ):
        command = option(command)
    return command


def refuse_money(budget: float | None, years: tuple[float, ...], *, worst_first: bool) -> None:
    """Refuse what does not go together of the options of money.

    Raises
    ------
    UsageError
        When a budget stands beside years, or the worst communes come first without either.
    """
    if budget is not None and years:
        raise click.UsageError(tr("--budget and --year do not go together"))
    if worst_first and budget is None and not years:
        raise click.UsageError(tr("--worst-first goes with --budget or --year"))


def measurement_options(command: F) -> F:
    """Add how a file of measurements is read where it does not say so itself."""
    for option in (
        click.option("--encoding", help="Text encoding of the file, where it is not found."),
        click.option("--crs", help="CRS of the coordinates, when they are not WGS 84 degrees."),
        click.option(
            "--column",
            "columns",
            multiple=True,
            metavar="NAME=HEADER",
            help="Header of one of our columns where it is not recognised, e.g. level_dbm=Muc_thu.",
        ),
    ):
        command = option(command)
    return command


def column_headers(columns: tuple[str, ...]) -> dict[str, str]:
    """Return headers by our names for them, from NAME=HEADER.

    Raises
    ------
    BadParameter
        When one is not of that form.
    """
    out = {}
    for text in columns:
        ours, sign, header = text.partition("=")
        if not sign or not header:
            raise click.BadParameter(tr("write NAME=HEADER"), param_hint="--column")
        out[ours.strip()] = header.strip()
    return out


def refuse_to_replace(out: Path, *, overwrite: bool) -> None:
    """Refuse a file that exists, unless it is a file and may be replaced.

    Raises
    ------
    OutputError
        When there is something that may not be replaced.
    """
    if out.exists() and not (overwrite and out.is_file()):
        raise OutputError(
            "there is something here already",
            Where(file=str(out)),
            "add --overwrite, or name another file",
        )
