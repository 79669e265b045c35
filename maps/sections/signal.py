"""Signal rasters as data inside the page: who serves every place, and at what level.

One pair of pictures a carrier and technology; the page itself finds the best of several, the
probability, and what is left of the level in a car or behind a wall.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from phusong.coverage.signal.combine import ALL_LEFT, SHARE_STEP
from phusong.coverage.villages.indoors import PLACES, entry_by_cell, entry_of
from phusong.maps.codec import positions
from phusong.maps.mercator import Frame
from phusong.maps.picture import encode_grey, encode_pairs, warp

if TYPE_CHECKING:
    import pandas as pd

    from phusong.coverage.results import Signal, SignalLayer
    from phusong.sources.inputs import Inputs
    from phusong.study import Study

ANY = "*"
ZERO_DBM = 200
"""Byte of 0 dBm: a level is kept as whole dB above -200 dBm, 0 stands for no signal."""
LEVEL_STEPS_DB = (-15.0, -10.0, -5.0, 0.0, 5.0, 15.0, 25.0)
LEVEL_COLOURS = ("#b35806", "#f1a340", "#fee0b6", "#d8daeb", "#998ec3", "#6a51a3", "#3f007d")
"""ColorBrewer PuOr, colour-blind safe: orange under the threshold, violet from it on."""
CHANCE_STEPS = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95)
CHANCE_COLOURS = ("#ffffcc", "#c7e9b4", "#7fcdbb", "#41b6c4", "#2c7fb8", "#253494", "#081d58")
"""ColorBrewer YlGnBu; the study's own probability is put among the steps."""
SERVER_COLOURS = (
    "#8dd3c7",
    "#fdb462",
    "#bebada",
    "#fb8072",
    "#80b1d3",
    "#b3de69",
    "#fccde5",
    "#bc80bd",
    "#ffed6f",
    "#ccebc5",
    "#d9a679",
    "#a6a6a6",
)
"""ColorBrewer Set3: neighbours differ, the colour itself means nothing."""
SIZES_PX = (1800, 1400, 1100, 900, 700, 500, 350)
GROWTH = 1.6
MOST_BASE64 = 8_500_000
"""Of all signal rasters together; the page has 15 MB."""


def signal_rasters(signal: Signal, frame: Frame) -> list[dict[str, Any]]:
    """Return level and server of every plain layer, all of one size: the largest that fits.

    Returns
    -------
    Dicts with ``operator``, ``technology``, ``level`` (base64 of a grey PNG, see
    :data:`ZERO_DBM`), ``server`` (base64 of an RGB PNG: red x 256 + green is the index of
    the server among ``signal.cells`` plus one, 0 for none) and, where measurements tighten any
    spread, ``spread`` (base64 of a grey PNG: steps of what is left of it).
    """
    plain = [layer for layer in signal.layers if ANY not in (layer.operator, layer.technology)]
    rasters: list[dict[str, Any]] = []
    for longest_px in _sizes_that_may_fit(plain, frame):
        rasters = [_raster(layer, frame, longest_px) for layer in plain]
        if _weight(rasters) <= MOST_BASE64:
            break
    return rasters


def _sizes_that_may_fit(plain: list[SignalLayer], frame: Frame) -> tuple[int, ...]:
    """Leave out the sizes that small rasters already rule out.

    Borders between servers are lines, noise is area: bytes grow with a power of the size
    between 1 and 2. The lower guess would waste time, the higher one pixels.
    """
    small = SIZES_PX[-1]
    room = MOST_BASE64 / max(_weight([_raster(layer, frame, small) for layer in plain]), 1)
    likely = [px for px in SIZES_PX if (px / small) ** GROWTH <= room]
    return tuple(likely) or SIZES_PX[-1:]


def _weight(rasters: list[dict[str, Any]]) -> int:
    pictures = ("level", "server", "spread")
    return sum(len(raster.get(name, "")) for raster in rasters for name in pictures)


def _raster(layer: SignalLayer, frame: Frame, longest_px: int) -> dict[str, Any]:
    level, _ = warp(layer.level, frame, longest_px)
    server, _ = warp(layer.server, frame, longest_px)
    pictures = {
        "level": encode_grey(level_bytes(level)),
        "server": encode_pairs(np.nan_to_num(server).astype(np.uint16)),
    }
    if layer.spread is not None:
        share, _ = warp(layer.spread, frame, longest_px)
        steps = np.rint(np.nan_to_num(share) / SHARE_STEP).astype(np.uint8)
        pictures["spread"] = encode_grey(steps)
    return {"operator": layer.operator, "technology": layer.technology, **pictures}


def level_bytes(level_dbm: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return whole dB above -200 dBm, at least 1; 0 where the level is NaN."""
    steps = np.clip(np.rint(np.nan_to_num(level_dbm, nan=0.0)) + ZERO_DBM, 1, 255)
    return np.where(np.isnan(level_dbm), 0, steps).astype(np.uint8)


def server_section(
    cells: pd.DataFrame, of: pd.DataFrame, study: Study, *, tightened: bool
) -> dict[str, Any]:
    """Return what the page needs to know of servers, by their number in the rasters.

    Servers of one threshold, spread and entry loss are one ``kind``. The spread outdoors is that
    away from measured places; ``all_left`` steps of it are left there, 0 says that no raster does.

    Parameters
    ----------
    cells
        By server number, see :attr:`phusong.coverage.results.Signal.cells`.
    of
        The cells as the page lists them, with ``cell_id``.
    """
    columns = [cells["threshold_dbm"].to_numpy(np.float64), cells["sigma_db"].to_numpy(np.float64)]
    for place in PLACES:
        columns += entry_by_cell(cells, entry_of(place, study))
    kinds, kind_of = np.unique(np.column_stack(columns), axis=0, return_inverse=True)
    entries = {
        place: {
            "loss_db": np.round(kinds[:, 2 + 2 * i], 3).tolist(),
            "sigma_db": np.round(kinds[:, 3 + 2 * i], 4).tolist(),
        }
        for i, place in enumerate(PLACES)
    }
    return {
        "cell": positions(cells["cell_id"], of["cell_id"]),
        "kind": kind_of.ravel().tolist(),
        "threshold_dbm": kinds[:, 0].tolist(),
        "sigma_db": np.round(kinds[:, 1], 4).tolist(),
        "all_left": ALL_LEFT if tightened else 0,
        "places": entries,
    }


def raster_section(signal: Signal, inputs: Inputs, study: Study, frame: Frame) -> dict[str, Any]:
    """Return what the page needs to read the rasters: servers, and how classes are coloured."""
    return {
        "zero_dbm": ZERO_DBM,
        **server_section(signal.cells, inputs.cells, study, tightened=signal.tightened),
        "steps": {
            "level": {
                technology: list(level_steps(study, technology))
                for technology in (ANY, *study.radio.technologies)
            },
            "probability": list(chance_steps(study)),
        },
        "colours": {
            "level": list(LEVEL_COLOURS),
            "probability": list(CHANCE_COLOURS[: len(chance_steps(study))]),
            "server": list(SERVER_COLOURS),
        },
        "tints": [
            {"operator": layer.operator, "technology": layer.technology, "of": _tints(layer, frame)}
            for layer in signal.layers
        ],
    }


def _tints(layer: SignalLayer, frame: Frame) -> str:
    """Return one letter a server plus one: ``a`` for the first colour, ``.`` for none."""
    server, _ = warp(layer.server, frame, SIZES_PX[-2])
    table = colour_servers(np.nan_to_num(server).astype(np.int64), len(SERVER_COLOURS))
    return "".join("." if colour == 0 else chr(ord("a") + int(colour) - 1) for colour in table)


def colour_servers(servers: NDArray[np.int64], colours: int) -> NDArray[np.uint8]:
    """Return colour numbers 1..colours by server, so that neighbouring areas are unlike.

    Parameters
    ----------
    servers
        (rows, cols), 0 for none, never negative.
    colours
        How many colours there are; beyond them (more neighbours than colours) they repeat.

    Returns
    -------
    ndarray
        (greatest server + 1,); 0 for servers that serve nowhere.
    """
    most = int(servers.max(initial=0)) + 1
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(np.flatnonzero(np.bincount(servers.ravel(), minlength=most)).tolist())
    for one, other in (
        (servers[:, :-1], servers[:, 1:]),
        (servers[:-1, :], servers[1:, :]),
    ):
        touching = (one != other) & (one > 0) & (other > 0)
        pairs = np.unique(one[touching] * most + other[touching])
        graph.add_edges_from(zip((pairs // most).tolist(), (pairs % most).tolist(), strict=True))
    table = np.zeros(most, dtype=np.uint8)
    for server, colour in nx.greedy_color(graph, strategy="largest_first").items():
        table[server] = colour % colours + 1
    table[0] = 0
    return table


def level_steps(study: Study, technology: str) -> tuple[float, ...]:
    """Return the lower edges of the level classes, dBm, around the technology's threshold."""
    named = study.verdict.technologies[0] if technology == ANY else technology
    threshold = study.radio.technologies[named].threshold_dbm  # type: ignore[index]
    return tuple(threshold + step for step in LEVEL_STEPS_DB)


def chance_steps(study: Study) -> tuple[float, ...]:
    """Return the lower edges of the probability classes, the study's own among them."""
    return tuple(sorted({*CHANCE_STEPS, study.verdict.probability}))
