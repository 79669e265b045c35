"""A finished run by the communes of July 2025."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

from phusong.cli import main
from phusong.errors import InputError
from phusong.results.finished import FinishedRun, open_run
from phusong.results.regroup import read_crosswalk, regroup


@pytest.fixture
def run(tiny_run: Path) -> FinishedRun:
    return open_run(tiny_run)


def table(folder: Path, text: str) -> Path:
    path = folder / "xã mới.csv"
    path.write_text(text, "utf-8-sig")
    return path


def test_two_communes_become_one(run: FinishedRun, tmp_path: Path) -> None:
    codes = run.tables["communes"]["code"].tolist()
    lines = "".join(f"{code};24001;Xã Mới\n" for code in codes)
    path = table(tmp_path, f"old_code;new_code;new_name\n{lines}")
    found = regroup(run, read_crosswalk(path), path)
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
    path = table(tmp_path, f"village_code,new_code,new_name\n{lines}")
    found = regroup(run, read_crosswalk(path), path)
    assert found["villages"].tolist() == [2, 2]
    assert found["people"].sum() == villages["people"].sum()
    assert found["centres"].isna().all()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("old_code,new_code\n1,2\n", "lacks the column new_name"),
        ("old_code,new_code,new_name\n1,2,a\n1,3,b\n", "1 goes to two new communes"),
        ("old_code,new_code,new_name\nx,2,a\n", "2 codes of the run have no new commune"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(
    text: str, says: str, run: FinishedRun, tmp_path: Path
) -> None:
    path = table(tmp_path, text)
    with pytest.raises(InputError, match=says):
        regroup(run, read_crosswalk(path), path)


def test_missing_table_and_run_without_villages(run: FinishedRun, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_crosswalk(tmp_path / "none.csv")
    path = table(tmp_path, "old_code,new_code,new_name\nx,2,a\n")
    fibre = FinishedRun(run.folder, run.stamp, run.study, {"communes": run.tables["communes"]})
    with pytest.raises(InputError, match="no villages"):
        regroup(fibre, read_crosswalk(path), path)


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
