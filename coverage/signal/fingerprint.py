"""Digests of what losses are computed by, the propagation code, and over, the ground."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from phusong.coverage.kept.lossbytes import BLOCK
from phusong.grid import Window, block_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

    from phusong.sources.inputs import Raster


@cache
def engine_fingerprint() -> str:
    """Return the fingerprint of the propagation code: a changed model recomputes its losses."""
    return code_fingerprint(files("phusong.coverage.propagation"))


def code_fingerprint(package: Traversable) -> str:
    """Return the SHA-256 of the code of a package and of those in it.

    Only what is executed counts: comments, docstrings and layout do not, so that a formula may
    be explained better without a province's losses being computed anew.
    """
    digest = hashlib.sha256()
    for name, source in sorted(_sources(package, "")):
        digest.update(name.encode())
        code: list[str] = []
        _write(ast.parse(source), code)
        digest.update("\n".join(code).encode())
    return digest.hexdigest()


def _sources(folder: Traversable, below: str) -> Iterator[tuple[str, bytes]]:
    """Yield the modules of a package and of those in it: path from the package, and text."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry, f"{below}{entry.name}/")
        elif entry.name.endswith(".py"):
            yield f"{below}{entry.name}", entry.read_bytes()


def _write(node: object, out: list[str]) -> None:
    """Append a syntax tree piece by piece, in order, without what is nothing but a text.

    As :func:`ast.dump`, which has no way to leave docstrings out and takes longer.
    """
    if isinstance(node, list):
        out.append("[")
        for entry in node:
            if not _is_text(entry):
                _write(entry, out)
        out.append("]")
    elif isinstance(node, ast.AST):
        out.append(type(node).__name__)
        for field in node._fields:
            _write(getattr(node, field, None), out)
    else:
        out.append(repr(node))


def _is_text(statement: object) -> bool:
    """Whether a statement is a docstring, of a module, class, function or variable."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


class ContentDigest:
    """SHA-256 of what a raster holds under a window, without reading any part twice.

    The raster is digested in blocks, so a window's digest changes with any block it touches.
    """

    def __init__(self, raster: Raster) -> None:
        self._raster = raster
        self._blocks: dict[tuple[int, int], bytes] = {}

    def of(self, window: Window) -> str:
        """Return the digest of the blocks a window touches."""
        inside = window.intersect(self._raster.grid.window)
        digest = hashlib.sha256()
        for place, _ in inside.blocks(BLOCK):
            if place not in self._blocks:
                part = block_at(place, BLOCK)
                values = self._raster.read(part.intersect(self._raster.grid.window))
                self._blocks[place] = hashlib.sha256(values.tobytes()).digest()
            digest.update(self._blocks[place])
        return digest.hexdigest()
