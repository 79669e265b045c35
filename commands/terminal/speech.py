"""The command line's own words in the language asked for: help, usage, and what is wrong with it.

click itself speaks English: its messages are said anew by i18n/foreign.py.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import IO, Any, Final

import click

from phusong.i18n import get_language, set_language, tr
from phusong.i18n.foreign import say_anew

LANGUAGE_VARIABLE: Final = "PHUSONG_LANG"
_CATALOGUE = "click.toml"
_METAVARS = {"OPTIONS": "TÙY_CHỌN", "COMMAND": "LỆNH", "ARGS": "THAM_SỐ"}
_EXTRA = re.compile(r"(?:^|  )\[([^\[\]]+)\]$")


def choose_language(arguments: Sequence[str]) -> None:
    """Set the language before anything is parsed: --help may stand before --lang."""
    chosen = os.environ.get(LANGUAGE_VARIABLE, "")
    for here, following in pairwise([*arguments, ""]):
        if here == "--":
            break
        if here == "--lang":
            chosen = following
        elif here.startswith("--lang="):
            chosen = here.removeprefix("--lang=")
    if chosen in {"vi", "en"}:
        set_language("vi" if chosen == "vi" else "en")


class Formatter(click.HelpFormatter):
    """Writes help in the current language."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        if get_language() == "vi":
            for english, vietnamese in _METAVARS.items():
                args = re.sub(rf"\b{english}\b", vietnamese, args)
        super().write_usage(prog, args, prefix or f"{tr('Usage')}: ")

    def write_heading(self, heading: str) -> None:
        """Write a heading such as Options."""
        super().write_heading(tr(heading))

    def write_text(self, text: str) -> None:
        """Write running text, paragraph by paragraph."""
        super().write_text("\n\n".join(map(_paragraph, text.split("\n\n"))))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write names with what they mean."""
        super().write_dl([(name, in_words(text)) for name, text in rows], col_max, col_spacing)


class Context(click.Context):
    """A context whose help is written by :class:`Formatter`."""

    formatter_class = Formatter


class Refused(click.UsageError):
    """Wrong usage, said in the current language."""

    def __init__(self, error: click.UsageError) -> None:
        super().__init__(say_anew(error.format_message(), _CATALOGUE), error.ctx)

    def show(self, file: IO[Any] | None = None) -> None:
        """Print usage, where help is, and what is wrong."""
        lines = []
        if self.ctx is not None:
            path = self.ctx.command_path
            lines = [self.ctx.get_usage(), tr("`{command} --help` says more.", command=path), ""]
        click.echo("\n".join([*lines, f"{tr('Error')}: {self.format_message()}"]), file, err=True)


def short_help(command: click.Command) -> str:
    """Return a command's first sentence, whole."""
    first = inspect.cleandoc(command.help or "").split("\n\n")[0]
    return tr(" ".join(first.split())).split(". ")[0].rstrip(".")


def paragraphs(text: str) -> Iterator[str]:
    r"""Yield the templates of a help text: paragraphs, and the lines of those marked ``\b``."""
    for part in inspect.cleandoc(text).split("\n\n"):
        if part.startswith("\b"):
            yield from (line.strip() for line in part.splitlines()[1:])
        else:
            yield " ".join(part.split())


def _paragraph(text: str) -> str:
    if text.startswith("\b"):
        head, *lines = text.splitlines()
        return "\n".join([head, *(_line(line) for line in lines)])
    return tr(" ".join(text.split()))


def _line(line: str) -> str:
    words = line.strip()
    return line[: len(line) - len(line.lstrip())] + tr(words)


def in_words(text: str) -> str:
    """Return the text beside a name; what click adds in brackets is said too."""
    extra = _EXTRA.search(text)
    if extra is None:
        return tr(text)
    said = "; ".join(_added(part) for part in extra[1].split("; "))
    return f"{tr(text[: extra.start()])}  [{said}]".strip()


def _added(part: str) -> str:
    name, colon, value = part.partition(": ")
    return f"{tr(name)}{colon}{value}"
