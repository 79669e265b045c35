"""Losses of some cells only: those of whole discs, and never in the place of whole discs."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest

from helpers.radio import X0, Y0
from helpers.signal import omni, setup
from phusong.coverage.kept.lossbytes import NODATA
from phusong.coverage.signal.losses import Losses, LossReport
from phusong.coverage.signal.plan import plan_run
from phusong.coverage.signal.store import EntryError, PathLossStore
from phusong.coverage.signal.tiles import Tiles
from phusong.crew import Crew
from phusong.grid import CellSet, Window
from phusong.progress import NoProgress

SITES = {f"S{i}": (X0 + 200.0 + 600.0 * i, Y0 - 900.0) for i in range(3)}


@pytest.fixture(scope="module")
def masts(tmp_path_factory):
    row, col = np.mgrid[:60, :80]
    heights = 200.0 + 60.0 * np.sin(row / 5.0) * np.cos(col / 7.0)
    cells = [omni(f"c{i}", name) for i, name in enumerate(SITES)]
    folder = tmp_path_factory.mktemp("masts")
    inputs, study = setup(folder, cells, heights=heights, sites=SITES, radio={"radius_km": 3.0})
    return inputs, study, plan_run(inputs, study).masts


def some_cells() -> CellSet:
    asked = CellSet()
    asked.add(np.random.default_rng(2).random((20, 30)) < 0.2, Window(10, 15, 20, 30))
    return asked


def read(losses, mast, inputs):
    return losses.read(mast, inputs.grid.window, {})


def test_losses_asked_for_are_those_of_the_whole_disc(masts, tmp_path):
    inputs, study, masts = masts
    whole = Losses(inputs, study, PathLossStore(tmp_path / "whole"))
    some = Losses(inputs, study, PathLossStore(tmp_path / "some"), asked=some_cells())
    assert whole.ensure(masts, NoProgress()).computed == 3
    assert some.ensure(masts, NoProgress()).computed == 3
    wanted = some_cells().mask(inputs.grid.window)
    for mast in masts:
        assert not set(some.keys(mast).bands) & set(whole.keys(mast).bands)
        for part, full in zip(read(some, mast, inputs), read(whole, mast, inputs), strict=True):
            assert (part[..., wanted] == full[..., wanted]).all()
            assert (part[..., wanted] != NODATA).any()
            assert (part[..., ~wanted] == NODATA).all()


def test_keys_tell_what_is_asked_for_where_a_mast_reaches(masts, tmp_path):
    inputs, study, masts = masts

    def keys(asked: CellSet | None):
        return Losses(inputs, study, PathLossStore(tmp_path), asked=asked).keys(masts[0])

    far, near = some_cells(), some_cells()
    far.add(np.ones((1, 1), dtype=bool), Window(5000, 5000, 1, 1))
    near.add(np.ones((1, 1), dtype=bool), Window(9, 15, 1, 1))
    assert keys(far) == keys(some_cells()) != keys(near)
    assert keys(None) not in (keys(near), keys(far))


def test_what_is_kept_in_full_is_not_computed_once_more(masts, tmp_path):
    inputs, study, masts = masts
    whole = Losses(inputs, study, PathLossStore(tmp_path))
    whole.ensure(masts, NoProgress())
    some = Losses(inputs, study, PathLossStore(tmp_path), asked=some_cells())
    assert some.ensure(masts, NoProgress()).from_store == 3
    assert some.keys(masts[0]) == whole.keys(masts[0])


@pytest.mark.parametrize("loss", ["damaged", "pruned"])
def test_part_of_a_disc_never_stands_for_the_whole(masts, tmp_path, loss):
    """A whole entry that is lost after it was chosen is made again as it was."""
    inputs, study, masts = masts
    whole = Losses(inputs, study, PathLossStore(tmp_path))
    whole.ensure(masts, NoProgress())
    path = PathLossStore(tmp_path).path(whole.keys(masts[0]).bands[0])
    before = path.read_bytes()
    some = Losses(inputs, study, PathLossStore(tmp_path), asked=some_cells())
    assert some.keys(masts[0]).whole
    if loss == "damaged":
        path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        tiles = Tiles(plan_run(inputs, study), some, LossReport(), inputs.grid)
        with pytest.raises(EntryError):
            list(tiles.lit(inputs.grid.window))
        tiles.mending(lambda part: list(tiles.lit(part)), inputs.grid.window)
    else:
        path.unlink()
        assert some.ensure(masts, NoProgress()).computed == 1
    assert path.read_bytes() == before


def test_workers_compute_whole_discs(masts, tmp_path):
    inputs, study, _ = masts
    with pytest.raises(ValueError, match="not spread over workers"):
        Losses(inputs, study, PathLossStore(tmp_path), Crew(nullcontext), some_cells())
