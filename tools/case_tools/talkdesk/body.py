"""What bodies and queries of Talkdesk's pages share: ids, enumerations, notes."""

from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from case_tools.actions import Json
from case_tools.arguments import Arguments
from case_tools.text import line

PRIORITIES: Final = ("LOW", "NORMAL", "HIGH", "URGENT")
TYPES: Final = ("QUESTION", "INCIDENT", "PROBLEM", "TASK")
STATUSES: Final = ("NEW", "OPEN", "PENDING", "ON_HOLD", "RESOLVED", "CLOSED")
ON_HOLD: Final = "ON_HOLD"


def one_of(choices: Iterable[str], *, never: str | None = None) -> BeforeValidator:
    """Return the check of an enumeration, without regard to case, spaces, hyphens and underscores."""
    known = tuple(choices)

    def check(given: object) -> object:
        if not isinstance(given, str):
            return given
        word = "_".join(given.upper().replace("-", " ").replace("_", " ").split())
        if word == never:
            raise ValueError(f"cannot be set to {never}: the desk closes a case by itself. Set RESOLVED instead.")
        if word not in known:
            raise ValueError(f"must be one of {', '.join(each for each in known if each != never)}.")
        return word

    return BeforeValidator(check)


def enumeration(choices: Iterable[str]) -> WithJsonSchema:
    """Return the schema of an enumeration."""
    return WithJsonSchema({"type": "string", "enum": list(choices)})


Priority = Annotated[str, one_of(PRIORITIES), enumeration(PRIORITIES)]
Type = Annotated[str, one_of(TYPES), enumeration(TYPES)]
Status = Annotated[str, one_of(STATUSES), enumeration(STATUSES)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=150)]
Long = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class Note(Arguments):
    """A note; it is internal unless it is said to be public."""

    bare_word_is = "note_body"

    note_title: Short | None = Field(None, description="Heading")
    note_body: str = Field(min_length=1, description="Text")
    public: bool = Field(default=False, description="true: the customer can see it; else false")


def notes_body(notes: Iterable[Note] | None) -> list[Json] | None:
    """Return the notes as they go out; `public` always, as the pages tell its default both ways."""
    return None if notes is None else [note.model_dump(exclude_none=True) for note in notes]


def visibility(notes: Iterable[Note] | None) -> list[str] | None:
    """Return for each note whether the customer can see it."""
    seen = {True: "the customer can see it", False: "internal"}
    return (
        [f"{line(note.note_title or note.note_body, 80)}: {seen[note.public]}" for note in notes]
        if notes
        else None
    )
