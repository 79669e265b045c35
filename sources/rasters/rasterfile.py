"""A planner's raster: looked at once, then read by parts, its figures as declared.

Whatever way its rows run (south-up, turned), a part is read with its own affine; band scale and
offset, the unit of heights and missing figures are seen to here, so that every reader has the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.warp import transform_bounds
from rasterio.windows import Window as RasterWindow

from phusong.checks import Findings
from phusong.errors import InputError, Where
from phusong.grid import Window
from phusong.sources.admission import admit, report_missing
from phusong.sources.bounds import nowhere, refuse_large_part, refuse_nowhere, refuse_vast
from phusong.sources.datum import settled
from phusong.sources.gdal import NO_LEAVE, opened
from phusong.sources.rasters.metadata import (
    METRES,
    Holds,
    further_bands,
    picture_of,
    stated_unit,
)
from phusong.sources.rasters.mosaic import is_mosaic, refuse_foreign
from phusong.study import Gdal, HeightUnit, Study

Bounds = tuple[float, float, float, float]
_SIDES: Final = 21
"""Points along a side of an area whose outline is followed into another CRS."""
_HALF_TURN: Final = 180.0


class UnreadableError(InputError):
    """A raster that could be opened, and then could not be read: cut short, or a part missing."""


@dataclass(frozen=True)
class RasterFile:
    """A planner's raster that can be read, or a part of it, with the CRS it is in."""

    path: Path
    where: Where
    crs: CRS
    transform: Affine
    """From (column, row) of the part to its CRS."""
    width: int
    height: int
    row0: int = 0
    col0: int = 0
    """First row and column of the part in the file."""
    scale: float = 1.0
    offset: float = 0.0
    """What makes the file's numbers the figures they stand for."""
    undeclared: tuple[float, ...] = ()
    """Numbers of the file that are no figures though it does not say so."""
    leave: Gdal = NO_LEAVE
    """What the study allows GDAL."""

    @property
    def corners(self) -> NDArray[np.float64]:
        """(4, 2) corners in its CRS, in order round it."""
        col = np.array([0, self.width, self.width, 0])
        row = np.array([0, 0, self.height, self.height])
        return np.column_stack(self.places(row, col))

    @property
    def bounds(self) -> Bounds:
        """(west, south, east, north) in its CRS."""
        (west, south), (east, north) = self.corners.min(axis=0), self.corners.max(axis=0)
        return float(west), float(south), float(east), float(north)

    @property
    def cell(self) -> tuple[float, float]:
        """Cell sizes along its columns and rows in units of its CRS, both positive."""
        t = self.transform
        return math.hypot(t.a, t.d), math.hypot(t.b, t.e)

    @property
    def as_declared(self) -> str:
        """What shapes its figures beside the file's bytes, in one line for hashing."""
        return f"{self.crs.to_wkt()}|{tuple(self.transform)}|{self.scale!r}|{self.offset!r}"

    def opened(self) -> AbstractContextManager[Any]:
        """Open it for reading (a rasterio dataset; use as a context, locked as the study says).

        Raises
        ------
        InputError
            When that is no longer possible.
        """
        return opened(self.path, self.where, self.leave)

    def places(self, row: ArrayLike, col: ArrayLike) -> tuple[NDArray[np.float64], ...]:
        """Return (x, y) in its CRS of rows and columns counted from its outer corner."""
        row, col, t = np.asarray(row), np.asarray(col), self.transform
        return t.a * col + t.b * row + t.c, t.d * col + t.e * row + t.f

    def pixels(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (row, column) of places in its CRS, counted from its outer corner.

        Longitudes are turned to where the raster has them, be that 0 to 360 or across 180.
        """
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if self.crs.is_geographic:
            west, _, east, _ = self.bounds
            middle = (west + east) / 2
            x = np.where(
                np.abs(x - middle) <= _HALF_TURN,
                x,
                middle + (x - middle + _HALF_TURN) % 360.0 - _HALF_TURN,
            )
        back = ~self.transform
        return back.d * x + back.e * y + back.f, back.a * x + back.b * y + back.c

    def window_under(self, crs: CRS, bounds: Bounds, pad: float = 0.0) -> Window:
        """Return the cells under bounds in another CRS, ``pad`` more all round; may be empty."""
        row, col = self.pixels(
            *Transformer.from_crs(crs, self.crs, always_xy=True).transform(*_outline(bounds))
        )
        known = np.isfinite(row) & np.isfinite(col)
        if not known.any():
            return Window(0, 0, 0, 0)
        row, col = row[known], col[known]
        row0, col0 = math.floor(row.min() - pad), math.floor(col.min() - pad)
        rows, cols = math.ceil(row.max() + pad) - row0, math.ceil(col.max() + pad) - col0
        return Window(row0, col0, rows, cols).intersect(Window(0, 0, self.height, self.width))

    def part(self, window: Window) -> RasterFile:
        """Return a part of it."""
        return replace(
            self,
            transform=_from(self.transform, *self.places(window.row0, window.col0)),
            width=window.cols,
            height=window.rows,
            row0=self.row0 + window.row0,
            col0=self.col0 + window.col0,
        )

    def read(self, source: Any, window: Window, dtype: str = "float32") -> NDArray[Any]:
        """Read cells as figures, NaN for no data.

        Parameters
        ----------
        source
            The dataset that :meth:`opened` gave.
        window
            Cells of this part.
        dtype
            ``float32`` or ``float64``.

        Raises
        ------
        UnreadableError
            When the file is damaged there, or what it is made of is missing.
        """
        refuse_large_part(window.rows * window.cols, self.where)
        at = _gdal_window(
            replace(window, row0=self.row0 + window.row0, col0=self.col0 + window.col0)
        )
        try:
            raw = source.read(1, window=at, masked=True)
        except RasterioError as error:
            raise self._unreadable(error) from error
        with np.errstate(over="ignore"):
            wide = raw.astype(np.float64 if self._declared else dtype)
        values: NDArray[Any] = wide.filled(np.nan)
        if self.undeclared:
            values[np.isin(raw.data, self.undeclared)] = np.nan
        if self._declared:
            values = (values * self.scale + self.offset).astype(dtype)
        return values

    def _unreadable(self, error: RasterioError) -> UnreadableError:
        return UnreadableError(
            "the file cannot be read ({reason})",
            self.where,
            "fetch the file anew: it is cut short, damaged, or a file it names is missing",
            {"reason": str(error.__cause__ or error)},
        )

    @property
    def _declared(self) -> bool:
        return (self.scale, self.offset) != (1.0, 0.0)


def _from(transform: Affine, x: Any, y: Any) -> Affine:
    """Return a transform with its outer corner elsewhere."""
    t = transform
    return Affine(t.a, t.b, float(x), t.d, t.e, float(y))


def _gdal_window(window: Window) -> RasterWindow:
    return RasterWindow(window.col0, window.row0, window.cols, window.rows)


def _outline(bounds: Bounds) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points along the four sides of an area."""
    west, south, east, north = bounds
    x, y = np.linspace(west, east, _SIDES), np.linspace(south, north, _SIDES)
    low, high = np.full(_SIDES, south), np.full(_SIDES, north)
    left, right = np.full(_SIDES, west), np.full(_SIDES, east)
    return np.concatenate([x, x, left, right]), np.concatenate([low, high, y, y])


def open_raster(
    path: Path,
    where: Where,
    crs: str | None,
    findings: Findings,
    holds: Holds = "heights",
    unit: HeightUnit | None = None,
    study: Study | None = None,
) -> RasterFile | None:
    """Look at a raster: that it is there, can be read, lies somewhere, and holds figures.

    Parameters
    ----------
    path, where
        The file, and how findings name it.
    crs
        CRS the study states.
    findings
        Takes S01, S02, S30 (it asks for more than to be read), D01 (no CRS) and D13 to D18
        (unit, picture, bands, axes).
    holds
        What it is read for.
    unit
        Unit of heights the study states.
    study
        Says what GDAL is allowed; without it, nothing more than to read.

    Returns
    -------
    RasterFile or None
        None after an error.
    """
    if not path.exists():
        report_missing(Path(where.file), where, findings)
        return None
    folder, leave = (study.folder, study.gdal) if study is not None else (path.parent, NO_LEAVE)
    try:
        admit(path, where, leave)
        mosaic = is_mosaic(path)
        if mosaic:
            refuse_foreign(path, where, folder, leave)
        with opened(path, where, leave, mosaic=mosaic) as source:
            refuse_vast(source, where)
            refuse_nowhere(source, where)
            system = _crs_of(source, crs, where, findings)
            if system is None or not _has_figures(source, holds, where, findings):
                return None
            scale, offset = float(source.scales[0]), float(source.offsets[0])
            if holds == "heights":
                metres = _metres(source, _whole_crs(source, crs), unit, where, findings)
                scale, offset = scale * metres, offset * metres
            file = RasterFile(
                path,
                where,
                system,
                source.transform,
                source.width,
                source.height,
                scale=scale,
                offset=offset,
                undeclared=_undeclared(source, holds, scale),
                leave=leave,
            )
    except InputError as error:
        findings.refuse(error, path.name)
        return None
    except CRSError as error:
        findings.add(
            "S02", where, path.name, "the file cannot be read ({reason})", reason=str(error)
        )
        return None
    return file if _axes_in_order(file, findings) else None


def _whole_crs(source: Any, stated: str | None) -> CRS:
    """Return the CRS with its vertical part."""
    return CRS.from_user_input(stated if stated is not None else source.crs)


def _crs_of(source: Any, stated: str | None, where: Where, findings: Findings) -> CRS | None:
    """Return the horizontal CRS; D01 where there is none, or it is no place on earth."""
    if stated is None and source.crs is None:
        findings.add("D01", where, Path(where.file).name)
        return None
    try:
        whole = _whole_crs(source, stated)
    except CRSError:
        findings.add(
            "D01", where, Path(where.file).name, "{crs} is not a known CRS", crs=stated or ""
        )
        return None
    flat = whole.sub_crs_list[0] if whole.is_compound else whole.to_2d()
    if not (flat.is_geographic or flat.is_projected):
        findings.add(
            "D01", where, Path(where.file).name, "{crs} is no place on earth", crs=flat.name
        )
        return None
    return flat if stated is not None else settled(flat, where, findings)


def _has_figures(source: Any, holds: Holds, where: Where, findings: Findings) -> bool:
    """Say whether there is a band of figures on the ground (S02, D15, D16, D18)."""
    name = Path(where.file).name
    if source.count == 0:
        listed = ", ".join(source.subdatasets) or "-"
        findings.add("S02", where, name, "the file holds no raster; it has {parts}", parts=listed)
        return False
    if source.transform.is_identity or source.transform.is_degenerate:
        findings.add("S02", where, name, "the raster does not say where it lies")
        return False
    if source.dtypes[0].startswith("complex"):
        findings.add("S02", where, name, "its figures are complex numbers")
        return False
    scale, offset = source.scales[0], source.offsets[0]
    if scale == 0 or not (math.isfinite(scale) and math.isfinite(offset)):
        findings.add(
            "S02",
            where,
            name,
            "its scale is {scale}, its offset {offset}",
            scale=f"{scale:g}",
            offset=f"{offset:g}",
        )
        return False
    picture = picture_of(source, holds)
    if picture:
        types = ", ".join(dict.fromkeys(source.dtypes))
        findings.add("D15", where, name, picture, bands=source.count, types=types)
        return False
    if holds == "heights" and source.dtypes[0] == "uint8":
        findings.add("D16", where, name)
    if further_bands(source) > 0:
        findings.add(
            "D18", where, name, "{n} bands; the first is used", n=further_bands(source) + 1
        )
    return True


def _metres(
    source: Any, crs: CRS, unit: HeightUnit | None, where: Where, findings: Findings
) -> float:
    """Return the metres in a unit of the raster's heights (D13 where not 1, D14 where unknown)."""
    name = Path(where.file).name
    said, metres = (unit, METRES[unit]) if unit is not None else stated_unit(source, crs)
    if metres is None:
        findings.add("D14", where, name, "the raster says {unit}", unit=said)
        return 1.0
    if metres != 1.0:
        findings.add(
            "D13",
            where,
            name,
            "the unit is {unit}: {metres} m",
            unit=said,
            metres=f"{metres:.7g}",
        )
    return metres


def _undeclared(source: Any, holds: Holds, scale: float) -> tuple[float, ...]:
    """Return numbers that mean nothing, for whole numbers which a scale brings into what may be.

    Unscaled ones are impossible heights and are seen as such.
    """
    kind = np.dtype(source.dtypes[0])
    declared = source.nodata is not None
    if holds != "heights" or scale == 1.0 or declared or kind.kind not in "iu" or kind.itemsize < 2:
        return ()
    ends = np.iinfo(kind)
    return tuple({float(v) for v in (ends.min, ends.min + 1, ends.max, -9999) if v not in {0, 1}})


def _axes_in_order(file: RasterFile, findings: Findings) -> bool:
    """Say whether a raster in degrees has its longitudes along x (D17), and is in degrees (D01)."""
    west, south, east, north = file.bounds
    if not file.crs.is_geographic or max(abs(south), abs(north)) <= 90 + file.cell[1]:
        return True
    exchanged = max(abs(west), abs(east)) <= 90 + file.cell[0] and max(-south, north) <= 360
    findings.add(
        "D17" if exchanged else "D01",
        file.where,
        file.path.name,
        "x runs from {west} to {east}, y from {south} to {north} degrees"
        if exchanged
        else "{crs} counts in degrees, and x runs from {west} to {east}, y from {south} to {north}",
        crs=file.crs.name,
        west=f"{west:g}",
        east=f"{east:g}",
        south=f"{south:g}",
        north=f"{north:g}",
    )
    return False


def bounds_in(file: RasterFile, crs: CRS) -> Bounds:
    """Return a raster's bounds in another CRS.

    Raises
    ------
    InputError
        When nothing leads from the raster's CRS there.
    """
    try:
        west, south, east, north = transform_bounds(file.crs, crs, *file.bounds, densify_pts=41)
    except Exception as error:  # GDAL's errors share no public name
        raise nowhere(file.where) from error
    if not np.isfinite([west, south, east, north]).all():
        raise nowhere(file.where)
    return float(west), float(south), float(east), float(north)


def near(files: Sequence[RasterFile], crs: CRS, bounds: Bounds) -> list[RasterFile]:
    """Return the parts of rasters that lie in an area, their longitudes between -180 and 180.

    A world's raster is cut to what is needed, and one that runs from 0 to 360 or over the 180th
    meridian is cut there. A raster with nothing in the area comes back whole, to be told of.

    Parameters
    ----------
    files
        Whole rasters.
    crs, bounds
        The area (west, south, east, north).
    """
    out = []
    for file in files:
        parts = [
            piece.part(window)
            for piece in _within_half_turns(file)
            if not (window := piece.window_under(crs, bounds, 2.0)).empty
        ]
        out += parts or [file]
    return out


def _within_half_turns(file: RasterFile) -> list[RasterFile]:
    """Cut a raster in degrees where its longitudes leave -180 to 180, and turn them back."""
    west, _, east, _ = file.bounds
    step = file.transform.a
    turned = file.transform.b != 0 or file.transform.d != 0
    beyond = west < -_HALF_TURN - abs(step) or east > _HALF_TURN + abs(step)
    if not file.crs.is_geographic or turned or not beyond:
        return [file]
    out = []
    for turn in range(math.floor((west + 180) / 360), math.ceil((east + 180) / 360)):
        edges = [360.0 * turn - 180.0, 360.0 * turn + 180.0]
        cols = sorted(round((edge - file.transform.c) / step) for edge in edges)
        first, end = max(0, cols[0]), min(file.width, cols[1])
        if end <= first:
            continue
        piece = file.part(Window(0, first, file.height, end - first))
        moved = _from(piece.transform, piece.transform.c - 360.0 * turn, piece.transform.f)
        out.append(replace(piece, transform=moved))
    return out
