"""Rasters over the page's frame: warped to Web Mercator, encoded, base64."""

from __future__ import annotations

import base64
import warnings
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT

from phusong.maps.mercator import MERCATOR, Frame


def warp(
    path: Path, frame: Frame, longest_px: int, resampling: Resampling = Resampling.nearest
) -> tuple[NDArray[np.float32], Affine]:
    """Return a raster over the frame, (rows, cols) float32 with NaN for nothing, and its transform.

    Scale and offset of the file are applied.
    """
    transform, rows, cols = frame.picture(longest_px)
    with (
        rasterio.open(path) as source,
        WarpedVRT(
            source,
            crs=MERCATOR,
            transform=transform,
            width=cols,
            height=rows,
            resampling=resampling,
            add_alpha=source.nodata is None,
        ) as warped,
    ):
        band = warped.read(1).astype(np.float32)
        band = band * np.float32(source.scales[0]) + np.float32(source.offsets[0])
        seen = warped.read(2) if source.nodata is None else warped.dataset_mask()
        band[seen == 0] = np.nan
    return band, transform


def encode_grey(values: NDArray[np.uint8]) -> str:
    """Return a grey PNG (base64) whose pixels are the values."""
    return _encode(values[None], driver="PNG", zlevel=9)


def encode_pairs(values: NDArray[np.uint16]) -> str:
    """Return an RGB PNG (base64): red x 256 + green is the value, blue nothing."""
    high, low = (values >> 8).astype(np.uint8), (values & 255).astype(np.uint8)
    return _encode(np.stack([high, low, np.zeros_like(low)]), driver="PNG", zlevel=9)


def encode_photo(image: NDArray[np.uint8], quality: int) -> str:
    """Return a JPEG (base64) of an image of shape (3, rows, cols)."""
    return _encode(image, driver="JPEG", quality=quality)


def _encode(image: NDArray[np.uint8], **options: str | int) -> str:
    count, rows, cols = image.shape
    with warnings.catch_warnings(), MemoryFile() as memory:
        # A picture of the page has no place of its own: the page says where it lies.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with memory.open(width=cols, height=rows, count=count, dtype="uint8", **options) as target:
            target.write(image)
        return base64.b64encode(memory.read()).decode("ascii")
