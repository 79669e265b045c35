"""A planned extension on the map: what `phusong extend` writes, and the page in Chromium."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from shapely.geometry import LineString

from helpers.book import book_of
from phusong.checks import Findings
from phusong.cli import main as cli
from phusong.fiber.extension.extension import ExtensionPlan
from phusong.fiber.rings.rings import RingPlan
from phusong.maps import build_map
from phusong.results.model import Planned
from worlds import province

HOSTILE = "<img src=x onerror=window.hurt=1>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("extension")


@pytest.fixture(scope="module")
def world(folder: Path) -> Any:
    made = province.make_world(
        folder / "world", communes=8, villages=30, sites=6, cells_of_grid=160, cell_m=100.0
    )
    return province.without(made, "signal", "coverage")


def _lines(world: Any, stages: list[int], kinds: list[str]) -> gpd.GeoDataFrame:
    """Straight lines from the first centre to the next ones."""
    points = world.fiber.reach.geometry.to_list()
    lines = [LineString([points[0], points[stage]]) for stage in stages]
    lengths = [line.length for line in lines]
    return gpd.GeoDataFrame(
        {
            "stage": stages,
            "kind": kinds,
            "surface": "rock",
            "road_id": HOSTILE,
            "length_m": lengths,
            "cable_m": [1.1 * v for v in lengths],
            "usd": [20.0 * v for v in lengths],
        },
        geometry=lines,
        crs=world.inputs.crs,
    )


def _bill(lines: gpd.GeoDataFrame) -> pd.DataFrame:
    bill = lines.groupby(["kind", "surface"], as_index=False)[["length_m", "cable_m", "usd"]].sum()
    return pd.DataFrame(
        {
            "kind": bill["kind"],
            "surface": bill["surface"],
            "route_km": bill["length_m"] / 1e3,
            "cable_km": bill["cable_m"] / 1e3,
            "usd_per_km": 20_000.0,
            "usd": bill["usd"],
        }
    )


@pytest.fixture(scope="module")
def plan(world: Any) -> ExtensionPlan:
    """A plan of five stages, one line each, and one centre that no route reaches."""
    reach = world.fiber.reach
    stages = [1, 2, 3, 4, 5]
    lines = _lines(world, stages, ["pole", "pole", "duct", "offroad", "access"])
    stage_of = np.zeros(len(reach), dtype=int)
    stage_of[1:6] = stages
    status = ["reached", *["built"] * 5, "no_route", "over_budget"]
    usd, km = lines["usd"].to_numpy(), lines["length_m"].to_numpy() / 1e3
    people = np.array([500.0, 400.0, np.nan, 200.0, 100.0])
    return ExtensionPlan(
        targets=gpd.GeoDataFrame(
            {
                "commune_code": reach["commune_code"],
                "name": reach["name"],
                "status": status,
                "stage": stage_of,
                "people": reach["people"],
                "gap_km": np.nan,
                "detail": "",
            },
            geometry=reach.geometry,
            crs=world.inputs.crs,
        ),
        lines=lines,
        stages=pd.DataFrame(
            {
                "stage": stages,
                "commune_code": reach["commune_code"].to_numpy()[1:6],
                "name": [HOSTILE, *reach["name"].to_list()[2:6]],
                "usd": usd,
                "km": km,
                "people": people,
                "people_per_1000_usd": people / usd * 1e3,
                "usd_total": usd.cumsum(),
                "km_total": km.cumsum(),
                "people_total": np.nancumsum(people),
            }
        ),
        bill=_bill(lines),
        indicators=pd.DataFrame(
            {
                "indicator": [
                    "communes_with_fibre",
                    "communes_with_fibre_share",
                    "connected_cable",
                ],
                "unit": ["communes", "share", "km"],
                "before": [1.0, 0.125, 36.94],
                "after": [6.0, 0.75, 48.26],
            }
        ),
        usd=float(usd.sum()),
        lower_bound_usd=float(usd.sum()) * 0.98,
        people_bound=np.nan,
        status="feasible",
        candidates=None,
        edges=np.zeros(0, dtype=np.int64),
    )


@pytest.fixture(scope="module")
def rings(world: Any) -> RingPlan:
    reach = world.fiber.reach
    lines = _lines(world, [6], ["duct"]).assign(stage=1)
    return RingPlan(
        targets=gpd.GeoDataFrame(
            {
                "commune_code": reach["commune_code"][:2],
                "name": reach["name"][:2],
                "status": ["closed", "had_two"],
                "people": 1.0,
                "alone_usd": [5000.0, np.nan],
            },
            geometry=reach.geometry[:2],
            crs=world.inputs.crs,
        ),
        lines=lines,
        bill=_bill(lines),
        usd=float(lines["usd"].sum()),
        lower_bound_usd=float(lines["usd"].sum()),
    )


@pytest.fixture(scope="module")
def page(world: Any, plan: ExtensionPlan, rings: RingPlan, folder: Path) -> Path:
    return build_map(
        world, folder / "extension.html", planned=Planned(world, plan, rings, Findings())
    )


# ------------------------------------------------------------------ the file


def test_the_page_holds_the_plan(page: Path, plan: ExtensionPlan, rings: RingPlan) -> None:
    book = book_of(page)["extension"]
    assert book["usd"] == round(plan.usd)
    assert book["gap"] == 0.02
    assert book["stages"]["usd"] == [round(v) for v in plan.stages["usd"]]
    assert book["stages"]["people"] == [500, 400, None, 200, 100]
    assert book["figures"]["after"] == [6.0, 0.75, 48.26]
    assert sum(book["bill"]["usd"]) == pytest.approx(plan.usd, abs=4)
    assert len(book["lines"]["lines"]) == 5
    assert book["rings"]["usd"] == round(rings.usd)
    assert book["rings"]["targets"]["alone_usd"] == [5000, None]


def test_a_map_without_a_plan_says_so(world: Any, tmp_path: Path) -> None:
    assert book_of(build_map(world, tmp_path / "map.html"))["extension"] is None


# ------------------------------------------------------------------ the browser


@pytest.mark.browser
def test_the_plan_is_drawn_and_switched(visit: Any, page: Path, artefacts: Path) -> None:
    here = visit(page)
    here.page.screenshot(path=artefacts / "extension.png")
    assert "Phương án mở rộng cáp" in here.text("#legend")
    for stages in ("Đợt 1 đến 2", "Đợt 3", "Đợt 4", "Đợt 5", "Tuyến thứ hai"):
        assert stages in here.text("#legend")
    for layer in ("extension", "rings"):
        before, legend = here.pixels(), here.text("#legend")
        here.layer(layer, False)
        assert here.pixels() != before, layer
        assert here.text("#legend") != legend
        here.layer(layer, True)
        assert here.pixels() == before


@pytest.mark.browser
def test_cost_bill_and_figures_stand_beside_the_map(
    visit: Any, page: Path, plan: ExtensionPlan
) -> None:
    here = visit(page, address="#10/22.95/104.6/lang=en")
    assert f"{plan.usd:,.0f} USD" in here.text(".plan-cost")
    assert "(gap 2.0 %)" in here.text("#plan")
    rows = here.page.locator("#plan-stages tbody tr")
    assert rows.count() == 5
    for row, (usd, total) in enumerate(plan.stages[["usd", "usd_total"]].to_numpy()):
        cells = rows.nth(row).locator("td").all_inner_texts()
        assert (cells[0], cells[3]) == (f"{usd:,.0f}", f"{total:,.0f}")
    assert rows.nth(2).locator("td").nth(2).inner_text() == "–"
    figures = here.page.locator("#plan-figures tbody tr")
    assert figures.nth(1).locator("td").all_inner_texts() == ["12.5 %", "75.0 %"]
    assert figures.nth(2).locator("td").all_inner_texts() == ["36.9", "48.3"]
    for summary in here.page.locator("#plan summary").all():
        summary.click()
    said = here.text("#plan")
    for words in (
        "pole line, rock",
        "off the road, rock",
        "Still without fibre (2)",
        "no route leads there",
        "over the budget",
        "gets a second route (5,000 USD)",
    ):
        assert words in said


@pytest.mark.browser
def test_a_stage_has_a_card_an_address_and_a_place(
    visit: Any, page: Path, plan: ExtensionPlan
) -> None:
    here = visit(page)
    before = here.pixels()
    here.page.locator("#plan-stages tbody button").nth(0).press("Enter")
    here.rest()
    assert here.page.evaluate("document.querySelector('#card h2').textContent") == f"1. {HOSTILE}"
    assert here.page.evaluate("window.hurt") is None
    assert here.pixels() != before
    said = here.text("#card")
    assert f"{plan.stages['usd'][0]:,.0f} USD".replace(",", ".") in said
    assert "tuyến cột, rock" in said
    again = visit(page, address=here.page.evaluate("location.hash"))
    assert again.page.evaluate("phusong.state.selected") == {"kind": "stage", "index": 0}
    # A click on the number of a stage opens the same card.
    point = again.page.evaluate(
        """() => {
          const { map, book } = phusong;
          const t = book.extension.targets;
          const i = t.stage.indexOf(4);
          const at = L.Projection.SphericalMercator.unproject(
            L.point(book.frame.west + t.x[i], book.frame.north - t.y[i]));
          map.setView(at, 13, { animate: false });
          const box = document.getElementById("map").getBoundingClientRect();
          const spot = map.latLngToContainerPoint(at);
          return [box.left + spot.x, box.top + spot.y];
        }"""
    )
    again.rest()
    again.page.mouse.click(*point)
    assert again.page.evaluate("phusong.state.selected") == {"kind": "stage", "index": 3}


# ------------------------------------------------------------------ the commands


def test_extend_writes_the_page_beside_the_tables(tiny_study: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_study, tmp_path / "study", ignore=shutil.ignore_patterns(".phusong"))
    told = CliRunner().invoke(
        cli,
        [
            "extend",
            str(tmp_path / "study"),
            "--out",
            str(tmp_path / "plan"),
            "--rings",
            "--lang",
            "vi",
        ],
    )
    assert told.exit_code == 0, told.output
    page = tmp_path / "plan" / "extension.html"
    book = book_of(page)
    stages = pd.read_csv(tmp_path / "plan" / "extension_stages.csv", encoding="utf-8-sig")
    assert len(stages) == 1
    assert book["extension"]["stages"]["usd"] == stages["usd"].round().tolist()
    assert book["extension"]["rings"] is not None
    assert book["language"] == "vi"
    assert not book["study"]["synthetic"]
    assert page.name in told.output


def test_online_tiles_are_in_the_map_only_when_asked_for(tiny_study: Path, tmp_path: Path) -> None:
    for options, there in (([], False), (["--online-base"], True)):
        out = tmp_path / f"map{len(options)}.html"
        told = CliRunner().invoke(cli, ["map", str(tiny_study), "--out", str(out), *options])
        assert told.exit_code == 0, told.output
        assert ("tile.openstreetmap.org" in out.read_text("utf-8")) == there


@pytest.mark.browser
def test_axe_has_nothing_serious_to_say(visit: Any, page: Path) -> None:
    here = visit(page)
    for language in ("vi", "en"):
        here.page.click(f'[data-language="{language}"]')
        here.page.evaluate("phusong.select({ kind: 'stage', index: 1 }, { zoom: true })")
        here.page.evaluate(
            "document.querySelectorAll('#plan details').forEach((d) => { d.open = true; })"
        )
        assert not here.unfair(), language
