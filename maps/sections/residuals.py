"""Measured places and how far they are off, as the page reads them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import Transformer

from phusong.maps.codec import coded, plain, scaled, texts

if TYPE_CHECKING:
    from phusong.maps.mercator import Frame
    from phusong.results.measured import MeasuredLevels
    from phusong.sources.inputs import Inputs

MOST_PLACES = 20_000
"""More are thinned evenly, in the order of the file; the page says how many there are."""


def measured_section(measured: MeasuredLevels, inputs: Inputs, frame: Frame) -> dict[str, Any]:
    """Return the places with level, prediction and difference, and where they are from."""
    rows = measured.rows
    step = max(1, math.ceil(len(rows) / MOST_PLACES))
    kept = rows.iloc[::step].reset_index(drop=True)
    longitude, latitude = (kept[name].to_numpy(np.float64) for name in ("longitude", "latitude"))
    to_study = Transformer.from_crs(4326, inputs.crs, always_xy=True)
    x, y = frame.place(*to_study.transform(longitude, latitude))
    operators, operator = coded(kept["operator"])
    technologies, technology = coded(kept["technology"])
    cells, cell = coded(kept["cell_id"])
    sites, site = coded(kept["site_id"])
    return {
        "files": [name for name, _ in measured.files],
        "date": plain(measured.date),
        "total": len(rows),
        "row": scaled(kept["row"], 0),
        "rows": scaled(kept["rows"], 0),
        "operators": operators,
        "operator": operator,
        "technologies": technologies,
        "technology": technology,
        "cells": cells,
        "cell": cell,
        "sites": sites,
        "site": site,
        "sight": texts(kept["sight"]),
        "level": scaled(kept["level_dbm"], 1),
        "predicted": scaled(kept["predicted_dbm"], 1),
        "residual": scaled(kept["residual_db"], 1),
        "x": x,
        "y": y,
    }
