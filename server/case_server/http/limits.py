"""How much the server takes on: requests at a time, and of each so many bytes in so many seconds."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus

import anyio
from starlette.requests import Request

from case_server.http.refusals import CLOSE, Refusal, busy


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The figures.

    Attributes:
        body: bytes of a request's body.
        body_seconds: how long a body may take to come in.
        running: requests under way; times what one needs of memory, that is what requests need.
        waiting: requests that wait for their turn.
        waiting_seconds: how long one waits.
    """

    body: int = 1024 * 1024
    body_seconds: float = 10.0
    running: int = 64
    waiting: int = 64
    waiting_seconds: float = 2.0


class Places:
    """The places that requests take while they are under way."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._places = anyio.CapacityLimiter(limits.running)

    @property
    def are_free(self) -> bool:
        """Whether nobody has one or waits for one."""
        return not (self._places.borrowed_tokens or self._places.statistics().tasks_waiting)

    @contextlib.asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Hold one, after a short wait if none is free.

        Raises:
            Refusal: there is none to be had.
        """
        if self._places.statistics().tasks_waiting >= self._limits.waiting:
            raise _overloaded()
        with anyio.move_on_after(self._limits.waiting_seconds) as wait:
            await self._places.acquire()
        if wait.cancelled_caught:
            raise _overloaded()
        try:
            yield
        finally:
            self._places.release()


async def body_of(request: Request, limits: Limits) -> bytes:
    """Return the body.

    Raises:
        Refusal: it is too long, or too slow to come in.
        ClientDisconnect: the client has gone.
    """
    body = bytearray()
    with anyio.move_on_after(limits.body_seconds):
        async for part in request.stream():
            body += part
            if len(body) > limits.body:
                raise Refusal(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    "too_large",
                    f"The message is longer than {limits.body} bytes. Nothing was done.",
                    headers=CLOSE,
                )
        return bytes(body)
    raise Refusal(
        HTTPStatus.REQUEST_TIMEOUT,
        "too_slow",
        f"The message did not come in within {limits.body_seconds:g} seconds. Nothing was done.",
        headers=CLOSE,
    )


def _overloaded() -> Refusal:
    return busy("overloaded", "The server has more to do than it can.")
