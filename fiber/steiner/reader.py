"""Reading Steiner instances: SteinLib ``.stp`` and PACE 2018 ``.gr``, which share one grammar."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from phusong.errors import InputError, Where

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Instance:
    """An instance as the file gives it, vertices counted from 0.

    Attributes
    ----------
    name
        Stem of the file.
    nodes
        Number of vertices.
    tail, head
        Ends of the edges, int64, shape (m,).
    cost
        Costs of the edges, float64, shape (m,).
    terminals
        Vertices to be spanned, int64, in the order of the file.
    """

    name: str
    nodes: int
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    cost: NDArray[np.float64]
    terminals: NDArray[np.int64]


def read_instance(path: str | Path) -> Instance:
    """Read a SteinLib or PACE file.

    Parameters
    ----------
    path
        Text file with the sections ``Graph`` and ``Terminals``; others are passed over.

    Raises
    ------
    InputError
        When the file cannot be read, ends early, or a line is not what its section allows; names
        the line.
    """
    path = Path(path)
    try:
        lines = path.read_text("utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise InputError(
            "the file cannot be read: {reason}",
            Where(file=str(path)),
            "give the path of a SteinLib (.stp) or PACE (.gr) file",
            {"reason": error.strerror or str(error)},
        ) from error
    return _Parser(path, lines).parse()


class _Parser:
    """One pass over the lines, by section."""

    def __init__(self, path: Path, lines: list[str]) -> None:
        self.path = path
        self.lines = lines
        self.at = 0
        self.nodes = -1
        self.edges: list[tuple[int, int, float]] = []
        self.terminals: dict[int, None] = {}

    def fail(self, what: str, mend: str = "", **params: object) -> NoReturn:
        where = Where(file=str(self.path), line=max(self.at, 1))
        raise InputError(what, where, mend, dict(params))

    def words(self) -> list[str]:  # noqa: RET503 - fail() never returns
        """Return the words of the next line that holds any; fails at the end of the file."""
        while self.at < len(self.lines):
            words = self.lines[self.at].split()
            self.at += 1
            if words and not words[0].startswith("#"):
                return words
        self.fail(
            "the file ends inside a section",
            "fetch the file again: it was cut short",
        )

    def number(self, word: str) -> int:
        try:
            return int(word)
        except ValueError:
            self.fail("{word} is not a whole number", word=word)

    def vertex(self, word: str) -> int:
        number = self.number(word)
        if not 1 <= number <= self.nodes:
            self.fail(
                "vertex {vertex} is outside 1 to {nodes}",
                "name vertices within the count the line Nodes gives",
                vertex=number,
                nodes=self.nodes,
            )
        return number - 1

    def price(self, word: str) -> float:
        try:
            price = float(word)
        except ValueError:
            self.fail("{word} is not a cost", word=word)
        if not math.isfinite(price) or price < 0:
            self.fail("the cost {cost} is negative or not finite", cost=word)
        return price

    def parse(self) -> Instance:
        found: set[str] = set()
        while self.at < len(self.lines):
            line = self.lines[self.at].split()
            self.at += 1
            if not line:
                continue
            if line[0].upper() == "EOF":
                break
            if line[0].upper() != "SECTION":
                if not found and self.nodes < 0:
                    continue  # the magic number of a SteinLib file, or remarks above the first
                self.fail("{word} stands outside every section", word=line[0])
            section = " ".join(line[1:]).lower()
            if section == "graph":
                self.graph()
            elif section == "terminals":
                self.marks()
            else:
                while self.words()[0].upper() != "END":
                    pass
            found.add(section)
        for section in ("Graph", "Terminals"):
            if section.lower() not in found:
                self.fail(
                    "the section {section} is missing",
                    "fetch the file again: it was cut short",
                    section=section,
                )
        ends = np.array([edge[:2] for edge in self.edges], np.int64).reshape(-1, 2)
        return Instance(
            self.path.stem,
            self.nodes,
            ends[:, 0].copy(),
            ends[:, 1].copy(),
            np.array([edge[2] for edge in self.edges], np.float64),
            np.array(list(self.terminals), np.int64),
        )

    def graph(self) -> None:
        declared = -1
        while (words := self.words())[0].upper() != "END":
            key = words[0].upper()
            if key in {"A", "ARCS"}:
                self.fail(
                    "the instance is directed",
                    "give an undirected instance, whose edges are lines E",
                )
            if key not in {"E", "NODES", "EDGES"}:
                self.fail(
                    "{word} is not known in the section {section}", word=words[0], section="Graph"
                )
            if len(words) != (4 if key == "E" else 2):
                self.fail(
                    "the line {key} holds {count} values instead of {needed}",
                    key=words[0],
                    count=len(words) - 1,
                    needed=3 if key == "E" else 1,
                )
            if key == "NODES":
                self.nodes = self.number(words[1])
            elif key == "EDGES":
                declared = self.number(words[1])
            else:
                self.edges.append(
                    (self.vertex(words[1]), self.vertex(words[2]), self.price(words[3]))
                )
        if self.nodes < 1:
            self.fail("the line {key} is missing or not positive", key="Nodes")
        self.agree("Edges", declared, len(self.edges))

    def marks(self) -> None:
        if self.nodes < 0:
            self.fail("the section {section} stands before Graph", section="Terminals")
        declared = -1
        while (words := self.words())[0].upper() != "END":
            key = words[0].upper()
            if key in {"ROOT", "ROOTP"}:
                continue  # a root is one of the terminals, and all roots give the same tree
            if key not in {"T", "TERMINALS"}:
                self.fail(
                    "{word} is not known in the section {section}",
                    word=words[0],
                    section="Terminals",
                )
            if len(words) != 2:
                self.fail(
                    "the line {key} holds {count} values instead of {needed}",
                    key=words[0],
                    count=len(words) - 1,
                    needed=1,
                )
            if key == "TERMINALS":
                declared = self.number(words[1])
                continue
            vertex = self.vertex(words[1])
            if vertex in self.terminals:
                self.fail("terminal {vertex} is named twice", vertex=vertex + 1)
            self.terminals[vertex] = None
        self.agree("Terminals", declared, len(self.terminals))
        if not self.terminals:
            self.fail("the instance names no terminal")

    def agree(self, key: str, declared: int, found: int) -> None:
        if declared != found:
            self.fail(
                "{key} announces {declared} lines and {found} follow",
                "fetch the file again: it was cut short or edited",
                key=key,
                declared=declared if declared >= 0 else "no",
                found=found,
            )
