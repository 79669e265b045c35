"""Pack the QGIS plugin as a zip that QGIS installs: ``python qgis/pack.py [FILE.zip]``.

The zip is the same to the byte for the same files.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLUGIN = HERE / "phusong_qgis"
ENDINGS = {".py", ".json", ".txt"}


def version() -> str:
    """Return the version that metadata.txt states."""
    lines = (PLUGIN / "metadata.txt").read_text("utf-8").splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("version="))


def pack(target: Path) -> Path:
    """Write the zip; return its path."""
    target.parent.mkdir(parents=True, exist_ok=True)
    files = sorted(p for p in PLUGIN.iterdir() if p.suffix in ENDINGS)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in [*files, HERE.parent / "LICENSE"]:
            entry = zipfile.ZipInfo(f"{PLUGIN.name}/{path.name}", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return target


if __name__ == "__main__":
    given = sys.argv[1:]
    print(pack(Path(given[0]) if given else Path("dist") / f"phusong-qgis-{version()}.zip"))
