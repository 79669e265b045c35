"""Rasters cut to the study's ground: from tiles in squares of degrees, or from one of a country."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.transform import Affine

from phusong.disc.durable import replacing, sync
from phusong.disc.refused import refused
from phusong.errors import FetchError, InputError, OutputError, Where
from phusong.fetch.catalogue import Source
from phusong.fetch.extent import Extent, corner_words
from phusong.fetch.job import Desk, record_of
from phusong.fetch.ledger import Record
from phusong.fetch.parts import Parts
from phusong.fetch.tiffwindow import Cells, blocks_under, bring_directories
from phusong.fetch.web import shown
from phusong.sources.bounds import refuse_nowhere, refuse_vast
from phusong.sources.gdal import opened

_STRIP: Final = 512
"""Rows written at once."""
_SAME: Final = 1e-4
"""Share of a cell by which tiles may be off one lattice."""
_MOST_CELLS: Final = 4 * 10**9
_MOST_LIST: Final = 2**25


@dataclass
class RasterJob:
    """One raster of the study's ground.

    Attributes
    ----------
    urls
        Its tiles. Of a source with a list of its tiles, only those that it names.
    absent
        What cells hold where there is no tile; None: the raster's own word for nothing.
    """

    source: Source
    extent: Extent
    target: Path
    urls: list[str]
    absent: float | None = None
    note: str = ""
    _parts: list[Parts] = field(default_factory=list)
    _ranges: list[list[tuple[int, int]]] = field(default_factory=list)

    def prepare(self, desk: Desk) -> int:
        """Look at the tiles' directories; return how many bytes lie under the window."""
        for url in self.urls:
            parts = desk.parts_of(self.source, url)
            bring_directories(parts)
            with _opened(parts) as dataset:
                cells = _cells(dataset, self.extent)
                if cells is None:
                    continue
                self._parts.append(parts)
                self._ranges.append(list(blocks_under(dataset, cells, parts)))
        if not self._parts:
            raise FetchError(
                "none of its rasters lies over the study's area",
                Where(file=shown(self.urls[0]) if self.urls else self.source.title),
                "look at [fetch] country and bbox in study.toml",
            )
        lacking = zip(self._parts, self._ranges, strict=True)
        return sum(parts.lacking(ranges) for parts, ranges in lacking)

    def bring(self) -> None:
        """Fetch what lies under the window."""
        for parts, ranges in zip(self._parts, self._ranges, strict=True):
            parts.need_all(ranges)

    def settle(self) -> list[tuple[Path, Record]]:
        """Write what came as one GeoTIFF."""
        try:
            with ExitStack() as stack:
                datasets = [stack.enter_context(_opened(parts)) for parts in self._parts]
                _write(datasets, self.extent, self.target, self.absent, self.source)
        except FetchError:
            for parts in self._parts:
                parts.forget()
            raise
        versions = sorted({parts.modified for parts in self._parts} - {""})
        for parts in self._parts:
            parts.forget()
        version = "; ".join(filter(None, [self.source.version, *versions]))
        url = self.urls[0] if len(self.urls) == 1 else self.source.base
        record = record_of(self.source, url, version=version, note=self.note)
        return [(self.target, record)]


def tile_job(desk: Desk, source: Source, extent: Extent, target: Path) -> RasterJob:
    """Return the job of a raster in tiles.

    Which tiles there are is read off the source's own list: what it lists must come.
    """
    layout = source.layout
    corners = [corner_words(lat, lon) for lat, lon in extent.squares(layout["step_deg"])]
    url = source.url(layout["list"])
    listed = desk.web.whole(source, url, kind="text", most=_MOST_LIST)
    there = set(re.findall(r"\w+", listed.decode("utf-8", "replace")))
    urls, gone = [], []
    for words in corners:
        name = str(layout["tile"]).format(**words)
        if str(layout["listed"]).format(**words) in there:
            urls.append(source.url(tile=name))
        else:
            gone.append(name)
    note = f"cut to {extent.said()}"
    if gone:
        note += f"; the source lists no tile {', '.join(gone)}: {layout['absent']} there"
    return RasterJob(source, extent, target, urls, float(layout["absent"]), note)


def country_job(source: Source, extent: Extent, target: Path, country: str, year: int) -> RasterJob:
    """Return the job of a raster of a whole country."""
    url = source.url(country=country, country_lower=country.lower(), year=year)
    return RasterJob(source, extent, target, [url], note=f"{year}, cut to {extent.said()}")


@contextmanager
def _opened(parts: Parts) -> Iterator[Any]:
    """Open what is here of a raster, locked; what cannot be read is the source's fault."""
    where = Where(file=shown(parts.url))
    try:
        with opened(parts.path, where, mosaic=False) as dataset:
            refuse_vast(dataset, where)
            refuse_nowhere(dataset, where)
            if not dataset.count or dataset.crs is None or not dataset.crs.is_geographic:
                raise FetchError(
                    "it is no raster in degrees, as this source has them",
                    where,
                    "name a mirror that has it as it is: [fetch] hosts in study.toml",
                )
            yield dataset
    except InputError as error:
        raise FetchError(error.what, error.where, error.mend, error.params) from error


def _cells(dataset: Any, extent: Extent) -> Cells | None:
    """Return the cells of a raster that an extent touches; None: none."""
    at = dataset.transform
    left, right = ((lon - at.c) / at.a for lon in (extent.west, extent.east))
    top, bottom = ((lat - at.f) / at.e for lat in (extent.north, extent.south))
    found = (
        max(0, int(np.floor(top))),
        min(dataset.height, int(np.ceil(bottom))),
        max(0, int(np.floor(left))),
        min(dataset.width, int(np.ceil(right))),
    )
    return found if found[0] < found[1] and found[2] < found[3] else None


def _write(
    datasets: list[Any], extent: Extent, target: Path, absent: float | None, source: Source
) -> None:
    """Write the window of all rasters as one, a strip at a time, and read it back."""
    first = datasets[0]
    where = Where(file=source.title)
    _refuse_odd(datasets, where)
    cells = _cells(first, extent) if absent is None else _lattice(first, extent)
    assert cells is not None
    top, bottom, left, right = cells
    if (bottom - top) * (right - left) > _MOST_CELLS:
        raise FetchError(
            "the area is too large for one raster",
            where,
            "ask for a smaller area: [fetch] bbox in study.toml",
        )
    at = first.transform
    profile = {
        "driver": "GTiff",
        "width": right - left,
        "height": bottom - top,
        "count": 1,
        "dtype": first.dtypes[0],
        "crs": first.crs,
        "transform": Affine(at.a, 0.0, at.c + left * at.a, 0.0, at.e, at.f + top * at.e),
        "nodata": first.nodata,
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "compress": "deflate",
        "predictor": 3 if np.dtype(first.dtypes[0]).kind == "f" else 1,
        "bigtiff": "if_safer",
    }
    nothing = 0.0 if first.nodata is None else first.nodata
    with refused(target, RasterioError), replacing(target) as temporary:
        sums = []
        with rasterio.open(temporary, "w", **profile) as out:
            out.update_tags(SOURCE=source.title, ATTRIBUTION=source.attribution)
            for row in range(top, bottom, _STRIP):
                part = row, min(bottom, row + _STRIP), left, right
                strip = _strip(datasets, part, nothing if absent is None else absent)
                sums.append(zlib.crc32(strip.tobytes()))
                rows = row - top, row - top + len(strip)
                out.write(strip, 1, window=(rows, (0, right - left)))
        _refuse_other_bytes(temporary, sums, target)
        sync(temporary)


def _refuse_odd(datasets: list[Any], where: Where) -> None:
    """Raise FetchError for rasters whose cells do not lie on one lattice, north up."""
    first = datasets[0].transform
    for dataset in datasets:
        at = dataset.transform
        shifts = (at.c - first.c) / first.a, (at.f - first.f) / first.e
        off = max(abs(shift - round(shift)) for shift in shifts)
        straight = at.b == 0 and at.d == 0 and at.a > 0 and at.e < 0
        alike = np.allclose((at.a, at.e), (first.a, first.e), rtol=1e-9, atol=0)
        if not (straight and alike and off < _SAME and dataset.dtypes == datasets[0].dtypes):
            raise FetchError(
                "its tiles here have cells of different sizes, and do not join",
                where,
                "ask for an area on one side of 50 or 60 degrees of latitude",
            )


def _lattice(first: Any, extent: Extent) -> Cells:
    """Return the cells an extent touches, counted from a raster's corner, also beyond it."""
    at = first.transform
    return (
        int(np.floor((extent.north - at.f) / at.e)),
        int(np.ceil((extent.south - at.f) / at.e)),
        int(np.floor((extent.west - at.c) / at.a)),
        int(np.ceil((extent.east - at.c) / at.a)),
    )


def _refuse_other_bytes(written: Path, sums: list[int], target: Path) -> None:
    """Raise OutputError when strips are not read as they were written: GDAL writes late."""
    with rasterio.open(written, driver="GTiff") as back:
        for i, wanted in enumerate(sums):
            rows = i * _STRIP, min(back.height, (i + 1) * _STRIP)
            read = back.read(1, window=(rows, (0, back.width)))
            if zlib.crc32(read.tobytes()) != wanted:
                raise OutputError(
                    "{file} is not on the disc as it was written",
                    Where(file=str(target)),
                    "free space on that disc, and give the same command again",
                    {"file": target.name},
                )


def _strip(datasets: list[Any], cells: Cells, fill: float) -> NDArray[Any]:
    """Return rows of the whole, with ``cells`` counted from the first raster's corner."""
    first = datasets[0]
    top, bottom, left, right = cells
    out = np.full((bottom - top, right - left), fill, dtype=first.dtypes[0])
    for dataset in datasets:
        down = round((dataset.transform.f - first.transform.f) / first.transform.e)
        across = round((dataset.transform.c - first.transform.c) / first.transform.a)
        rows = max(top, down), min(bottom, down + dataset.height)
        cols = max(left, across), min(right, across + dataset.width)
        if rows[0] >= rows[1] or cols[0] >= cols[1]:
            continue
        window = (
            (rows[0] - down, rows[1] - down),
            (cols[0] - across, cols[1] - across),
        )
        try:
            values = dataset.read(1, window=window)
        except RasterioError:
            raise FetchError(
                "blocks of its raster cannot be read: they are damaged, or came so",
                Where(file=Path(dataset.name).name),
                "give the same command again: it begins anew",
            ) from None
        out[rows[0] - top : rows[1] - top, cols[0] - left : cols[1] - left] = values
    return out
