"""A finished run by the communes of July 2025."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from phusong.cli import main
from phusong.errors import InputError
from phusong.results.crosswalk import read_crosswalk
from phusong.results.finished import FinishedRun, open_run
from phusong.results.regroup import Regrouped
from phusong.results.regroup import regroup as by_new_communes


@pytest.fixture
def run(tiny_run: Path) -> FinishedRun:
    return open_run(tiny_run)


def table(folder: Path, text: str) -> Path:
    path = folder / "xã mới.csv"
    path.write_text(text, "utf-8-sig")
    return path


def regroup(run: FinishedRun, text: str, folder: Path) -> Regrouped:
    path = table(folder, text)
    return by_new_communes(run, read_crosswalk(path), path)


def test_two_communes_become_one(run: FinishedRun, tmp_path: Path) -> None:
    codes = run.tables["communes"]["code"].tolist()
    lines = "".join(f"{code};24001;Xã Mới\n" for code in codes)
    found = regroup(run, f"old_code;new_code;new_name\n{lines}", tmp_path).communes
    assert found["code"].tolist() == ["24001"]
    row, communes, villages = found.iloc[0], run.tables["communes"], run.tables["villages"]
    assert row["name"] == "Xã Mới"
    assert row["old_codes"] == " ".join(sorted(codes))
    for name in ("villages", "villages_covered", "villages_white", "people", "people_unserved"):
        assert row[name] == pytest.approx(communes[name].sum()), name
    assert row["villages"] == len(villages)
    assert row["covered_share"] == row["villages_covered"] / row["villages"]
    assert (row["centres"], row["centres_reached"]) == (2, communes["fibre"].sum())


def test_parted_communes_go_by_village(run: FinishedRun, tmp_path: Path) -> None:
    villages = run.tables["villages"]
    lines = "".join(f"{c},{n % 2},N{n % 2}\n" for n, c in enumerate(villages["code"]))
    found = regroup(run, f"village_code,new_code,new_name\n{lines}", tmp_path).communes
    assert found["villages"].tolist() == [2, 2]
    assert found["people"].sum() == villages["people"].sum()
    assert found["centres"].isna().all()


@pytest.fixture
def bare(run: FinishedRun) -> FinishedRun:
    """The run with a third commune that has a centre and no village, and a village astray."""
    communes = run.tables["communes"]
    third = communes.iloc[[1]].assign(code="03", name="Xã Không Thôn", fibre=True, villages=0)
    tables = {**run.tables, "communes": pd.concat([communes, third], ignore_index=True)}
    return replace(run, tables=tables)


HEAD = "old_code,new_code,new_name\n"


def test_a_new_commune_without_villages_is_listed(bare: FinishedRun, tmp_path: Path) -> None:
    found = regroup(bare, f"{HEAD}01,N1,Một\n02,N1,Một\n03,N2,Hai\n", tmp_path)
    assert found.communes["code"].tolist() == ["N1", "N2"]
    second = found.communes.iloc[1]
    assert (second["name"], second["old_codes"], second["villages"]) == ("Hai", "03", 0)
    assert (second["centres"], second["centres_reached"]) == (1, 1)
    assert second[["covered_share", "people", "people_unserved"]].isna().all()
    assert found.communes["villages"].sum() == len(bare.tables["villages"])
    assert found.communes["elsewhere"].tolist() == ["", ""]
    doubts = (found.corrected, found.elsewhere, found.adrift, found.unplaced)
    assert not any(doubts)


def test_codes_of_communes_elsewhere_are_named(run: FinishedRun, tmp_path: Path) -> None:
    text = f"{HEAD}01,N1,Một\n02,N2,Hai\n99901,N1,Một\n99902,N9,Chín\n"
    found = regroup(run, text, tmp_path)
    assert found.communes["code"].tolist() == ["N1", "N2"]
    assert found.communes["elsewhere"].tolist() == ["99901", ""]
    assert found.elsewhere == ("99901",)


def test_lost_zeros_are_forgiven_and_said(run: FinishedRun, tmp_path: Path) -> None:
    found = regroup(run, f"{HEAD}1,N1,Một\n02,N1,Một\n", tmp_path)
    assert found.communes["old_codes"].tolist() == ["01 02"]
    assert found.corrected == {"1": "01"}
    assert not found.elsewhere


def test_villages_and_communes_a_table_cannot_place(bare: FinishedRun, tmp_path: Path) -> None:
    villages = bare.tables["villages"].copy()
    lines = "".join(f"{code},N1,Một\n" for code in villages["code"])
    found = regroup(bare, f"village_code,new_code,new_name\n{lines}", tmp_path)
    assert found.unplaced == ("03",)
    villages.loc[0, "commune_code"] = pd.NA
    astray = replace(bare, tables={**bare.tables, "villages": villages})
    found = regroup(astray, f"{HEAD}01,N1,Một\n02,N1,Một\n03,N1,Một\n", tmp_path)
    assert found.adrift == (villages["code"].iloc[0],)
    assert found.communes["villages"].tolist() == [3]


def test_headers_in_vietnamese_and_blank_lines(run: FinishedRun, tmp_path: Path) -> None:
    text = 'Mã xã cũ;Mã xã mới;Tên xã mới\n01;24001.0;"Xã ""Mới"""\n;;\n\n02;24001;"Xã ""Mới"""\n'
    found = regroup(run, text, tmp_path).communes
    assert found[["code", "name"]].to_numpy().tolist() == [["24001", 'Xã "Mới"']]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("old_code,new_code\n1,2\n", "lacks the column new_name"),
        (f"{HEAD}1,2,a\n1,3,b\n", "record 1: 1 goes to two new communes"),
        (f"{HEAD}x,2,a\n", "2 codes of the run have no new commune, e.g. 01, 02"),
        (f"{HEAD}01,2,a\n", "1 codes of the run have no new commune, e.g. 02"),
        (f"{HEAD}01,2,a\n02,,\n", "record 2: 1 records have no new_code"),
        (f"{HEAD}01,2,a\n,2,a\n", "record 2: 1 records have no old_code"),
        (f"{HEAD}01,2,a\n02,2,\n", "record 2: 1 records have no new_name"),
        (f"{HEAD}01,2,Môt\n02,2,Một\n", "record 2: the new commune 2 has two names: Môt and Một"),
        (f"{HEAD}01,2,a\n1,2,a\n02,2,a\n", "01 stands in the table with and without"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(
    text: str, says: str, run: FinishedRun, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=says):
        regroup(run, text, tmp_path)


def test_missing_table_and_run_without_villages(run: FinishedRun, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_crosswalk(tmp_path / "none.csv")
    path = table(tmp_path, "old_code,new_code,new_name\nx,2,a\n")
    fibre = FinishedRun(run.folder, run.stamp, run.study, {"communes": run.tables["communes"]})
    with pytest.raises(InputError, match="no villages"):
        by_new_communes(fibre, read_crosswalk(path), path)


def test_command_writes_and_never_overwrites_unasked(tiny_run: Path, tmp_path: Path) -> None:
    codes = open_run(tiny_run).tables["communes"]["code"]
    lines = "".join(f"{code},1,Một\n" for code in codes)
    path = table(tmp_path, f"old_code,new_code,new_name\n{lines}")
    out = tmp_path / "new.csv"
    command = ["regroup", str(tiny_run), str(path), "--out", str(out)]
    result = CliRunner().invoke(main, [*command, "--lang", "vi"])
    assert result.exit_code == 0, result.output
    assert "2 xã cũ gộp thành 1 xã mới" in result.output
    with out.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["name"], row["villages"]) == ("Một", "4")
    assert CliRunner().invoke(main, command).exit_code == 1
    assert CliRunner().invoke(main, [*command, "--overwrite"]).exit_code == 0


def test_command_says_what_it_forgives(tiny_run: Path, tmp_path: Path) -> None:
    path = table(tmp_path, f"{HEAD}1,N1,Một\n02,N1,Một\n77,N1,Một\n")
    command = ["regroup", str(tiny_run), str(path), "--out", str(tmp_path / "new.csv")]
    printed = CliRunner().invoke(main, command).output
    assert "1 is taken for 01" in printed
    assert "not in the run: 77" in printed
