"""Access tokens by scope, renewed before they expire; one request serves all calls that wait for it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import anyio

from case_tools.adapter.messages import Token
from case_tools.adapter.tool import Scope
from case_tools.errors import CaseError

_RENEWED_AFTER: Final = 0.8
"""The fraction of its lifetime after which a token is renewed."""


@dataclass(slots=True)
class _Entry:
    """The token of one scope and the last attempt to get one."""

    lock: anyio.Lock = field(default_factory=anyio.Lock)
    token: Token | None = None
    valid_until: datetime | None = None
    attempts: int = 0
    error: CaseError | None = None


class AccessTokens:
    """The access tokens of one desk.

    Args:
        clock: the time, for their expiry.
    """

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._scopes: dict[Scope, _Entry] = {}

    async def get(
        self, scope: Scope, fetch: Callable[[], Awaitable[Token]], *, refused: Token | None = None
    ) -> Token:
        """Return a token for the scope, fetched only where none is valid.

        Args:
            scope: what the token must allow.
            fetch: requests a new one.
            refused: a token that the desk has just refused; it is not given out again.

        Raises:
            CaseError: the request failed; every call that waited for it raises the same error.
        """
        entry = self._scopes.setdefault(scope, _Entry())
        attempts = entry.attempts
        async with entry.lock:
            valid = entry.valid_until is not None and self._clock() < entry.valid_until
            if entry.token is not None and entry.token is not refused and valid:
                return entry.token
            if entry.error is not None and entry.attempts != attempts:
                raise entry.error
            try:
                token = await fetch()
            except CaseError as error:
                entry.attempts, entry.error = entry.attempts + 1, error
                raise
            entry.token, entry.error = token, None
            entry.valid_until = self._clock() + timedelta(seconds=token.seconds * _RENEWED_AFTER)
            return token
