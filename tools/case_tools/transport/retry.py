"""From a request to its answer: allowance, credentials, one HTTP attempt after another within the deadline."""

import time
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import TypeVar

import anyio

from case_tools.adapter.messages import Request, Response, Token, TokenGrant
from case_tools.adapter.tool import Effect, Scope
from case_tools.adapter.vendor import Vendor
from case_tools.errors import CaseError, RateLimited, Unavailable
from case_tools.transport.access_tokens import AccessTokens
from case_tools.transport.call import Call, DeskClock, nothing
from case_tools.transport.http_client import HttpClient, TransportError
from case_tools.transport.rate_limit import REPEATS, CircuitBreaker, RateLimit, pause

T = TypeVar("T")


class Sender:
    """Sends what a vendor's requests say, as often as each may be sent and no more.

    Args:
        vendor: signs, and earns tokens.
        wire: the HTTP client.
        allowance: the account's requests a minute.
        clock: the desk's time, for tokens.
        observe: is told each request and its answer.
    """

    def __init__(
        self,
        vendor: Vendor,
        wire: HttpClient,
        *,
        allowance: RateLimit,
        clock: DeskClock,
        observe: Callable[[Request, Response], None],
    ) -> None:
        self._vendor = vendor
        self._wire = wire
        self._allowance = allowance
        self._clock = clock
        self._observe = observe
        self._tokens = AccessTokens(clock=clock)
        self._breakers = {reads: CircuitBreaker(monotonic=time.monotonic) for reads in (True, False)}

    async def ask(
        self, request: Request, read: Callable[[Response], T], call: Call, *, scope: Scope, effect: Effect
    ) -> T:
        """Send a request and return what `read` makes of the answer; again where that can do no harm.

        Whatever provably never reached the desk, or was answered with "too many", is sent again; a read, and a
        write that only sets values, also after silence or a failure of the desk. At most two repeats, all within
        the call's deadline.

        Raises:
            CaseError: what the last attempt came to.
        """
        self._breakers[scope == "cases:read"].check(call.tool)
        for repeats in range(REPEATS + 1):
            try:
                return read(await self._signed(request, call, scope=scope))
            except (RateLimited, Unavailable) as error:
                seconds = pause(error, repeats)
                late = time.monotonic() + seconds >= call.deadline
                if late or repeats == REPEATS or not _may_repeat(error, effect):
                    if effect == "set" and error.changed == "unknown":
                        error.next_step = "It only sets values, so the same call may be repeated."
                    raise
            await anyio.sleep(seconds)
        raise AssertionError("unreachable: the last repeat returns or raises")

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    async def _signed(self, request: Request, call: Call, *, scope: Scope) -> Response:
        """Send the request with fresh credentials; once more with newer ones where they are refused.

        A request that is answered with 401 was not done, so it may be sent again.
        """
        grant = self._vendor.token_grant(scope)
        refused: Token | None = None
        for last in (False, True):
            signed = request
            if grant is not None:
                token = await self._token(grant, call, scope=scope, refused=refused)
                signed, refused = replace(request, headers={**request.headers, **grant.headers(token)}), token
            answer = await self._attempt(signed, call, reads=scope == "cases:read")
            if answer.status != HTTPStatus.UNAUTHORIZED or last:
                break
            self._clock.sign_by_the_desk()
        return answer

    async def _token(self, grant: TokenGrant, call: Call, *, scope: Scope, refused: Token | None) -> Token:
        asking = replace(call, tool=f"the token for {call.tool}", before=nothing)

        async def fetch() -> Token:
            return grant.parse(await self._attempt(grant.request(), asking, reads=True))

        try:
            with anyio.fail_after(max(call.deadline - time.monotonic(), 0)):
                return await self._tokens.get(scope, fetch, refused=refused)
        except TimeoutError:
            raise _no_time_left(call.tool) from None

    async def _attempt(self, request: Request, call: Call, *, reads: bool) -> Response:
        breaker = self._breakers[reads]
        await self._allowance.wait(call.deadline)
        seconds = call.deadline - time.monotonic()
        if seconds <= 0:
            raise _no_time_left(call.tool)
        call.effort.attempts += 1
        try:
            answer = await self._wire.send(request, seconds=seconds, before=call.before)
        except TransportError as fault:
            breaker.record(failed=True)
            raise _unanswered(fault, tool=call.tool, reads=reads) from None
        breaker.record(failed=answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR)
        self._clock.see(answer)
        self._observe(request, answer)
        return answer


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
