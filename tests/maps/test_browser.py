"""The map page in headless Chromium with every request blocked: it opens, switches and finds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rasterio
from scipy.special import ndtr

from phusong.fiber.failures.hanging import Backhaul
from phusong.maps import build_map
from worlds import province

pytestmark = pytest.mark.browser

HOSTILE = {
    3: "<script>window.hurt=1</script>",
    4: "\"'><img src=x onerror=window.hurt=2>",
    5: "dòng một\ndòng hai\r\n\tdòng ba",
    6: "Thôn rất dài " * 25,
    7: "مرحبا \u202eقرية\u202c",
    8: '=HYPERLINK("http://example.com","x")',
    9: "</script><!-- \u2028 ${x} {count}",
    10: "",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("map")


@pytest.fixture(scope="module")
def world(folder: Path) -> Any:
    return province.make_world(
        folder / "world",
        communes=8,
        villages=60,
        sites=14,
        cells_of_grid=240,
        cell_m=80.0,
        names=HOSTILE,
    )


@pytest.fixture(scope="module")
def map_file(world: Any, folder: Path) -> Path:
    return build_map(world, folder / "map.html", language="vi")


@pytest.fixture
def visit(visit: Callable[..., Any], map_file: Path) -> Callable[..., Any]:
    """Open the map of this module where no other file is named."""

    def opening(file: Path = map_file, **how: Any) -> Any:
        return visit(file, **how)

    return opening


# ------------------------------------------------------------------ opening


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080), (390, 844)])
def test_it_opens_in_both_languages_on_every_screen(
    visit: Any, artefacts: Path, width: int, height: int
) -> None:
    here = visit(width=width, height=height, address="#10/22.95/104.6/lang=en")
    assert here.page.evaluate("document.documentElement.lang") == "en"
    here.page.evaluate("phusong.map.fitBounds(phusong.book.frame.bounds, { animate: false })")
    for language in ("en", "vi"):
        here.page.click(f'[data-language="{language}"]')
        here.rest()
        assert here.page.evaluate("document.documentElement.lang") == language
        here.page.screenshot(path=artefacts / f"{width}-{language}.png")
        # A long name or table must not push the page wider than the screen.
        assert here.page.evaluate("document.documentElement.scrollWidth") <= width
    assert here.page.locator("#synthetic").is_visible()


def test_language_switches_inside_the_page(visit: Any) -> None:
    here = visit()
    assert "Chú giải" in here.text("#legend")
    assert "Bất kỳ nhà mạng" in here.text("#panel")
    here.page.click('[data-language="en"]')
    here.rest()
    assert "Legend" in here.text("#legend")
    assert "Any carrier" in here.text("#panel")
    assert here.page.evaluate("document.documentElement.lang") == "en"
    assert here.page.title().endswith("Mobile coverage and fibre")
    vietnamese = [w for w in here.page.evaluate("Object.values(phusong.book.words)") if len(w) > 12]
    said = here.text("body")
    assert not [w for w in vietnamese if re.search(rf"(?<!\w){re.escape(w)}(?!\w)", said)]


# ------------------------------------------------------------------ switching


def test_every_layer_changes_what_is_drawn_and_the_legend(visit: Any) -> None:
    here = visit(width=1100, height=760)
    for layer in here.page.evaluate(
        "[...document.querySelectorAll('input[data-layer]:enabled')].map((i) => i.dataset.layer)"
    ):
        box = here.page.locator(f'input[data-layer="{layer}"]')
        before, legend = here.pixels(), here.text("#legend")
        was = box.is_checked()
        here.layer(layer, not was)
        assert here.pixels() != before, layer
        if layer != "names":
            assert here.text("#legend") != legend, layer
        here.layer(layer, was)
        assert here.pixels() == before, layer
        assert here.text("#legend") == legend, layer


def test_carrier_and_technology_restyle_the_villages(visit: Any, world: Any) -> None:
    here = visit()
    drawn = {here.pixels()}
    for operator in ("Viettel", "VNPT"):
        for technology in ("LTE", "NR", "*"):
            here.choose("operator", operator)
            here.choose("technology", technology)
            picture = here.pixels()
            assert picture not in drawn
            drawn.add(picture)
            grades = world.coverage.by_layer.query(
                "operator == @operator and technology == @technology"
            )["grade"]
            counts = grades.value_counts()
            legend = here.text("#legend")
            for grade, word in (
                ("covered", "Có sóng"),
                ("hollow", "Lõm sóng"),
                ("white", "Trắng sóng"),
            ):
                assert f"{word}: {counts.get(grade, 0)} (" in legend


SHEET = "canvas.signal-picture"


def _sheet(here: Any, key: str) -> int:
    """Wait for a signal picture and return a number that stands for its pixels."""
    here.page.wait_for_selector(f'{SHEET}[data-picture="{key}"]')
    return here.page.evaluate(
        """() => {
          const sheet = document.querySelector("canvas.signal-picture");
          const { data } = sheet.getContext("2d").getImageData(0, 0, sheet.width, sheet.height);
          return new Uint32Array(data.buffer).reduce((sum, word) => (Math.imul(sum, 31) + word) | 0, 0);
        }"""
    )


def test_signal_pictures_follow_the_choice_and_the_slider(visit: Any) -> None:
    here = visit()
    sheet = here.page.locator(SHEET)
    assert sheet.count() == 0
    seen = set()
    for quantity, word in (
        ("level", "dBm"),
        ("probability", "Xác suất"),
        ("server", "Vùng phục vụ"),
    ):
        here.choose("signal", quantity)
        seen.add(_sheet(here, f"{quantity}/*/*/outdoor"))
        assert sheet.count() == 1
        assert word in here.text("#legend")
    here.choose("signal", "level")
    here.choose("operator", "VNPT")
    seen.add(_sheet(here, "level/VNPT/*/outdoor"))
    here.choose("place", "indoor")
    seen.add(_sheet(here, "level/VNPT/*/indoor"))
    here.choose("signal", "probability")
    here.choose("place", "in_vehicle")
    seen.add(_sheet(here, "probability/VNPT/*/in_vehicle"))
    assert len(seen) == 6
    here.page.locator("#opacity").fill("30")
    assert sheet.evaluate("(i) => i.style.opacity") == "0.3"
    here.choose("signal", "none")
    assert sheet.count() == 0
    assert "dBm" not in here.text("#legend")


def test_the_signal_picture_registers_with_the_villages(visit: Any, world: Any) -> None:
    here = visit()
    here.choose("signal", "level")
    _sheet(here, "level/*/*/outdoor")
    got = here.page.evaluate(
        """() => {
          const { map, book } = phusong;
          const image = document.querySelector("canvas.signal-picture").getBoundingClientRect();
          const stage = document.getElementById("map").getBoundingClientRect();
          const corner = map.latLngToContainerPoint([book.frame.bounds[1][0], book.frame.bounds[0][1]]);
          const view = phusong.surface.view();
          const canvas = document.querySelector("canvas.surface").getBoundingClientRect();
          return [image.left - stage.left - corner.x, image.top - stage.top - corner.y,
            canvas.left + view.left - image.left, canvas.top + view.top - image.top,
            image.width - (image.right - image.left)];
        }"""
    )
    assert max(abs(v) for v in got) <= 1.01


def test_the_place_of_the_phone_changes_verdicts_and_says_what_was_not_judged(
    visit: Any, world: Any
) -> None:
    here = visit()
    outdoors = here.pixels()
    here.choose("place", "indoor")
    assert here.pixels() != outdoors
    found = world.coverage.by_place
    whole = found[(found["operator"] == "*") & (found["technology"] == "*")]
    counts = whole["grade"].value_counts()
    legend = here.text("#legend")
    assert "Trong nhà" in legend
    assert f"Trắng sóng: {counts.get('white', 0)} (" in legend
    here.page.evaluate("phusong.select({ kind: 'village', index: 20 })")
    row = whole.set_index("code").loc[world.inputs.villages["code"].iloc[20]]
    card = here.text("#card")
    assert f"{_vi(row['served_share'] * 100, 1)} %" in card
    assert _vi(row["people_unserved"], 1) in card
    here.choose("place", "in_vehicle")
    for part in ("#panel", "#legend", "#card", "#list"):
        assert "places = ['in_vehicle']" in here.text(part), part
    address = here.page.evaluate("location.hash")
    here.rest()
    address = here.page.evaluate("location.hash")
    assert visit(address=address).page.evaluate("phusong.state.place") == "in_vehicle"


def test_empty_layers_say_why(visit: Any, world: Any, folder: Path) -> None:
    bare = province.without(world, "signal", "coverage", "fiber")
    page = build_map(bare, folder / "bare.html", language="en")
    here = visit(page)
    panel = here.text("#panel")
    assert "empty: fibre was not assessed in this run" in panel
    assert "the rasters were not computed in this run" in panel
    assert "villages were not assessed in this run" in here.text("#legend")
    assert here.page.locator('input[data-layer="gaps"]').is_disabled()
    here.page.evaluate("phusong.select({ kind: 'village', index: 0 }, { zoom: true })")
    assert "villages were not assessed in this run" in here.text("#card")


# ------------------------------------------------------------------ finding


def test_search_needs_no_diacritics(visit: Any) -> None:
    here = visit()
    for typed in ("dong van", "Đồng Văn", "DONG VAN", "đồng văn thượng"):
        here.page.fill("#search", typed)
        assert "Đồng Văn" in here.text("#search-results")
    here.page.fill("#search", "dong van")
    assert "Xã Đồng Văn" in here.text("#search-results li:first-child")
    here.page.keyboard.press("ArrowDown")
    here.page.keyboard.press("Enter")
    here.rest()
    assert "Xã Đồng Văn" in here.text("#card h2")
    assert here.page.locator("#search-results").is_hidden()
    assert here.page.evaluate("phusong.map.getBounds().contains(phusong.map.getCenter())")


def test_search_finds_towers_and_codes_and_says_when_there_is_nothing(
    visit: Any, world: Any
) -> None:
    here = visit()
    here.page.fill("#search", world.inputs.sites["site_id"].iloc[0].lower())
    assert world.inputs.sites["site_id"].iloc[0] in here.text("#search-results")
    here.page.fill("#search", world.inputs.villages["code"].iloc[12])
    assert world.inputs.villages["name"].iloc[12] in here.text("#search-results")
    here.page.fill("#search", "zzzz")
    assert "Không có tên nào như vậy" in here.text("#search-results")


def test_the_list_sorts_filters_and_follows_the_map(visit: Any, world: Any) -> None:
    here = visit()
    rows = here.page.locator("#list tbody tr")

    def order() -> list[int]:
        return here.page.evaluate(
            "[...document.querySelectorAll('#list tbody tr')].map((r) => Number(r.dataset.village))"
        )

    frame = world.coverage.villages
    bad = frame[frame["grade"] != "covered"]
    worst = order()
    assert len(worst) == min(60, len(bad))
    unserved = frame["people_unserved"].round(1).to_numpy()[worst]
    assert (unserved[:-1] >= unserved[1:]).all()
    here.page.click('[data-sort="far"]')
    far = frame["nearest_site_km"].round(2).to_numpy()[order()]
    assert (far[:-1] >= far[1:]).all()
    here.page.click('[data-sort="far"]')
    assert order() != worst
    here.page.locator('[data-grade="h"]').uncheck()
    assert set(frame["grade"].iloc[order()]) <= {"white"}
    here.page.locator('[data-grade="h"]').check()
    whole = rows.count()
    here.page.evaluate("phusong.map.setZoom(phusong.map.getZoom() + 3, { animate: false })")
    here.rest()
    assert rows.count() < whole
    here.page.locator("#in-view").uncheck()
    assert rows.count() == whole


@pytest.mark.parametrize("width", [900, 1200, 1366, 1920])
def test_no_table_is_cut_beside_the_map(visit: Any, width: int) -> None:
    here = visit(width=width, height=800)
    here.page.evaluate("phusong.select({ kind: 'village', index: 12 })")
    for language in ("en", "vi"):
        here.page.click(f'[data-language="{language}"]')
        here.frames()
        wider = here.page.evaluate(
            """[...document.querySelectorAll("#side .scroll")].filter((box) =>
              box.clientWidth && box.scrollWidth > box.clientWidth).map((box) => box.innerText)"""
        )
        assert not wider, (language, wider)
        broken = here.page.evaluate(
            """[...document.querySelectorAll("#list th[scope=col], #card th[scope=col]")].flatMap((cell) => {
              const walk = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
              const words = [];
              while (walk.nextNode()) {
                for (const found of walk.currentNode.data.matchAll(/\\S+/g)) {
                  const range = document.createRange();
                  range.setStart(walk.currentNode, found.index);
                  range.setEnd(walk.currentNode, found.index + found[0].length);
                  if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) words.push(found[0]);
                }
              }
              return words;
            })"""
        )
        assert not broken, (language, broken)
        # Nor does a heading run out of its own column.
        assert not here.page.evaluate(
            """[...document.querySelectorAll("#list th")].filter((cell) => cell.scrollWidth > cell.clientWidth + 1)
              .map((cell) => cell.innerText)"""
        ), language


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (390, 844)])
def test_a_chosen_thing_lies_beside_the_legend(visit: Any, size: tuple[int, int]) -> None:
    here = visit(width=size[0], height=size[1])
    for thing in ("{ kind: 'village', index: 20 }", "{ kind: 'site', index: 2 }"):
        here.page.evaluate(f"phusong.select({thing}, {{ zoom: true }})")
        here.frames()
        under = here.page.evaluate(
            """() => {
              const { map, book, state } = phusong;
              const { kind, index } = state.selected;
              const source = kind === "village" ? book.villages : book.sites;
              const metres = L.point(book.frame.west + source.x[index], book.frame.north - source.y[index]);
              const at = map.latLngToContainerPoint(L.Projection.SphericalMercator.unproject(metres));
              const box = document.getElementById("map").getBoundingClientRect();
              const legend = document.getElementById("legend").getBoundingClientRect();
              const [x, y] = [box.left + at.x, box.top + at.y];
              return [x > legend.left && x < legend.right && y > legend.top && y < legend.bottom,
                x > box.left && x < box.right && y > box.top && y < box.bottom];
            }"""
        )
        assert under == [False, True], thing


def test_without_people_the_largest_dark_areas_come_first(
    visit: Any, world: Any, folder: Path
) -> None:
    unknown = {"people": float("nan"), "people_unserved": float("nan"), "weight": "area"}
    villages = world.coverage.villages.assign(
        **unknown, people_unserved_expected=float("nan"), people_source="none"
    )
    by_layer = world.coverage.by_layer.assign(
        people_unserved=float("nan"), people_unserved_expected=float("nan")
    )
    bare = replace(world, coverage=replace(world.coverage, villages=villages, by_layer=by_layer))
    here = visit(build_map(bare, folder / "nobody.html", language="en"))
    assert "km² unserved" in here.text("#list thead")
    assert "People unserved" not in here.text("#list thead")
    dark = (villages["area_km2"] * (1 - villages["served_share_area"])).to_numpy()
    order = here.page.evaluate(
        "[...document.querySelectorAll('#list tbody tr')].map((r) => Number(r.dataset.village))"
    )
    assert len(order) > 5
    assert (dark[order][:-1] >= dark[order][1:] - 0.02).all()


def test_a_row_opens_its_card(visit: Any) -> None:
    here = visit()
    name = here.text("#list tbody tr:first-child button")
    here.page.locator("#list tbody tr:first-child button").press("Enter")
    here.rest()
    assert here.text("#card h2") == name
    assert here.page.evaluate("document.activeElement.id") == "card"
    here.page.keyboard.press("Escape")
    assert here.page.locator("#card").is_hidden()


# ------------------------------------------------------------------ cards


def _vi(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}".replace(",", "~").replace(".", ",").replace("~", ".")


def test_card_figures_are_those_of_the_frame(visit: Any, world: Any) -> None:
    here = visit()
    frame = world.coverage.by_layer
    for operator, technology in (("*", "*"), ("Viettel", "LTE"), ("VNPT", "*")):
        here.choose("operator", operator)
        here.choose("technology", technology)
        part = frame[
            (frame["operator"] == operator) & (frame["technology"] == technology)
        ].reset_index(drop=True)
        for i in (0, 17, 41):
            here.page.evaluate("(i) => phusong.select({ kind: 'village', index: i })", i)
            card = here.text("#card")
            row = part.iloc[i]
            for value in (
                f"{_vi(row['served_share'] * 100, 1)} %",
                f"{_vi(row['expected_share'] * 100, 1)} %",
                _vi(row["people_unserved"], 1),
                _vi(row["people_unserved_expected"], 1),
                f"{_vi(row['level_centre_dbm'], 1)} dBm",
                f"{_vi(row['level_median_dbm'], 1)} dBm",
                world.inputs.villages["code"].iloc[i],
            ):
                assert value in card, (operator, technology, i, value)
            if row["best_cell_id"]:
                assert row["best_cell_id"] in card


def test_every_kind_of_thing_has_a_card(visit: Any, world: Any) -> None:
    here = visit()
    counts = {
        "village": len(world.inputs.villages),
        "commune": len(world.inputs.communes),
        "site": len(world.inputs.sites),
        "cable": len(world.fiber.edges),
        "pop": 1,
        "gap": len(world.fiber.near_misses),
        "weak": len(world.fiber.failures),
        "finding": len(world.findings),
    }
    for language in ("vi", "en"):
        here.page.click(f'[data-language="{language}"]')
        for kind, count in counts.items():
            assert count > 0, kind
            cards = here.page.evaluate(
                """([kind, indices]) => indices.map((index) => {
                  phusong.select({ kind, index }, { zoom: index === 0 });
                  return document.getElementById("card").textContent;
                })""",
                [kind, list(range(0, count, max(1, count // 6)))],
            )
            for card in cards:
                assert len(card) > 20, kind
                assert "undefined" not in card, (kind, card)
                assert "NaN" not in card, (kind, card)


def test_fibre_of_a_commune_says_route_or_reason(visit: Any, world: Any) -> None:
    here = visit()
    reach = world.fiber.reach
    for i, row in reach.iterrows():
        here.page.evaluate(
            "(i) => phusong.select({ kind: 'commune', index: i }, { zoom: true })", i
        )
        card = here.text("#card")
        if row["reached"]:
            assert "Có cáp quang" in card
            assert f"{_vi(row['route_km'], 2)} km" in card
        else:
            assert "Chưa có cáp quang" in card
            assert "Lý do" in card
    assert reach["reached"].any()
    assert not reach["reached"].all()


def test_a_click_on_the_map_opens_what_lies_there(visit: Any, world: Any) -> None:
    here = visit()
    here.layer("centres", False)
    here.layer("masts", False)
    here.layer("cables", False)
    here.layer("pops", False)
    point = here.page.evaluate(
        """() => {
          const { map, book } = phusong;
          phusong.select({ kind: "village", index: 20 }, { zoom: true });
          const v = book.villages;
          const metres = L.point(book.frame.west + v.x[20], book.frame.north - v.y[20]);
          const at = map.latLngToContainerPoint(L.Projection.SphericalMercator.unproject(metres));
          phusong.select(null);
          const box = document.getElementById("map").getBoundingClientRect();
          return [box.left + at.x, box.top + at.y];
        }"""
    )
    here.rest()
    here.page.mouse.click(*point)
    here.rest()
    assert world.inputs.villages["code"].iloc[20] in here.text("#card")


def test_a_click_says_who_serves_the_point(visit: Any, world: Any) -> None:
    here = visit()
    signal = world.signal
    at = "() => { const b = document.getElementById('map').getBoundingClientRect(); return [b.left + b.width / 2, b.top + b.height / 2]; }"
    agreed = heard = 0
    for choice, place in ((("*", "*"), "outdoor"), (("VNPT", "LTE"), "indoor")):
        here.choose("operator", choice[0])
        here.choose("technology", choice[1])
        here.choose("place", place)
        loss = 0.0 if place == "outdoor" else 13.7
        layer = signal.layer(*choice)
        with rasterio.open(layer.level) as levels, rasterio.open(layer.server) as servers:
            for i in range(12, 52, 5):
                here.page.evaluate(
                    """(i) => { const v = phusong.book.villages; const f = phusong.book.frame;
                    phusong.map.setView(L.Projection.SphericalMercator.unproject(
                      L.point(f.west + v.x[i], f.north - v.y[i])), 14, { animate: false }); }""",
                    i,
                )
                here.frames()
                here.page.mouse.click(*here.page.evaluate(at))
                here.page.wait_for_selector("#card .spot")
                spot = here.text("#card .spot")
                village = world.inputs.villages.iloc[i]
                point = [(village["centre_x_m"], village["centre_y_m"])]
                level = next(levels.sample(point))[0] * 0.1
                server = int(next(servers.sample(point))[0])
                if not server:
                    continue
                heard += 1
                said = re.search(r"khoảng (-\d+) dBm", spot)
                # The picture's pixels are not the grid's: a centre near a border may fall beside it.
                agreed += (
                    said is not None
                    and abs(float(said[1]) - (level - loss)) <= 4
                    and signal.cells["cell_id"].iloc[server - 1] in spot
                )
    assert heard >= 10
    assert agreed >= 0.75 * heard


def test_a_click_near_measured_roads_is_as_sure_as_the_rasters(
    visit: Any, world: Any, folder: Path
) -> None:
    """Half of the spread is left in the west, all of it in the east; walls add 3 dB of their own."""
    signal = world.signal
    layers = []
    for number, layer in enumerate(signal.layers):
        with rasterio.open(layer.server) as servers:
            profile, server = servers.profile, servers.read(1)
        share = np.where(np.arange(server.shape[1]) < server.shape[1] // 2, 100, 200)
        path = folder / f"spread_{number}.tif"
        with rasterio.open(path, "w", **profile | {"dtype": "uint8", "nodata": 0}) as file:
            file.write(np.where(server > 0, share, 0).astype(np.uint8), 1)
            file.scales = (0.005,)
        layers.append(replace(layer, spread=path))
    radio = world.study.radio
    study = world.study.model_copy(
        update={
            "radio": radio.model_copy(
                update={"in_vehicle": radio.in_vehicle.model_copy(update={"sigma_db": 3.0})}
            )
        }
    )
    driven = replace(world, signal=replace(signal, layers=tuple(layers)), study=study)
    here = visit(build_map(driven, folder / "driven.html", language="en"))
    middle = (signal.grid.bounds[0] + signal.grid.bounds[2]) / 2
    cells = signal.cells.set_index("cell_id")
    seen = {True: 0, False: 0}
    for choice, place in ((("*", "*"), "outdoor"), (("VNPT", "LTE"), "in_vehicle")):
        here.choose("operator", choice[0])
        here.choose("technology", choice[1])
        here.choose("place", place)
        walls = 0.0 if place == "outdoor" else 3.0
        for i in range(0, 60, 3):
            village = world.inputs.villages.iloc[i]
            if abs(village["centre_x_m"] - middle) < 300.0:
                continue
            here.page.evaluate(
                """(i) => { const v = phusong.book.villages; const f = phusong.book.frame;
                phusong.map.setView(L.Projection.SphericalMercator.unproject(
                  L.point(f.west + v.x[i], f.north - v.y[i])), 14, { animate: false }); }""",
                i,
            )
            here.frames()
            box = here.page.locator("#map").bounding_box()
            here.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            here.page.wait_for_selector("#card .spot")
            spot = here.text("#card .spot")
            level = re.search(r"about (-\d+) dBm", spot)
            said = re.search(r"Probability of service\s+(\d+)\s*%", spot)
            if level is None or said is None:
                assert "No cell" in spot
                continue
            near = bool(village["centre_x_m"] < middle)
            cell = next(name for name in cells.index if str(name) in spot)
            sigma = float(np.hypot(8.0 * (0.5 if near else 1.0), walls))
            over = float(level[1]) - cells.loc[cell, "threshold_dbm"]
            # Levels are whole dB on the page, and the card rounds them once more.
            low, high = (100 * ndtr((over + off) / sigma) for off in (-0.51, 0.51))
            assert low - 1 <= float(said[1]) <= high + 1
            seen[near] += 5 < float(said[1]) < 95
    assert min(seen.values()) >= 2
    here.choose("signal", "probability")
    tight = _sheet(here, "probability/VNPT/LTE/in_vehicle")
    plain = visit(build_map(replace(driven, signal=signal), folder / "plain.html", language="en"))
    for name, value in (("operator", "VNPT"), ("technology", "LTE"), ("place", "in_vehicle")):
        plain.choose(name, value)
    plain.choose("signal", "probability")
    assert _sheet(plain, "probability/VNPT/LTE/in_vehicle") != tight


def test_a_point_of_failure_lists_and_marks_the_towers_it_darkens(
    visit: Any, world: Any, folder: Path
) -> None:
    inputs, fiber = world.inputs, world.fiber
    ids = inputs.sites["site_id"].astype(str).tolist()
    pop = str(inputs.pops["pop_id"].iloc[0])
    records = [(ids[0], "fibre", None), (ids[1], "microwave", ids[0]), (ids[2], "microwave", pop)]
    table = pd.DataFrame(records, columns=["site_id", "medium", "upstream"])
    dark = [[ids[0], ids[1]], *[[]] * (len(fiber.failures) - 1)]
    none = np.zeros(0, dtype=np.int64)
    hanging = Backhaul(np.array(ids, dtype=object), len(ids), none, none, none)
    failures = fiber.failures.assign(sites=dark, site_count=[len(d) for d in dark])
    fiber = replace(fiber, failures=failures, backhaul=hanging)
    hung = replace(world, inputs=replace(inputs, backhaul=table), fiber=fiber)
    path = build_map(hung, folder / "hanging.html", language="en")
    here = visit(path)
    here.page.evaluate("phusong.select({ kind: 'weak', index: 0 }, { zoom: true })")
    here.rest()
    assert re.search(r"Towers that go dark\s+2\b", here.text("#card"))
    assert here.page.locator("#card .links-site button").all_inner_texts() == [ids[0], ids[1]]
    assert here.page.locator("#card .links-commune button").count() == failures["count"].iloc[0]
    assert here.page.evaluate(
        """() => [0, 1].every((site) => {
          const { map, book } = phusong;
          const metres = L.point(book.frame.west + book.sites.x[site], book.frame.north - book.sites.y[site]);
          return map.getBounds().contains(L.Projection.SphericalMercator.unproject(metres));
        })"""
    )
    for layer in ("masts", "weak"):
        here.layer(layer, False)
    marked = here.pixels()
    here.page.evaluate("phusong.book.weak.sites[0] = []; phusong.surface.paint()")
    assert here.pixels() != marked
    for site, said in ((0, "fibre that passes"), (1, f"microwave, from {ids[0]}")):
        here.page.evaluate("(index) => phusong.select({ kind: 'site', index })", site)
        assert said in here.text("#card")
    here.page.evaluate("phusong.select({ kind: 'site', index: 2 })")
    assert "microwave, from" in here.text("#card")
    here.page.evaluate("phusong.select({ kind: 'site', index: 3 })")
    assert "Hangs on" not in here.text("#card")


def test_without_a_backhaul_a_point_of_failure_is_silent_about_towers(visit: Any) -> None:
    here = visit()
    here.page.click('[data-language="en"]')
    here.page.evaluate("phusong.select({ kind: 'weak', index: 0 })")
    assert "Communes that lose fibre" in here.text("#card")
    assert "Towers" not in here.text("#card")


def test_a_click_outside_every_commune_says_who_serves_the_point(
    visit: Any, world: Any, folder: Path
) -> None:
    nowhere = replace(world.inputs, communes=world.inputs.communes.iloc[:0])
    here = visit(build_map(replace(world, inputs=nowhere), folder / "nowhere.html", language="vi"))
    for name in ("masts", "cables", "pops", "villages"):
        here.layer(name, False)
    here.page.evaluate(
        """() => {
          const v = phusong.book.villages, f = phusong.book.frame;
          phusong.map.setView(L.Projection.SphericalMercator.unproject(
            L.point(f.west + v.x[20], f.north - v.y[20])), 14, { animate: false });
        }"""
    )
    here.rest()
    box = here.page.locator("#map").bounding_box()
    here.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    here.page.wait_for_selector("#card .spot")
    assert here.text("#card .kind") == "Điểm trên bản đồ"
    assert "dBm" in here.text("#card .spot")
    here.page.keyboard.press("Escape")
    assert here.page.locator("#card").is_hidden()


# ------------------------------------------------------------------ habits


def test_the_address_keeps_view_layers_and_choice(visit: Any) -> None:
    here = visit()
    here.choose("operator", "VNPT")
    here.choose("signal", "probability")
    here.layer("roads", True)
    here.page.evaluate("phusong.map.setView([23.26, 104.59], 11.5, { animate: false })")
    here.page.evaluate("phusong.select({ kind: 'village', index: 22 })")
    here.page.click('[data-language="en"]')
    here.rest()
    address = here.page.evaluate("location.hash")
    again = visit(address=address)
    for question in (
        "phusong.state.operator",
        "phusong.state.signal",
        "[...phusong.state.shown].sort().join()",
        "phusong.map.getZoom()",
        "phusong.map.getCenter().lat.toFixed(4)",
        "document.documentElement.lang",
        "phusong.state.selected.index",
        "document.querySelector('#card h2').innerText",
    ):
        assert again.page.evaluate(question) == here.page.evaluate(question), question
    assert again.page.evaluate("phusong.state.selected.index") == 22


@pytest.mark.parametrize(
    "address",
    ["#", "#x", "#9/1/2/carrier=<img>&layers=a.b&chosen=village.nope", "#99/999/999/signal=x"],
)
def test_a_wrong_address_is_no_harm(visit: Any, address: str) -> None:
    here = visit(address=address)
    assert here.page.evaluate("phusong.state.operator") == "*"
    assert here.page.locator("#legend").is_visible()
    assert here.page.evaluate("phusong.map.getBounds().intersects(phusong.book.frame.bounds)")


@pytest.mark.parametrize("sheet", ["A4", "A3"])
def test_print_view_has_all_a_sheet_needs(visit: Any, artefacts: Path, sheet: str) -> None:
    here = visit()
    here.page.evaluate(
        """(sheet) => {
          window.print = () => { window.printed = {
            legend: document.getElementById("legend").innerText, title: document.getElementById("title").innerText,
            notes: document.getElementById("paper-notes").innerText, page: document.getElementById("paper-size").textContent,
            scale: document.querySelector(".leaflet-control-scale-line").innerText,
            shown: ["legend", "paper-notes", "map"].map((id) => document.getElementById(id).getBoundingClientRect().height),
            north: document.querySelector(".north").getBoundingClientRect().height,
            panel: document.getElementById("panel").getBoundingClientRect().height,
            canvas: document.querySelector("canvas.surface").width,
          }; };
        }"""
    )
    here.page.click(f'[data-paper="{sheet}"]')
    printed = here.page.evaluate("window.printed")
    assert "Chú giải" in printed["legend"]
    assert "Trắng sóng" in printed["legend"]
    assert "Hà Sơn" in printed["title"]
    assert "2026" in printed["notes"]
    assert "Một điểm có sóng khi" in printed["notes"]
    assert sheet in printed["page"]
    assert re.match(r"\d+ k?m", printed["scale"])
    assert min(printed["shown"]) > 20
    assert printed["north"] > 0
    assert printed["panel"] == 0
    here.rest()
    assert not here.page.evaluate("document.body.classList.contains('paper')")
    # The browser's own command goes the same way; what it prints is one sheet.
    pdf = here.page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    here.page.evaluate("(s) => phusong.paper.lay(phusong.map, s)", sheet)
    here.page.set_viewport_size({"width": 1600, "height": 1130})
    here.rest()
    here.page.screenshot(path=artefacts / f"print-{sheet}.png")


def test_everything_is_reached_by_keyboard(visit: Any) -> None:
    here = visit()
    here.page.evaluate("phusong.select({ kind: 'village', index: 12 })")
    here.rest()
    wanted = here.page.evaluate(
        """() => {
          const seen = (node) => node.checkVisibility() && !node.disabled
            && (node.type !== "radio" || node.checked);
          const all = [...document.querySelectorAll("a[href], button, input, summary, [tabindex='0']")].filter(seen);
          all.forEach((node, i) => { node.dataset.stop = i; });
          document.querySelector(".skip").focus();
          return all.map((node) => node.outerHTML.slice(0, 120));
        }"""
    )
    reached = {0}
    for _ in range(len(wanted) + 5):
        here.page.keyboard.press("Tab")
        reached.add(here.page.evaluate("Number(document.activeElement.dataset.stop ?? -1)"))
    assert not [wanted[i] for i in range(len(wanted)) if i not in reached]
    assert len(wanted) > 60
    here.page.locator('input[name="operator"]:checked').focus()
    here.page.keyboard.press("ArrowRight")
    here.rest()
    assert here.page.evaluate("phusong.state.operator") == "Viettel"
    assert here.page.evaluate("document.activeElement.value") == "Viettel"
    here.page.locator(".legend-fold").press("Enter")
    assert here.page.locator("#legend-body").is_hidden()
    assert here.page.evaluate("document.activeElement.className") == "legend-fold"


def test_on_a_phone_the_panels_take_turns(visit: Any, artefacts: Path) -> None:
    here = visit(width=390, height=844, has_touch=True, is_mobile=True)
    assert here.page.locator("#panel").is_hidden()
    here.page.click('#tabs [data-tab="panel"]')
    assert here.page.locator("#panel").is_visible()
    here.page.screenshot(path=artefacts / "phone-panel.png")
    here.page.click('#tabs [data-tab="side"]')
    assert here.page.locator("#list").is_visible()
    here.page.screenshot(path=artefacts / "phone-list.png")
    here.page.click("#list tbody tr:first-child button")
    here.rest()
    assert here.page.locator("#card").is_visible()
    assert here.page.locator("#map").bounding_box()["height"] > 150
    here.page.screenshot(path=artefacts / "phone-card.png")
    here.page.click("#card .close")
    here.page.click('#tabs [data-tab="map"]')
    assert here.page.locator("#side").is_hidden()


# ------------------------------------------------------------------ hostile data


def test_hostile_names_neither_run_nor_break_anything(visit: Any, artefacts: Path) -> None:
    here = visit()
    for language in ("vi", "en"):
        here.page.click(f'[data-language="{language}"]')
        for i, name in HOSTILE.items():
            here.page.evaluate(
                "(i) => phusong.select({ kind: 'village', index: i }, { zoom: true })", i
            )
            here.frames()
            shown = here.page.evaluate("document.querySelector('#card h2').textContent")
            assert shown == (
                name
                if 0 < len(name) <= 90
                else f"{name[:88]}…"
                if name
                else here.page.evaluate(f"phusong.book.villages.code[{i}]")
            )
            here.page.fill("#search", name.strip()[:40] or "zz")
    here.page.screenshot(path=artefacts / "hostile.png")
    assert here.page.evaluate("window.hurt") is None
    assert (
        here.page.locator(
            "#card script, #list script, #card img, #list img, #search-results img"
        ).count()
        == 0
    )
    assert here.page.evaluate("document.documentElement.scrollWidth") <= 1366


def test_hostile_names_of_everything_else(visit: Any, folder: Path, artefacts: Path) -> None:
    evil = "\"'><img src=x onerror=window.hurt=9><script>window.hurt=9</script>"
    made = province.make_world(
        folder / "evil",
        communes=4,
        villages=16,
        sites=6,
        cells_of_grid=100,
        cell_m=150.0,
        operators=(f"={evil}", "\u202eمحمول\n\tdòng " + "dài " * 80),
        study_name=f"{evil} &amp; {{count}} ${{x}} \u2028",
    )
    communes = made.inputs.communes.assign(name=[evil, "Xã " + "dài " * 80, "", "=1+1"])
    pops = made.inputs.pops.assign(name=evil)
    inputs = replace(made.inputs, communes=communes, pops=pops)
    about = made.study.study.model_copy(update={"publisher": evil, "licence": evil, "period": evil})
    study = made.study.model_copy(update={"study": about})
    here = visit(build_map(replace(made, inputs=inputs, study=study), folder / "evil.html"))
    for thing in ("commune", "pop", "site", "village"):
        here.page.evaluate("(kind) => phusong.select({ kind, index: 0 }, { zoom: true })", thing)
        here.frames()
    for operator in inputs.cells["operator"].unique():
        here.page.evaluate("(operator) => phusong.state.change({ operator })", operator)
        # An override that the name opens ends with the name.
        turns, ends = (
            len(re.findall(s, here.text("#legend h3 >> nth=0"))) for s in ("[\u202e]", "[\u2069]")
        )
        assert turns == ends
        here.page.evaluate("phusong.state.change({ signal: 'server' })")
        here.page.wait_for_selector(SHEET)
    here.page.evaluate("phusong.paper.lay(phusong.map, 'A4'); phusong.paper.lift(phusong.map)")
    here.page.screenshot(path=artefacts / "hostile-all.png")
    assert here.page.evaluate("window.hurt") is None
    assert here.page.locator("img[src=x], #panel script, #card script, .bar img").count() == 0
    assert evil in here.page.title()
    assert here.page.evaluate("document.documentElement.scrollWidth") <= 1366


# ------------------------------------------------------------------ accessibility


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_axe_has_nothing_serious_to_say(visit: Any, width: int, height: int) -> None:
    here = visit(width=width, height=height)
    for language in ("vi", "en"):
        here.page.click(f'[data-language="{language}"]')
        here.page.evaluate("phusong.select({ kind: 'village', index: 12 }, { zoom: true })")
        here.page.evaluate("phusong.state.change({ signal: 'level', place: 'in_vehicle' })")
        here.page.wait_for_selector(SHEET)
        assert not here.unfair(), language
        here.page.evaluate("phusong.state.change({ signal: 'none', place: 'outdoor' })")
