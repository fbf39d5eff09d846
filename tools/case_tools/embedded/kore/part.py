"""What only Kore's dialect keeps of a case or a task, and what follows when a value changes.

``extra`` has the values that only this dialect shows, and those that were written over derived ones. A later
change of their source counts for more, whichever dialect it came in; ``basis`` has the sources as they were.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

from case_tools.embedded.catalogue import DESCRIPTION, DUE_DATE, TITLE, fold
from case_tools.embedded.records import DeskRecord, Json, own_with, text
from case_tools.embedded.times import iso

_SOURCES = ("title", "description", "due")
_WRITTEN_OVER: Mapping[str, str] = {"title": "lname", "due": "ETA"}
_DERIVED = frozenset({"lname", "ETA", "fields"})


@dataclass(frozen=True, slots=True)
class KorePart:
    """Kore's own values of a record."""

    tags: list[str] = field(default_factory=list)
    active: bool = True
    extra: Json = field(default_factory=dict)
    basis: Json = field(default_factory=dict)

    @classmethod
    def of(cls, record: DeskRecord) -> Self:
        """Read the part of a record, with what changed since it was written."""
        part = cls(**{each.name: record.own[each.name] for each in fields(cls) if each.name in record.own})
        changed = {source for source in part.basis if part.basis[source] != getattr(record, source)}
        return part.followed(record, changed) if changed else part

    def followed(self, record: DeskRecord, changed: Collection[str], *, written: Collection[str] = ()) -> Self:
        """Let ``extra`` follow the attributes that changed; what was ``written`` just now stays."""
        stale = {key for source, key in _WRITTEN_OVER.items() if source in changed and key not in written}
        extra = {key: value for key, value in self.extra.items() if key not in stale}
        if "fields" in extra:
            extra["fields"] = _mirrored(extra["fields"], changed, record)
        basis = {source: getattr(record, source) for source in _SOURCES} if _DERIVED & extra.keys() else {}
        return replace(self, extra=extra, basis=basis)

    def kept_by(self, record: DeskRecord) -> DeskRecord:
        """Return the record with this part."""
        return replace(record, own=own_with(record.own, asdict(self), asdict(KorePart())))


def due_text(record: DeskRecord) -> str | None:
    """Write the due date, or nothing if there is none."""
    return None if record.due is None else iso(record.due)


def _mirrored(entries: list[Any], changed: Collection[str], record: DeskRecord) -> list[Any]:
    values = {
        fold(mirror.name): value
        for source, mirror, value in (
            ("title", TITLE, record.title),
            ("description", DESCRIPTION, record.description),
            ("due", DUE_DATE, due_text(record)),
        )
        if source in changed
    }
    return [
        entry | {"selectedValue": values[_display_name(entry)]} if _display_name(entry) in values else entry
        for entry in entries
    ]


def _display_name(entry: object) -> str:
    return fold(text(entry.get("displayName"))) if isinstance(entry, dict) else ""
