"""A case or a task in a list, or alone and in full."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from pydantic import Field

from case_tools.results.facts import (
    ADDRESS,
    PERSON,
    THEIRS,
    TITLE,
    VALUE,
    WORD,
    Facts,
    moment,
    quoted,
    without_separators,
)
from case_tools.results.records import ParsedRecord
from case_tools.untrusted import CUT, block, line, shortened

_EXCERPT: Final = 300
_WHOLE: Final = 8_000
_MOST_ENTRIES: Final = 20
_SHORTEST: Final = 200
_ANY_BOUNDARY: Final = "<untrusted------------>\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a row shows.

    Attributes:
        detail: `full` adds what the desk keeps of it.
        times: which of `created` and `updated` a concise row shows, since it is sorted or filtered by them.
        whole: whether texts are shown whole, up to 8,000 characters each.
    """

    detail: Literal["concise", "full"] = "concise"
    times: frozenset[str] = frozenset()
    whole: bool = False


class Row(Facts):
    """A case in a list; what is empty at the desk is left out."""

    ref: str | None = Field(None, description="Reference people use; give it to the update tools")
    title: str | None = Field(None, description=THEIRS)
    status: str | None = None
    priority: str | None = None
    requester: str | None = Field(None, description=THEIRS)
    assignee: str | None = Field(None, description=f"Agent in charge. {THEIRS}")
    queue: str | None = Field(None, description=THEIRS)
    due: str | None = None
    breached: bool | None = Field(None, description="True: the due time was missed")
    created: str | None = None
    updated: str | None = None
    id: str | None = None
    email: str | None = Field(None, description=THEIRS)
    phone: str | None = Field(None, description=THEIRS)
    channel: str | None = None
    tags: list[str] | None = Field(None, description=THEIRS)
    tasks: list[str] | None = Field(None, description=f"Its tasks. {THEIRS}")
    fields: dict[str, str] | None = Field(None, description=f"Further fields. {THEIRS}")
    participants: list[str] | None = Field(None, description=THEIRS)
    attachments: list[str] | None = Field(None, description=f"Names of files. {THEIRS}")
    resolution: list[str] | None = Field(None, description=f"How it was resolved. {THEIRS}")
    notes: list[str] | None = Field(None, description=f"Each note, and whether the customer sees it. {THEIRS}")
    description: str | None = Field(None, description=THEIRS)

    @classmethod
    def of(cls, record: ParsedRecord, shown: Shown = Shown()) -> Self:
        """Return the record trimmed and cleaned."""
        times = {"created": moment(record.created), "updated": moment(record.updated)}
        facts: dict[str, Any] = {
            "ref": line(record.ref or record.id, WORD),
            "title": line(record.title, TITLE),
            "status": line(record.status, WORD),
            "priority": line(record.priority, WORD),
            "requester": line(record.requester, PERSON),
            "assignee": line(record.assignee, PERSON),
            "queue": line(record.queue, PERSON),
            "due": moment(record.due),
            "breached": record.breached,
            **{name: each for name, each in times.items() if name in shown.times or shown.detail == "full"},
            **cls._own(record),
        }
        if shown.detail == "full":
            facts |= _full(record, whole=shown.whole)
        return cls(**{key: value for key, value in facts.items() if value})

    def within(self, budget: int) -> Self:
        """Return the row with its longest texts cut until it fits into so many characters."""
        row = self
        while row._size() > budget:
            facts = row.data()
            holder, place = max(_texts_in(facts), key=lambda each: len(each[0][each[1]]), default=(None, None))
            if holder is None or len(holder[place]) < _SHORTEST:
                return row
            holder[place] = shortened(holder[place], len(holder[place]) * 3 // 4)
            row = type(self)(**facts)
        return row

    def _size(self) -> int:
        return max(len(self.words()) + 2 * len(_ANY_BOUNDARY), len(json.dumps(self.data(), ensure_ascii=False)))

    def words(self) -> str:
        """Return one line, and further lines for long texts."""
        marks = ", ".join(filter(None, (self.status, self.priority, "BREACHED" if self.breached else None)))
        facts = "; ".join(f"{name} {without_separators(value)}" for name, value in self._named_facts() if value)
        head = " ".join(filter(None, (self.ref, f"[{marks}]" if marks else None, quoted(self.title))))
        who = " — ".join(filter(None, (head, without_separators(self.requester))))
        parts = ["; ".join(filter(None, (who, facts)))]
        parts += [f"  {name}: {each}" for name, texts in self._texts() for each in texts or ()]
        return "\n".join(_indented(each) for each in parts)

    def _named_facts(self) -> list[tuple[str, str | None]]:
        return [
            ("to", self.assignee),
            ("queue", self.queue),
            ("due", self.due),
            ("created", self.created),
            ("updated", self.updated),
            ("id", self.id),
            ("email", self.email),
            ("phone", self.phone),
            ("channel", self.channel),
            ("tags", ", ".join(self.tags or ())),
            ("participants", ", ".join(self.participants or ())),
            ("attachments", ", ".join(self.attachments or ())),
        ]

    def _texts(self) -> list[tuple[str, Sequence[str] | None]]:
        return [
            ("task", self.tasks),
            ("field", [f"{name} = {value}" for name, value in (self.fields or {}).items()]),
            ("resolution", self.resolution),
            ("note", self.notes),
            ("description", [self.description] if self.description else None),
        ]

    @classmethod
    def _own(cls, _record: ParsedRecord) -> dict[str, Any]:
        """Return what a kind of row adds."""
        return {}


class TaskRow(Row):
    """A task in a list."""

    case: str | None = Field(None, description="Reference of the case it belongs to")

    def _named_facts(self) -> list[tuple[str, str | None]]:
        return [("case", self.case), *super()._named_facts()]

    @classmethod
    def _own(cls, _record: ParsedRecord) -> dict[str, Any]:
        return {"case": line(_record.case, WORD)}


def _texts_in(facts: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield holder and place of each text that may be long."""
    yield from ((facts, name) for name in ("description",) if facts.get(name))
    yield from ((facts["fields"], name) for name in facts.get("fields") or {})
    for name in ("resolution", "notes", "tasks"):
        yield from ((facts[name], index) for index in range(len(facts.get(name) or ())))


def _full(record: ParsedRecord, *, whole: bool) -> dict[str, Any]:
    """Return what `full` adds; a text that is cut says how long it is."""

    def text(value: str) -> str:
        return block(value, _WHOLE) if whole else _excerpt(value)

    own = line(record.id, PERSON)
    return {
        "id": own if own != line(record.ref, WORD) else "",
        "email": line(record.email, ADDRESS),
        "phone": line(record.phone, WORD),
        "channel": line(record.channel, WORD),
        "tags": _entries(record.tags, lambda each: line(each, WORD)),
        "tasks": _entries(record.tasks, lambda each: line(each, TITLE + 2 * PERSON)),
        "fields": {line(name, PERSON): text(value) for name, value in record.fields[: 2 * _MOST_ENTRIES]},
        "participants": _entries(record.participants, lambda each: line(each, PERSON)),
        "attachments": _entries(record.attachments, lambda each: line(each, VALUE)),
        "resolution": _entries(record.resolution, text),
        "notes": _entries(record.notes, text),
        "description": text(record.description),
    }


def _entries(values: Sequence[str], word: Callable[[str], str]) -> list[str]:
    kept = [word(each) for each in values[:_MOST_ENTRIES]]
    more = len(values) - _MOST_ENTRIES
    return [*kept, f"(and {more} more)"] if more > 0 else kept


def _excerpt(value: str) -> str:
    cut = line(value, _EXCERPT)
    return f"{cut} ({len(value):,} characters in all)" if cut.endswith(CUT) else cut


def _indented(text: str) -> str:
    """Return the text with its further lines set in, so that none passes for a row of its own."""
    return text.replace("\n", "\n    ")
