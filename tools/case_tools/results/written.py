"""The result of a write."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, Self

from pydantic import Field

from case_tools.results.facts import PERSON, THEIRS, TITLE, VALUE, WORD, Result, moment, quoted, without_separators
from case_tools.results.records import ParsedRecord
from case_tools.untrusted import bounded, line

OutcomeName = Literal["created", "replayed", "reconciled", "unknown", "updated", "unchanged"]
_OURS: Final = frozenset({"status", "priority", "due"})
"""Changes whose values are the desk's own words, not a customer's."""


class Written(Result):
    """What a write came to."""

    outcome: OutcomeName | None = Field(
        None, description="replayed: was done before; reconciled: found by a search; unknown: may have been done"
    )
    ref: str | None = Field(None, description="Reference people use; give it to the update tools")
    id: str | None = None
    case: str | None = Field(None, description="Reference of the case a task belongs to")
    title: str | None = Field(None, description=THEIRS)
    status: str | None = None
    priority: str | None = None
    requester: str | None = Field(None, description=THEIRS)
    assignee: str | None = Field(None, description=THEIRS)
    queue: str | None = Field(None, description=THEIRS)
    due: str | None = None
    updated: str | None = Field(None, description="Time of the change, for expected_updated_at")
    changed: dict[str, list[str]] | None = Field(
        None, description=f"Field -> [old, new]; the old text is empty where it is not known. {THEIRS}"
    )
    unconfirmed: list[str] | None = Field(None, description="Changes that could not be read back")
    notes: list[str] | None = Field(
        None, description=f"Each note added, and whether the customer can see it. {THEIRS}"
    )
    advice: str | None = Field(None, description="What to know before the next step")

    @classmethod
    def of(
        cls,
        outcome: OutcomeName,
        record: ParsedRecord,
        *,
        changed: Mapping[str, tuple[str, str]] | None = None,
        unconfirmed: Sequence[str] = (),
    ) -> Self:
        """Return the record after the write, trimmed and cleaned."""
        facts = {
            "outcome": outcome,
            "ref": line(record.ref or record.id, WORD),
            "id": line(record.id, PERSON) if record.id != record.ref else "",
            "case": line(record.case, WORD),
            "title": line(record.title, TITLE),
            "status": line(record.status, WORD),
            "priority": line(record.priority, WORD),
            "requester": line(record.requester, PERSON),
            "assignee": line(record.assignee, PERSON),
            "queue": line(record.queue, PERSON),
            "due": moment(record.due),
            "updated": moment(record.updated),
            "changed": {key: [line(old, VALUE), line(new, VALUE)] for key, (old, new) in (changed or {}).items()},
            "unconfirmed": list(unconfirmed),
        }
        return cls(**{key: value for key, value in facts.items() if value})

    def text(self, nonce: str) -> str:
        """Return one sentence, and what other people wrote below it."""
        marks = ", ".join(filter(None, (self.status, self.priority)))
        changed = {key: _change(key, *values) for key, values in (self.changed or {}).items()}
        ours = [
            " ".join(filter(None, ((self.outcome or "").capitalize(), self.ref, f"[{marks}]" if marks else None))),
            f"case {self.case}" if self.case else None,
            f"due {self.due}" if self.due else None,
            f"updated {self.updated}" if self.updated else None,
            f"id {self.id}" if self.id else None,
            *(words for key, words in changed.items() if key in _OURS),
            f"not confirmed: {', '.join(self.unconfirmed)}" if self.unconfirmed else None,
        ]
        theirs = [
            f"title {quoted(self.title)}" if self.title else None,
            f"requester {without_separators(self.requester)}" if self.requester else None,
            f"assignee {without_separators(self.assignee)}" if self.assignee else None,
            f"queue {without_separators(self.queue)}" if self.queue else None,
            *(words for key, words in changed.items() if key not in _OURS),
            *(f"note {each}" for each in self.notes or ()),
        ]
        words = "; ".join(filter(None, theirs))
        sentence = " ".join(filter(None, ("; ".join(filter(None, ours)) + ".", self.advice)))
        return "\n".join([sentence, *bounded([words] if words else [], nonce)])


def _change(key: str, old: str, new: str) -> str:
    return " ".join(filter(None, (key, old, "→", new or "empty")))
