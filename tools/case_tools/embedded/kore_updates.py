"""The 39 documented keys of updateCase and updateTask, and what each of them changes.

Only the keys given change; objects and lists are replaced whole. Keys that name the tenant and keys that
are not documented are ignored.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from case_tools.embedded.catalogue import (
    PRIORITIES,
    STATUSES,
    TEMPLATES,
    Kind,
    Priority,
    Status,
    Template,
    fold,
)
from case_tools.embedded.derived import followed
from case_tools.embedded.records import Json, Record
from case_tools.embedded.refusals import invalid
from case_tools.embedded.times import EARLIEST, LATEST, parse_iso

_TEXT, _LIST, _OBJECT, _BOOLEAN, _NUMBER = "a string", "an array", "an object", "a boolean", "a number"
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    _TEXT: str,
    _LIST: list,
    _OBJECT: dict,
    _BOOLEAN: bool,
    _NUMBER: (int, float),
}
KEYS: Mapping[str, str] = {
    "caseTmp": _TEXT,
    "name": _TEXT,
    "lname": _TEXT,
    "desc": _TEXT,
    "tags": _LIST,
    "userInfo": _OBJECT,
    "sessIds": _LIST,
    "accountId": _TEXT,
    "lid": _TEXT,
    "orgId": _TEXT,
    "convIds": _LIST,
    "status": _OBJECT,
    "language": _TEXT,
    "source": _TEXT,
    "conversationType": _TEXT,
    "fields": _LIST,
    "participants": _LIST,
    "queues": _LIST,
    "priority": _OBJECT,
    "refId": _TEXT,
    "assigneeType": _TEXT,
    "isActive": _BOOLEAN,
    "taskIds": _LIST,
    "attachments": _LIST,
    "feedback": _LIST,
    "createdBy": _OBJECT,
    "updatedBy": _OBJECT,
    "timestampValue": _NUMBER,
    "activityIds": _LIST,
    "commentIds": _LIST,
    "resolutionCmts": _LIST,
    "dueDate": _NUMBER,
    "isBreached": _BOOLEAN,
    "supportCustomTasks": _BOOLEAN,
    "channel": _LIST,
    "createdAt": _TEXT,
    "updatedAt": _TEXT,
    "currAssignee": _OBJECT,
    "ETA": _TEXT,
}
_Entry = Status | Priority | Template
_TENANT = frozenset({"accountId", "lid", "orgId"})
_TEXT_LISTS = frozenset({"tags", "sessIds", "convIds", "taskIds", "activityIds", "commentIds", "channel"})
_COLUMNS: Mapping[str, str] = {
    "caseTmp": "template",
    "name": "title",
    "desc": "description",
    "tags": "tags",
    "userInfo": "person",
    "status": "status",
    "source": "source",
    "participants": "participants",
    "queues": "queues",
    "priority": "priority",
    "refId": "ref",
    "assigneeType": "assignment",
    "isActive": "active",
    "taskIds": "tasks",
    "dueDate": "due",
    "isBreached": "breached",
    "channel": "channels",
    "createdAt": "created",
    "updatedAt": "updated",
    "currAssignee": "assignee",
}


def updated(record: Record, body: Json, *, now: int) -> Record:
    """Return the record with the documented keys of the body applied.

    ``updatedAt`` moves on at least a millisecond with each update, unless the body sets it.

    Raises:
        RefusedError: a value has the wrong type, or names something the desk does not have.

    """
    given = {key: body[key] for key in KEYS if key in body and key not in _TENANT}
    for key, value in given.items():
        _check_type(key, value)
    columns: Json = {"updated": record.next_update(now)}
    extra = dict(record.extra)
    for key, value in given.items():
        kept = _CONVERTERS[key](record.kind, value) if key in _CONVERTERS else value
        if key in _COLUMNS:
            columns[_COLUMNS[key]] = kept
        else:
            extra[key] = kept
    if "createdAt" in given:
        extra.setdefault("timestampValue", record.created)
    return followed(replace(record, **columns, extra=extra), columns, written=given)


def iso_time(value: object, key: str) -> int:
    """Read an ISO 8601 time.

    Raises:
        RefusedError: it is none.

    """
    message = f"{key} must be an ISO 8601 date"
    if not isinstance(value, str):
        raise invalid(message)
    try:
        return parse_iso(value)
    except ValueError:
        raise invalid(message) from None


def _check_type(key: str, value: object) -> None:
    expected = KEYS[key]
    right = isinstance(value, _TYPES[expected]) and (expected is not _NUMBER or not isinstance(value, bool))
    if right and key in _TEXT_LISTS and isinstance(value, list):
        expected = "an array of strings"
        right = all(isinstance(entry, str) for entry in value)
    if not right:
        raise invalid(f"{key} must be {expected}")


def _named(given: Json, entries: Iterable[_Entry], key: str) -> str:
    """Return the id of the entry that an object names by ``_id`` or, without one, by ``name``."""
    name = given.get("name")
    folded = fold(name) if isinstance(name, str) else None
    for entry in entries:
        if given["_id"] == entry.id if "_id" in given else folded == fold(entry.name):
            return entry.id
    raise invalid(f"Invalid {key}")


def _template(kind: Kind, given: str) -> str:
    # The vendor's table wants the template's id, its sample sends the name.
    entries = [entry for entry in TEMPLATES if entry.kind == kind]
    by = "_id" if any(entry.id == given for entry in entries) else "name"
    return _named({by: given}, entries, "caseTmp")


def _status(_kind: Kind, given: Json) -> str:
    return _named(given, STATUSES, "status")


def _priority(_kind: Kind, given: Json) -> str:
    return _named(given, PRIORITIES, "priority")


def _due(_kind: Kind, given: float) -> int:
    if given != int(given) or not EARLIEST <= given <= LATEST:
        raise invalid("dueDate must be a time in milliseconds")
    return int(given)


def _created(_kind: Kind, given: str) -> int:
    return iso_time(given, "createdAt")


def _updated_at(_kind: Kind, given: str) -> int:
    return iso_time(given, "updatedAt")


def _eta(_kind: Kind, given: str) -> str:
    if given:
        iso_time(given, "ETA")
    return given


_CONVERTERS: Mapping[str, Callable[[Kind, Any], str | int]] = {
    "caseTmp": _template,
    "status": _status,
    "priority": _priority,
    "dueDate": _due,
    "createdAt": _created,
    "updatedAt": _updated_at,
    "ETA": _eta,
}
