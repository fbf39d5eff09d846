"""What an administrator would have set up: statuses, priorities, queues, agents, templates, fields.

Every id is derived from its kind and number, so that two new desks are alike. The vendor publishes one
status category (``open``); the other four literals are our guess.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

Kind = Literal["case", "task"]

_SHORT_FIRST_GROUP = frozenset({"ci", "ti", "ctm", "ttm", "sts", "pr", "fd", "qu", "a"})
_FOLDED_AWAY = str.maketrans("", "", "-_ ")


def derived_id(kind: str, number: int) -> str:
    """Derive the id of a thing: its own kinds have 7-4-4-4-12 hex digits, the platform's 8-4-4-4-12."""
    digits = sha256(f"{kind}:{number}".encode()).hexdigest()
    first = 7 if kind in _SHORT_FIRST_GROUP else 8
    rest = digits[first:]
    return f"{kind}-{digits[:first]}-{rest[:4]}-{rest[4:8]}-{rest[8:12]}-{rest[12:24]}"


def fold(name: str) -> str:
    """Bring a name to the form names are compared in: ``In-Progress`` and ``in progress`` are the same."""
    return name.casefold().translate(_FOLDED_AWAY)


@dataclass(frozen=True, slots=True)
class Status:
    """A state of a case or task."""

    id: str
    name: str
    category: str
    desc: str

    @property
    def resolved(self) -> bool:
        """Say whether work is over in this state."""
        return self.category in {"resolved", "closed"}


@dataclass(frozen=True, slots=True)
class Priority:
    """An urgency; the greater score is the more urgent."""

    id: str
    name: str
    desc: str
    color: str
    score: int


@dataclass(frozen=True, slots=True)
class Queue:
    """A line in which cases wait for an agent."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Agent:
    """An invented person who works at the desk, with the ids of the person and of the agent's seat."""

    id: str
    seat: str
    name: str


@dataclass(frozen=True, slots=True)
class RecordTemplate:
    """What a new case or task is made from, and who gets it."""

    id: str
    kind: Kind
    name: str
    queue: Queue | None = None
    agent: Agent | None = None


@dataclass(frozen=True, slots=True)
class SystemField:
    """A system field of every case and task."""

    id: str
    name: str
    key: str
    desc: str
    type: str
    placeholder: str


STATUSES = tuple(
    Status(derived_id("sts", number), name, category, desc)
    for number, (name, category, desc) in enumerate(
        (
            ("Open", "open", "When a new case/task is created"),
            ("In Progress", "inprogress", "When an agent works on a case/task"),
            ("On Hold", "onhold", "When a case/task waits for somebody else"),
            ("Resolved", "resolved", "When a case/task is solved"),
            ("Closed", "closed", "When nothing is left to do for a case/task"),
        ),
        start=1,
    )
)
PRIORITIES = tuple(
    Priority(derived_id("pr", number), name, desc, color, score)
    for number, (name, desc, color, score) in enumerate(
        (
            ("Low", "Minor urgency", "#64748B", 5),
            ("Medium", "Moderate urgency", "#16A34A", 10),
            ("High", "Major urgency", "#EA580C", 12),
            ("Critical", "Utmost urgency", "#DC2626", 15),
        ),
        start=1,
    )
)
QUEUES = tuple(
    Queue(derived_id("qu", number), name)
    for number, name in enumerate(("Default Queue", "Billing", "Deliveries", "Technical Support"), start=1)
)
AGENTS = tuple(
    Agent(derived_id("u", number), derived_id("a", number), name)
    for number, name in enumerate(
        (
            "Amara Osei",
            "Bjarne Lindqvist",
            "Chiara Fontana",
            "Devika Raman",
            "Ewan Galbraith",
            "Farida Haddad",
        ),
        start=1,
    )
)
TEMPLATES = (
    RecordTemplate("ctm-d4e6152-4255-4c5c-ba6c-91dac5cd0001", "case", "General enquiry", queue=QUEUES[0]),
    RecordTemplate("ctm-d4e6152-4255-4c5c-ba6c-91dac5cd0002", "case", "Complaint", agent=AGENTS[2]),
    RecordTemplate("ttm-d4e6152-4255-4c5c-ba6c-91dac5cd0001", "task", "Call back"),
    RecordTemplate("ttm-d4e6152-4255-4c5c-ba6c-91dac5cd0002", "task", "Check with warehouse"),
)
TITLE, DESCRIPTION, DUE_DATE = (
    SystemField(derived_id("fd", number), name, key, desc, type_, placeholder)
    for number, (name, key, desc, type_, placeholder) in enumerate(
        (
            ("Title", "title", "Title of the field", "input", "Enter title"),
            (
                "Description",
                "description",
                "Transcription based on the conversation summary",
                "textarea",
                "Enter description",
            ),
            ("Due Date", "dueDate", "Date/time to complete a case", "datetime", "Enter date"),
        ),
        start=1,
    )
)

OPEN = STATUSES[0]
MEDIUM = PRIORITIES[1]
ORGANISATION_ID = derived_id("o", 1)
API_USER_ID = derived_id("u", 90)
API_USER_NAME = "Case API"

STATUS_BY_ID = {entry.id: entry for entry in STATUSES}
PRIORITY_BY_ID = {entry.id: entry for entry in PRIORITIES}
TEMPLATE_BY_ID = {entry.id: entry for entry in TEMPLATES}
AGENT_BY_ID = {entry.id: entry for entry in AGENTS}
