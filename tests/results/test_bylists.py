"""A finished run by communes, districts and provinces of both lists."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from phusong.cli import main
from phusong.errors import InputError
from phusong.results.bylists import LEVELS, by_level
from phusong.results.finished import FinishedRun, open_run
from phusong.sources.boundaries.reform.became import reform_2025


def with_communes(run: FinishedRun, codes: list[str], names: list[str]) -> FinishedRun:
    """The tiny run, its two communes under other codes and names."""
    communes = run.tables["communes"].assign(code=codes, name=names)
    become = dict(zip(run.tables["communes"]["code"], codes, strict=True))
    villages = run.tables["villages"]
    villages = villages.assign(commune_code=villages["commune_code"].map(become))
    return replace(run, tables={**run.tables, "communes": communes, "villages": villages})


@pytest.fixture
def old_run(tiny_run: Path) -> FinishedRun:
    """Hà Giang's wards: Quang Trung was parted between Hà Giang 1 and 2, Ngọc Hà went whole to 2."""
    reform = reform_2025()
    code = {
        u.name: c
        for c, u in reform.old.items()
        if reform.districts[u.within].within == "02"
        and u.name in {"Phường Quang Trung", "Phường Ngọc Hà"}
    }
    codes = [code["Phường Quang Trung"], code["Phường Ngọc Hà"]]
    return with_communes(open_run(tiny_run), codes, ["Phường Quang Trung", "Phường Ngọc Hà"])


def test_a_parted_commune_is_not_shared_out(old_run: FinishedRun) -> None:
    found = by_level(old_run, "new_commune").communes
    assert found["name"].tolist() == [
        "Phường Hà Giang 2",
        "Phường Hà Giang 1",
        "Phường Hà Giang 2 / Phường Hà Giang 1",
    ]
    assert found["told_apart"].tolist() == [True, True, False]
    assert found["villages"].sum() == len(old_run.tables["villages"])
    both = found.iloc[2]
    assert both["villages"] > 0
    assert found["may_add_villages"].tolist() == [both["villages"], both["villages"], 0]
    assert found["may_add_people"].iloc[0] == both["people"]
    assert found.loc[1, "villages"] == 0
    run_codes = set(old_run.tables["communes"]["code"])
    assert not run_codes & set(found.loc[0, "elsewhere"].split())


def test_district_and_provinces_take_both(old_run: FinishedRun) -> None:
    total = len(old_run.tables["villages"])
    for level, code in (("old_district", "024"), ("old_province", "02"), ("new_province", "08")):
        found = by_level(old_run, level).communes  # type: ignore[arg-type]
        assert found[["code", "villages"]].to_numpy().tolist() == [[code, total]]
        assert found["told_apart"].all()


def test_new_communes_of_one_old_commune_or_several(tiny_run: Path) -> None:
    reform = reform_2025()
    alone = next(c for c in reform.new if len(reform.people_come_from(c)) == 1)
    several = next(c for c in reform.new if len(reform.people_come_from(c)) == 3)
    names = [reform.new[c].name for c in (alone, several)]
    run = with_communes(open_run(tiny_run), [alone, several], names)
    found = by_level(run, "old_commune").communes
    assert found["villages"].sum() == len(run.tables["villages"])
    assert (~found["told_apart"]).sum() == 1
    for level in LEVELS:
        table = by_level(run, level).communes
        assert table["villages"].sum() == len(run.tables["villages"]), level


def test_communes_of_no_list_are_refused(tiny_run: Path) -> None:
    with pytest.raises(InputError, match="neither list"):
        by_level(open_run(tiny_run), "old_district")


def test_command_without_a_table(
    old_run: FinishedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phusong.results.finished.open_run", lambda _: old_run)
    out = tmp_path / "xã.csv"
    done = CliRunner().invoke(main, ["regroup", "x", "--out", str(out), "--lang", "vi"])
    assert done.exit_code == 0, done.output
    assert "1 dòng chung nhiều đơn vị" in done.output
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["told_apart"] for r in rows] == ["true", "true", "false"]
    both = CliRunner().invoke(main, ["regroup", "x", "t.csv", "--by", "old_district"])
    assert both.exit_code == 2
    assert isinstance(old_run.tables["communes"], pd.DataFrame)
