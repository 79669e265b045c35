"""Reading ``study.toml``: every problem at once, each with its line and the nearest valid key."""

from __future__ import annotations

import difflib
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from phusong.errors import OutputError, StudyError, Where
from phusong.i18n import tr
from phusong.i18n.foreign import say_anew
from phusong.study import Study

FILE_NAME = "study.toml"
_BYTES = 2**20
DATA_FOLDERS = ("boundaries", "towers", "terrain", "people", "fiber", "roads", "rivers")

_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_TABLE = re.compile(rf"^\s*(\[\[?)\s*({_DOTTED})\s*\]\]?")
_ASSIGN = re.compile(rf"^\s*({_DOTTED})\s*=")
_UNIT = re.compile(r"^(?P<stem>.+)_(?P<unit>[A-Za-z]+)$")

# \\b, \\t, \\n, \\f, \\r of a path such as "data\\towers"; prose may hold them.
_LOST = re.compile(r"[\b\t\n\f\r]")
_PROSE = {"study.name", "study.description", "study.assumptions"}
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


def read_study(path: Path) -> Study:
    """Read and validate a study.

    Parameters
    ----------
    path
        A study folder, or its ``study.toml``.

    Raises
    ------
    StudyError
        When the file is missing, is not TOML, or says something it may not; all problems of
        the file are named in one message, each with its line.
    """
    file = path / FILE_NAME if path.is_dir() else path
    try:
        if file.is_file() and file.stat().st_size > _BYTES:
            raise StudyError(
                "a study file has at most {limit} kB",
                Where(file=str(file)),
                "name the folder with the study.toml; data belong into files of their own",
                {"limit": _BYTES // 1024},
            )
        text = file.read_text("utf-8-sig")
    except FileNotFoundError:
        raise StudyError(
            "there is no study file here",
            Where(file=str(file)),
            "name a folder with a study.toml, or make one with `phusong new DIR`",
        ) from None
    except UnicodeDecodeError as error:
        raise StudyError(
            "byte {byte} is not UTF-8",
            Where(file=str(file)),
            "save the file as UTF-8",
            {"byte": error.start},
        ) from None
    return parse_study(text, file)


def parse_study(text: str, file: Path) -> Study:
    """Validate the text of a study file that lies (or will lie) at ``file``."""
    try:
        data = tomllib.loads(text)
        _refuse_lost_backslashes(data, file)
    except RecursionError:
        raise StudyError(
            "tables or lists stand too deep inside each other",
            Where(file=str(file)),
            "`phusong new DIR` writes a file with every key explained",
        ) from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = text.split("\n")[int(place[1]) - 1] if place else ""
        mend = "text stands in quotes, decimals take a point, and each key stands once"
        raise StudyError(
            "this is not valid TOML: {reason}",
            Where(file=str(file)),
            _WINDOWS_PATH if "\\" in line else mend,
            {"reason": say_anew(str(error), "toml.toml")},
        ) from None
    try:
        return Study.model_validate({**data, "folder": file.parent})
    except ValidationError as error:
        lines = key_lines(text)
        problems = [_explain(problem, lines) for problem in error.errors()]
        raise StudyError(
            "{problems}",
            Where(file=str(file)),
            "correct the lines named; `phusong new DIR` writes a file with every key explained",
            {"problems": "\n  ".join(("", *problems)) if len(problems) > 1 else problems[0]},
        ) from None


def _refuse_lost_backslashes(value: Any, file: Path, key: str = "") -> None:
    r"""Raise StudyError where "data\towers" in double quotes has become a tab and "owers"."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _refuse_lost_backslashes(inner, file, f"{key}.{name}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            _refuse_lost_backslashes(inner, file, key)
    elif isinstance(value, str) and key not in _PROSE and len(value) > 1 and _LOST.search(value):
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


def _explain(problem: Any, lines: dict[Location, int]) -> str:
    location: Location = tuple(part for part in problem["loc"] if part != "[key]")
    kind = problem["type"]
    context = problem.get("ctx", {})
    key = ".".join(str(part) for part in location)
    if kind == "extra_forbidden":
        text = _explain_unknown(location, key)
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


def _explain_unknown(location: Location, key: str) -> str:
    valid = _valid_keys(location[:-1])
    wrong = str(location[-1])
    nearest = _nearest(wrong, valid)
    if not nearest:
        return tr("unknown key `{key}`; valid here: {valid}", key=key, valid=", ".join(valid))
    ours, theirs = _UNIT.match(nearest), _UNIT.match(wrong)
    if ours and theirs and ours["stem"] == theirs["stem"]:
        return tr(
            "unknown key `{key}`: this figure is given in {unit}, as `{nearest}`",
            key=key,
            unit=ours["unit"],
            nearest=nearest,
        )
    return tr("unknown key `{key}`; the nearest valid key is `{nearest}`", key=key, nearest=nearest)


def _nearest(wrong: str, valid: list[str]) -> str | None:
    stem = wrong.rsplit("_", 1)[0]
    for name in valid:
        if name.rsplit("_", 1)[0] in {stem, wrong}:
            return name
    close = difflib.get_close_matches(wrong, valid, n=1, cutoff=0.5)
    return close[0] if close else None


def _valid_keys(location: Location) -> list[str]:
    """Return the keys a table of the study may have, by walking the models' annotations."""
    model: Any = Study
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


def new_study(folder: Path) -> Path:
    """Write a commented ``study.toml`` and the data folders; return the file's path.

    Raises
    ------
    OutputError
        When the folder has a study already.
    """
    file = folder / FILE_NAME
    if file.exists():
        raise OutputError(
            "there is a study here already", Where(file=str(file)), "choose another folder"
        )
    for name in DATA_FOLDERS:
        (folder / "data" / name).mkdir(parents=True, exist_ok=True)
    file.write_text((files("phusong.study") / "template.toml").read_text("utf-8"), "utf-8")
    return file
