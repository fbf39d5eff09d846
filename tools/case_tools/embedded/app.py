"""The embedded desk as an ASGI application: choice of dialect, reading, sending."""

import json
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime
from email.utils import formatdate
from typing import Any, Final, Self

from case_tools.embedded.bodies import LARGEST_BODY
from case_tools.embedded.dialect import DeskParts, DialectRoutes, dialects
from case_tools.embedded.guesses import Guesses
from case_tools.embedded.http import RequestHead, WireResponse
from case_tools.embedded.quota import RequestQuota
from case_tools.embedded.refusals import RefusedError
from case_tools.embedded.search_lag import SearchLag
from case_tools.embedded.seeds import fill
from case_tools.embedded.store import DeskAccount, DeskStore

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_USUAL: Final = Guesses()
_logger = logging.getLogger(__name__)


class EmbeddedDesk:
    """A practice case system: the cases of one SQLite file, in the wire format of every installed dialect."""

    def __init__(self, parts: DeskParts) -> None:
        """Serve a store; ``open`` is the usual way to get a desk."""
        self.store = parts.store
        self._routes = [(dialect.speaks, dialect.routes(parts)) for dialect in dialects().values()]

    @classmethod
    def open(
        cls,
        path: str,
        *,
        rate: int | None = None,
        guesses: Guesses = _USUAL,
        frozen_at: datetime | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> Self:
        """Open the desk's file (or ``:memory:``); a new one is filled with invented cases.

        ``rate`` is the number of requests a minute. ``frozen_at`` stops the clock of a new file for good.
        ``wall`` returns the seconds since 1970 by which access tokens expire. ``guesses`` are for tests: how
        this desk answers what the vendors' pages leave open.

        Raises:
            DeskFileError: the file is another program's, damaged, or of a newer version.

        """
        lag = SearchLag(guesses.search_lag, monotonic) if guesses.search_lag else None
        store = DeskStore(path, seed=fill, frozen_at=frozen_at, search_lag=lag)
        return cls(DeskParts(store, RequestQuota(rate, monotonic), wall, guesses))

    @property
    def account(self) -> DeskAccount:
        """What a client needs in order to talk to this desk."""
        return self.store.account

    def close(self) -> None:
        """Close the file."""
        self.store.close()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one HTTP request, or the server's start and end."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(RequestHead.of(scope), receive, send)
        else:
            raise NotImplementedError(f"the embedded desk does not speak {scope['type']!r}")

    async def _http(self, head: RequestHead, receive: Receive, send: Send) -> None:
        dialect = self._dialect(head.path)
        try:
            respond = dialect.begin(head)
            raw = await _read(receive)
            answer = None if raw is None else respond(raw)
        except RefusedError as error:
            answer = WireResponse(error.status, dialect.problem(head, error), error.headers)
        except Exception:
            _logger.exception("the embedded desk failed")
            answer = WireResponse(500, dialect.problem(head, RefusedError(500, "Internal Server Error")))
        if answer is not None:
            await _send(send, answer, at=self.store.now())

    def _dialect(self, path: str) -> DialectRoutes:
        """Choose the dialect of a path; what none of them speaks is refused in the first one's words."""
        return next((routes for speaks, routes in self._routes if speaks(path)), self._routes[0][1])


async def _read(receive: Receive) -> bytes | None:
    """Read the body; None if the client went away."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise RefusedError(413, "Payload Too Large")
        if not message.get("more_body", False):
            return bytes(body)


async def _send(send: Send, answer: WireResponse, *, at: int) -> None:
    body = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "content-type": "application/json; charset=utf-8",
        "content-length": str(len(body)),
        "date": formatdate(at / 1000, usegmt=True),
    }
    encoded = [(name.encode(), value.encode()) for name, value in {**headers, **answer.headers}.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
