"""How much the server takes on, shared by key: requests at a time, of each so many bytes in so many seconds."""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import anyio
from starlette.requests import Request

from case_server.http.refusals import CLOSE, Refusal, busy
from case_tools.transport.fair_places import FairPlaces, NoPlace

_SPARE: Final = 8
"""One place in so many is left free by a caller that takes more than its share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The figures.

    Attributes:
        body: bytes of a request's body.
        body_seconds: how long a body may take to come in.
        bodies: bodies of one caller that come in at a time.
        held: bytes of all bodies that come in; a caller that holds more than its share of them is refused.
        running: requests under way; times what one needs of memory, that is what requests need.
        waiting: requests that wait for their turn.
        waiting_seconds: how long one waits.
    """

    body: int = 1024 * 1024
    body_seconds: float = 10.0
    bodies: int = 128
    held: int = 64 * 1024 * 1024
    running: int = 64
    waiting: int = 64
    waiting_seconds: float = 2.0


class Places:
    """The places that requests take while they are under way."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._places = FairPlaces(limits.running, waiting=limits.waiting, spare=limits.running // _SPARE)

    @property
    def are_free(self) -> bool:
        """Whether nobody has one or waits for one."""
        return self._places.are_free

    @contextlib.asynccontextmanager
    async def taken(self, caller: str) -> AsyncIterator[None]:
        """Hold one, after a short wait if none is free.

        Raises:
            Refusal: there is none to be had.
        """
        async with contextlib.AsyncExitStack() as held:
            try:
                with anyio.fail_after(self._limits.waiting_seconds):
                    await held.enter_async_context(self._places.held(caller))
            except NoPlace as refused:
                raise (_too_many() if refused.others else _overloaded()) from None
            except TimeoutError:
                raise _overloaded() from None
            yield


class Bodies:
    """The bodies that come in; one that comes slowly takes no place."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._count: Counter[str] = Counter()
        self._held: Counter[str] = Counter()

    @property
    def are_none(self) -> bool:
        """Whether none is coming in."""
        return not self._count

    async def read(self, request: Request, caller: str) -> bytes:
        """Return the body.

        Raises:
            Refusal: it is too long, too slow to come in, or one of too many of its caller.
            ClientDisconnect: the client has gone.
        """
        if self._count[caller] >= self._limits.bodies:
            raise _too_many()
        self._count[caller] += 1
        body = bytearray()
        try:
            with anyio.fail_after(self._limits.body_seconds):
                async for part in request.stream():
                    body += part
                    self._held[caller] += len(part)
                    self._check(caller, len(body))
        except TimeoutError:
            raise Refusal(
                HTTPStatus.REQUEST_TIMEOUT,
                "too_slow",
                f"The message did not come in within {self._limits.body_seconds:g} seconds. Nothing was done.",
                headers=CLOSE,
            ) from None
        finally:
            self._count -= Counter({caller: 1})
            self._held -= Counter({caller: len(body)})
        return bytes(body)

    def _check(self, caller: str, length: int) -> None:
        if length > self._limits.body:
            raise Refusal(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "too_large",
                f"The message is longer than {self._limits.body} bytes. Nothing was done.",
                headers=CLOSE,
            )
        share = self._limits.held // len(self._held)
        if self._held.total() > self._limits.held and self._held[caller] > share:
            raise _too_many()


def _overloaded() -> Refusal:
    return busy("overloaded", "The server has more to do than it can.")


def _too_many() -> Refusal:
    return busy(
        "too_many", "This key has more under way than its share, and others wait.", HTTPStatus.TOO_MANY_REQUESTS
    )
