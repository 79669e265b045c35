"""`phusong osm`: every layer a study can use, out of one OpenStreetMap file."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import CONTEXT, out_option, overwrite_option, shared_options
from phusong.errors import OutputError, Where
from phusong.i18n import tr


@click.command(context_settings=CONTEXT)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@out_option("osm.gpkg", "GeoPackage for the layers.")
@click.option(
    "--study",
    type=click.Path(path_type=Path),
    help="Only round the communes of this study, as far as a mast is heard.",
)
@click.option(
    "--bbox",
    metavar="WEST,SOUTH,EAST,NORTH",
    help="Only in this box, in degrees.",
)
@overwrite_option
@shared_options
def osm(file: Path, out: Path, study: Path | None, bbox: str | None, overwrite: bool) -> None:
    """Take roads, places, borders, water, power and telecoms from an OpenStreetMap FILE.

    FILE is .osm.pbf, .osm, or what Overpass answered as JSON. Layers: roads, places, admin,
    rivers, water, power_lines, substations, telecom_lines, masts.

    \b
    Example:
      phusong osm vietnam-latest.osm.pbf --study my-province --out my-province/data/osm/osm.gpkg
      phusong osm answer.json --bbox 104.9,21.9,105.4,22.3
    """
    from phusong.commands.terminal.console import open_console
    from phusong.commands.terminal.places import path_text
    from phusong.fetch.extent import with_margin
    from phusong.sources.osm.extract import write_osm_layers
    from phusong.study.file import read_study

    if out.exists() and not overwrite:
        raise OutputError(
            "the file exists already", Where(file=str(out)), "choose another, or add --overwrite"
        )
    bounds = None if bbox is None else _box(bbox)
    if study is not None:
        box = with_margin(read_study(study))
        bounds = box.west, box.south, box.east, box.north
    out.parent.mkdir(parents=True, exist_ok=True)
    console = open_console()
    for name, n in write_osm_layers(file, out, bounds).items():
        console.print(f"{name}: {n}", markup=False)
    console.print(tr("Layers: {file}", file=path_text(out)), markup=False)


def _box(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise click.UsageError(tr("--bbox is west,south,east,north in degrees")) from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise click.UsageError(tr("--bbox is west,south,east,north in degrees"))
    return west, south, east, north
