"""JSON-RPC messages as they come in, for both transports: what is one, and what answers that which is none."""

import json
from typing import Final

from mcp import types

_NOT_JSON: Final = "The message is not JSON. Nothing was done."
_NOT_VALID: Final = "The message is not valid, or holds a lone surrogate. Nothing was done."


class NotAMessage(Exception):
    """What came in is no message.

    Attributes:
        answer: the error that answers it.
    """

    def __init__(self, answer: types.JSONRPCError) -> None:
        super().__init__(answer.error.message)
        self.answer = answer


def message_of(raw: bytes) -> types.JSONRPCMessage:
    """Return the message.

    Raises:
        NotAMessage: it is none; the SDK would leave some of these unanswered, and repeat the words of others.
    """
    try:
        message = types.jsonrpc_message_adapter.validate_json(raw, by_name=False)
    except ValueError:
        pass
    else:
        # The SDK takes a request whose id is no text or integer for a notification, which nobody answers.
        if not isinstance(message, types.JSONRPCNotification) or "id" not in json.loads(raw):
            return message
    try:
        given = json.loads(raw)
    except (ValueError, RecursionError):
        raise NotAMessage(error_of(None, types.PARSE_ERROR, _NOT_JSON)) from None
    own = given.get("id") if isinstance(given, dict) else None
    printable = own.isprintable() if isinstance(own, str) else isinstance(own, int) and not isinstance(own, bool)
    raise NotAMessage(error_of(own if printable else None, types.INVALID_REQUEST, _NOT_VALID))


def error_of(own: types.RequestId | None, code: int, message: str, data: object = None) -> types.JSONRPCError:
    """Return the error that answers a request."""
    return types.JSONRPCError(jsonrpc="2.0", id=own, error=types.ErrorData(code=code, message=message, data=data))
