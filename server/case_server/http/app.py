"""The ASGI application: MCP behind the gate, `/healthz` and `/readyz`."""

import contextlib
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Final

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from case_server.http.connections import UnreadBodies
from case_server.http.gate import Gate
from case_server.http.keys import KeyRing
from case_server.http.limits import Limits
from case_server.http.names import AllowedNames
from case_server.mcp.app import build
from case_server.mcp.session import Session
from case_tools.errors import ConfigurationError

_EVENTS: Final = "text/event-stream"
_ANYTHING: Final = "*/*"


def application_for(session: Session, ring: KeyRing | None, names: AllowedNames) -> tuple[Gate, Starlette]:
    """Return the gate and the application: MCP behind the gate, and what a load balancer asks."""
    limits = Limits()
    server = build(session.settings, session)
    # Stateless: no client needs the replica that it began with.
    streaming, plain = (
        StreamableHTTPSessionManager(server, stateless=True, json_response=json, max_request_body_size=limits.body)
        for json in (False, True)
    )
    by_accept = _by_accept(streaming.handle_request, plain.handle_request)
    gate = Gate(by_accept, session, ring=ring, names=names, limits=limits)

    async def is_alive(_: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    async def is_ready(_: Request) -> PlainTextResponse:
        obstacle = await _obstacle(gate, session, ring)
        return PlainTextResponse(obstacle or "ok", HTTPStatus.SERVICE_UNAVAILABLE if obstacle else HTTPStatus.OK)

    @contextlib.asynccontextmanager
    async def living(_: Starlette) -> AsyncIterator[None]:
        async with plain.run(), streaming.run():
            session.wake()
            yield

    application = Starlette(
        routes=[
            Route("/mcp", gate),
            Route("/mcp/", gate),  # else a client that adds the slash is sent elsewhere, and loses its body
            Route("/healthz", is_alive),
            Route("/readyz", is_ready),
        ],
        middleware=[Middleware(UnreadBodies)],
        lifespan=living,
    )
    return gate, application


def _by_accept(streaming: ASGIApp, plain: ASGIApp) -> ASGIApp:
    """Return what answers with JSON whoever takes no stream of events, or does not say what it takes."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        accepted = Headers(scope=scope).get("accept", "").lower()
        if _EVENTS in accepted or _ANYTHING in accepted or "text/*" in accepted:
            await streaming(scope, receive, send)
            return
        if not accepted.strip():
            MutableHeaders(scope=scope)["accept"] = _ANYTHING
        await plain(scope, receive, send)

    return serve


async def _obstacle(gate: Gate, session: Session, ring: KeyRing | None) -> str:
    """Return in one word why no call can be taken now."""
    if gate.draining:
        return "draining"
    try:
        if ring:
            ring.entries()
    except ConfigurationError:
        return "keys"
    if not session.audit.can_be_written():
        return "audit"
    return "" if await session.is_ready() else "state"
