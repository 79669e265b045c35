"""A plan of masts and losses on the map: what the page holds, and the page in Chromium."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.book import book_of
from helpers.planned import HOSTILE, made_cascade, made_figures, made_hazards, made_plan
from phusong.maps import Losses, MastPlan, build_map
from phusong.maps.mercator import Frame
from phusong.maps.sections.mastplan import mast_plan_section
from worlds import province

SCREENS = [(1280, 800), (1920, 1080), (390, 844)]


@pytest.fixture(scope="module")
def plan(world: Any) -> Any:
    return made_plan(world)


@pytest.fixture(scope="module")
def page(world: Any, plan: Any, folder: Path) -> Path:
    masts = MastPlan(plan, made_figures(plan), None)
    return build_map(world, folder / "sites.html", masts=masts)


@pytest.fixture(scope="module")
def in_years(world: Any, folder: Path) -> Path:
    plan = made_plan(world, years=True)
    # Power comes from the cables' poles: any lines will do.
    masts = MastPlan(plan, made_figures(plan), world.inputs.cables)
    return build_map(world, folder / "years.html", masts=masts)


@pytest.fixture(scope="module")
def cascade(world: Any) -> Any:
    return made_cascade(world)


@pytest.fixture(scope="module")
def losses(world: Any, cascade: Any, folder: Path) -> Path:
    unjudged = province.without(world, "coverage")
    found = Losses(cascade, made_hazards(world))
    return build_map(unjudged, folder / "cascade.html", losses=found)


def clicked(here: Any, source: str, index: int, zoom: int = 13) -> tuple[float, float]:
    """Bring a thing of the book to the middle of the map and return where it is on the screen."""
    point = here.page.evaluate(
        """([source, i, zoom]) => {
          const { map, book } = phusong;
          const s = source.split(".").reduce((part, name) => part[name], book);
          const at = L.Projection.SphericalMercator.unproject(
            L.point(book.frame.west + s.x[i], book.frame.north - s.y[i]));
          map.setView(at, zoom, { animate: false });
          const box = document.getElementById("map").getBoundingClientRect();
          const spot = map.latLngToContainerPoint(at);
          return [box.left + spot.x, box.top + spot.y];
        }""",
        [source, index, zoom],
    )
    here.rest()
    here.page.mouse.click(*point)
    here.rest()
    return point


# ------------------------------------------------------------------ the file


def test_the_page_holds_the_plan(page: Path, plan: Any) -> None:
    book = book_of(page)["masts"]
    assert (book["life"], book["bound"], book["gap"]) == (250_000, 245_000, 0.02)
    assert book["most_people"] is None
    assert book["sites"]["id"] == plan.sites["site_id"].tolist()
    assert (book["hops"]["from"], book["hops"]["to"]) == ([2], [1])
    whole = book_of(page)["villages"]
    served = np.array(book["villages"]["village"])[plan.villages["site_id"].notna()]
    assert [whole["code"][v] for v in served] == plan.villages["code"].tolist()[:5]
    assert book["villages"]["second"][:6] == [-1, -1, -1, -1, 0, -1]
    assert book["years"]["year"] == []


def test_power_runs_from_the_nearest_line_to_the_masts_on_the_grid(
    in_years: Path, world: Any
) -> None:
    power = book_of(in_years)["masts"]["power"]
    assert power["site"] == [0]
    assert len(power["lines"]) == 1
    assert len(power["standing"]) == len(world.inputs.cables)


def test_a_plan_within_a_budget_is_bounded_in_people(in_years: Path) -> None:
    book = book_of(in_years)["masts"]
    assert book["bound"] is None
    assert book["most_people"] >= book["people"]


def test_the_page_says_who_vouches_for_the_bound_of_the_last_year(world: Any) -> None:
    for branched, last in (((True, False), False), ((False, True), True)):
        plan = replace(made_plan(world, years=True), branched=branched)
        masts = MastPlan(plan, made_figures(plan), None)
        frame = Frame.over(world.inputs.grid)
        section = mast_plan_section(masts, world.inputs, world.study, frame, 10.0)
        assert section["branched"] is last


def test_sets_of_villages_are_kept_once(losses: Path, cascade: Any, world: Any) -> None:
    book = book_of(losses)["losses"]
    codes = world.inputs.villages["code"].to_numpy()
    assert book["sets"][0] == {"village": [], "before": "", "after": "", "people": []}
    for outage, number in enumerate(book["outages"]["villages"], start=1):
        known = book["sets"][number]
        rows = np.cumsum(known["village"])
        mine = cascade.villages[cascade.villages["outage"] == outage]
        told = dict(zip(codes[rows], known["people"], strict=True))
        assert told == dict(zip(mine["code"], mine["people_lost"], strict=True))
    assert book["pairs"]["a"] == [1]
    assert book["pairs"]["b"] == [2]
    assert book["events"]["hazard"] == [0, -1, -1, -1, -1]
    assert book["events"]["cables"][1] == [0]
    # Two outages that darken the same villages share one set.
    again = cascade.villages[cascade.villages["outage"] == 4].assign(outage=3)
    rest = cascade.villages[cascade.villages["outage"] != 3]
    twin = type(cascade)(**{**vars(cascade), "villages": pd.concat([rest, again])})
    path = build_map(
        province.without(world, "coverage"),
        losses.parent / "twin.html",
        losses=Losses(twin, made_hazards(world)),
    )
    of = book_of(path)["losses"]["outages"]["villages"]
    assert of[2] == of[3]


# ------------------------------------------------------------------ a plan in the browser


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_they_open_on_every_screen_in_both_languages(
    visit: Any, in_years: Path, losses: Path, artefacts: Path, width: int, height: int
) -> None:
    for file in (in_years, losses):
        here = visit(file, width=width, height=height)
        for language in ("en", "vi"):
            here.page.click(f'[data-language="{language}"]')
            here.rest()
            picture = artefacts / f"{file.stem}-{width}-{language}.png"
            here.page.screenshot(path=picture)
            assert here.page.evaluate("document.documentElement.scrollWidth") <= width
            here.page.evaluate("document.body.dataset.tab = 'side'")
            here.page.screenshot(path=picture.with_stem(f"{picture.stem}-side"))
            words = here.page.evaluate("Object.values(phusong.book.words)")
            said = here.text("body")
            if language == "en":
                foreign = [w for w in words if len(w) > 14]
                assert not [w for w in foreign if re.search(rf"(?<!\w){re.escape(w)}(?!\w)", said)]
        assert here.page.evaluate("window.hurt") is None


@pytest.mark.browser
def test_layers_of_the_plan_are_drawn_and_switched(visit: Any, in_years: Path) -> None:
    here = visit(in_years)
    for layer in ("planned", "hops", "newcable", "power", "fate"):
        before, legend = here.pixels(), here.text("#legend")
        here.layer(layer, False)
        assert here.pixels() != before, layer
        assert here.text("#legend") != legend, layer
        here.layer(layer, True)
        assert here.pixels() == before, layer
    assert here.page.locator('input[data-layer="extension"]').count() == 0


@pytest.mark.browser
def test_cost_and_bound_are_said_in_plain_words(visit: Any, page: Path) -> None:
    here = visit(page, address="#10/22.95/104.6/lang=en")
    assert "250,000 USD" in here.text(".plan-cost")
    assert here.text(".proof") == (
        "No plan from these 523 places that serves the same villages is cheaper than "
        "245,000 USD: at most 2.0 % could still be saved."
    )
    assert "20 → 25" in here.text("#plan .tiles")
    assert not here.page.locator("#years").is_visible()
    assert here.page.locator("#plan-masts tbody tr").count() == 3
    here.page.click('#plan-masts [data-sort="life"]')
    first = here.page.locator("#plan-masts tbody tr").first
    assert first.locator("td").nth(2).inner_text() == "111,682"
    assert here.page.evaluate("document.activeElement.dataset.sort") == "life"
    here.page.click("#plan-bill summary")
    assert "62,500" in here.text("#plan-bill")
    assert "250,000" in here.page.locator("#plan-bill .total").inner_text()
    here.page.click("#plan-before summary")
    assert here.page.locator("#plan-figures tbody tr").nth(2).locator("td").all_inner_texts() == [
        "50.0 %",
        "75.0 %",
    ]
    assert "1 villages stay as they are" in here.text('[data-status="no_backhaul"]')


@pytest.mark.browser
def test_a_mast_a_village_and_the_way_between(visit: Any, page: Path, plan: Any) -> None:
    here = visit(page, address="#10/22.95/104.6/lang=en")
    here.page.locator("#plan-masts tbody button").nth(1).press("Enter")
    here.rest()
    assert here.page.evaluate("document.querySelector('#card h2').textContent") == f"2. {HOSTILE}"
    assert here.page.evaluate("window.hurt") is None
    card = here.text("#card")
    for words in ("microwave ← 3.", "31.2 dB", "solar panels", "128,563 USD", "together with"):
        assert words in card, words
    here.page.locator("#card .links-village button").first.click()
    here.rest()
    village = plan.villages["name"].iloc[2]
    assert here.text("#card h2") == village
    said = here.text("#in-plan")
    for words in ("Gets signal by the plan", "10,594 USD", "not counted as coverage"):
        assert words in said, words
    # The chosen thing is in the address, and a click on the mast's mark finds it.
    clicked(here, "masts.sites", 0)
    assert here.page.evaluate("phusong.state.selected") == {"kind": "mast", "index": 0}
    again = visit(page, address=here.page.evaluate("location.hash"))
    assert again.page.evaluate("phusong.state.selected") == {"kind": "mast", "index": 0}
    assert "new fibre" in again.text("#card")


@pytest.mark.browser
def test_years_are_stepped_through(visit: Any, in_years: Path, plan: Any) -> None:
    here = visit(in_years, address="#10/22.95/104.6/lang=en")
    assert here.text("#year-name") == "End of year 2"
    assert here.page.locator("#plan-masts tbody tr").count() == 3
    last = here.pixels()
    here.page.click("#years [data-step='-1']")
    here.rest()
    assert here.text("#year-name") == "End of year 1"
    assert here.text("#year-said").startswith("1 masts · 2 villages")
    assert here.page.locator("#plan-masts tbody tr").count() == 1
    assert "Served in a later year: 3" in here.text("#legend")
    assert here.pixels() != last
    here.rest()
    assert "year=1" in here.page.evaluate("location.hash")
    again = visit(in_years, address=here.page.evaluate("location.hash"))
    assert again.text("#year-name") == "End of year 1"
    here.page.locator("#year").press("ArrowRight")
    here.rest()
    assert here.text("#year-name") == "End of year 2"
    assert here.page.evaluate("document.activeElement.id") == "year"
    assert here.pixels() == last
    here.page.click("#plan-years [data-year='1']")
    here.rest()
    assert here.page.evaluate("document.activeElement.dataset.year") == "1"


@pytest.mark.browser
def test_the_curve_tells_what_each_sum_buys(visit: Any, page: Path, plan: Any) -> None:
    here = visit(page, address="#10/22.95/104.6/lang=en")
    first, last = plan.curve["people"]
    assert f"250,000 USD: 5 villages, {last:,.0f} people." in here.text(".curve-said")
    here.page.locator("#curve [data-point='0']").click()
    assert here.text(".curve-said") == (
        f"125,000 USD: 2 villages, {first:,.0f} people. "
        f"No plan reaches more than {first * 1.2:,.0f} people for it."
    )
    assert here.page.locator("#curve .curve-bound").count() == 1
    here.page.locator('#curve input[value="villages"]').check(force=True)
    assert here.page.locator("#curve .curve-bound").count() == 0
    here.page.locator("#curve [data-point='1']").focus()
    assert "5 villages" in here.text(".curve-said")
    heights = here.page.locator("#curve circle").evaluate_all(
        "(dots) => dots.map((dot) => Number(dot.getAttribute('cy')))"
    )
    assert heights[0] > heights[1]


# ------------------------------------------------------------------ losses in the browser


@pytest.mark.browser
def test_losses_are_ranked_and_filtered(visit: Any, losses: Path) -> None:
    here = visit(losses, address="#10/22.95/104.6/lang=en")
    rows = here.page.locator("#plan-losses tbody tr")
    assert rows.count() == 5
    assert rows.first.locator("td").all_inner_texts() == ["2,500", "3", "3"]
    picture = here.pixels()
    here.page.locator('[data-loss="feeder"]').uncheck()
    assert rows.count() == 3
    assert here.pixels() != picture
    here.rest()
    assert "without=feeder" in here.page.evaluate("location.hash")
    assert (
        visit(losses, address=here.page.evaluate("location.hash"))
        .text("#loss-list")
        .count("Feeder")
        == 0
    )
    here.page.locator('[data-loss="feeder"]').check()
    here.page.locator('input[name="hours"][value="24"]').check(force=True)
    assert rows.count() == 4
    assert "Feeder 471, 24 h without power" in here.text("#loss-list")
    here.page.locator("#loss-search").fill("471")
    assert rows.count() == 1
    assert here.page.evaluate("document.activeElement.id") == "loss-search"
    here.page.locator("#loss-search").fill("")
    for layer in ("losses", "exposure"):
        before, legend = here.pixels(), here.text("#legend")
        here.layer(layer, False)
        assert here.pixels() != before, layer
        assert here.text("#legend") != legend, layer
        here.layer(layer, True)


@pytest.mark.browser
def test_a_loss_shows_all_that_goes_dark(visit: Any, losses: Path, world: Any) -> None:
    here = visit(losses, address="#10/22.95/104.6/lang=en")
    before = here.pixels()
    here.page.locator("#plan-losses tbody button").first.click()
    here.rest()
    assert here.page.evaluate("document.querySelector('#card h2').textContent") == HOSTILE
    assert here.pixels() != before
    rows = here.page.locator("#loss-villages tbody tr")
    names = world.inputs.villages["name"].to_numpy()
    assert [rows.nth(i).locator("th").inner_text() for i in range(3)] == [
        names[12],
        names[3],
        names[7],
    ]
    assert here.page.locator("#card .links-site button").count() == 3
    assert here.page.locator("#card .links-commune button").count() == 2
    assert "In the chosen loss" in here.text("#legend")
    # From a village to the losses that take its signal, and back.
    rows.nth(1).locator("button").click()
    here.rest()
    assert "Losses that take its signal (3)" in here.text("#village-losses")
    here.page.locator("#village-losses button", has_text="24 h").or_(
        here.page.locator("#village-losses button", has_text="Tower")
    ).first.click()
    here.rest()
    assert here.page.evaluate("phusong.state.selected.kind") == "event"
    # A click on a mark, and the address.
    clicked(here, "losses.events", 1)
    assert here.page.evaluate("phusong.state.selected") == {"kind": "event", "index": 1}
    assert "Worse with another" in here.text("#card")
    again = visit(losses, address=here.page.evaluate("location.hash"))
    assert again.page.evaluate("phusong.state.selected") == {"kind": "event", "index": 1}
    assert "1,800" in again.text("#card")


@pytest.mark.browser
def test_feeders_pairs_and_the_search(visit: Any, losses: Path) -> None:
    here = visit(losses, address="#10/22.95/104.6/lang=en")
    here.page.click("#loss-pairs summary")
    here.page.locator("#loss-pairs tbody button").click()
    here.rest()
    assert "3,400" in here.text("#card")
    assert here.page.locator("#loss-pairs").get_attribute("open") is not None
    assert "pair.edge." in here.page.evaluate("decodeURIComponent(location.hash)")
    found = here.page.evaluate("phusong.find('471').map((f) => f.thing)")
    assert found == [{"kind": "event", "index": 2}, {"kind": "event", "index": 4}]
    here.page.evaluate("phusong.select({ kind: 'event', index: 2 }, { zoom: true })")
    here.rest()
    assert "As batteries run out" in here.text("#card")
    here.page.click('[data-language="vi"]')
    assert "Khi ắc quy cạn dần" in here.text("#card")
    assert here.page.evaluate("phusong.find('giờ').length") == 2


@pytest.mark.browser
def test_text_grows_for_a_projector(visit: Any, losses: Path) -> None:
    here = visit(losses, width=1920, height=1080)
    small = here.page.locator("#plan h2").bounding_box()["height"]
    picture = here.pixels()
    here.page.click("#large")
    here.rest()
    assert here.page.locator("#plan h2").bounding_box()["height"] > 1.25 * small
    assert here.pixels() != picture
    assert here.page.evaluate("document.documentElement.scrollWidth") <= 1920
    again = visit(losses, width=1920, height=1080, address=here.page.evaluate("location.hash"))
    assert again.page.locator("#large").get_attribute("aria-pressed") == "true"
    assert not again.unfair()


@pytest.mark.browser
def test_axe_has_nothing_serious_to_say(visit: Any, in_years: Path, losses: Path) -> None:
    for file, thing in ((in_years, "mast"), (losses, "event")):
        here = visit(file)
        for language in ("vi", "en"):
            here.page.click(f'[data-language="{language}"]')
            here.page.evaluate(f"phusong.select({{ kind: '{thing}', index: 1 }}, {{ zoom: true }})")
            here.page.evaluate(
                "document.querySelectorAll('#side details').forEach((d) => { d.open = true; })"
            )
            assert not here.unfair(), language
