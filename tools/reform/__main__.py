"""Make ``sources/boundaries/reform/communes_2025.csv.gz``.

``python tools/reform CONVERSION.xlsx OLD.json NEW.json``: the conversion table of the National
Statistics Office (https://danhmuchanhchinh.nso.gov.vn/TAPTIN/BangChuyendoiĐVHCmoi_cu_final.xlsx),
and the lists of communes of thanglequoc/vietnamese-provinces-database, minified JSON of v2.4.1
(before) and v3.0.2 (after). Where a code of the table is not that of the name beside it, the name
counts; every code and name has to be in the lists, and every old commune has to go somewhere.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import sys
import unicodedata
from pathlib import Path

import openpyxl

OUT = Path(__file__).parents[2] / "sources/boundaries/reform/communes_2025.csv.gz"
HEADER = ("old_code", "old_name", "old_district_code", "new_code", "part")
KIND = re.compile(r"^(xa|phuong|thitran|dackhu)")


def plain(name: str) -> str:
    """Return a name without kind, diacritics and blanks."""
    text = unicodedata.normalize("NFD", name.lower().replace("đ", "d"))
    text = re.sub("[^a-z0-9]", "", "".join(c for c in text if not unicodedata.combining(c)))
    return KIND.sub("", text)


def part_of(note: str) -> str:
    """Return how much of an old commune a record of the conversion table speaks of."""
    text = plain(note)
    if "toanbodanso" in text:
        return "people"
    if "motphandientich" in text:
        return "land"
    return "part" if "phan" in text else "whole"


def main(conversion: str, old_list: str, new_list: str) -> None:
    """Write the table."""
    old, districts, provinces = {}, {}, {}
    for province in json.loads(Path(old_list).read_text("utf-8")):
        provinces[province["Code"]] = province["FullName"]
        for district in province["District"]:
            districts[district["Code"]] = (district["FullName"], province["Code"])
            for ward in district.get("Ward") or []:
                old[ward["Code"]] = (ward["FullName"], district["Code"])
    new = {
        ward["Code"]: (ward["FullName"], province["Code"], province["FullName"])
        for province in json.loads(Path(new_list).read_text("utf-8"))
        for ward in province["Wards"]
    }
    sheet = openpyxl.load_workbook(conversion, data_only=True).worksheets[1]
    rows = set()
    for line in sheet.iter_rows(min_row=3, max_col=8, values_only=True):
        _, new_name, new_code, old_name, old_code, note, district, _ = line
        if not new_code:
            continue
        target = f"{int(new_code):05d}"
        if target not in new:
            of = re.search(r"\((\d{2})\)", line[0])[1]
            (right,) = [
                c for c, (n, p, _) in new.items() if p == of and plain(n) == plain(new_name)
            ]
            print(f"{new_name}: {right}, the table says {target}")
            target = right
        assert plain(new[target][0]) == plain(new_name), line
        code = re.search(r"\((\d{3})\)", district)[1]
        if not old_code:  # a district of islands without communes, or land outside of every one
            if not old_name:
                rows.add(("", districts[code][0], code, target, "whole"))
            continue
        source = f"{int(old_code):05d}"
        if plain(old[source][0]) != plain(old_name):
            named = [c for c, (n, d) in old.items() if plain(n) == plain(old_name) and d == code]
            if named:
                print(f"{old_name}: {named[0]}, the table says {source}")
                source = named[0]
        rows.add((source, old[source][0], old[source][1], target, part_of(note or "")))
    assert {row[0] for row in rows} - {""} == set(old)
    assert {row[3] for row in rows} == set(new)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["kind", *HEADER])
    for code, name in sorted(provinces.items()):
        writer.writerow(["old_province", code, name, "", "", ""])
    for code, (name, province) in sorted(districts.items()):
        writer.writerow(["old_district", code, name, province, "", ""])
    for code, name in sorted({(p, n) for _, p, n in new.values()}):
        writer.writerow(["new_province", code, name, "", "", ""])
    for code, (name, province, _) in sorted(new.items()):
        writer.writerow(["new_commune", code, name, province, "", ""])
    for row in sorted(rows):
        writer.writerow(["became", *row])
    OUT.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))
    print(f"{len(rows)} records, {len(old)} to {len(new)} communes, {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:4])
