"""Path losses in an object store: what a folder keeps, over a server that speaks S3."""

from __future__ import annotations

import builtins
import pickle

import numpy as np
import pytest

from helpers.objects import BUCKET, environment, serving
from phusong.coverage.kept import bucket
from phusong.coverage.signal.store import EntryError, PathLossStore
from phusong.errors import StudyError
from phusong.grid import Window

URL = f"s3://{BUCKET}/ha-giang"
KEY, OTHER = "ab" * 32, "cd" * 32
WINDOW = Window(100, 200, 700, 900)


@pytest.fixture
def objects(monkeypatch):
    with serving() as held:
        for key, value in environment(held).items():
            monkeypatch.setenv(key, value)
        yield held


@pytest.fixture
def losses():
    rng = np.random.default_rng(0)
    values = rng.uniform(60, 250, WINDOW.shape).astype("float32")
    values[:40, :70] = np.nan
    return values


@pytest.fixture
def store(objects, losses):
    store = PathLossStore(URL)
    store.write(KEY, WINDOW, losses, 0.05, {"site_id": "S1", "freq_mhz": 900.0})
    return store


def name(key=KEY):
    return f"ha-giang/{key[:2]}/{key}.loss"


def test_an_object_holds_the_bytes_of_a_file(tmp_path, store, objects, losses):
    folder = PathLossStore(tmp_path)
    folder.write(KEY, WINDOW, losses, 0.05, {"site_id": "S1", "freq_mhz": 900.0})
    assert list(objects.held) == [name()]
    assert objects.held[name()] == folder.path(KEY).read_bytes()


@pytest.mark.parametrize(
    "window", [WINDOW, Window(110, 210, 50, 60), Window(0, 0, 150, 250), Window(0, 0, 10, 10)]
)
def test_what_is_read_is_what_was_written(tmp_path, store, losses, window):
    folder = PathLossStore(tmp_path)
    folder.write(KEY, WINDOW, losses, 0.05)
    fresh = PathLossStore(URL)
    assert fresh.has(KEY)
    assert fresh.window(KEY) == WINDOW
    np.testing.assert_array_equal(fresh.read(KEY, window), folder.read(KEY, window))


def test_a_window_asks_for_its_blocks_only(store, objects):
    whole = len(objects.held[name()])
    fresh = PathLossStore(URL)
    fresh.window(KEY)
    objects.asked.clear()
    fresh.read(KEY, Window(760, 1000, 20, 20))
    sent = 0
    for _, _, asked in objects.asked:
        first, last = asked.removeprefix("bytes=").split("-")
        sent += int(last) + 1 - int(first)
    assert len(objects.asked) == 2
    assert sent < whole / 3


def test_an_object_that_is_not_there_cut_or_altered_is_computed_again(store, objects):
    assert not store.has(OTHER)
    kept = objects.held[name()]
    for damaged in (b"", kept[:10], kept[:-1], b"no loss at all" * 99):
        objects.held[name()] = damaged
        fresh = PathLossStore(URL)
        assert not fresh.has(KEY)
        with pytest.raises(EntryError):
            fresh.read(KEY, WINDOW)
    at = len(kept) - 50
    objects.held[name()] = kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :]
    fresh = PathLossStore(URL)
    with pytest.raises(EntryError):
        fresh.read(KEY, WINDOW)


def test_what_a_server_refuses_serves_the_run(store, objects, losses, caplog):
    objects.refuses = 403
    store.write(OTHER, WINDOW, losses, 0.05)
    np.testing.assert_allclose(store.read(OTHER, WINDOW), losses, atol=0.026)
    assert [URL in line.getMessage() for line in caplog.records] == [True]
    objects.refuses = 0
    assert not PathLossStore(URL).has(OTHER)


def test_a_server_that_is_down_is_not_asked_for_ever(objects, losses):
    store = PathLossStore(URL)
    objects.refuses = 403
    for i in range(bucket.PATIENCE):
        assert not store.has(f"{i:064d}")
    asked = len(objects.asked)
    objects.refuses = 0
    store.write(KEY, WINDOW, losses, 0.05)  # kept for the run, not sent
    assert store.has(KEY)
    assert len(objects.asked) == asked
    assert not objects.held


def test_what_is_not_there_is_no_refusal(objects, losses):
    store = PathLossStore(URL)
    for i in range(2 * bucket.PATIENCE):
        assert not store.has(f"{i:064d}")
    store.write(KEY, WINDOW, losses, 0.05)
    assert list(objects.held) == [name()]


def test_kept_entries_are_told_and_pruned(store, objects, losses):
    store.write(OTHER, WINDOW, losses, 0.05, {"site_id": "S2"})
    objects.held["ha-giang/readme.txt"] = b"not ours"
    objects.held["ha-giang/ef/" + "ef" * 32 + ".loss"] = b"broken"
    said = store.summary()
    assert (said["folder"], said["entries"], said["sites"], said["broken"]) == (URL, 3, 2, 1)
    assert said["bytes"] == sum(map(len, objects.held.values())) - len(b"not ours")
    count, freed = store.prune(keep={KEY})
    assert count == 2
    assert freed > 6
    assert sorted(objects.held) == [name(), "ha-giang/readme.txt"]


def test_a_worker_opens_the_same_place(store):
    again = pickle.loads(pickle.dumps(store))
    assert again.place == URL
    assert again.has(KEY)


def test_a_place_that_is_none_is_told(monkeypatch, objects):
    with pytest.raises(StudyError, match="no object store"):
        PathLossStore("ftp://somewhere/losses")
    real = builtins.__import__

    def without(wanted, *args, **kwargs):
        if wanted == "obstore":
            raise ImportError(wanted)
        return real(wanted, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(StudyError, match="needs obstore") as told:
        bucket.Bucket(URL)
    assert "phusong[objects]" in str(told.value.mend)
