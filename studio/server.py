"""The studio's small server: one page, what it does, and what it is told as things happen."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeVar

import uvicorn
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from phusong.errors import PhusongError
from phusong.i18n import tr
from phusong.maps.words import both_from
from phusong.studio.desk import Desk, OutdatedError, SupersededError
from phusong.studio.guard import Guard, TooLargeError, new_token, policy_for
from phusong.studio.questions import Beside, Cut, Drawing, Edit, Looked, Naming, Questions, Spot
from phusong.studio.session import Definition, Seen

HOST: Final = "127.0.0.1"
HEARTBEAT_S: Final = 15.0
MOST_WAITING: Final = 200
"""Events that a page may be behind; one that is further gets the state anew."""

MOST_LETTERS: Final = 40
"""Of the name a page gives itself."""

Body = TypeVar("Body", bound=BaseModel)
Answer = Callable[[Request], Awaitable[Response]]


class Room:
    """What is served: a page, and a desk that pages share.

    Parameters
    ----------
    page
        The whole document.
    desk, questions
        Of the study.
    export
        Makes the offline page of a scenario: what was seen of it -> HTML.
    """

    def __init__(
        self,
        page: str,
        desk: Desk,
        questions: Questions,
        export: Callable[[Seen, Any], str],
    ) -> None:
        self._page, self._policy = page, policy_for(page)
        self._desk, self._questions, self._export = desk, questions, export
        self._asked: dict[str, int] = {}

    def app(self) -> Starlette:
        """Return the application; paths have no token here, see :class:`Guard`."""
        gets = {
            "/": self._document,
            "/state": self._state,
            "/events": self._events,
            "/drawn": self._body("drawn"),
            "/seen": self._body("seen"),
            "/page": self._offline,
        }
        posts = {
            "/edit": self._edit,
            "/undo": self._step(self._desk.undo),
            "/redo": self._step(self._desk.redo),
            "/save": self._save,
            "/open": self._open,
            "/cut": self._cut,
            "/silenced": self._silenced,
            "/define": self._define,
            "/beside": self._beside,
            "/village": self._village,
            "/sight": self._sight,
            "/cable": self._cable,
        }
        return Starlette(
            routes=[
                *(Route(path, _in_words(answer), methods=["GET"]) for path, answer in gets.items()),
                *(
                    Route(path, _in_words(answer), methods=["POST"])
                    for path, answer in posts.items()
                ),
            ]
        )

    async def _document(self, _: Request) -> Response:
        return HTMLResponse(self._page, headers={"content-security-policy": self._policy})

    async def _state(self, _: Request) -> Response:
        return JSONResponse(self._desk.state())

    def _body(self, kind: str) -> Answer:
        async def answer(request: Request) -> Response:
            revision = request.query_params.get("revision", "")
            body = self._desk.answer(kind, int(revision)) if revision.isdigit() else None
            if body is None:
                return JSONResponse({"outdated": True}, 409)
            return Response(body, media_type="application/json")

        return answer

    async def _events(self, request: Request) -> Response:
        return StreamingResponse(self._told(request), media_type="text/event-stream")

    async def _told(self, request: Request) -> AsyncIterator[str]:
        """Tell a page what happens, beginning with how things stand."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()

        def put(event: str, what: dict[str, Any]) -> None:
            if event == "progress" and waiting.qsize() > MOST_WAITING:
                return
            waiting.put_nowait((event, what))

        def told(event: str, what: dict[str, Any]) -> None:
            loop.call_soon_threadsafe(put, event, what)

        leave = self._desk.listen(told)
        try:
            yield _event("state", self._desk.state())
            while not self._desk.closing and not await request.is_disconnected():
                try:
                    event, what = await asyncio.wait_for(waiting.get(), HEARTBEAT_S)
                    yield _event(event, what)
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            leave()

    async def _edit(self, request: Request) -> Response:
        edit = await _read(request, Edit)
        revision = await run_in_threadpool(self._desk.edit, edit.scenario, edit.base)
        return JSONResponse({"revision": revision})

    def _step(self, step: Callable[[], None]) -> Answer:
        async def answer(_: Request) -> Response:
            await run_in_threadpool(step)
            return JSONResponse(self._desk.state())

        return answer

    async def _save(self, request: Request) -> Response:
        naming = await _read(request, Naming)
        name = await run_in_threadpool(self._desk.save, naming.name)
        return JSONResponse({"name": name})

    async def _open(self, request: Request) -> Response:
        naming = await _read(request, Naming)
        await run_in_threadpool(self._desk.open, naming.name)
        return JSONResponse(self._desk.state())

    async def _cut(self, request: Request) -> Response:
        cut, seen = await _read(request, Cut), self._seen()
        return JSONResponse(await run_in_threadpool(self._questions.cut, seen, cut))

    async def _silenced(self, request: Request) -> Response:
        cut, seen = await _read(request, Cut), self._seen()
        names, watch = cut.names, self._last(request)
        return JSONResponse(await self._alone(self._questions.cut_villages, seen, names, watch))

    async def _define(self, request: Request) -> Response:
        definition, seen = await _read(request, Definition), self._seen()
        return JSONResponse(await self._alone(self._questions.define, seen, definition))

    async def _beside(self, request: Request) -> Response:
        beside, watch = await _read(request, Beside), self._last(request)
        return JSONResponse(await self._alone(self._questions.beside, beside, watch))

    async def _village(self, request: Request) -> Response:
        looked, seen = await _read(request, Looked), self._seen()
        watch = self._last(request)
        return JSONResponse(await self._alone(self._questions.village, seen, looked, watch))

    async def _sight(self, request: Request) -> Response:
        spot, seen = await _read(request, Spot), self._seen()
        return JSONResponse(await self._alone(self._questions.sight, seen, spot))

    async def _cable(self, request: Request) -> Response:
        drawing = await _read(request, Drawing)
        return JSONResponse(await run_in_threadpool(self._questions.cable, drawing))

    async def _offline(self, _: Request) -> Response:
        page = await self._alone(self._export, self._seen(), self._desk.watch())
        name = "map.html"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(page, media_type="text/html; charset=utf-8", headers=headers)

    def _last(self, request: Request) -> Any:
        """Return a watch that stops when the same page asks the same of something else."""
        question = f"{request.url.path} {request.query_params.get('page', '')[:MOST_LETTERS]}"
        number = self._asked[question] = self._asked.get(question, 0) + 1
        return self._desk.watch(lambda: self._asked[question] == number)

    async def _alone(self, work: Callable[..., Any], *given: Any) -> Any:
        """Do work with the engine, which does one thing at a time: its kernels use all threads."""

        def one() -> Any:
            with self._desk.engine:
                return work(*given)

        return await run_in_threadpool(one)

    def _seen(self) -> Seen:
        seen = self._desk.found()
        if seen is None:
            raise SupersededError
        return seen


async def _read(request: Request, kind: type[Body]) -> Body:
    """Return the body of a request as what it has to be."""
    return kind.model_validate_json(await request.body())


def _in_words(answer: Answer) -> Answer:
    """Answer errors in words of both languages, at the place they belong to."""

    async def told(request: Request) -> Response:
        try:
            return await answer(request)
        except (SupersededError, OutdatedError):
            return JSONResponse({"outdated": True}, 409)
        except TooLargeError:
            return PlainTextResponse("too large", 413, {"connection": "close"})
        except ValidationError as problem:
            return JSONResponse({"error": both_from(partial(_wrong, problem))}, 422)
        except PhusongError as problem:
            return JSONResponse({"error": both_from(problem.__str__)}, 422)

    return told


def _wrong(problem: ValidationError) -> str:
    """Return what is wrong in a body: the first things, each with its place."""
    rows = problem.errors(include_url=False, include_context=False, include_input=False)[:5]
    return "; ".join(
        tr("{where}: {what}", where=".".join(map(str, row["loc"])) or "-", what=row["msg"])
        for row in rows
    )


def _event(event: str, what: dict[str, Any]) -> str:
    return f"event: {event}\ndata: {json.dumps(what, ensure_ascii=False)}\n\n"


def listen(port: int) -> socket.socket:
    """Return a socket of this machine alone that listens; who comes waits until it is served.

    Parameters
    ----------
    port
        0: any that is free.

    Raises
    ------
    OSError
        When the port is taken.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name != "nt":  # there it would share the port with whoever has it
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


class Server:
    """Listens on this machine alone.

    Parameters
    ----------
    room
        What is served.
    desk
        Closed when the server stops.
    listening
        See :func:`listen`.

    Attributes
    ----------
    address
        Of the page, with its token.
    """

    def __init__(self, room: Room, desk: Desk, listening: socket.socket) -> None:
        self._desk, self._socket = desk, listening
        bound = self._socket.getsockname()[1]
        token = new_token()
        self.address = f"http://{HOST}:{bound}/{token}/"
        config = uvicorn.Config(
            Guard(room.app(), token, bound),
            log_level="critical",
            access_log=False,
            server_header=False,
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)

    def run(self) -> None:
        """Serve until the process is told to stop (Ctrl-C, SIGTERM)."""
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._desk.close()

    def start(self) -> threading.Thread:
        """Serve in a thread of its own: for tests, and programs that do more."""
        thread = threading.Thread(target=self.run, daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
