"""Whether a status, in the planner's own words, means that a thing works today.

Words are those of ``status.toml`` beside this file. A word that is in neither of its lists never
counts as working: a route over cable that may not be lit is worse than a question.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.text import as_code

_HUMP = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BREAK = re.compile(r"[\W_]+")
_FLAGS = {"0", "1"}


class State(Enum):
    """What a status says of today."""

    WORKS = "works"
    NOT_TODAY = "not_today"
    UNKNOWN = "unknown"


def in_service(
    values: Sequence[object],
    working: Sequence[str],
    rule: str,
    findings: Findings,
    where: Where,
) -> NDArray[np.bool_]:
    """Say which records work today, and report how each status was read.

    Parameters
    ----------
    values
        Status of each record; an empty one works.
    working
        The study's list of statuses that work; empty: those known to mean so. A status that is
        not known does not work, and is listed (S31).
    rule
        Rule that takes the report, when any record does not work.
    """
    texts = [as_code(v) for v in values]
    named = {_folded(w) for w in working}
    count = Counter(t for t in texts if t is not None)
    flags = {t for t in count if t.isdigit()} <= _FLAGS
    works: dict[str | None, bool] = {None: True}
    for text, n in count.items():
        if named:
            works[text] = _folded(text) in named
            continue
        state = State.UNKNOWN if text.isdigit() and not flags else state_of(text)
        works[text] = state is State.WORKS
        if state is State.UNKNOWN:
            findings.add(
                "S31",
                where,
                text,
                "{status}: {n} of {total} records",
                status=text,
                n=n,
                total=len(texts),
            )
    out = np.array([works[t] for t in texts], dtype=bool)
    if not out.all():
        on = Counter(t or "-" for t, works_ in zip(texts, out, strict=True) if works_)
        off = Counter(t for t, works_ in zip(texts, out, strict=True) if not works_)
        findings.add(
            rule,
            where,
            detail="in service: {works}; not in service: {rests}",
            works=_counts(on),
            rests=_counts(off),
        )
    return out


def state_of(text: str) -> State:
    """Return what one status says.

    A text that names anything of :attr:`State.NOT_TODAY` is that, whatever else it holds; one
    that works may hold nothing beside but fillers and figures (``operational since 2019``).
    """
    if text.lower().startswith(("http://", "https://", "urn:")):  # a codelist's URI
        text = re.split(r"[/#:]", text.rstrip("/"))[-1]
    if text in _FLAGS:
        return State.WORKS if text == "1" else State.NOT_TODAY
    words = _words(text)
    phrases, longest, fillers = _phrases()
    if (whole := phrases.get("".join(words))) is not None:
        return whole
    found: set[State] = set()
    at = 0
    while at < len(words):
        for size in range(min(longest, len(words) - at), 0, -1):
            run = "".join(words[at : at + size])
            if run in phrases and len(run) > 2:  # letters like HĐ stand alone
                found.add(phrases[run])
                at += size
                break
        else:
            if _is_year_to_come(words[at]) or not (words[at] in fillers or words[at].isdigit()):
                found.add(State.UNKNOWN)
            at += 1
    for state in (State.NOT_TODAY, State.UNKNOWN, State.WORKS):
        if state in found:
            return state
    return State.UNKNOWN


def _is_year_to_come(word: str) -> bool:
    """Say whether a word is a year after this one: ``in service from 2100`` does not work today."""
    return re.fullmatch(r"2\d{3}", word) is not None and int(word) > datetime.now(tz=UTC).year


def _words(text: str) -> list[str]:
    """Return words without case, accents and signs; ``underConstruction`` is two."""
    apart = _HUMP.sub(" ", text).replace("đ", "d").replace("Đ", "D")
    bare = "".join(c for c in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(c))
    return [word for word in _BREAK.split(bare.casefold()) if word]


def _folded(text: str) -> str:
    return "".join(_words(text))


@cache
def _phrases() -> tuple[dict[str, State], int, frozenset[str]]:
    """Return the folded phrases, how many words the longest has, and the fillers."""
    table = tomllib.loads((files(__package__) / "status.toml").read_text("utf-8"))
    listed = {
        state: [phrase for own in table[state.value].values() for phrase in own]
        for state in (State.WORKS, State.NOT_TODAY)
    }
    phrases = {_folded(p): state for state, own in listed.items() for p in own}
    longest = max(len(_words(p)) for own in listed.values() for p in own)
    fillers = frozenset(w for p in table["fillers"]["words"] for w in _words(p))
    return phrases, longest, fillers


def _counts(counter: Counter[str] | Counter[str | None]) -> str:
    return ", ".join(f"{text} ({n})" for text, n in counter.most_common()) or "-"
