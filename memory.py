"""Memory that was used once and is free again."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress


def give_back() -> None:
    """Give free memory back to the system where its allocator keeps it for itself (glibc).

    Reading leaves holes between what is kept: of a country's tables a third.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
