"""The bodies of Talkdesk's create and update: what is read of them, and what it changes.

Keys that are not documented are ignored, null is a wrong value. Guesses, since the pages are silent:
custom fields are merged key by key, notes are appended, an empty ``owner_id`` takes the case from its agent,
and what ``parent_id``, ``group_id`` and ``owner_id`` name need not exist.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from case_tools.embedded.catalogue import AGENT_BY_ID, Agent
from case_tools.embedded.guesses import Guesses
from case_tools.embedded.records import Assignment, Customer, DeskRecord, Json
from case_tools.embedded.refusals import RefusedError
from case_tools.embedded.talkdesk.documents import (
    CLOSED,
    NEW,
    PRIORITY_IDS,
    STATUS_IDS,
    TYPES,
    literal,
    status,
)
from case_tools.embedded.talkdesk.part import TalkdeskPart

LONGEST_NOTE_TITLE = 255

_UNLIMITED = 0
_TEXTS: Mapping[str, tuple[str, int]] = {
    "parent_id": ("parent", 255),
    "title": ("title", 150),
    "description": ("description", 2000),
    "resolution": ("resolution", 2000),
    "solve_reason": ("solve_reason", _UNLIMITED),
    "group_id": ("group", 255),
}
_OWN = ("type", "resolution", "solve_reason", "parent", "group")
_LONGEST_OWNER = 255
_CHOICES: Mapping[str, Mapping[str, str]] = {"priority": PRIORITY_IDS, "type": TYPES, "status": STATUS_IDS}


def wrong(key: str, description: str) -> RefusedError:
    """Refuse the value of a field or of a parameter."""
    return RefusedError(400, f"{key} {description}", fields={key: description})


def created(number: int, template: str, requester: Json, body: Json, *, now: int) -> DeskRecord:
    """Return the case that a create asks for, without its notes.

    The limits of length are documented for updates alone. A case without an owner starts as ``NEW``.

    Raises:
        RefusedError: a required field is missing, or a value is wrong.

    """
    missing = [key for key in ("title", "description") if body.get(key) in (None, "")]
    if missing:
        message = f"{' and '.join(missing)} missing"
        raise RefusedError(400, message, fields=dict.fromkeys(missing, "is required"))
    owner = given_text(body, "owner_id")
    record = DeskRecord(
        kind="case",
        number=number,
        template=template,
        title=given_text(body, "title"),
        description=given_text(body, "description"),
        person=requester,
        source="api",
        created=now,
        updated=now,
        fresh=not owner,
    )
    chosen = _choices(body, ["priority"])
    part = TalkdeskPart(parent=given_text(body, "parent_id"), custom=_custom(body))
    return part.kept_by(replace(record, **chosen, **_assigned(record, owner, now=now)))


def requester(body: Json) -> Customer:
    """Read whom a new case is for; the person has no id yet.

    Raises:
        RefusedError: a value is wrong.

    """
    if "requester_type" in body and literal(given_text(body, "requester_type")) != "CONTACT":
        raise wrong("requester_type", "must be Contact")
    return Customer("", given_text(body, "requester_name"), given_text(body, "requester_email"))


def updated(record: DeskRecord, body: Json, *, now: int, guesses: Guesses) -> DeskRecord:
    """Return the case with the keys of the body applied, except its notes.

    Raises:
        RefusedError: the case is closed, or a value is wrong.

    """
    if status(record) == CLOSED:
        raise RefusedError(400, "Closed cases cannot be updated")
    changes: Json = {
        attribute: given_text(body, key, longest=longest)
        for key, (attribute, longest) in _TEXTS.items()
        if key in body
    }
    changes |= _choices(body, _CHOICES)
    if changes.get("status") == STATUS_IDS[CLOSED]:
        raise wrong("status", "cannot be set to CLOSED")
    if "status" in changes:
        changes["fresh"] = literal(body["status"]) == NEW
    if "owner_id" in body:
        changes |= _assigned(record, given_text(body, "owner_id", longest=_LONGEST_OWNER), now=now)
    part = TalkdeskPart.of(record)
    own = {attribute: changes.pop(attribute) for attribute in _OWN if attribute in changes}
    if "custom_fields" in body:
        own["custom"] = _custom(body) if guesses.lists == "replaced" else part.custom | _custom(body)
    return replace(part, **own).kept_by(replace(record, **changes, updated=record.next_update(now)))


def with_notes(
    record: DeskRecord, body: Json, numbers: Callable[[int], Iterable[int]], *, guesses: Guesses
) -> DeskRecord:
    """Add the notes of a body, or put them in the place of the old ones; each gets the next number.

    Raises:
        RefusedError: a value is wrong.

    """
    if "notes" not in body:
        return record
    notes = body["notes"]
    if not isinstance(notes, list) or not all(isinstance(note, dict) for note in notes):
        raise wrong("notes", "must be an array of objects")
    read = [_note(note) for note in notes]
    added = [{"id": str(number)} | note for number, note in zip(numbers(len(read)), read, strict=True)]
    part = TalkdeskPart.of(record)
    kept = [] if guesses.lists == "replaced" else part.notes
    return replace(part, notes=[*kept, *added]).kept_by(record)


def given_text(body: Json, key: str, *, longest: int = _UNLIMITED) -> str:
    """Read a text; an empty one if the key is not there.

    Raises:
        RefusedError: it is no text, or too long.

    """
    value = body.get(key, "")
    if not isinstance(value, str):
        raise wrong(key, "must be a string")
    if longest and len(value) > longest:
        raise wrong(key, f"must have at most {longest} characters")
    return value


def _choices(body: Json, keys: Iterable[str]) -> Json:
    chosen = {}
    for key in keys:
        if key in body:
            known = _CHOICES[key]
            named = literal(given_text(body, key))
            if named not in known:
                raise wrong(key, f"must be one of {', '.join(known)}")
            chosen[key] = known[named]
    return chosen


def _custom(body: Json) -> Json:
    fields = body.get("custom_fields", {})
    if not isinstance(fields, dict):
        raise wrong("custom_fields", "must be an object")
    return fields


def _note(note: Json) -> Json:
    public = note.get("public", False)
    if not isinstance(public, bool):
        raise wrong("public", "must be a boolean")
    title = given_text(note, "note_title", longest=LONGEST_NOTE_TITLE)
    return {"title": title, "body": given_text(note, "note_body"), "public": public}


def _assigned(record: DeskRecord, owner: str, *, now: int) -> Json:
    """Give the case to the agent with this id, who may be a stranger, or to nobody."""
    agent = AGENT_BY_ID.get(owner) or Agent(owner, "", "")
    given = Assignment.of(agent if owner else None, None, now)
    waiting = "queues" if record.queues else given.kind
    return {
        "assignment": given.kind if owner else waiting,
        "assignee": given.assignee,
        "participants": given.participants,
    }
