"""Words of status: works, does not, not known; in every spelling planners have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from helpers.province import cables, numbers_of, only, pops, read, write_csv
from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.status import State, _folded, _phrases, in_service, state_of

WORKS = [
    "operational",  # OFDS
    "in_use",
    "IN SERVICE",
    "inService",
    "Đang hoạt động",
    "DANG HOAT DONG",
    "đang khai thác từ 2019",
    "Hoạt động bình thường",
    "Đã đưa vào khai thác",
    "HĐ",
    "hiện hữu",
    "Operational since 12/2019",
    "on-air",
    "En service",
    "mis en service en 2021",
    "existing",
    "http://inspire.ec.europa.eu/codelist/ConditionOfFacilityValue/functional",
    "в эксплуатации",
    "True",
    "1",
]
NOT_TODAY = [
    "underConstruction",  # OFDS
    "under_construction",
    "Under construction",
    "UNDERCONSTRUCTION",
    "proposed",
    "planned",
    "Planned 2026",
    "inactive",
    "decommissioned",
    "disused",  # OSM
    "razed",
    "quy hoạch",
    "QH",
    "đang thi công (2025)",
    "Đang xây dựng, hoàn thành 12/2025",
    "chưa hoạt động",
    "khong hoat dong",
    "tạm dừng hoạt động",
    "đứt cáp",
    "not in service",
    "notOperational",
    "out-of-service",
    "OOS",
    "hors service",
    "en travaux",
    "à l'étude",
    "prévu",
    "http://inspire.ec.europa.eu/codelist/ConditionOfFacilityValue/underConstruction",
    "0",
    "False",
]
UNKNOWN = [
    "khác",
    "unknown",
    "RFS",
    "operational until 2020",
    "in service from 2100",
    "not quite operational",
    "to be built",
    "sắp khai thác",
    "Active (leased)",
    "7",
    "2026",
]


@pytest.mark.parametrize("text", WORKS)
def test_words_for_what_works(text: str) -> None:
    assert state_of(text) is State.WORKS


@pytest.mark.parametrize("text", NOT_TODAY)
def test_words_for_what_does_not_work_today(text: str) -> None:
    assert state_of(text) is State.NOT_TODAY


@pytest.mark.parametrize("text", UNKNOWN)
def test_a_word_that_is_not_known_is_no_yes(text: str) -> None:
    assert state_of(text) is State.UNKNOWN


def test_no_word_stands_in_both_lists() -> None:
    import tomllib
    from importlib.resources import files

    table = tomllib.loads(
        (files("phusong.sources.tables") / "status.toml").read_text(encoding="utf-8")
    )
    works, rests = (
        {_folded(w) for own in table[k].values() for w in own} for k in ("works", "not_today")
    )
    assert not works & rests
    assert "" not in _phrases()[0]


def test_every_unknown_status_is_listed_once() -> None:
    findings = Findings()
    on = in_service(["khai thác", "RFS", "RFS", None, "???"], [], "F08", findings, Where())
    assert on.tolist() == [True, False, False, True, False]
    assert [(f.subject, f.params["n"]) for f in findings.of("S31")] == [("RFS", 2), ("???", 1)]


def test_the_study_s_own_words_settle_it() -> None:
    findings = Findings()
    on = in_service(["RFS", "khai thác"], ["rfs"], "F08", findings, Where())
    assert on.tolist() == [True, False]
    assert not findings.of("S31")


@pytest.mark.parametrize(
    ("values", "on", "unknown"),
    [
        ([0, 1, 1.0, "1.0"], [False, True, True, True], []),
        ([1, 2, 3], [False, False, False], ["1", "2", "3"]),  # a code list, not a flag
        ([True, False], [True, False], []),
    ],
)
def test_figures_are_flags_only_among_themselves(
    values: list[Any], on: list[bool], unknown: list[str]
) -> None:
    findings = Findings()
    assert in_service(pd.Series(values, dtype=object), [], "F08", findings, Where()).tolist() == on
    assert [f.subject for f in findings.of("S31")] == unknown


def test_cables_towers_pops_and_links(tmp_path: Path, spec: dict[str, Any]) -> None:
    cables().assign(trang_thai=["operational", "underConstruction"]).to_file(
        tmp_path / "data/cables.gpkg"
    )
    both = pd.concat([pops(), pops().assign(ma_pop="P2", ten="Kho")], ignore_index=True)
    both.assign(trang_thai=["đang khai thác", "dự kiến"]).to_file(tmp_path / "data/pops.gpkg")
    write_csv(
        tmp_path / "data/b.csv",
        ["ma_tram", "truyen_dan", "tram_nguon", "trang_thai"],
        [["T1", "viba", "T2", "under construction"], ["T2", "cáp quang", "", "xong phần thô"]],
    )
    spec["fiber"]["backhaul"] = [{"path": "data/b.csv"}]
    inputs, findings = read(tmp_path, spec)
    assert inputs.cables["in_service"].tolist() == [True, False]
    assert inputs.pops["pop_id"].tolist() == ["P1"]
    assert inputs.backhaul.empty
    assert {"F08", "F22", "F23", "S31"} <= numbers_of(findings)
    assert only(findings, "S31").subject == "xong phần thô"
