"""What a browser asks before it lets a page call, and what it must see in the answers (CORS)."""

import re
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Send

_NAMES: Final = re.compile(r"[A-Za-z0-9-]+( *, *[A-Za-z0-9-]+)*")
_USUAL: Final = (
    "content-type, accept, authorization, x-api-key, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name"
)
_SHOWN: Final = "www-authenticate, retry-after"
_SECONDS: Final = "600"


def is_preflight(request: Request) -> bool:
    """Say whether a browser asks whether a page may call; no key comes with that."""
    return request.method == "OPTIONS" and "access-control-request-method" in request.headers


def preflight_of(request: Request) -> Response:
    """Return the answer for a page whose origin is allowed; the headers that it wants decide nothing here."""
    wanted = request.headers.get("access-control-request-headers", "")
    headers = {
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": wanted if _NAMES.fullmatch(wanted) else _USUAL,
        "access-control-max-age": _SECONDS,
    }
    if request.headers.get("access-control-request-private-network") == "true":
        headers["access-control-allow-private-network"] = "true"
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)


def showing_to(origin: str, send: Send) -> Send:
    """Return what sends an answer so that a page of this origin sees it."""
    shown = Headers(
        {"access-control-allow-origin": origin, "access-control-expose-headers": _SHOWN, "vary": "Origin"}
    )

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *shown.raw]}
        await send(message)

    return sending
