"""Access tokens of the least scope: each kept apart, renewed before its end by one request for all who wait."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import anyio

from case_tools.adapter.messages import Token
from case_tools.adapter.tool import Scope
from case_tools.errors import CaseError

_RENEWED_AFTER: Final = 0.8
"""The part of a token's life after which it is renewed."""


@dataclass(slots=True)
class _Kept:
    """What is kept for one scope."""

    lock: anyio.Lock = field(default_factory=anyio.Lock)
    token: Token | None = None
    good_until: datetime | None = None
    attempts: int = 0
    error: CaseError | None = None


class AccessTokens:
    """The tokens that one desk has earned.

    Args:
        clock: the time, for their ends.
    """

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._scopes: dict[Scope, _Kept] = {}

    async def get(
        self, scope: Scope, fetch: Callable[[], Awaitable[Token]], *, refused: Token | None = None
    ) -> Token:
        """Return a token for the scope, fetched only if none is kept that is good.

        Args:
            scope: what it must be good for.
            fetch: earns a new one.
            refused: a token that the desk has just refused; it is not given out again.

        Raises:
            CaseError: it could not be earned; whoever waited for the attempt is told the same.
        """
        kept = self._scopes.setdefault(scope, _Kept())
        attempts = kept.attempts
        async with kept.lock:
            good = kept.good_until is not None and self._clock() < kept.good_until
            if kept.token is not None and kept.token is not refused and good:
                return kept.token
            if kept.error is not None and kept.attempts != attempts:
                raise kept.error
            try:
                token = await fetch()
            except CaseError as error:
                kept.attempts, kept.error = kept.attempts + 1, error
                raise
            kept.token, kept.error = token, None
            kept.good_until = self._clock() + timedelta(seconds=token.seconds * _RENEWED_AFTER)
            return token
