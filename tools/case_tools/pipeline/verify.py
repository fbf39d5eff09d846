"""Proof of a write: what the response to an update does not show is read back by one search."""

import time
from dataclasses import replace
from typing import Final

from case_tools.adapter.messages import Parsed, Response
from case_tools.errors import CaseError, NotApplied
from case_tools.pipeline.invocation import Built
from case_tools.results import Written
from case_tools.settings import Settings
from case_tools.transport.call import Call, nothing
from case_tools.transport.retry import RetryingClient

_LEAST_SECONDS: Final = 3.0
_LEAST_SHARE: Final = 5
"""A write is read back only while this part of the account's rate is left: other callers need it more."""


class Verifier:
    """Reads back what updates have changed.

    Args:
        client: sends the search.
        settings: whether to, and the account's rate.
    """

    def __init__(self, client: RetryingClient, settings: Settings) -> None:
        self._client = client
        self._settings = settings

    async def verify(self, built: Built, parsed: Parsed, result: Written, call: Call) -> Written:
        """Return the result with what the desk shows now; what cannot be read back stays unconfirmed.

        Raises:
            NotApplied: the desk shows another value than the one asked for.
        """
        tool = built.invocation.tool
        request = tool.reread(built.request, parsed) if result.unconfirmed and self._may_read(call) else None
        if request is None:
            return result

        def parse(response: Response) -> Written:
            return tool.confirmed(built.request, parsed, response, built.resolved)

        reading = replace(call, before=nothing)
        try:
            return await self._client.send(request, parse, reading, scope="cases:read", effect="read")
        except NotApplied:
            raise
        except CaseError:  # the write was answered; only its proof is missing
            return result

    def _may_read(self, call: Call) -> bool:
        left = self._client.rate_left()
        has_rate = left is None or left * _LEAST_SHARE >= self._settings.allowance
        return self._settings.verify and has_rate and call.deadline - time.monotonic() >= _LEAST_SECONDS
