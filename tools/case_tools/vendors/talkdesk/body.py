"""What bodies and queries of Talkdesk's pages share: ids, enumerations, lengths."""

from collections.abc import Iterable
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, BeforeValidator, StringConstraints, WithJsonSchema

from case_tools.vendors.talkdesk.endpoints import as_id

T = TypeVar("T")
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


def _something(given: T) -> T:
    if not given:
        raise ValueError("is empty: leave it out to leave it as it is.")
    return given


def _one_word(given: str) -> str:
    """Refuse what cannot be an id; that ids hold no spaces is a guess, which no sample contradicts."""
    if len(given.split()) > 1:
        raise ValueError("must be an id, without spaces: a name is no id. Ask the administrator for it.")
    return given


Filled = AfterValidator(_something)
"""An object or a list that may not be empty: what a desk makes of an empty one is not documented."""

Priority = Annotated[str, one_of(PRIORITIES), enumeration(PRIORITIES)]
Type = Annotated[str, one_of(TYPES), enumeration(TYPES)]
Status = Annotated[str, one_of(STATUSES), enumeration(STATUSES)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Id = Annotated[Short, BeforeValidator(as_id), AfterValidator(_one_word)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=150)]
Long = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
