"""A search as SQL: constant fragments with bound values, put together as the search needs them."""

import json

from case_tools.embedded.catalogue import OPEN
from case_tools.embedded.records import Query, SortKey

_ORDER: dict[tuple[SortKey, bool], str] = {
    ("created", False): "created",
    ("created", True): "created DESC",
    ("updated", False): "updated",
    ("updated", True): "updated DESC",
    ("due", False): "due IS NULL, due",
    ("due", True): "due IS NULL, due DESC",
    ("score", False): "score",
    ("score", True): "score DESC",
    ("title", False): "title_folded",
    ("title", True): "title_folded DESC",
    ("ref", False): "ref",
    ("ref", True): "ref DESC",
}
# Each filter looks keys up by itself: without statistics SQLite would walk all cases in sorting order.
_TEXT = """AND key IN (
    SELECT key FROM record WHERE kind = ? AND (instr(title_folded, ?) OR instr(ref_folded, ?))
)"""
_STATUS = "AND status IN (SELECT value FROM json_each(?))"
_PRIORITY = "AND priority IN (SELECT value FROM json_each(?))"
_LABEL = """AND key IN (
    SELECT key FROM label WHERE sort = ? AND value IN (SELECT value FROM json_each(?))
)"""
_UNASSIGNED = "AND key IN (SELECT key FROM record WHERE kind = ? AND assignment = 'unassigned')"
_AGENT = """AND ? <> '' AND key IN (
    SELECT key FROM record WHERE agent = ? UNION SELECT key FROM record WHERE seat = ?
)"""
_DUE = "AND key IN (SELECT key FROM record WHERE kind = ? AND due = ?)"
_NUMBER = "AND number IN (SELECT value FROM json_each(?))"
_TITLE = "AND key IN (SELECT key FROM record WHERE kind = ? AND instr(title_folded, ?))"
_DESCRIPTION = """AND key IN (
    SELECT key FROM document WHERE instr(folded(json_extract(body, '$.description')), ?)
)"""
_FRESH = """AND (status <> ? OR ? = (
    SELECT coalesce(json_extract(body, '$.fresh'), 0) FROM document WHERE document.key = record.key
))"""
_VALUE = """AND key IN (
    SELECT key FROM document
    WHERE folded(json_extract(body, ?)) IN (SELECT value FROM json_each(?))
)"""
_REQUESTER = """AND key IN (
    SELECT document.key FROM document LEFT JOIN person ON person.id = json_extract(body, '$.person._id')
    WHERE ? = folded(coalesce(
        nullif(json_extract(body, '$.person.' || ?), ''),
        json_extract(
            json_object('_id', person.id, 'name', name, 'emailId', email, 'phoneNumber', phone), '$.' || ?
        )
    ))
)"""


def counting(query: Query) -> tuple[str, list[str | int]]:
    """Build the statement that counts all matches, and its values."""
    where, values = _where(query)
    return " ".join(["SELECT count(*) FROM record WHERE", *where]), values


def paging(query: Query) -> tuple[str, list[str | int]]:
    """Build the statement that lists the keys of one page, and its values.

    The reference and the number decide between equals, so that pages neither overlap nor leave gaps.
    """
    where, values = _where(query)
    order = ", ".join([*(_ORDER[part] for part in query.order), "ref", "number"])
    parts = ["SELECT key FROM record WHERE", *where, "ORDER BY", order, "LIMIT ? OFFSET ?"]
    return " ".join(parts), [*values, query.limit, query.skip]


def _where(query: Query) -> tuple[list[str], list[str | int]]:
    text, agent = query.text.casefold(), query.agent or ""
    conditions: list[tuple[str, tuple[str | int, ...], bool]] = [
        (_TEXT, (query.kind, text, text), bool(text)),
        (_STATUS, (_listed(query.statuses),), query.statuses is not None),
        (_PRIORITY, (_listed(query.priorities),), query.priorities is not None),
        (_LABEL, ("queue", _listed(query.queues)), query.queues is not None),
        (_LABEL, ("channel", _listed(query.channels)), query.channels is not None),
        (_UNASSIGNED, (query.kind,), query.unassigned),
        (_AGENT, (agent, agent, agent), query.agent is not None),
        ("AND created >= ?", (query.since or 0,), query.since is not None),
        ("AND created <= ?", (query.until or 0,), query.until is not None),
        ("AND updated >= ?", (query.updated_since or 0,), query.updated_since is not None),
        ("AND updated <= ?", (query.updated_until or 0,), query.updated_until is not None),
        (_DUE, (query.kind, query.due or 0), query.due is not None),
        (_NUMBER, (json.dumps(sorted(query.numbers or ())),), query.numbers is not None),
        (_TITLE, (query.kind, query.title.casefold()), bool(query.title)),
        (_DESCRIPTION, (query.description.casefold(),), bool(query.description)),
        (_FRESH, (OPEN.id, int(query.fresh or False)), query.fresh is not None),
        *((_VALUE, (path, _listed(values)), True) for path, values in query.values.items()),
        *((_REQUESTER, (value.casefold(), key, key), True) for key, value in query.requester.items()),
    ]
    wanted = [(condition, values) for condition, values, is_wanted in conditions if is_wanted]
    parts = ["kind = ?", *(condition for condition, _ in wanted)]
    return parts, [query.kind, *(value for _, values in wanted for value in values)]


def _listed(values: frozenset[str] | None) -> str:
    return json.dumps(sorted(values or ()))
