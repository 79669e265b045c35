"""``python -m phusong.fiber.steiner FILE…``: solve SteinLib and PACE files, one CSV line each."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from phusong.errors import InputError, OutputError, PhusongError, Where
from phusong.fiber.steiner.reader import Instance, read_instance
from phusong.fiber.steiner.solve import TIME_LIMIT_S, solve, warm_up

if TYPE_CHECKING:
    from phusong.fiber.steiner.solve import SteinerResult

COLUMNS = (
    "instance",
    "nodes",
    "edges",
    "terminals",
    "cost",
    "lower_bound",
    "gap_percent",
    "seconds",
    "status",
)
_NAMED = 20
"""Terminals named in a message at most."""


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--time-limit",
    "time_limit_s",
    default=TIME_LIMIT_S,
    show_default=True,
    type=click.FloatRange(min=0.0, min_open=True),
    help="Seconds for each instance; compiling on the first run comes on top.",
)
@click.option("--seed", default=0, show_default=True, help="Order in which starts are tried.")
@click.option(
    "--tree",
    "tree_out",
    type=click.Path(path_type=Path),
    help="Write the trees here: one file, or a folder when several instances are given.",
)
def main(files: tuple[Path, ...], time_limit_s: float, seed: int, tree_out: Path | None) -> None:
    """Find Steiner trees in SteinLib (.stp) and PACE (.gr) FILES, with a proven lower bound."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    sys.stdout.flush()
    failed = False
    warm = False
    for file in files:
        try:
            instance = read_instance(file)
            if not warm:
                warm_up()
                warm = True
            result = solve(
                instance.tail,
                instance.head,
                instance.cost,
                instance.terminals,
                nodes=instance.nodes,
                time_limit_s=time_limit_s,
                seed=seed,
            )
            _refuse_unreachable(file, result)
            writer.writerow(_row(instance, result))
            if tree_out is not None:
                _write_tree(tree_out, instance, result, several=len(files) > 1)
        except PhusongError as error:
            click.echo(str(error), err=True)
            failed = True
        sys.stdout.flush()
    if failed:
        sys.exit(1)


def _refuse_unreachable(file: Path, result: SteinerResult) -> None:
    if not result.unreachable.size:
        return
    names = [str(v + 1) for v in result.unreachable[:_NAMED]]
    if result.unreachable.size > _NAMED:
        names.append("…")
    raise InputError(
        "{count} terminals are not connected to the others: {names}",
        Where(file=str(file)),
        "add edges that reach them or take them off the terminals",
        {"count": int(result.unreachable.size), "names": ", ".join(names)},
    )


def _row(instance: Instance, result: SteinerResult) -> list[object]:
    return [
        instance.name,
        instance.nodes,
        instance.cost.size,
        instance.terminals.size,
        _plain(result.cost),
        _plain(result.lower_bound),
        f"{100 * result.gap:.4f}",
        f"{result.seconds:.2f}",
        result.status,
    ]


def _plain(value: float) -> str:
    """Write whole numbers without a point, others with all their digits."""
    return str(int(value)) if value == int(value) else repr(value)


def _write_tree(out: Path, instance: Instance, result: SteinerResult, *, several: bool) -> None:
    """Write a tree as PACE wants it: ``VALUE cost``, then the ends of an edge a line, from 1."""
    ends = np.stack([instance.tail[result.edges], instance.head[result.edges]], axis=1) + 1
    lines = [f"VALUE {_plain(result.cost)}", *(f"{a} {b}" for a, b in ends)]
    path = out / f"{instance.name}.tree" if several else out
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text("\n".join(lines) + "\n", "utf-8")
        part.replace(path)
    except OSError as error:
        raise OutputError(
            "the tree cannot be written: {reason}",
            Where(file=str(path)),
            "give a place that can be written to",
            {"reason": error.strerror or str(error)},
        ) from error


if __name__ == "__main__":
    main()
