"""`phusong studio`: a study to draw on, in the browser."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import CONTEXT, shared_options, study_argument
from phusong.i18n import get_language, tr


@click.command(context_settings=CONTEXT)
@study_argument
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port on this machine; 0: any that is free.",
)
@click.option("--no-browser", is_flag=True, help="Print the address, open no browser.")
@shared_options
def studio(study: Path, port: int, no_browser: bool) -> None:
    """Open a STUDY to draw on: masts, cables and cuts, and who gains signal, at once.

    The page is served to this machine alone, under an address that nobody can guess. What is
    drawn lies in the study's folder `scenarios`.

    \b
    Example:
      phusong studio my-province --lang vi
    """
    import webbrowser
    from contextlib import ExitStack

    from phusong.commands.terminal.console import open_console, show_progress
    from phusong.errors import OutputError
    from phusong.studio.opening import open_studio
    from phusong.study.file import read_study

    opened = read_study(study)
    console = open_console()
    with ExitStack() as stack:
        try:
            with show_progress() as progress:
                server = stack.enter_context(
                    open_studio(opened, port=port, language=get_language(), progress=progress)
                )
        except OSError as problem:
            raise OutputError(
                "the studio cannot listen on port {port}: {reason}",
                mend="choose another with --port, or let it choose one",
                params={"port": port, "reason": problem.strerror or str(problem)},
            ) from problem
        console.print(tr("Studio: {address}", address=server.address), markup=False, soft_wrap=True)
        console.print(tr("Stop it with Ctrl-C."), markup=False)
        if not no_browser:
            webbrowser.open(server.address)
        server.run()
