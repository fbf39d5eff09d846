"""The practice desk of a play: prepared, read as it is before and after, and compared."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from case_tools.embedded import EmbeddedDesk
from case_tools.embedded.catalogue import AGENTS, PRIORITIES, QUEUES, STATUSES, TEMPLATES, derived_id
from case_tools.embedded.records import Assignment, Customer, DeskRecord
from case_tools.embedded.seeds import fill
from case_tools.embedded.store import DeskStore
from case_tools.embedded.times import milliseconds
from evals.task import Check, SeedCase, Task

State = Mapping[str, object]
"""Everything that the desk keeps of cases, tasks and people: place -> value."""

VIEWS: Final = """
CREATE TEMP VIEW cases AS SELECT
    ref, json_extract(body, '$.title') AS title, json_extract(body, '$.description') AS description,
    named(record.status) AS status, named(record.priority) AS priority,
    json_extract(body, '$.person.name') AS requester, json_extract(body, '$.person.emailId') AS email,
    json_extract(body, '$.person.phoneNumber') AS phone, json_extract(body, '$.assignee.name') AS assignee,
    json_extract(body, '$.queues') AS queues, strftime('%Y-%m-%dT%H:%MZ', due / 1000, 'unixepoch') AS due,
    coalesce(json_extract(body, '$.tags'), '[]') AS tags, coalesce(json_extract(body, '$.parent'), '') AS parent,
    coalesce(json_extract(body, '$.resolution'), '') AS resolution,
    coalesce(json_extract(body, '$.custom'), '{}') AS custom, body
    FROM record JOIN document USING (key) WHERE kind = 'case';
CREATE TEMP VIEW tasks AS SELECT
    ref, json_extract(body, '$.case_ref') AS case_ref, json_extract(body, '$.title') AS title,
    named(record.status) AS status, named(record.priority) AS priority,
    strftime('%Y-%m-%dT%H:%MZ', due / 1000, 'unixepoch') AS due, body
    FROM record JOIN document USING (key) WHERE kind = 'task';
CREATE TEMP VIEW notes AS SELECT
    ref, json_extract(note.value, '$.title') AS title, json_extract(note.value, '$.body') AS body,
    json_extract(note.value, '$.public') AS public
    FROM record JOIN document USING (key), json_each(document.body, '$.notes') AS note;
"""
"""What the checks of a task may read: cases, tasks and notes with names in the place of ids."""

_NAMES: Final = {each.id: each.name for each in STATUSES} | {each.id: each.name for each in PRIORITIES}
_HOUR: Final = timedelta(hours=1)
# A column that is made of a part of the record changes with it.
_MADE_OF: Final = {
    "ref_folded": "ref",
    "title_folded": "title",
    "score": "priority",
    "agent": "assignee",
    "seat": "assignee",
}
_LABELS: Final = {"queue": "queues", "channel": "channels"}
# Credentials, tokens and counters: every request moves them.
_NOT_READ: Final = frozenset({"meta", "app", "client", "token", "access"})


def prepare(task: Task, folder: Path) -> Path:
    """Make the desk of a task in the folder: the practice cases, the task's own, its clock; return the file."""
    file = folder / "desk.db"
    EmbeddedDesk.open(str(file), frozen_at=task.clock).close()
    store = DeskStore(str(file), seed=fill)
    try:
        with store.writing():
            for seed in task.cases:
                for copy in range(1, seed.copies + 1):
                    _add(store, task.clock, seed, copy)
    finally:
        store.close()
    return file


def _add(store: DeskStore, clock: datetime, seed: SeedCase, copy: int) -> None:
    person = store.known_or_new(Customer("", seed.customer, seed.email, seed.phone))
    at = milliseconds(clock - _HOUR * (seed.age + copy - 1))
    agent = next((each for each in AGENTS if each.name == seed.agent), None)
    queue = next((each for each in QUEUES if each.name == seed.queue), None)
    assert bool(seed.agent) == bool(agent), seed.agent
    assert bool(seed.queue) == bool(queue), seed.queue
    assigned = Assignment.of(agent, queue, at)
    case = DeskRecord(
        kind="case",
        number=store.next_number("case"),
        template=TEMPLATES[0].id,
        title=seed.title.replace("{n}", str(copy)),
        description=seed.description,
        person=person.to_json(email=seed.email, phone=seed.phone),
        source="rtm",
        created=at,
        updated=at,
        status=_id_of(seed.status),
        priority=_id_of(seed.priority),
        assignment=assigned.kind,
        assignee=assigned.assignee,
        participants=assigned.participants,
        queues=assigned.queues,
        channels=[seed.channel],
        due=None if seed.due is None else milliseconds(clock + _HOUR * seed.due),
        breached=seed.due is not None and seed.due < 0,
        fresh=seed.fresh,
        own={"tags": seed.tags, "resolution": seed.resolution, "custom": seed.custom},
    )
    tasks: list[str] = []
    for title in seed.tasks:
        task = replace(
            case,
            kind="task",
            number=store.next_number("task"),
            id="",
            ref="",
            template=TEMPLATES[2].id,
            title=title,
            description="",
            case_id=case.id,
            case_ref=case.ref,
            status=_id_of("Open"),
            own={},
        )
        store.save(task)
        tasks.append(task.id)
    store.save(replace(case, tasks=tasks))


def _id_of(name: str) -> str:
    return next(own for own, each in _NAMES.items() if each == name)


def id_of(ref: str) -> str:
    """Return the id that the practice desk gives to the case or task of a reference."""
    return derived_id("ci" if ref.startswith("CS") else "ti", int(ref[2:]))


def _open(file: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    db.create_function("named", 1, _NAMES.get, deterministic=True)
    db.executescript(VIEWS)
    return db


def state(file: Path) -> State:
    """Return everything that the desk keeps of cases, tasks and people.

    Raises:
        ValueError: the desk has a table that this function does not know.
    """
    with closing(_open(file)) as db:
        db.row_factory = sqlite3.Row
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        tables -= {name for name in tables if name.partition("_")[0] == "words"}  # an index of record
        if unknown := tables - _NOT_READ - {"record", "document", "label", "person"}:
            raise ValueError(f"tables that nobody compares: {', '.join(sorted(unknown))}")
        return dict(_places(db))


def _places(db: sqlite3.Connection) -> Iterator[tuple[str, object]]:
    for row in db.execute("SELECT * FROM record JOIN document USING (key)"):
        yield row["ref"], row["id"]
        for name in row.keys():  # noqa: SIM118 - a row iterates over its values
            yield f"{row['ref']}.{_MADE_OF.get(name, name)}#{name}", row[name] if name != "body" else None
        for name, value in json.loads(row["body"]).items():
            yield f"{row['ref']}.{name}", json.dumps(value, sort_keys=True)
    for row in db.execute("SELECT sort, value, ref FROM label JOIN record USING (key)"):
        yield f"{row['ref']}.{_LABELS[row['sort']]}#{row['value']}", True
    for row in db.execute("SELECT * FROM person"):
        yield f"person {row['email'] or row['phone'] or row['name']}#{row['id']}", tuple(row)


def differences(before: State, after: State) -> list[str]:
    """Return the places that differ, a new case or task as one."""
    places = {place for place in before.keys() | after.keys() if before.get(place) != after.get(place)}
    plain = {place.partition("#")[0] for place in places}
    whole = {place for place in plain if "." not in place and not place.startswith("person ")}
    return sorted(place for place in plain if place in whole or place.partition(".")[0] not in whole)


def unclaimed(differing: Iterable[str], may_differ: Iterable[str]) -> list[str]:
    """Return what differs though it may not; when a record changes, its time of change may follow."""
    claimed = {*may_differ}
    claimed |= {f"{place.partition('.')[0]}.updated" for place in claimed if "." in place}
    return [place for place in differing if place not in claimed]


def broken(file: Path, checks: Iterable[Check]) -> list[str]:
    """Return each check whose rows are others, in words."""
    wrong = []
    with closing(_open(file)) as db:
        for check in checks:
            rows: list[list[Any]] = [list(row) for row in db.execute(check.sql)]
            if rows != check.rows:
                wrong.append(f"{check.sql} gives {rows}, not {check.rows}")
    return wrong
