"""The base map of a page without a network: the study's own terrain, shaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling
from scipy import ndimage

from phusong.maps.mercator import Frame
from phusong.maps.picture import encode_photo, warp

SUN_ALTITUDE_DEG = 45.0
SUNS = ((315.0, 0.55), (270.0, 0.15), (0.0, 0.15), (45.0, 0.15))
"""Azimuth and weight: one light alone leaves the lee of a karst ridge black."""
PAPER = np.array([244, 242, 236], dtype=np.float32)
LOW = np.array([226, 232, 218], dtype=np.float32)
HIGH = np.array([246, 240, 230], dtype=np.float32)
"""Pale on purpose: the verdict colours must read on top of it, on a projector too."""
LARGEST_BASE64 = 1_500_000
SIZES_PX = (2000, 1600, 1200, 900, 600)


def shade(heights_m: NDArray[np.float32], cell_m: float) -> NDArray[np.float32]:
    """Return the light a surface throws back, (rows, cols) in 0..1, NaN where no height is.

    Lambert's law over several lights (Horn's slopes by central differences).

    Parameters
    ----------
    heights_m
        Ground heights, north up.
    cell_m
        Cell size on the ground.
    """
    # The edge of the terrain would be a cliff: carry the nearest height on beyond it.
    known = np.isfinite(heights_m)
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    filled = heights_m[tuple(nearest)]
    to_south, to_east = np.gradient(filled, cell_m)
    east, north = to_east, -to_south
    steepness = np.sqrt(1 + east**2 + north**2)
    altitude = np.radians(SUN_ALTITUDE_DEG)
    light = np.zeros(heights_m.shape, dtype=np.float32)
    for azimuth_deg, weight in SUNS:
        azimuth = np.radians(azimuth_deg)
        towards = east * np.sin(azimuth) + north * np.cos(azimuth)
        lit = (np.sin(altitude) - np.cos(altitude) * towards) / steepness
        light += np.float32(weight) * np.clip(lit, 0, 1).astype(np.float32)
    return np.where(known, light, np.nan).astype(np.float32)


def paint(heights_m: NDArray[np.float32], cell_m: float) -> NDArray[np.uint8]:
    """Return the shaded terrain, (3, rows, cols); paper colour where no height is."""
    light = shade(heights_m, cell_m)
    low, high = np.nanpercentile(heights_m, [2, 98])
    rise = np.clip((heights_m - low) / max(high - low, 1.0), 0, 1)[..., None]
    tint = LOW + (HIGH - LOW) * rise
    # A plain gets sin(45°) of the light and should stay the colour of its tint.
    factor = 1 + 0.65 * (light / np.sin(np.radians(SUN_ALTITUDE_DEG)) - 1)[..., None]
    colours = np.where(np.isfinite(factor), tint * np.clip(factor, 0.42, 1.06), PAPER)
    return np.clip(colours, 0, 255).astype(np.uint8).transpose(2, 0, 1)


def hillshade(terrain: Path, frame: Frame) -> str:
    """Return the shaded terrain of the frame as a JPEG data URI of at most 1.5 MB.

    A terrain without any height gives blank paper.
    """
    text = ""
    for longest_px in SIZES_PX:
        heights, transform = warp(terrain, frame, longest_px, Resampling.bilinear)
        if not np.isfinite(heights).any():
            image = np.broadcast_to(PAPER.astype(np.uint8)[:, None, None], (3, *heights.shape))
            image = np.ascontiguousarray(image)
        else:
            image = paint(heights, transform.a * frame.ground_scale)
        text = encode_photo(image, quality=70)
        if len(text) <= LARGEST_BASE64:
            break
    return f"data:image/jpeg;base64,{text}"
