"""The map of two runs: from finished runs to the page, and the page in headless Chromium."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from helpers.book import book_of
from phusong.cli import main as cli
from phusong.errors import OutputError
from phusong.exports import CsvForm
from phusong.exports.comparison import write_comparison
from phusong.maps import build_swipe_map
from phusong.maps.asset import SWIPE_SCRIPTS, read, template
from phusong.maps.words import page_words
from phusong.results.compare import compare_runs
from phusong.results.finished import FinishedRun
from worlds import province
from worlds.years import GAINED, GONE, LOST, finished, later_world

HOSTILE = {1: "<script>window.hurt=1</script>", 2: "\"'><img src=x onerror=window.hurt=2>", 3: ""}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("swipe")


@pytest.fixture(scope="module")
def world(folder: Path) -> Any:
    return province.make_world(
        folder / "world",
        communes=6,
        villages=40,
        sites=9,
        cells_of_grid=160,
        cell_m=100.0,
        names=HOSTILE,
    )


@pytest.fixture(scope="module")
def runs(world: Any, folder: Path) -> tuple[FinishedRun, FinishedRun]:
    villages = world.coverage.villages.copy()
    grades = villages["grade"].tolist()
    grades[GAINED], grades[LOST] = "hollow", "covered"
    villages["grade"] = grades
    first = replace(world, coverage=replace(world.coverage, villages=villages))
    return (
        finished(first, folder / "before", "2025-11-01T08:00:00+00:00"),
        finished(later_world(first), folder / "after", "2026-11-01T08:00:00+00:00"),
    )


@pytest.fixture(scope="module")
def page(runs: tuple[FinishedRun, FinishedRun], folder: Path) -> Path:
    found = compare_runs(*runs)
    out = folder / "out"
    out.mkdir()
    write_comparison(found, out, CsvForm())
    return build_swipe_map(*runs, found, out / "compare.html", "vi")


def changed_rules(run: FinishedRun) -> FinishedRun:
    """The same run made to another definition, whose value is markup."""
    settings = {**run.stamp["settings"]}
    settings["verdict"] = {**settings["verdict"], "covered_share": 0.5}
    settings["radio"] = {**settings["radio"], "model": "<b>other</b>"}
    return replace(run, stamp={**run.stamp, "settings": settings})


# ------------------------------------------------------------------ the file


def test_the_page_is_whole_and_asks_for_nothing(page: Path) -> None:
    text = page.read_text("utf-8")
    bare = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r'(?:src|href)\s*=\s*"(?!data:,|#)', bare)
    assert "default-src 'none'" in text
    assert "<script>window.hurt" not in text
    assert "BSD 2-Clause License" in text
    assert len(text) < 2_000_000


def test_every_word_of_the_page_has_its_vietnamese() -> None:
    scripts = [
        read(f"{name}.js")
        for name in SWIPE_SCRIPTS
        if name.startswith("swipe/") or name == "page/palette"
    ]
    text = "\n".join(scripts)
    said = set(re.findall(r'\bt\(\s*"((?:[^"\\]|\\.)*)"', text))
    said |= set(re.findall(r'[?:] "([^"]+)"\)', text)) - {"after", "before"}
    said |= set(re.findall(r'label: "([^"]+)"', text))
    for table in ("FIBRE_CHANGES", "SHORT_GRADES"):
        body = re.search(rf"const {table} = \{{(.*?)\}};", text, re.DOTALL)
        assert body is not None
        said |= set(re.findall(r': "([^"]+)"', body.group(1)))
    said |= set(re.findall(r'data-t="([^"]+)"', template("swipe.html")))
    assert len(said) > 55
    assert not sorted(said - set(page_words()))


def test_a_page_that_cannot_be_written_says_so(
    runs: tuple[FinishedRun, FinishedRun], tmp_path: Path
) -> None:
    (tmp_path / "compare.html").mkdir()
    with pytest.raises(OutputError, match="the map cannot be written"):
        build_swipe_map(*runs, compare_runs(*runs), tmp_path / "compare.html")


# ------------------------------------------------------------------ the browser


def left_of(here: Any) -> float:
    """Where the divider stands, as a share of the map."""
    return here.page.evaluate(
        """() => { const d = document.getElementById("divider").getBoundingClientRect();
        const c = document.getElementById("canvas").getBoundingClientRect();
        return (d.left + d.width / 2 - c.left) / c.width; }"""
    )


@pytest.mark.browser
def test_the_divider_is_dragged_and_the_picture_follows(
    visit: Any, page: Path, artefacts: Path
) -> None:
    here = visit(page)
    here.page.screenshot(path=artefacts / "swipe.png")
    assert left_of(here) == pytest.approx(0.5, abs=0.01)
    whole, west = here.pixels(), here.pixels(0, 0.3)
    box = here.page.locator("#canvas").bounding_box()
    y = box["y"] + box["height"] / 2
    here.page.mouse.move(box["x"] + box["width"] / 2, y)
    here.page.mouse.down()
    here.page.mouse.move(box["x"] + 0.6 * box["width"], y)
    here.page.mouse.move(box["x"] + 0.8 * box["width"], y)
    here.page.mouse.up()
    assert left_of(here) == pytest.approx(0.8, abs=0.01)
    assert here.pixels() != whole
    # What lay left of the divider before still shows the earlier run, pixel for pixel.
    assert here.pixels(0, 0.3) == west
    here.page.mouse.move(box["x"] + 0.2 * box["width"], y)
    assert left_of(here) == pytest.approx(0.8, abs=0.01)


@pytest.mark.browser
def test_the_divider_is_moved_by_keys_and_says_where_it_is(visit: Any, page: Path) -> None:
    here = visit(page)
    for _ in range(12):
        if here.page.evaluate("document.activeElement.id") == "divider":
            break
        here.page.keyboard.press("Tab")
    divider = here.page.locator("#divider")
    assert here.page.evaluate("document.activeElement.id") == "divider"
    middle = here.pixels()
    here.page.keyboard.press("End")
    assert divider.get_attribute("aria-valuenow") == "100"
    before = here.pixels()
    here.page.keyboard.press("Home")
    assert divider.get_attribute("aria-valuenow") == "0"
    after = here.pixels()
    assert len({before, middle, after}) == 3
    here.page.keyboard.press("ArrowLeft")
    assert divider.get_attribute("aria-valuenow") == "0"
    for key, value in (
        ("ArrowRight", "2"),
        ("PageUp", "12"),
        ("PageDown", "2"),
        ("ArrowLeft", "0"),
    ):
        here.page.keyboard.press(key)
        assert divider.get_attribute("aria-valuenow") == value
    assert "0 %" in divider.get_attribute("aria-valuetext")
    assert here.pixels() == after


@pytest.mark.browser
def test_a_moved_map_keeps_the_divider_where_it_is(visit: Any, page: Path) -> None:
    here = visit(page)
    here.page.evaluate("phusong.map.panBy([120, 0], { animate: false })")
    here.rest()
    assert left_of(here) == pytest.approx(0.5, abs=0.01)
    panned = here.pixels()
    here.page.evaluate("phusong.surface.paint()")
    assert here.pixels() == panned


def _vi(value: float, digits: int) -> str:
    if pd.isna(value):
        return "–"
    return f"{value:,.{digits}f}".replace(",", "~").replace(".", ",").replace("~", ".")


@pytest.mark.browser
def test_the_table_is_that_of_the_file(visit: Any, page: Path) -> None:
    here = visit(page)
    rows = here.page.locator("#village-table tbody tr")
    file = pd.read_csv(
        page.parent / "compare_villages.csv", dtype={"code": str}, encoding="utf-8-sig"
    ).set_index("code")
    assert rows.count() == (file["change"] != "same").sum()
    here.page.locator('[data-filter="same"]').check()
    assert rows.count() == len(file)
    said = page_words()
    change = {
        "gained": "Gained service",
        "lost": "Lost service",
        "better": "Better",
        "worse": "Worse",
        "same": "Unchanged",
        "added": "Only in the later run",
        "removed": "Only in the earlier run",
    }
    grade = {"covered": "Covered", "hollow": "Hollow", "white": "White"}
    shown = here.page.evaluate(
        """Object.fromEntries([...document.querySelectorAll("#village-table tbody tr")].map((r) => [
          r.dataset.code, Object.fromEntries([...r.querySelectorAll("[data-column]")].map((c) => [
            c.dataset.column, c.textContent.trim()]))]))"""
    )
    assert set(shown) == set(file.index)
    for code, row in file.iterrows():
        assert shown[code] == {
            "change": said[change[row["change"]]],
            "grade_before": said[grade[row["grade_before"]]],
            "grade_after": "–" if pd.isna(row["grade_after"]) else said[grade[row["grade_after"]]],
            "people": _vi(row["people"], 0),
            "people_unserved_before": _vi(row["people_unserved_before"], 1),
            "people_unserved_after": _vi(row["people_unserved_after"], 1),
        }
    sums = here.text('#sum-table [data-change="gained"]').split()
    gained = file[file["change"] == "gained"]
    assert sums[-3:] == [str(len(gained)), _vi(gained["people"].sum(), 0), "0"]
    assert here.page.locator("#commune-table tbody tr").count() == 1
    assert said["Lost fibre"] in here.text("#commune-table")


@pytest.mark.browser
def test_a_click_asks_the_run_of_its_side(visit: Any, page: Path) -> None:
    here = visit(page)
    code = here.page.evaluate(f"phusong.book.villages.code[{GONE}]")
    point = here.page.evaluate(
        """(i) => {
          const { map, book } = phusong;
          phusong.choose({ kind: "village", index: i }, true);
          const at = map.getSize();
          const box = document.getElementById("map").getBoundingClientRect();
          return [box.left + at.x / 2, box.top + at.y / 2];
        }""",
        GONE,
    )
    assert code in here.text("#card")
    for key, there in (("End", True), ("Home", False)):
        here.page.locator("#divider").press(key)
        here.page.keyboard.press("Escape")
        assert here.page.locator("#card").is_hidden()
        here.page.mouse.click(*point)
        assert (code in here.text("#card")) == there


@pytest.mark.browser
def test_switches_change_the_picture_and_a_row_opens_its_card(visit: Any, page: Path) -> None:
    here = visit(page)
    for layer in ("changed", "centres", "borders", "names"):
        before = here.pixels()
        here.layer(layer, False)
        assert here.pixels() != before, layer
        here.layer(layer, True)
        assert here.pixels() == before, layer
    here.page.locator("#village-table tbody button").first.press("Enter")
    assert here.page.locator("#card").is_visible()
    here.page.click("#card .close")
    assert here.page.locator("#card").is_hidden()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_it_speaks_both_languages_on_every_screen(
    visit: Any, page: Path, artefacts: Path, width: int, height: int
) -> None:
    here = visit(page, width=width, height=height)
    assert "Những gì thay đổi" in here.text("#side")
    here.page.click('[data-language="en"]')
    here.frames()
    assert "What changed" in here.text("#side")
    assert "1 November 2025" in here.text("#name-before")
    assert here.page.locator("#synthetic").is_visible()
    assert here.page.locator("#differs").is_hidden()
    said = here.text("body")
    words = [w for w in page_words().values() if len(w) > 12]
    assert not [w for w in words if re.search(rf"(?<!\w){re.escape(w)}(?!\w)", said)]
    assert here.page.evaluate("document.documentElement.scrollWidth") <= width
    assert here.page.evaluate("window.hurt") is None
    here.page.screenshot(path=artefacts / f"swipe-{width}.png")


@pytest.mark.browser
def test_definitions_that_differ_stand_on_top(
    visit: Any, runs: tuple[FinishedRun, FinishedRun], folder: Path, artefacts: Path
) -> None:
    before, after = runs[0], changed_rules(runs[1])
    found = compare_runs(before, after)
    here = visit(build_swipe_map(before, after, found, folder / "rules.html", "en"))
    strip = here.text("#differs")
    assert "not made to the same definitions" in strip
    for said in ("verdict.covered_share", "0.8", "0.5", "radio.model", "<b>other</b>"):
        assert said in strip
    top = here.page.locator("#differs").bounding_box()["y"]
    assert top < here.page.locator("#canvas").bounding_box()["y"]
    here.page.screenshot(path=artefacts / "swipe-definitions.png")


@pytest.mark.browser
def test_a_run_without_villages_or_fibre_still_compares(
    visit: Any, world: Any, folder: Path
) -> None:
    only_fibre = finished(province.without(world, "coverage", "signal"), folder / "f", "2026-01-01")
    only_radio = finished(province.without(world, "fiber"), folder / "r", "2026-01-02")
    found = compare_runs(only_fibre, only_radio)
    here = visit(build_swipe_map(only_fibre, only_radio, found, folder / "odd.html", "en"))
    assert here.page.evaluate("phusong.book.centres[1]") is None
    assert here.text('#sum-table [data-change="added"]').split()[-3] == str(
        len(world.inputs.villages)
    )
    here.page.locator("#divider").press("End")
    empty = here.pixels()
    here.page.locator("#divider").press("Home")
    assert here.pixels() != empty
    bare = build_swipe_map(
        only_radio, only_radio, compare_runs(only_radio, only_radio), folder / "bare.html", "en"
    )
    assert "Neither run asked about fibre." in visit(bare).text("#legend")


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_axe_has_nothing_serious_to_say(
    visit: Any, runs: tuple[FinishedRun, FinishedRun], folder: Path, width: int, height: int
) -> None:
    before, after = runs[0], changed_rules(runs[1])
    found = compare_runs(before, after)
    here = visit(
        build_swipe_map(before, after, found, folder / "axe.html", "vi"), width=width, height=height
    )
    for language in ("vi", "en"):
        here.page.click(f'[data-language="{language}"]')
        here.page.evaluate("phusong.choose({ kind: 'village', index: 8 })")
        assert not here.unfair(), language


# ------------------------------------------------------------------ the commands


def test_compare_writes_the_page_beside_the_tables(tiny_run: Path, tmp_path: Path) -> None:
    told = CliRunner().invoke(
        cli, ["compare", str(tiny_run), str(tiny_run), "--out", str(tmp_path / "diff")]
    )
    assert told.exit_code == 0, told.output
    page = tmp_path / "diff" / "compare.html"
    assert '<html lang="en">' in page.read_text("utf-8")
    assert "Lũng Cú" in book_of(page)["villages"]["name"]
    assert {"compare_villages.csv", "run.json"} <= {p.name for p in (tmp_path / "diff").iterdir()}
