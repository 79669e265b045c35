"""Multipliers that prove a bound, in terms that do not depend on who found them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


class Row(IntEnum):
    """What a row of the relaxation says."""

    CUT = 0
    BALANCE = 1
    ENTERED = 2
    SITE = 3
    PAIR = 4
    BUDGET = 5


@dataclass(frozen=True)
class Certificate:
    """Rows that hold for every plan, and their multipliers."""

    bound: float
