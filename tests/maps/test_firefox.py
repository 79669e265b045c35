"""The pages in Debian's Firefox, without a screen and with the network cut off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from helpers.firefox import Firefox, firefox, firefox_path
from phusong.maps import build_map, build_swipe_map
from phusong.results.compare import compare_runs
from worlds import province
from worlds.years import finished, later_world

pytestmark = pytest.mark.browser
PIXELS = """
  const canvas = document.querySelector("canvas.surface");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Uint32Array(data.buffer).reduce((sum, word) => (Math.imul(sum, 31) + word) | 0, 0);
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("firefox")


@pytest.fixture(scope="module")
def world(folder: Path) -> Any:
    return province.make_world(
        folder / "world",
        communes=6,
        villages=40,
        sites=9,
        cells_of_grid=160,
        cell_m=100.0,
        names={3: "<script>window.hurt=1</script>"},
    )


@pytest.fixture(scope="module")
def window(folder: Path) -> Iterator[Firefox]:
    if firefox_path() is None:
        pytest.skip("no Firefox found (Debian: firefox-esr)")
    with firefox(folder / "profile") as opened:
        opened.size(1366, 860)
        yield opened
        assert not opened.complaints()


def went_out(window: Firefox) -> list[str]:
    """Return what the page asked for that is not inside it."""
    asked = window.run("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    return [name for name in asked if not name.startswith(("data:", "blob:"))]


def settle(window: Firefox) -> None:
    window.run(
        "return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def test_the_map_works_as_it_does_in_chromium(
    window: Firefox, world: Any, folder: Path, artefacts: Path
) -> None:
    page = build_map(world, folder / "map.html", language="en")
    window.open(page.as_uri())
    window.wait("window.phusong")
    settle(window)
    bare = window.run(PIXELS)
    window.run("document.querySelector('input[name=place][value=indoor]').click()")
    settle(window)
    assert window.run(PIXELS) != bare
    assert "Indoors" in window.run("return document.getElementById('legend').innerText")
    window.run("document.querySelector('input[name=place][value=outdoor]').click()")
    for layer in ("rivers", "cables", "masts"):
        settle(window)
        before = window.run(PIXELS)
        window.run(f"document.querySelector('input[data-layer={layer}]').click()")
        settle(window)
        assert window.run(PIXELS) != before, layer

    # The rasters are read to the last bit: what the page says of a point is what Chromium says.
    window.run("document.querySelector('input[name=signal][value=server]').click()")
    window.wait("document.querySelector('canvas.signal-picture')")
    row = world.coverage.villages.iloc[7]
    window.run(
        """const v = phusong.book.villages; const f = phusong.book.frame;
        const at = L.Projection.SphericalMercator.unproject(L.point(f.west + v.x[7], f.north - v.y[7]));
        phusong.select({ kind: "village", index: 7 }, { spot: at });"""
    )
    window.wait("document.querySelector('#card .spot')")
    spot = window.run("return document.querySelector('#card .spot').innerText")
    if row["best_cell_id"]:
        with rasterio.open(world.signal.layer("*", "*").server) as source:
            inside = world.inputs.villages.iloc[7]
            server = int(next(source.sample([(inside["centre_x_m"], inside["centre_y_m"])]))[0])
        assert world.signal.cells["cell_id"].iloc[server - 1][:6] in spot

    window.run("document.getElementById('search').value = 'dong van'")
    window.run("document.getElementById('search').dispatchEvent(new Event('input'))")
    assert "Đồng Văn" in window.run("return document.getElementById('search-results').innerText")
    window.run("phusong.paper.lay(phusong.map, 'A4'); phusong.paper.lift(phusong.map)")
    window.run("phusong.select({ kind: 'village', index: 3 }, { zoom: true })")
    settle(window)
    assert window.run("return window.hurt ?? null") is None
    assert window.run("return document.documentElement.scrollWidth") <= 1366
    assert went_out(window) == []
    picture = artefacts / "firefox.png"
    window.picture(picture)
    with rasterio.open(picture) as source:
        image = source.read([1, 2, 3]).astype(int)
    # Something of every kind of colour: the canvas and the picture were painted, not only panels.
    assert np.std(image[:, 150:700, 400:900]) > 20


def test_the_swipe_map_works_too(
    window: Firefox, world: Any, folder: Path, artefacts: Path
) -> None:
    before = finished(world, folder / "before", "2025-11-01T08:00:00+00:00")
    after = finished(later_world(world), folder / "after", "2026-11-01T08:00:00+00:00")
    page = build_swipe_map(before, after, compare_runs(before, after), folder / "c.html", "vi")
    window.open(page.as_uri())
    window.wait("window.phusong")
    settle(window)
    middle = window.run(PIXELS)
    window.run(
        """document.getElementById("divider").dispatchEvent(
          new KeyboardEvent("keydown", { key: "End", bubbles: true }))"""
    )
    settle(window)
    assert window.run(PIXELS) != middle
    assert "Những gì thay đổi" in window.run("return document.getElementById('side').innerText")
    assert went_out(window) == []
    window.picture(artefacts / "firefox-swipe.png")
