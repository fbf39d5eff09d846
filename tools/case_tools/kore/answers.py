"""How answers of the desk read: what is an answer at all, what an error means, what a row shows.

No Case Management page documents an error. The shapes and codes are those of Kore's wider platform; both
`msg` and `message` occur. The vendor's words serve to tell errors apart and are never passed on.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from case_tools.actions import Answer, Json
from case_tools.errors import (
    CaseError,
    Changed,
    ConfigurationError,
    CredentialsRefused,
    MissingScope,
    NotFound,
    RateLimited,
    Rejected,
    Unavailable,
    UnexpectedAnswer,
)
from case_tools.names import Seen
from case_tools.results import Record

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RATE_WINDOW: Final = 60.0
_LONGEST_WAIT: Final = 3600.0
_REFUSALS: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, 4002})
_KNOWN_CODES: Final = frozenset({400, 401, 404, 405, 412, 429, 4002})
_KEYS_OF_STATUS: Final = ("_id", "name", "lname", "statusCategory")
_KEYS_OF_PRIORITY: Final = ("_id", "name", "lname", "desc")


def object_of(answer: Answer, *, tool: str, writes: bool) -> Json:
    """Return the JSON object that the desk answered.

    Raises:
        CaseError: the desk answered an error, or something that is no answer.
    """
    try:
        payload = answer.payload()
    except ValueError:
        payload = None
    errors = list(_errors(payload))
    if not _is_success(answer.status) or errors:
        raise _error(answer, errors, tool=tool, writes=writes)
    if not isinstance(payload, dict):
        raise no_answer(tool, writes=writes)
    return payload


def _is_success(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def no_answer(tool: str, *, writes: bool) -> UnexpectedAnswer:
    """Return the error for an answer that does not say what was asked."""
    return UnexpectedAnswer(
        f"The desk answered {tool} with something that cannot be read as its answer.",
        changed="unknown" if writes else "nothing",
        next_step=_check_first(writes=writes) or "Try again later, and tell the administrator if it stays so.",
    )


def _check_first(*, writes: bool) -> str:
    return "Search for it before you repeat the call, and tell the administrator." if writes else ""


def _errors(payload: object) -> Iterator[tuple[int | None, str]]:
    """Yield code and words of each error in any of the shapes seen."""
    if not isinstance(payload, Mapping):
        return
    listed = payload.get("errors")
    for each in listed if isinstance(listed, list) else [listed] if listed else []:
        if isinstance(each, Mapping):
            code = each.get("code")
            yield code if isinstance(code, int) else None, str(each.get("msg") or each.get("message") or "")
        else:
            yield None, str(each)
    if str(payload.get("status")).casefold() == "error":
        yield None, str(payload.get("message") or "")


def _error(answer: Answer, errors: Sequence[tuple[int | None, str]], *, tool: str, writes: bool) -> CaseError:
    words = " ".join(text for _, text in errors).casefold()
    status = answer.status
    if _is_success(status):  # an error in the clothes of a success
        status = next((code for code, _ in errors if code in _KNOWN_CODES), 500)
    if status == HTTPStatus.TOO_MANY_REQUESTS or "rate limit" in words:
        wait = _retry_after(answer.headers.get("retry-after"))
        return RateLimited(
            "The desk takes no more requests for now.",
            retry_after=wait,
            next_step=f"Wait {math.ceil(wait)} seconds, then repeat the call.",
        )
    if status in _REFUSALS:
        return _refused(words)
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(
            f"The desk knows nothing under what {tool} was given.",
            next_step="Find the reference with search_cases and call again.",
        )
    if "streamid" in words.replace(" ", ""):
        return ConfigurationError(
            "The desk does not know the app's id.",
            next_step="The administrator sets KORE_STREAM_ID to the id in App Settings > General.",
        )
    if status == HTTPStatus.METHOD_NOT_ALLOWED or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return ConfigurationError(
            f"The host does not serve this API (HTTP {status}).",
            next_step="The administrator checks KORE_HOST, e.g. platform.kore.ai.",
        )
    if status == HTTPStatus.PRECONDITION_FAILED:
        return Rejected(
            f"The desk says that a field which it needs is missing in {tool}.",
            next_step="Give the fields that the case's template requires, then call again.",
        )
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Rejected(
            f"The desk does not take a value of {tool} (HTTP {status}).",
            next_step="Check ids, names and dates against what search_cases shows, then call again.",
        )
    changed: Changed = "unknown" if writes else "nothing"
    return Unavailable(
        f"The desk failed (HTTP {status}).",
        changed=changed,
        next_step=_check_first(writes=writes) or "Try again later.",
    )


def _refused(words: str) -> CaseError:
    if "scope" in words:
        return MissingScope(
            "The JWT app lacks the scope for cases, or the scope is not published.",
            next_step="The administrator adds `Case Management Configuration` under Dev Tools > API Scope "
            "and publishes the app.",
        )
    if "jti" in words or "replay" in words:
        return CredentialsRefused(
            "The desk refused the token for its number or its lifetime.",
            next_step="The administrator checks this machine's clock and the JWT app's `Enforce JTI`.",
        )
    return CredentialsRefused(
        "The desk does not accept the token.",
        next_step="The administrator checks KORE_CLIENT_ID, KORE_CLIENT_SECRET and KORE_JWT_ALGORITHM against the "
        "JWT app, KORE_HOST against its region, and this machine's clock.",
    )


def _retry_after(value: str | None) -> float:
    """Return the seconds to wait, from seconds or a date; a minute where nothing sensible is said."""
    try:
        seconds = float(value or "")
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value or "") - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return _RATE_WINDOW
    return min(max(seconds, 1.0), _LONGEST_WAIT) if math.isfinite(seconds) else _RATE_WINDOW


def text_of(value: object) -> str:
    """Return the value if it is a text."""
    return value if isinstance(value, str) else ""


def moment_of(value: object) -> datetime | None:
    """Return the moment that the desk writes as epoch milliseconds or ISO 8601."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _EPOCH + timedelta(milliseconds=int(value))
        if isinstance(value, str) and value:
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return None


def record_of(row: Mapping[str, Any]) -> Record:
    """Return what a row shows; keys that are missing or of another type read as empty."""
    customer = _mapping(row.get("userInfo"))
    queues = [_mapping(queue) for queue in _list(row.get("queues"))]
    return Record(
        id=text_of(row.get("_id")),
        ref=text_of(row.get("refId")),
        case=text_of(row.get("caseRefId")),
        title=text_of(row.get("name")),
        status=name_of(row.get("status")),
        priority=name_of(row.get("priority")),
        requester=name_of(customer) or text_of(customer.get("emailId")) or text_of(customer.get("phoneNumber")),
        email=text_of(customer.get("emailId")),
        assignee=name_of(row.get("currAssignee")) or ", ".join(filter(None, map(name_of, queues))),
        due=moment_of(row.get("dueDate")) or moment_of(row.get("ETA")),
        breached=row.get("isBreached") is True,
        updated=moment_of(row.get("updatedAt")),
        description=text_of(row.get("desc")),
        channel=", ".join(filter(None, map(text_of, _list(row.get("channel"))))) or text_of(row.get("source")),
        tags=[tag for tag in _list(row.get("tags")) if isinstance(tag, str) and tag],
        tasks=[task for task in _list(row.get("taskIds")) if isinstance(task, str) and task],
    )


def seen_in(rows: Sequence[Mapping[str, Any]]) -> list[Seen]:
    """Return everything that the rows show of names and references."""
    return [seen for row in rows for seen in _seen_in(row)]


def _seen_in(row: Mapping[str, Any]) -> Iterator[Seen]:
    own = text_of(row.get("_id"))
    if own and (ref := text_of(row.get("refId"))):
        yield Seen(kind="task" if own.startswith("ti-") else "case", id=own, name=ref)
    if (case := text_of(row.get("caseId"))) and (ref := text_of(row.get("caseRefId"))):
        yield Seen(kind="case", id=case, name=ref)
    yield from _seen_object("status", row.get("status"), _KEYS_OF_STATUS)
    yield from _seen_object("priority", row.get("priority"), _KEYS_OF_PRIORITY)


def _seen_object(kind: str, value: object, keys: Sequence[str]) -> Iterator[Seen]:
    shown = _mapping(value)
    own, name = text_of(shown.get("_id")), text_of(shown.get("name"))
    if own and name:
        kept = {key: shown[key] for key in keys if isinstance(shown.get(key), str) and shown[key]}
        yield Seen(kind=kind, id=own, name=name, value=kept)


def name_of(value: object) -> str:
    """Return the name in an object, or the text that stands in its place."""
    return text_of(value) or text_of(_mapping(value).get("name"))


def words_of(value: object) -> str:
    """Return a value as a person would read it in a list of changes."""
    if isinstance(value, Mapping):
        return name_of(value) or text_of(value.get("_id")) or json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return ", ".join(map(words_of, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
