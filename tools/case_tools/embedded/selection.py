"""A search as SQL: constant fragments with bound values, put together as the search needs them.

A dialect makes the conditions that its filters stand for, of the ones here or of its own.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from case_tools.embedded.catalogue import OPEN, Kind
from case_tools.embedded.words import SHORTEST, folded_text, has_trigrams, phrase

SortKey = Literal["created", "updated", "due", "score", "title", "ref"]

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


class Condition(NamedTuple):
    """An SQL condition on the table ``record``, the values of its question marks, and whether few match it."""

    sql: str
    values: tuple[str | int, ...] = ()
    narrow: bool = False


@dataclass(frozen=True, slots=True)
class RecordSearch:
    """A search among cases or tasks: all conditions must hold."""

    kind: Kind
    conditions: Sequence[Condition] = ()
    order: Sequence[tuple[SortKey, bool]] = (("created", True),)
    skip: int = 0
    limit: int = 50


def text_in(kind: Kind, text: str, *, references: bool = True) -> Condition:
    """Match a run of characters in the title, or in the reference too, without case."""
    folded = folded_text(text)
    if len(folded) >= SHORTEST and "\0" not in folded and has_trigrams():
        match = phrase(folded, ("title_folded", "ref_folded") if references else ("title_folded",))
        return Condition("key IN (SELECT rowid FROM words WHERE words MATCH ?)", (match,), narrow=True)
    if not references:
        return Condition(
            "key IN (SELECT key FROM record WHERE kind = ? AND instr(title_folded, ?))", (kind, folded)
        )
    return Condition(
        "key IN (SELECT key FROM record WHERE kind = ? AND (instr(title_folded, ?) OR instr(ref_folded, ?)))",
        (kind, folded, folded),
    )


def status_in(status_ids: Iterable[str]) -> Condition:
    """Match one of these statuses."""
    return Condition("status IN (SELECT value FROM json_each(?))", (listed(status_ids),))


def priority_in(priority_ids: Iterable[str]) -> Condition:
    """Match one of these priorities."""
    return Condition("priority IN (SELECT value FROM json_each(?))", (listed(priority_ids),))


def labelled(sort: Literal["queue", "channel"], names: Iterable[str]) -> Condition:
    """Match one of these queues or channels, by folded name."""
    return Condition(
        "key IN (SELECT key FROM label WHERE sort = ? AND value IN (SELECT value FROM json_each(?)))",
        (sort, listed(names)),
    )


def unassigned(kind: Kind) -> Condition:
    """Match what is marked as assigned to nobody."""
    return Condition("key IN (SELECT key FROM record WHERE kind = ? AND assignment = 'unassigned')", (kind,))


def agent_is(agent_id: str) -> Condition:
    """Match the id of an agent or of the agent's seat; an empty one matches nothing."""
    return Condition(
        "? <> '' AND key IN (SELECT key FROM record WHERE agent = ? UNION SELECT key FROM record WHERE seat = ?)",
        (agent_id, agent_id, agent_id),
    )


def between(column: Literal["created", "updated"], since: int | None, until: int | None) -> list[Condition]:
    """Match a time from ``since`` to ``until``, both included; None is no limit."""
    limits = ((">=", since), ("<=", until))
    return [Condition(f"{column} {sign} ?", (moment,)) for sign, moment in limits if moment is not None]


def due_at(kind: Kind, moment: int) -> Condition:
    """Match the exact due time."""
    return Condition("key IN (SELECT key FROM record WHERE kind = ? AND due = ?)", (kind, moment))


def number_in(numbers: Iterable[int]) -> Condition:
    """Match one of these numbers."""
    return Condition("number IN (SELECT value FROM json_each(?))", (json.dumps(sorted(numbers)),))


def open_and_fresh(*, fresh: bool) -> Condition:
    """Match open cases that nobody has picked up yet, or those that somebody has; others match anyway."""
    return Condition(
        """(status <> ? OR ? = (
            SELECT coalesce(json_extract(body, '$.fresh'), 0) FROM document WHERE document.key = record.key
        ))""",
        (OPEN.id, int(fresh)),
    )


def listed(values: Iterable[str]) -> str:
    """Write values as the JSON array that ``json_each`` reads."""
    return json.dumps(sorted(values))


def counting(search: RecordSearch) -> tuple[str, list[str | int]]:
    """Build the statement that counts all matches, and its values."""
    where, values = _where(search)
    parts = ["SELECT count(*) FROM record WHERE", where]
    return " ".join(parts), values


def paging(search: RecordSearch) -> tuple[str, list[str | int]]:
    """Build the statement that lists the keys of one page, and its values.

    The reference and the number decide between equals, so that pages neither overlap nor leave gaps.
    """
    where, values = _where(search)
    order = ", ".join([*(_ORDER[part] for part in search.order), "ref", "number"])
    parts = ["SELECT key FROM record WHERE", where, "ORDER BY", order, "LIMIT ? OFFSET ?"]
    return " ".join(parts), [*values, search.limit, search.skip]


def _where(search: RecordSearch) -> tuple[str, list[str | int]]:
    # Each condition looks keys up by itself: without statistics SQLite would walk all cases in sorting order.
    # The plus keeps it from walking all of a kind where an index names the few that match.
    kind = "+kind = ?" if any(each.narrow for each in search.conditions) else "kind = ?"
    conditions = [Condition(kind, (search.kind,)), *search.conditions]
    return " AND ".join(each.sql for each in conditions), [value for each in conditions for value in each.values]
