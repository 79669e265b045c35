"""`import phusong`: what it gives, what it costs, and the notebook of docs/library.md."""

from __future__ import annotations

import ast
import doctest
import inspect
import io
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import geopandas as gpd
import pytest
import rasterio
from shapely.geometry import LineString

import phusong
from phusong import library
from phusong.i18n import get_language

FUNCTIONS = (
    "read_study",
    "check",
    "run",
    "compute",
    "plan",
    "what_if",
    "audit",
    "open_run",
    "compare",
)


@pytest.fixture(scope="module")
def desk(tiny_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `my-province`: the tiny province, a road to commune 02, the mast on fibre."""
    folder = tmp_path_factory.mktemp("desk")
    study = folder / "my-province"
    shutil.copytree(tiny_study, study, ignore=shutil.ignore_patterns(".phusong"))
    road = LineString([(500_100.0, 2_502_000.0), (507_900.0, 2_502_000.0)])
    (study / "data/roads").mkdir()
    gpd.GeoDataFrame({"loai": ["road"]}, geometry=[road], crs=32648).to_file(
        study / "data/roads/roads.gpkg"
    )
    (study / "data/fiber/backhaul.csv").write_text("ma_tram,truyen_dan\nA,cap quang\n", "utf-8")
    text = (study / "study.toml").read_text("utf-8")
    text = text.replace(
        "[[fiber.pops]]", '[[fiber.backhaul]]\npath = "data/fiber/backhaul.csv"\n\n[[fiber.pops]]'
    )
    text += '\n[[roads]]\npath = "data/roads/roads.gpkg"\n'
    (study / "study.toml").write_text(text, "utf-8")
    return folder


@pytest.fixture
def at_the_desk(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(desk)
    return desk


def in_new_python(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_names_of_the_door_are_there_at_once_and_stay(checkout: Path) -> None:
    assert set(FUNCTIONS) < set(phusong.__all__) <= set(dir(phusong))
    for name in phusong.__all__:
        assert getattr(phusong, name) is not None
    everything = "from phusong import *\nimport phusong.cli, phusong.pipeline.check\n"
    told = in_new_python(
        everything + "import phusong; print(all(callable(getattr(phusong, n)) for n in "
        "phusong.__all__ if n != '__version__'), callable(compare))"
    )
    assert told.split() == ["True", "True"]


def test_no_name_of_the_door_is_a_module(checkout: Path) -> None:
    """Importing `phusong.x` sets `x` on the package, over whatever stood there."""
    modules = {path.stem for path in checkout.glob("*.py")}
    folders = {path.name for path in checkout.iterdir() if path.is_dir()}
    assert not set(phusong.__all__) & (modules | folders)


def test_wrong_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        _ = phusong.runn  # type: ignore[attr-defined]


def test_type_checkers_see_what_is_there(checkout: Path) -> None:
    """The names imported for them are those that are loaded when used."""
    tree = ast.parse((checkout / "__init__.py").read_text("utf-8"))
    branch = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: str(node.module)
        for node in branch.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == phusong._PLACES
    assert {*seen, "__version__"} == set(phusong.__all__)


def test_every_function_is_typed_and_documented() -> None:
    for name in FUNCTIONS:
        function = getattr(phusong, name)
        signature = inspect.signature(function)
        assert signature.return_annotation is not inspect.Signature.empty
        document = inspect.getdoc(function) or ""
        for section in ("Parameters", "Returns", "Raises", "Examples"):
            assert f"{section}\n{'-' * len(section)}" in document, (name, section)
        for parameter in signature.parameters.values():
            assert parameter.annotation is not inspect.Parameter.empty
            assert re.search(rf"^(\w+, )?{parameter.name}(, \w+)?$", document, re.MULTILINE), (
                name,
                parameter.name,
            )


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.usefixtures("at_the_desk")
def test_examples_are_true(name: str) -> None:
    found = doctest.DocTestFinder().find(getattr(library, name), name, globs={})
    told = io.StringIO()
    for case in found:
        doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(case, out=told.write)
    assert sum(len(case.examples) for case in found) > 1
    assert not told.getvalue(), told.getvalue()


@pytest.mark.usefixtures("at_the_desk")
def test_the_notebook_runs_from_top_to_bottom(checkout: Path) -> None:
    page = (checkout / "docs/library.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```\n(?:```text\n(.*?)```)?", page, re.DOTALL)
    assert len(blocks) == page.count("```python") > 8
    names: dict[str, object] = {}
    for code, expected in blocks:
        told = io.StringIO()
        with redirect_stdout(told):
            exec(compile(code, "library.md", "exec"), names)
        assert told.getvalue() == expected, code


@pytest.mark.usefixtures("at_the_desk")
def test_rasters_of_each_computation_are_its_own() -> None:
    study = phusong.read_study("my-province/study.toml")
    weaker = study.radio.model_copy(update={"rx_height_m": 3.0})
    levels = []
    for each in (study, study.model_copy(update={"radio": weaker})):
        signal = phusong.compute(each, fiber=False).signal
        assert signal is not None
        levels.append(signal.layer("*", "*").level)
    with rasterio.open(levels[0]) as one, rasterio.open(levels[1]) as two:
        assert (one.read(1) != two.read(1)).any()
    kept = phusong.compute(study, "rasters", fiber=False).signal
    assert kept is not None
    assert kept.layer("*", "*").level.parent == Path("rasters")


def test_rasters_go_when_python_ends(at_the_desk: Path) -> None:
    path = in_new_python(
        "import phusong\n"
        "level = phusong.compute('my-province', fiber=False).signal.layer('*', '*').level\n"
        "assert level.exists()\nprint(level)"
    ).strip()
    assert path.endswith(".tif")
    assert not Path(path).parent.parent.exists()


def test_findings_have_their_places(at_the_desk: Path) -> None:
    study = at_the_desk / "wrong"
    shutil.copytree(at_the_desk / "my-province", study)
    cells = study / "data/towers/cells.csv"
    lines = cells.read_text("utf-8-sig").splitlines()
    far = lines[1].replace("A1,A,", "B1,B,").split(",")
    far[6] = str(float(far[6]) + 1.5)  # beyond every commune
    cells.write_text("\n".join([*lines, ",".join(far)]) + "\n", "utf-8-sig")
    checked = phusong.check(study)
    assert checked.inputs is not None
    placed = checked.table[~checked.table.geometry.isna()]
    assert len(placed) >= 1
    assert placed.crs == checked.inputs.crs
    assert set(placed.geometry.geom_type) == {"Point"}
    (study / "data/terrain/dem.tif").unlink()
    broken = phusong.check(study)
    assert not broken.ok
    assert broken.inputs is None
    assert broken.table["rule"].iloc[0] == "S01"
    assert broken.table.crs is None


@pytest.mark.usefixtures("at_the_desk")
def test_a_run_speaks_its_language_and_leaves_none_behind() -> None:
    phusong.run("my-province", "out-vi", radio=False, language="vi")
    assert get_language() == "en"
    assert "Xã có cáp quang" in Path("out-vi/indicators.csv").read_text("utf-8-sig")
    with pytest.raises(phusong.PhusongError, match="overwrite"):
        phusong.run("my-province", "out-vi", radio=False)
    phusong.run("my-province", "out-vi", radio=False, overwrite=True)
    finished = phusong.open_run("out-vi")
    assert finished.stamp["language"] == "en"
