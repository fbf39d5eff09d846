"""The embedded desk as an ASGI application: routing, reading, limits, answers."""

import json
import logging
import math
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from datetime import datetime
from typing import Any, Self

from case_tools.embedded import kore, tokens
from case_tools.embedded.bodies import LARGEST_BODY, read_object
from case_tools.embedded.records import Json
from case_tools.embedded.refusals import RefusedError, unknown
from case_tools.embedded.seeds import fill
from case_tools.embedded.store import SCOPE, Account, App, Store

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_PREFIX = "/caseManagement/api/public/analytics/(?P<stream_id>[^/]+)"
_CREATE_OR_GET = re.compile(_PREFIX + "/(?P<operation>createCase|createTask|getCases|getTasks)")
_UPDATE = re.compile(_PREFIX + "/(?P<operation>update(?:Case|Task))/(?P<target>[^/]+)")
_WINDOW = 60.0
_logger = logging.getLogger(__name__)


class EmbeddedDesk:
    """A practice case system that answers Kore's six endpoints over one SQLite file."""

    def __init__(self, store: Store, *, rate: int | None, monotonic: Callable[[], float]) -> None:
        """Serve a store; ``open`` is the usual way to get a desk."""
        self._store = store
        self._rate = rate
        self._monotonic = monotonic
        self._admitted: deque[float] = deque()

    @classmethod
    def open(
        cls,
        path: str,
        *,
        rate: int | None = None,
        frozen_at: datetime | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> Self:
        """Open the desk's file (or ``:memory:``); a new one is filled with invented cases.

        ``rate`` is the number of requests a minute. ``frozen_at`` stops the clock of a new file for good.

        Raises:
            DeskFileError: the file is another program's, damaged, or of a newer version.

        """
        return cls(Store(path, seed=fill, frozen_at=frozen_at), rate=rate, monotonic=monotonic)

    @property
    def account(self) -> Account:
        """Tell what a client needs in order to talk to this desk."""
        return self._store.account

    def add_app(
        self,
        *,
        client_id: str,
        secret: str = "",
        scopes: Iterable[str] = (SCOPE,),
        algorithm: str = "HS256",
        public_key: str = "",
    ) -> None:
        """Register a client, with a public key (PEM) in the place of the secret for RS256 and RS512.

        Raises:
            ValueError: the algorithm is unknown, or the key does not fit it.

        """
        app = App(client_id, algorithm, public_key or secret, tuple(scopes))
        tokens.check_app(app)
        self._store.add_app(app)

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one HTTP request, or the server's start and end."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            raise NotImplementedError(f"the embedded desk does not speak {scope['type']!r}")

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
        except RefusedError as error:
            refused: RefusedError | None = error
        except Exception:
            _logger.exception("the embedded desk failed")
            refused = RefusedError(500, "Internal Server Error")
        else:
            refused = None
        if refused is not None:
            await _send(send, refused.status, refused.body(), refused.headers)
        elif answer is not None:
            await _send(send, 200, answer, {})

    async def _answer(self, scope: Message, receive: Receive) -> Json | None:
        """Work out the answer to a request; None if the client went away."""
        operation, stream_id, target = _route(scope["method"], scope["path"])
        token = next((value for name, value in scope["headers"] if name.lower() == b"auth"), b"")
        caller = tokens.subject(self._store, token.decode("latin-1"))
        self._admit()
        if stream_id != self.account.stream_id:
            raise RefusedError(400, "Invalid StreamId")
        raw = await _read(receive)
        if raw is None:
            return None
        return kore.OPERATIONS[operation](self._store, kore.Call(read_object(raw), target, caller))

    def _admit(self) -> None:
        """Count the request against the last minute's allowance."""
        if not self._rate:
            return
        now = self._monotonic()
        while self._admitted and self._admitted[0] <= now - _WINDOW:
            self._admitted.popleft()
        if len(self._admitted) >= self._rate:
            raise RefusedError(
                429,
                "You've exceeded the per-minute rate limit. Please wait for sometime before retrying.",
                headers={"retry-after": str(max(1, math.ceil(self._admitted[0] + _WINDOW - now)))},
            )
        self._admitted.append(now)


def _route(method: str, path: str) -> tuple[str, str, str]:
    """Split a path into the operation, the stream id and the id of the case or task."""
    found = _CREATE_OR_GET.fullmatch(path) or _UPDATE.fullmatch(path)
    if found is None:
        raise unknown()
    if method != "POST":
        raise RefusedError(405, "Method Not Allowed", headers={"allow": "POST"})
    parts = found.groupdict()
    return parts["operation"], parts["stream_id"], parts.get("target", "")


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


async def _send(send: Send, status: int, answer: Json, extra: dict[str, str]) -> None:
    body = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"content-type": "application/json; charset=utf-8", "content-length": str(len(body))} | extra
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
