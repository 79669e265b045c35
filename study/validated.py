"""TOML against a model: every problem at once, each with its line and the nearest valid key."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from phusong.errors import StudyError, Where
from phusong.i18n import tr
from phusong.i18n.foreign import say_anew
from phusong.study.settings.base import Section

_BYTES = 2**20

S = TypeVar("S", bound=Section)

_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_TABLE = re.compile(rf"^\s*(\[\[?)\s*({_DOTTED})\s*\]\]?")
_ASSIGN = re.compile(rf"^\s*({_DOTTED})\s*=")
_UNIT = re.compile(r"^(?P<stem>.+)_(?P<unit>[A-Za-z]+)$")

# \\b, \\t, \\n, \\f, \\r of a path such as "data\\towers"; prose may hold them.
_LOST = re.compile(r"[\b\t\n\f\r]")
_WINDOWS_PATH = "write a Windows path in single quotes, 'data\\towers.csv', or with /"

Location = tuple[str | int, ...]

# What pydantic calls a problem -> our words for it. `{value}`, `{limit}` and `{choices}` come
# from the problem's own context.
_WORDS = {
    "missing": "`{key}` is missing",
    "float_parsing": "`{key}` takes a number without a unit, not {value}",
    "float_type": "`{key}` takes a number without a unit, not {value}",
    "int_parsing": "`{key}` takes a whole number, not {value}",
    "int_type": "`{key}` takes a whole number, not {value}",
    "int_from_float": "`{key}` takes a whole number, not {value}",
    "bool_parsing": "`{key}` takes true or false, not {value}",
    "bool_type": "`{key}` takes true or false, not {value}",
    "string_type": "`{key}` takes text in quotes, not {value}",
    "path_type": "`{key}` takes a path in quotes, not {value}",
    "list_type": "`{key}` takes a list in brackets, not {value}",
    "dict_type": "`{key}` is a table of its own, not {value}",
    "model_type": "`{key}` is a table of its own, not {value}",
    "finite_number": "`{key}` takes a finite number, not {value}",
    "greater_than": "`{key}` must be over {limit}, not {value}",
    "greater_than_equal": "`{key}` must be at least {limit}, not {value}",
    "less_than": "`{key}` must be under {limit}, not {value}",
    "less_than_equal": "`{key}` must be at most {limit}, not {value}",
    "literal_error": "`{key}` must be one of {choices}, not {value}",
    "too_short": "`{key}` must not be empty",
    "string_pattern_mismatch": "`{key}` must be one character, such as ; and not {value}",
    "string_too_short": "`{key}` must not be empty",
    "value_error": "`{key}`: {reason}",
}


def read_text(file: Path, gone: str, mend: str) -> str:
    """Return the text of a TOML file of ours.

    Parameters
    ----------
    gone, mend
        What to say, and what to do, where there is no such file.

    Raises
    ------
    StudyError
        When the file is missing, too large, or not UTF-8.
    """
    try:
        if file.is_file() and file.stat().st_size > _BYTES:
            raise StudyError(
                "a study file has at most {limit} kB",
                Where(file=str(file)),
                "name the folder with the study.toml; data belong into files of their own",
                {"limit": _BYTES // 1024},
            )
        return file.read_text("utf-8-sig")
    except FileNotFoundError:
        raise StudyError(gone, Where(file=str(file)), mend) from None
    except UnicodeDecodeError as error:
        raise StudyError(
            "byte {byte} is not UTF-8",
            Where(file=str(file)),
            "save the file as UTF-8",
            {"byte": error.start},
        ) from None


def validated(
    text: str, file: Path, model: type[S], mend: str, prose: frozenset[str] | None, **more: Any
) -> S:
    """Return what a TOML text says, as a model.

    Parameters
    ----------
    text
        Of a file that lies (or will lie) at ``file``.
    model
        What the text has to be.
    mend
        Where to read what may stand there.
    prose
        Keys whose texts are sentences, and may hold tabs; None: all of them.
    more
        Fields of the model which no file says.

    Raises
    ------
    StudyError
        When the text is no TOML, or says something that it may not; names every problem, each
        with its line.
    """
    try:
        data = tomllib.loads(text)
        if prose is not None:
            _refuse_lost_backslashes(data, file, prose)
    except RecursionError:
        raise StudyError(
            "tables or lists stand too deep inside each other",
            Where(file=str(file)),
            mend,
        ) from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = text.split("\n")[int(place[1]) - 1] if place else ""
        plain = "text stands in quotes, decimals take a point, and each key stands once"
        raise StudyError(
            "this is not valid TOML: {reason}",
            Where(file=str(file)),
            _WINDOWS_PATH if "\\" in line else plain,
            {"reason": say_anew(str(error), "toml.toml")},
        ) from None
    try:
        return model.model_validate({**data, **more})
    except ValidationError as error:
        lines = key_lines(text)
        problems = [_explain(problem, lines, model) for problem in error.errors()]
        raise StudyError(
            "{problems}",
            Where(file=str(file)),
            mend,
            {"problems": "\n  ".join(("", *problems)) if len(problems) > 1 else problems[0]},
        ) from None


def _refuse_lost_backslashes(value: Any, file: Path, prose: frozenset[str], key: str = "") -> None:
    r"""Raise StudyError where "data\towers" in double quotes has become a tab and "owers"."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _refuse_lost_backslashes(inner, file, prose, f"{key}.{name}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            _refuse_lost_backslashes(inner, file, prose, key)
    elif isinstance(value, str) and key not in prose and len(value) > 1 and _LOST.search(value):
        raise StudyError(
            "`{key}` holds a tab or the like, {value}: a backslash in double quotes begins a code",
            Where(file=str(file)),
            _WINDOWS_PATH,
            {"key": key, "value": repr(value)},
        )


def key_lines(text: str) -> dict[Location, int]:
    """Return the line (from 1) on which each table and key of a TOML text stands."""
    found: dict[Location, int] = {}
    counts: dict[Location, int] = {}
    table: Location = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _TABLE.match(line):
            table = _indexed(_parts(match[2]), counts)
            if match[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            found.setdefault(table, number)
        elif match := _ASSIGN.match(line):
            found.setdefault((*table, *_parts(match[1])), number)
    return found


def _parts(dotted: str) -> Location:
    return tuple(part.strip("\"'") for part in re.findall(_KEY, dotted))


def _indexed(parts: Location, counts: dict[Location, int]) -> Location:
    """Put the index of the open element behind every array of tables on the way."""
    path: Location = ()
    for part in parts[:-1]:
        path = (*path, part)
        if path in counts:
            path = (*path, counts[path])
    return (*path, parts[-1])


def _line_of(location: Location, lines: dict[Location, int]) -> int | None:
    for end in range(len(location), 0, -1):
        if location[:end] in lines:
            return lines[location[:end]]
    return None


def _explain(problem: Any, lines: dict[Location, int], model: type[BaseModel]) -> str:
    location: Location = tuple(part for part in problem["loc"] if part != "[key]")
    kind = problem["type"]
    context = problem.get("ctx", {})
    key = ".".join(str(part) for part in location)
    if kind == "extra_forbidden":
        text = _explain_unknown(location, key, model)
    elif kind in _WORDS:
        limit = next((context[k] for k in ("gt", "ge", "lt", "le") if k in context), "")
        text = tr(
            _WORDS[kind],
            key=key,
            value=repr(problem["input"]),
            limit=limit,
            choices=context.get("expected", ""),
            reason=context.get("error", ""),
        )
    else:
        text = f"`{key}`: {problem['msg']}"
    line = _line_of(location, lines)
    return f"{tr('line {line}', line=line)}: {text}" if line else text


def _explain_unknown(location: Location, key: str, model: type[BaseModel]) -> str:
    valid = _valid_keys(location[:-1], model)
    wrong = str(location[-1])
    close = nearest(wrong, valid)
    if not close:
        return tr("unknown key `{key}`; valid here: {valid}", key=key, valid=", ".join(valid))
    ours, theirs = _UNIT.match(close), _UNIT.match(wrong)
    if ours and theirs and ours["stem"] == theirs["stem"]:
        return tr(
            "unknown key `{key}`: this figure is given in {unit}, as `{nearest}`",
            key=key,
            unit=ours["unit"],
            nearest=close,
        )
    return tr("unknown key `{key}`; the nearest valid key is `{nearest}`", key=key, nearest=close)


def nearest(wrong: str, valid: list[str]) -> str | None:
    """Return the valid name that a wrong one most likely means; None where none is near."""
    stem = wrong.rsplit("_", 1)[0]
    for name in valid:
        if name.rsplit("_", 1)[0] in {stem, wrong}:
            return name
    close = difflib.get_close_matches(wrong, valid, n=1, cutoff=0.5)
    return close[0] if close else None


def _valid_keys(location: Location, root: type[BaseModel]) -> list[str]:
    """Return the keys that a table may have, by walking the models' annotations."""
    model: Any = root
    inside_dict = False
    for part in location:
        if isinstance(part, int) or inside_dict:
            inside_dict = False  # an element: its model was taken from the annotation already
            continue
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return []
        field = model.model_fields.get(part)
        if field is None:
            return []
        inside_dict = get_origin(field.annotation) is dict
        model = _inner(field.annotation)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [name for name in model.model_fields if name != "folder"]
    return []


def _inner(annotation: Any) -> Any:
    """Return the model inside ``list[Model]``, ``dict[str, Model]`` or ``Model | None``."""
    origin = get_origin(annotation)
    if origin in {Union, UnionType}:
        options = [a for a in get_args(annotation) if a is not type(None)]
        return _inner(options[0])
    if origin in {list, dict}:
        return _inner(get_args(annotation)[-1])
    return annotation
