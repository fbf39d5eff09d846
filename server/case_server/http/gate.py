"""The gate before the MCP server: who is let in, and to what.

Host and Origin -> key -> the body -> the scope that it needs -> a place -> the server. The server checks the scope
again, as it reads the body for itself.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, TypeGuard

from mcp import types
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from case_server.audit import AuditEntry
from case_server.http.callers import LOCAL, Caller, RequestContext
from case_server.http.cors import is_preflight, preflight_of, showing_to
from case_server.http.keys import KeyRing
from case_server.http.limits import Bodies, Limits, Places
from case_server.http.names import AllowedNames
from case_server.http.refusals import Refusal, answer_of, busy
from case_server.mcp.messages import NotAMessage, error_of, message_of, readable
from case_server.mcp.session import Session
from case_server.mcp.tools import lacking
from case_tools.errors import ConfigurationError

_LEAST_SCOPE: Final = "cases:read"
_JSON: Final = "application/json"
_NOT_JSON: Final = "The message is not declared as application/json. Nothing was done."
_WRONG_HOST: Final = "This server is not served under that name. Nothing was done. The administrator allows names."
_WRONG_ORIGIN: Final = "Pages of that origin may not call this server. Nothing was done."
_CREDENTIALS: Final = (b"authorization", b"x-api-key")


class Gate:
    """The ASGI application that stands before the server.

    Attributes:
        draining: whether new requests are refused, because the server is about to end.

    Args:
        app: the server.
        session: what it works with.
        ring: the keys; without them everybody is let in.
        names: the hosts and origins that may be named.
        limits: how much it takes on.
    """

    def __init__(
        self,
        app: ASGIApp,
        session: Session,
        *,
        ring: KeyRing | None,
        names: AllowedNames,
        limits: Limits,
    ) -> None:
        self.draining = False
        self._app = app
        self._session = session
        self._ring = ring
        self._names = names
        self._bodies = Bodies(limits)
        self._places = Places(limits)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return self._places.are_free and self._bodies.are_none and not self._session.calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        request = Request(scope, receive)
        entry = self._session.audit.begin()
        try:
            origin = self._origin(request)
        except Refusal as refusal:
            entry.finish(refusal.outcome)
            await refusal.answer(None)(scope, receive, send)
            return
        if origin is not None:
            send = showing_to(origin, send)
        if is_preflight(request):
            await preflight_of(request)(scope, receive, send)
        elif request.method != "POST":
            # No stream is offered that a client could wait on, and there is no session to end.
            answer = error_of(None, types.INVALID_REQUEST, "Send a request with POST.")
            await answer_of(answer, HTTPStatus.METHOD_NOT_ALLOWED, {"allow": "POST"})(scope, receive, send)
        else:
            await self._serve(request, entry, send)

    def _origin(self, request: Request) -> str | None:
        """Return the origin of the page that calls, None where it is no page.

        Raises:
            Refusal: the host or the origin is not one that may be named.
        """
        hosts, origins = request.headers.getlist("host"), request.headers.getlist("origin")
        if len(hosts) != 1 or not self._names.has_host(hosts[0]):
            raise Refusal(HTTPStatus.MISDIRECTED_REQUEST, "wrong_host", _WRONG_HOST)
        if not origins:
            return None
        if len(origins) != 1 or not self._names.has_origin(origins[0]):
            raise Refusal(HTTPStatus.FORBIDDEN, "wrong_origin", _WRONG_ORIGIN)
        return origins[0]

    async def _serve(self, request: Request, entry: AuditEntry, send: Send) -> None:
        entry.tool = self._known(request.headers.get("mcp-name"))
        own: types.RequestId | None = None
        try:
            if self.draining:
                raise busy("draining", "The server is about to end.")
            caller = self._caller(request, entry)
            _check_type(request)
            body = readable(await self._bodies.read(request, caller.name))
            message = message_of(body)
            if isinstance(message, types.JSONRPCRequest):
                own = message.id
            if not _is_call(message):
                entry.tool = None
            else:
                self._check(message, caller, entry)
            RequestContext(caller=caller, audit_entry=entry).enter(request)
            _take_credentials_out(request)
            async with self._places.taken(caller.name):
                try:
                    await self._app(request.scope, _again(body, request.receive), send)
                finally:
                    if _is_call(message) and not entry.begun:
                        entry.finish("not_run")
        except NotAMessage as nothing:
            entry.finish("malformed")
            await answer_of(nothing.answer, HTTPStatus.BAD_REQUEST)(request.scope, request.receive, send)
        except ClientDisconnect:
            pass
        except Refusal as refusal:
            entry.finish(refusal.outcome)
            await refusal.answer(own)(request.scope, request.receive, send)

    def _caller(self, request: Request, entry: AuditEntry) -> Caller:
        """Return who calls.

        Raises:
            Refusal: the key is missing or not good, or the keys cannot be read.
        """
        if self._ring is None:
            entry.caller = LOCAL.name
            return LOCAL
        credentials = _credentials_of(request)
        try:
            key = self._ring.find(credentials[0]) if len(credentials) == 1 else None
        except ConfigurationError:
            raise Refusal(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "keys_unreadable",
                "The server cannot read its keys. Nothing was done. Tell the administrator.",
                code=types.INTERNAL_ERROR,
            ) from None
        if key is not None:
            entry.caller = key.name
            if self._ring.is_good(key):
                return Caller(name=key.name, scopes=frozenset(key.scopes))
        tool = self._session.desk.tools.get(entry.tool or "")
        challenge = f'Bearer scope="{tool.scope if tool else _LEAST_SCOPE}"'
        raise Refusal(
            HTTPStatus.UNAUTHORIZED,
            "no_key" if not credentials else "expired_key" if key else "unknown_key",
            "This server wants an API key, as Authorization: Bearer or as X-API-Key, and got none that is good. "
            "Nothing was done. Ask the administrator for one.",
            headers={"www-authenticate": challenge + (', error="invalid_token"' if credentials else "")},
        )

    def _check(self, message: types.JSONRPCRequest, caller: Caller, entry: AuditEntry) -> None:
        """Refuse a call that the scopes do not reach; a tool that is not there is the server's to refuse."""
        params = message.params or {}
        arguments = params.get("arguments")
        entry.arguments = arguments if isinstance(arguments, dict) else {}
        entry.tool = self._known(params.get("name"))
        tool = self._session.desk.tools.get(entry.tool or "")
        if tool is not None and tool.scope not in caller.scopes:
            raise Refusal(
                HTTPStatus.FORBIDDEN,
                "insufficient_scope",
                lacking(tool),
                headers={"www-authenticate": f'Bearer error="insufficient_scope", scope="{tool.scope}"'},
            )

    def _known(self, name: object) -> str | None:
        """Return a tool's name if it is one: whatever else a caller writes there is kept out of the log."""
        return name if isinstance(name, str) and name in self._session.desk.tools else None


def _is_call(message: types.JSONRPCMessage) -> TypeGuard[types.JSONRPCRequest]:
    return isinstance(message, types.JSONRPCRequest) and message.method == "tools/call"


def _check_type(request: Request) -> None:
    """Refuse a body that a page could send without a preflight."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "malformed", _NOT_JSON)


def _credentials_of(request: Request) -> Sequence[bytes]:
    """Return the keys given, each once; a scheme other than Bearer is no attempt to give one."""
    given: list[bytes] = []
    for name, value in request.scope["headers"]:
        if name == b"x-api-key":
            given.append(value.strip())
        elif name == b"authorization":
            scheme, _, key = value.strip().partition(b" ")
            if scheme.lower() == b"bearer":
                given.append(key.strip())
    return [*dict.fromkeys(given)]


def _take_credentials_out(request: Request) -> None:
    """Make sure that nothing behind the gate can pass a caller's key on."""
    headers = request.scope["headers"]
    request.scope["headers"] = [each for each in headers if each[0] not in _CREDENTIALS]


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what gives the body once more, and then what comes after it."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return parts.pop() if parts else await receive()

    return replay
