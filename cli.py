"""The command line: puts the commands together, and turns errors into messages."""

from __future__ import annotations

import logging
import sys
from typing import Any

import click

import phusong
from phusong.commands import network, radio, results, runs, studies
from phusong.commands.calibrate import calibrate
from phusong.commands.link import link
from phusong.commands.terminal.console import make_console
from phusong.commands.terminal.options import CONTEXT, settings, shared_options
from phusong.commands.terminal.speech import Context, Refused, choose_language, short_help
from phusong.errors import PhusongError
from phusong.i18n import get_language, tr


class Commands(click.Group):
    """Turns every error a person can meet into a message and exit code 1."""

    context_class = Context

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Choose the language, then parse; what is wrong is said in it."""
        words = tuple(args)
        choose_language(words)
        try:
            context = super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            raise _in_language(error) from None
        choose_language(words)  # the environment, read above, gives way to what is typed behind
        return context

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, each with its first sentence."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, short_help(c)) for name, c in found if c is not None])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a traceback only with --debug."""
        try:
            return super().invoke(ctx)
        except PhusongError as error:
            if ctx.ensure_object(dict).get("debug"):
                raise
            make_console(stderr=True).print(f"{tr('Error')}: {error}", style="red", markup=False)
            ctx.exit(error.exit_code)
        except click.UsageError as error:
            raise _in_language(error) from None
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


def _in_language(error: click.UsageError) -> click.UsageError:
    """Return the error as it is to be shown: help for want of a command stays as it is."""
    if get_language() != "vi" or type(error).__name__ == "NoArgsIsHelpError":
        return error
    return Refused(error)


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
    level = logging.WARNING - 10 * min(2, settings().get("verbose", 0))
    logging.getLogger("phusong").setLevel(level)
    # GDAL's remarks on creation options are for programmers; its errors are raised anyway.
    logging.getLogger("rasterio").setLevel(max(level, logging.INFO) + 10)


for command in (
    studies.demo,
    studies.new,
    studies.check,
    runs.run,
    runs.coverage,
    network.fiber,
    network.extend,
    runs.indicators,
    runs.map_command,
    results.report,
    results.compare,
    results.regroup,
    results.publish,
    radio.models,
    link,
    calibrate,
    radio.store,
):
    command.context_class = Context
    main.add_command(command)

if __name__ == "__main__":
    sys.exit(main())
