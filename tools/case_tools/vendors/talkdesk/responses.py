"""How Talkdesk's responses are parsed: what counts as one, what an error means, what a case shows."""

import json
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from case_tools.adapter.messages import Json, Operation, Response
from case_tools.adapter.names import LearnedName
from case_tools.adapter.parsing import (
    error_of,
    is_success,
    list_of,
    mapping_of,
    moment_of,
    payload_of,
    text_of,
    unreadable,
    words_of,
)
from case_tools.errors import CaseError, Closed, CredentialsRefused, MissingScope, Problem, Rejected
from case_tools.results import ParsedRecord
from case_tools.vendors.talkdesk.endpoints import canonical_id

CLOSED: Final = "CLOSED"
_CLOSED_CASE: Final = re.compile(r"(?<!parent )\bcase\b[^.]{0,30}\bclosed\b|\bclosed cases?\b")
_NOT_TAKEN: Final = "holds a value that the desk does not take."
_ARGUMENTS: Final = frozenset(
    {
        "id",
        "title",
        "description",
        "priority",
        "type",
        "status",
        "resolution",
        "solve_reason",
        "owner_id",
        "group_id",
        "parent_id",
        "custom_fields",
        "notes",
        "note_title",
        "note_body",
        "public",
        "requester_name",
        "requester_email",
        "requester_type",
    }
)
_HOST_ADVICE: Final = "The administrator checks TALKDESK_REGION, or TALKDESK_API_URL."


def object_of(response: Response, operation: Operation) -> Json:
    """Return the JSON object of a response.

    Raises:
        CaseError: the response is an error, or unreadable.
    """
    payload = payload_of(response)
    if not is_success(response.status):
        raise _error(response, mapping_of(payload), operation)
    if not isinstance(payload, dict):
        raise unreadable(operation)
    return payload


def _error(response: Response, payload: Mapping[str, Any], operation: Operation) -> CaseError:
    if response.status == HTTPStatus.UNAUTHORIZED:  # also with a new token
        return CredentialsRefused(
            "The desk does not accept the token that its own token host gave.",
            next_step="The administrator checks that TALKDESK_REGION and the token's account belong together.",
        )
    if response.status == HTTPStatus.FORBIDDEN:
        return MissingScope(
            "The OAuth client may not do this.",
            next_step="The administrator gives it the scopes cases-public:read and cases-public:write in "
            "Builder > OAuth Clients.",
        )
    words = f"{text_of(payload.get('message'))} {text_of(payload.get('description'))}".casefold()
    if (
        response.status == HTTPStatus.BAD_REQUEST
        and operation.writes
        and operation.addressed
        and _CLOSED_CASE.search(words)
    ):
        return closed(operation.tool)
    if response.status == HTTPStatus.BAD_REQUEST and (problems := _problems(payload)):
        return Rejected(
            f"The desk does not take a value of {operation.tool}.",
            problems=problems,
            next_step=f"Fix that and call {operation.tool} again.",
        )
    return error_of(response, operation, host_advice=_HOST_ADVICE)


def _problems(payload: Mapping[str, Any]) -> list[Problem]:
    """Return the arguments that the desk names; its words about them are not passed on."""
    names = {text_of(mapping_of(each).get("name")) for each in list_of(payload.get("fields"))}
    return [Problem(argument=name, message=_NOT_TAKEN) for name in sorted(names & _ARGUMENTS)]


def closed(tool: str) -> Closed:
    """Return the error for a change of a case that is closed."""
    return Closed(
        f"{tool} was refused: the case is closed, and a closed case cannot be changed.",
        next_step="Open a new case with create_case, and name the closed one in parent_id or in its text.",
    )


def id_in(case: Mapping[str, Any]) -> str:
    """Return the case's id, which the pages call numeric and type as a text; empty where there is none."""
    own = case.get("id")
    return str(own) if isinstance(own, int) and not isinstance(own, bool) else text_of(own)


def record_of(case: Mapping[str, Any]) -> ParsedRecord:
    """Return what a case shows; keys that are missing or of another type read as empty."""
    return ParsedRecord(
        id=id_in(case),
        ref=id_in(case),
        title=text_of(case.get("title")),
        status=status_of(case.get("status")),
        priority=text_of(case.get("priority")).upper(),
        requester=text_of(case.get("requester_name")) or text_of(case.get("requester_email")),
        email=text_of(case.get("requester_email")),
        assignee=text_of(case.get("agent_name"))
        or text_of(case.get("owner_name"))
        or text_of(case.get("owner_id"))
        or text_of(case.get("agent_id")),
        queue=text_of(case.get("group_name")) or text_of(case.get("group_id")),
        created=moment_of(case.get("create_at")),
        updated=moment_of(case.get("update_at")),
        phone=text_of(case.get("requester_phone")),
        description=text_of(case.get("description")),
        fields=[*_fields_in(case)],
        resolution=[words for key in ("resolution", "solve_reason") if (words := text_of(case.get(key)))],
        notes=[words for each in map(mapping_of, list_of(case.get("notes"))) if (words := _note(each))],
    )


def _fields_in(case: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield name and value of the type, the form, what it is about, and each custom field."""
    for key in ("type", "form_name", "about"):
        if words := words_of(case.get(key)):
            yield key, words
    custom = custom_fields_of(case.get("custom_fields"))
    for key, value in mapping_of(custom).items():
        shown = mapping_of(value)
        if words := words_of(shown.get("label") or shown.get("value") if shown else value):
            yield key, words


def _note(note: Mapping[str, Any]) -> str:
    """Return a note with whether the customer can see it; one page writes `notes_title` and `notes_body`."""
    title = text_of(note.get("note_title")) or text_of(note.get("notes_title"))
    body = text_of(note.get("note_body")) or text_of(note.get("notes_body"))
    public = note.get("public")
    seen = "visibility not shown" if not isinstance(public, bool) else "customer sees it" if public else "internal"
    words = ": ".join(filter(None, (title, body)))
    return f"({seen}) {words}" if words else ""


def status_of(value: object) -> str:
    """Return a status in one spelling, whichever the page or the desk writes."""
    return "_".join(text_of(value).upper().replace("-", " ").replace("_", " ").split())


def names_in(case: Mapping[str, Any]) -> list[LearnedName]:
    """Return what a case shows for later: its id, and that it is closed, which stays so."""
    own = id_in(case)
    if not own:
        return []
    canonical = canonical_id(own)
    closed_too = (
        [LearnedName(kind=CLOSED, id=canonical, name=canonical)] if status_of(case.get("status")) == CLOSED else []
    )
    return [LearnedName(kind="case", id=own, name=own), *closed_too]


def custom_fields_of(value: object) -> object:
    """Return the custom fields, which answers show as an object or as JSON in a text."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value
