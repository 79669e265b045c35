"""Layers read again, to say which record a finding is about: its identifying cells, its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from phusong.checks import Finding, Findings
from phusong.errors import InputError
from phusong.frames import rows
from phusong.sources.named_layers import NamedLayer, named_layers
from phusong.sources.tables.columns import map_columns, take
from phusong.sources.tables.layers import place_of, read_layer
from phusong.sources.tables.rows import read_rows
from phusong.sources.tables.text import as_code
from phusong.study import Study

_NAMING: Final[tuple[str, ...]] = (
    "cell_id",
    "site_id",
    "cable_id",
    "pop_id",
    "code",
    "name",
    "commune_code",
    "operator",
    "technology",
    "owner",
    "upstream",
)
"""Our columns by which a person finds a record again."""
_SHOWN: Final = 4
_PARTS: Final = {"B": "boundaries", "T": "towers", "F": "fiber", "R": "roads"}
"""First letter of a rule -> part of the study its findings are about."""
_WGS84: Final = CRS.from_epsg(4326)

Place = tuple[float, float]
"""Longitude and latitude, WGS 84."""


@dataclass
class Laid:
    """What is known of one layer's records.

    Attributes
    ----------
    naming
        Record -> its identifying cells, as ``header = cell``.
    places
        Record -> where it is; records without a place are not in it.
    shapes
        Record -> its line or outline, longitudes and latitudes; points are not in it.
    columns
        Our name of a column -> what its cells say, each once.
    """

    naming: dict[int, str] = field(default_factory=dict)
    places: dict[int, Place] = field(default_factory=dict)
    shapes: dict[int, shapely.Geometry] = field(default_factory=dict)
    columns: dict[str, set[str]] = field(default_factory=dict)


class Reread:
    """The layers of a study, each read again when it is first asked for."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._named = named_layers(study)
        self._laid: dict[tuple[str | int, ...], Laid] = {}

    def layers_of(self, file: str) -> list[NamedLayer]:
        """Return the layers that a file, as findings name it, holds."""
        return [n for n in self._named if place_of(n.layer, self.study).file == file]

    def about(self, finding: Finding) -> NamedLayer | None:
        """Return the layer a finding is about; None for rasters and the study file."""
        found = self.layers_of(finding.where.file)
        if finding.where.layer:
            found = [n for n in found if (n.layer.layer or "") == finding.where.layer] or found
        part = _PARTS.get(finding.rule.number[:1])
        found = [n for n in found if n.part == part] or found
        return found[0] if found else None

    def laid(self, named: NamedLayer) -> Laid:
        """Return what is known of a layer; nothing of one that cannot be read."""
        if named.key not in self._laid:
            try:
                self._laid[named.key] = self._read(named)
            except InputError:
                self._laid[named.key] = Laid()
        return self._laid[named.key]

    def _read(self, named: NamedLayer) -> Laid:
        study, layer, where = self.study, named.layer, place_of(named.layer, self.study)
        path, quiet = study.resolve(layer.path), Findings()
        read = read_rows(path, layer, named.role, quiet, where, leave=study.gdal)
        if read is None:
            return Laid()
        raw = read.frame
        headers = [str(c) for c in raw.columns if c not in {"row", "geometry"}]
        tabular = "geometry" not in raw
        columns = map_columns(
            headers, named.role, layer.columns, Findings(), where, coordinates=tabular
        )
        chosen = {ours: columns[ours] for ours in _NAMING if ours in columns} if columns else {}
        # A file none of whose columns is known is shown by its first ones.
        chosen = chosen or {header: header for header in headers[:_SHOWN]}
        cells = pd.DataFrame({ours: take(raw, source) for ours, source in chosen.items()})
        cells = cells.map(as_code)
        laid = Laid(columns={c: {v for v in cells[c] if v is not None} for c in chosen})
        titles = list(chosen.values())[:_SHOWN]
        shown = cells.iloc[:, :_SHOWN].to_numpy(dtype=object)
        for row, values in zip(raw["row"].tolist(), shown, strict=True):
            told = [f"{t} = {v}" for t, v in zip(titles, values, strict=True) if v is not None]
            laid.naming[int(row)] = "; ".join(told)
        self._place(named, laid)
        return laid

    def _place(self, named: NamedLayer, laid: Laid) -> None:
        """Note where the records of a layer are."""
        records = read_layer(self.study, named.layer, named.role, Findings())
        if records is None or records.frame.empty:
            return
        frame = records.frame
        try:
            moved = Transformer.from_crs(frame.crs, _WGS84, always_xy=True)
        except ProjError:
            return
        bounds = shapely.bounds(frame.geometry.to_numpy())
        middle = (bounds[:, :2] + bounds[:, 2:]) / 2
        lon, lat = moved.transform(middle[:, 0], middle[:, 1])
        known = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
        told = pd.DataFrame({"row": frame["row"], "lon": lon, "lat": lat})[known]
        laid.places = {int(r.row): (float(r.lon), float(r.lat)) for r in rows(told)}
        drawn = known & (shapely.get_dimensions(frame.geometry.to_numpy()) > 0)
        there = shapely.transform(
            shapely.force_2d(frame.geometry.to_numpy()[drawn]),
            lambda xy: np.column_stack(moved.transform(xy[:, 0], xy[:, 1])),
        )
        laid.shapes = dict(zip(frame["row"][drawn].astype(int).tolist(), there, strict=True))
