"""How Kore's responses are parsed: what counts as one, what an error means, what a row shows.

No Case Management page documents an error. The shapes and codes are those of Kore's wider platform; both
`msg` and `message` occur.
"""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from case_tools.adapter.messages import Json, Operation, Response
from case_tools.adapter.names import LearnedName, fold
from case_tools.adapter.parsing import (
    error_of,
    is_success,
    limited,
    list_of,
    mapping_of,
    moment_of,
    name_of,
    payload_of,
    text_of,
    unreadable,
    words_of,
)
from case_tools.errors import CaseError, ConfigurationError, CredentialsRefused, MissingScope, Rejected
from case_tools.results import ParsedRecord

_REFUSALS: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, 4002})
_KNOWN_CODES: Final = frozenset({400, 401, 404, 405, 412, 429, 4002})
_LONGEST_CODE: Final = 6
_HOST_ADVICE: Final = "The administrator checks KORE_HOST, e.g. platform.kore.ai."
_KEYS_OF_STATUS: Final = ("_id", "name", "lname", "statusCategory")
_KEYS_OF_PRIORITY: Final = ("_id", "name", "lname", "desc")
_KEYS_OF_QUEUE: Final = ("_id", "name")
_MIRRORED: Final = frozenset({"title", "description", "duedate"})
"""Fields of every template that repeat name, desc and dueDate."""

_COMMENT_KEYS: Final = ("comment", "text", "desc", "message", "value")
_FILE_KEYS: Final = ("fileName", "name", "title")
_KEYS_OF_AGENT: Final = ("aId", "agentId", "name")


def object_of(response: Response, operation: Operation) -> Json:
    """Return the JSON object of a response.

    Raises:
        CaseError: the response is an error, or unreadable.
    """
    payload = payload_of(response)
    errors = list(_errors(payload))
    if not is_success(response.status) or errors:
        raise _error(response, errors, operation)
    if not isinstance(payload, dict):
        raise unreadable(operation)
    return payload


def _errors(payload: object) -> Iterator[tuple[int | None, str]]:
    """Yield code and words of each error in any of the shapes seen."""
    if not isinstance(payload, Mapping):
        return
    listed = payload.get("errors")
    for each in listed if isinstance(listed, list) else [listed] if listed else []:
        if isinstance(each, Mapping):
            words = str(each.get("msg") or each.get("message") or "")
            yield _code(each.get("code")), words
        else:
            yield None, str(each)
    if str(payload.get("status")).casefold() == "error":
        yield None, str(payload.get("message") or "")


def _code(value: object) -> int | None:
    text = str(value) if isinstance(value, int | str) else ""
    return int(text) if len(text) < _LONGEST_CODE and text.isdecimal() and text.isascii() else None


def _error(response: Response, errors: Sequence[tuple[int | None, str]], operation: Operation) -> CaseError:
    words = " ".join(text for _, text in errors).casefold()
    status = response.status
    if is_success(status):  # some profiles answer errors with 200
        status = next((code for code, _ in errors if code in _KNOWN_CODES), 500)
    if "rate limit" in words:
        return limited(response)
    if status in _REFUSALS:
        return _refused(words)
    if "streamid" in words.replace(" ", ""):
        return ConfigurationError(
            "The desk does not know the app's id.",
            next_step="The administrator sets KORE_STREAM_ID to the id in App Settings > General.",
        )
    if status == HTTPStatus.PRECONDITION_FAILED:
        return Rejected(
            f"The desk says that a field which it needs is missing in {operation.tool}.",
            next_step="Give the fields that the case's template requires, then call again.",
        )
    return error_of(response, operation, host_advice=_HOST_ADVICE, status=status)


def _refused(words: str) -> CaseError:
    if "scope" in words:
        return MissingScope(
            "The JWT app may not work on cases: it lacks the scope, or was not published since it was given.",
            next_step="The administrator opens App Settings > Dev Tools > API Scope, gives the JWT app of "
            "KORE_CLIENT_ID the scope `Case Management Configuration`, saves, and publishes the app.",
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


def record_of(row: Mapping[str, Any]) -> ParsedRecord:
    """Return what a row shows; keys that are missing or of another type read as empty."""
    customer = mapping_of(row.get("userInfo"))
    queues = [mapping_of(queue) for queue in list_of(row.get("queues"))]
    return ParsedRecord(
        id=text_of(row.get("_id")),
        ref=text_of(row.get("refId")),
        case=text_of(row.get("caseRefId")),
        case_id=text_of(row.get("caseId")),
        title=text_of(row.get("name")),
        status=name_of(row.get("status")),
        priority=name_of(row.get("priority")),
        requester=name_of(customer) or text_of(customer.get("emailId")) or text_of(customer.get("phoneNumber")),
        email=text_of(customer.get("emailId")),
        phone=text_of(customer.get("phoneNumber")),
        assignee=name_of(row.get("currAssignee")),
        queue=", ".join(filter(None, map(name_of, queues))),
        due=moment_of(row.get("dueDate")) or moment_of(row.get("ETA")),
        breached=row.get("isBreached") is True,
        created=moment_of(row.get("createdAt")),
        updated=moment_of(row.get("updatedAt")),
        description=text_of(row.get("desc")),
        channel=", ".join(filter(None, map(text_of, list_of(row.get("channel"))))) or text_of(row.get("source")),
        tags=[tag for tag in list_of(row.get("tags")) if isinstance(tag, str) and tag],
        tasks=[task for task in list_of(row.get("taskIds")) if isinstance(task, str) and task],
        fields=[*_fields_in(row)],
        resolution=[words for entry in list_of(row.get("resolutionCmts")) if (words := _words_of_comment(entry))],
        participants=[name for each in list_of(row.get("participants")) if (name := name_of(each))],
        attachments=[name for each in list_of(row.get("attachments")) if (name := _file_name(each))],
    )


def _fields_in(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield name and value of each field of the template that has one, but for those that mirror the row's own."""
    for each in map(mapping_of, list_of(row.get("fields"))):
        name, value = text_of(each.get("displayName")), words_of(each.get("selectedValue"))
        if name and value and fold(name) not in _MIRRORED:
            yield name, value


def _words_of_comment(entry: object) -> str:
    """Return the words of a resolution comment; whether an entry is a text or an object is not documented."""
    shown = mapping_of(entry)
    return text_of(entry) or next((text for key in _COMMENT_KEYS if (text := text_of(shown.get(key)))), "")


def _file_name(entry: object) -> str:
    """Return the name of an attached file; what an entry holds is not documented."""
    shown = mapping_of(entry)
    return text_of(entry) or next((text for key in _FILE_KEYS if (text := text_of(shown.get(key)))), "a file")


def names_in(rows: Sequence[Mapping[str, Any]]) -> list[LearnedName]:
    """Return every name and reference that the rows show."""
    return [name for row in rows for name in _names_in(row)]


def _names_in(row: Mapping[str, Any]) -> Iterator[LearnedName]:
    own = text_of(row.get("_id"))
    if own and (ref := text_of(row.get("refId"))):
        yield LearnedName(kind="task" if own.startswith("ti-") else "case", id=own, name=ref)
    if (case := text_of(row.get("caseId"))) and (ref := text_of(row.get("caseRefId"))):
        yield LearnedName(kind="case", id=case, name=ref)
    yield from _names_of("status", row.get("status"), _KEYS_OF_STATUS)
    yield from _names_of("priority", row.get("priority"), _KEYS_OF_PRIORITY)
    for queue in list_of(row.get("queues")):
        yield from _names_of("queue", queue, _KEYS_OF_QUEUE)
    agent = mapping_of(row.get("currAssignee"))
    if (own_id := text_of(agent.get("aId")) or text_of(agent.get("agentId"))) and (
        name := text_of(agent.get("name"))
    ):
        kept = {key: agent[key] for key in _KEYS_OF_AGENT if text_of(agent.get(key))}
        yield LearnedName(kind="agent", id=own_id, name=name, value=kept)
        if user := kept.get("agentId"):
            yield LearnedName(kind="agent user", id=user, name=name, value=kept)
    if template := text_of(row.get("caseTmp")):
        yield LearnedName(kind="template", id=template, name=template)


def _names_of(kind: str, value: object, keys: Sequence[str]) -> Iterator[LearnedName]:
    shown = mapping_of(value)
    own, name = text_of(shown.get("_id")), text_of(shown.get("name"))
    if own and name:
        kept = {key: shown[key] for key in keys if isinstance(shown.get(key), str) and shown[key]}
        yield LearnedName(kind=kind, id=own, name=name, value=kept)
