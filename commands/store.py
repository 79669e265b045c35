"""`phusong store`: the path losses a study keeps between runs."""

from __future__ import annotations

import time
from pathlib import Path

import click

from phusong.commands.terminal.options import CONTEXT, shared_options, study_argument
from phusong.i18n import tr


@click.command(context_settings=CONTEXT)
@study_argument
@click.option(
    "--prune", is_flag=True, help="Remove entries: all, or those --older-than or over --max-mib."
)
@click.option("--older-than", type=click.FloatRange(min=0), help="Days since an entry was used.")
@click.option("--max-mib", type=click.FloatRange(min=0), help="Keep at most so much, newest first.")
@shared_options
def store(study: Path, prune: bool, older_than: float | None, max_mib: float | None) -> None:
    """Show the path losses a STUDY keeps between runs, and prune them.

    A run takes from here what has not changed: a new threshold, tilt or EIRP computes no
    propagation again. Removing entries is safe; the next run computes them anew.

    \b
    Example:
      phusong store my-province
      phusong store my-province --prune --older-than 90
    """
    from phusong.commands.terminal.console import open_console
    from phusong.coverage.signal.store import PathLossStore
    from phusong.study.file import read_study

    if not prune and (older_than is not None or max_mib is not None):
        raise click.UsageError(tr("--older-than and --max-mib go with --prune"))
    asked = read_study(study)
    work_folder = asked.work_folder
    kept = PathLossStore.of(asked)
    console = open_console()
    if prune:
        limit = None if max_mib is None else int(max_mib * 2**20)
        count, freed = kept.prune(older_than_days=older_than, max_bytes=limit)
        console.print(tr("Removed {count} entries, {mib:.1f} MiB", count=count, mib=freed / 2**20))
        if max_mib is None:
            count, freed = _prune_prepared(work_folder / "prepared", older_than or 0)
            text = "Removed {count} prepared rasters, {mib:.1f} MiB"
            console.print(tr(text, count=count, mib=freed / 2**20))
    found = kept.summary()
    console.print(
        tr(
            "{entries} entries of {sites} sites, {mib:.1f} MiB, {broken} broken, in {folder}",
            entries=found["entries"],
            sites=found["sites"],
            mib=found["bytes"] / 2**20,
            broken=found["broken"],
            folder=found["folder"],
        ),
        markup=False,
        soft_wrap=True,
    )


def _prune_prepared(folder: Path, older_than_days: float) -> tuple[int, int]:
    """Remove rasters prepared that long ago; return how many, and the bytes freed."""
    from phusong.disc.workplace import sweep
    from phusong.sources.rasters.prepared import MAKING

    count = freed = 0
    sweep(folder, MAKING)
    for path in sorted(p for p in folder.glob("*") if p.is_file()):
        known = path.stat()
        if time.time() - known.st_mtime >= older_than_days * 86_400:
            path.unlink()
            count += path.suffix == ".tif"
            freed += known.st_size
    return count, freed
