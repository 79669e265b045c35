"""Signal rasters on disc: cloud-optimised GeoTIFFs written by tile, read by window."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.errors import RasterioIOError
from rasterio.windows import Window as RasterWindow

from phusong.coverage.results import ANY, SignalLayer
from phusong.coverage.signal.combine import (
    NO_LEVEL,
    NO_PROBABILITY,
    NO_SHARE,
    PROBABILITY_STEP,
    SHARE_STEP,
    TICK_DB,
)
from phusong.disc.spill import Spill
from phusong.errors import CrewError
from phusong.grid import Grid, Window
from phusong.names import safe_names
from phusong.sources.gdal import CACHE_BYTES

TILE: Final = 512
_COG: Final = {
    "driver": "COG",
    "compress": "deflate",
    "level": 1,
    "predictor": "yes",
    "blocksize": TILE,
    "num_threads": "all_cpus",
    "overview_compress": "deflate",
}


@dataclass(frozen=True)
class Kind:
    """How one of the rasters of a layer is written: steps of ``scale``, in ``unit``."""

    name: str
    dtype: str
    nodata: float
    scale: float
    unit: str
    overview: Resampling


LEVEL: Final = Kind("level", "int16", NO_LEVEL, TICK_DB, "dBm", Resampling.average)
PROBABILITY: Final = Kind(
    "probability", "uint8", NO_PROBABILITY, PROBABILITY_STEP, "", Resampling.average
)
SPREAD: Final = Kind("spread", "uint8", NO_SHARE, SHARE_STEP, "", Resampling.average)


def signal_kinds(servers: int, *, tightened: bool = False) -> tuple[Kind, ...]:
    """Return level, server and probability, and what is left of the spread where any is taken.

    More than 65,534 servers take 32 bits.
    """
    dtype = "uint16" if servers < np.iinfo(np.uint16).max else "uint32"
    kinds = (LEVEL, Kind("server", dtype, 0, 1.0, "", Resampling.nearest), PROBABILITY)
    return (*kinds, SPREAD) if tightened else kinds


class LayerWriter:
    """Writes the rasters of all layers tile by tile; they appear, whole, when it closes.

    Parameters
    ----------
    folder
        Made when it is not there.
    grid
        The study grid.
    names
        (operator, technology) of each layer.
    kinds
        The rasters of each layer.

    Attributes
    ----------
    paths
        Of each layer, in the order of ``kinds``.
    """

    def __init__(
        self, folder: Path, grid: Grid, names: list[tuple[str, str]], kinds: tuple[Kind, ...]
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._kinds = kinds
        safe = safe_names(operator for operator, _ in names)
        self._open: list[tuple[Spill, ...]] = []
        self.paths: list[tuple[Path, ...]] = []
        with contextlib.ExitStack() as opened:
            for operator, technology in names:
                part = "any" if technology == ANY else technology
                stem = f"coverage_{safe[operator]}_{part}"
                paths = tuple(folder / f"{stem}_{kind.name}.tif" for kind in kinds)
                self.paths.append(paths)
                self._open.append(
                    tuple(
                        opened.enter_context(_spill(path, grid, kind))
                        for path, kind in zip(paths, kinds, strict=True)
                    )
                )
            self._stack = opened.pop_all()

    def write(self, layer: int, window: Window, arrays: tuple[NDArray[Any], ...]) -> None:
        """Write level ticks, servers and probability steps of a tile of one layer."""
        for raster, values in zip(self._open[layer], arrays, strict=True):
            raster.write(window, values)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack, rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES):
            if kind is None:
                for rasters in self._open:
                    for raster, how in zip(rasters, self._kinds, strict=True):
                        raster.to_geotiff(**_COG, overview_resampling=how.overview.name)


def _spill(path: Path, grid: Grid, kind: Kind) -> Spill:
    band = {"descriptions": kind.name, "scales": kind.scale, "units": kind.unit}
    return Spill(path, grid, kind.dtype, kind.nodata, band)


@dataclass(frozen=True)
class Levels:
    """What a layer holds at places, arrays of one shape.

    Attributes
    ----------
    ticks, server
        Level ticks, and server plus one (0: none).
    left
        Steps of the spread that measurements leave; None where the layer has none of it.
    """

    ticks: NDArray[np.int16] | NDArray[np.int32]
    server: NDArray[np.int32]
    left: NDArray[np.uint8] | None = None

    def at(self, cells: NDArray[np.int64]) -> Levels:
        """Return what it holds at flat indices."""
        left = None if self.left is None else self.left.ravel()[cells]
        return Levels(self.ticks.ravel()[cells], self.server.ravel()[cells], left)


class LevelSource(Protocol):
    """Whatever hands out the levels of layers by window."""

    def read(self, layer: int, window: Window) -> Levels:
        """Return what one layer holds over a window in the grid, (rows, cols)."""
        ...


class LayerReader:
    """Reads level ticks, servers and spread of layers by window, each file opened once."""

    def __init__(self, layers: Iterable[SignalLayer]) -> None:
        self._layers = list(layers)
        self._stack = contextlib.ExitStack()
        self._open: list[tuple[Any, Any, Any]] = []

    def __enter__(self) -> Self:
        for layer in self._layers:
            level, server, spread = (
                None if path is None else self._stack.enter_context(rasterio.open(path))
                for path in (layer.level, layer.server, layer.spread)
            )
            self._open.append((level, server, spread))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def read(self, layer: int, window: Window) -> Levels:
        """Return what one layer holds over a window in the grid, (rows, cols)."""
        place = RasterWindow(window.col0, window.row0, window.cols, window.rows)
        level, server, spread = self._open[layer]
        return Levels(
            level.read(1, window=place),
            server.read(1, window=place, out_dtype="int32"),
            None if spread is None else spread.read(1, window=place),
        )


@contextlib.contextmanager
def read_by_worker(layers: Iterable[SignalLayer]) -> Iterator[LayerReader]:
    """Open layers in a worker.

    Raises
    ------
    CrewError
        When they cannot be seen from where it works.
    """
    with contextlib.ExitStack() as opened:
        try:
            reader = opened.enter_context(LayerReader(layers))
        except RasterioIOError as problem:
            raise CrewError(
                "a worker cannot read the signal rasters: {problem}",
                mend="give --out a folder that all workers see under the same path",
                params={"problem": str(problem)},
            ) from problem
        yield reader


class StepsReader:
    """Reads further rasters of layers by window, each file opened once."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = list(paths)
        self._stack = contextlib.ExitStack()
        self._open: list[Any] = []

    def __enter__(self) -> Self:
        self._open = [self._stack.enter_context(rasterio.open(path)) for path in self._paths]
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def read(self, which: int, window: Window) -> NDArray[Any]:
        """Return the steps of one raster over a window in the grid."""
        place = RasterWindow(window.col0, window.row0, window.cols, window.rows)
        steps: NDArray[Any] = self._open[which].read(1, window=place)
        return steps
