"""The six documented endpoints: one path shape, one method, ids of known prefixes."""

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator

from case_tools.adapter.arguments import Text
from case_tools.adapter.messages import Request, Resolved
from case_tools.adapter.names import NameRef
from case_tools.errors import Ambiguous, NotFound
from case_tools.untrusted import lines

_ROOT: Final = "/caseManagement/api/public/analytics/{streamId}"
_REFERENCE: Final = re.compile(r"[A-Za-z][A-Za-z-]{0,9}\d{1,12}")
_ID: Final = re.compile(r"[a-z]{1,9}-[0-9A-Za-z]+(-[0-9A-Za-z]+)*")
_KINDS: Final = {"ci-": "case", "ti-": "task"}
_FOUND_WITH: Final = {
    "case": "search_cases, by words of its title",
    "task": "search_cases, detail=full, which shows the ids of a case's tasks",
}
_SAMPLE: Final = {"case": "CS000123", "task": "TS000123"}


def post(stream_id: str, tail: str, body: dict[str, Any], **path: str) -> Request:
    """Return the request of an endpoint; every one is a POST, also those that read."""
    return Request(method="POST", template=f"{_ROOT}/{tail}", path={"streamId": stream_id, **path}, body=body)


def _addressed(kind: str) -> AfterValidator:
    def check(given: str) -> str:
        text = given.lstrip("#").strip()
        if _ID.fullmatch(text):
            actual = next(
                (name for prefix, name in _KINDS.items() if text.startswith(prefix)), "thing of another kind"
            )
            if actual != kind:
                raise ValueError(
                    f"is the id of a {actual}: give a {kind}'s reference, e.g. {_SAMPLE[kind]}, or its id."
                )
            return text
        if _REFERENCE.fullmatch(text):
            return text.upper()
        raise ValueError(f"must be a {kind}'s reference, e.g. {_SAMPLE[kind]}, or its id.")

    return AfterValidator(check)


CaseAddress = Annotated[Text, _addressed("case")]
TaskAddress = Annotated[Text, _addressed("task")]


def _reference(given: str) -> str:
    if not _REFERENCE.fullmatch(given.lstrip("#").strip()):
        raise ValueError("must be a case's reference, e.g. CS000123.")
    return given.lstrip("#").strip().upper()


def _prefixed(prefix: str, what: str, instead: str = "a name belongs into `name`.") -> AfterValidator:
    def check(given: str) -> str:
        if not given.startswith(prefix) or not _ID.fullmatch(given):
            raise ValueError(f"must be {what}, {prefix}…; {instead}")
        return given

    return AfterValidator(check)


_ASK: Final = "the administrator knows it."
CaseTemplateId = Annotated[Text, _prefixed("ctm-", "a case template's id", _ASK)]
TaskTemplateId = Annotated[Text, _prefixed("ttm-", "a task template's id", _ASK)]
StatusId = Annotated[Text, _prefixed("sts-", "a status's id")]
PriorityId = Annotated[Text, _prefixed("pr-", "a priority's id")]
QueueId = Annotated[Text, _prefixed("qu-", "a queue's id")]
FieldId = Annotated[Text, _prefixed("fd-", "a field's id", "its name belongs into `displayName`.")]
UserId = Annotated[Text, _prefixed("u-", "a user's id")]
AgentId = Annotated[Text, _prefixed("a-", "an agent's id")]
TaskId = Annotated[Text, _prefixed("ti-", "a task's id", "search_cases with detail=full shows it.")]
CaseReference = Annotated[Text, AfterValidator(_reference)]


def needed_by_address(kind: str, address: str) -> list[NameRef]:
    """Return the reference that stands for an id; none where the address is an id."""
    return [] if _ID.fullmatch(address) else [NameRef(kind=kind, name=address)]


def id_of(kind: str, address: str, resolved: Resolved) -> str:
    """Return the id behind a reference or an id.

    Raises:
        NotFound: nothing of that reference was seen.
        Ambiguous: the reference is not unique.
    """
    if _ID.fullmatch(address):
        return address
    found = resolved.names.find(kind, address)
    if len(found) == 1:
        return found[0].id
    if found:
        raise Ambiguous(
            f"{address} stands for several {kind}s.",
            next_step=f"Call again with the id of one: {lines((each.id for each in found[:10]), 60)}.",
        )
    raise NotFound(
        f"No {kind} {address} was found.",
        next_step=f"Find it with {_FOUND_WITH[kind]}, and call again with what it shows.",
    )
