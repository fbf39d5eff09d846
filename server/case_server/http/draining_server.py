"""uvicorn with an orderly end: the port stays open until nothing is under way."""

import contextlib
import gc
import logging
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Final

import uvicorn
from starlette.applications import Starlette

from case_server.ending import ending_signals
from case_server.http.connections import BoundedHeadProtocol
from case_server.http.gate import Gate

_LARGEST_HEAD: Final = 32 * 1024
_KEEP_ALIVE_SECONDS: Final = 75  # longer than load balancers keep a connection, so that they end it and not we
_GRACE_SECONDS: Final = 5
_log = logging.getLogger("case_server.http")


class DrainingServer(uvicorn.Server):
    """uvicorn, but for how it ends: the port stays open and says `draining` until nothing is under way.

    Args:
        application: what it serves.
        gate: what knows whether anything is under way.
        facts: what the log says of it when it serves.
        seconds: how long it waits at its end for what is under way.
    """

    def __init__(self, application: Starlette, gate: Gate, *, facts: Mapping[str, object], seconds: float) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                http=BoundedHeadProtocol,  # h11: httptools keeps a header's trailing blank, which is forbidden
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                h11_max_incomplete_event_size=_LARGEST_HEAD,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._gate = gate
        self._facts = facts
        self._seconds = seconds
        self._until = float("inf")

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let a signal end the server; uvicorn's own way raises it again at the end, and breaks off streams."""
        before = {each: signal.signal(each, self._leave_soon()) for each in (signal.SIGINT, *ending_signals())}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _leave_soon(self) -> "signal._HANDLER":
        def leave(_signal: int, _frame: object) -> None:
            if self._gate.draining:
                self._until = 0.0
            else:
                self._gate.draining = True
                self._until = time.monotonic() + self._seconds

        return leave

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, and say so; from here on a signal ends the server in order."""
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # the collector would look through a few thousand models again and again, at a call's cost
        gc.enable()
        _log.info("serving", extra={"facts": self._facts})

    async def on_tick(self, counter: int) -> bool:
        """Say whether to end: the signal came, and nothing is under way or has been for too long."""
        ended = self._gate.draining and (self._gate.is_idle or time.monotonic() >= self._until)
        return await super().on_tick(counter) or ended
