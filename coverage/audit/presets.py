"""What a claim of coverage has to stand up to: the study's own word, or a regulator's figure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from phusong.errors import StudyError, Where
from phusong.study import Study


@dataclass(frozen=True)
class Preset:
    """What counts as claimed, and how often tests have to succeed there.

    Attributes
    ----------
    id
        Its name.
    title, says, source, assumed
        English templates.
    probability
        A place is claimed where P(served) is at least this.
    share
        Part of the tests inside the claimed area that has to succeed; None: the tests are held
        against the map's own probabilities.
    """

    id: str
    title: str
    says: str
    source: str
    probability: float
    share: float | None = None
    assumed: str = ""

    @property
    def promise(self) -> float:
        """Share that confirms a claim: the one asked for, else the probability of a place."""
        return self.probability if self.share is None else self.share


@cache
def preset_table() -> Mapping[str, Mapping[str, Any]]:
    """Return the presets as they are written, by name."""
    text = (files("phusong.coverage.audit") / "presets.toml").read_text("utf-8")
    return tomllib.loads(text)


def preset_of(
    name: str, study: Study, *, probability: float | None = None, share: float | None = None
) -> Preset:
    """Return a preset, with the study's own figures where it leaves one open.

    Parameters
    ----------
    name
        A table of ``presets.toml``.
    study
        For the probability that a preset does not say.
    probability, share
        In place of the preset's.

    Raises
    ------
    StudyError
        When there is no such preset.
    """
    known = preset_table()
    if name not in known:
        raise StudyError(
            "there is no preset of an audit called {name}",
            Where(key="preset"),
            "choose among: {known}",
            {"name": name, "known": ", ".join(known)},
        )
    said: dict[str, Any] = {"probability": study.verdict.probability, **known[name]}
    found = Preset(id=name, **said)
    if probability is not None:
        found = replace(found, probability=probability)
    return found if share is None else replace(found, share=share)
