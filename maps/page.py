"""The page itself: folium's figure and map, with everything they would fetch put inside."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folium
from branca.element import Figure, MacroElement
from folium.template import Template

from phusong.errors import OutputError, Where
from phusong.i18n import Language, tr
from phusong.maps import asset
from phusong.maps.book import make_book, to_json
from phusong.maps.frame import Frame
from phusong.maps.hillshade import hillshade
from phusong.maps.rasters import signal_pictures

if TYPE_CHECKING:
    from phusong.checks import Findings
    from phusong.coverage.results import Signal, VillageCoverage
    from phusong.fiber.results import FiberResult
    from phusong.indicators.results import Indicators
    from phusong.sources.inputs import Inputs
    from phusong.study import Study

ONLINE_HOST = "https://tile.openstreetmap.org"
DEEPEST_ZOOM = 18


class PlanMap(folium.Map):
    """folium's map without its CDN scripts and styles, and without its lock on zooming."""

    _template = Template(asset.template("map.html"))

    def __init__(self, centre_deg: tuple[float, float], **options: Any) -> None:
        super().__init__(centre_deg, tiles=None, zoom_control=False, **options)
        self.default_js = []
        self.default_css = []


class PlanFigure(Figure):
    """The HTML frame of the page: language, policy, panels; scripts and styles inlined."""

    _template = Template(asset.template("page.html"))

    def __init__(self, title: str, language: Language, book: str, *, online: bool) -> None:
        super().__init__(title=title)
        self.language = language
        self.book = book
        self.online_host = ONLINE_HOST if online else ""
        self.asset = asset


class Program(MacroElement):
    """The page's own layers and panels, started on the map once it stands."""

    _template = Template(asset.template("program.html"))

    def __init__(
        self,
        base: folium.raster_layers.ImageOverlay,
        tiles: folium.TileLayer | None,
        pictures: Sequence[dict[str, Any]],
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Program"
        self.base = base
        self.tiles = tiles
        self.pictures = pictures
        self.asset = asset


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

    Raises
    ------
    OutputError
        When the file cannot be written there.
    """
    frame = Frame.over(inputs.grid)
    pictures = [] if signal is None else signal_pictures(signal, study, frame)
    created = datetime.now().astimezone().isoformat(timespec="minutes")
    book = make_book(
        study, inputs, signal, coverage, fiber, indicators, findings, frame, pictures,
        created, version("phusong"), language,
    )  # fmt: skip
    shade = hillshade(inputs.terrain.path, frame)
    title = f"{study.study.name} · {tr('Mobile coverage and fibre', language)}"
    figure = PlanFigure(title, language, to_json(book), online=online_base)
    _map(frame, shade, pictures, online=online_base).add_to(figure)
    _write(figure.render(), path)
    return path


def _map(frame: Frame, shade: str, pictures: list[dict[str, Any]], *, online: bool) -> folium.Map:
    (south, west), (north, east) = frame.bounds_deg
    plan = PlanMap(
        ((south + north) / 2, (west + east) / 2),
        # In Leaflet's spelling: folium keeps `max_zoom` for the tiles it is not asked for here.
        maxZoom=DEEPEST_ZOOM,
        zoom_snap=0.25,
        zoom_delta=0.5,
        wheel_px_per_zoom_level=120,
        attribution_control=False,
    )
    folium.map.CustomPane("shade", z_index=150, pointer_events=False).add_to(plan)
    folium.map.CustomPane("signal", z_index=300, pointer_events=False).add_to(plan)
    base = folium.raster_layers.ImageOverlay(
        shade, frame.bounds_deg, pixelated=False, control=False, pane="shade"
    )
    base.add_to(plan)
    tiles = None
    if online:
        tiles = folium.TileLayer(
            f"{ONLINE_HOST}/{{z}}/{{x}}/{{y}}.png",
            attr="© OpenStreetMap contributors",
            show=False,
            control=False,
        )
        tiles.add_to(plan)
    Program(base, tiles, pictures).add_to(plan)
    return plan


def _write(text: str, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".map-", suffix=".html", dir=path.parent)
        draft = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as target:
                target.write(text)
            draft.chmod(0o644)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            "the map cannot be written: {reason}",
            Where(file=str(path)),
            "choose a folder that exists and may be written, or close the program that holds it",
            {"reason": error.strerror or str(error)},
        ) from error
