"""Every sentence a person can meet has its Vietnamese, with the same placeholders."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from phusong.checks import Severity, rules
from phusong.i18n import catalogue, number, rooms, set_language, tr

ERRORS = {
    "StudyError",
    "InputError",
    "OutputError",
    "ModelError",
    "ChecksFailed",
    "PhusongError",
    "Overreach",
    "FetchError",
    "CannotMendError",
    "_Passing",
}
OUTSIDE = {"tests", "benchmarks", "tools", "qgis", "build", ".venv", ".typing", "docs"}


def _literal(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _templates(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        keywords = {k.arg: k.value for k in node.keywords}
        found: list[ast.expr | None] = []
        if name == "tr" and node.args:
            found = [node.args[0]]
        elif name in ERRORS:
            found = [
                node.args[0] if node.args else keywords.get("what"),
                node.args[2] if len(node.args) > 2 else keywords.get("mend"),
            ]
        elif name == "Indicator":
            found = [keywords.get("title"), keywords.get("definition"), keywords.get("unit")]
        elif name == "start" and len(node.args) == 3:
            found = [node.args[2]]
        elif name == "add" and (len(node.args) >= 2 or "detail" in keywords):
            found = [node.args[3] if len(node.args) > 3 else keywords.get("detail")]
        for item in found:
            text = _literal(item)
            if text and any(c.isalpha() for c in re.sub(r"{[^}]*}", "", text)):
                yield text


def _sources(checkout: Path) -> Iterator[Path]:
    yield from (path for path in checkout.glob("*.py") if path.name != "bootstrap.py")
    for folder in sorted(checkout.iterdir()):
        if (folder / "__init__.py").exists() and folder.name not in OUTSIDE:
            yield from sorted(folder.rglob("*.py"))


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_template_is_translated(checkout: Path) -> None:
    missing = {
        f"{path.relative_to(checkout)}: {text!r}"
        for path in _sources(checkout)
        for text in _templates(ast.parse(path.read_text("utf-8")))
        if text not in catalogue()
    }
    assert not missing, "\n".join(sorted(missing))


def test_every_rule_is_translated() -> None:
    for rule in rules().values():
        for text in (rule.title, rule.effect, rule.mend):
            assert text in catalogue(), f"{rule.number}: {text!r}"


def test_no_template_has_two_translations() -> None:
    seen: dict[str, str] = {}
    for name, room in rooms().items():
        for template, text in room.items():
            assert seen.setdefault(template, text) == text, f"{name}: {template!r}"


def test_placeholders_agree() -> None:
    for template, translation in catalogue().items():
        assert _placeholders(template) == _placeholders(translation), template


def test_severities_are_translated() -> None:
    for severity in Severity:
        assert str(severity) in catalogue()


def test_language_is_chosen() -> None:
    assert tr("record {row}", row=3) == "record 3"
    set_language("vi")
    assert tr("record {row}", row=3) == "bản ghi 3"
    assert tr("record {row}", "en", row=3) == "record 3"


def test_decimals_follow_a_comma_but_not_in_degrees() -> None:
    assert tr("{km:.1f} km at {lon:.5f}, {lat:.5f}", km=34.78, lon=105.1, lat=23.0) == (
        "34.8 km at 105.10000, 23.00000"
    )
    set_language("vi")
    assert tr("{km:,.1f} km at {lon:.2f}, {lat:.2f}", km=1034.78, lon=105.1, lat=23.0) == (
        "1.034,8 km at 105.10, 23.00"
    )
    assert tr("{a} {b} {n:d} {t}", a=0.5, b=np.float64(1.5), n=3, t="1.5") == "0,5 1,5 3 1.5"
    assert number(0.743, ".1%") == "74,3%"


def test_unknown_template_is_shown_as_it_is() -> None:
    set_language("vi")
    assert tr("never translated {x}", x=1) == "never translated 1"


def test_missing_placeholder_is_an_error() -> None:
    with pytest.raises(KeyError):
        tr("record {row}", other=1)
