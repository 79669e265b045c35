"""Pages made from the program's own tables are up to date; links in the docs lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path


def test_pages_are_up_to_date(checkout: Path) -> None:
    spec = importlib.util.spec_from_file_location("tables", checkout / "docs" / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, page in module.PAGES.items():
        text = (checkout / "docs" / name).read_text("utf-8")
        assert text == page(), f"run `python docs/tables.py`: {name} is out of date"


def test_links_lead_somewhere(checkout: Path) -> None:
    pages = [*checkout.glob("*.md"), *(checkout / "docs").glob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"
