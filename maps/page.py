"""The map of a study: every layer of a run, and a planned extension where there is one."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folium

from phusong.i18n import Language, tr
from phusong.maps import asset
from phusong.maps.book import make_book, to_json
from phusong.maps.document import ONLINE_HOST, PlanFigure, PlanMap, Program, write_document
from phusong.maps.hillshade import hillshade
from phusong.maps.mercator import Frame
from phusong.maps.sections.signal import signal_rasters

if TYPE_CHECKING:
    from phusong.checks import Findings
    from phusong.coverage.results import Signal, VillageCoverage
    from phusong.fiber.extension.extension import ExtensionPlan
    from phusong.fiber.results import FiberResult
    from phusong.fiber.rings.rings import RingPlan
    from phusong.indicators.results import Indicators
    from phusong.sources.inputs import Inputs
    from phusong.study import Study


def build_map(
    study: Study,
    inputs: Inputs,
    signal: Signal | None,
    coverage: VillageCoverage | None,
    fiber: FiberResult | None,
    indicators: Indicators,
    findings: Findings,
    path: Path,
    language: Language = "vi",
    *,
    online_base: bool = False,
    extension: ExtensionPlan | None = None,
    rings: RingPlan | None = None,
) -> Path:
    """Write the results as one HTML file that asks nothing of any network.

    Parameters
    ----------
    signal
        None in a run whose rasters were not kept: the page says so in their place.
    coverage, fiber
        None for a question that was not asked: the page says so in its place.
    path
        The file; written beside it under a temporary name first, so that an earlier map stays
        whole when this one fails.
    language
        The one the page opens in; it can be switched inside.
    online_base
        Offer OpenStreetMap's tiles as a base that the reader may switch on.
    extension, rings
        Cables that are planned: drawn as a layer, with cost by stage and bill beside the map.

    Raises
    ------
    OutputError
        When the file cannot be written there.
    """
    frame = Frame.over(inputs.grid)
    rasters = [] if signal is None else signal_rasters(signal, frame)
    created = datetime.now().astimezone().isoformat(timespec="minutes")
    book = make_book(
        study, inputs, signal, coverage, fiber, indicators, findings, frame, rasters,
        created, version("phusong"), language, extension, rings,
    )  # fmt: skip
    shade = hillshade(inputs.terrain.path, frame)
    title = f"{study.study.name} · {tr('Mobile coverage and fibre', language)}"
    figure = PlanFigure(
        title, language, to_json(book), body="page.html", sheets=asset.PAGE_SHEETS,
        online=online_base,
    )  # fmt: skip
    _map(frame, shade, rasters, online=online_base).add_to(figure)
    write_document(figure.render(), path)
    return path


def _map(frame: Frame, shade: str, rasters: list[dict[str, Any]], *, online: bool) -> folium.Map:
    plan = PlanMap(frame)
    folium.map.CustomPane("shade", z_index=150, pointer_events=False).add_to(plan)
    folium.map.CustomPane("signal", z_index=300, pointer_events=False).add_to(plan)
    folium.raster_layers.ImageOverlay(
        shade, frame.bounds_deg, pixelated=False, control=False, pane="shade"
    ).add_to(plan)
    tiles = None
    if online:
        tiles = folium.TileLayer(
            f"{ONLINE_HOST}/{{z}}/{{x}}/{{y}}.png",
            attr="© OpenStreetMap contributors",
            show=False,
            control=False,
        )
        tiles.add_to(plan)
    Program(asset.PAGE_SCRIPTS, tiles, rasters).add_to(plan)
    return plan
