"""The command line: puts the commands together, and turns errors into messages."""

from __future__ import annotations

import importlib
import logging
import signal
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Final

import click

import phusong
from phusong.commands.terminal.options import CONTEXT, STOPPED, settings, shared_options
from phusong.commands.terminal.speech import Context, Refused, choose_language, short_help
from phusong.commands.terminal.stop import stoppable
from phusong.disc.archive import mend_clock
from phusong.disc.refused import told
from phusong.disc.swap import MOVED_IN
from phusong.errors import PhusongError
from phusong.i18n import get_language, tr

COMMANDS: Final = {
    "demo": "phusong.commands.demo:demo",
    "new": "phusong.commands.new:new",
    "fetch": "phusong.commands.fetch:fetch",
    "osm": "phusong.commands.osm:osm",
    "match": "phusong.commands.match:match",
    "check": "phusong.commands.check:check",
    "fix": "phusong.commands.fix:fix",
    "run": "phusong.commands.run:run",
    "coverage": "phusong.commands.coverage:coverage",
    "fiber": "phusong.commands.fiber:fiber",
    "extend": "phusong.commands.extend:extend",
    "sites": "phusong.commands.sites:sites",
    "plan": "phusong.commands.plan:plan",
    "cascade": "phusong.commands.cascade:cascade",
    "indicators": "phusong.commands.indicators:indicators",
    "map": "phusong.commands.map:map_command",
    "report": "phusong.commands.report:report",
    "compare": "phusong.commands.compare:compare",
    "regroup": "phusong.commands.regroup:regroup",
    "publish": "phusong.commands.publish:publish",
    "models": "phusong.commands.models:models",
    "link": "phusong.commands.link:link",
    "calibrate": "phusong.commands.calibrate:calibrate",
    "audit": "phusong.commands.audit:audit",
    "store": "phusong.commands.store:store",
    "sweep": "phusong.commands.sweep:sweep",
    "studio": "phusong.commands.studio:studio",
}
"""Where each command stands: ``module:name``."""


class OnDemand(MutableMapping[str, click.Command]):
    """Commands by name; the module of one is imported when the command is looked up."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = dict(places)
        self._found: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._found:
            module, _, variable = self._places[name].partition(":")
            self[name] = getattr(importlib.import_module(module), variable)
        return self._found[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        command.context_class = Context
        self._places.setdefault(name, "")
        self._found[name] = command

    def __delitem__(self, name: str) -> None:
        del self._places[name]
        self._found.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


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
        moved = len(MOVED_IN)
        try:
            with stoppable():
                return super().invoke(ctx)
        except KeyboardInterrupt as stopped:
            if len(MOVED_IN) > moved:
                text = tr("Stopped, when the results were in place: they are whole.")
            else:
                text = tr("Stopped: earlier results are as they were, nothing of this run is kept.")
            _complain(ctx.ensure_object(dict).get(STOPPED, text))
            ctx.exit(getattr(stopped, "exit_code", 128 + signal.SIGINT))
        except PhusongError as error:
            if ctx.ensure_object(dict).get("debug"):
                raise
            _complain(f"{tr('Error')}: {error}")
            ctx.exit(error.exit_code)
        except click.UsageError as error:
            raise _in_language(error) from None
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            known = told(error) if isinstance(error, OSError) else None
            if known is not None and not ctx.ensure_object(dict).get("debug"):
                _complain(f"{tr('Error')}: {known}")
                ctx.exit(known.exit_code)
            if ctx.ensure_object(dict).get("debug"):
                raise
            logging.getLogger("phusong").debug("internal error", exc_info=True)
            text = tr(
                "Internal error ({kind}: {reason}). This is a defect of phusong: please report it "
                "with the output of the same command with --debug.",
                kind=type(error).__name__,
                reason=error,
            )
            _complain(text)
            ctx.exit(1)


def _complain(text: str) -> None:
    from phusong.commands.terminal.console import make_console  # noqa: PLC0415 - rich takes time

    make_console(stderr=True).print(text, style="red", markup=False)


def _in_language(error: click.UsageError) -> click.UsageError:
    """Return the error as it is to be shown: help for want of a command stays as it is."""
    if get_language() != "vi" or type(error).__name__ == "NoArgsIsHelpError":
        return error
    return Refused(error)


@click.group(cls=Commands, commands=OnDemand(COMMANDS), context_settings=CONTEXT)
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
    logging.addLevelName(logging.WARNING, tr("warning"))
    level = logging.WARNING - 10 * min(2, settings().get("verbose", 0))
    logging.getLogger("phusong").setLevel(level)
    if mend_clock():
        logging.getLogger("phusong").warning(
            tr("SOURCE_DATE_EPOCH is left out: it is no whole number of seconds from 1970 to 2107")
        )
    # GDAL's remarks are for programmers: what fails is raised, or found when files are read back.
    said = logging.CRITICAL if level == logging.WARNING else max(level, logging.INFO) + 10
    for library in ("rasterio", "pyogrio"):
        logging.getLogger(library).setLevel(said)


if __name__ == "__main__":
    sys.exit(main())
