"""JSON-RPC messages as they come in, for both transports: what is one, and what answers that which is none."""

import json
import re
from typing import Final

from mcp import types

_NOTHING: Final = "Nothing was done."
_NOT_JSON: Final = f"The message is not JSON. {_NOTHING}"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_HAS_A_MARK: Final = f"The message begins with a byte order mark: send it without. {_NOTHING}"
_NOT_VALID: Final = "The message is not valid, or holds a lone surrogate."
_NO_OBJECT: Final = re.compile(rb'"arguments"\s*:\s*["\[]')


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
    if raw.startswith(_BYTE_ORDER_MARK):
        raise NotAMessage(error_of(None, types.PARSE_ERROR, _HAS_A_MARK))
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
    raise NotAMessage(
        error_of(own if printable else None, types.INVALID_REQUEST, f"{_fault_of(given)} {_NOTHING}")
    )


def readable(raw: bytes) -> bytes:
    """Return a call with its arguments as an object, where a client gives them as JSON in a text, or as `[]`."""
    if not _NO_OBJECT.search(raw):
        return raw
    try:
        message = json.loads(raw)
        params = message["params"]
        arguments = params["arguments"]
        if message["method"] != "tools/call":
            return raw
        if isinstance(arguments, str):
            arguments = json.loads(arguments) if arguments.strip() else {}
    except (ValueError, KeyError, TypeError, RecursionError):
        return raw
    meant = {} if arguments == [] else arguments
    if not isinstance(meant, dict):
        return raw
    return json.dumps({**message, "params": {**params, "arguments": meant}}).encode()


def _fault_of(given: object) -> str:
    """Return what is wrong with JSON that is no message."""
    if isinstance(given, list):
        return "The message is a batch: send each message by itself."
    if not isinstance(given, dict):
        return "The message is no JSON object."
    params = given.get("params")
    own = given.get("id", 1)
    faults = {
        'The message has no "jsonrpc": "2.0".': given.get("jsonrpc") != "2.0",
        "The message's method is no text.": "method" in given and not isinstance(given["method"], str),
        "The message's id is neither a text nor a whole number.": isinstance(own, bool)
        or not isinstance(own, str | int),
        "The message's params are no object.": "params" in given and not isinstance(params, dict),
        "The call's arguments are no object.": isinstance(params, dict)
        and not isinstance(params.get("arguments", {}), dict | None),
    }
    return next((fault for fault, there in faults.items() if there), _NOT_VALID)


def error_of(own: types.RequestId | None, code: int, message: str, data: object = None) -> types.JSONRPCError:
    """Return the error that answers a request."""
    return types.JSONRPCError(jsonrpc="2.0", id=own, error=types.ErrorData(code=code, message=message, data=data))
