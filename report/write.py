"""A finished run to report.pdf and report.html."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from phusong.disc.durable import sync
from phusong.disc.refused import refused
from phusong.report.content import report_blocks
from phusong.report.pdf import render_pdf
from phusong.report.webpage import render_page
from phusong.results.finished import FinishedRun
from phusong.results.measured import MeasuredLevels
from phusong.results.missing import Attempts
from phusong.results.planfolders import PlanFolder


def write_report(
    run: FinishedRun,
    folder: Path,
    measured: MeasuredLevels | None,
    attempt: Attempts,
    *,
    sites: PlanFolder | None = None,
    cascade: PlanFolder | None = None,
) -> list[Path]:
    """Write both forms into ``folder`` in the current language; return the paths of those written.

    Each is written beside its place and moved in, so that an earlier report stays whole.

    Parameters
    ----------
    measured, sites, cascade
        What further pages are on.
    attempt
        Takes a picture, or one of the forms, that fails: the other form, and the words, stand.
    """
    blocks = report_blocks(run, measured, attempt, sites=sites, cascade=cascade)
    title = run.study.title
    targets = (folder / "report.pdf", folder / "report.html")
    written = []
    for render, target in zip((render_pdf, render_page), targets, strict=True):
        partial = target.with_name(f".{target.name}.partial")
        with attempt(target.name), refused(target):
            try:
                render(blocks, partial, title)
                sync(partial)
                partial.replace(target)
            finally:
                with suppress(OSError):
                    partial.unlink(missing_ok=True)
            written.append(target)
    return written
