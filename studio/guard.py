"""Who may ask: pages of this studio on this machine, with its token, and nobody else."""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
from base64 import b64encode
from collections.abc import Awaitable, Callable, MutableMapping
from hashlib import sha256
from typing import Any, Final

MOST_BODY_BYTES: Final = 1_000_000
"""Of a request; the longest scenario of a meeting has a hundredth of it."""
HEARD_OUT_BYTES: Final = 32_000_000
"""Of a body that is refused: who is still talking when the line closes may never see the answer."""
HEARD_OUT_S: Final = 10.0
TOKEN_BYTES: Final = 24

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_STANDARD: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(), camera=(), microphone=()",
}
_NOTHING: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class TooLargeError(Exception):
    """A body is larger than any page sends."""


def new_token() -> str:
    """Return a token nobody can guess, fit for an address."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def policy_for(page: str) -> str:
    """Return the policy of a page: its own scripts run, by their hashes, and no others.

    The page asks this server alone.
    """
    hashes = sorted({_hash(script) for script in _SCRIPT.findall(page)})
    scripts = " ".join(f"'sha256-{one}'" for one in hashes)
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; "
        "img-src data: blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
        "form-action 'none'"
    )


def _hash(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode("ascii")


class Guard:
    """Lets requests through to an application, or says no in one line.

    Refused are: a Host that is not this address (another name that was made to point here), an
    Origin of another page, a path without the token, a body that is too large.

    Parameters
    ----------
    app
        Sees paths without the token.
    token
        First part of every path.
    port
        Where the studio listens.
    """

    def __init__(self, app: App, token: str, port: int) -> None:
        self._app, self._token = app, token
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._origins = {f"http://{host}" for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        refused = self._refusal(scope)
        if refused:
            if not _waits(scope):
                await _hear_out(receive)
            await _say(send, *refused)
            return
        prefix = f"/{self._token}"
        inner = {**scope, "path": scope["path"][len(prefix) :] or "/", "root_path": ""}
        await self._app(inner, _limited(receive), _dressed(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = {name.lower(): value for name, value in scope["headers"]}
        host = headers.get(b"host", b"").decode("latin-1")
        if host not in self._hosts:
            return 421, "not this host"
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1") not in self._origins:
            return 403, "not from this page"
        if scope["method"] not in {"GET", "HEAD"} and origin is None:
            return 403, "not from this page"
        given = scope["path"].split("/")[1] if "/" in scope["path"] else ""
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            return 404, "not here"
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > MOST_BODY_BYTES:
            return 413, "too large"
        return None


def _limited(receive: Receive) -> Receive:
    """Receive a body part by part, up to the most there may be."""
    size = 0

    async def part() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MOST_BODY_BYTES:
            if message.get("more_body", False):
                await _hear_out(receive)
            raise TooLargeError
        return message

    return part


def _waits(scope: Scope) -> bool:
    """Whether a body is sent only when it is asked for; hearing it out would ask."""
    return any(name.lower() == b"expect" for name, _ in scope["headers"])


async def _hear_out(receive: Receive) -> None:
    """Let go what is left of a body, up to a bound: closing a line unread loses the answer."""
    size = 0
    try:
        async with asyncio.timeout(HEARD_OUT_S):
            while size <= HEARD_OUT_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _dressed(send: Send) -> Send:
    """Send answers with the headers that every one of them has."""

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name.lower(): value for name, value in message.get("headers", [])}
            for name, value in (*_STANDARD.items(), ("content-security-policy", _NOTHING)):
                given.setdefault(name.encode(), value.encode())
            message = {**message, "headers": list(given.items())}
        await send(message)

    return told


async def _say(send: Send, status: int, text: str) -> None:
    body = text.encode()
    headers = {
        **_STANDARD,
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(body)),
        "content-security-policy": _NOTHING,
        "connection": "close",
    }
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
