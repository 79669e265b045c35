"""The page's own coordinates: whole metres of Web Mercator, counted from the study's corner.

Everything drawn, picture or outline, is placed by this one frame, so that layers register
exactly whatever the study's CRS is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.warp import transform_bounds

from phusong.grid import Grid

MERCATOR = CRS.from_epsg(3857)


@dataclass(frozen=True)
class Frame:
    """A rectangle of Web Mercator (EPSG:3857) that holds the study grid.

    Attributes
    ----------
    crs
        Of the study.
    west_m, south_m, east_m, north_m
        Edges in whole Mercator metres.
    cell_m
        The study's cell in Mercator metres at the middle of the frame; finer is invention.
    """

    crs: CRS
    west_m: int
    south_m: int
    east_m: int
    north_m: int
    cell_m: float

    @classmethod
    def over(cls, grid: Grid) -> Frame:
        """Return the frame round ``grid``."""
        west, south, east, north = transform_bounds(grid.crs, MERCATOR, *grid.bounds, 21)
        edges = (math.floor(west), math.floor(south), math.ceil(east), math.ceil(north))
        frame = cls(grid.crs, *edges, grid.cell_m)
        return cls(grid.crs, *edges, grid.cell_m / frame.ground_scale)

    @property
    def bounds_deg(self) -> list[list[float]]:
        """[[south, west], [north, east]], as Leaflet takes it."""
        west, south = self._to_degrees(self.west_m, self.south_m)
        east, north = self._to_degrees(self.east_m, self.north_m)
        return [[south, west], [north, east]]

    @property
    def ground_scale(self) -> float:
        """Metres on the ground for one Mercator metre, at the middle of the frame."""
        _, latitude = self._to_degrees(0, (self.south_m + self.north_m) / 2)
        return math.cos(math.radians(latitude))

    def picture(self, longest_px: int) -> tuple[Affine, int, int]:
        """Return (transform, rows, cols) of a picture of the frame, square pixels.

        The longer side has at most ``longest_px`` pixels, and never more than the study grid
        has cells.
        """
        width, height = self.east_m - self.west_m, self.north_m - self.south_m
        pixel = max(max(width, height) / longest_px, self.cell_m)
        cols, rows = max(1, round(width / pixel)), max(1, round(height / pixel))
        transform = Affine(width / cols, 0, self.west_m, 0, -height / rows, self.north_m)
        return transform, rows, cols

    def place(
        self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
    ) -> tuple[list[int | None], list[int | None]]:
        """Return metres east of the west edge and south of the north edge; None for NaN."""
        x = np.asarray(x_m, dtype=float)
        y = np.asarray(y_m, dtype=float)
        known = np.isfinite(x) & np.isfinite(y)
        east = np.full(x.shape, np.nan)
        south = np.full(x.shape, np.nan)
        mx, my = self._mercator().transform(x[known], y[known])
        east[known] = np.round(mx - self.west_m)
        south[known] = np.round(self.north_m - my)
        return _whole(east), _whole(south)

    def project(self, geometries: Any) -> NDArray[np.object_]:
        """Return the geometries in frame metres (south positive), not rounded."""
        step = self._mercator()

        def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
            mx, my = step.transform(points[:, 0], points[:, 1])
            return np.column_stack((mx - self.west_m, self.north_m - my))

        return np.asarray(shapely.transform(np.asarray(geometries, dtype=object), move))

    def _mercator(self) -> Transformer:
        return Transformer.from_crs(self.crs, MERCATOR, always_xy=True)

    @staticmethod
    def _to_degrees(x_m: float, y_m: float) -> tuple[float, float]:
        step = Transformer.from_crs(MERCATOR, CRS.from_epsg(4326), always_xy=True)
        longitude, latitude = step.transform(x_m, y_m)
        return float(longitude), float(latitude)


def _whole(values: NDArray[np.float64]) -> list[int | None]:
    return [int(v) if math.isfinite(v) else None for v in values.tolist()]
