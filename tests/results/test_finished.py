"""A finished run whose files were touched by others: a message, never a traceback."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from phusong.errors import InputError
from phusong.results.crosswalk import read_crosswalk
from phusong.results.finished import open_run

WHOLE: dict[str, Any] = {"resources": []}


def table(path: str) -> dict[str, Any]:
    return {
        "resources": [
            {
                "path": path,
                "profile": "tabular-data-resource",
                "schema": {"fields": [{"name": "a", "type": "string"}]},
                "dialect": {"delimiter": ","},
            }
        ]
    }


@pytest.mark.parametrize(
    ("stamp", "package"),
    [
        ("{", "{}"),
        ("\ud800", "{}"),
        ("[" * 100_000, "{}"),
        ("{}", json.dumps(WHOLE)),
        ('{"settings": {"study": 3}}', json.dumps(WHOLE)),
        ('{"settings": {}}', json.dumps(table("broken.csv"))),
        ('{"settings": {}}', json.dumps(table("../secret.csv"))),
        ('{"settings": {}}', '{"resources": [3]}'),
    ],
)
def test_run_that_is_broken(tmp_path: Path, stamp: str, package: str) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (folder / "broken.csv").write_bytes(b'a\n"1,2\n\xff')
    (folder / "run.json").write_bytes(stamp.encode("utf-8", "surrogatepass"))
    (folder / "datapackage.json").write_text(package)
    with pytest.raises(InputError):
        open_run(folder)


@pytest.mark.parametrize("harm", ["empty", "torn", "recoded"])
def test_layers_that_are_broken(tiny_run: Path, tmp_path: Path, harm: str) -> None:
    folder = Path(shutil.copytree(tiny_run, tmp_path / "run"))
    data = (folder / "results.gpkg").read_bytes()
    broken = {"empty": b"", "torn": data[: len(data) // 2], "recoded": data[:99] + b"\0" * 90_000}
    (folder / "results.gpkg").write_bytes(broken[harm])
    with pytest.raises(InputError, match="the file is broken"):
        open_run(folder).layer("villages")


@pytest.mark.parametrize("text", ["old_code,new_code,new_name\n" + "x" * 20_000_000, "a,a\n1,2"])
def test_crosswalk_that_is_broken(tmp_path: Path, text: str) -> None:
    path = tmp_path / "codes.csv"
    path.write_text(text)
    with pytest.raises(InputError):
        read_crosswalk(path)
