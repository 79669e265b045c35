"""Ground along a path, read from SRTM tiles (`.hgt`, plain or in a zip)."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pyproj import Geod

GEOD = Geod(ellps="WGS84")
VOID = -32768


@dataclass(frozen=True)
class Tiles:
    """Tiles of one degree by the south-western corner; heights in metres, row 0 in the north."""

    heights: dict[tuple[int, int], np.ndarray]

    @classmethod
    def read(cls, *paths: Path) -> Tiles:
        """Read tiles; the sea is at 0, whatever lies under it."""
        tiles = {}
        for path in paths:
            if path.suffix == ".zip":
                with zipfile.ZipFile(path) as archive:
                    name = next(n for n in archive.namelist() if n.endswith(".hgt"))
                    data = archive.read(name)
            else:
                name, data = path.name, path.read_bytes()
            raw = np.frombuffer(data, ">i2")
            side = round(raw.size**0.5)
            grid = raw.reshape(side, side).astype(np.float64)
            grid[grid == VOID] = np.nan
            tiles[corner(Path(name).name)] = np.maximum(grid, 0.0)
        return cls(tiles)

    def ground(self, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
        """Heights between the four samples round each place; NaN off the tiles and at voids."""
        out = np.full(lat.shape, np.nan)
        south, west = np.floor(lat).astype(int), np.floor(lon).astype(int)
        for (at_lat, at_lon), grid in self.heights.items():
            here = (south == at_lat) & (west == at_lon)
            if not here.any():
                continue
            last = grid.shape[0] - 1
            row = (at_lat + 1 - lat[here]) * last
            col = (lon[here] - at_lon) * last
            r, c = np.minimum(row.astype(int), last - 1), np.minimum(col.astype(int), last - 1)
            down, right = row - r, col - c
            north = grid[r, c] * (1 - right) + grid[r, c + 1] * right
            beyond = grid[r + 1, c] * (1 - right) + grid[r + 1, c + 1] * right
            out[here] = north * (1 - down) + beyond * down
        return out


def corner(name: str) -> tuple[int, int]:
    """South-western corner of a tile by its name, as in N33E035.hgt."""
    lat, lon = int(name[1:3]), int(name[4:7])
    return (lat if name[0] == "N" else -lat, lon if name[3] == "E" else -lon)


def profile(
    tiles: Tiles, start: tuple[float, float], end: tuple[float, float], step_m: float = 30.0
) -> tuple[np.ndarray, np.ndarray]:
    """Distances and ground along the geodesic between two places (latitude, longitude)."""
    azimuth, _, length = GEOD.inv(start[1], start[0], end[1], end[0])
    points = max(3, round(length / step_m) + 1)
    distance = np.linspace(0.0, length, points)
    lon, lat, _ = GEOD.fwd(
        np.full(points, start[1]), np.full(points, start[0]), np.full(points, azimuth), distance
    )
    return distance, tiles.ground(np.asarray(lat), np.asarray(lon))
