"""Which rules are mended in copies, and why the others are not."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Decision:
    """What is done about a rule's findings; ``why`` is an English template."""

    safe: bool
    why: str


@cache
def decisions() -> Mapping[str, Decision]:
    """Return the decision on every rule, by its number."""
    table = tomllib.loads((files("phusong.mending") / "decisions.toml").read_text("utf-8"))
    out = {rule: Decision(safe=True, why=why) for rule, why in table["safe"].items()}
    for reason, numbers in table["unsafe"].items():
        for rule in numbers:
            out[rule] = Decision(safe=False, why=table["reasons"][reason])
    return out
