"""One path seen from the side: bulge of the earth, Fresnel zone, what stands in the way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phusong.coverage.propagation.ends import raise_path
from phusong.coverage.propagation.registry import MODELS
from phusong.errors import ModelError
from phusong.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from phusong.coverage.propagation.linkpath import LinkPath

C_M_S = 299_792_458.0
EARTH_KM = 6371.0
CLEAR_SHARE = 0.6
"""Share of the first Fresnel radius that planners keep clear."""


@dataclass(frozen=True)
class Obstruction:
    """A stretch of the path that reaches into the 60 % zone, at its worst point."""

    at_km: float
    from_km: float
    to_km: float
    above_ray_m: float
    """How far it stands above the straight ray; below it when negative."""
    into_zone_m: float
    """How far it reaches into the 60 % zone; this much higher masts would clear it there."""
    zone_radius_m: float
    """First Fresnel radius at that point."""
    by_clutter: bool
    """Whether the ground alone would leave the 60 % zone clear there."""

    @property
    def blocks(self) -> bool:
        """Whether it cuts the straight ray."""
        return self.above_ray_m > 0.0


@dataclass(frozen=True)
class ModelLoss:
    """Loss of the path under one model, or why it has none."""

    model: str
    title: str
    loss_db: float | None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class LinkView:
    """A path as it is drawn. Arrays have one value a profile point; heights are above sea level.

    Parameters
    ----------
    distance_km
        From the transmitter.
    ground_m, clutter_top_m
        Ground and top of clutter, each raised by the bulge of the effective earth; clutter is
        left out at the terminals.
    bulge_m
        That bulge.
    ray_m
        The straight ray between the antennas.
    zone_m
        Radius of the first Fresnel zone; 0 at the antennas.
    obstructions
        In order from the transmitter; empty where 60 % of the zone is clear.
    losses
        Loss under each model.
    clutter_db
        What of them is clutter round the antennas; 0 where none is added.
    """

    path: LinkPath
    earth_radius_km: float
    distance_km: NDArray[np.float64]
    ground_m: NDArray[np.float64]
    clutter_top_m: NDArray[np.float64]
    bulge_m: NDArray[np.float64]
    ray_m: NDArray[np.float64]
    zone_m: NDArray[np.float64]
    obstructions: tuple[Obstruction, ...]
    losses: tuple[ModelLoss, ...]
    clutter_db: float = 0.0

    @property
    def in_sight(self) -> bool:
        """Whether nothing cuts the straight ray."""
        return not any(one.blocks for one in self.obstructions)


def link_view(path: LinkPath, models: Iterable[str] | None = None) -> LinkView:
    """Return a path as it is drawn, with its losses.

    Parameters
    ----------
    path
        The profile and its terminals.
    models
        Names of the models to compute; None for all.

    Raises
    ------
    ModelError
        For an unknown model, or a refractivity lapse rate of 157 N-units/km and more, at which
        the effective earth is flat or hollow; for a frequency that is not above 0 or an antenna
        below its ground, which no picture shows.
    """
    _refuse_undrawable(path)
    if not 0.0 <= path.delta_n < 157.0:
        raise ModelError(
            "delta_n is {value}; the effective earth radius needs 0 to 157 N-units/km",
            params={"value": path.delta_n},
        )
    radius_km = EARTH_KM * 157.0 / (157.0 - path.delta_n)
    x, length = path.distance_m, path.length_m
    bulge = x * (length - x) / (2000.0 * radius_km)
    tx_m = path.height_m[0] + path.tx_height_m
    rx_m = path.height_m[-1] + path.rx_height_m
    ray = tx_m + (rx_m - tx_m) * x / length
    wavelength = C_M_S / (path.freq_mhz * 1e6)
    zone = np.sqrt(np.maximum(wavelength * x * (length - x) / length, 0.0))
    ground = path.height_m + bulge
    clutter = path.clutter_m.copy()
    clutter[[0, -1]] = 0.0
    top = ground + clutter
    return LinkView(
        path=path,
        earth_radius_km=radius_km,
        distance_km=x / 1000.0,
        ground_m=ground,
        clutter_top_m=top,
        bulge_m=bulge,
        ray_m=ray,
        zone_m=zone,
        obstructions=tuple(_obstructions(x, ground, top, ray, zone)),
        losses=tuple(_losses(path, models)),
        clutter_db=raise_path(path)[1],
    )


def _refuse_undrawable(path: LinkPath) -> None:
    if not 0.0 < path.freq_mhz < math.inf:
        raise ModelError(
            "frequency {value:g} MHz: a Fresnel zone needs one above 0",
            mend="Give the frequency in MHz, such as 1800.",
            params={"value": path.freq_mhz},
        )
    for value in (path.tx_height_m, path.rx_height_m):
        if not 0.0 <= value < math.inf:
            raise ModelError(
                "antenna height {value:g} m: an antenna stands on its ground or above",
                mend="Give heights in metres above ground.",
                params={"value": value},
            )


def _obstructions(
    x: NDArray[np.float64],
    ground: NDArray[np.float64],
    top: NDArray[np.float64],
    ray: NDArray[np.float64],
    zone: NDArray[np.float64],
) -> list[Obstruction]:
    """Stretches of points between the terminals that reach into the 60 % zone."""
    limit = ray - CLEAR_SHARE * zone
    inside = top > limit
    inside[[0, -1]] = False
    edges = np.flatnonzero(np.diff(np.concatenate(([False], inside, [False])).astype(np.int8)))
    found = []
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        stretch = slice(first, end)
        # The worst point is that of the largest Fresnel parameter, not of the largest height.
        worst = first + int(np.argmax((top[stretch] - ray[stretch]) / zone[stretch]))
        found.append(
            Obstruction(
                at_km=float(x[worst]) / 1000.0,
                from_km=float(x[first]) / 1000.0,
                to_km=float(x[end - 1]) / 1000.0,
                above_ray_m=float(top[worst] - ray[worst]),
                into_zone_m=float(top[worst] - limit[worst]),
                zone_radius_m=float(zone[worst]),
                by_clutter=bool(ground[worst] <= limit[worst]),
            )
        )
    return found


def _losses(path: LinkPath, models: Iterable[str] | None) -> list[ModelLoss]:
    rows = []
    for name in MODELS if models is None else models:
        if name not in MODELS:
            raise ModelError(
                "There is no propagation model called {name}.",
                mend="Choose one of: {known}.",
                params={"name": name, "known": ", ".join(MODELS)},
            )
        title = tr(MODELS[name].title)
        try:
            rows.append(ModelLoss(name, title, MODELS[name].path_loss(path).loss_db))
        except ModelError as error:
            reason = tr(error.what, **error.params)
            rows.append(ModelLoss(name, title, None, reason.removeprefix(f"{name}: ")))
    return rows


def clutter_text(view: LinkView) -> str:
    """Return what clutter round the antennas adds, in the current language; empty: nothing."""
    if not view.clutter_db:
        return ""
    return tr(
        "Of each loss {db:.1f} dB is clutter round the antennas (ITU-R P.2108-1); Hata and "
        "TR 38.901 hold it already",
        db=view.clutter_db,
    )


def obstruction_text(one: Obstruction) -> str:
    """Return one obstruction as a sentence in the current language."""
    template = (
        "{at:.2f} km: {what} {above:.1f} m above the ray, {into:.1f} m into the 60 % zone"
        if one.blocks
        else "{at:.2f} km: {what} {below:.1f} m below the ray, {into:.1f} m into the 60 % zone"
    )
    return tr(
        template,
        at=one.at_km,
        what=tr("clutter") if one.by_clutter else tr("ground"),
        above=one.above_ray_m,
        below=-one.above_ray_m,
        into=one.into_zone_m,
    )


def headline(view: LinkView) -> str:
    """Return what the path is and how clear it is, in one line of the current language."""
    if not view.obstructions:
        state = tr("60 % of the first Fresnel zone is clear")
    elif view.in_sight:
        state = tr("in sight, but the 60 % zone is entered")
    else:
        state = tr("obstructed")
    return tr(
        "{length:.2f} km, {freq:g} MHz, antennas {tx:g} m and {rx:g} m: {state}",
        length=view.path.length_m / 1000.0,
        freq=view.path.freq_mhz,
        tx=view.path.tx_height_m,
        rx=view.path.rx_height_m,
        state=state,
    )
