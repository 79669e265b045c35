"""The command line: parse, call one function, print."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from rich.console import Console

import phusong
from phusong.console import (
    LineProgress,
    TerminalProgress,
    make_console,
    print_findings,
    print_indicators,
    print_rules,
    print_sensitivity,
)
from phusong.errors import OutputError, PhusongError, Where
from phusong.i18n import get_language, set_language, tr
from phusong.progress import NoProgress, Progress
from phusong.studyfile import DATA_FOLDERS, FILE_NAME, new_study, read_study

F = TypeVar("F", bound=Callable[..., Any])
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _set_language(_: click.Context, __: click.Parameter, value: str | None) -> None:
    if value is not None:
        set_language("vi" if value == "vi" else "en")


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """Return a callback that keeps an option for every command below, wherever it was given."""

    def keep(context: click.Context, _: click.Parameter, value: Any) -> None:
        settings = context.ensure_object(dict)
        settings[name] = max(value, settings.get(name, 0))

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
            "-v", "--verbose", count=True, expose_value=False, callback=_keep("verbose"),
            help="Say more.",
        ),
        click.option(
            "-q", "--quiet", count=True, expose_value=False, callback=_keep("quiet"),
            help="Say only what goes wrong.",
        ),
        click.option(
            "--debug", count=True, expose_value=False, callback=_keep("debug"),
            help="Show a traceback when something goes wrong.",
        ),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def _settings() -> dict[str, int]:
    return cast("dict[str, int]", click.get_current_context().ensure_object(dict))


def _console() -> Console:
    console = make_console()
    console.quiet = bool(_settings().get("quiet"))
    return console


@contextmanager
def _progress() -> Iterator[Progress]:
    """Give bars on a terminal, plain lines elsewhere, nothing when quiet; all on stderr."""
    from phusong.jit import on_first_compile  # noqa: PLC0415 - numba takes a second to load

    if _settings().get("quiet"):
        yield NoProgress()
        return
    console = make_console(stderr=True)
    with (TerminalProgress if console.is_terminal else LineProgress)(console) as progress:
        on_first_compile(
            lambda: progress.message(
                tr("First run: compiling the kernels for this machine, up to a minute …")
            )
        )
        yield progress


study_argument = click.argument("study", type=click.Path(path_type=Path))
overwrite_option = click.option(
    "--overwrite", is_flag=True, help="Replace an earlier run in the output folder."
)


def out_option(default: str | None, text: str) -> Callable[[F], F]:
    """Return the --out option with a command's own default."""
    return click.option(
        "--out", type=click.Path(path_type=Path), default=default, show_default=True, help=text
    )


def csv_options(command: F) -> F:
    """Add how numbers and columns are set apart in CSV files."""
    command = click.option(
        "--decimal", type=click.Choice([".", ","]), default=".", show_default=True,
        help="Decimal sign in CSV files; Vietnamese Excel reads ',' (with --separator ';').",
    )(command)  # fmt: skip
    return click.option(
        "--separator", type=click.Choice([",", ";", "tab"]), default=",", show_default=True,
        help="Sign between columns in CSV files.",
    )(command)  # fmt: skip


class Commands(click.Group):
    """Turns every error a person can meet into a message and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a traceback only with --debug."""
        try:
            return super().invoke(ctx)
        except PhusongError as error:
            if ctx.ensure_object(dict).get("debug"):
                raise
            make_console(stderr=True).print(f"{tr('Error')}: {error}", style="red", markup=False)
            ctx.exit(error.exit_code)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if ctx.ensure_object(dict).get("debug"):
                raise
            logging.getLogger("phusong").debug("internal error", exc_info=True)
            text = tr(
                "Internal error ({kind}: {reason}). This is a defect of phusong: please report it "
                "with the output of the same command with --debug.",
                kind=type(error).__name__,
                reason=error,
            )
            make_console(stderr=True).print(text, style="red", markup=False)
            ctx.exit(1)


@click.group(cls=Commands, context_settings=CONTEXT)
@click.version_option(phusong.__version__, prog_name="phusong")
@shared_options
def main() -> None:
    """Mobile coverage by village and fibre reach by commune, from planners' own files.

    \b
    Start with the embedded synthetic province:
      phusong demo
    Then with your own files:
      phusong new my-province
      phusong check my-province
      phusong run my-province --out my-province/out
    """  # noqa: D301 - \b keeps click from wrapping
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    level = logging.WARNING - 10 * min(2, _settings().get("verbose", 0))
    logging.getLogger("phusong").setLevel(level)


def _form(separator: str, decimal: str) -> Any:
    from phusong.exports import CsvForm  # noqa: PLC0415 - keeps --help quick

    if separator == decimal:
        raise click.UsageError(tr("--separator and --decimal must differ"))
    return CsvForm("\t" if separator == "tab" else separator, decimal)


def _run(study_path: Path, out: Path, *, overwrite: bool, form: Any, **parts: bool) -> None:
    """Run a study and print what it found."""
    from phusong.exports import refuse_to_overwrite  # noqa: PLC0415 - keeps --help quick
    from phusong.run import run_study  # noqa: PLC0415 - keeps --help quick

    study = read_study(study_path)
    refuse_to_overwrite(out, overwrite=overwrite)
    with _progress() as progress:
        results = run_study(study, out, overwrite=overwrite, form=form, progress=progress, **parts)
    console = _console()
    console.print(study.study.name, style="bold", markup=False)
    for assumption in study.study.assumptions:
        console.print(f"{tr('Assumption')}: {assumption}", style="yellow", markup=False)
    print_indicators(console, results.indicators)
    print_sensitivity(console, results.indicators.sensitivity)
    console.print()
    console.print(
        tr("Findings in the files: {count}, see {file}", count=len(results.findings),
           file=out / "checks.csv"),
        markup=False,
    )  # fmt: skip
    console.print(tr("Tables: {folder}", folder=out), markup=False, soft_wrap=True)
    console.print(
        tr("Map: {file}", file=(out / "map.html").resolve()), markup=False, soft_wrap=True
    )


@main.command(context_settings=CONTEXT)
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
    """  # noqa: D301 - \b keeps click from wrapping
    from phusong.exports import refuse_to_overwrite  # noqa: PLC0415 - keeps --help quick

    out = folder / "out"
    if folder.is_dir() and any(folder.iterdir()) and not (folder / FILE_NAME).is_file():
        raise OutputError(
            "the folder holds files that are not a study",
            Where(file=str(folder)),
            "name a new or empty folder",
        )
    refuse_to_overwrite(out, overwrite=overwrite)
    _copy_sample(folder)
    _run(folder, out, overwrite=overwrite, form=_form(separator, decimal))


def _copy_sample(folder: Path) -> None:
    with as_file(files("phusong.data")) as sample:
        for name in DATA_FOLDERS:
            shutil.copytree(sample / name, folder / "data" / name, dirs_exist_ok=True)
        shutil.copyfile(sample / FILE_NAME, folder / FILE_NAME)


@main.command(context_settings=CONTEXT)
@click.argument("folder", type=click.Path(path_type=Path))
@shared_options
def new(folder: Path) -> None:
    """Write a commented study.toml and the data folders into FOLDER.

    \b
    Example:
      phusong new my-province
    """  # noqa: D301 - \b keeps click from wrapping
    file = new_study(folder)
    _console().print(
        tr("Wrote {file}. Put your files under {data}, name them in the study, then run "
           "`phusong check {folder}`.", file=file, data=folder / "data", folder=folder),
        markup=False,
    )  # fmt: skip


@main.command(context_settings=CONTEXT)
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
    """  # noqa: D301 - \b keeps click from wrapping
    console = _console()
    if list_rules:
        print_rules(console)
        return
    if study is None:
        raise click.UsageError(tr("name a study folder, or give --rules"))
    from phusong.checks import Severity  # noqa: PLC0415 - keeps --help quick
    from phusong.exports import write_checks  # noqa: PLC0415 - keeps --help quick
    from phusong.run import check_study  # noqa: PLC0415 - keeps --help quick

    opened = read_study(study)
    target = out or opened.folder / "checks.csv"
    if target.is_dir():
        target = target / "checks.csv"
    with _progress() as progress:
        findings, inputs = check_study(opened, progress)
    write_checks(findings, inputs, target, _form(separator, decimal))
    print_findings(console, findings)
    console.print(tr("All findings: {file}", file=target), markup=False)
    if findings.count(Severity.ERROR):
        click.get_current_context().exit(1)


@main.command(context_settings=CONTEXT)
@study_argument
@out_option("out", "Folder for the results.")
@overwrite_option
@csv_options
@shared_options
def run(study: Path, out: Path, overwrite: bool, separator: str, decimal: str) -> None:
    """Answer every question of a STUDY: coverage, fibre, indicators, tables, map.

    \b
    Example:
      phusong run my-province --out my-province/out
      phusong run my-province --out out --overwrite --lang vi --separator ';' --decimal ','
    """  # noqa: D301 - \b keeps click from wrapping
    _run(study, out, overwrite=overwrite, form=_form(separator, decimal))


@main.command(context_settings=CONTEXT)
@study_argument
@out_option("out", "Folder for the results.")
@overwrite_option
@csv_options
@shared_options
def coverage(study: Path, out: Path, overwrite: bool, separator: str, decimal: str) -> None:
    """Only mobile coverage of a STUDY: signal rasters, villages, carriers, map.

    \b
    Example:
      phusong coverage my-province --out coverage-out
    """  # noqa: D301 - \b keeps click from wrapping
    _run(study, out, overwrite=overwrite, form=_form(separator, decimal), fibre=False)


@main.command(context_settings=CONTEXT)
@study_argument
@out_option("out", "Folder for the results.")
@overwrite_option
@csv_options
@shared_options
def fiber(study: Path, out: Path, overwrite: bool, separator: str, decimal: str) -> None:
    """Only the fibre of a STUDY: network, reach of commune centres, single points of failure.

    \b
    Example:
      phusong fiber my-province --out fibre-out
    """  # noqa: D301 - \b keeps click from wrapping
    _run(study, out, overwrite=overwrite, form=_form(separator, decimal), radio=False)


@main.command("map", context_settings=CONTEXT)
@study_argument
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="map.html",
    show_default=True,
    help="The page to write.",
)
@click.option("--overwrite", is_flag=True, help="Replace the page if it exists.")
@shared_options
def map_command(study: Path, out: Path, overwrite: bool) -> None:
    """Write only the map of a STUDY; path losses that were computed before are used again.

    \b
    Example:
      phusong map my-province --out map.html --lang vi
    """  # noqa: D301 - \b keeps click from wrapping
    from phusong.run import compute, scratch_rasters, write_map  # noqa: PLC0415 - keeps --help quick

    opened = read_study(study)
    if out.exists() and not (overwrite and out.is_file()):
        raise OutputError(
            "there is something here already",
            Where(file=str(out)),
            "add --overwrite, or name another file",
        )
    with _progress() as progress, scratch_rasters() as rasters:
        results = compute(opened, rasters, progress=progress)
        write_map(results, out, get_language())
    _console().print(tr("Map: {file}", file=out.resolve()), markup=False, soft_wrap=True)


@main.command(context_settings=CONTEXT)
@study_argument
@shared_options
def indicators(study: Path) -> None:
    """Print the reportable figures of a STUDY with their definitions; writes no results.

    Path losses that were computed before are used again, so that a changed definition is
    answered in seconds.

    \b
    Example:
      phusong indicators my-province --lang vi
    """  # noqa: D301 - \b keeps click from wrapping
    from phusong.run import compute, scratch_rasters  # noqa: PLC0415 - keeps --help quick

    opened = read_study(study)
    with _progress() as progress, scratch_rasters() as rasters:
        results = compute(opened, rasters, progress=progress)
    console = _console()
    print_indicators(console, results.indicators)
    print_sensitivity(console, results.indicators.sensitivity)


if __name__ == "__main__":
    sys.exit(main())
