"""MCP over HTTP, for bots: the application, where it listens, and how it ends."""

import contextlib
import gc
import ipaddress
import logging
import re
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Final

import uvicorn
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import case_tools.pipeline.pipeline  # noqa: F401 - else the first call waits for the import of what it needs
from case_server.app import Session, build
from case_server.auth import Gate
from case_server.keys import KeyFile, KeyRing
from case_server.limits import Limits
from case_tools.errors import ConfigurationError
from case_tools.settings import Settings

_ADDRESS: Final = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9.-]+)):(?P<port>[0-9]{1,5})")
_NAME: Final = re.compile(r"(?:\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?P<port>:[0-9]{1,5})?")
_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://(?:\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::[0-9]{1,5})?")
_THIS_MACHINE: Final = ("localhost", "127.0.0.1", "[::1]")
_NEEDED_BEYOND: Final = ("CASE_MCP_KEYS", "CASE_MCP_DESK", "CASE_MCP_ACCESS")
_LAST_PORT: Final = 65_535
_LARGEST_HEAD: Final = 32 * 1024
_KEEP_ALIVE_SECONDS: Final = 75  # longer than load balancers keep a connection, so that they end it and not we
_A_LITTLE: Final = 5
_log = logging.getLogger(__name__)


def serve_http(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    address: str,
    hosts: Sequence[str] = (),
    origins: Sequence[str] = (),
) -> int:
    """Serve until a signal, finish what is under way, and return the exit status.

    Args:
        settings: the desk and the behaviour.
        environment: where the settings were read from; beyond loopback some must be set, whatever their default.
        address: `HOST:PORT`; port 0 takes a free one.
        hosts: names by which clients reach the server, with a port or for any.
        origins: origins of web pages that may call it.

    Raises:
        ConfigurationError: the address cannot be used, something is missing that an open address needs, or the
            keys or the desk cannot be used.
    """
    family, place = _place_of(address)
    is_local = ipaddress.ip_address(place[0].partition("%")[0]).is_loopback
    if not is_local:
        _refuse_incomplete(environment, hosts, place[0])
    security = _security(hosts, origins, is_local=is_local)
    file = KeyFile(settings.keys) if settings.keys else None
    if file:
        file.entries()  # one that cannot be used is told at start
    ring = KeyRing(file) if file else None
    session = Session(settings)
    session.opened  # noqa: B018 - a desk that cannot be opened is told at start
    with contextlib.closing(_listener(family, place, address)) as listener:
        gate, application = _application(session, ring, security)
        facts = _facts(settings, place[0], listener.getsockname()[1], keys=ring is not None)
        _Server(application, gate, facts=facts, seconds=settings.timeout + _A_LITTLE).run([listener])
    _log.info("ended")
    return 0


def _facts(settings: Settings, host: str, port: int, *, keys: bool) -> dict[str, object]:
    shown = f"[{host}]" if ":" in host else host
    practice = {"note": "practice desk; no customer is reached"} if settings.desk == "embedded" else {}
    return {
        "url": f"http://{shown}:{port}/mcp",
        "desk": settings.desk,
        "access": settings.access,
        "keys": keys,
        **practice,
    }


def _place_of(address: str) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """Return the address that a host's name stands for."""
    parts = _ADDRESS.fullmatch(address)
    wrong = ConfigurationError(
        f"--http {address!r} is no address.", next_step="Give HOST:PORT, e.g. 127.0.0.1:8000 or [::1]:8000."
    )
    if parts is None or int(parts["port"]) > _LAST_PORT:
        raise wrong
    try:
        found = socket.getaddrinfo(parts["v6"] or parts["host"], int(parts["port"]), type=socket.SOCK_STREAM)
    except (OSError, ValueError):
        raise wrong from None
    family, _, _, _, place = found[0]
    return family, (str(place[0]), int(place[1]))


def _refuse_incomplete(environment: Mapping[str, str], hosts: Sequence[str], place: str) -> None:
    missing = [name for name in _NEEDED_BEYOND if not environment.get(name, "").strip()]
    missing += [] if hosts else ["--allow-host"]
    if missing:
        raise ConfigurationError(
            f"{place} can be reached from other machines, and {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing.",
            next_step="Set them, or serve 127.0.0.1.",
        )


def _security(hosts: Sequence[str], origins: Sequence[str], *, is_local: bool) -> TransportSecuritySettings:
    allowed_hosts = [name for host in _THIS_MACHINE for name in (host, f"{host}:*")] if is_local else []
    allowed_origins = [f"http://{host}" for host in allowed_hosts] + [f"https://{host}" for host in allowed_hosts]
    for host in hosts:
        parts = _NAME.fullmatch(host.lower())
        if parts is None:
            raise ConfigurationError(
                f"--allow-host {host!r} is no host.", next_step="Give a name, e.g. cases.example.com."
            )
        allowed_hosts += [parts[0]] if parts["port"] else [parts[0], f"{parts[0]}:*"]
    for origin in origins:
        if not _ORIGIN.fullmatch(origin.lower()):
            raise ConfigurationError(
                f"--allow-origin {origin!r} is no origin.", next_step="Give one, e.g. https://bots.example.com."
            )
        allowed_origins.append(origin.lower())
    return TransportSecuritySettings(allowed_hosts=allowed_hosts, allowed_origins=allowed_origins)


def _listener(family: socket.AddressFamily, place: tuple[str, int], address: str) -> socket.socket:
    # asyncio sends an answer's last part at once only where the protocol is named; else it waits some 40 ms.
    listener = socket.socket(family, proto=socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(socket.SOMAXCONN)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"{address} cannot be served: {error.strerror}.", next_step="Give another port, or 0 for a free one."
        ) from None
    return listener


def _application(
    session: Session, ring: KeyRing | None, security: TransportSecuritySettings
) -> tuple[Gate, Starlette]:
    limits = Limits()
    manager = StreamableHTTPSessionManager(
        app=build(session.settings, session),
        stateless=True,  # no client needs the replica that it began with
        security_settings=security,
        max_request_body_size=limits.body,
    )
    gate = Gate(manager.handle_request, session, ring=ring, security=security, limits=limits)

    async def is_alive(_: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    async def is_ready(_: Request) -> PlainTextResponse:
        hindrance = await _hindrance(gate, session, ring)
        return PlainTextResponse(hindrance or "ok", HTTPStatus.SERVICE_UNAVAILABLE if hindrance else HTTPStatus.OK)

    @contextlib.asynccontextmanager
    async def living(_: Starlette) -> AsyncIterator[None]:
        async with manager.run():
            session.wake()
            yield

    application = Starlette(
        routes=[
            Route("/mcp", gate),
            Route("/mcp/", gate),  # else a client that adds the slash is sent elsewhere, and loses its body
            Route("/healthz", is_alive),
            Route("/readyz", is_ready),
        ],
        lifespan=living,
    )
    return gate, application


async def _hindrance(gate: Gate, session: Session, ring: KeyRing | None) -> str:
    """Return in one word why no call can be taken now."""
    if gate.draining:
        return "draining"
    try:
        if ring:
            ring.entries()
    except ConfigurationError:
        return "keys"
    return "" if await session.is_ready() else "state"


class _Server(uvicorn.Server):
    """uvicorn, but for how it ends: the port stays open and says `draining` until nothing is under way.

    Args:
        application: what it serves.
        gate: what knows whether anything is under way.
        facts: what is told of it when it serves.
        seconds: how long it waits at its end for what is under way.
    """

    def __init__(self, application: Starlette, gate: Gate, *, facts: Mapping[str, object], seconds: float) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                http="h11",  # httptools keeps a header's trailing blank, which the protocol forbids
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                h11_max_incomplete_event_size=_LARGEST_HEAD,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_A_LITTLE,
            )
        )
        self._gate = gate
        self._facts = facts
        self._seconds = seconds
        self._until = float("inf")

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let a signal end the server; uvicorn's own way raises it again at the end, and breaks off streams."""
        before = {each: signal.signal(each, self._leave_soon()) for each in (signal.SIGINT, signal.SIGTERM)}
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
