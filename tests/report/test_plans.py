"""Pages on a plan of masts and on losses: what they say, in both languages, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.cli import phusong
from helpers.planned import HOSTILE, made_cascade, made_figures, made_plan
from phusong.errors import InputError
from phusong.exports.cascade import write_cascade
from phusong.exports.folder import write_stamp
from phusong.exports.formats.spreadsheet import CsvForm
from phusong.exports.site_plan import write_site_plan
from phusong.i18n import set_language
from phusong.report.blocks import Block, Bullets, Grid, Heading, Paragraph, Picture
from phusong.report.plans.loss_pages import cascade_blocks, exposure
from phusong.report.plans.mast_pages import mast_plan_blocks
from phusong.results.finished import FinishedRun
from phusong.results.missing import Attempts
from phusong.results.planfolders import PlanFolder, open_cascade, open_site_plan

VIETNAM = CsvForm(";", ",")


def _sites(world: Any, folder: Path, form: CsvForm, *, years: bool, sha: str = "") -> Path:
    """Write a plan as `phusong sites` does."""
    folder.mkdir()
    plan = made_plan(world, years=years)
    stamp = {
        "study": world.study.study.name,
        "study_sha256": sha or world.study.fingerprint(),
        "version": "0",
        "currency": plan.currency,
        "life": plan.life,
        "lower_bound": None if years else plan.lower_bound,
        "gap": None if years else plan.gap,
        "people": plan.people,
        "counted": plan.counted,
        "most_people": plan.most_people if years else None,
        "bound_by": "multipliers",
        "worst_first": False,
        "candidates": plan.candidates,
        "broken": [],
    }
    write_site_plan(plan, made_figures(plan), folder, stamp, form, Attempts(), world.study)
    write_stamp(folder, stamp)
    return folder


@pytest.fixture(scope="module")
def sites(world: Any, folder: Path) -> Path:
    return _sites(world, folder / "sites", VIETNAM, years=False)


@pytest.fixture(scope="module")
def cascade(world: Any, folder: Path) -> Path:
    out = folder / "cascade"
    out.mkdir()
    found = made_cascade(world)
    stamp = {
        "study": world.study.study.name,
        "study_sha256": world.study.fingerprint(),
        "version": "0",
        "judged": found.judged,
    }
    write_cascade(found, world.inputs, out, stamp, CsvForm(), Attempts())
    write_stamp(out, stamp)
    return out


def words(blocks: Sequence[Block]) -> str:
    out: list[str] = []
    for block in blocks:
        if isinstance(block, Heading | Paragraph):
            out.append(block.text)
        elif isinstance(block, Bullets):
            out += block.items
        elif isinstance(block, Grid):
            out += [" ".join(row) for row in (block.header, *block.rows)]
        elif isinstance(block, Picture):
            out.append(block.caption)
    return "\n".join(out)


def test_a_table_of_either_form_is_read_back(world: Any, run: FinishedRun, sites: Path) -> None:
    read, plan = open_site_plan(sites, run).tables, made_plan(world)
    masts = read["site_plan_sites"]
    assert masts["site_id"].tolist() == plan.sites["site_id"].tolist()
    assert masts["power_line_km"].tolist() == [1.5, 0.0, 0.0]
    assert read["site_plan_years"].empty
    assert read["site_plan_curve"]["budget"].tolist() == [125_000.0, 250_000.0]


def test_what_it_would_take(run: FinishedRun, sites: Path) -> None:
    blocks = list(mast_plan_blocks(run, open_site_plan(sites, run)))
    said = words(blocks)
    for part in (
        (
            "250,000 USD over 10 years. No plan from these 523 places that serves the same villages "
            "costs less than 245,000: at most 2.0% could still be saved."
        ),
        "Villages covered 20 25",
        "1 NEW-village-1 new 2",
        "grid, 1.5 km",
        " fibre grid, 1.5 km 111,682",
        "microwave ← HS0000 solar 108,524",
        "relay",
        "no candidate place covers it",
        "what covers it has no backhaul",
        "New mast, with ground, road and fence 45,000 1,500",
        "Together  200,000 4,000 250,000",
    ):
        assert part in said, part
    assert sum(isinstance(block, Picture) for block in blocks) == 2
    masts = next(b for b in blocks if isinstance(b, Grid) and "Backhaul" in b.header)
    assert masts.rows[1][1] == HOSTILE


def test_a_plan_in_years_says_what_stands_when(world: Any, run: FinishedRun, folder: Path) -> None:
    plan = open_site_plan(_sites(world, folder / "years", CsvForm(), years=True), run)
    blocks = list(mast_plan_blocks(run, plan))
    assert "No plan from these 523 places serves more than" in words(blocks)
    years = next(b for b in blocks if isinstance(b, Grid) and "Spent" in b.header)
    assert [row[:3] for row in years.rows] == [
        ("1", "150,000", "150,000"),
        ("2", "100,000", "250,000"),
    ]
    masts = next(b for b in blocks if isinstance(b, Grid) and "Backhaul" in b.header)
    assert [row[1] for row in masts.rows] == ["1", "2", "2"]
    bill = next(b for b in blocks if isinstance(b, Grid) and "Quantity" in b.header)
    assert len(bill.rows) == 9
    counted = plan.stamp["people"] / 2
    weighted = replace(plan, stamp={**plan.stamp, "worst_first": True, "counted": counted})
    assert "The darkest communes come first" in words(list(mast_plan_blocks(run, weighted)))


def test_what_breaks_together(run: FinishedRun, cascade: Path) -> None:
    found = open_cascade(cascade, run)
    blocks = list(cascade_blocks(run, found))
    said = words(blocks)
    hit = len(exposure(found.tables["cascade_events"], found.tables["cascade_villages"]))
    assert hit == 3
    for part in (
        (
            f"5 single losses darken a commune or a tower. The worst, Hazard area {HOSTILE}, takes "
            f"the signal of 2,500 people. {hit} of {len(run.tables['villages'])} villages"
        ),
        "Feeder 471, 24 h without power",
        "471 600 1,200",
        "3,400 400",
    ):
        assert part in said, part
    assert sum(isinstance(block, Picture) for block in blocks) == 2


def test_exposure_counts_a_feeder_once(run: FinishedRun, cascade: Path) -> None:
    tables = open_cascade(cascade, run).tables
    counts = exposure(tables["cascade_events"], tables["cascade_villages"])
    codes = run.tables["villages"]["code"].to_numpy()
    # Row 3 goes with the hazard, the site, and the feeder after 4 hours; row 20 with the cable
    # and the feeder after 24; row 7 keeps its grade.
    assert counts[[codes[3], codes[12], codes[20]]].tolist() == [3, 2, 2]
    assert codes[7] not in counts.index


def test_the_command_writes_both_in_vietnamese(
    run: FinishedRun, sites: Path, cascade: Path, tmp_path: Path
) -> None:
    phusong(
        *("report", run.folder, "--out", tmp_path, "--sites", sites, "--cascade", cascade),
        *("--lang", "vi"),
    )
    page = (tmp_path / "report.html").read_text("utf-8")
    for part in ("Cần gì để phủ sóng", "Sự cố kéo theo gì", "mất điện 24 giờ", "250.000 USD"):
        assert part in page.replace("\xa0", " "), part
    assert HOSTILE not in page
    assert "&lt;img src=x" in page
    assert (tmp_path / "report.pdf").stat().st_size > 50_000


def test_folders_of_another_study_or_state_are_refused(
    world: Any, run: FinishedRun, sites: Path, cascade: Path, tmp_path: Path
) -> None:
    other = _sites(world, tmp_path / "other", CsvForm(), years=False, sha="0" * 64)
    said = phusong("report", run.folder, "--out", tmp_path, "--sites", other, code=1).output
    assert "the study said something else when this folder was made" in said
    assert not (tmp_path / "report.pdf").exists()
    stamp = json.loads((other / "run.json").read_text("utf-8"))
    (other / "run.json").write_text(json.dumps({**stamp, "study": "Tỉnh khác"}), "utf-8")
    with pytest.raises(InputError, match="Tỉnh khác"):
        open_site_plan(other, run)
    with pytest.raises(InputError, match="phusong cascade"):
        open_cascade(sites, run)
    with pytest.raises(InputError, match="phusong sites"):
        open_site_plan(cascade, run)


def test_a_layer_that_is_missing_costs_its_picture_alone(
    run: FinishedRun, cascade: Path, tmp_path: Path
) -> None:
    whole = open_cascade(cascade, run)
    without = PlanFolder(tmp_path, whole.stamp, whole.tables)
    attempt = Attempts()
    blocks = list(cascade_blocks(run, without, attempt))
    assert [one.file for one in attempt.missing] == ["report/exposure_map"]
    assert sum(isinstance(block, Picture) for block in blocks) == 1


def test_unknown_people_are_a_dash(run: FinishedRun, cascade: Path) -> None:
    whole = open_cascade(cascade, run)
    events = whole.tables["cascade_events"].assign(people_without_signal=np.nan)
    set_language("vi")
    blocks = list(
        cascade_blocks(run, replace(whole, tables={**whole.tables, "cascade_events": events}))
    )
    ranked = next(b for b in blocks if isinstance(b, Grid))
    assert {row[2] for row in ranked.rows} == {"–"}
