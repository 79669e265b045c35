"""The studio's page in Chromium: placing, dragging, cutting, sliding, saving; killed and begun anew."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest

from helpers.altered import place
from helpers.browser import Visit
from helpers.served import begin, written

pytestmark = pytest.mark.browser


class Page:
    """A page of the studio, and all it complained of."""

    def __init__(self, chromium, address, width=1366, height=768, **more):
        self.context = chromium.new_context(viewport={"width": width, "height": height}, **more)
        self.page = self.context.new_page()
        self.complaints = []
        # What the server refuses is said in the panel; the browser says it here too.
        self.page.on(
            "console",
            lambda m: None if "(Unprocessable" in m.text else self.complaints.append(m.text),
        )
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on(
            "request",
            lambda r: (
                None
                if r.url.startswith((address, "data:", "blob:"))
                else self.complaints.append(f"asked for {r.url[:80]}")
            ),
        )
        self.page.goto(address)
        self.settle()

    def draft(self, what):
        return self.page.evaluate(f"window.phusong.draft.{what}")

    def settle(self):
        """Wait until what follows from the last edit is shown."""
        for _ in range(600):
            if self.page.evaluate(
                """() => { const { draft, altered } = window.phusong ?? {};
                return Boolean(altered?.seen) && !draft.sending && altered.seen.revision === draft.revision; }"""
            ):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(self.page.locator("#studio").inner_text())

    def step(self, way):
        """Undo or redo, and wait until the server's answer and what follows from it are here."""
        before = self.draft("revision")
        self.page.click(f"#tool-{way}")
        self.page.wait_for_function(f"() => phusong.draft.revision > {before}")
        self.settle()

    def place(self, x=760, y=420):
        self.page.click("#tool-mast")
        self.page.mouse.click(x, y)
        self.page.locator(".handle").first.wait_for()
        self.settle()

    def close(self):
        self.context.close()
        assert not self.complaints


@pytest.fixture
def page(chromium, server):
    here = Page(chromium, server.address)
    here.page.click("#scenario-new")
    here.settle()
    yield here
    here.close()


def people(here):
    cell = here.page.locator("#carriers tr[data-operator='*'] td").nth(1).inner_text()
    return [int(part.replace(",", "").replace(".", "")) for part in cell.split("→")]


def test_a_mast_is_placed_raised_dragged_and_taken_back(page):
    page.place()
    before, after = people(page)
    assert after > before
    site = page.draft("masts()[0].site_id")
    assert page.page.locator(f".handle[data-mast='{site}']").count() == 1
    # Raised: another picture, other people.
    page.page.fill("#field-height", "80")
    page.page.press("#field-height", "Enter")
    page.settle()
    assert page.draft("masts()[0].height_m") == 80
    # Dragged by hand.
    at = page.draft("masts()[0].longitude")
    box = page.page.locator(".handle").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x + 60, y + 20, steps=5)
    page.page.mouse.up()
    page.page.wait_for_timeout(100)
    page.settle()
    assert page.draft("masts()[0].longitude") > at
    # Moved by the keyboard, and taken back step by step.
    page.page.locator(".handle").focus()
    moved = page.draft("masts()[0].longitude")
    page.page.keyboard.press("ArrowRight")
    page.settle()
    assert page.draft("masts()[0].longitude") > moved
    for _ in range(4):
        page.step("undo")
    assert page.draft("masts().length") == 0
    assert page.page.locator(".handle").count() == 0
    page.step("redo")
    assert page.draft("masts().length") == 1


def test_the_list_of_changes_is_what_the_map_shows(page):
    before = page.page.evaluate(
        "window.phusong.book.figures.find((f) => f.operator === '*' && f.technology === '*' && f.place === 'outdoor').grade"
    )
    page.place()
    after = page.page.evaluate(
        "window.phusong.book.figures.find((f) => f.operator === '*' && f.technology === '*' && f.place === 'outdoor').grade"
    )
    changed = {i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b}
    listed = page.page.evaluate("window.phusong.altered.seen.changes.rows")
    assert changed
    assert changed <= set(listed)
    # The first figure on the left is the one of the run.
    share = page.page.locator(".indicator-value strong").first.inner_text()
    assert share == f"{100 * after.count('c') / 16:.1f} %"


def test_a_signal_picture_follows(page):
    page.page.locator("input[name='signal'][value='level']").check(force=True)
    page.page.wait_for_timeout(400)
    picture = "() => { const c = document.querySelector('canvas.signal-picture'); return c.toDataURL().length + c.toDataURL().slice(-400); }"
    before = page.page.evaluate(picture)
    page.place()
    page.page.wait_for_function(f"(before) => ({picture})() !== before", arg=before)
    page.step("undo")
    page.page.wait_for_function(f"(before) => ({picture})() === before", arg=before)


def test_a_cut_names_communes_towers_and_villages(page):
    page.page.evaluate("window.phusong.select({ kind: 'pop', index: 0 })")
    page.page.click("#tool-cut")
    page.page.locator("#loss-villages tr").first.wait_for()
    text = page.page.locator("#loss").inner_text()
    assert "2 communes lose fibre" in text
    assert "4 towers go dark" in text
    assert "lose signal" in text


def test_a_mast_that_stands_is_switched_off(page):
    page.page.evaluate("window.phusong.select({ kind: 'site', index: 0 })")
    page.page.click("#off-site")
    page.page.wait_for_timeout(80)
    page.settle()
    before, after = people(page)
    assert after < before
    assert page.page.locator("#off-site").get_attribute("aria-pressed") == "true"


def test_sliders_move_verdicts_and_go_back(page):
    share = page.page.locator(".indicator-value strong").first.inner_text
    page.page.click("#definition > summary")
    own = share()
    page.page.locator("#define-threshold").focus()
    for _ in range(12):
        page.page.keyboard.press("ArrowLeft")
    for _ in range(100):
        if share() != own and not page.page.evaluate("window.phusong.bench.asking"):
            break
        page.page.wait_for_timeout(50)
    assert float(share().split()[0]) > float(own.split()[0])
    page.page.click("#define-own")
    assert share() == own


def test_lines_of_sight_are_drawn(page):
    page.place()
    page.page.click("#sight > summary")
    page.page.locator("#profile").wait_for()
    assert page.page.locator("#sight tbody tr").count() >= 1


def test_a_cable_is_drawn_and_reaches_a_commune(page):
    page.page.click("#tool-cable")
    for east, north in ((5000, 2500), (2500, 7500)):
        longitude, latitude = place(east, north)
        at = page.page.evaluate(
            "([lat, lng]) => window.phusong.map.latLngToContainerPoint([lat, lng])",
            [latitude, longitude],
        )
        box = page.page.locator("#map").bounding_box()
        page.page.mouse.click(box["x"] + at["x"], box["y"] + at["y"])
    page.page.click("#tool-finish")
    page.page.locator("#cables").wait_for()
    page.page.wait_for_timeout(100)
    page.settle()
    assert "2 → 3" in page.page.locator("#cables").inner_text()
    assert "K-1" in page.page.evaluate("window.phusong.book.cables.id")


def test_two_pages_agree(page, chromium, server):
    other = Page(chromium, server.address)
    page.place()
    other.page.locator(".handle").first.wait_for()
    other.settle()
    assert other.draft("scenario") == page.draft("scenario")
    assert people(other) == people(page)
    other.step("undo")
    page.page.wait_for_function("() => phusong.draft.masts().length === 0")
    other.close()


def test_saved_and_opened_again(page):
    page.place()
    page.page.fill("#scenario-name", "Đồng Văn 1")
    page.page.click("#scenario-save")
    page.page.locator("#scenario-open option[value='Đồng Văn 1']").wait_for(state="attached")
    page.page.click("#scenario-new")
    page.page.wait_for_timeout(80)
    page.settle()
    assert page.draft("masts().length") == 0
    page.page.select_option("#scenario-open", "Đồng Văn 1")
    page.page.locator(".handle").first.wait_for()
    page.page.reload()
    page.settle()
    assert page.draft("masts().length") == 1
    page.page.fill("#scenario-name", "../x")
    page.page.click("#scenario-save")
    assert ".." in page.page.locator("#studio .flag").first.inner_text()


def test_side_by_side_with_the_study_as_it_stands_and_with_a_scenario(page):
    page.place()
    page.page.fill("#scenario-name", "Một trạm")
    page.page.click("#scenario-save")
    page.page.locator("#scenario-beside option[value='=Một trạm']").wait_for(state="attached")
    here = Visit(page.page)
    page.page.locator("input[name='signal'][value='level']").check(force=True)
    page.page.wait_for_timeout(300)
    drawn = here.pixels()
    page.page.select_option("#scenario-beside", "=")
    page.page.locator("#divider").wait_for()
    page.page.locator("canvas.signal-beside").wait_for(state="attached")
    page.page.locator("#divider").focus()
    page.page.keyboard.press("Home")
    assert here.pixels() == drawn
    page.page.keyboard.press("End")
    today = here.pixels()
    assert today != drawn
    clip = "(selector) => document.querySelector(selector).style.clipPath"
    mine, other = ".signal-picture:not(.signal-beside)", ".signal-beside"
    assert page.page.evaluate(clip, mine) != page.page.evaluate(clip, other)
    pixels = "(selector) => document.querySelector(selector).toDataURL()"
    assert page.page.evaluate(pixels, mine) != page.page.evaluate(pixels, other)
    # The scenario as it was saved beside itself: both sides are alike.
    page.page.select_option("#scenario-beside", "=Một trạm")
    page.page.wait_for_function(
        f"() => ({pixels})('{mine}') === ({pixels})('{other}') && phusong.beside.figures.length > 0"
    )
    assert here.pixels() == drawn
    # Under another definition both sides follow.
    before = page.page.evaluate("phusong.beside.figures.map((f) => f.grade).join('')")
    page.page.evaluate("phusong.bench.ask({ threshold_offset_db: 18 })")
    page.page.wait_for_function(
        f"() => phusong.beside.figures.map((f) => f.grade).join('') !== '{before}'"
    )
    page.page.click("#definition > summary")
    page.page.click("#define-own")
    page.page.select_option("#scenario-beside", "-")
    assert not page.page.locator("#divider").is_visible()
    assert page.page.evaluate(clip, mine) == ""


def test_a_card_has_all_figures_under_another_definition(page):
    page.page.evaluate("window.phusong.select({ kind: 'village', index: 3 })")
    own = page.page.locator("#card").inner_text()
    page.page.evaluate("phusong.bench.ask({ threshold_offset_db: 12 })")
    best = "() => phusong.book.figures.every((f) => f.place !== 'outdoor' || f.best[3] !== null)"
    page.page.wait_for_function(f"() => phusong.altered.defined && ({best})()")
    card = page.page.locator("#card").inner_text()
    assert card != own
    assert "Best server" in card
    page.page.click("#definition > summary")
    page.page.click("#define-own")
    assert page.page.locator("#card").inner_text() == own


def test_in_vietnamese_and_fair_to_everybody(page):
    page.place()
    page.page.click("button[data-language='vi']")
    assert "Đặt trạm" in page.page.locator("#studio").inner_text()
    page.page.evaluate("window.phusong.select({ kind: 'site', index: 0 })")
    page.page.wait_for_timeout(200)
    assert Visit(page.page).unfair() == {}
    page.page.click("button[data-language='en']")


def test_by_touch_on_a_small_screen(chromium, server):
    here = Page(chromium, server.address, 420, 800, has_touch=True)
    here.page.evaluate("document.querySelector('[data-tab=side]').click()")
    here.page.tap("#scenario-new")
    here.settle()
    here.page.wait_for_timeout(400)  # two quick taps are one gesture of another kind
    here.page.tap("#tool-mast")
    here.page.wait_for_timeout(400)
    box = here.page.locator("#map").bounding_box()
    here.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    here.page.wait_for_timeout(200)
    here.settle()
    said = here.page.evaluate(
        "[phusong.tools.mode, phusong.draft.refused, document.body.dataset.tab]"
    )
    assert here.draft("masts().length") == 1, said
    here.close()


def test_killed_and_begun_anew_nothing_but_the_last_edit_can_be_lost(chromium, tmp_path):
    written(tmp_path)
    process, address = begin(tmp_path)
    try:
        here = Page(chromium, address)
        here.place()
        drawn = here.draft("scenario")
        process.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
        process.wait()
        here.page.wait_for_timeout(300)
        here.context.close()
        process, other = begin(tmp_path)
        assert other != address
        there = Page(chromium, other)
        assert there.draft("scenario") == drawn
        assert there.page.locator(".handle").count() == 1
        there.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) in {0, 130}
    finally:
        process.kill()


def test_a_port_that_is_taken_is_said_before_anything_is_computed(tmp_path):
    written(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "phusong", "studio", str(tmp_path), "--port", str(port)]
        done = subprocess.run(
            [*command, "--no-browser"],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
    assert done.returncode == 1
    assert f"cannot listen on port {port}" in done.stdout + done.stderr
    assert not (tmp_path / ".phusong").exists()
