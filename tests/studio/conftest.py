"""A studio of the hilly province that listens, and the browser that draws on it."""

from __future__ import annotations

import time

import httpx
import pytest

from helpers.altered import make_hills
from phusong.studio.opening import open_studio


@pytest.fixture(scope="session")
def artefacts(checkout):
    """Where pictures of the page are left to be looked at."""
    place = checkout / "test-artefacts" / "studio"
    place.mkdir(parents=True, exist_ok=True)
    return place


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def server(folder):
    with open_studio(make_hills(folder), language="en") as served:
        thread = served.start()
        yield served
        served.stop()
        thread.join(30)  # it closes what it listens on itself


@pytest.fixture
def ask(server):
    """Ask as a page does, one connection."""
    origin = server.address.rsplit("/", 2)[0]
    with httpx.Client(base_url=server.address, timeout=60) as client:

        def one(path, body=None, **headers):
            if body is None:
                return client.get(path, headers=headers)
            return client.post(path, json=body, headers={"origin": origin, **headers})

        yield one


@pytest.fixture
def settled(ask):
    """Wait until what follows from the last edit is known; return the state."""

    def wait(seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            state = ask("state").json()
            if state["seen"] or state["failed"]:
                return state
            time.sleep(0.05)
        raise AssertionError(state)

    return wait
