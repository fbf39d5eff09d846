"""The only module that knows httpx: it builds the URL, signs each attempt, sends, bounds what comes back."""

import json
import os
import re
from collections.abc import Awaitable, Callable, Generator, Mapping
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlencode

import anyio
import httpx

from case_tools.adapter.messages import Request, Response
from case_tools.errors import Busy, CaseError, Rejected
from case_tools.transport.fair_places import FairPlaces, NoPlace
from case_tools.transport.in_between import proxy_refusal, tls_error
from case_tools.transport.proxies import Proxy, proxy_for
from case_tools.transport.response_body import CODING, TransportError, body_of
from case_tools.transport.trust import trust_store

_SEGMENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_VARIABLE: Final = re.compile(r"\{(\w+)\}")
_CONNECT_SECONDS: Final = 3.0
_IN_THE_AIR: Final = 8
_IN_THE_QUEUE: Final = 56
_QUEUE_SECONDS: Final = 5
_FIRST_BYTE: Final = "http11.send_request_headers.started"
"""What httpcore tells a trace when a connection stands and the first byte is about to leave."""


async def _nothing() -> None:
    """Do nothing before the first byte."""


def path_of(template: str, variables: Mapping[str, str]) -> str:
    """Return the path with its variables filled in, each one segment.

    Raises:
        Rejected: a value could leave its segment.
    """
    for name, value in variables.items():
        if not _SEGMENT.fullmatch(value):
            raise Rejected(
                f"{name} is not an id that can be sent.",
                next_step="Give the reference or id as search shows it.",
            )
    return _VARIABLE.sub(lambda match: variables[match[1]], template)


class _Signature(httpx.Auth):
    """Signs every attempt anew, and keeps the token out of the client's own headers."""

    def __init__(self, sign: Callable[[], Mapping[str, str]], more: Mapping[str, str]) -> None:
        self._sign = sign
        self._more = more

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers.update({**self._sign(), **self._more})
        yield request


class HttpClient:
    """One HTTP client for one desk; redirects are never followed.

    Args:
        url: scheme, host and port of the desk.
        sign: the headers of one attempt.
        proxy: whether proxies are taken from the environment.
        app: an ASGI application that is the desk, reached in process.
        ca_file: certificates that are trusted beside the usual ones.
        environment: where proxies and the trust store are looked up.
    """

    def __init__(
        self,
        *,
        url: str,
        sign: Callable[[], Mapping[str, str]],
        proxy: bool = False,
        app: object | None = None,
        ca_file: Path | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._url = httpx.URL(url)
        self._sign = sign
        self._places = FairPlaces(_IN_THE_AIR, waiting=_IN_THE_QUEUE)
        self._app = app
        self._takes_proxies = proxy and app is None
        self._ca_file = ca_file
        self._environment = environment
        self._clients: dict[Proxy | None, httpx.AsyncClient] = {}

    async def send(
        self,
        request: Request,
        *,
        seconds: float,
        before: Callable[[], Awaitable[None]] = _nothing,
        caller: str = "",
    ) -> Response:
        """Send the request once and return the answer, within `seconds`; at most eight are in the air.

        Args:
            request: the request, not yet signed.
            seconds: the time that it may take in all.
            before: is awaited when the connection stands, before the first byte; what it raises stops the sending.
            caller: for whom; callers that wait take turns.

        Raises:
            TransportError: no answer came in time, or not a whole one.
            ConfigurationError: TLS or a proxy stands in the way; nothing was sent.
            Busy: too many requests wait already.
            Rejected: an id could leave its place in the path.
        """
        url = self._url_of(request)
        content, kind = _content_of(request)
        signature = _Signature(self._sign, {**kind, **request.headers})
        proxy = proxy_for(str(url), self._environment) if self._takes_proxies else None
        client = self._client(proxy)
        placed = sent = False

        async def first_byte() -> None:
            nonlocal sent
            await before()
            sent = True

        try:
            with anyio.fail_after(seconds):
                async with self._places.held(caller):
                    placed = True
                    response = await self._answer(client, request.method, url, content, signature, first_byte)
        except NoPlace:
            raise Busy(
                "Too many calls wait for the desk already.",
                retry_after=_QUEUE_SECONDS,
                next_step=f"Wait {_QUEUE_SECONDS} seconds, then repeat the call.",
            ) from None
        except (httpx.TimeoutException, TimeoutError) as fault:
            if not placed:
                raise TransportError("other requests took all the time", sent=False) from None
            waited = "it did not answer" if sent else _unreached(proxy)
            kinds = f" ({type(fault).__name__})" if isinstance(fault, httpx.TimeoutException) else ""
            raise TransportError(f"{waited} within {seconds:.0f} seconds{kinds}", sent=sent) from None
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as fault:
            if not sent and (cause := _cause_in_between(fault, host=url.host, proxy=proxy)):
                raise cause from None
            broke = "the connection broke" if sent else _unreached(proxy)
            raise TransportError(f"{broke} ({type(fault).__name__})", sent=sent) from None
        if response.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            raise proxy_refusal(response.status, host=url.host, proxy=proxy)
        return response

    def _client(self, proxy: Proxy | None) -> httpx.AsyncClient:
        """Return the client that goes through a proxy, or to the desk directly."""
        client = self._clients.get(proxy)
        if client is None:
            trust = trust_store(self._environment, self._ca_file) if self._app is None else None
            proxy_trust = trust if proxy is not None and proxy.url.lower().startswith("https:") else None
            client = self._clients[proxy] = httpx.AsyncClient(
                follow_redirects=False,
                trust_env=False,
                verify=trust or False,
                proxy=None if proxy is None else httpx.Proxy(proxy.url, ssl_context=proxy_trust),
                limits=httpx.Limits(max_connections=_IN_THE_AIR),
                transport=None if self._app is None else httpx.ASGITransport(self._app),  # type: ignore[arg-type]  # any ASGI app
                headers={"User-Agent": "case-mcp", "Accept-Encoding": CODING},
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # a desk's cookies are not kept
            )
        return client

    async def _answer(
        self,
        client: httpx.AsyncClient,
        method: str,
        url: httpx.URL,
        content: bytes | None,
        signature: httpx.Auth,
        first_byte: Callable[[], Awaitable[None]],
    ) -> Response:
        async def trace(event: str, about: Mapping[str, Any]) -> None:
            if event == _FIRST_BYTE and about["request"].method != b"CONNECT":  # to a proxy, nothing of ours yet
                await first_byte()

        if self._app is not None:
            await first_byte()
        stream = client.stream(
            method,
            url,
            content=content,
            timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),
            auth=signature,
            extensions={"trace": trace},
        )
        async with stream as response:
            body = await body_of(response.aiter_raw(), response.headers.get("content-encoding", ""))
        return Response(status=response.status_code, body=body, headers={**response.headers})

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.aclose()

    def _url_of(self, request: Request) -> httpx.URL:
        origin = self._url if request.url is None else httpx.URL(request.url)
        path = path_of(request.template, request.path)
        query = f"?{urlencode(request.query)}" if request.query else ""
        url = origin.copy_with(raw_path=f"{path}{query}".encode("ascii"))
        shape = "/".join("[^/]+" if "{" in part else re.escape(part) for part in request.template.split("/"))
        built, meant = ((each.scheme, each.host, each.port) for each in (url, origin))
        if built != meant or not re.fullmatch(shape, unquote(url.path)):
            raise Rejected("The address that was built is not the one meant.", next_step="Check the ids given.")
        return url


def _unreached(proxy: Proxy | None) -> str:
    return (
        "it could not be reached"
        if proxy is None
        else f"it could not be reached through the proxy in {proxy.variable}"
    )


def _cause_in_between(fault: Exception, *, host: str, proxy: Proxy | None) -> CaseError | None:
    """Return the error that names what stands in between, where that is why no connection stands."""
    if isinstance(fault, httpx.ProxyError):
        status = str(fault)[:3]
        return proxy_refusal(int(status), host=host, proxy=proxy) if status.isdecimal() else None
    return tls_error(fault, host=host)


def _content_of(request: Request) -> tuple[bytes | None, dict[str, str]]:
    """Return the body's bytes, and the header that says what they are."""
    if request.form is not None:
        return urlencode(request.form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    if request.body is None:
        return None, {}
    content = json.dumps(request.body, ensure_ascii=False, separators=(",", ":")).encode()
    return content, {"Content-Type": "application/json"}
