"""The book packed: every list comes back, whatever is in it, in the browser as here."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.book import book_of, unpacked
from phusong.maps import build_map
from phusong.maps.packing import SHORT, pack

MANY = 3 * SHORT
KINDS = {
    "rising": list(range(MANY)),
    "tenths": [row / 10 - 4 for row in range(MANY)],
    "gaps": [None if row % 3 else row * 1000 for row in range(MANY)],
    "gaps only": [None] * MANY,
    "far": [(-1) ** row * (2**29 - 1 - row) for row in range(MANY)],
    "too far": [2**40 + row for row in range(MANY)],
    "endless": [row / 7 for row in range(MANY)],
    "yes and no": [row % 2 == 0 for row in range(MANY)],
    "mixed": ["a", 1, None] * SHORT,
    "codes": [f"T{row:06d}" for row in range(MANY)],
    "names": ["Bản Nậm", "Bản Nà", "", "Bản\nNậm", "𠀀𠀁", "𠀀𠀂", "x\0</script>"] * SHORT,
    "lines": [[[row, -row, 5, 0, 0, 5], [9 * row, 3]][: row % 3] for row in range(MANY)],
    "odd lines": [[[1, 2, 3]] for _ in range(MANY)],
    "empty lines": [[] for _ in range(MANY)],
    "rows": [list(range(row)) for row in range(MANY)],
    "pairs": [{"vi": f"bản {row}", "en": f"village {row}"} for row in range(MANY)],
    "short": [1.5, None, "a"],
}
numbers = st.none() | st.integers(-(2**31), 2**31) | st.decimals(-1e6, 1e6, places=2).map(float)
line = st.lists(st.tuples(*[st.integers(-(2**20), 2**20)] * 2), min_size=1, max_size=3)
lines = st.lists(line, max_size=2)


def test_every_kind_of_list_comes_back() -> None:
    assert unpacked(pack(KINDS)) == KINDS


@given(st.lists(numbers, min_size=SHORT + 1))
def test_numbers_come_back(values: list[float | None]) -> None:
    assert unpacked(pack({"of": values})) == {"of": values}


@given(st.lists(st.text(max_size=5), min_size=SHORT + 1))
def test_texts_come_back(values: list[str]) -> None:
    assert unpacked(pack({"of": values})) == {"of": values}


@given(st.lists(lines, min_size=SHORT + 1, max_size=SHORT + 5))
def test_lines_come_back(values: list[Any]) -> None:
    flat = [[[step for move in line for step in move] for line in shape] for shape in values]
    assert unpacked(pack({"of": flat})) == {"of": flat}


def test_what_is_no_number_is_refused() -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="JSON"):
            pack({"of": [1.0] * MANY + [value]})


def test_a_column_that_is_there_is_not_put_there_again() -> None:
    noise = [zlib.crc32(bytes([row % 256, row // 256])) % 10_000 for row in range(20_000)]
    once, twice = (len(pack({"figures": [{"of": noise}] * times})) for times in (1, 2))
    assert twice < 1.01 * once


def test_it_is_the_same_every_time_and_smaller() -> None:
    text = json.dumps(KINDS)
    assert pack(KINDS) == pack(json.loads(text))
    assert len(pack(KINDS)) < len(text) / 3


@pytest.mark.browser
def test_the_browser_reads_what_was_packed(
    visit: Callable[..., Any], world: Any, folder: Path
) -> None:
    page = build_map(world, folder / "packed.html")
    here = visit(page)
    assert here.page.evaluate("phusong.book") == book_of(page)
    # In the page's own words, the kinds that no map holds.
    other = folder / "kinds.html"
    text = page.read_text("utf-8")
    start = text.index('id="book">') + len('id="book">')
    whole = {**book_of(page), "kinds": KINDS}
    other.write_text(text[:start] + pack(whole) + text[text.index("<", start) :], "utf-8")
    assert visit(other).page.evaluate("phusong.book.kinds") == KINDS


@pytest.mark.browser
def test_an_old_browser_says_so(chromium: Any, world: Any, folder: Path) -> None:
    page = chromium.new_context(offline=True).new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(build_map(world, folder / "old.html").as_uri())
    assert page.locator("#too-old").is_visible()
    page.context.close()
