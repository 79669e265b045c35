"""The map of a study: every layer of a run, and what was planned or followed on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folium

from phusong.i18n import Language, tr
from phusong.maps import asset
from phusong.maps.book import make_book
from phusong.maps.document import ONLINE_HOST, PlanFigure, PlanMap, Program, write_document
from phusong.maps.hillshade import hillshade
from phusong.maps.mercator import Frame
from phusong.maps.packing import pack
from phusong.maps.sections.signal import signal_rasters

if TYPE_CHECKING:
    from phusong.maps.subjects import Losses, MastPlan
    from phusong.results.measured import MeasuredLevels
    from phusong.results.model import Planned, Results


def build_map(
    results: Results,
    path: Path,
    language: Language = "vi",
    *,
    planned: Planned | None = None,
    masts: MastPlan | None = None,
    losses: Losses | None = None,
    measured: MeasuredLevels | None = None,
    online_base: bool = False,
) -> Path:
    """Write the results as one HTML file that asks nothing of any network.

    Parameters
    ----------
    results
        What a run found. Where a question was not asked, or rasters were not kept, the page says
        so in their place.
    path
        The file; written beside it under a temporary name first, so that an earlier map stays
        whole when this one fails.
    language
        The one the page opens in; it can be switched inside.
    planned
        Cables that are planned: drawn as a layer, with cost by stage and bill beside the map.
    masts
        Masts that are planned: drawn with their hops, cable and power, year by year; cost, bound
        and bill beside the map.
    losses
        Losses that were followed: ranked beside the map; the chosen one shows what goes dark.
    measured
        Measured places, what `phusong calibrate` wrote: drawn as a layer, coloured by how far
        they are off.
    online_base
        Offer OpenStreetMap's tiles as a base that the reader may switch on.

    Raises
    ------
    OutputError
        When the file cannot be written there.
    """
    text = page_text(
        results,
        language,
        planned=planned,
        masts=masts,
        losses=losses,
        measured=measured,
        online_base=online_base,
    )
    write_document(text, path)
    return path


def page_text(
    results: Results,
    language: Language = "vi",
    *,
    planned: Planned | None = None,
    masts: MastPlan | None = None,
    losses: Losses | None = None,
    measured: MeasuredLevels | None = None,
    online_base: bool = False,
    studio: dict[str, Any] | None = None,
) -> str:
    """Return the page that :func:`build_map` writes.

    Parameters
    ----------
    studio
        What the page needs to alter the study, where a studio serves it: its scripts go into the
        page then, and it may ask the server it came from.
    """
    frame = Frame.over(results.inputs.grid)
    rasters = [] if results.signal is None else signal_rasters(results.signal, frame)
    created = datetime.now().astimezone().isoformat(timespec="minutes")
    book = make_book(
        results,
        planned,
        frame,
        rasters,
        created=created,
        version=version("phusong"),
        language=language,
        measured=measured,
        masts=masts,
        losses=losses,
    )
    if studio is not None:
        book["studio"] = studio
    shade = hillshade(results.inputs.terrain.path, frame)
    title = f"{results.study.title} · {tr('Mobile coverage and fibre', language)}"
    figure = PlanFigure(
        title,
        language,
        pack(book),
        body="page.html",
        sheets=asset.PAGE_SHEETS if studio is None else asset.STUDIO_SHEETS,
        online=online_base,
        served=studio is not None,
    )
    scripts = asset.PAGE_SCRIPTS if studio is None else asset.STUDIO_SCRIPTS
    _map(frame, shade, rasters, scripts, online=online_base).add_to(figure)
    text: str = figure.render()
    return text


def _map(
    frame: Frame,
    shade: str,
    rasters: list[dict[str, Any]],
    scripts: Sequence[str],
    *,
    online: bool,
) -> folium.Map:
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
    Program(scripts, tiles, rasters).add_to(plan)
    return plan
