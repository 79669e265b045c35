"""Signal rasters as palette pictures: level, probability and best-server areas."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from phusong.maps.frame import Frame
from phusong.maps.picture import encode_classes, parse_colour, warp

if TYPE_CHECKING:
    from phusong.coverage.results import Signal, SignalLayer
    from phusong.study import Study

ANY = "*"
LEVEL_STEPS_DB = (-15.0, -10.0, -5.0, 0.0, 5.0, 15.0, 25.0)
LEVEL_COLOURS = ("#b35806", "#f1a340", "#fee0b6", "#d8daeb", "#998ec3", "#6a51a3", "#3f007d")
"""ColorBrewer PuOr, colour-blind safe: orange under the threshold, violet from it on."""
CHANCE_STEPS = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95)
CHANCE_COLOURS = ("#ffffcc", "#c7e9b4", "#7fcdbb", "#41b6c4", "#2c7fb8", "#253494", "#081d58")
"""ColorBrewer YlGnBu; the study's own probability is put among the steps."""
SERVER_COLOURS = (
    "#8dd3c7", "#fdb462", "#bebada", "#fb8072", "#80b1d3", "#b3de69", "#fccde5", "#bc80bd",
    "#ffed6f", "#ccebc5", "#d9a679", "#a6a6a6",
)  # fmt: skip
"""ColorBrewer Set3: neighbours differ, the colour itself means nothing."""
SIZES_PX = (1800, 1400, 1100, 900, 700, 500, 350)
GROWTH = 1.6
MOST_BASE64 = 8_500_000
"""Of all signal pictures together; the page has 15 MB."""


def signal_pictures(signal: Signal, study: Study, frame: Frame) -> list[dict[str, Any]]:
    """Return every raster as a picture, all of one size: the largest that fits the page.

    Returns
    -------
    Dicts with ``operator``, ``technology``, ``quantity`` (level | probability | server),
    ``steps`` (lower edges of the classes, empty for server), ``colours`` and ``png`` (base64).
    """
    pictures: list[dict[str, Any]] = []
    for longest_px in _sizes_that_may_fit(signal, study, frame):
        pictures = [
            picture
            for layer in signal.layers
            for picture in _layer_pictures(layer, study, frame, longest_px)
        ]
        if _weight(pictures) <= MOST_BASE64:
            break
    return pictures


def _sizes_that_may_fit(signal: Signal, study: Study, frame: Frame) -> tuple[int, ...]:
    """Leave out the sizes that a small picture of the fullest layer already rules out.

    Borders between classes are lines, noise is area: bytes grow with a power of the size
    between 1 and 2. The lower guess would waste time, the higher one pixels.
    """
    if not signal.layers:
        return SIZES_PX[-1:]
    small = SIZES_PX[-1]
    # The last layer is of any carrier, which covers most.
    fullest = _weight(_layer_pictures(signal.layers[-1], study, frame, small))
    room = MOST_BASE64 / max(fullest * len(signal.layers), 1)
    likely = [px for px in SIZES_PX if (px / small) ** GROWTH <= room]
    return tuple(likely) or SIZES_PX[-1:]


def _weight(pictures: list[dict[str, Any]]) -> int:
    return sum(len(picture["png"]) for picture in pictures)


def classify(values: NDArray[np.float32], steps: tuple[float, ...]) -> NDArray[np.uint8]:
    """Return the class of each value: n where the n-th step is reached, 0 below or where NaN."""
    classes = np.digitize(np.nan_to_num(values, nan=-np.inf), steps)
    return classes.astype(np.uint8)


def colour_areas(servers: NDArray[np.int64], colours: int) -> NDArray[np.uint8]:
    """Return colour numbers 1..colours for areas of equal server, neighbours unlike.

    Parameters
    ----------
    servers
        (rows, cols), 0 for none, never negative.
    colours
        How many colours there are; beyond them (more neighbours than colours) they repeat.
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
    return np.asarray(table[servers])


def level_steps(study: Study, technology: str) -> tuple[float, ...]:
    """Return the lower edges of the level classes, dBm, around the technology's threshold."""
    named = study.verdict.technologies[0] if technology == ANY else technology
    threshold = study.radio.technologies[named].threshold_dbm  # type: ignore[index]
    return tuple(threshold + step for step in LEVEL_STEPS_DB)


def chance_steps(study: Study) -> tuple[float, ...]:
    """Return the lower edges of the probability classes, the study's own among them."""
    return tuple(sorted({*CHANCE_STEPS, study.verdict.probability}))


def _layer_pictures(
    layer: SignalLayer, study: Study, frame: Frame, longest_px: int
) -> list[dict[str, Any]]:
    about = {"operator": layer.operator, "technology": layer.technology}
    level, _ = warp(layer.level, frame, longest_px)
    chance, _ = warp(layer.probability, frame, longest_px)
    server, _ = warp(layer.server, frame, longest_px)
    steps = level_steps(study, layer.technology)
    chances = chance_steps(study)
    areas = colour_areas(np.nan_to_num(server).astype(np.int64), len(SERVER_COLOURS))
    return [
        {**about, "quantity": "level", "steps": list(steps), "colours": list(LEVEL_COLOURS),
         "png": _encode(classify(level, steps), LEVEL_COLOURS)},
        {**about, "quantity": "probability", "steps": list(chances),
         "colours": list(CHANCE_COLOURS[: len(chances)]),
         "png": _encode(classify(chance, chances), CHANCE_COLOURS)},
        {**about, "quantity": "server", "steps": [], "colours": [],
         "png": _encode(areas, SERVER_COLOURS)},
    ]  # fmt: skip


def _encode(classes: NDArray[np.uint8], colours: tuple[str, ...]) -> str:
    return encode_classes(classes, [parse_colour(c) for c in itertools.islice(colours, 255)])
