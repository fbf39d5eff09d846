"""What a tool that searches is, and the comparisons that are made here where the desk has no filter for them."""

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeVar

from typing_extensions import override

from case_tools.adapter.arguments import Arguments
from case_tools.adapter.messages import Parsed, Request, Resolved, Response
from case_tools.adapter.names import LearnedName, plain
from case_tools.adapter.tool import Tool
from case_tools.results import Page, ParsedRecord, Shown

S = TypeVar("S", bound=Arguments)
CountBy = Literal["status", "priority", "queue", "assignee"]
NOBODY: Final = frozenset({"nobody", "unassigned", "none"})
"""What stands for no agent in the argument `assignee`."""

WORD_BY_WORD: Final = (
    "No title holds these words as they were given; compared word by word, without case and accents."
)
_PHONE: Final = re.compile(r"[+(]?[\d\s().\-/]{5,}")
_WORD: Final = re.compile(r"\w+")
_SHORTEST_PHONE: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """One page of records.

    Attributes:
        records: the records, in the desk's order.
        total: how many match, as far as is known.
        has_more: whether others follow.
        notes: what must be known to read the page rightly.
        names: the names that it shows, to be learned.
    """

    records: Sequence[ParsedRecord]
    total: int
    has_more: bool
    notes: Sequence[str] = ()
    names: Sequence[LearnedName] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is compared here: names without case and accents, addresses without case, phones by their digits.

    Attributes:
        requester: the customer's name, e-mail address or phone.
        assignee: the agent's name, or one of `NOBODY`.
        words: words that the title holds, in any order.
    """

    requester: str = ""
    assignee: str = ""
    words: Sequence[str] = ()

    def matches(self, record: ParsedRecord) -> bool:
        """Say whether a record is one that was asked for."""
        return (
            (not self.requester or _is_requester(self.requester, record))
            and (not self.assignee or _is_assignee(self.assignee, record))
            and all(plain(word) in plain(record.title) for word in self.words)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A search that is made here, over the pages of a wider one.

    Attributes:
        arguments: the wider search, which the desk can make.
        comparison: what is compared here.
        pages: how many pages it may ask for.
        note: what the answer says of it.
    """

    arguments: Any
    comparison: Comparison
    pages: int = 5
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What is counted.

    Attributes:
        by: the field whose values are counted.
        arguments: the search of which each value is counted.
        values: the values in use, where the desk can filter by them; empty where it cannot.
    """

    by: CountBy
    arguments: Any
    values: Sequence[str] = field(default=())


class SearchTool(Tool[S], Generic[S]):
    """A tool that searches."""

    scope = "cases:read"
    usual_effect = "read"

    @abstractmethod
    def parse_records(self, arguments: S, request: Request, response: Response, resolved: Resolved) -> RecordPage:
        """Return the page of records that a response holds.

        Raises:
            CaseError: the desk refused the search, or answered something unreadable.
        """

    @abstractmethod
    def page_of(self, records: Sequence[ParsedRecord], shown: Shown) -> Page:
        """Return a page that holds the rows of the records."""

    @abstractmethod
    def shown(self, arguments: S) -> Shown:
        """Return what the rows of a search show."""

    @abstractmethod
    def place(self, arguments: S) -> tuple[int, int]:
        """Return the page, from 1, and the rows a page that were asked for."""

    def scan(self, _arguments: S) -> Scan | None:
        """Return the search that is made here; None where the desk can make it."""
        return None

    def scans_after_nothing(self, _arguments: S) -> Sequence[Scan]:
        """Return searches that may find what the desk's own did not, the narrowest first."""
        return ()

    def tally(self, _arguments: S, _resolved: Resolved) -> Tally | None:
        """Return what is counted in the place of rows; None where rows are asked for."""
        return None

    def only(self, arguments: S, by: CountBy, value: str) -> S:
        """Return the search for one value of a field.

        Raises:
            NotImplementedError: the desk cannot filter by the field.
        """
        raise NotImplementedError

    def nothing_found(self, _arguments: S, _resolved: Resolved) -> str:
        """Return what was looked at and what to try, for an empty page."""
        return ""

    def rest_of(self, _record: ParsedRecord) -> Request | None:
        """Return the request that completes one record in full; None where the search shows all of it."""
        return None

    def with_rest(self, record: ParsedRecord, _response: Response) -> ParsedRecord:
        """Return the record with what the response to `rest_of` adds."""
        return record

    @override
    def parse_response(self, arguments: S, request: Request, response: Response, resolved: Resolved) -> Parsed:
        found = self.parse_records(arguments, request, response, resolved)
        page = self.page_of(found.records, self.shown(arguments))
        facts = {"total": found.total, "page": self.place(arguments)[0], "has_more": found.has_more}
        return Parsed(result=page.model_copy(update=facts), names=found.names)


def kind_of_person(person: str) -> Literal["email", "phone", "name"]:
    """Return what a person is given by."""
    if "@" in person:
        return "email"
    return "phone" if _PHONE.fullmatch(person.strip()) and len(_digits(person)) >= _SHORTEST_PHONE else "name"


def counts_of(records: Sequence[ParsedRecord], by: CountBy) -> Mapping[str, int]:
    """Return how many records have each value of a field, the most frequent first."""
    counts: dict[str, int] = {}
    for record in records:
        for value in _values(record, by):
            counts[value] = counts.get(value, 0) + 1
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _values(record: ParsedRecord, by: CountBy) -> Iterator[str]:
    value: str = getattr(record, by)
    if by == "queue":
        yield from value.split(", ") if value else ["no queue"]
    else:
        yield value or ("nobody" if by == "assignee" else f"no {by}")


def _is_requester(person: str, record: ParsedRecord) -> bool:
    kind = kind_of_person(person)
    if kind == "email":
        return plain(person) == plain(record.email)
    if kind == "phone":
        own, asked = _digits(record.phone).lstrip("0"), _digits(person).lstrip("0")
        return bool(own) and (own.endswith(asked) or asked.endswith(own)) and len(own) >= _SHORTEST_PHONE
    return _is_named(person, record.requester)


def _is_assignee(person: str, record: ParsedRecord) -> bool:
    return not record.assignee if plain(person) in NOBODY else _is_named(person, record.assignee)


def _is_named(asked: str, name: str) -> bool:
    """Say whether every word of one name stands in another; in scripts without spaces, as a part of a word."""
    words, own = _WORD.findall(plain(asked)), _WORD.findall(plain(name))
    return bool(words) and all(word in own or (not word.isascii() and word in "".join(own)) for word in words)


def _digits(text: str) -> str:
    return "".join(each for each in text if each.isdecimal())
