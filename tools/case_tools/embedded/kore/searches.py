"""The filters of getCases and getTasks.

The vendor documents no paging and no form of ``sortBy`` but a text; ``skip``, ``limit`` and the object
form are those of its getTasks sample. Filters that are not documented are ignored.
"""

from collections.abc import Iterable, Mapping

from case_tools.embedded.catalogue import PRIORITIES, STATUSES, Kind, Priority, Status, fold
from case_tools.embedded.guesses import Guesses
from case_tools.embedded.kore.updates import iso_time
from case_tools.embedded.records import Json
from case_tools.embedded.refusals import invalid
from case_tools.embedded.selection import (
    RecordSearch,
    SortKey,
    agent_is,
    between,
    due_at,
    labelled,
    priority_in,
    status_in,
    text_in,
    unassigned,
)

LARGEST_PAGE = 100

_DEFAULT_PAGE = 50
_LARGEST_SKIP = 2**53
_SORTS: Mapping[str, tuple[SortKey, bool]] = {
    "createdDate": ("created", True),
    "createdAt": ("created", True),
    "updatedDate": ("updated", True),
    "updatedAt": ("updated", True),
    "dueDate": ("due", True),
    "priority": ("score", True),
    "name": ("title", False),
    "refId": ("ref", False),
}


def query(kind: Kind, body: Json, *, caller: str, guesses: Guesses) -> RecordSearch:
    """Turn a body into a search; ``caller`` is whose cases ``mycase`` means.

    Raises:
        RefusedError: a filter has the wrong type.

    """
    mine = [_flag(body, key) for key in ("mycase", "mytask")]
    statuses = _names(body, "status")
    if _flag(body, "unresolved"):
        unresolved = frozenset(status.id for status in STATUSES if not status.resolved)
    else:
        unresolved = None
    priorities = _names(body, "priority")
    conditions = [
        *([text_in(kind, text, references=guesses.references)] if (text := _text(body, "searchText")) else []),
        *(status_in(each) for each in (_ids(statuses, STATUSES), unresolved) if each is not None),
        *([priority_in(_ids(priorities, PRIORITIES) or ())] if priorities is not None else []),
        *([labelled("queue", queues)] if (queues := _names(body, "queues")) is not None else []),
        *([labelled("channel", channels)] if (channels := _names(body, "channel")) is not None else []),
        *([unassigned(kind)] if _flag(body, "unassigned") else []),
        *([agent_is(caller)] if any(mine) else []),
        *between("created", _time(body, "startDate"), _time(body, "endDate")),
        *([due_at(kind, due)] if (due := _time(body, "dueDate")) is not None else []),
    ]
    return RecordSearch(
        kind=kind,
        conditions=conditions,
        order=_order(body.get("sortBy", {})),
        skip=min(_count(body, "skip", 0, least=0), _LARGEST_SKIP),
        limit=min(_count(body, "limit", _DEFAULT_PAGE, least=1), LARGEST_PAGE),
    )


def envelope(rows: list[Json], total: int, asked: RecordSearch) -> Json:
    """Wrap a page of rows as both pages document it."""
    return {
        "results": rows,
        "page": asked.skip // asked.limit + 1,
        "limit": asked.limit,
        "hasMore": asked.skip + len(rows) < total,
        "totalPages": -(-total // asked.limit),
        "totalResults": total,
    }


def _flag(body: Json, key: str) -> bool:
    value = body.get(key, False)
    if not isinstance(value, bool):
        raise invalid(f"{key} must be a boolean")
    return value


def _text(body: Json, key: str) -> str:
    value = body.get(key, "")
    if not isinstance(value, str):
        raise invalid(f"{key} must be a string")
    return value


def _names(body: Json, key: str) -> frozenset[str] | None:
    values = body.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise invalid(f"{key} must be an array of strings")
    return frozenset(map(fold, values)) if values else None


def _ids(names: frozenset[str] | None, entries: Iterable[Status | Priority]) -> frozenset[str] | None:
    return None if names is None else frozenset(entry.id for entry in entries if fold(entry.name) in names)


def _time(body: Json, key: str) -> int | None:
    value = body.get(key, "")
    return None if value == "" else iso_time(value, key)


def _count(body: Json, key: str, default: int, *, least: int) -> int:
    value = body.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise invalid(f"{key} must be a whole number from {least} up")
    return value


def _order(sort_by: object) -> tuple[tuple[SortKey, bool], ...]:
    if isinstance(sort_by, str) and sort_by in _SORTS:
        return (_SORTS[sort_by],)
    if isinstance(sort_by, dict):
        parts = tuple(
            (_SORTS[name][0], direction == "desc")
            for name, direction in sort_by.items()
            if name in _SORTS and direction in ("asc", "desc")
        )
        if len(parts) == len(sort_by):
            return parts or (_SORTS["createdAt"],)
    raise invalid('sortBy must be the name of a field, or an object such as {"createdAt": "desc"}')
