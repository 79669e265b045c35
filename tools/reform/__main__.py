"""Make ``sources/boundaries/reform/communes_2025.csv.gz``.

    pip download --no-deps vietnamadminunits==1.0.4
    python tools/reform vietnamadminunits-1.0.4-py3-none-any.whl

Nothing of the package's code is run: its tables are read out of the wheel, and put right where
`corrections.toml` says. Every old commune has to go somewhere, and every new one to come from one.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sqlite3
import sys
import tomllib
import zipfile
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unicodedata import normalize

HERE = Path(__file__).resolve().parent
OUT = HERE.parents[1] / "sources/boundaries/reform/communes_2025.csv.gz"
HEADER = ("kind", "old_code", "old_name", "old_district_code", "new_code", "part")


def main(wheel: Path) -> None:
    """Write the table."""
    with zipfile.ZipFile(wheel) as archive, TemporaryDirectory() as folder:
        base = archive.extract("vietnamadminunits/data/dataset.db", folder)
        old, new = units(base)
        relation = json.loads(archive.read("vietnamadminunits/data/converter_2025.json"))
    corrections = tomllib.loads((HERE / "corrections.toml").read_text("utf-8"))
    became = relations(relation, old, new, corrections)
    lines = {("old_province", row[7], row[8], "", "", "") for row in old}
    lines |= {("old_district", row[5], row[6], row[7], "", "") for row in old}
    lines |= {("new_province", row[4], row[5], "", "", "") for row in new}
    lines |= {("new_commune", row[2], row[3], row[4], "", "") for row in new}
    for _, _, _, code, name, district, district_name, _, _ in old:
        if code is None:
            target = corrections["districts"][district]
            lines.add(("became", "", district_name, district, target, "whole"))
            continue
        part = "whole" if len(became[code]) == 1 else "part"
        lines |= {("became", code, name, district, target, part) for target in became[code]}
    assert all(became[row[3]] for row in old if row[3] is not None)
    assert {line[4] for line in lines} - {""} == {row[2] for row in new}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    order = ("old_province", "old_district", "new_province", "new_commune", "became")
    for line in sorted(lines, key=lambda line: (order.index(line[0]), *line[1:])):
        writer.writerow([normalize("NFC", cell) for cell in line])
    OUT.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))
    print(f"{len(became)} old communes, {len(new)} new ones, {OUT.stat().st_size} bytes")


def units(base: str) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Return the communes before and since, with keys, codes and names."""
    connection = sqlite3.connect(base)
    old = connection.execute(
        "SELECT provinceKey, districtKey, wardKey, wardCode, ward, districtCode, district,"
        " provinceCode, province FROM admin_units_legacy"
    ).fetchall()
    new = connection.execute(
        "SELECT provinceKey, wardKey, wardCode, ward, provinceCode, province FROM admin_units"
    ).fetchall()
    connection.close()
    return old, new


def relations(
    relation: dict[str, Any],
    old: list[tuple[str, ...]],
    new: list[tuple[str, ...]],
    corrections: dict[str, Any],
) -> dict[str, set[str]]:
    """Return old code -> new codes."""
    code_of = {(province, ward): code for province, ward, code, *_ in new}
    old_of = {f"{p}_{d}_{w}": code for p, d, w, code, *_ in old if code is not None}
    out: dict[str, set[str]] = defaultdict(set)
    for province, wards in relation["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, keys in wards.items():
            for key in filter(old_of.__contains__, keys):
                out[old_of[key]].add(code_of[province, ward])
    for province, keys in relation["DICT_PROVINCE_WARD_DIVIDED"].items():
        for key, parts in keys.items():
            out[old_of[key]] |= {code_of[province, part["newWardKey"]] for part in parts}
    for pair in corrections["wrong"]:
        code, target = pair.split()
        out[code].remove(target)
    for pair in corrections["missing"]:
        code, target = pair.split()
        out[code].add(target)
    return out


if __name__ == "__main__":
    main(Path(sys.argv[1]))
