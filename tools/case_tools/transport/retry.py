"""Send a request with credentials, within the rate and the deadline; again where that can do no harm."""

import random
import time
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Final, Literal, TypeVar, get_args

import anyio
import anyio.to_thread

from case_tools.adapter.messages import Request, Response, Token, TokenGrant
from case_tools.adapter.tool import Effect, Scope
from case_tools.adapter.vendor import Vendor
from case_tools.errors import CaseError, RateLimited, TransientError, Unavailable
from case_tools.transport.access_tokens import AccessTokens
from case_tools.transport.call import Call, DeskClock, nothing
from case_tools.transport.circuit_breaker import CircuitBreaker
from case_tools.transport.http_client import HttpClient
from case_tools.transport.in_between import foreign_page
from case_tools.transport.rate_limit import RateLimit
from case_tools.transport.response_body import TransportError

T = TypeVar("T")
Circuit = Literal["read", "write", "token"]
"""What fails together: a token host that is down says nothing of the desk, and refused writes nothing of reads."""

_REPEATS: Final = 2
"""How often one request may be sent again."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 4.0


class RetryingClient:
    """Sends a vendor's requests with credentials, each as often as it may be sent and no more.

    Args:
        vendor: signs requests, and says how a token is requested.
        client: the HTTP client.
        rate_limit: the account's requests a minute.
        clock: the desk's time, for tokens.
        observe: called with each request and its response.
    """

    def __init__(
        self,
        vendor: Vendor,
        client: HttpClient,
        *,
        rate_limit: RateLimit,
        clock: DeskClock,
        observe: Callable[[Request, Response], None],
    ) -> None:
        self._vendor = vendor
        self._client = client
        self._rate_limit = rate_limit
        self._clock = clock
        self._observe = observe
        self._tokens = AccessTokens(clock=clock)
        self._breakers = {each: CircuitBreaker(monotonic=time.monotonic) for each in get_args(Circuit)}
        self._preparing = anyio.Lock()
        self._is_prepared = False

    async def send(
        self, request: Request, parse: Callable[[Response], T], call: Call, *, scope: Scope, effect: Effect
    ) -> T:
        """Send a request and return its parsed response; again where that can do no harm.

        Whatever provably never reached the desk, or was answered with "too many", is sent again; a read, and a
        write that only sets values, also after silence or a failure of the desk. At most two repeats, all within
        the call's deadline.

        Raises:
            CaseError: the error of the last attempt.
        """
        circuit: Circuit = "read" if scope == "cases:read" else "write"
        self._breakers[circuit].check(call.tool)
        await self._prepare()
        for repeats in range(_REPEATS + 1):
            try:
                return parse(await self._signed(request, call, scope=scope, circuit=circuit))
            except (RateLimited, Unavailable) as error:
                seconds = pause_before(error, repeats)
                late = time.monotonic() + seconds >= call.deadline
                if late or repeats == _REPEATS or not _may_repeat(error, effect):
                    if effect == "set" and error.changed == "unknown":
                        error.next_step = "It only sets values, so the same call may be repeated."
                    raise
            await anyio.sleep(seconds)
        raise AssertionError("unreachable: the last repeat returns or raises")

    def rate_left(self) -> int | None:
        """Return how many requests may still go within the minute; None for any number."""
        return self._rate_limit.left()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _prepare(self) -> None:
        """Let the vendor parse its private key, off the event loop: a large one takes a tenth of a second."""
        if self._is_prepared:
            return
        async with self._preparing:
            if not self._is_prepared:
                await anyio.to_thread.run_sync(self._vendor.prepare)
                self._is_prepared = True

    async def _signed(self, request: Request, call: Call, *, scope: Scope, circuit: Circuit) -> Response:
        """Send the request with fresh credentials; once more with newer ones where they are refused.

        A request that is answered with 401 was not done, so it may be sent again; where nothing newer can be sent,
        it would be refused again.
        """
        grant = self._vendor.token_grant(scope)
        refused: Token | None = None
        for last in (not self._vendor.renews_credentials, True):
            signed = request
            if grant is not None:
                token = await self._token(grant, call, scope=scope, refused=refused)
                signed, refused = replace(request, headers={**request.headers, **grant.headers(token)}), token
            response = await self._attempt(signed, call, circuit=circuit)
            if response.status != HTTPStatus.UNAUTHORIZED or last:
                break
            self._clock.sign_by_the_desk()
        return response

    async def _token(self, grant: TokenGrant, call: Call, *, scope: Scope, refused: Token | None) -> Token:
        token_call = replace(call, tool=f"the token for {call.tool}", before=nothing)

        async def fetch() -> Token:
            self._breakers["token"].check(token_call.tool)
            return grant.parse(await self._attempt(grant.request(), token_call, circuit="token"))

        try:
            with anyio.fail_after(max(call.deadline - time.monotonic(), 0)):
                return await self._tokens.get(scope, fetch, refused=refused)
        except TimeoutError:
            raise _no_time_left(call.tool) from None

    async def _attempt(self, request: Request, call: Call, *, circuit: Circuit) -> Response:
        breaker = self._breakers[circuit]
        await self._rate_limit.wait(call.deadline, caller=call.caller)
        seconds = call.deadline - time.monotonic()
        if seconds <= 0:
            raise _no_time_left(call.tool)
        call.effort.attempts += 1
        try:
            response = await self._client.send(request, seconds=seconds, before=call.before, caller=call.caller)
        except TransportError as fault:
            breaker.record(failed=True)
            raise _unanswered(fault, tool=call.tool, reads=circuit != "write") from None
        breaker.record(failed=response.status >= HTTPStatus.INTERNAL_SERVER_ERROR)
        self._clock.see(response)
        self._observe(request, response)
        if page := foreign_page(response, tool=call.tool, reads=circuit != "write"):
            raise page
        return response


def pause_before(error: TransientError, repeats: int) -> float:
    """Return the seconds to wait before a request is sent again: what the desk asks, else more each time."""
    if error.by_desk and error.retry_after is not None:
        return error.retry_after
    ceiling = min(_FIRST_PAUSE * 2.0**repeats, _LONGEST_PAUSE)
    return random.uniform(ceiling / 2, ceiling)  # noqa: S311 - spreads callers, guards nothing


def _may_repeat(error: CaseError, effect: Effect) -> bool:
    if isinstance(error, RateLimited) or effect in {"read", "set"}:
        return True
    return error.changed == "nothing"


def _no_time_left(tool: str) -> Unavailable:
    return Unavailable(
        f"No time was left to send {tool}: looking up a name or earning a token took it all.",
        next_step="Call again; what was found is remembered.",
    )


def _unanswered(fault: TransportError, *, tool: str, reads: bool) -> Unavailable:
    if not fault.sent:
        return Unavailable(
            f"The desk was not reached for {tool}: {fault}.",
            next_step="Try again in a minute; if it stays so, the administrator checks the desk's address.",
        )
    if reads:
        return Unavailable(f"The desk did not answer {tool}: {fault}.", next_step="Try again in a minute.")
    return Unavailable(
        f"The desk did not answer {tool}: {fault}.",
        changed="unknown",
        next_step="Do not repeat the call before you have looked with a search whether it was done.",
    )
