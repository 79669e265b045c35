"""Land cover on the study grid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from rasterio.enums import Resampling

from phusong.checks import Findings
from phusong.errors import Where
from phusong.grid import Grid
from phusong.progress import Progress
from phusong.sources.crs import Area
from phusong.sources.digest import combined, sha256
from phusong.sources.inputs import Raster
from phusong.sources.rasters.prepared import create, grid_key, prepared
from phusong.sources.rasters.studygrid import covers
from phusong.sources.rasters.warp import BLOCK, RasterFile, Warper, first_of, open_raster
from phusong.study import Study


def read_landcover(
    study: Study, grid: Grid | None, area: Area | None, findings: Findings, progress: Progress
) -> Raster | None:
    """Read the study's land cover onto its grid; None where it names none or none is usable."""
    if study.terrain.landcover is None:
        return None
    where = Where(file=study.named(study.terrain.landcover).as_posix())
    path = study.resolve(study.terrain.landcover)
    file = open_raster(path, where, None, findings)
    if (
        file is None
        or grid is None
        or area is None
        or not covers(file, area, findings, "D09", "D10")
    ):
        return None
    return prepare_landcover(file, sha256(path), grid, study.work_folder / "prepared", progress)


def prepare_landcover(
    file: RasterFile, sha256: str, grid: Grid, folder: Path, progress: Progress
) -> Raster:
    """Bring land-cover classes (whole numbers 1–255) onto the grid: the nearest class."""
    key = combined(["landcover 1", grid_key(grid), sha256, file.crs.to_wkt()])

    def make(work: Path) -> dict[str, Any]:
        tiles = grid.tiles(BLOCK)
        progress.start("landcover", len(tiles), "Preparing the land cover")
        with (
            create(work / "landcover.tif", grid, "uint8", 0) as target,
            Warper([file], grid, lambda values: values) as warper,
        ):
            for window in tiles:
                parts = warper.blocks(window, (Resampling.nearest,))
                (values,) = first_of(parts, window, 1)
                target.write(window, np.nan_to_num(values).clip(0, 255))
                progress.advance("landcover")
        return {}

    return Raster(prepared(folder, "landcover", key, make).paths["landcover"], grid, key)
