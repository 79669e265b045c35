"""`phusong link`: the loss of one path, drawn, or of a whole file of paths."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from phusong.commands.terminal.options import CONTEXT, shared_options
from phusong.errors import InputError, OutputError, Where
from phusong.i18n import tr

if TYPE_CHECKING:
    from phusong.checks import Findings
    from phusong.coverage.propagation.linkpath import LinkPath
    from phusong.study import Study

path_type = click.Path(path_type=Path)
_LONLAT = re.compile(r"^\s*(-?\d+(?:\.\d+)?)\s*[,; ]\s*(-?\d+(?:\.\d+)?)\s*$")


@click.command(
    context_settings={**CONTEXT, "ignore_unknown_options": True}  # -70.5,19.1 is a place
)
@click.argument("a", required=False)
@click.argument("b", required=False)
@click.option("--study", type=path_type, help="Study whose DEM, clutter and sites are used.")
@click.option("--dem", type=path_type, multiple=True, help="DEM file, in place of a study's.")
@click.option(
    "--freq-mhz", type=float, default=1800.0, show_default=True, help="Frequency of the signal."
)
@click.option("--tx-height-m", type=float, default=30.0, show_default=True, help="Antenna at A.")
@click.option("--rx-height-m", type=float, default=1.5, show_default=True, help="Antenna at B.")
@click.option(
    "--step-m",
    type=click.FloatRange(min=1),
    default=30.0,
    show_default=True,
    help="Spacing of the profile's points along the path.",
)
@click.option(
    "--profiles", type=path_type, help="File of paths, one JSON object a line; may be gzipped."
)
@click.option("--model", default="all", show_default=True, help="See `phusong models`.")
@click.option("--out", type=path_type, help="Picture (.svg or .png); with --profiles the CSV file.")
@shared_options
def link(
    a: str | None,
    b: str | None,
    study: Path | None,
    dem: tuple[Path, ...],
    freq_mhz: float,
    tx_height_m: float,
    rx_height_m: float,
    step_m: float,
    profiles: Path | None,
    model: str,
    out: Path | None,
) -> None:
    """Show the path from A to B: profile, Fresnel zone, what obstructs it, loss by model.

    A and B are longitude,latitude in degrees, or site names of the study. With --profiles the
    losses of a whole file of paths are written as CSV, one row a line, in order.

    \b
    Example:
      phusong link 105.36,23.28 105.41,23.25 --study my-province --freq-mhz 1800
      phusong link SN043 105.41,23.25 --study my-province --out link.svg
      phusong link --profiles paths.jsonl.gz --model p1812 --out losses.csv
    """
    if profiles is not None:
        if a is not None or out is None:
            raise click.UsageError(tr("--profiles goes with --out FILE.csv and without places"))
        _batch(profiles, model, out)
        return
    if a is None or b is None:
        raise click.UsageError(tr("give two places, A and B, or --profiles"))
    if (study is None) == (not dem):
        raise click.UsageError(tr("give --study or --dem, one of the two"))
    if out is not None and out.suffix.lower() not in {".svg", ".png"}:
        raise click.BadParameter(tr("a picture ends in .svg or .png"), param_hint="--out")
    from phusong.study.file import read_study

    opened = read_study(study) if study is not None else None
    ends = (_place(a, opened), _place(b, opened))
    notes: list[str] = []
    path = _path(ends, opened, dem, freq_mhz, (tx_height_m, rx_height_m), step_m, notes)
    _show(path, model, out, notes)


def _batch(profiles: Path, model: str, out: Path) -> None:
    from phusong.commands.terminal.console import open_console
    from phusong.commands.terminal.places import path_text
    from phusong.coverage.link.batch import link_file

    failed = link_file(profiles, model, out)
    console = open_console()
    console.print(tr("Losses: {file}", file=path_text(out)), markup=False, soft_wrap=True)
    if failed:
        console.print(
            tr("{count} line(s) could not be computed; the reason stands in each row", count=failed)
        )


def _place(text: str, study: Study | None) -> tuple[float, float]:
    """Return longitude and latitude of a place on the command line."""
    match = _LONLAT.match(text)
    if match:
        lon, lat = float(match[1]), float(match[2])
        if abs(lon) > 180 or abs(lat) > 90:
            raise InputError(
                "{text} is no longitude,latitude in degrees",
                mend="give the longitude first, as in 105.36,23.28",
                params={"text": text},
            )
        return lon, lat
    if study is None:
        raise InputError(
            "{text} is no longitude,latitude, and without --study there are no site names",
            mend="give the longitude first, as in 105.36,23.28",
            params={"text": text},
        )
    from phusong.checks import Findings
    from phusong.sources import read_inputs

    inputs = read_inputs(study, Findings(study.checks.severity))
    found = inputs.sites[inputs.sites["site_id"] == text]
    if found.empty:
        raise InputError(
            "there is no site {text} in the study",
            mend="give a site's id as in the towers file, or longitude,latitude",
            params={"text": text},
        )
    point = found.to_crs(4326).geometry.iloc[0]
    return float(point.x), float(point.y)


def _path(
    ends: tuple[tuple[float, float], tuple[float, float]],
    study: Study | None,
    dem: tuple[Path, ...],
    freq_mhz: float,
    heights_m: tuple[float, float],
    step_m: float,
    notes: list[str] | None = None,
) -> LinkPath:
    """Return the path over the DEM; what was done to the DEM's figures is added to the notes."""
    import numpy as np

    from phusong.checks import Findings
    from phusong.coverage.propagation.linkpath import LinkPath
    from phusong.coverage.signal.clutter import clutter_height_m, path_ends, stands_along
    from phusong.coverage.signal.seazones import radio_zones
    from phusong.sources.rasters.rasterfile import open_raster
    from phusong.sources.rasters.transect import read_profile, sample_nearest
    from phusong.study import Clutter, TerrainSource

    findings = Findings()
    terrain = study.terrain if study else TerrainSource(dem=list(dem))
    files = [study.resolve(p) if study else p for p in terrain.dem]
    tiles = [
        open_raster(p, Where(file=str(p)), terrain.crs, findings, "heights", terrain.unit)
        for p in files
    ]
    findings.stop_on_errors()
    profile = read_profile([tile for tile in tiles if tile], *ends, step_m, terrain)
    if profile.impossible:
        where = Where(file=", ".join(str(p) for p in files))
        findings.add("D07", where, detail="heights such as {values} m", values=profile.impossible)
    if notes is not None:
        notes += _ground_notes(profile.mended, profile.height_m.size, findings)
    clutter = np.zeros_like(profile.height_m)
    classes = None
    if study and study.terrain.landcover and study.radio.clutter.at != "none":
        file = study.resolve(study.terrain.landcover)
        cover = open_raster(file, Where(file=str(file)), None, findings, "classes")
        findings.stop_on_errors()
        if cover is not None:
            classes = sample_nearest(cover, profile.lon, profile.lat).astype(np.float32)
            if stands_along(study):
                clutter = clutter_height_m(classes, study.radio.clutter).astype(float)
    path = LinkPath(
        distance_m=profile.distance_m,
        height_m=profile.height_m,
        clutter_m=clutter,
        zone=np.full(profile.height_m.size, 4, np.uint8),
        tx_height_m=heights_m[0],
        rx_height_m=heights_m[1],
        freq_mhz=freq_mhz,
        polarisation=study.radio.polarisation if study else "v",
        latitude_deg=(ends[0][1] + ends[1][1]) / 2,
        ends=path_ends(
            study.radio.clutter if study else Clutter(),
            classes,
            over_top=study is not None and study.terrain.kind == "dsm",
        ),
    )
    if study is None:
        return path
    if study.terrain.sea_level_voids:
        # The study's rule for its grid, as far as one line shows it.
        spacing_m = path.length_m / (path.height_m.size - 1)
        zones = radio_zones(
            path.height_m[None].astype(np.float32), spacing_m, study.terrain.void_fill_max_m
        )
        path = path if zones is None else replace(path, zone=zones[0])
    radio = study.radio
    return replace(path, time_percent=radio.time_percent, delta_n=radio.delta_n, n0=radio.n0)


def _ground_notes(mended: int, points: int, findings: Findings) -> list[str]:
    """Return what was done to the DEM's own figures: unit, bands, voids."""
    lines = [f"{f.where}: {tr(f.rule.title)} ({f.text()})" for f in findings]
    if mended:
        lines.append(
            tr(
                "{count} of {total} points lie in voids of the DEM; their heights are taken from "
                "the rims, or are the sea's",
                count=mended,
                total=points,
            )
        )
    return lines


def _show(path: LinkPath, model: str, out: Path | None, notes: list[str]) -> None:
    from phusong.commands.terminal.console import open_console
    from phusong.commands.terminal.places import path_text
    from phusong.coverage.link.plot import figure_bytes, link_figure, link_text
    from phusong.coverage.link.view import link_view

    view = link_view(path, None if model == "all" else [model])
    console = open_console()
    for note in notes:
        console.print(note, markup=False, soft_wrap=True)
    console.print(link_text(view, min(100, console.width)), markup=False, highlight=False)
    if out is None:
        return
    kind: Literal["svg", "png"] = "svg" if out.suffix.lower() == ".svg" else "png"
    partial = out.with_name(f".{out.name}.partial")
    try:
        partial.write_bytes(figure_bytes(link_figure(view), kind))
        partial.replace(out)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputError(
            "the picture cannot be written: {reason}",
            Where(file=str(out)),
            "choose a place you may write to",
            {"reason": error.strerror or str(error)},
        ) from error
    console.print(tr("Picture: {file}", file=path_text(out)), markup=False, soft_wrap=True)
