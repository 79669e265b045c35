"""What each model says of a link, bare and with the clutter at the ends of its path."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from phusong.coverage.propagation.linkpath import LinkPath
from phusong.coverage.propagation.p2108 import (
    HEIGHT_GAIN_MHZ,
    height_for_path_m,
    statistical_loss_db,
    terminal_loss_db,
)
from phusong.coverage.propagation.registry import MODELS, Model
from phusong.coverage.propagation.surroundings import STREET_M
from phusong.errors import ModelError
from truth.sets import Link

NAMES = tuple(MODELS)
STREET_LEVEL = tuple(n for n in NAMES if n.endswith("_hata") or n.startswith("tr38901_"))
"""Made from measurements at street level: they hold the clutter already."""
LATITUDES = {"bekaa": 33.7, "beirut": 33.9, "colorado": 39.6, "chengdu": 30.7}


@dataclass(frozen=True)
class Ends:
    """The clutter to put at the ends of a path; None leaves an end bare."""

    rx: str | None = None
    tx: str | None = None
    rx_clutter_m: float | None = None
    tx_clutter_m: float | None = None
    street_m: float = STREET_M


BARE = Ends()
TREATMENTS = {
    "bare": BARE,
    "open": Ends("open", "open"),
    "suburban": Ends("suburban", "open"),
    "urban": Ends("urban", "open"),
    "dense_urban": Ends("dense_urban", "open"),
}
"""By what stands round the receiver; masts are put where they see over it, so that theirs is
open ground, which costs a mast under 10 m."""


def known_model(name: str) -> Model:
    """Return a model of the program: the one place that knows where they are."""
    return MODELS[name]


def path_of(link: Link, tx_height_m: float, rx_height_m: float, **more: Any) -> LinkPath:
    """The link as the program's own path, with antennas at these heights."""
    points = link.distance_m.size
    path = LinkPath(
        distance_m=link.distance_m,
        height_m=link.ground_m,
        clutter_m=np.zeros(points),
        zone=np.full(points, 4, np.uint8),
        tx_height_m=tx_height_m,
        rx_height_m=rx_height_m,
        freq_mhz=link.freq_mhz,
        latitude_deg=LATITUDES.get(link.group, link.lat),
    )
    return replace(path, **more)


def clutter_db(
    link: Link, height_m: float, environment: str, clutter_m: float | None, street_m: float
) -> tuple[float, float]:
    """Loss of one end, and the height to compute the path itself with."""
    if link.freq_mhz <= HEIGHT_GAIN_MHZ[1]:
        return (
            terminal_loss_db(
                link.freq_mhz, height_m, environment, clutter_m=clutter_m, street_m=street_m
            ),
            height_for_path_m(height_m, environment, clutter_m=clutter_m),
        )
    if environment in ("water", "open") or link.length_m < 250.0:
        return 0.0, height_m
    if height_m >= height_for_path_m(height_m, environment, clutter_m=clutter_m):
        return 0.0, height_m
    return statistical_loss_db(link.freq_mhz, link.length_m / 1000.0), height_m


def predict(name: str, link: Link, ends: Ends = BARE, **more: Any) -> float:
    """Return a model's loss of a link; NaN where it refuses the path.

    `more` is passed on to the path: polarisation, share of time and the like.
    """
    loss, heights = 0.0, []
    for height, environment, clutter_m in (
        (link.tx_height_m, ends.tx, ends.tx_clutter_m),
        (link.rx_height_m, ends.rx, ends.rx_clutter_m),
    ):
        added, at = (0.0, height)
        if environment is not None:
            added, at = clutter_db(link, height, environment, clutter_m, ends.street_m)
        loss += added
        heights.append(at)
    try:
        return loss + known_model(name).path_loss(path_of(link, *heights, **more)).loss_db
    except ModelError:
        return float("nan")


def predict_all(
    name: str, links: list[Link], ends: Ends | dict[str, Ends] = BARE, **more: Any
) -> np.ndarray:
    """Losses of many links; `ends` may differ by the links' land."""
    return np.array(
        [
            predict(name, link, ends[link.land] if isinstance(ends, dict) else ends, **more)
            for link in links
        ]
    )


def in_sight(
    link: Link, rx_height_m: float | None = None, tx_height_m: float | None = None
) -> bool:
    """Whether the ground alone leaves the ends in sight of each other, over the 4/3 earth."""
    x, ground = link.distance_m, link.ground_m
    start = ground[0] + (link.tx_height_m if tx_height_m is None else tx_height_m)
    end = ground[-1] + (link.rx_height_m if rx_height_m is None else rx_height_m)
    ray = start + (end - start) * x / x[-1]
    bulge = x * (x[-1] - x) / (2.0 * 8.5e6)
    return bool((ground[1:-1] + bulge[1:-1] < ray[1:-1]).all())
