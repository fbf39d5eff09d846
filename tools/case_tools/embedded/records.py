"""What the store keeps of a case, a task or a customer; no vendor's request or answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from case_tools.embedded.catalogue import (
    API_USER_ID,
    API_USER_NAME,
    MEDIUM,
    OPEN,
    Agent,
    Kind,
    Queue,
    derived_id,
)
from case_tools.embedded.times import LATEST, iso

Json = dict[str, Any]

_ID_KIND: Mapping[Kind, str] = {"case": "ci", "task": "ti"}
_REF_PREFIX: Mapping[Kind, str] = {"case": "CS", "task": "TS"}


_API_USER: Json = {"name": API_USER_NAME, "_id": API_USER_ID, "profImage": "no-avatar"}


def text(value: object) -> str:
    """Take a value that may be of any type if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def own_with(own: Json, part: Json, empty: Json) -> Json:
    """Put a dialect's part into what is kept; a value that is empty and was never written is left out."""
    return own | {key: value for key, value in part.items() if key in own or value != empty[key]}


@dataclass(frozen=True, slots=True)
class DeskRecord:
    """A case or a task: what every dialect shows, and in ``own`` what one dialect alone keeps.

    Objects and lists are kept whole, as they were written. The keys of ``own`` are stored beside the
    shared ones; each dialect reads and writes its own and leaves the others' alone. ``fresh`` says that
    nobody has picked the open case up yet.
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
    status: str = OPEN.id
    priority: str = MEDIUM.id
    assignment: str = "unassigned"
    assignee: Json = field(default_factory=dict)
    participants: list[Any] = field(default_factory=list)
    queues: list[Any] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    due: int | None = None
    breached: bool = False
    fresh: bool = False
    language: str = "en"
    author: Json = field(
        default_factory=lambda: {"name": API_USER_NAME, "_id": API_USER_ID, "profImage": "no-avatar"}
    )
    tasks: list[str] = field(default_factory=list)
    case_id: str = ""
    case_ref: str = ""
    own: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Derive the id and the reference of a new record; a case that is not open is no longer fresh."""
        if not self.id:
            object.__setattr__(self, "id", derived_id(_ID_KIND[self.kind], self.number))
        if not self.ref:
            object.__setattr__(self, "ref", f"{_REF_PREFIX[self.kind]}{self.number:06d}")
        if self.status != OPEN.id:
            object.__setattr__(self, "fresh", False)

    def next_update(self, now: int) -> int:
        """Return the time of the next change: now, but at least a millisecond after the last one."""
        return min(max(now, self.updated + 1), LATEST)

    def to_json(self) -> Json:
        """Return the record as one flat object, the dialects' own keys beside the shared ones."""
        return self.own | {name: getattr(self, name) for name in _SHARED}

    @classmethod
    def from_json(cls, body: Json) -> Self:
        """Read what ``to_json`` wrote."""
        shared = {key: value for key, value in body.items() if key in _SHARED}
        return cls(**shared, own={key: value for key, value in body.items() if key not in _SHARED})


_SHARED = frozenset(entry.name for entry in fields(DeskRecord)) - {"own"}


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
class Customer:
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
