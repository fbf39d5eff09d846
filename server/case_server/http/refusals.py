"""The answers of the gate: JSON-RPC errors under an HTTP status."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from mcp import types
from starlette.responses import Response

from case_server.mcp.messages import error_of

CLOSE: Final = {"connection": "close"}
"""For an answer that is given while the body comes in."""

_RETRY_AFTER: Final = "2"


class Refusal(Exception):
    """A request goes no further.

    Attributes:
        outcome: how the audit tells it.

    Args:
        status: the HTTP status.
        outcome: see above.
        text: the error's message.
        headers: further headers.
        code: the JSON-RPC error's code.
    """

    def __init__(
        self,
        status: HTTPStatus,
        outcome: str,
        text: str,
        *,
        headers: Mapping[str, str] | None = None,
        code: int = types.INVALID_REQUEST,
    ) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self._status, self._text, self._headers, self._code = status, text, headers, code

    def answer(self, own: types.RequestId | None) -> Response:
        """Return the answer to the request of this id."""
        return answer_of(error_of(own, self._code, self._text), self._status, self._headers)


def answer_of(error: types.JSONRPCError, status: HTTPStatus, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON-RPC error as an HTTP answer."""
    body = error.model_dump_json(by_alias=True, exclude={"error": {"data"}})
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def busy(outcome: str, what: str, status: HTTPStatus = HTTPStatus.SERVICE_UNAVAILABLE) -> Refusal:
    """Return the refusal of a request that may come again."""
    return Refusal(
        status,
        outcome,
        f"{what} Nothing was done. Try again in {_RETRY_AFTER} seconds.",
        headers={"retry-after": _RETRY_AFTER},
        code=types.INTERNAL_ERROR,
    )
