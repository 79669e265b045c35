"""Steps, communes, repeaters and terminals of a plan on the map; remedies and rings of losses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpers.book import book_of
from helpers.planned import (
    made_cascade,
    made_figures,
    made_hazards,
    made_joint_plan,
    made_yearly,
)
from phusong.maps import Losses, MastPlan, build_map
from worlds import province

ENGLISH = "#10/22.95/104.6/lang=en"


@pytest.fixture(scope="module")
def plan(world: Any) -> Any:
    return made_joint_plan(world)


@pytest.fixture(scope="module")
def joint(world: Any, plan: Any, folder: Path) -> Path:
    masts = MastPlan(plan, made_figures(plan), None, yearly=made_yearly())
    return build_map(world, folder / "plan.html", masts=masts)


@pytest.fixture(scope="module")
def losses(world: Any, folder: Path) -> Path:
    found = Losses(made_cascade(world), made_hazards(world))
    unjudged = province.without(world, "coverage")
    return build_map(unjudged, folder / "cascade.html", losses=found)


def test_steps_know_what_they_end_with(joint: Path, plan: Any, world: Any) -> None:
    book = book_of(joint)
    steps, codes = book["masts"]["steps"], book["villages"]["code"]
    assert steps["what"] == ["commune", "mast", "mast", "satellite", "repeater"]
    assert steps["mast"] == [-1, 0, 1, -1, -1]
    assert steps["commune"] == [0, -1, -1, -1, -1]
    assert [codes[v] for v in steps["village"][3:]] == plan.villages["code"].tolist()[5:7]
    assert steps["life_total"] == [21_000, 141_000, 250_000, 260_594, 278_144]
    communes = book["masts"]["communes"]
    assert (communes["commune"], communes["status"]) == ([0, 2], ["built", "over_budget"])
    yearly = book["masts"]["yearly"]
    assert yearly["values"][0] == [20, 22, 25]


def test_cuts_and_remedies_are_kept_by_rows(losses: Path, world: Any) -> None:
    book = book_of(losses)["losses"]
    rings, remedies = book["rings"], book["remedies"]
    assert rings["cables"] == [[1, 2]]
    assert (rings["communes"], rings["sites"]) == ([[3]], [[2]])
    village = book["sets"][rings["villages"][0]]
    assert village == {"village": [30], "before": "h", "after": "w", "people": [1_100]}
    assert remedies["kind"] == ["hop", "route", "battery"]
    assert (remedies["site"], remedies["from"]) == ([[1], [], [1, 2]], [0, -1, -1])
    assert remedies["commune"] == [-1, 0, -1]
    assert [len(line) for line in remedies["lines"]] == [1, 1, 0]
    assert book["today"][8] == "w"
    assert book["today"][0] == "c"


@pytest.mark.browser
def test_steps_are_listed_in_order_with_what_all_up_to_each_took(visit: Any, joint: Path) -> None:
    here = visit(joint, address=ENGLISH)
    rows = here.page.locator("#plan-steps tbody tr")
    assert rows.count() == 5
    assert "Cable to a commune centre" in rows.first.inner_text()
    assert rows.nth(1).locator("td").nth(1).inner_text().split() == ["120,000", "141,000"]
    here.page.click("#years [data-step='-1']")
    here.rest()
    assert rows.count() == 2
    here.page.click("#plan-bill summary")
    assert "Repeaters" not in here.text("#plan-bill")
    here.page.click("#years [data-step='1']")
    here.rest()
    assert "Repeaters" in here.text("#plan-bill")
    assert "Satellite terminals" in here.text("#plan-bill")
    here.page.click("#plan-before summary")
    figures = here.page.locator("#plan-figures tbody tr")
    assert figures.nth(0).locator("td").all_inner_texts() == ["20", "22", "25"]
    assert "1 communes stay without fibre" in here.text('[data-communes="over_budget"]')


@pytest.mark.browser
def test_a_chosen_step_is_drawn_and_leads_to_the_next(visit: Any, joint: Path) -> None:
    here = visit(joint, address=ENGLISH)
    here.page.locator("#plan-steps tbody button").first.press("Enter")
    here.rest()
    card = here.text("#card")
    for words in (
        "1. Cable to a commune centre",
        "2.5 km",
        "21,000 USD",
        "Communes that get fibre",
    ):
        assert words in card, words
    chosen = here.pixels()
    here.page.evaluate("phusong.select(null)")
    here.rest()
    assert here.pixels() != chosen
    here.page.evaluate("phusong.select({ kind: 'step', index: 0 })")
    here.page.click('#card [data-go="2"]')
    here.rest()
    assert here.page.evaluate("phusong.state.selected") == {"kind": "step", "index": 1}
    assert "141,000 USD" in here.text("#card")
    assert "step.mast.NEW-village-1" in here.page.evaluate("decodeURIComponent(location.hash)")
    again = visit(joint, address=here.page.evaluate("location.hash"))
    assert again.page.evaluate("phusong.state.selected") == {"kind": "step", "index": 1}
    assert again.page.locator("#plan-steps tr.chosen").count() == 1
    assert again.page.evaluate("window.hurt") is None


@pytest.mark.browser
def test_communes_that_get_fibre_have_a_layer_and_a_card(visit: Any, joint: Path) -> None:
    here = visit(joint, address=ENGLISH)
    for words in ("Commune that gets fibre: 1", "Commune that stays without fibre: 1"):
        assert words in here.text("#legend"), words
    before = here.pixels()
    here.layer("brought", False)
    assert here.pixels() != before
    here.layer("brought", True)
    here.page.evaluate("phusong.select({ kind: 'commune', index: 0 })")
    said = here.text("#commune-in-plan")
    for words in ("Gets fibre by the plan", "From year", "4,000"):
        assert words in said, words
    here.page.evaluate("phusong.select({ kind: 'commune', index: 2 })")
    assert "They do not fit in the money" in here.text("#commune-in-plan")
    here.page.evaluate("phusong.select({ kind: 'commune', index: 4 })")
    assert here.page.locator("#commune-in-plan").count() == 0


@pytest.mark.browser
def test_villages_served_by_themselves_have_a_fate_and_a_card(
    visit: Any, joint: Path, plan: Any
) -> None:
    here = visit(joint, address=ENGLISH)
    legend = here.text("#legend")
    for words in ("Gets a repeater: 1", "Gets a satellite terminal (culture house only): 1"):
        assert words in legend, words
    row = book_of(joint)["masts"]["villages"]["village"][6]
    here.page.evaluate(f"phusong.select({{ kind: 'village', index: {row} }}, {{ zoom: true }})")
    said = here.text("#in-plan")
    for words in ("3 repeaters of the signal of Sóng Xanh", "17,550 USD", "10,594 USD · cheapest"):
        assert words in said, words
    here.page.click("#years [data-step='-1']")
    here.rest()
    assert "Gets a repeater" not in here.text("#legend")
    assert "Served in a later year: 5" in here.text("#legend")


@pytest.mark.browser
def test_people_who_are_weighed_are_bounded_as_they_count(
    visit: Any, joint: Path, plan: Any
) -> None:
    here = visit(joint, address=ENGLISH)
    assert here.text(".proof") == (
        f"{plan.people:,.0f} people are served in their villages, and 4,000 live in communes that "
        f"get fibre, who count 0.10 each. Counted so they are {plan.counted:,.0f}; no plan from "
        f"these 523 places counts more than {plan.most_people:,.0f} for the same money."
    )
    assert here.page.locator("#curve input:checked").input_value() == "counted"
    assert here.page.locator("#curve .curve-bound").count() == 1
    here.page.locator('#curve input[value="people"]').check(force=True)
    assert here.page.locator("#curve .curve-bound").count() == 0
    assert f"counted {plan.counted:,.0f}, and no plan counts more" in here.text(".curve-said")


@pytest.mark.browser
def test_remedies_are_ranked_and_the_chosen_one_is_drawn(visit: Any, losses: Path) -> None:
    here = visit(losses, address=ENGLISH)
    assert "saves 9,000 person-hours a year" in here.text("#plan .tiles")
    here.page.click("#loss-remedies summary")
    rows = here.page.locator("#plan-remedies tbody tr")
    assert rows.first.locator("td").all_inner_texts() == ["2", "20,000", "3,000"]
    here.page.click('#plan-remedies [data-sort="remedy-step"]')
    assert rows.nth(0).locator("td").all_inner_texts() == ["1", "95,000", "9,000"]
    assert rows.nth(2).locator("td").first.inner_text() == ""
    before = here.pixels()
    for kind, words in ((0, "14,000 USD"), (1, "4.50 km"), (2, "Batteries at")):
        here.page.evaluate(f"phusong.select({{ kind: 'remedy', index: {kind} }})")
        here.rest()
        assert words in here.text("#card"), words
        drawn = here.pixels()
        assert drawn != before
        before = drawn
    here.page.evaluate("phusong.select(null)")
    here.rest()
    plain = here.pixels()
    here.layer("remedies", True)
    assert here.pixels() != plain
    assert "Second route of cable" in here.text("#legend")


@pytest.mark.browser
def test_two_cuts_of_a_ring_show_who_goes_dark(visit: Any, losses: Path, world: Any) -> None:
    here = visit(losses, address=ENGLISH)
    before = here.pixels()
    here.page.click("#loss-rings summary")
    here.page.locator("#plan-rings tbody button").click()
    here.rest()
    assert here.pixels() != before
    village = world.inputs.villages["name"].iloc[30]
    assert here.page.locator("#loss-villages tbody th").all_inner_texts() == [village]
    assert here.page.locator("#card .links-site button").count() == 1
    assert "Section that is cut" in here.text("#legend")
    again = visit(losses, address=here.page.evaluate("location.hash"))
    assert again.page.evaluate("phusong.state.selected") == {"kind": "ring", "index": 0}


@pytest.mark.browser
def test_what_is_dark_today_has_its_own_grade(visit: Any, losses: Path) -> None:
    here = visit(losses, address=ENGLISH)
    legend = here.text("#legend")
    assert "Without signal today" in legend
    assert "none, or dark today" not in legend


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_new_parts_fit_and_are_fair_in_both_languages(
    visit: Any, joint: Path, losses: Path, width: int, height: int
) -> None:
    things = {joint: ("step", "commune", "village"), losses: ("remedy", "ring")}
    for file, kinds in things.items():
        here = visit(file, width=width, height=height)
        for language in ("en", "vi"):
            here.page.click(f'[data-language="{language}"]')
            for kind in kinds:
                here.page.evaluate(
                    f"phusong.select({{ kind: '{kind}', index: 0 }}, {{ zoom: true }})"
                )
                here.page.evaluate(
                    "document.querySelectorAll('#side details').forEach((d) => { d.open = true; })"
                )
                here.rest()
                assert here.page.evaluate("document.documentElement.scrollWidth") <= width
            assert not here.unfair(), language
        assert here.page.evaluate("window.hurt") is None
