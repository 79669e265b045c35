"""`phusong models`: the propagation models and their ranges."""

from __future__ import annotations

import click

from phusong.commands.terminal.options import CONTEXT, shared_options
from phusong.i18n import tr


@click.command(context_settings=CONTEXT)
@shared_options
def models() -> None:
    """List the propagation models: range, source, what they need and cost.

    \b
    Example:
      phusong models --lang vi
    """
    from phusong.commands.terminal.console import open_console
    from phusong.commands.terminal.tables import plain_table
    from phusong.coverage.propagation.registry import models_table
    from phusong.frames import rows

    table = plain_table(
        "Name",
        "Model",
        "Source",
        "MHz",
        "km",
        "Mast, m",
        "Receiver, m",
        "Needs",
        "µs per pixel",
        "Note",
        fold=True,
    )
    for row in rows(models_table()):
        cost = f"{row.cost_us:g}" if row.raster else tr("paths only")
        table.add_row(
            row.name,
            row.title,
            row.source,
            row.freq_mhz,
            row.distance_km,
            row.tx_height_m,
            row.rx_height_m,
            row.needs,
            cost,
            row.note,
        )
    open_console().print(table)
