"""The filters of getCases and getTasks.

The vendor documents no paging and no form of ``sortBy`` but a text; ``skip``, ``limit`` and the object
form are those of its getTasks sample. Filters that are not documented are ignored.
"""

from collections.abc import Iterable, Mapping

from case_tools.embedded.catalogue import PRIORITIES, STATUSES, Kind, Priority, Status, fold
from case_tools.embedded.kore_updates import iso_time
from case_tools.embedded.records import Json, Query, SortKey
from case_tools.embedded.refusals import invalid

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


def query(kind: Kind, body: Json, *, caller: str) -> Query:
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
    return Query(
        kind=kind,
        text=_text(body, "searchText"),
        statuses=_both(_ids(statuses, STATUSES), unresolved),
        priorities=_ids(priorities, PRIORITIES),
        queues=_names(body, "queues"),
        channels=_names(body, "channel"),
        unassigned=_flag(body, "unassigned"),
        agent=caller if any(mine) else None,
        since=_time(body, "startDate"),
        until=_time(body, "endDate"),
        due=_time(body, "dueDate"),
        order=_order(body.get("sortBy", {})),
        skip=min(_count(body, "skip", 0, least=0), _LARGEST_SKIP),
        limit=min(_count(body, "limit", _DEFAULT_PAGE, least=1), LARGEST_PAGE),
    )


def envelope(rows: list[Json], total: int, asked: Query) -> Json:
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


def _both(first: frozenset[str] | None, second: frozenset[str] | None) -> frozenset[str] | None:
    if first is None or second is None:
        return second if first is None else first
    return first & second


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
