"""The QGIS plugin: its command lines are the command's own; headless in QGIS where there is one."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import geopandas as gpd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, box

from helpers.ended import gone
from phusong.cli import main
from phusong.maps.sections.signal import CHANCE_COLOURS, LEVEL_COLOURS
from phusong.version import __version__

QGIS = Path(__file__).resolve().parents[2] / "qgis"
PLUGIN = QGIS / "phusong_qgis"
PROCESS = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
"""Debian's wrapper of that name hands on an option that qgis_process does not know."""


def pure(name: str) -> ModuleType:
    """A module of the plugin that needs no QGIS."""
    import importlib

    if str(QGIS) not in sys.path:
        sys.path.append(str(QGIS))
    return importlib.import_module(f"phusong_qgis.{name}")


COMMANDS = {command.name: command for command in pure("catalogue").commands()}


# ------------------------------------------------------------------ without QGIS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_one_of_the_command(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    options = {opt: p for p in command.params if isinstance(p, click.Option) for opt in p.opts}
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    parameters = COMMANDS[name].parameters
    placed = [p for p in parameters if not p.option]
    assert len(placed) == len(arguments)
    for parameter in parameters:
        if parameter.option:
            option = options[parameter.option]
            assert option.is_flag == (parameter.kind == "flag"), parameter.name
            assert option.multiple == (parameter.kind == "numbers") or parameter.name == "DEM"
    for extra in COMMANDS[name].extra:
        assert extra.partition("=")[0] in options
    assert "--lang" in options


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30),
    st.lists(st.floats(1, 1e9), min_size=1, max_size=4),
    st.booleans(),
)
def test_click_reads_what_was_meant(study: str, out: str, years: list[float], flag: bool) -> None:
    """Whatever a path is called: no value turns into an option."""
    line = pure("commandline")
    values = {
        "STUDY": study,
        "SCENARIO": study,
        "OUTPUT": out,
        "YEARS": " ".join(map(repr, years)),
        "WORST_FIRST": flag,
    }
    name, *given_ = line.arguments(COMMANDS["sites"], values, "vi")
    assert name == "sites"
    command = main.get_command(click.Context(main), "sites")
    assert command is not None
    context = command.make_context("sites", list(given_), resilient_parsing=True)
    read = context.params
    assert str(read["study"]) == str(Path(study))
    assert read["scenario"] == study
    assert str(read["out"]) == str(Path(out))
    assert read["years"] == pytest.approx(tuple(years), rel=1e-11)
    assert read["worst_first"] is flag


def test_the_line_of_a_path() -> None:
    values = {"A": "-105.3600000,23.28", "B": "105.41,23.25", "STUDY": None, "DEM": "d m.tif"}
    values |= {"FREQ_MHZ": 1800.0, "TX_HEIGHT_M": 30, "RX_HEIGHT_M": 1.5, "MODEL": "all"}
    values |= {"OUTPUT": "/tmp/hình.svg"}
    given_ = pure("commandline").arguments(COMMANDS["link"], values, "en")
    assert given_ == [
        "link", "--dem=d m.tif", "--freq-mhz=1800", "--tx-height-m=30", "--rx-height-m=1.5",
        "--model=all", "--out=/tmp/hình.svg", "--lang", "en", "--", "-105.3600000,23.28",
        "105.41,23.25",
    ]  # fmt: skip


def test_check_writes_its_pages_beside_the_table() -> None:
    values = {"STUDY": "s.toml", "OVERWRITE": True, "OUTPUT": "/tmp/ra"}
    given_ = pure("commandline").arguments(COMMANDS["check"], values, "vi")
    assert given_ == [
        "check", "--overwrite", "--out=/tmp/ra", "--pages=/tmp/ra/pages", "--lang", "vi", "--", "s.toml",
    ]  # fmt: skip


def test_another_python_is_not_led_astray() -> None:
    line = pure("commandline")
    own = {"PATH": "/bin", "PYTHONHOME": "/qgis", "PYTHONPATH": "/qgis/lib", "LANG": "vi_VN"}
    handed = line.environment(own)
    assert handed["PATH"] == "/bin"
    assert handed["LANG"] == "vi_VN"
    assert not {"PYTHONHOME", "PYTHONPATH"} & set(handed)


def test_where_the_command_is(tmp_path: Path) -> None:
    line = pure("commandline")
    tool = tmp_path / "phusong"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    assert line.find_command(str(tool), {}) == str(tool)
    assert line.find_command("", {"PHUSONG_COMMAND": str(tool)}) == str(tool)
    assert line.find_command("", {"PATH": str(tmp_path)}) == str(tool)
    assert line.find_command(str(tmp_path / "none"), {"PATH": str(tmp_path)}) is None


@pytest.mark.parametrize(
    ("said", "step"),
    [
        ("Best servers: 12/48", ("Best servers", 25.0)),
        ("Đọc các tệp: 3/12", ("Đọc các tệp", 25.0)),
        ("Reading the files: 1.2 s", None),
        ("S10 warning", None),
        ("nothing: 0/0", None),
    ],
)
def test_lines_of_progress(said: str, step: tuple[str, float] | None) -> None:
    assert pure("commandline").progress_of(said) == step


def test_languages() -> None:
    line = pure("commandline")
    assert [line.language_of(x) for x in ("vi", "vi_VN", "en_US", "fr", "")] == [
        "vi", "vi", "en", "en", "en",
    ]  # fmt: skip
    table = json.loads((PLUGIN / "commands.json").read_text("utf-8"))
    texts = [*table["words"].values(), *(c["title"] for c in table["commands"])]
    texts += [c["help"] for c in table["commands"]]
    for text in texts:
        assert set(text) == {"en", "vi"}
        assert text["en"] != text["vi"]
    for command in COMMANDS.values():
        assert all(p.words["vi"] and p.words["vi"] != p.words["en"] for p in command.parameters)
        assert all(bool(p.help["vi"]) == bool(p.help["en"]) for p in command.parameters)


LINES = """
import sys, time
print("một", flush=True)
print("hai", file=sys.stderr, flush=True)
sys.exit(3)
"""
ENDLESS = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def test_lines_come_and_the_code_is_handed_on() -> None:
    lines: list[str] = []
    run = pure("running").run
    assert run(sys.executable, ["-c", LINES], os.environ, lines.append, lambda: False) == 3
    assert sorted(lines) == ["hai", "một"]


@pytest.mark.skipif(os.name == "nt", reason="looks for processes as POSIX names them")
def test_cancel_ends_the_command_and_what_it_started() -> None:
    lines: list[str] = []
    running = pure("running")
    begun = time.monotonic()
    with pytest.raises(running.Stopped):
        running.run(sys.executable, ["-c", ENDLESS], os.environ, lines.append, lambda: bool(lines))
    assert time.monotonic() - begun < 30
    assert gone(int(lines[0])), "the command's own child still runs"


def test_layers_of_a_folder_points_on_top(tmp_path: Path) -> None:
    package = tmp_path / "results.gpkg"
    for name, shape in (
        ("areas", box(0, 0, 1, 1)),
        ("lines", LineString([(0, 0), (1, 1)])),
        ("points", Point(0, 0)),
    ):
        gpd.GeoDataFrame({"a": [1]}, geometry=[shape], crs=4326).to_file(package, layer=name)
    (tmp_path / "coverage_any_any_level.tif").touch()
    (tmp_path / "coverage_A_LTE_level.tif").touch()
    shown = pure("found").layers_in(tmp_path)
    assert [(s.kind, s.name) for s in shown] == [
        ("vector", "points"),
        ("vector", "lines"),
        ("vector", "areas"),
        ("raster", "coverage_any_any_level"),
    ]


def test_rasters_are_coloured_as_on_the_page() -> None:
    colours = pure("colours")
    assert tuple(colour for _, colour in colours.LEVEL) == LEVEL_COLOURS
    assert tuple(colour for _, colour in colours.PROBABILITY) == CHANCE_COLOURS
    bounds = [high for high, _ in colours.PROBABILITY]
    assert bounds == sorted(bounds)


def test_the_plugin_imports_nothing_of_ours() -> None:
    for path in PLUGIN.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [str(node.module)]
            assert not any(name.split(".")[0] == "phusong" for name in names), path


def test_the_zip_is_what_qgis_installs(tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        subprocess.run([sys.executable, QGIS / "pack.py", tmp_path / name], check=True, stdout=-3)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        names = set(archive.namelist())
        about = archive.read("phusong_qgis/metadata.txt").decode()
    assert {f"phusong_qgis/{p.name}" for p in PLUGIN.glob("*.py")} <= names
    assert {"phusong_qgis/commands.json", "phusong_qgis/LICENSE"} <= names
    assert not any("__pycache__" in name for name in names)
    assert f"\nversion={__version__}\n" in about
    for key in ("name", "qgisMinimumVersion", "description", "author", "email", "about"):
        assert f"\n{key}=" in about
    assert "hasProcessingProvider=yes" in about


# ------------------------------------------------------------------ in QGIS, without a window

INSIDE = """
import json, sys
from pathlib import Path
sys.path[:0] = ["/usr/share/qgis/python/plugins", "/usr/share/qgis/python", sys.argv[1]]
from qgis.core import (
    QgsApplication, QgsProcessingContext, QgsProcessingFeedback, QgsProject,
)
app = QgsApplication([], False)
app.initQgis()
from processing.core.Processing import Processing
Processing.initialize()
from phusong_qgis import classFactory
plugin = classFactory(None)
plugin.initProcessing()
algorithm = app.processingRegistry().createAlgorithmById("phusong:" + sys.argv[2])
context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
context.setProject(QgsProject.instance())
found, good = algorithm.run(json.loads(sys.argv[3]), context, feedback)
layers = {}
for key, details in context.layersToLoadOnCompletion().items():
    layer = context.temporaryLayerStore().mapLayer(key)
    styled = details.postProcessor()
    if styled is not None:
        styled.postProcessLayer(layer, context, feedback)
    layers[details.name] = [layer.isValid(), layer.renderer().type()]
print("RESULT", json.dumps({"good": good, "found": found, "layers": layers}))
plugin.unload()
"""


def _python_of_qgis() -> str | None:
    for name in ("/usr/bin/python3", "python3"):
        tried = shutil.which(name)
        if tried is None:
            continue
        done = subprocess.run([tried, "-c", "import qgis.core"], capture_output=True, check=False)
        if done.returncode == 0:
            return tried
    return None


@pytest.fixture(scope="module")
def qgis(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a QGIS without window, its profile in a folder of its own."""
    if PROCESS is None:
        pytest.skip("QGIS is not installed (apt-get install qgis qgis-providers python3-qgis)")
    home = tmp_path_factory.mktemp("qgis")
    profile = home / ".local/share/QGIS/QGIS3/profiles/default"
    shutil.copytree(PLUGIN, profile / "python/plugins/phusong_qgis")
    own = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL", "COV"))}
    # QGIS looks for its own Python by the PATH; another one first in it does not know SIP.
    own["PATH"] = os.pathsep.join(["/usr/bin", "/bin", own.get("PATH", "")])
    own |= {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "QT_QPA_PLATFORM": "offscreen"}
    own["PHUSONG_COMMAND"] = str(Path(sys.executable).with_name("phusong"))
    process(own, "plugins", "enable", "phusong_qgis")
    return own


def process(own: dict[str, str], *arguments: str) -> str:
    assert PROCESS is not None
    done = subprocess.run(
        [PROCESS, *arguments], env=own, capture_output=True, text=True, timeout=300, check=False
    )
    if "Couldn't load SIP module" in done.stdout + done.stderr:
        pytest.skip("QGIS finds no Python of its own here")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_qgis_lists_the_commands_in_its_language(qgis: dict[str, str]) -> None:
    said = process(qgis, "list")
    for name, command in COMMANDS.items():
        assert f"phusong:{name}\t{command.title['en']}" in said
    settings = Path(qgis["HOME"]) / ".local/share/QGIS/QGIS3/profiles/default/QGIS/QGIS3.ini"
    settings.parent.mkdir(parents=True, exist_ok=True)
    before = settings.read_text("utf-8") if settings.exists() else ""
    try:
        settings.write_text(f"{before}\n[locale]\noverrideFlag=true\nuserLocale=vi\n", "utf-8")
        said = process(qgis, "help", "phusong:run")
    finally:
        settings.write_text(before, "utf-8")
    assert "Chạy toàn bộ" in said
    assert "Tệp nghiên cứu" in said


def test_qgis_process_calls_the_command(qgis: dict[str, str], tmp_path: Path) -> None:
    import tomlkit

    from helpers.province import TOWER_HEADER, build, towers, write_csv

    spec = build(tmp_path)
    rows = towers()
    rows[0][7] = 900
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    (tmp_path / "study.toml").write_text(tomlkit.dumps(spec), "utf-8")
    out = tmp_path / "kết quả"
    said = process(
        qgis, "run", "phusong:check", f"--STUDY={tmp_path / 'study.toml'}", f"--OUTPUT={out}"
    )
    assert "T04" in said
    assert (out / "checks.csv").is_file()
    assert (out / "pages/index.html").is_file()


@pytest.mark.slow
def test_results_come_with_their_styles(
    qgis: dict[str, str], tiny_study: Path, tmp_path: Path
) -> None:
    python = _python_of_qgis()
    if python is None:
        pytest.skip("no Python here imports qgis.core")
    values: dict[str, Any] = {
        "STUDY": str(tiny_study / "study.toml"),
        "OUTPUT": str(tmp_path / "ra"),
    }
    done = subprocess.run(
        [python, "-c", INSIDE, str(QGIS), "run", json.dumps(values)],
        env=qgis, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    line = next((x for x in done.stdout.splitlines() if x.startswith("RESULT ")), None)
    assert line is not None, done.stdout + done.stderr
    result = json.loads(line.removeprefix("RESULT "))
    assert result["good"], done.stdout + done.stderr
    layers = result["layers"]
    assert {"villages", "communes", "cells", "coverage_any_any_level"} <= set(layers)
    assert all(valid for valid, _ in layers.values())
    assert layers["villages"][1] == "categorizedSymbol"  # the style that stands in the GeoPackage
    assert layers["coverage_any_any_level"][1] == "singlebandpseudocolor"
