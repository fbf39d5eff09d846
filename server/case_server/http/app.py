"""The ASGI application: MCP behind the gate, `/healthz` and `/readyz`."""

import contextlib
from collections.abc import AsyncIterator
from http import HTTPStatus

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from case_server.http.gate import Gate
from case_server.http.keys import KeyRing
from case_server.http.limits import Limits
from case_server.mcp.app import build
from case_server.mcp.session import Session
from case_tools.errors import ConfigurationError


def application_for(
    session: Session, ring: KeyRing | None, security: TransportSecuritySettings
) -> tuple[Gate, Starlette]:
    """Return the gate and the application: MCP behind the gate, and what a load balancer asks."""
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
        obstacle = await _obstacle(gate, session, ring)
        return PlainTextResponse(obstacle or "ok", HTTPStatus.SERVICE_UNAVAILABLE if obstacle else HTTPStatus.OK)

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


async def _obstacle(gate: Gate, session: Session, ring: KeyRing | None) -> str:
    """Return in one word why no call can be taken now."""
    if gate.draining:
        return "draining"
    try:
        if ring:
            ring.entries()
    except ConfigurationError:
        return "keys"
    return "" if await session.is_ready() else "state"
