"""Whether a process runs no more."""

from __future__ import annotations

import os
import time
from pathlib import Path


def gone(pid: int, within_s: float = 10.0) -> bool:
    """Say whether a process ends in time.

    One whose parent is gone waits to be taken; it runs no more.
    """
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except ProcessLookupError:
            return True
        except FileNotFoundError:
            pass  # no such files on this machine, or it ended just now: then it is gone next time
        time.sleep(0.05)
    return False
