"""What reading a study gives: frames with our column names, one projected CRS, one grid.

Every frame has a RangeIndex. Columns named here are always there; a planner's further columns
are not carried along.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow

from phusong.errors import OutputError, Where
from phusong.grid import Grid, Window
from phusong.sources.cables.backhaul import no_backhaul
from phusong.sources.gdal import open_own


@dataclass(frozen=True)
class Raster:
    """A single-band raster prepared on the study grid; read by window, never whole."""

    path: Path
    grid: Grid
    sha256: str
    """Of everything that shaped it (source files and settings), not of the file."""

    def elsewhere(self) -> Raster:
        """Return the same with a path that holds in any working folder."""
        return replace(self, path=self.path.resolve())

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return (rows, cols) float32, NaN where there is no data or off the grid.

        Raises
        ------
        OutputError
            When the file is gone or changed since the run found it whole.
        """
        out = np.full(window.shape, np.nan, dtype=np.float32)
        inside = window.intersect(self.grid.window)
        if inside.empty:
            return out
        try:
            with open_own(self.path) as source:
                part = source.read(
                    1,
                    window=RasterWindow(inside.col0, inside.row0, inside.cols, inside.rows),
                    out_dtype="float32",
                    masked=True,
                )
        except RasterioError as problem:
            raise OutputError(
                "a prepared raster was removed or changed while the run read it",
                Where(file=str(self.path)),
                "run again when no other program works on that folder",
            ) from problem
        out[inside.slices_in(window)] = part.filled(np.nan)
        return out

    def sample(self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the (points,) values of the cells that hold the points; NaN as :meth:`read`."""
        with open_own(self.path) as source:
            values = source.sample(zip(x_m, y_m, strict=True), indexes=1, masked=True)
            found = [np.nan if np.ma.is_masked(v[0]) else float(v[0]) for v in values]
        return np.array(found, dtype=np.float32)


@dataclass(frozen=True)
class Inputs:
    """Everything a run works on.

    Attributes
    ----------
    crs
        Projected, metric.
    grid
        The study grid: over the communes and every site kept, within the DEM.
    communes
        ``code`` str (unique), ``name`` str, ``geometry`` (Multi)Polygon, ``row`` source row.
    villages
        ``code`` str (unique), ``name`` str, ``commune_code`` str or None (outside every
        commune), ``population`` float or NaN (of the planner's file), ``kind``
        (``polygon`` | ``service_area``), ``centre_x_m``, ``centre_y_m`` float,
        ``centre_source`` (``file`` | ``village_point`` | ``inside_point``), ``flags`` str
        (space separated: ``geometry_repaired``, ``code_disambiguated``, ...),
        ``geometry`` (Multi)Polygon, ``row``.
    commune_centres
        One row per commune and centre: ``commune_code``, ``name``, ``source``
        (``file`` | ``inside_point``), ``geometry`` Point, ``row``.
    sites
        One row per mast and operator-independent place: ``site_id`` str (unique), ``x_m``,
        ``y_m``, ``in_area`` bool (inside a commune), ``position_error_m`` (standard error of a
        place estimated from measurements; NaN: the list gives it), ``geometry`` Point.
    cells
        ``cell_id`` str (unique), ``site_id``, ``operator``, ``technology`` (GSM|UMTS|LTE|NR),
        ``freq_mhz``, ``bandwidth_mhz`` (NaN: the budget's), ``height_m`` above ground,
        ``azimuth_deg`` (NaN: omnidirectional), ``mechanical_tilt_deg``,
        ``electrical_tilt_deg`` (down positive; NaN: not given), ``eirp_dbm``,
        ``horizontal_beamwidth_deg`` (NaN: the study's), ``vertical_beamwidth_deg`` (NaN),
        ``antenna_file`` str or None, ``eci`` str or None and ``pci`` float or NaN (to know a
        cell in a phone's log by), ``in_service`` bool, ``height_assumed``,
        ``eirp_assumed``, ``technology_assumed``, ``freq_assumed``, ``operator_assumed``,
        ``position_estimated`` bool, ``file`` str, ``row``.
    cables
        ``cable_id`` str, ``owner`` str, ``status`` str, ``kind`` str, ``cores`` float,
        ``group`` str or None (shared risk), ``in_service`` bool, ``geometry`` LineString
        (multi-lines exploded, Z dropped), ``file``, ``row``.
    pops
        ``pop_id`` str (unique), ``name`` str, ``geometry`` Point, ``file``, ``row``.
    roads
        ``road_id``, ``kind``, ``surface`` str, ``geometry`` LineString, ``row``.
    terrain
        Ground heights in metres on the grid, voids filled up to the study's limit.
    filled
        1 where a void was filled, else 0; None when there was none.
    landcover
        ESA WorldCover class codes on the grid, or None.
    people
        People in each grid cell, or None.
    backhaul
        What sites and PoPs hang on, see :func:`phusong.sources.cables.backhaul.read_backhaul`.
    sources
        File name (relative to the study) -> SHA-256 of its bytes.
    rivers
        ``name`` (may be empty), ``geometry`` line or polygon; None where the study names none.
    """

    crs: CRS
    grid: Grid
    communes: gpd.GeoDataFrame
    villages: gpd.GeoDataFrame
    commune_centres: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    cells: pd.DataFrame
    cables: gpd.GeoDataFrame
    pops: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame
    terrain: Raster
    filled: Raster | None
    landcover: Raster | None
    people: Raster | None
    sources: dict[str, str]
    backhaul: pd.DataFrame = field(default_factory=no_backhaul)
    rivers: gpd.GeoDataFrame | None = None

    @property
    def area(self) -> Any:
        """Union of the communes (shapely geometry)."""
        return self.communes.geometry.union_all()
