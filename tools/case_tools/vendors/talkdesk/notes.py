"""Notes of a case: what is sent, and what of it the response proves.

A note is appended (a guess) and, if public, seen by the customer; so its visibility is reported from the response,
never from what was asked.
"""

import html
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from case_tools.adapter.arguments import Arguments, ProseOf
from case_tools.adapter.messages import Json
from case_tools.adapter.parsing import list_of, text_of
from case_tools.errors import NotApplied
from case_tools.results import Written
from case_tools.untrusted import line
from case_tools.vendors.talkdesk.body import Filled, Short

_TAG: Final = re.compile(r"<[^<>]{1,200}>")
_LONGEST_NAME: Final = 80
_VISIBLE: Final = "the customer can see it"
_INTERNAL: Final = "internal"
_MOST_LISTED: Final = 20


def _as_flag(given: object) -> object:
    if given in (True, "true", "True"):
        return True
    if given in (False, "false", "False"):
        return False
    raise ValueError("must be true, for a note that the customer can see, or false.")


def _heading(given: object) -> object:
    """Take an empty heading for none: some clients fill every argument."""
    return None if isinstance(given, str) and not given.strip() else given


class TalkdeskNote(Arguments):
    """A note; it is internal unless it is said to be public."""

    bare_word_is = "note_body"

    note_title: Annotated[Short | None, BeforeValidator(_heading)] = Field(None, description="Heading")
    note_body: str = Field(min_length=1, description="Text")
    public: Annotated[bool, BeforeValidator(_as_flag)] = Field(
        default=False, description="true: the customer can see it; else false"
    )


Notes = Annotated[list[TalkdeskNote], ProseOf, Filled]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteReport:
    """What the response shows of the notes that were sent.

    Attributes:
        lines: for each note, whether the customer can see it.
        unproven: whether the response does not show all of them.
        wrongly_visible: the notes that the desk shows with another visibility than asked.
    """

    lines: Sequence[str]
    unproven: bool
    wrongly_visible: Sequence[str]


def body(notes: Iterable[TalkdeskNote]) -> list[Json]:
    """Return the notes as they go out; `public` always, as the pages tell its default both ways."""
    return [note.model_dump(exclude_none=True) for note in notes]


def report(notes: Sequence[TalkdeskNote] | None, shown: object) -> NoteReport:
    """Return what the response shows of the notes sent; each shown note proves one."""
    left = [entry for entry in list_of(shown) if isinstance(entry, Mapping)]
    lines: list[str] = []
    wrongly_visible: list[str] = []
    unproven = False
    for note in notes or ():
        name, asked = (
            line(note.note_title or note.note_body, _LONGEST_NAME),
            _VISIBLE if note.public else _INTERNAL,
        )
        match = next((entry for entry in left if _plain(_body_of(entry)) == _plain(note.note_body)), None)
        public = match.get("public") if match is not None else None
        if match is not None:
            left.remove(match)
        if not isinstance(public, bool):
            unproven = True
            lines.append(f"{name}: sent as {'public' if note.public else 'internal'}, not shown by the desk")
            continue
        actual = _VISIBLE if public else _INTERNAL
        lines.append(f"{name}: {actual}")
        if actual != asked:
            wrongly_visible.append(f"{name!r} was added, and the customer {'can' if public else 'cannot'} see it")
    return NoteReport(lines=lines, unproven=unproven, wrongly_visible=wrongly_visible)


def shows(shown: Sequence[object], bodies: Sequence[str]) -> bool:
    """Tell whether each text stands in a note of its own among those shown."""
    there = Counter(_plain(_body_of(entry)) for entry in shown if isinstance(entry, Mapping))
    return not Counter(map(_plain, bodies)) - there


def _body_of(entry: Mapping[str, object]) -> str:
    """Return a note's text; one page writes `notes_body`."""
    return text_of(entry.get("note_body")) or text_of(entry.get("notes_body"))


def _plain(text: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())


def with_notes(result: Written, sent: Sequence[TalkdeskNote] | None, reported: NoteReport) -> Written:
    """Return the result with the report of the notes."""
    if not sent:
        return result
    texts = "; ".join(line(note.note_title or note.note_body, _LONGEST_NAME) for note in sent[:_MOST_LISTED])
    seen = sum(each.endswith(f": {_VISIBLE}") for each in reported.lines[_MOST_LISTED:])
    more_notes = f"and {len(sent) - _MOST_LISTED} more, of which the customer can see {seen}"
    unconfirmed = [*(result.unconfirmed or ()), *(["notes"] if reported.unproven else [])]
    more = {
        "notes": [*reported.lines[:_MOST_LISTED], *([more_notes] if len(sent) > _MOST_LISTED else [])],
        "changed": {**(result.changed or {}), "notes": ["", texts]}
        if result.outcome == "updated"
        else result.changed,
        "unconfirmed": unconfirmed or None,
    }
    return result.model_copy(update=more)


def shown_otherwise(reported: NoteReport, *, beside: NotApplied | None = None) -> NotApplied:
    """Return the error for a note that the desk shows with another visibility than asked.

    Args:
        reported: the report of the notes.
        beside: the error of the other fields of the call, if any.
    """
    more = f" {beside.what}" if beside else ""
    return NotApplied(
        f"The desk shows a note otherwise than asked.{more}",
        changed="partly",
        theirs=[*reported.wrongly_visible[:_MOST_LISTED], *(beside.theirs if beside else ())],
        next_step="Do not send the note again; tell a person who can change it at the desk.",
    )


def created_otherwise(case_id: str, reported: NoteReport) -> NotApplied:
    """Return the error for a new case with such a note."""
    error = shown_otherwise(reported)
    return NotApplied(
        f"The case {line(case_id, _LONGEST_NAME)} was created. {error.what}",
        changed="partly",
        theirs=error.theirs,
        next_step=f"{error.next_step} Do not create the case again.",
        ref=case_id,
    )


def notes_aside(error: NotApplied, sent: Sequence[TalkdeskNote] | None) -> NotApplied:
    """Return the error with a warning not to send the notes of the same call again."""
    if not sent:
        return error
    step = f"{error.next_step} Leave its notes out: they were sent."
    return NotApplied(
        error.what,
        changed="unknown" if error.changed == "nothing" else error.changed,
        next_step=step,
        theirs=error.theirs,
    )
