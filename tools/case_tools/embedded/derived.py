"""What follows when a title, a description or a due date changes.

A record keeps in ``extra`` the values that were written over derived ones; a later change of their source
counts for more, whichever dialect it came in.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from case_tools.embedded.catalogue import DESCRIPTION, DUE_DATE, TITLE, fold
from case_tools.embedded.records import Record, text
from case_tools.embedded.times import iso

_WRITTEN_OVER: Mapping[str, str] = {"title": "lname", "due": "ETA"}


def due_text(record: Record) -> str | None:
    """Write the due date, or nothing if there is none."""
    return None if record.due is None else iso(record.due)


def followed(record: Record, changed: Collection[str], *, written: Collection[str] = ()) -> Record:
    """Let ``extra`` follow the attributes that changed; what was ``written`` just now stays."""
    stale = {key for attribute, key in _WRITTEN_OVER.items() if attribute in changed and key not in written}
    extra = {key: value for key, value in record.extra.items() if key not in stale}
    if "fields" in extra:
        extra["fields"] = _mirrored(extra["fields"], changed, record)
    return replace(record, extra=extra)


def _mirrored(entries: list[Any], changed: Collection[str], record: Record) -> list[Any]:
    values = {
        fold(mirror.name): value
        for attribute, mirror, value in (
            ("title", TITLE, record.title),
            ("description", DESCRIPTION, record.description),
            ("due", DUE_DATE, due_text(record)),
        )
        if attribute in changed
    }
    return [
        entry | {"selectedValue": values[_display_name(entry)]} if _display_name(entry) in values else entry
        for entry in entries
    ]


def _display_name(entry: object) -> str:
    return fold(text(entry.get("displayName"))) if isinstance(entry, dict) else ""
