"""A page open in headless Chromium with every request blocked: what the browser tests share."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


def chromium_path() -> str | None:
    """Return where Chromium is, if it is."""
    return (
        os.environ.get("PHUSONG_CHROMIUM")
        or shutil.which("chromium")
        or shutil.which("google-chrome")
    )


def axe_path() -> Path | None:
    """Return where axe-core is: what the environment names, else what the test package ships."""
    named = os.environ.get("PHUSONG_AXE")
    if named:
        return Path(named)
    spec = importlib.util.find_spec("axe_playwright_python")
    return None if spec is None else Path(str(spec.origin)).parent / "axe.min.js"


@dataclass
class Visit:
    """A page that is open, and all it complained of or asked for."""

    page: Any
    complaints: list[str] = field(default_factory=list)

    def frames(self) -> None:
        """Let the canvas be painted."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def rest(self) -> None:
        """Let the list and the address follow the map, and the canvas be painted."""
        self.page.wait_for_timeout(350)
        self.frames()

    def pixels(self, west: float = 0, east: float = 1) -> int:
        """Return a number that stands for what the canvas holds between two shares of its width."""
        self.frames()
        return self.page.evaluate(
            """([west, east]) => {
              const canvas = document.querySelector("canvas.surface");
              const copy = document.createElement("canvas");
              const from = Math.round(west * canvas.width);
              [copy.width, copy.height] = [Math.round(east * canvas.width) - from, canvas.height];
              const pen = copy.getContext("2d", { willReadFrequently: true });
              pen.drawImage(canvas, -from, 0);
              const { data } = pen.getImageData(0, 0, copy.width, copy.height);
              let sum = 0;
              for (const word of new Uint32Array(data.buffer)) sum = (Math.imul(sum, 31) + word) | 0;
              return sum;
            }""",
            [west, east],
        )

    def choose(self, name: str, value: str) -> None:
        self.page.locator(f'input[name="{name}"][value="{value}"]').check(force=True)
        self.frames()

    def layer(self, name: str, on: bool) -> None:
        self.page.locator(f'input[data-layer="{name}"]').set_checked(on)
        self.frames()

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def unfair(self) -> dict[str, list[str]]:
        """Return what axe-core calls serious or worse, each with where it is."""
        path = axe_path()
        if path is None or not path.is_file():
            pytest.skip("axe-core is not here: install axe-playwright-python or set PHUSONG_AXE")
        if not self.page.evaluate("Boolean(window.axe)"):
            self.page.evaluate(path.read_text("utf-8"))
        # Of what is right only that it is: to write all of it down takes longer than to look.
        found = self.page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
        return {
            v["id"]: [node["html"][:160] for node in v["nodes"]][:3]
            for v in found
            if v["impact"] in {"serious", "critical"}
        }


@contextmanager
def visits(chromium: Any, ready: list[Any]) -> Iterator[Callable[..., Visit]]:
    """Give a function that opens pages; at the end none of them may have complained.

    A new window takes several times the processor time of the page that is shown in it: those in
    ``ready`` are used again, empty, and come back to it empty. One of another kind (``more``) is
    made for its visit alone.
    """
    opened: list[tuple[Visit, Callable[[], None]]] = []

    def go(
        file: Path, width: int = 1366, height: int = 768, address: str = "", **more: Any
    ) -> Visit:
        size = {"width": width, "height": height}
        if ready and not more:
            page = ready.pop()
            page.set_viewport_size(size)
        else:
            page = chromium.new_context(viewport=size, offline=True, **more).new_page()
        here = Visit(page)
        leave = _listen(here)
        opened.append((here, page.context.close if more else leave))
        page.goto(file.as_uri() + address)
        # Asked for from outside: the page's own policy lets no string be run inside it, which
        # is what waiting for a function does when the page is not ready at once.
        while not page.evaluate("Boolean(window.phusong)"):
            page.wait_for_timeout(20)
        here.rest()
        return here

    yield go
    for here, leave in opened:
        complaints = list(here.complaints)
        leave()
        assert not complaints
        if not here.page.is_closed():
            ready.append(here.page)


def _listen(here: Visit) -> Callable[[], None]:
    """Write down what a page complains of and asks for; return what ends that and empties it."""
    page, complain = here.page, here.complaints.append
    heard = {
        "console": lambda m: complain(f"{m.type}: {m.text}"),
        "pageerror": lambda e: complain(f"error: {e}"),
        "requestfailed": lambda r: complain(f"failed: {r.url[:80]}"),
        "dialog": lambda d: complain(f"dialog: {d.message}"),
    }
    for event, say in heard.items():
        page.on(event, say)

    def route(request: Any) -> None:
        if request.request.url.split(":", 1)[0] in {"file", "data", "blob"}:
            request.continue_()
        else:
            complain(f"asked for {request.request.url[:80]}")
            request.abort()

    page.context.route("**/*", route)

    def leave() -> None:
        for event, say in heard.items():
            page.remove_listener(event, say)
        page.context.unroute("**/*", route)
        page.mouse.move(-10, -10)
        page.goto("about:blank")

    return leave
