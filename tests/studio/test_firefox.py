"""The studio in Debian's Firefox: placed, dragged, cut, slid, compared, saved; killed and begun anew."""

from __future__ import annotations

import os
import signal

import pytest

from helpers.browser import axe_path
from helpers.firefox import END, LEFT, RIGHT, firefox, firefox_path
from helpers.served import FIBRE, begin, written

pytestmark = pytest.mark.browser
SETTLED = """window.phusong?.altered?.seen && !phusong.draft.sending
  && phusong.altered.seen.revision === phusong.draft.revision"""
ANY = "phusong.book.figures.find((f) => f.operator === '*' && f.technology === '*' && f.place === 'outdoor')"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return written(tmp_path_factory.mktemp("studio"), FIBRE)


@pytest.fixture(scope="module")
def window(folder, tmp_path_factory):
    if firefox_path() is None:
        pytest.skip("no Firefox found (Debian: firefox-esr)")
    with firefox(tmp_path_factory.mktemp("profile")) as opened:
        opened.size(1366, 860)
        yield opened
        assert not [line for line in opened.complaints() if "EventSource" not in line]


def settle(window):
    window.wait(SETTLED)


def masts(window):
    return window.run("return phusong.draft.masts()")


def test_a_meeting_in_firefox(window, folder, artefacts):
    process, address = begin(folder)
    try:
        window.open(address)
        settle(window)
        own = window.run(f"return {ANY}.grade")
        # Placed.
        window.click("#tool-mast")
        x, y = window.middle("#map")
        window.point((x + 40, y - 30))
        window.wait("document.querySelector('.handle')")
        settle(window)
        (mast,) = masts(window)
        assert window.run(f"return {ANY}.grade") != own
        # Dragged.
        at = window.middle(".handle")
        window.point(at, (at[0] + 20, at[1] + 5), (at[0] + 50, at[1] + 10))
        window.wait(f"phusong.draft.masts()[0].longitude > {mast['longitude']}")
        settle(window)
        # Moved by a key.
        place = masts(window)[0]["longitude"]
        window.run("document.querySelector('.handle').focus()")
        window.press(RIGHT)
        window.wait(f"phusong.draft.masts()[0].longitude > {place}")
        settle(window)
        # Cut.
        window.run("phusong.select({ kind: 'pop', index: 0 })")
        window.click("#tool-cut")
        window.wait("document.querySelector('#loss-villages tr')")
        assert "2 communes lose fibre" in window.run(
            "return document.querySelector('#loss').innerText"
        )
        # Slid.
        share = window.run("return document.querySelector('.indicator-value strong').innerText")
        window.click("#definition > summary")
        window.run("document.querySelector('#define-threshold').focus()")
        window.press(*[LEFT] * 12)
        window.wait(
            f"!phusong.bench.asking && document.querySelector('.indicator-value strong').innerText !== '{share}'"
        )
        window.click("#define-own")
        # Side by side.
        window.run(
            """const node = document.querySelector("#scenario-beside");
            node.value = "="; node.dispatchEvent(new Event("change"));"""
        )
        window.wait("phusong.beside.figures.length")
        window.run("document.querySelector('#divider').focus()")
        window.press(END)
        assert window.run("return document.querySelector('#divider').ariaValueNow") == "100"
        window.picture(artefacts / "studio-firefox.png")
        path = axe_path()
        if path is not None and path.is_file():
            window.run(path.read_text("utf-8") + "; window.axe = axe;")
            found = window.run("return axe.run().then((told) => told.violations)")
            grave = {v["id"] for v in found if v["impact"] in {"serious", "critical"}}
            assert grave == set()
        # Saved, and there after a reload.
        window.run("document.querySelector('#scenario-name').value = 'Cuộc họp'")
        window.click("#scenario-save")
        window.wait("document.querySelector('#scenario-open option[value=\"Cuộc họp\"]')")
        drawn = window.run("return phusong.draft.scenario")
        window.open(address)
        settle(window)
        assert window.run("return phusong.draft.scenario") == drawn
        # Killed, and begun anew.
        process.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
        process.wait()
        window.wait("document.querySelector('#studio .flag')")
        process, other = begin(folder)
        window.open(other)
        settle(window)
        assert window.run("return phusong.draft.scenario") == drawn
        assert window.run("return document.querySelectorAll('.handle').length") == 1
    finally:
        process.kill()
        process.wait()
