"""The 39 documented keys of updateCase and updateTask, and what each of them changes.

Only the keys given change; objects are replaced whole, and so are lists unless
the desk is opened with the other guess. Keys that name the tenant and keys that
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
    RecordTemplate,
    Status,
    fold,
)
from case_tools.embedded.kore.part import KorePart
from case_tools.embedded.records import DeskRecord, Json
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
_Entry = Status | Priority | RecordTemplate
_TENANT = frozenset({"accountId", "lid", "orgId"})
_TEXT_LISTS = frozenset({"tags", "sessIds", "convIds", "taskIds", "activityIds", "commentIds", "channel"})
_OWN: Mapping[str, str] = {"tags": "tags", "isActive": "active"}
_COLUMNS: Mapping[str, str] = {
    "caseTmp": "template",
    "name": "title",
    "desc": "description",
    "userInfo": "person",
    "status": "status",
    "source": "source",
    "participants": "participants",
    "queues": "queues",
    "priority": "priority",
    "refId": "ref",
    "assigneeType": "assignment",
    "taskIds": "tasks",
    "dueDate": "due",
    "isBreached": "breached",
    "channel": "channels",
    "createdAt": "created",
    "updatedAt": "updated",
    "currAssignee": "assignee",
}


def updated(record: DeskRecord, body: Json, *, now: int, joined: Json | None = None) -> DeskRecord:
    """Return the record with the documented keys of the body applied.

    ``updatedAt`` moves on at least a millisecond with each update, unless the body sets it. Lists are added to
    those of ``joined``, the record as it is shown; without it they are put in the place of the old ones.

    Raises:
        RefusedError: a value has the wrong type, or names something the desk does not have.

    """
    given = {key: body[key] for key in KEYS if key in body and key not in _TENANT}
    for key, value in given.items():
        _check_type(key, value)
    columns: Json = {"updated": record.next_update(now)}
    part = KorePart.of(record)
    own: Json = {}
    extra = dict(part.extra)
    for key, value in given.items():
        kept = _CONVERTERS[key](record.kind, value) if key in _CONVERTERS else value
        if joined is not None and KEYS[key] == _LIST:
            kept = _joined(key, joined.get(key, []), value)
        if key in _COLUMNS:
            columns[_COLUMNS[key]] = kept
        elif key in _OWN:
            own[_OWN[key]] = kept
        else:
            extra[key] = kept
    if "createdAt" in given:
        extra.setdefault("timestampValue", record.created)
    changed = replace(record, **columns)
    return replace(part, **own, extra=extra).followed(changed, columns, written=given).kept_by(changed)


def _joined(key: str, old: list[Any], new: list[Any]) -> list[Any]:
    """Add a list to another: a comment always, anything else in the place of the entry with the same id."""
    if key == "resolutionCmts":
        return [*old, *new]
    kept = {_identity(entry): entry for entry in old} | {_identity(entry): entry for entry in new}
    return [*kept.values()]


def _identity(entry: object) -> str:
    known = (
        [entry[key] for key in ("_id", "agentId", "id", "name") if key in entry] if isinstance(entry, dict) else []
    )
    return repr(known[0] if known else entry)


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
