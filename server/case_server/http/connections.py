"""Connections that could mean two things, or that nobody ends: they are closed."""

import asyncio
from http import HTTPStatus
from typing import Final

import h11
from mcp import types
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

from case_server.http.refusals import answer_of
from case_server.mcp.messages import error_of

HEAD_SECONDS: Final = 10.0
_LENGTHS: Final = frozenset({b"content-length", b"transfer-encoding"})
_CLOSE: Final = (b"connection", b"close")
_TWO_LENGTHS: Final = "The request has two lengths: Content-Length and Transfer-Encoding. Nothing was done."


class BoundedHeadProtocol(H11Protocol):
    """uvicorn's protocol, but for a head that does not end, and a connection on which nothing ever comes."""

    _head_timer: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    @override
    def handle_events(self) -> None:
        super().handle_events()
        half_sent = self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])
        if half_sent and self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._end_half_sent)
        elif not half_sent:
            self._stop_timer()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _end_half_sent(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            reason = HTTPStatus.REQUEST_TIMEOUT.phrase.encode()
            answer = h11.Response(
                status_code=HTTPStatus.REQUEST_TIMEOUT,
                headers=[_CLOSE, (b"content-length", b"0")],
                reason=reason,
            )
            self.transport.write(self.conn.send(answer))
            self.transport.close()


class UnreadBodies:
    """Closes the connection where an answer is given before the body was read: else it may be read as a request.

    Args:
        app: answers the requests.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; one whose length is given in two ways is refused."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        lengths = {name: value for name, value in scope["headers"] if name in _LENGTHS}
        unread = b"transfer-encoding" in lengths or lengths.get(b"content-length", b"0").strip(b"0") != b""

        async def reading() -> Message:
            nonlocal unread
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                unread = False
            return message

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start" and unread and _CLOSE not in message["headers"]:
                message = {**message, "headers": [*message["headers"], _CLOSE]}
            await send(message)

        if len(lengths) == len(_LENGTHS):
            error = error_of(None, types.INVALID_REQUEST, _TWO_LENGTHS)
            await answer_of(error, HTTPStatus.BAD_REQUEST)(scope, receive, closing)
        else:
            await self._app(scope, reading, closing)
