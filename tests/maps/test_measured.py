"""Measured places on the map: the section, hostile names, and the layer in Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from pyproj import Transformer

from helpers.book import book_of
from helpers.measured import make_residuals, write_measured
from phusong.cli import main as cli
from phusong.maps import build_map
from phusong.maps.mercator import Frame
from phusong.maps.sections import residuals as section
from phusong.results.measured import MeasuredLevels, open_measured
from worlds import province

HOSTILE = "</script><img src=x onerror=window.hurt=1>"
RESIDUALS = [-20.0, -10.0, -5.0, 0.0, 4.9, 5.0, 14.9, 15.0]
SHOW = """(i) => {
  const { map, book } = phusong;
  const m = book.measured;
  const at = L.Projection.SphericalMercator.unproject(
    L.point(book.frame.west + m.x[i], book.frame.north - m.y[i]));
  map.setView(at, 14, { animate: false });
  const box = document.getElementById("map").getBoundingClientRect();
  const spot = map.latLngToContainerPoint(at);
  return [box.left + spot.x, box.top + spot.y];
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("measured")


@pytest.fixture(scope="module")
def world(folder: Path) -> Any:
    made = province.make_world(
        folder / "world", communes=8, villages=30, sites=6, cells_of_grid=160, cell_m=100.0
    )
    return province.without(made, "signal")


@pytest.fixture(scope="module")
def measured(world: Any, folder: Path) -> MeasuredLevels:
    """Eight rows along a line, half of them of Viettel, and where the world's first cell is."""
    grid = world.inputs.grid
    west, south, east, north = grid.bounds
    along = np.linspace(0.2, 0.8, len(RESIDUALS))
    x, y = west + along * (east - west), south + (0.3 + 0.4 * along) * (north - south)
    to_degrees = Transformer.from_crs(world.inputs.crs, 4326, always_xy=True)
    places = np.stack(to_degrees.transform(x, y), axis=1)
    cell = world.inputs.cells.iloc[0]
    rows = make_residuals(
        len(RESIDUALS),
        places,
        operator=["Viettel", HOSTILE] * 4,
        technology="LTE",
        cell_id=[str(cell["cell_id"]), HOSTILE] * 4,
        site_id=[str(cell["site_id"]), HOSTILE] * 4,
        sight=["clear", "obstructed", HOSTILE, "clear"] * 2,
        predicted_dbm=-100.0,
        level_dbm=-100.0 + np.array(RESIDUALS),
    )
    about = {"date": "2026-11-20", "measurements": [{"file": HOSTILE}]}
    return open_measured(write_measured(rows, folder / "calibration", about=about))


@pytest.fixture(scope="module")
def page(world: Any, measured: MeasuredLevels, folder: Path) -> Path:
    return build_map(world, folder / "map.html", measured=measured)


# ------------------------------------------------------------------ the file


def test_the_page_holds_the_places(page: Path, world: Any, measured: MeasuredLevels) -> None:
    book = book_of(page)["measured"]
    assert book["total"] == 8
    assert book["row"] == list(range(1, 9))
    assert book["residual"] == RESIDUALS
    assert book["level"][0] == -120.0
    assert [book["operators"][i] for i in book["operator"]] == ["Viettel", HOSTILE] * 4
    assert (book["files"], book["date"]) == ([HOSTILE], "2026-11-20")
    frame = Frame.over(world.inputs.grid)
    to_mercator = Transformer.from_crs(4326, 3857, always_xy=True)
    east, north = to_mercator.transform(
        measured.rows["longitude"].to_numpy(), measured.rows["latitude"].to_numpy()
    )
    assert np.allclose(book["x"], east - frame.west_m, atol=2.0)
    assert np.allclose(book["y"], frame.north_m - north, atol=2.0)


def test_many_places_are_thinned_and_counted(
    world: Any, measured: MeasuredLevels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(section, "MOST_PLACES", 3)
    made = section.measured_section(measured, world.inputs, Frame.over(world.inputs.grid))
    assert (made["row"], made["total"]) == ([1, 4, 7], 8)


def test_a_map_without_measurements_says_so(world: Any, tmp_path: Path) -> None:
    assert book_of(build_map(world, tmp_path / "map.html"))["measured"] is None


def test_command(tiny_study: Path, folder: Path, measured: MeasuredLevels, tmp_path: Path) -> None:
    out = tmp_path / "map.html"
    arguments = ["map", str(tiny_study), "--out", str(out), "--measurements"]
    told = CliRunner().invoke(cli, [*arguments, str(measured.folder)])
    assert told.exit_code == 0, told.output
    assert book_of(out)["measured"]["total"] == 8
    told = CliRunner().invoke(cli, [*arguments, str(tmp_path), "--overwrite"])
    assert told.exit_code == 1
    assert "not the folder of a calibration" in told.output


# ------------------------------------------------------------------ the browser


@pytest.mark.browser
def test_the_layer_is_drawn_and_switched(visit: Any, page: Path, artefacts: Path) -> None:
    here = visit(page)
    here.page.screenshot(path=artefacts / "measured.png")
    legend = here.text("#legend")
    for words in (
        "yếu hơn dự báo quá 15 dB: 1",
        "yếu hơn 5 đến 15 dB: 1",
        "lệch không quá 5 dB: 3",
        "mạnh hơn 5 đến 15 dB: 2",
        "mạnh hơn dự báo quá 15 dB: 1",
    ):
        assert words in legend
    before = here.pixels()
    here.layer("measured", False)
    assert here.pixels() != before
    assert "yếu hơn" not in here.text("#legend")
    here.layer("measured", True)
    assert here.pixels() == before
    here.choose("operator", "Viettel")
    assert "lệch không quá 5 dB: 2" in here.text("#legend")


@pytest.mark.browser
def test_a_place_has_a_card_and_an_address(visit: Any, page: Path, artefacts: Path) -> None:
    here = visit(page)
    here.page.click('[data-language="en"]')
    point = here.page.evaluate(SHOW, 1)
    here.rest()
    here.page.mouse.click(*point)
    here.rest()
    assert here.page.evaluate("phusong.state.selected") == {"kind": "measured", "index": 1}
    said = here.text("#card")
    for words in ("-110.0 dBm", "-100.0 dBm", "-10.0 dB", "weaker by 5 to 15 dB", "obstructed"):
        assert words in said, said
    assert HOSTILE in said
    assert here.page.evaluate("window.hurt") is None
    assert "2026-11-20" in said
    here.page.screenshot(path=artefacts / "measured-card.png")
    again = visit(page, address=here.page.evaluate("location.hash"))
    assert again.page.evaluate("phusong.state.selected") == {"kind": "measured", "index": 1}
    # From the card to the tower that serves.
    again.page.evaluate("phusong.select({ kind: 'measured', index: 0 })")
    again.page.locator("#card .facts button.link").click()
    assert again.page.evaluate("phusong.state.selected.kind") == "site"


@pytest.mark.browser
def test_without_measurements_the_switch_says_why(visit: Any, world: Any, folder: Path) -> None:
    here = visit(build_map(world, folder / "bare.html", language="en"))
    assert "no measurements were given to this map" in here.text("#panel")
    assert here.page.locator('input[data-layer="measured"]').is_disabled()


@pytest.mark.browser
def test_axe_has_nothing_serious_to_say(visit: Any, page: Path) -> None:
    here = visit(page)
    here.page.evaluate("phusong.select({ kind: 'measured', index: 1 }, { zoom: true })")
    assert not here.unfair()
