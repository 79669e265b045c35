"""What a command left in its folder that QGIS can show; needs no QGIS."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

RASTERS = ("coverage_any_any_probability.tif", "coverage_any_any_level.tif")
"""Rasters over all carriers and technologies; those of each lie beside them."""


@dataclass(frozen=True)
class Shown:
    """One layer to add: ``kind`` is vector, raster or table."""

    kind: str
    source: str
    name: str


def layers_in(folder: Path) -> list[Shown]:
    """Return the layers of a folder of results, those to lie on top first."""
    out = []
    for package in sorted(folder.glob("*.gpkg")):
        out += [Shown("vector", f"{package}|layername={name}", name) for name in _features(package)]
    checks = folder / "checks.csv"
    if checks.is_file() and not out:
        uri = (
            f"{checks.resolve().as_uri()}?type=csv&delimiter=,&xField=longitude&yField=latitude"
            "&crs=EPSG:4326"
        )
        out.append(Shown("table", uri, "checks"))
    rasters = (folder / name for name in RASTERS)
    out += [Shown("raster", str(path), path.stem) for path in rasters if path.is_file()]
    return out


def _features(package: Path) -> list[str]:
    """Return a GeoPackage's layers: points on top of lines on top of areas."""
    with closing(sqlite3.connect(f"{package.resolve().as_uri()}?mode=ro", uri=True)) as database:
        found = database.execute(
            "SELECT c.table_name, upper(g.geometry_type_name) FROM gpkg_contents c "
            "JOIN gpkg_geometry_columns g ON g.table_name = c.table_name "
            "WHERE c.data_type = 'features'"
        ).fetchall()
    order = {"POINT": 0, "MULTIPOINT": 0, "LINESTRING": 1, "MULTILINESTRING": 1}
    return [name for name, kind in sorted(found, key=lambda f: order.get(f[1], 2))]
