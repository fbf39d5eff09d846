"""Talkdesk's four case endpoints, each from a request to an answer."""

from dataclasses import dataclass

from case_tools.embedded.bodies import read_object
from case_tools.embedded.catalogue import API_USER_ID, API_USER_NAME, TEMPLATES
from case_tools.embedded.dialect import DeskParts
from case_tools.embedded.http import RequestHead, WireResponse
from case_tools.embedded.records import Customer, DeskRecord, text
from case_tools.embedded.refusals import unknown
from case_tools.embedded.store import DeskStore
from case_tools.embedded.talkdesk import documents, updates
from case_tools.embedded.talkdesk.searches import case_number, envelope, query


@dataclass(frozen=True, slots=True)
class TalkdeskCall:
    """One request: its head, the id in its path (empty if it has none) and its body."""

    head: RequestHead
    target: str
    raw: bytes


def create_case(parts: DeskParts, call: TalkdeskCall) -> WireResponse:
    """Answer "Create a New Case"; without a requester, the caller is the requester (page "Overview").

    Raises:
        RefusedError: a required field is missing, or a value is wrong.

    """
    store, body = parts.store, read_object(call.raw)
    given = updates.requester(body)
    with store.writing():
        asked_for = given.name or given.email
        person = store.known_or_new(given) if asked_for else Customer(API_USER_ID, API_USER_NAME)
        requester = person.to_json(email=given.email)
        new = updates.created(store.next_number("case"), TEMPLATES[0].id, requester, body, now=store.now())
        record = updates.with_notes(new, body, store.next_notes, guesses=parts.guesses)
        store.save(record)
    return WireResponse(201, documents.written_case(record, _requester(store, record)))


def list_cases(parts: DeskParts, call: TalkdeskCall) -> WireResponse:
    """Answer "Get a Case List".

    Raises:
        RefusedError: a parameter is wrong.

    """
    store = parts.store
    asked = query(call.head)
    records, total = store.find(asked)
    rows = [documents.listed_case(record, _requester(store, record)) for record in records]
    return WireResponse(200, envelope(rows, total, call.head, asked))


def get_case(parts: DeskParts, call: TalkdeskCall) -> WireResponse:
    """Answer "Get Case Details".

    Raises:
        RefusedError: there is no such case.

    """
    record = _case(parts.store, call)
    return WireResponse(200, documents.detailed_case(record, _requester(parts.store, record)))


def update_case(parts: DeskParts, call: TalkdeskCall) -> WireResponse:
    """Answer "Update a Case".

    Raises:
        RefusedError: there is no such case, it is closed, or a value is wrong.

    """
    store, body = parts.store, read_object(call.raw)
    with store.writing():
        changed = updates.updated(_case(store, call), body, now=store.now(), guesses=parts.guesses)
        record = updates.with_notes(changed, body, store.next_notes, guesses=parts.guesses)
        store.save(record)
    return WireResponse(200, documents.written_case(record, _requester(store, record)))


def _case(store: DeskStore, call: TalkdeskCall) -> DeskRecord:
    number = case_number(call.target)
    record = None if number is None else store.read_case(number)
    if record is None:
        raise unknown()
    return record


def _requester(store: DeskStore, record: DeskRecord) -> Customer:
    """Complete what the case has of its requester with what the desk knows of the person."""
    kept = {key: text(record.person.get(key)) for key in ("_id", "name", "emailId", "phoneNumber")}
    known = store.person(person_id=kept["_id"]) or Customer("", "")
    return Customer(
        kept["_id"],
        kept["name"] or known.name,
        kept["emailId"] or known.email,
        kept["phoneNumber"] or known.phone,
    )
