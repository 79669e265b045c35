"""The measured sets as links: where, over what ground, and what loss was measured.

They are read where they lie and never copied; a set that is absent is left out and said so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from pyproj import Transformer

from truth.terrain import GEOD, Tiles, profile

COLORADO_MAST = (39.618783, -107.012868)
COLORADO_MAST_M = 4.4
COLORADO_BUDGET_DB = 31.0 + 3.5 - 2.7 - 27.8
"""EIRP of one resource element, dBm: a phone's RSRP is this less the loss."""
COLORADO_FLOOR_DBM = -125.0
"""Level below which the phones of the set seldom kept their service."""
CHENGDU_CRS = "EPSG:32648"
FLAT_STEP_M = 25.0


@dataclass(frozen=True)
class Link:
    """One measured path; `loss_db` is NaN where the phone had no service."""

    group: str
    """Set, or part of a set, that figures are given for."""
    site: str
    place: int
    """Number of the place: links of one place differ in antenna height or mast."""
    lat: float
    lon: float
    tx_height_m: float
    rx_height_m: float
    freq_mhz: float
    loss_db: float
    distance_m: np.ndarray
    ground_m: np.ndarray
    samples: int = 1
    land: str = ""
    stated_ground_m: float = np.nan
    """Ground under the mast as its owner states it, where that is known."""
    antenna_db: float = 0.0
    """Attenuation of a sector's antenna towards the receiver, part of the measured loss."""
    budget_db: float = 0.0
    """What is sent, dBm: level = budget − loss."""

    @property
    def length_m(self) -> float:
        """Length of the path."""
        return float(self.distance_m[-1])


@dataclass(frozen=True)
class MeasuredSet:
    """Links measured alike."""

    name: str
    title: str
    links: list[Link]
    thresholds_db: tuple[float, ...]
    """Losses at which being served or not is judged."""
    floor_db: float | None = None
    """Loss from which on a place without service must lie (censored)."""
    notes: tuple[str, ...] = field(default=())


def lebanon(folder: Path) -> Iterator[MeasuredSet]:
    """Two LoRa gateways at 868 MHz; packets of one gateway, place and height are one link."""
    tiles = Tiles.read(folder / "N33E035.hgt.zip")
    table = pd.read_csv(folder / "path_loss.csv")
    keys = ["gateway_lat", "gateway_lon", "gateway_ground_m", "gateway_height_m"]
    keys += ["node_lat", "node_lon", "node_height_m", "freq_mhz"]
    rows = table.groupby(keys)["path_loss_db"].agg(["mean", "size"]).reset_index()
    rows["place"] = rows.groupby(["node_lat", "node_lon"]).ngroup()
    for title, gateway in rows.groupby("gateway_lat"):
        name = "bekaa" if title < 33.8 else "beirut"
        links = []
        for row in gateway.itertuples(index=False):
            start = (row.gateway_lat, row.gateway_lon)
            distance, ground = profile(tiles, start, (row.node_lat, row.node_lon))
            links.append(
                Link(
                    name,
                    name,
                    int(row.place),
                    row.node_lat,
                    row.node_lon,
                    row.gateway_height_m,
                    row.node_height_m,
                    row.freq_mhz,
                    row.mean,
                    distance,
                    ground,
                    int(row.size),
                    stated_ground_m=row.gateway_ground_m,
                )
            )
        full = {
            "bekaa": "Bekaa valley, 868 MHz, to 18 km",
            "beirut": "Beirut from a hillside, 868 MHz, to 8.5 km",
        }[name]
        yield MeasuredSet(name, full, links, (120.0, 130.0, 140.0))


def colorado(
    folder: Path, mast_m: float = COLORADO_MAST_M, phone_m: float = 1.5
) -> Iterator[MeasuredSet]:
    """One LTE mast at 763 MHz; places without service are censored links."""
    tiles = Tiles.read(*sorted(folder.glob("*.hgt.zip")))
    table = pd.read_csv(folder / "rsrp.csv")
    links = []
    for place, row in enumerate(table.itertuples(index=False)):
        distance, ground = profile(tiles, COLORADO_MAST, (row.lat, row.lon))
        links.append(
            Link(
                "colorado",
                "colorado",
                place,
                row.lat,
                row.lon,
                mast_m,
                phone_m,
                763.0,
                COLORADO_BUDGET_DB - row.rsrp_dbm,
                distance,
                ground,
                budget_db=COLORADO_BUDGET_DB,
            )
        )
    thresholds = tuple(COLORADO_BUDGET_DB - level for level in (-95.0, -105.0, -115.0))
    yield MeasuredSet(
        "colorado",
        "Colorado, LTE 763 MHz, 1 km, hills",
        links,
        thresholds,
        COLORADO_BUDGET_DB - COLORADO_FLOOR_DBM,
    )


CHENGDU_LAND = {
    2: "water",
    5: "open",
    6: "open",
    7: "trees",
    8: "trees",
    10: "dense_urban",
    11: "dense_urban",
    12: "urban",
    13: "urban",
    14: "urban",
    15: "urban",
    16: "urban",
    17: "urban",
    18: "suburban",
}
"""Clutter codes of the set as environments: 5 open space in the city, 6 roads, 7 and 8 green,
10 to 15 buildings from over 60 m down to under 20 m, 16 to 18 industry and suburb."""


def chengdu(folder: Path, attenuation: Callable[..., np.ndarray]) -> Iterator[MeasuredSet]:
    """120 LTE cells at 2.6 GHz in a flat city.

    Parameters
    ----------
    folder
        Where the set lies.
    attenuation
        Sector antenna: (azimuth, mechanical tilt, electrical tilt, towards azimuths, elevations)
        in degrees to dB.
    """
    cells = pd.read_csv(folder / "cells.csv").set_index("cell_index")
    rows = pd.read_csv(folder / "rsrp.csv.gz").drop_duplicates(["cell_index", "x_m", "y_m"])
    back = Transformer.from_crs(CHENGDU_CRS, "EPSG:4326", always_xy=True)
    links = []
    place = 0
    for index, places in rows.groupby("cell_index"):
        cell = cells.loc[index]
        east = places["x_m"].to_numpy() - cell["cell_x"]
        north = places["y_m"].to_numpy() - cell["cell_y"]
        away = np.hypot(east, north)
        rise = places["ground_m"].to_numpy() + 1.5 - cell["cell_altitude"] - cell["height_m"]
        lost = attenuation(
            cell["azimuth"],
            cell["mech_tilt"],
            cell["el_tilt"],
            np.degrees(np.arctan2(east, north)) % 360.0,
            np.degrees(np.arctan2(rise, np.maximum(away, 1.0))),
        )
        lon, lat = back.transform(places["x_m"].to_numpy(), places["y_m"].to_numpy())
        for i, row in enumerate(places.itertuples(index=False)):
            place += 1
            if away[i] < 50.0:
                continue
            points = max(6, round(away[i] / FLAT_STEP_M) + 1)
            links.append(
                Link(
                    "chengdu",
                    str(index),
                    place,
                    float(lat[i]),
                    float(lon[i]),
                    cell["height_m"],
                    1.5,
                    cell["freq_mhz"],
                    cell["rs_power_dbm"] - row.rsrp_dbm - lost[i],
                    np.linspace(0.0, away[i], points),
                    np.linspace(cell["cell_altitude"], row.ground_m, points),
                    land=CHENGDU_LAND.get(int(row.clutter_code), "urban"),
                    antenna_db=float(lost[i]),
                    budget_db=cell["rs_power_dbm"],
                )
            )
    yield MeasuredSet(
        "chengdu",
        "Chengdu, LTE 2.6 GHz, flat city, to 1.5 km, one offset taken out",
        links,
        (100.0, 110.0, 120.0),
        notes=("Only served places were recorded: weak ones are missing.",),
    )


def between_km(links: list[Link]) -> np.ndarray:
    """Distances between the places of links, km, shape (links, links)."""
    lat = np.array([link.lat for link in links])
    lon = np.array([link.lon for link in links])
    rows = len(links)
    first, second = np.meshgrid(np.arange(rows), np.arange(rows), indexing="ij")
    _, _, away = GEOD.inv(lon[first], lat[first], lon[second], lat[second])
    return np.asarray(away) / 1000.0
