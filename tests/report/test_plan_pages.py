"""Pages on steps, communes, owners and years of a plan, on ring cuts and on remedies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from helpers.planned import made_cascade, made_figures, made_joint_plan, made_yearly
from phusong.exports.cascade import write_cascade
from phusong.exports.folder import write_stamp
from phusong.exports.formats.spreadsheet import CsvForm
from phusong.exports.site_plan import write_site_plan
from phusong.i18n import set_language
from phusong.report.blocks import Block, Grid, Heading, Paragraph, Picture
from phusong.report.plans.loss_pages import cascade_blocks
from phusong.report.plans.mast_pages import mast_plan_blocks
from phusong.results.finished import FinishedRun
from phusong.results.missing import Attempts
from phusong.results.planfolders import PlanFolder, open_cascade, open_site_plan


@pytest.fixture(scope="module")
def joint(world: Any, run: FinishedRun, folder: Path) -> PlanFolder:
    out = folder / "plan"
    out.mkdir()
    plan = made_joint_plan(world)
    stamp = {
        "study": world.study.study.name,
        "study_sha256": world.study.fingerprint(),
        "version": "0",
        "currency": plan.currency,
        "life": plan.life,
        "lower_bound": None,
        "gap": None,
        "people": plan.people,
        "counted": plan.counted,
        "most_people": plan.most_people,
        "bound_by": "multipliers",
        "worst_first": False,
        "candidates": plan.candidates,
        "broken": [],
    }
    figures, yearly = made_figures(plan), made_yearly()
    write_site_plan(plan, figures, out, stamp, CsvForm(), Attempts(), world.study, yearly)
    write_stamp(out, stamp)
    return open_site_plan(out, run)


@pytest.fixture(scope="module")
def losses(world: Any, run: FinishedRun, folder: Path) -> PlanFolder:
    out = folder / "cascade"
    out.mkdir()
    found = made_cascade(world)
    stamp = {
        "study": world.study.study.name,
        "study_sha256": world.study.fingerprint(),
        "version": "0",
        "judged": found.judged,
        "person_hours": found.toll.total,
    }
    write_cascade(found, world.inputs, out, stamp, CsvForm(), Attempts())
    write_stamp(out, stamp)
    return open_cascade(out, run)


def said(blocks: Sequence[Block]) -> str:
    return "\n".join(b.text for b in blocks if isinstance(b, Heading | Paragraph))


def table(blocks: Sequence[Block], heading: str) -> Grid:
    """Return the first table under a heading."""
    at = next(i for i, b in enumerate(blocks) if isinstance(b, Heading) and b.text == heading)
    return next(b for b in blocks[at:] if isinstance(b, Grid))


def test_a_plan_with_cables_is_told_step_by_step(
    run: FinishedRun, joint: PlanFolder, world: Any
) -> None:
    blocks = list(mast_plan_blocks(run, joint))
    words, plan = said(blocks), made_joint_plan(world)
    for part in (
        "What masts and cables it would take",
        "and 4,000 live in communes that get fibre, who count 0.10 each.",
        f"Counted so they are {plan.counted:,.0f}; no plan from these 523 places",
        "5 steps, each possible after those before it",
        f"{plan.people + 4_000:,.0f} people in the end, for 278,144 USD",
        "New cable reaches 1 of the 2 commune centres",
    ):
        assert part in words, part
    steps = table(blocks, "Steps in order of building")
    assert [row[0] for row in steps.rows] == ["1", "2", "3", "4", "5"]
    assert [row[1] for row in steps.rows] == ["1", "1", "2", "2", "2"]
    assert steps.rows[0][2] == "cable to a commune centre"
    assert steps.rows[3][2] == f"satellite terminal: {plan.villages['name'].iloc[5]}"
    assert [row[-1] for row in steps.rows] == ["21,000", "141,000", "250,000", "260,594", "278,144"]
    assert steps.rows[0][-4] == "4,000"
    communes = table(blocks, "Communes that get fibre")
    assert [row[1:4] for row in communes.rows] == [
        ("gets fibre", "1", "1"),
        ("over the budget", "–", "–"),
    ]
    years = table(blocks, "What stands at the end of each year")
    assert years.header == ["Figure", "Now", "Year 1", "Year 2"]
    assert years.rows[:2] == [
        ("Villages covered", "20", "22", "25"),
        ("Share of communes with fibre", "50.0%", "62.5%", "62.5%"),
    ]
    bill = table(blocks, "Bill of quantities, USD")
    assert {"Repeaters", "Satellite terminals"} <= {row[1] for row in bill.rows}
    # Masts bear the number of the step that builds them, on the map and in the list.
    masts = table(blocks, "Masts in order")
    assert [row[0] for row in masts.rows] == ["2", "3", "3"]
    assert sum(isinstance(block, Picture) for block in blocks) == 2


def test_a_plan_without_masts_still_has_its_map(
    run: FinishedRun, world: Any, tmp_path: Path
) -> None:
    plan = made_joint_plan(world)
    bare = replace(plan, sites=plan.sites[:0], hops=plan.hops[:0], lines=plan.lines[:0])
    stamp = {
        "study": world.study.study.name,
        "study_sha256": world.study.fingerprint(),
        "version": "0",
        "currency": "USD",
        "life": 1.0,
        "lower_bound": 1.0,
        "gap": 0.0,
        "people": 1.0,
        "counted": 1.0,
        "most_people": None,
        "candidates": 2,
    }
    figures, yearly = made_figures(plan), made_yearly()
    write_site_plan(bare, figures, tmp_path, stamp, CsvForm(), Attempts(), world.study, yearly)
    write_stamp(tmp_path, stamp)
    attempt = Attempts()
    blocks = list(mast_plan_blocks(run, open_site_plan(tmp_path, run), attempt))
    assert not attempt.missing
    assert sum(isinstance(block, Picture) for block in blocks) == 2
    assert "Proven: no plan from these 2 places and routes" in said(blocks)


def test_owners_are_told_with_what_each_pays(run: FinishedRun, joint: PlanFolder) -> None:
    owners = joint.tables["plan_owners"].iloc[:0]
    rows = [("new", 1, 3, 100.0, 10.0, 300.0), ("A + B", 2, 1, 50.0, 5.0, 100.0)]
    owners = owners.reindex(range(2)).astype(object)
    owners[["owner", "year", "works", "capital", "yearly", "life"]] = rows
    paid = replace(joint, tables={**joint.tables, "plan_owners": owners})
    blocks = list(mast_plan_blocks(run, paid))
    assert "new has the largest part: 300 USD, 75.0% of the plan." in said(blocks)
    assert table(blocks, "Who builds and pays").rows == [
        ("1", "new", "3", "100", "10", "300"),
        ("2", "A + B", "1", "50", "5", "100"),
    ]


def test_ring_cuts_and_remedies_are_told(run: FinishedRun, losses: PlanFolder, world: Any) -> None:
    blocks = list(cascade_blocks(run, losses))
    words = said(blocks)
    for part in (
        "take the signal of 1,100 people and the fibre of 1 communes.",
        "2 remedies in order of building",
        "save 12,000 person-hours a year for 115,000 USD",
        "That is 40.0% of what single losses take.",
    ):
        assert part in words, part
    rows = table(blocks, "What mends most for its cost").rows
    name = world.inputs.communes["name"].iloc[0]
    assert [row[:4] for row in rows[:2]] == [
        ("1", "second route of cable", name, "4.5 km"),
        ("2", "spare microwave hop", rows[1][2], "1"),
    ]
    assert " ← " in rows[1][2]
    assert (rows[2][0], rows[2][-1]) == ("–", "–")
    assert table(blocks, "Two cuts of one ring").rows[0][2:] == ("3", "1", "1", "1", "1,100")


def test_they_are_told_in_vietnamese(
    run: FinishedRun, joint: PlanFolder, losses: PlanFolder
) -> None:
    set_language("vi")
    words = said([*mast_plan_blocks(run, joint), *cascade_blocks(run, losses)])
    for part in (
        "Các bước theo thứ tự xây",
        "Cáp mới tới 1 trong 2 trung tâm xã",
        "Hai chỗ đứt trên một vòng",
        "Biện pháp hiệu quả nhất trên chi phí",
    ):
        assert part in words, part
