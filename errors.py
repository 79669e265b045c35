"""Errors a person can meet: what went wrong, where, and how to mend it.

Text is kept as an English template with parameters, and put into words only when shown, so
that one run can speak Vietnamese and another English (see :mod:`phusong.i18n`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from phusong.i18n import tr


@dataclass(frozen=True)
class Where:
    """The place an error or finding speaks of; every part is optional."""

    file: str = ""
    layer: str = ""
    row: int | None = None
    """Record as the planner counts it: the first after the header is 1 (line 2 of a table)."""
    key: str = ""
    """Key or column concerned."""
    line: int | None = None
    """Line of a text file, from 1."""

    def __str__(self) -> str:
        parts = [self.file] if self.file else []
        if self.layer:
            parts.append(tr("layer {layer}", layer=self.layer))
        if self.row is not None:
            parts.append(tr("record {row}", row=self.row))
        if self.line is not None:
            parts.append(tr("line {line}", line=self.line))
        if self.key:
            parts.append(self.key)
        return ", ".join(parts)


@dataclass(eq=False)
class PhusongError(Exception):
    """Base of everything a user can mend.

    Parameters
    ----------
    what
        English template of what is wrong, e.g. ``"{name} holds no layer called {layer}"``.
    where
        Where it is wrong.
    mend
        English template of what to do about it.
    params
        Values for the placeholders of both templates.
    """

    what: str
    where: Where = field(default_factory=Where)
    mend: str = ""
    params: dict[str, Any] = field(default_factory=dict)

    exit_code = 1

    def __str__(self) -> str:
        place = str(self.where)
        text = tr(self.what, **self.params)
        if place:
            text = f"{place}: {text}"
        if self.mend:
            text = f"{text}\n{tr('Mend')}: {tr(self.mend, **self.params)}"
        return text


class StudyError(PhusongError):
    """The study file is wrong."""


class InputError(PhusongError):
    """A planner's file is missing, unreadable or wrong."""


class Overreach(InputError):  # noqa: N818 - reads as what happened
    """A planner's file asks for more than to be read: other machines, other files, no end."""


class OutputError(PhusongError):
    """Results cannot be written where they were asked for."""


class FetchError(PhusongError):
    """Something could not be had from another machine, or is not what it should be."""


class CrewError(PhusongError):
    """Workers cannot be had, or do not do what this process would."""


class ModelError(PhusongError):
    """A model was asked for something outside its stated range."""


class ChecksFailed(PhusongError):  # noqa: N818 - reads as what happened
    """The inputs were read, and at least one finding is of severity error."""
