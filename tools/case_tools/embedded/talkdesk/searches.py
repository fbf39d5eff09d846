"""The parameters of Talkdesk's case list, and the page that answers them.

The vendor's pages write list-valued parameters in several ways; all are taken. Titles and descriptions are
searched, the other texts compared whole, all without case: the pages do not say. Agents have no e-mail
addresses here and cases no ``about``, so these filters find nothing; all requesters are contacts.
Parameters that are not documented are ignored.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

from case_tools.embedded.bodies import read_json
from case_tools.embedded.http import RequestHead
from case_tools.embedded.records import Json
from case_tools.embedded.selection import (
    Condition,
    RecordSearch,
    SortKey,
    agent_is,
    between,
    listed,
    number_in,
    open_and_fresh,
    priority_in,
    status_in,
    text_in,
)
from case_tools.embedded.talkdesk.documents import NEW, PRIORITY_IDS, STATUS_IDS, TYPES, literal
from case_tools.embedded.talkdesk.updates import wrong
from case_tools.embedded.times import parse_iso
from case_tools.embedded.words import folded_text

LARGEST_PAGE = 500

_DEFAULT_PAGE = 50
_LAST_PAGE = 2**31 - 1
_WHOLE = re.compile(r"[0-9]{1,10}")
_ID = re.compile(r"[1-9][0-9]{0,17}")
_RANGE = 2
_ORDERS: Mapping[str, SortKey] = {"create_at": "created", "update_at": "updated"}
_DIRECTIONS: Mapping[str, bool] = {"asc": False, "desc": True}
_REQUESTER: Mapping[str, str] = {
    "requester_id": "_id",
    "requester_name": "name",
    "requester_email": "emailId",
    "requester_phone": "phoneNumber",
}
_AGENT: Mapping[str, str] = {"agent_name": "$.assignee.name", "agent_email": "$.assignee.email"}
_REQUESTER_TYPES = frozenset({"AGENT", "AGENTS", "CONTACT", "CONTACTS"})
_Parameters = Mapping[str, list[str]]
_T = TypeVar("_T")


def case_number(case_id: str) -> int | None:
    """Read the id of a case; None if no case can have it."""
    return int(case_id) if _ID.fullmatch(case_id) else None


def query(head: RequestHead) -> RecordSearch:
    """Turn the parameters of a request into a search.

    Raises:
        RefusedError: a value is wrong.

    """
    given: dict[str, list[str]] = {}
    for key, value in parse_qsl(head.query):
        given.setdefault(key, []).append(value)
    limit = _count(given, "per_page", _DEFAULT_PAGE, most=LARGEST_PAGE)
    statuses = _literals(given, "status", STATUS_IDS)
    priorities = _chosen(_literals(given, "priority", PRIORITY_IDS), PRIORITY_IDS)
    numbers, fresh = _numbers(given), _fresh(statuses)
    conditions = [
        *([number_in(numbers)] if numbers is not None else []),
        *([text_in("case", title, references=False)] if (title := _last(given, "title")) else []),
        *([_described(words)] if (words := _last(given, "description")) else []),
        *([status_in(chosen)] if (chosen := _chosen(statuses, STATUS_IDS)) is not None else []),
        *([open_and_fresh(fresh=fresh)] if fresh is not None else []),
        *([priority_in(priorities)] if priorities is not None else []),
        *([agent_is(agent)] if (agent := _last(given, "agent_id")) else []),
        *(_requested(key, value) for name, key in _REQUESTER.items() if (value := _requester(given, name))),
        *_values(given),
        *between("created", *_times(given, "create_at")),
        *between("updated", *_times(given, "update_at")),
    ]
    return RecordSearch(
        kind="case",
        conditions=conditions,
        order=((_one_of(given, "order_by", _ORDERS, "create_at"), _one_of(given, "sort", _DIRECTIONS, "desc")),),
        skip=(_count(given, "page", 1, most=_LAST_PAGE) - 1) * limit,
        limit=limit,
    )


def envelope(rows: list[Json], total: int, head: RequestHead, asked: RecordSearch) -> Json:
    """Wrap a page of rows as page "Get a Case List" documents it; links that lead nowhere are left out."""
    page = asked.skip // asked.limit + 1
    others = [(key, value) for key, value in parse_qsl(head.query) if key != "page"]

    def link(number: int) -> Json:
        return {"href": f"{head.address}?{urlencode([*others, ('page', str(number))])}"}

    links = {"self": link(page)}
    if page > 1:
        links["prev"] = link(page - 1)
    if asked.skip + len(rows) < total:
        links["next"] = link(page + 1)
    return {
        "total": total,
        "count": len(rows),
        "page": page,
        "per_page": asked.limit,
        "_links": links,
        "_embedded": {"data": rows},
    }


def _last(given: _Parameters, key: str) -> str:
    return given.get(key, [""])[-1]


def _requester(given: _Parameters, key: str) -> str:
    value = _last(given, key)
    # The page's own sample sends the plus sign of a telephone number bare, which a query turns to a space.
    return f"+{value[1:]}" if key == "requester_phone" and value.startswith(" ") else value


def _listed(given: _Parameters, key: str) -> list[str]:
    """Read a list: JSON array, repeated parameter, values with commas between, a single value."""
    found: list[str] = []
    for value in given.get(key, []):
        found += _array(key, value) if value.lstrip().startswith("[") else value.split(",")
    return [part.strip() for part in found if part.strip()]


def _array(key: str, value: str) -> list[str]:
    try:
        parts = read_json(value)
    except ValueError:
        raise wrong(key, "must be an array") from None
    if not all(isinstance(part, str) or type(part) is int for part in parts):
        raise wrong(key, "must be an array of strings")
    return [str(part) for part in parts]


def _literals(given: _Parameters, key: str, known: Mapping[str, str]) -> frozenset[str]:
    literals = frozenset(map(literal, _listed(given, key)))
    if literals - set(known):
        raise wrong(key, f"must be among {', '.join(known)}")
    return literals


def _chosen(literals: frozenset[str], ids: Mapping[str, str]) -> frozenset[str] | None:
    return frozenset(ids[each] for each in literals) or None


def _fresh(statuses: frozenset[str]) -> bool | None:
    """Say which open cases are wanted: new ones, others, or both."""
    open_ones = statuses & {NEW, "OPEN"}
    return open_ones == {NEW} if len(open_ones) == 1 else None


def _numbers(given: _Parameters) -> frozenset[int] | None:
    requester_type = literal(_last(given, "requester_type"))
    if requester_type and requester_type not in _REQUESTER_TYPES:
        raise wrong("requester_type", "must be AGENT or CONTACT")
    if requester_type.startswith("AGENT"):
        return frozenset()
    ids = _listed(given, "ids")
    return frozenset(number for each in ids if (number := case_number(each)) is not None) if ids else None


def _described(words: str) -> Condition:
    return Condition(
        "key IN (SELECT key FROM document WHERE instr(folded(json_extract(body, '$.description')), ?))",
        (folded_text(words),),
    )


def _requested(key: str, value: str) -> Condition:
    """Match the requester's name, address, number or id whole, as the case or the desk knows the person."""
    return Condition(
        """key IN (
            SELECT document.key FROM document LEFT JOIN person ON person.id = json_extract(body, '$.person._id')
            WHERE ? = folded(coalesce(
                nullif(json_extract(body, '$.person.' || ?), ''),
                json_extract(
                    json_object('_id', person.id, 'name', name, 'emailId', email, 'phoneNumber', phone), '$.' || ?
                )
            ))
        )""",
        (folded_text(value), key, key),
    )


def _values(given: _Parameters) -> Iterator[Condition]:
    lists = {"$.type": _literals(given, "type", TYPES), "$.about": _listed(given, "about")}
    texts = {path: [value] for key, path in _AGENT.items() if (value := _last(given, key))}
    for path, values in (lists | texts).items():
        if values:
            yield Condition(
                """key IN (
                    SELECT key FROM document
                    WHERE folded(json_extract(body, ?)) IN (SELECT value FROM json_each(?))
                )""",
                (path, listed({folded_text(value) for value in values})),
            )


def _times(given: _Parameters, key: str) -> tuple[int | None, int | None]:
    """Read the two ends of a range, both included; a single time is its start."""
    try:
        times = [parse_iso(value) for value in _listed(given, key)]
    except ValueError:
        raise wrong(key, "must be two ISO 8601 date-times") from None
    if len(times) > _RANGE:
        raise wrong(key, "must be two ISO 8601 date-times")
    since, until = [*times, None, None][:_RANGE]
    return since, until


def _count(given: _Parameters, key: str, default: int, *, most: int) -> int:
    value = _last(given, key) or str(default)
    if not _WHOLE.fullmatch(value) or not 1 <= int(value) <= most:
        raise wrong(key, f"must be a whole number from 1 to {most}")
    return int(value)


def _one_of(given: _Parameters, key: str, known: Mapping[str, _T], default: str) -> _T:
    value = (_last(given, key) or default).casefold()
    if value not in known:
        raise wrong(key, f"must be one of {', '.join(known)}")
    return known[value]
