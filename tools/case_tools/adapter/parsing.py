"""Lenient parsing of what any desk answers: values, and the errors that every vendor's statuses mean.

A vendor's own words serve to tell errors apart and are never passed on.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from case_tools.adapter.messages import Operation, Response
from case_tools.errors import (
    CaseError,
    Changed,
    ConfigurationError,
    NotFound,
    RateLimited,
    Rejected,
    Unavailable,
    UnexpectedAnswer,
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NO_SUCH_PLACE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})
_UNDECIDED: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY})
"""Statuses below 500 after which a write may have been done."""

_DEEPEST: Final = 4
_LARGEST_COUNT: Final = 10**9
_USUAL_WAIT: Final = 60.0
_LONGEST_WAIT: Final = 3600.0


def is_success(status: int) -> bool:
    """Tell whether the status says that it went well."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def payload_of(response: Response) -> object:
    """Return the body parsed as JSON; None where it is not."""
    try:
        return response.payload()
    except ValueError:
        return None


def unreadable(operation: Operation) -> UnexpectedAnswer:
    """Return the error for a response that is not the operation's."""
    return UnexpectedAnswer(
        f"The desk answered {operation.tool} with something that cannot be read as its answer.",
        changed=_possible_change(operation),
        next_step=_check_first(operation) or "Try again later, and tell the administrator if it stays so.",
    )


def other_id(operation: Operation) -> UnexpectedAnswer:
    """Return the error for an update that the desk answered for another case or task."""
    return UnexpectedAnswer(
        f"The desk answered {operation.tool} for another id than the one it was given.",
        changed="unknown",
        next_step="Look at both with search_cases before any further change, and tell the administrator.",
    )


def error_of(
    response: Response, operation: Operation, *, host_advice: str, status: int | None = None
) -> CaseError:
    """Return the error that a status means whichever vendor sends it.

    Args:
        response: the response.
        operation: what it responds to.
        host_advice: which setting the administrator checks where the host does not serve the API.
        status: the status meant, where the response's own is another.
    """
    status = response.status if status is None else status
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return limited(response)
    if status == HTTPStatus.NOT_FOUND and operation.addressed and isinstance(payload_of(response), Mapping):
        return NotFound(
            f"The desk knows nothing under what {operation.tool} was given.",
            next_step="Find the reference with search_cases and call again.",
        )
    redirects = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    if redirects and operation.writes:  # 303 means that it was done; whatever redirects may have passed it on
        return UnexpectedAnswer(
            f"The desk answered {operation.tool} with a redirect (HTTP {status}), which is not followed.",
            changed="unknown",
            next_step=f"Search for it before you repeat the call. {host_advice}",
        )
    if status in _NO_SUCH_PLACE or redirects:
        return ConfigurationError(f"The host does not serve this API (HTTP {status}).", next_step=host_advice)
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _UNDECIDED:
        return Rejected(
            f"The desk does not take a value of {operation.tool} (HTTP {status}).",
            next_step="Check ids, names and dates against what search_cases shows, then call again.",
        )
    return Unavailable(
        f"The desk failed (HTTP {status}).",
        changed=_possible_change(operation),
        next_step=_check_first(operation) or "Try again later.",
    )


def limited(response: Response) -> RateLimited:
    """Return the error for a desk that takes no more for now.

    Seconds are taken from the header Retry-After, else from `retryAfterMs` in the body, which one profile of the
    first vendor's newer platform reports: a guess.
    """
    asked = _retry_after(response.headers.get("retry-after"))
    if asked is None:
        asked = _seconds(mapping_of(payload_of(response)).get("retryAfterMs"), unit=1000.0)
    wait = _USUAL_WAIT if asked is None else min(max(asked, 1.0), _LONGEST_WAIT)
    return RateLimited(
        "The desk takes no more requests for now.",
        retry_after=wait,
        by_desk=asked is not None,
        next_step=f"Wait {math.ceil(wait)} seconds, then repeat the call.",
    )


def _possible_change(operation: Operation) -> Changed:
    return "unknown" if operation.writes else "nothing"


def _check_first(operation: Operation) -> str:
    return "Search for it before you repeat the call, and tell the administrator." if operation.writes else ""


def _retry_after(value: str | None) -> float | None:
    """Return the seconds to wait, from seconds or a date; None where nothing sensible is said."""
    if (seconds := _seconds(value)) is not None:
        return seconds
    try:
        return (parsedate_to_datetime(value or "") - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None


def _seconds(value: object, *, unit: float = 1.0) -> float | None:
    try:
        seconds = float(str(value)) / unit
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


def text_of(value: object) -> str:
    """Return the value if it is a text."""
    return value if isinstance(value, str) else ""


def mapping_of(value: object) -> Mapping[str, Any]:
    """Return the value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def list_of(value: object) -> list[Any]:
    """Return the value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def count_of(value: object) -> int | None:
    """Return the value if it is a whole number that can be a count."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(_LARGEST_COUNT)):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= _LARGEST_COUNT else None


def name_of(value: object) -> str:
    """Return the name in an object, or the text that stands in its place."""
    return text_of(value) or text_of(mapping_of(value).get("name"))


def moment_of(value: object) -> datetime | None:
    """Return the moment that a desk writes as epoch milliseconds or ISO 8601."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _EPOCH + timedelta(milliseconds=int(value))
        if isinstance(value, str) and value:
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return None


def words_of(value: object, *, depth: int = 0) -> str:
    """Return a value as a person would read it in a list of changes; what is nested deeply is left out."""
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        parts = (f"{key}: {words_of(inner, depth=depth + 1)}" for key, inner in value.items())
        return name_of(value) or text_of(value.get("_id")) or ", ".join(parts)
    if isinstance(value, list):
        return ", ".join(words_of(each, depth=depth + 1) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
