"""Some cells of a grid: what is put in comes out, by any window."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from phusong.grid import CellSet, Window

_SIDE = 700  # three blocks


@st.composite
def windows(draw: st.DrawFn) -> Window:
    row, col = draw(st.integers(0, _SIDE - 1)), draw(st.integers(0, _SIDE - 1))
    rows, cols = draw(st.integers(1, _SIDE - row)), draw(st.integers(1, _SIDE - col))
    return Window(row, col, rows, cols)


@given(parts=st.lists(windows(), min_size=1, max_size=4), asked=windows(), seed=st.integers(0, 9))
def test_a_set_is_what_was_put_in(parts: list[Window], asked: Window, seed: int) -> None:
    random = np.random.default_rng(seed)
    plain, some = np.zeros((_SIDE, _SIDE), dtype=bool), CellSet()
    whole = Window(0, 0, _SIDE, _SIDE)
    for part in parts:
        chosen = random.random(part.shape) < 0.1
        plain[part.slices_in(whole)] |= chosen
        some.add(chosen, part)
    assert (some.mask(asked) == plain[asked.slices_in(whole)]).all()
    assert (some.mask(whole) == plain).all()


def test_a_digest_tells_of_the_blocks_of_its_window_alone() -> None:
    one, other = CellSet(), CellSet()
    near, far = Window(10, 10, 5, 5), Window(600, 600, 5, 5)
    for cells in (one, other):
        cells.add(np.eye(5, dtype=bool), near)
    assert one.digest(near) == other.digest(near)
    other.add(np.eye(5, dtype=bool), far)
    assert one.digest(near) == other.digest(near)
    assert one.digest(far) != other.digest(far)
    other.add(np.ones((1, 1), dtype=bool), Window(10, 11, 1, 1))
    assert one.digest(near) != other.digest(near)
