"""Turn a result or an error into a tool result: the one place that catches.

On handshake-era connections the SDK writes the text of an unhandled exception to the client, so nothing
may leave a handler but a result, a protocol error or a cancellation.
"""

import json
import logging
import secrets
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, Final

from mcp import types

from case_server.audit import AuditEntry
from case_tools import CaseError, Result

_AFTER_A_READ: Final = "Nothing was changed. Try again, and tell the administrator if it stays so."
_AFTER_A_WRITE: Final = (
    "It is not known whether the desk applied it. "
    "Look with a search before you repeat the call, and tell the administrator."
)
_log = logging.getLogger(__name__)


async def reply(
    tool: str,
    call: Awaitable[Result | types.InputRequiredResult],
    *,
    writes: bool,
    entry: AuditEntry,
    nonce: Callable[[], str] = lambda: secrets.token_urlsafe(6),
    data_of: Callable[[Result | CaseError], dict[str, Any]] | None = None,
) -> types.CallToolResult | types.InputRequiredResult:
    """Return the outcome of the call, and write it to the audit; an error is words alone, without a structure.

    Args:
        tool: the tool's name.
        call: the call; it may end in a question to the person.
        writes: whether it may change something.
        entry: the call's line in the audit.
        nonce: eight characters that nobody can foresee, for the lines around other people's words.
        data_of: turns an outcome into data; raises the errors that stay errors for a dialog as well.
    """
    try:
        result = await call
    except CaseError as error:
        entry.finish(error.kind, changed=error.changed if writes else None)
        return _expected(error, data_of, nonce()) if data_of else _failure(error.text(nonce()))
    except Exception as error:  # noqa: BLE001 - see above
        entry.finish("internal_error", changed="unknown" if writes else None)
        _log.error("%s failed: %s at %s", tool, type(error).__name__, _place(error))
        return _failure(f"{tool} failed inside this server. {_AFTER_A_WRITE if writes else _AFTER_A_READ}")
    except BaseException:
        entry.cancel(writes=writes)
        raise
    if isinstance(result, types.InputRequiredResult):
        entry.finish("asked")
        return result
    entry.finish_with(result)
    return _success(result.text(nonce()), data_of(result) if data_of else result.data())


def _expected(
    error: CaseError, data_of: Callable[[Result | CaseError], dict[str, Any]], nonce: str
) -> types.CallToolResult:
    try:
        data = data_of(error)
    except CaseError:
        return _failure(error.text(nonce))
    return _success(json.dumps(data, ensure_ascii=False), data)


def _success(text: str, data: dict[str, Any]) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structured_content=data)


def _failure(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)


def _place(error: Exception) -> str:
    """Return where the error was raised, without its text, which may hold a customer's words."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(frames[-4:]))
