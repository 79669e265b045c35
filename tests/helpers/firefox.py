"""Firefox driven by its own Marionette protocol: no driver program, only a socket.

Messages are JSON lists after their length: ``[0, id, command, parameters]`` there,
``[1, id, error, result]`` back (Firefox source docs, "Marionette protocol").
"""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

PATIENCE_S = 40.0
DEAD_PROXY = ("127.0.0.1", 9)
"""Nothing listens on the discard port: whatever a page asks of the network is refused."""

_UP: Final = {"type": "pointerUp", "button": 0}
_COMPLAINTS: Final = (
    "JavaScript error: file",
    "JavaScript error: http://127.0.0.1",
    'console.error: "',
    'console.warn: "',
)
RIGHT, LEFT, END, HOME = "\ue014", "\ue012", "\ue010", "\ue011"
"""Keys as WebDriver writes them (W3C WebDriver, "Keyboard actions")."""


def firefox_path() -> str | None:
    """Return where Firefox is, if it is."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _preferences(port: int) -> str:
    host, dead = DEAD_PROXY
    wanted = {
        "marionette.port": port,
        "network.proxy.type": 1,
        "network.proxy.http": host,
        "network.proxy.http_port": dead,
        "network.proxy.ssl": host,
        "network.proxy.ssl_port": dead,
        "network.proxy.no_proxies_on": "",
        "network.dns.disabled": True,
        "app.update.enabled": False,
        "browser.shell.checkDefaultBrowser": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "toolkit.telemetry.enabled": False,
        "browser.startup.page": 0,
        # What pages write to the console, and errors in them, come out on standard output.
        "browser.dom.window.dump.enabled": True,
        "devtools.console.stdout.content": True,
    }
    return "".join(f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in wanted.items())


class Firefox:
    """One window of a running Firefox."""

    def __init__(self, port: int, told: Path) -> None:
        self._told = told
        self._socket = self._connect(port)
        self._number = 0
        self._read()
        self.ask("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {}}})

    @staticmethod
    def _connect(port: int) -> socket.socket:
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def _read(self) -> Any:
        size = b""
        while not size.endswith(b":"):
            size += self._take(1)
        return json.loads(self._take(int(size[:-1])))

    def _take(self, count: int) -> bytes:
        parts = b""
        while len(parts) < count:
            part = self._socket.recv(count - len(parts))
            if not part:
                raise ConnectionError("Firefox closed the connection")
            parts += part
        return parts

    def ask(self, command: str, parameters: dict[str, Any]) -> Any:
        """Send one command and return its result."""
        self._number += 1
        text = json.dumps([0, self._number, command, parameters]).encode()
        self._socket.sendall(str(len(text)).encode() + b":" + text)
        _, _, error, result = self._read()
        if error:
            said = f"{command}: {error['error']}: {error['message']}"
            raise RuntimeError(said)
        return result.get("value") if isinstance(result, dict) and "value" in result else result

    def open(self, address: str) -> None:
        self.ask("WebDriver:Navigate", {"url": address})

    def size(self, width: int, height: int) -> None:
        self.ask("WebDriver:SetWindowRect", {"width": width, "height": height})

    def run(self, script: str, *arguments: Any) -> Any:
        """Return what the body of a function gives, run in the page (its own world)."""
        return self.ask(
            "WebDriver:ExecuteScript",
            {"script": script, "args": list(arguments), "sandbox": None, "newSandbox": False},
        )

    def wait(self, condition: str) -> None:
        """Wait until an expression holds."""
        end = time.monotonic() + PATIENCE_S
        while not self.run(f"return Boolean({condition});"):
            if time.monotonic() > end:
                raise TimeoutError(condition)
            time.sleep(0.05)

    def point(self, *ways: tuple[float, float], kind: str = "mouse") -> None:
        """Press at the first place of the window, go through the others, and let go at the last."""
        move = [{"type": "pointerMove", "x": round(x), "y": round(y)} for x, y in ways]
        steps = [move[0], {"type": "pointerDown", "button": 0}, *move[1:]]
        pause = {"type": "pause", "duration": 60}
        hand = {
            "type": "pointer",
            "id": kind,
            "parameters": {"pointerType": kind},
            "actions": [*(part for step in steps for part in (step, pause)), _UP],
        }
        self.ask("WebDriver:PerformActions", {"actions": [hand]})
        self.ask("WebDriver:ReleaseActions", {})

    def press(self, *keys: str) -> None:
        """Press keys one after another."""
        pressed = [{"type": way, "value": key} for key in keys for way in ("keyDown", "keyUp")]
        self.ask(
            "WebDriver:PerformActions",
            {"actions": [{"type": "key", "id": "keys", "actions": pressed}]},
        )

    def middle(self, selector: str) -> tuple[float, float]:
        """Return where an element is, scrolled into view."""
        x, y = self.run(
            """const node = document.querySelector(arguments[0]);
            node.scrollIntoView({ block: "nearest" });
            const { left, top, width, height } = node.getBoundingClientRect();
            return [left + width / 2, top + height / 2];""",
            selector,
        )
        return x, y

    def click(self, selector: str) -> None:
        self.wait(f"document.querySelector({json.dumps(selector)})")
        self.point(self.middle(selector))

    def complaints(self) -> list[str]:
        """Return the errors and warnings of pages so far, the browser's own left out."""
        lines = self._told.read_text("utf-8", errors="replace").splitlines()
        return [line for line in lines if line.startswith(_COMPLAINTS)]

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.ask("WebDriver:TakeScreenshot", {"full": False})))

    def close(self) -> None:
        self._socket.close()


@contextmanager
def firefox(profile: Path) -> Iterator[Firefox]:
    """Start Firefox without a screen and without a network, and end it."""
    path = firefox_path()
    assert path is not None
    port = _free_port()
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "user.js").write_text(_preferences(port), "utf-8")
    command = [path, "--headless", "--no-remote", "--marionette", "--profile", str(profile)]
    told = profile / "console.txt"
    with told.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            window = Firefox(port, told)
            try:
                yield window
            finally:
                window.close()
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(20)
