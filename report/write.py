"""A finished run to report.pdf and report.html."""

from __future__ import annotations

from pathlib import Path

from phusong.report.content import report_blocks
from phusong.report.pdf import render_pdf
from phusong.report.webpage import render_page
from phusong.results.finished import FinishedRun
from phusong.results.measured import MeasuredLevels


def write_report(
    run: FinishedRun, folder: Path, measured: MeasuredLevels | None = None
) -> tuple[Path, Path]:
    """Write both forms into ``folder`` in the current language; return their paths.

    Each is written beside its place and moved in, so that an earlier report stays whole.
    """
    blocks = report_blocks(run, measured)
    title = run.study.study.name
    targets = (folder / "report.pdf", folder / "report.html")
    for render, target in zip((render_pdf, render_page), targets, strict=True):
        partial = target.with_name(f".{target.name}.partial")
        try:
            render(blocks, partial, title)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    return targets
