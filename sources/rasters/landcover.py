"""Land cover on the study grid."""

from __future__ import annotations

from collections.abc import Sequence
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
from phusong.sources.rasters.rasterfile import RasterFile, near, open_raster
from phusong.sources.rasters.studygrid import around, covers
from phusong.sources.rasters.warp import BLOCK, Warper, first_of
from phusong.study import Study


def read_landcover(
    study: Study, grid: Grid | None, area: Area | None, findings: Findings, progress: Progress
) -> Raster | None:
    """Read the study's land cover onto its grid; None where it names none or none is usable."""
    if study.terrain.landcover is None:
        return None
    where = Where(file=study.named(study.terrain.landcover).as_posix())
    path = study.resolve(study.terrain.landcover)
    file = open_raster(path, where, None, findings, "classes", study=study)
    if file is None or grid is None or area is None:
        return None
    files = near([file], area.crs, around(area, study))
    if not covers(files, area, findings, "D09", "D10"):
        return None
    folder = study.work_folder / "prepared"
    cover, known = prepare_landcover(files, sha256(path), grid, folder, progress)
    if known == 0:
        findings.add("D09", where, path.name, "no cell of the raster holds a class")
        return None
    return cover


def prepare_landcover(
    files: Sequence[RasterFile], sha256: str, grid: Grid, folder: Path, progress: Progress
) -> tuple[Raster, int]:
    """Bring land-cover classes (whole numbers 1–255) onto the grid: the nearest class.

    Returns
    -------
    Raster, int
        The classes, 0 for none; and how many cells have one.
    """
    key = combined(["landcover 2", grid_key(grid), sha256, *(f.as_declared for f in files)])

    def make(work: Path) -> dict[str, Any]:
        tiles, known = grid.tiles(BLOCK), 0
        progress.start("landcover", len(tiles), "Preparing the land cover")
        with (
            create(work / "landcover.tif", grid, "uint8", 0) as target,
            Warper(files, grid, lambda values: values) as warper,
        ):
            for window in tiles:
                parts = warper.blocks(window, (Resampling.nearest,))
                (values,) = first_of(parts, window, 1)
                classes = np.nan_to_num(values).clip(0, 255).astype(np.uint8)
                known += int(np.count_nonzero(classes))
                target.write(window, classes)
                progress.advance("landcover")
        return {"known": known}

    kept = prepared(folder, "landcover", key, make)
    return Raster(kept.paths["landcover"], grid, key), int(kept.facts["known"])
