"""Talkdesk's four case endpoints, each from a request to an answer."""

from dataclasses import dataclass

from case_tools.embedded import talkdesk_documents as documents
from case_tools.embedded import talkdesk_updates as updates
from case_tools.embedded.bodies import read_object
from case_tools.embedded.catalogue import API_USER_ID, API_USER_NAME, TEMPLATES
from case_tools.embedded.exchange import Answer, Head
from case_tools.embedded.records import Person, Record, text
from case_tools.embedded.refusals import unknown
from case_tools.embedded.store import Store
from case_tools.embedded.talkdesk_searches import case_number, envelope, query


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its head, the id in its path (empty if it has none) and its body."""

    head: Head
    target: str
    raw: bytes


def create_case(store: Store, call: Call) -> Answer:
    """Answer "Create a New Case"; without a requester, the caller is the requester (page "Overview").

    Raises:
        RefusedError: a required field is missing, or a value is wrong.

    """
    body = read_object(call.raw)
    given = updates.requester(body)
    with store.writing():
        asked_for = given.name or given.email
        person = store.known_or_new(given) if asked_for else Person(API_USER_ID, API_USER_NAME)
        requester = person.to_json(email=given.email)
        new = updates.created(store.next_number("case"), TEMPLATES[0].id, requester, body, now=store.now())
        record = updates.with_notes(new, body, store.next_notes)
        store.save(record)
    return Answer(201, documents.written_case(record, _requester(store, record)))


def list_cases(store: Store, call: Call) -> Answer:
    """Answer "Get a Case List".

    Raises:
        RefusedError: a parameter is wrong.

    """
    asked = query(call.head)
    records, total = store.find(asked)
    rows = [documents.listed_case(record, _requester(store, record)) for record in records]
    return Answer(200, envelope(rows, total, call.head, asked))


def get_case(store: Store, call: Call) -> Answer:
    """Answer "Get Case Details".

    Raises:
        RefusedError: there is no such case.

    """
    record = _case(store, call)
    return Answer(200, documents.detailed_case(record, _requester(store, record)))


def update_case(store: Store, call: Call) -> Answer:
    """Answer "Update a Case".

    Raises:
        RefusedError: there is no such case, it is closed, or a value is wrong.

    """
    body = read_object(call.raw)
    with store.writing():
        changed = updates.updated(_case(store, call), body, now=store.now())
        record = updates.with_notes(changed, body, store.next_notes)
        store.save(record)
    return Answer(200, documents.written_case(record, _requester(store, record)))


def _case(store: Store, call: Call) -> Record:
    number = case_number(call.target)
    record = None if number is None else store.read_case(number)
    if record is None:
        raise unknown()
    return record


def _requester(store: Store, record: Record) -> Person:
    """Complete what the case has of its requester with what the desk knows of the person."""
    kept = {key: text(record.person.get(key)) for key in ("_id", "name", "emailId", "phoneNumber")}
    known = store.person(person_id=kept["_id"]) or Person("", "")
    return Person(
        kept["_id"],
        kept["name"] or known.name,
        kept["emailId"] or known.email,
        kept["phoneNumber"] or known.phone,
    )
