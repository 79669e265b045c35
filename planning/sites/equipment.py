"""What candidate masts would carry, as sites and cells that every other room understands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from phusong.planning.sites.places import EXISTING, Places
from phusong.sources.alterations.raised import cells_of, cells_with, metres_of, sites_with
from phusong.sources.inputs import Inputs
from phusong.study.scenario import Band, Mast, rounded_degrees
from phusong.study.settings.planning import NewSite


def site_names(places: Places, inputs: Inputs, *, apart: bool = False) -> list[str]:
    """Return the site of each place: its own where a mast stands, else a new, unused name.

    Parameters
    ----------
    apart
        Whether what is put on a mast that stands is a site of its own, with a name of its own.
    """
    taken = set(inputs.sites["site_id"].astype(str))
    out = []
    for name, kind in zip(places.place_id.tolist(), places.kind.tolist(), strict=True):
        stays = kind == EXISTING and not apart
        site = str(name) if stays else f"NEW-{name}"
        while not stays and site in taken:
            site += "'"
        out.append(site)
    return out


def with_sites(
    inputs: Inputs, places: Places, new: NewSite, *, alone: bool = False, apart: bool = False
) -> Inputs:
    """Return inputs in which every place bears what a new site carries.

    A place that is a mast already gets cells beside its own, at the height of its highest cell.

    Parameters
    ----------
    inputs
        As read.
    places
        Where to build.
    new
        What to build.
    alone
        Whether the cells that are in service are left out, to look at the new ones by
        themselves.
    apart
        Whether cells put on a mast that stands are a site of their own, that may fall silent
        without it.
    """
    masts = masts_of(places, inputs, new, apart=apart)
    fresh = [mast for mast in masts if mast.longitude is not None]
    # From degrees, as a scenario has them: a mast that is built later has the same path losses.
    x_m, y_m = metres_of(inputs, [m.longitude for m in fresh], [m.latitude for m in fresh])
    return replace(
        inputs,
        sites=sites_with(inputs, [m.site_id for m in fresh], x_m, y_m),
        cells=cells_of(inputs, masts) if alone else cells_with(inputs, masts),
    )


def masts_of(places: Places, inputs: Inputs, new: NewSite, *, apart: bool = False) -> list[Mast]:
    """Return what each place would bear, as a scenario says it; coordinates for new masts only."""
    fresh = np.full(len(places), True) if apart else places.kind != EXISTING
    at = degrees_of(inputs, np.column_stack([places.x_m, places.y_m]))
    heights_m = heights_of(places, inputs, new)
    return [
        mast_of(new, name, height_m, at[i] if fresh[i] else None)
        for i, (name, height_m) in enumerate(
            zip(site_names(places, inputs, apart=apart), heights_m.tolist(), strict=True)
        )
    ]


def mast_of(
    new: NewSite,
    site_id: str,
    height_m: float,
    at: tuple[float, float] | None,
    *,
    serves: bool = True,
) -> Mast:
    """Return a mast that bears what a new site carries; ``at`` its degrees, None where it stands.

    One that does not serve has no cells: it passes on what others hang on.
    """
    band = Band(
        technology=new.technology,
        freq_mhz=new.freq_mhz,
        bandwidth_mhz=new.bandwidth_mhz,
        eirp_dbm=new.eirp_dbm,
    )
    return Mast(
        site_id=site_id,
        longitude=None if at is None else at[0],
        latitude=None if at is None else at[1],
        operator=new.operator,
        height_m=height_m,
        azimuths_deg=new.azimuths_deg,
        tilt_deg=new.tilt_deg,
        bands=[band] if serves else [],
    )


def degrees_of(inputs: Inputs, xy_m: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Return (longitude, latitude) of (points, 2) places, as scenarios hold them."""
    to_degrees = Transformer.from_crs(inputs.crs, "EPSG:4326", always_xy=True)
    longitude, latitude = to_degrees.transform(xy_m[:, 0], xy_m[:, 1])
    return [
        (rounded_degrees(x), rounded_degrees(y)) for x, y in zip(longitude, latitude, strict=True)
    ]


def heights_of(places: Places, inputs: Inputs, new: NewSite) -> NDArray[np.float64]:
    """Return the (places,) height above ground of what a place would bear."""
    stands = inputs.cells.groupby("site_id")["height_m"].max()
    return np.array(
        [
            float(stands.get(name, new.height_m)) if kind == EXISTING else new.height_m
            for name, kind in zip(places.place_id.tolist(), places.kind.tolist(), strict=True)
        ],
        dtype=np.float64,
    )
