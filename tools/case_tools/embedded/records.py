"""What the store keeps of a case or a task, and what it can be asked; no vendor's request or answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from case_tools.embedded.catalogue import MEDIUM, OPEN, Agent, Kind, Queue, derived_id
from case_tools.embedded.times import LATEST, iso

Json = dict[str, Any]
SortKey = Literal["created", "updated", "due", "score", "title", "ref"]

_ID_KIND: Mapping[Kind, str] = {"case": "ci", "task": "ti"}
_REF_PREFIX: Mapping[Kind, str] = {"case": "CS", "task": "TS"}


def text(value: object) -> str:
    """Take a value that may be of any type if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Record:
    """A case or a task.

    Objects and lists are kept whole, as they were written. ``extra`` has the values that only Kore's
    dialect shows, and those that were written over a value which is otherwise derived. What comes after
    it only Talkdesk's dialect shows; ``fresh`` tells that nobody has picked the open case up yet.
    """

    kind: Kind
    number: int
    template: str
    title: str
    description: str
    person: Json
    source: str
    created: int
    updated: int
    id: str = ""
    ref: str = ""
    case_id: str = ""
    case_ref: str = ""
    status: str = OPEN.id
    priority: str = MEDIUM.id
    assignment: str = "unassigned"
    assignee: Json = field(default_factory=dict)
    participants: list[Any] = field(default_factory=list)
    queues: list[Any] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    due: int | None = None
    breached: bool = False
    active: bool = True
    extra: Json = field(default_factory=dict)
    fresh: bool = False
    type: str = ""
    resolution: str = ""
    solve_reason: str = ""
    parent: str = ""
    group: str = ""
    custom: Json = field(default_factory=dict)
    notes: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Derive the id and the reference of a new record; a case that is not open is no longer fresh."""
        if not self.id:
            object.__setattr__(self, "id", derived_id(_ID_KIND[self.kind], self.number))
        if not self.ref:
            object.__setattr__(self, "ref", f"{_REF_PREFIX[self.kind]}{self.number:06d}")
        if self.status != OPEN.id:
            object.__setattr__(self, "fresh", False)

    def next_update(self, now: int) -> int:
        """Tell the time of the next change: now, but at least a millisecond after the last one."""
        return min(max(now, self.updated + 1), LATEST)

    def to_json(self) -> Json:
        """Return the record as a plain object that ``Record(**...)`` reads back."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who has a case: an agent, a queue, both or neither."""

    kind: str
    assignee: Json
    participants: list[Json]
    queues: list[Json]

    @classmethod
    def of(cls, agent: Agent | None, queue: Queue | None, at: int) -> "Assignment":
        """Assign to the agent, else to the queue, else to nobody."""
        seat = {"aId": agent.seat, "name": agent.name, "agentId": agent.id} if agent else {}
        return cls(
            kind="agent" if agent else "queues" if queue else "unassigned",
            assignee=seat,
            participants=[
                {
                    "agentId": agent.id,
                    "aId": agent.seat,
                    "name": agent.name,
                    "pStatus": "ACTIVE",
                    "assignedAt": iso(at),
                }
            ]
            if agent
            else [],
            queues=[
                {
                    "_id": queue.id,
                    "name": queue.name,
                    "type": "ASSIGNED",
                    "status": "ACTIVE",
                    "startTime": iso(at),
                }
            ]
            if queue
            else [],
        )


@dataclass(frozen=True, slots=True)
class Person:
    """A customer the desk knows; ``email`` and ``phone`` are empty where they are not known."""

    id: str
    name: str
    email: str = ""
    phone: str = ""

    def to_json(self, *, email: str = "", phone: str = "") -> Json:
        """Return the person as a record keeps them: with one address or, without any, one number."""
        document = {"_id": self.id, "name": self.name}
        if email or self.email:
            return document | {"emailId": email or self.email}
        return document | {"phoneNumber": phone or self.phone} if phone or self.phone else document


@dataclass(frozen=True, slots=True)
class Query:
    """A search; ``None`` and ``False`` do not narrow it, an empty set matches nothing.

    Queues and channels are folded names, statuses and priorities ids, times milliseconds, both ends
    included. ``agent`` is the id of an agent or of the agent's seat. ``text`` is looked for in titles and
    references. ``fresh`` chooses among open cases alone. ``requester`` has values by key of the kept
    person, ``values`` the allowed ones by JSON path into the record; both compare whole, without case.
    """

    kind: Kind
    text: str = ""
    statuses: frozenset[str] | None = None
    priorities: frozenset[str] | None = None
    queues: frozenset[str] | None = None
    channels: frozenset[str] | None = None
    unassigned: bool = False
    agent: str | None = None
    since: int | None = None
    until: int | None = None
    updated_since: int | None = None
    updated_until: int | None = None
    due: int | None = None
    numbers: frozenset[int] | None = None
    title: str = ""
    description: str = ""
    fresh: bool | None = None
    requester: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    order: Sequence[tuple[SortKey, bool]] = (("created", True),)
    skip: int = 0
    limit: int = 50
