"""The path-loss store: what goes in comes out, and nothing damaged ever does."""

import json
import multiprocessing
import os
import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from phusong.coverage.kept.lossbytes import BLOCK, NODATA, to_ticks
from phusong.coverage.signal.store import EntryError, PathLossStore, entry_key
from phusong.grid import Window

WINDOW = Window(100, 200, 300, 400)


@pytest.fixture
def losses():
    rng = np.random.default_rng(0)
    values = rng.uniform(60, 250, WINDOW.shape).astype("float32")
    values[:40, :70] = np.nan
    return values


@pytest.fixture
def store(tmp_path, losses):
    store = PathLossStore(tmp_path / "store")
    store.write("ab" * 32, WINDOW, losses, 0.05, {"site_id": "S1", "freq_mhz": 900.0})
    return store


KEY = "ab" * 32


def test_what_goes_in_comes_out_within_half_a_step(store, losses):
    back = store.read(KEY, WINDOW)
    assert np.array_equal(np.isnan(back), np.isnan(losses))
    assert np.nanmax(np.abs(back - losses)) <= 0.025 + 1e-4


@settings(max_examples=40, deadline=None)
@given(st.integers(-50, 700), st.integers(-50, 900), st.integers(1, 300), st.integers(1, 300))
def test_any_window_equals_the_part_of_the_whole(tmp_path_factory, row, col, rows, cols):
    folder = tmp_path_factory.getbasetemp() / "shared_store"
    store = PathLossStore(folder)
    whole = np.arange(WINDOW.rows * WINDOW.cols, dtype="float32").reshape(WINDOW.shape) % 1000
    if not store.has(KEY):
        store.write(KEY, WINDOW, whole, 1.0)
    asked = Window(row, col, rows, cols)
    expected = np.full(asked.shape, np.nan, dtype="float32")
    part = asked.intersect(WINDOW)
    if not part.empty:
        expected[part.slices_in(asked)] = whole[part.slices_in(WINDOW)]
    np.testing.assert_array_equal(store.read(KEY, asked), expected)


def test_heads_of_a_country_are_not_all_remembered(tmp_path, losses, monkeypatch):
    monkeypatch.setattr("phusong.coverage.signal.store._KNOWN", 3)
    store = PathLossStore(tmp_path)
    keys = [f"{i:02d}" * 32 for i in range(10)]
    for i, key in enumerate(keys):
        store.write(key, WINDOW, losses + i, 0.05)
        assert store.has(key)
    for turn in range(2):
        for i, key in enumerate(keys):
            assert np.nanmax(np.abs(store.read(key, WINDOW) - losses - i)) < 0.03, turn
            assert len(store._headers) <= 3


def test_ticks_hold_the_ends_and_mark_nothing():
    ticks = to_ticks(np.array([np.nan, 0.0, 0.074, 5e3, -5e3], dtype="float32"), 0.05)
    assert ticks.tolist() == [NODATA, 0, 1, 32767, -32767]


def test_noise_and_emptiness_pack(tmp_path):
    store = PathLossStore(tmp_path)
    empty = np.full((BLOCK, BLOCK), np.nan, dtype="float32")
    store.write("00" * 32, Window(0, 0, BLOCK, BLOCK), empty, 0.05)
    assert store.path("00" * 32).stat().st_size < 400
    assert np.isnan(store.read("00" * 32, Window(0, 0, BLOCK, BLOCK))).all()


def test_key_depends_on_everything_and_not_on_order():
    base = {"mast": [1.0, 2.0, 30.0], "freq_mhz": 900.0}
    assert entry_key(base) == entry_key(dict(reversed(base.items())))
    assert entry_key(base) != entry_key({**base, "freq_mhz": 900.1})
    assert len(entry_key(base)) == 64


def test_missing_entry(tmp_path):
    store = PathLossStore(tmp_path / "none")
    assert not store.has(KEY)
    with pytest.raises(EntryError):
        store.read(KEY, WINDOW)
    assert store.summary()["entries"] == 0
    assert store.prune() == (0, 0)


def damage(path, change):
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(bytes(data))


def cut(data):
    del data[-10:]


def flip_magic(data):
    data[0] ^= 0xFF


def flip_header(data):
    data[40] ^= 0xFF


@pytest.mark.parametrize("change", [cut, flip_magic, flip_header, bytearray.clear])
def test_a_damaged_head_or_length_is_seen_at_once(store, change):
    damage(store.path(KEY), change)
    assert not store.has(KEY)
    assert store.summary()["broken"] == 1
    with pytest.raises(EntryError):
        PathLossStore(store.place).read(KEY, WINDOW)


@pytest.mark.parametrize("size", [0, 100, 50_000_000])
@pytest.mark.parametrize("told", [False, True])
def test_a_block_of_another_size_is_refused_before_it_grows(tmp_path, size, told):
    block = zstandard.ZstdCompressor(write_content_size=told).compress(bytes(size))
    head = {"key": KEY, "window": [0, 0, BLOCK, BLOCK], "step": 0.05, "about": {}}
    head = json.dumps(head | {"blocks": [[0, 0, 0, len(block), zlib.crc32(block)]]}).encode()
    path = PathLossStore(tmp_path).path(KEY)
    path.parent.mkdir()
    start = b"PHSNGPL\x02" + struct.pack("<II", len(head), zlib.crc32(head))
    path.write_bytes(start + head + block)
    store = PathLossStore(tmp_path)
    assert store.has(KEY)
    tracemalloc.start()
    with pytest.raises(EntryError):
        store.read_ticks(KEY, Window(0, 0, BLOCK, BLOCK))
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("window", [0, 0, "256", 256]),
        ("window", [0.5, 0, 256, 256]),
        ("blocks", [[0, 0, -1, 10, 0]]),
        ("blocks", [[0, 0, 0, 2**40, 0], [0, 1, 0, 10 - 2**40, 0]]),
        ("blocks", [[0, 0, "0", 10, 0]]),
        ("step", []),
        ("about", 7),
        ("deep", "x"),
    ],
)
def test_a_head_that_says_odd_things_is_no_entry(tmp_path, field, value):
    head = {"key": KEY, "window": [0, 0, BLOCK, BLOCK], "step": 0.05, "about": {}}
    head["blocks"] = [[0, 0, 0, 10, 0]]
    text = json.dumps(head | {field: value})
    if field == "deep":
        text = text.replace('"x"', "[" * 200_000 + "]" * 200_000)
    path = PathLossStore(tmp_path).path(KEY)
    path.parent.mkdir()
    start = b"PHSNGPL\x02" + struct.pack("<II", len(text), zlib.crc32(text.encode()))
    path.write_bytes(start + text.encode() + bytes(10))
    assert not PathLossStore(tmp_path).has(KEY)
    with pytest.raises(EntryError):
        PathLossStore(tmp_path).read_ticks(KEY, Window(0, 0, BLOCK, BLOCK))


def test_a_frame_that_looks_back_further_than_a_block_is_refused(tmp_path):
    wide = zstandard.ZstdCompressionParameters.from_level(
        1, window_log=27, write_content_size=False
    )
    parts = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    block = parts.compress(bytes(2 * BLOCK * BLOCK)) + parts.flush()
    assert zstandard.get_frame_parameters(block).window_size == 2**27
    head = {"key": KEY, "window": [0, 0, BLOCK, BLOCK], "step": 0.05, "about": {}}
    head = json.dumps(head | {"blocks": [[0, 0, 0, len(block), zlib.crc32(block)]]}).encode()
    path = PathLossStore(tmp_path).path(KEY)
    path.parent.mkdir()
    start = b"PHSNGPL\x02" + struct.pack("<II", len(head), zlib.crc32(head))
    path.write_bytes(start + head + block)
    with pytest.raises(EntryError):
        PathLossStore(tmp_path).read_ticks(KEY, Window(0, 0, BLOCK, BLOCK))


def test_ticks_are_the_nearest_of_even_ones_at_a_half():
    some = np.array([[0.5, 1.5, -0.5, -2.5], [np.inf, -np.inf, np.nan, 1e-40]], dtype="float32")
    assert to_ticks(some[:, ::-1], 1.0).tolist() == [
        [-2, 0, 2, 0],
        [0, NODATA, -32767, 32767],
    ]


def test_a_damaged_block_is_seen_when_read(store):
    def flip_body(data):
        data[-20] ^= 0xFF

    damage(store.path(KEY), flip_body)
    assert store.has(KEY)
    with pytest.raises(EntryError):
        store.read(KEY, WINDOW)
    # Blocks that are whole still serve.
    assert np.isfinite(store.read(KEY, Window(150, 300, 10, 10))).all()


def test_a_foreign_entry_under_our_name_is_refused(store):
    other = "cd" * 32
    store.path(other).parent.mkdir(parents=True)
    store.path(other).write_bytes(store.path(KEY).read_bytes())
    assert not store.has(other)
    store.path(other).write_text("not ours")
    assert not store.has(other)


def test_writing_again_mends(store, losses):
    damage(store.path(KEY), cut)
    store.write(KEY, WINDOW, losses, 0.05)
    assert store.has(KEY)
    assert np.nanmax(np.abs(store.read(KEY, WINDOW) - losses)) < 0.03


def test_what_cannot_be_kept_serves_the_run(store, losses, monkeypatch, caplog):
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    for key in ("ee" * 32, "ef" * 32):
        store.write(key, WINDOW, losses, 0.05)
        assert np.nanmax(np.abs(store.read(key, WINDOW) - losses)) < 0.03
        assert store.has(key)
        assert not PathLossStore(store.place).has(key)
    assert list(store.place.rglob("*.tmp")) == []
    assert [str(store.place) in line.getMessage() for line in caplog.records] == [True]
    monkeypatch.undo()
    store.write("ee" * 32, WINDOW, losses, 0.05)
    assert PathLossStore(store.place).has("ee" * 32)


def test_a_store_that_cannot_be_made_serves_the_run(tmp_path, losses):
    (tmp_path / ".phusong").write_text("a file, where the work folder should be")
    store = PathLossStore(tmp_path / ".phusong" / "store")
    store.write(KEY, WINDOW, losses, 0.05)
    assert np.nanmax(np.abs(store.read(KEY, WINDOW) - losses)) < 0.03


def a_pipe(path):
    os.mkfifo(path)


def a_folder(path):
    path.mkdir()


def a_full_folder(path):
    path.mkdir()
    (path / "dear").write_text("x")


def a_link(path):
    path.symlink_to(path.with_name("elsewhere"))
    path.with_name("elsewhere").write_text("somebody's")


def of_a_later_version(path):
    head = json.dumps({"key": KEY, "tiles": []}).encode()
    start = b"PHSNGPL\x02" + struct.pack("<II", len(head), zlib.crc32(head))
    path.write_bytes(start + head)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders")
@pytest.mark.parametrize("other", [a_pipe, a_folder, a_full_folder, a_link, of_a_later_version])
def test_what_is_no_entry_is_passed_over_and_made(store, losses, other):
    store.path(KEY).unlink()
    other(store.path(KEY))
    fresh = PathLossStore(store.place)
    assert not fresh.has(KEY)
    assert fresh.summary()["broken"] == 1
    fresh.write(KEY, WINDOW, losses, 0.05)
    assert np.nanmax(np.abs(fresh.read(KEY, WINDOW) - losses)) < 0.03
    kept = store.path(KEY).with_name("elsewhere")
    assert not kept.exists() or kept.read_text() == "somebody's"


def test_an_entry_another_run_holds_open_is_as_good(store, losses, monkeypatch):
    def held(*_):
        raise PermissionError

    monkeypatch.setattr("pathlib.Path.replace", held)
    store.write(KEY, WINDOW, losses, 0.05)
    assert store.has(KEY)
    assert store.path(KEY).is_relative_to(store.place)


def _write_often(folder, seed):
    store = PathLossStore(folder)
    values = np.random.default_rng(7).uniform(60, 200, (300, 300)).astype("float32")
    for _ in range(15):
        store.write(KEY, Window(0, 0, 300, 300), values, 0.05)
        store.read(KEY, Window(10, 10, 200, 200))
    os._exit(0)


def test_two_runs_at_once_do_no_harm(tmp_path):
    context = multiprocessing.get_context("fork")
    runs = [context.Process(target=_write_often, args=(tmp_path, s)) for s in (1, 2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0, 0]
    assert PathLossStore(tmp_path).summary()["broken"] == 0
    assert list(tmp_path.rglob("*.tmp")) == []


def test_summary_and_prune(store, losses):
    store.write("cd" * 32, WINDOW, losses, 0.05, {"site_id": "S2"})
    store.write("ef" * 32, WINDOW, losses, 0.05, {"site_id": "S2"})
    old = time.time() - 10 * 86400
    os.utime(store.path("cd" * 32), (old, old))
    summary = store.summary()
    assert (summary["entries"], summary["sites"], summary["broken"]) == (3, 2, 0)
    assert summary["oldest"] == pytest.approx(old, abs=2)
    assert store.prune(older_than_days=5)[0] == 1
    assert not store.has("cd" * 32)
    size = store.path(KEY).stat().st_size
    count, freed = store.prune(max_bytes=size + 10, keep={KEY})
    assert (count, freed > 0) == (1, True)
    assert store.has(KEY)
    assert store.prune()[0] == 1
    assert store.summary()["entries"] == 0


def test_prune_clears_what_dead_runs_left(store):
    left = store.path(KEY).with_name("x.loss.deadbeef.tmp")
    left.write_bytes(b"half")
    store.prune(keep={KEY})
    assert left.exists()  # perhaps still being written
    os.utime(left, (0, 0))
    store.prune(keep={KEY})
    assert not left.exists()
    assert store.has(KEY)


def test_use_keeps_an_entry_young(store):
    os.utime(store.path(KEY), (1000, 1000))
    assert store.has(KEY)
    assert store.path(KEY).stat().st_mtime > 1e9
