"""Losses of many paths: one JSON object a line in, one row a line out, in order."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from phusong.coverage.propagation.linkpath import link_path
from phusong.coverage.propagation.registry import MODELS, Model, model_named
from phusong.errors import InputError, ModelError, OutputError, Where
from phusong.i18n import tr
from phusong.sources.bounds import LINES_BYTES, refuse_long, refuse_packed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from phusong.coverage.propagation.linkpath import LinkPath

ALL = "all"


def link_profiles(lines: Iterable[str], model: str = ALL) -> pd.DataFrame:
    """Return the loss of each line's path under one model, or under every one that applies.

    Parameters
    ----------
    lines
        JSON objects, one a line, as
        :func:`phusong.coverage.propagation.linkpath.link_path` takes them.
    model
        Name of a model, or ``all``.

    Returns
    -------
    DataFrame
        One row a line, in order: ``line`` (from 1), ``loss_db`` (the one model) or
        ``<model>_loss_db`` of each model, ``itm_warnings`` where ITM is computed (bits as in
        NTIA's code), and ``reason``: why there is no loss, for the line or, with ``all``, for
        each model that does not apply; after it the keys of the line that are not known and
        shaped nothing. Empty where there is nothing to say.

    Raises
    ------
    ModelError
        When there is no such model.
    """
    chosen = list(MODELS.values()) if model == ALL else [model_named(model)]
    several = model == ALL
    rows = [
        {"line": number, **_row(line, chosen, several)}
        for number, line in enumerate(lines, start=1)
    ]
    columns = ["line"]
    for one in chosen:
        columns.append(f"{one.name}_loss_db" if several else "loss_db")
        if one.name == "itm":
            columns.append("itm_warnings")
    table = pd.DataFrame(rows, columns=[*columns, "reason"])
    if "itm_warnings" in table:
        table["itm_warnings"] = table["itm_warnings"].astype("Int64")
    return table


def _parse(line: str) -> LinkPath:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise ModelError(
            "The line is not JSON: {error}", params={"error": f"{error.msg} ({error.pos})"}
        ) from error
    except ValueError as error:  # a number of thousands of digits
        raise ModelError(
            "The line is not JSON: {error}", params={"error": str(error).partition(";")[0]}
        ) from error
    except RecursionError as error:
        raise ModelError("The line is nested too deeply") from error
    return link_path(record)


def _row(line: str, chosen: list[Model], several: bool) -> dict[str, object]:
    try:
        path = _parse(line)
    except ModelError as error:
        return {"reason": _reason(error)}
    row: dict[str, object] = {}
    reasons = []
    for model in chosen:
        try:
            loss = model.path_loss(path)
        except ModelError as error:
            reason = _reason(error)
            named = reason.startswith(f"{model.name}:") or not several
            reasons.append(reason if named else f"{model.name}: {reason}")
            continue
        row[f"{model.name}_loss_db" if several else "loss_db"] = loss.loss_db
        if model.name == "itm":
            row["itm_warnings"] = loss.warnings
    if path.unknown:
        reasons.append(tr("keys not known, left out: {keys}", keys=", ".join(path.unknown)))
    row["reason"] = "; ".join(reasons)
    return row


def _reason(error: ModelError) -> str:
    """Return what is wrong, on one line."""
    return " ".join(tr(error.what, **error.params).split())


def link_file(source: str | os.PathLike[str], model: str, out: str | os.PathLike[str]) -> int:
    """Write the losses of a file of paths to a CSV file; either may be gzipped by its name.

    Returns the number of lines that have no loss at all.

    Raises
    ------
    InputError
        When the source is missing, not UTF-8 or not whole.
    OutputError
        When the result cannot be written; what stood there before is left as it was.
    ModelError
        When there is no such model.
    """
    if model != ALL:
        model_named(model)
    table = link_profiles(read_lines(source), model)
    target = Path(out)
    temporary = target.with_name(target.name + ".part")
    opener = gzip.open if target.suffix == ".gz" else open
    try:
        with opener(temporary, "wt", encoding="utf-8", newline="") as file:
            table.to_csv(file, index=False, lineterminator="\n")
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(
            "The losses cannot be written: {error}",
            where=Where(file=str(target)),
            params={"error": error.strerror or str(error)},
        ) from error
    losses = [column for column in table.columns if str(column).endswith("loss_db")]
    return int(table[losses].isna().all(axis=1).sum())


def read_lines(source: str | os.PathLike[str]) -> list[str]:
    """Return the lines of a text file that are not blank at its end; gzip by its first bytes.

    Raises
    ------
    InputError
        When the file is missing, not UTF-8, or a gzip that is cut short.
    """
    path = Path(source)
    where = Where(file=str(path))
    try:
        if path.is_file():  # a pipe typed by a person is as long as that person lets it be
            refuse_long(path, LINES_BYTES, where)
            refuse_packed(path, where, LINES_BYTES)
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            "The profiles cannot be read: {error}",
            where=where,
            params={"error": getattr(error, "strerror", None) or str(error)},
            mend="Give a .jsonl file, plain or gzipped, one JSON object a line.",
        ) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            "The profiles are not UTF-8 text",
            where=where,
            mend="Give a .jsonl file, plain or gzipped, one JSON object a line.",
        ) from error
    lines = text.replace("\r\n", "\n").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    return lines
