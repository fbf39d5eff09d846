"""A case or a task as a vendor parsed it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedRecord:
    """A case or a task as a vendor parsed it from a response, not yet trimmed or cleaned.

    Attributes:
        id: the desk's own id.
        ref: the reference that people use.
        case: the reference of the case, of a task.
        case_id: the id of the case, of a task.
        requester: the customer's name, else an address.
        assignee: the agent in charge.
        queue: the queues, or the group.
        tasks: the ids of its tasks, or how each is described.
        fields: name and value of each further field.
        resolution: how it was resolved, entry by entry.
        notes: each note, with whether the customer can see it.
        attachments: the names of attached files.
    """

    id: str
    ref: str = ""
    case: str = ""
    case_id: str = ""
    title: str = ""
    status: str = ""
    priority: str = ""
    requester: str = ""
    email: str = ""
    phone: str = ""
    assignee: str = ""
    queue: str = ""
    due: datetime | None = None
    breached: bool = False
    created: datetime | None = None
    updated: datetime | None = None
    description: str = ""
    channel: str = ""
    tags: Sequence[str] = ()
    tasks: Sequence[str] = ()
    fields: Sequence[tuple[str, str]] = ()
    resolution: Sequence[str] = ()
    notes: Sequence[str] = ()
    participants: Sequence[str] = ()
    attachments: Sequence[str] = ()
