"""`phusong studio` in a process of its own, over the hilly province."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from helpers.altered import make_hills

STUDY = """
[study]
name = "Tỉnh thử"
[boundaries.communes]
path = "data/communes.gpkg"
[[boundaries.villages]]
path = "data/villages.gpkg"
[[towers]]
path = "data/cells.csv"
[terrain]
dem = ["data/dem.tif"]
[radio]
radius_km = 4.0
model = "p526"
"""
FIBRE = """
[fiber]
cables = [{ path = "data/cables.gpkg" }]
pops = [{ path = "data/pops.gpkg" }]
backhaul = [{ path = "data/backhaul.csv" }]
"""


def written(folder: Path, more: str = "") -> Path:
    """Write the province with a study file."""
    make_hills(folder)
    (folder / "study.toml").write_text(STUDY + more, "utf-8")
    return folder


def begin(study: Path) -> tuple[subprocess.Popen[str], str]:
    """Start `phusong studio`; return it and its address."""
    command = [sys.executable, "-m", "phusong", "studio", str(study)]
    process = subprocess.Popen(
        [*command, "--no-browser", "--lang", "en"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    for line in process.stdout or ():
        found = re.search(r"http://127\.0\.0\.1:\d+/[\w-]+/", line)
        if found:
            return process, found[0]
    raise AssertionError("it did not begin")
