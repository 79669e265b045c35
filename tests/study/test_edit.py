"""Keys set in a study file of any form: what a person wrote round them stays as it is."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.study.edit import set_keys

SPREAD = ("radio", "spread")

STUDY_TEXT = """# kept
[radio] # the model
model = "p526"
[radio.spread]
# another
sigma_model_db = 8.0   # an assumption
[verdict]
probability = 0.75
"""


def test_keys_are_set_and_nothing_else() -> None:
    text = set_keys(STUDY_TEXT, ("radio", "spread"), {"sigma_model_db": 6.34})
    assert text == STUDY_TEXT.replace("8.0 ", "6.3 ")
    more = set_keys(text, ("radio", "offsets_db"), {"LTE": -3.0, "NR": 1.0})
    assert more.startswith(text)
    assert tomllib.loads(more)["radio"]["offsets_db"] == {"LTE": -3.0, "NR": 1.0}
    deep = set_keys(more, ("radio", "land_cover_offsets_db", "LTE"), {"10": -4.0, "50": 0.0})
    assert deep is not None
    assert tomllib.loads(deep)["radio"]["land_cover_offsets_db"] == {"LTE": {"10": -4.0, "50": 0.0}}
    again = set_keys(more, ("radio", "offsets_db"), {"GSM": 2.0, "LTE": -4.0})
    assert tomllib.loads(again)["radio"]["offsets_db"] == {"GSM": 2.0, "LTE": -4.0, "NR": 1.0}
    assert (
        set_keys("a = 1", ("radio", "spread"), {"s": 1.0}) == "a = 1\n\n[radio.spread]\ns = 1.0\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "[radio]\nspread = { sigma_model_db = 8.0 } # assumed\nmodel = 'p526'\n",
            "[radio]\nspread = { sigma_model_db = 6.3 } # assumed\nmodel = 'p526'\n",
        ),
        (
            "radio = { model = 'p526', spread = { sigma_model_db = 8.0, other_db = 1.0 } }\n",
            "radio = { model = 'p526', spread = { sigma_model_db = 6.3, other_db = 1.0 } }\n",
        ),
        (
            "[radio]\nspread.sigma_model_db = 8.0 # assumed\n# more\nmodel = 'p526'\n",
            "[radio]\nspread.sigma_model_db = 6.3 # assumed\n# more\nmodel = 'p526'\n",
        ),
        (
            "radio.spread.sigma_model_db = 8.0\n\n# next\n[verdict]\n",
            "radio.spread.sigma_model_db = 6.3\n\n# next\n[verdict]\n",
        ),
        (
            '[radio.spread]\n"sigma_model_db" = 8\n',
            '[radio.spread]\n"sigma_model_db" = 6.3\n',
        ),
        ("[ radio . spread ]\nsigma_model_db=8.0", "[ radio . spread ]\nsigma_model_db=6.3"),
    ],
    ids=["inline", "inline-twice", "dotted", "dotted-root", "quoted", "spaced"],
)
def test_other_forms_of_a_table(before: str, after: str) -> None:
    assert set_keys(before, SPREAD, {"sigma_model_db": 6.34}) == after


def test_a_table_that_an_inline_table_lacks_is_put_into_it() -> None:
    text = set_keys("radio = { model = 'p526' } # kept\n", SPREAD, {"sigma_model_db": 6.0})
    assert text is not None
    assert text.startswith("radio = { model = 'p526', spread = {")
    assert text.endswith(" # kept\n")
    assert tomllib.loads(text)["radio"] == {"model": "p526", "spread": {"sigma_model_db": 6.0}}


def test_new_keys_stand_before_the_comments_of_the_next_table() -> None:
    text = "[radio.spread]\nsigma_model_db = 8.0\n\n# When is a village covered?\n[verdict]\n"
    assert set_keys(text, SPREAD, {"b_db": 1.0, "a_db": 2.0}) == text.replace(
        "8.0\n", "8.0\nb_db = 1.0\na_db = 2.0\n"
    )
    empty = "[radio.spread]\n\n# When is a village covered?\n[verdict]\n"
    assert set_keys(empty, SPREAD, {"b_db": 1.0}) == empty.replace(
        "spread]\n", "spread]\nb_db = 1.0\n"
    )


def test_arrays_of_tables_stay_where_they_are() -> None:
    text = (
        "[[towers]]\npath = 'a.csv'\n\n[[towers]]\npath = 'b.csv' # second\n\n"
        "[radio]\nmodel = 'p526'\n\n[[fiber.cables]]\npath = 'c.gpkg'\n\n"
        "[radio.spread]\nsigma_model_db = 8.0\n\n[[fiber.pops]]\npath = 'p.gpkg'\n"
    )
    assert set_keys(text, SPREAD, {"sigma_model_db": 6.34}) == text.replace("8.0", "6.3")
    assert set_keys(text, ("radio", "offsets_db"), {"LTE": 1.0}) == (
        text + "\n[radio.offsets_db]\nLTE = 1.0\n"
    )


def test_arrays_of_tables_in_several_places() -> None:
    text = "[[towers]]\na = 1\n[radio]\nx = 1\n[[towers]]\na = 2\n[radio.spread]\ns = 8.0\n"
    for asked in (set_keys(text, SPREAD, {"s": 6.0}), set_keys(text, ("verdict",), {"p": 0.5})):
        assert asked is None or [line for line in text.splitlines() if line not in asked] in (
            [],
            ["s = 8.0"],
        )


def test_line_ends_of_windows_are_kept() -> None:
    text = STUDY_TEXT.replace("\n", "\r\n")
    changed = set_keys(text, SPREAD, {"sigma_model_db": 6.3, "other_db": 1.0})
    assert changed == text.replace("8.0 ", "6.3 ").replace(
        "assumption\r\n", "assumption\r\nother_db = 1.0\r\n"
    )
    longer = set_keys(text, ("radio", "offsets_db"), {"LTE": -3.0})
    assert longer == text + "\r\n[radio.offsets_db]\r\nLTE = -3.0\r\n"


def test_a_header_inside_text_is_text() -> None:
    note = 'note = """\n[radio.spread]\nsigma_model_db = 8.0\n"""\n'
    text = note + "[radio.spread]\nsigma_model_db = 8.0\n"
    assert set_keys(text, SPREAD, {"sigma_model_db": 6.0}) == (
        note + "[radio.spread]\nsigma_model_db = 6.0\n"
    )


@pytest.mark.parametrize("text", ["radio = 3\n", "[[radio]]\na = 1\n", "[radio]\nspread = [1]\n"])
def test_what_is_no_table_is_left_alone(text: str) -> None:
    assert set_keys(text, SPREAD, {"sigma_model_db": 6.0}) is None


NAMES = st.text("abcxyz_-09", min_size=1, max_size=4)


@given(
    st.dictionaries(NAMES, st.dictionaries(NAMES, st.integers(-9, 9), max_size=3), max_size=4),
    NAMES,
    st.dictionaries(NAMES, st.floats(-99, 99), min_size=1, max_size=3),
)
def test_every_other_line_stays(
    tables: dict[str, dict[str, int]], path: str, values: dict[str, float]
) -> None:
    lines = ["# first"]
    for name, keys in tables.items():
        lines += [
            f"[r.{name}] # {name}",
            *(f"{k} = {v} # note" for k, v in keys.items()),
            "",
            "# -",
        ]
    text = "\n".join(lines) + "\n"
    edited = set_keys(text, ("r", path), values)
    assert edited is not None
    changed = {f"{k} = {v} # note" for k, v in tables.get(path, {}).items() if k in values}
    left = iter(edited.splitlines())
    assert all(line in left for line in text.splitlines() if line not in changed)
