"""The embedded desk as an ASGI application: choice of dialect, reading, sending."""

import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from datetime import datetime
from typing import Any, Self

from case_tools.embedded import talkdesk_dialect, talkdesk_tokens, tokens
from case_tools.embedded.allowance import Allowance
from case_tools.embedded.bodies import LARGEST_BODY
from case_tools.embedded.exchange import Answer, Dialect, Head
from case_tools.embedded.keyring import SCOPE, App
from case_tools.embedded.kore_dialect import KoreDialect
from case_tools.embedded.refusals import RefusedError
from case_tools.embedded.seeds import fill
from case_tools.embedded.store import Account, Store

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_logger = logging.getLogger(__name__)


class EmbeddedDesk:
    """A practice case system: Kore's six endpoints and Talkdesk's four, over the cases of one SQLite file."""

    def __init__(self, store: Store, *, allowance: Allowance, wall: Callable[[], float]) -> None:
        """Serve a store; ``open`` is the usual way to get a desk."""
        self._store = store
        self._kore = KoreDialect(store, allowance)
        self._talkdesk = talkdesk_dialect.TalkdeskDialect(store, allowance, wall)

    @classmethod
    def open(
        cls,
        path: str,
        *,
        rate: int | None = None,
        frozen_at: datetime | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> Self:
        """Open the desk's file (or ``:memory:``); a new one is filled with invented cases.

        ``rate`` is the number of requests a minute. ``frozen_at`` stops the clock of a new file for good.
        ``wall`` tells the seconds since 1970 by which Talkdesk's tokens expire.

        Raises:
            DeskFileError: the file is another program's, damaged, or of a newer version.

        """
        store = Store(path, seed=fill, frozen_at=frozen_at)
        return cls(store, allowance=Allowance(rate, monotonic), wall=wall)

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
        """Register a client of Kore's dialect, with a public key (PEM) for RS256 and RS512 instead of a secret.

        Raises:
            ValueError: the algorithm is unknown, or the key does not fit it.

        """
        app = App(client_id, algorithm, public_key or secret, tuple(scopes))
        tokens.check_app(app)
        self._store.keys.add_app(app)

    def add_client(
        self,
        *,
        client_id: str,
        secret: str = "",
        scopes: Iterable[str] = talkdesk_tokens.SCOPES,
        public_key: str = "",
        key_id: str = "",
    ) -> None:
        """Register a client of Talkdesk's dialect, with a secret, or an EC public key (PEM) and its id, or both.

        Raises:
            ValueError: there is neither secret nor key, the key has no id, or it is none for ES256.

        """
        client = talkdesk_tokens.new_client(
            client_id, secret=secret, scopes=tuple(scopes), public_key=public_key, key_id=key_id
        )
        self._store.keys.add_client(client)

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one HTTP request, or the server's start and end."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(Head.of(scope), receive, send)
        else:
            raise NotImplementedError(f"the embedded desk does not speak {scope['type']!r}")

    async def _http(self, head: Head, receive: Receive, send: Send) -> None:
        dialect: Dialect = self._talkdesk if talkdesk_dialect.speaks(head.path) else self._kore
        try:
            respond = dialect.begin(head)
            raw = await _read(receive)
            answer = None if raw is None else respond(raw)
        except RefusedError as error:
            answer = Answer(error.status, dialect.problem(head, error), error.headers)
        except Exception:
            _logger.exception("the embedded desk failed")
            answer = Answer(500, dialect.problem(head, RefusedError(500, "Internal Server Error")))
        if answer is not None:
            await _send(send, answer)


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


async def _send(send: Send, answer: Answer) -> None:
    body = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"content-type": "application/json; charset=utf-8", "content-length": str(len(body))}
    encoded = [(name.encode(), value.encode()) for name, value in {**headers, **answer.headers}.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
