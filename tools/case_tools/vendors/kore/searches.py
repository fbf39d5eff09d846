"""What search_cases and search_tasks have in common: the documented filters, and a page of rows."""

import hashlib
import json
import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Generic, Literal, Self, TypeVar

from pydantic import Field, field_validator, model_validator
from typing_extensions import override

from case_tools.adapter.arguments import Arguments, IsoMoment, Text, Texts, WholeNumber
from case_tools.adapter.messages import Json, Operation, Parsed, Request, Resolved, Response
from case_tools.adapter.names import LearnedName, fold
from case_tools.adapter.parsing import text_of, unreadable
from case_tools.adapter.tool import Tool
from case_tools.results import Page, ParsedRecord
from case_tools.settings import KoreSettings
from case_tools.untrusted import line, lines
from case_tools.vendors.kore.choices import near_miss
from case_tools.vendors.kore.dialog import SEARCH
from case_tools.vendors.kore.endpoints import post
from case_tools.vendors.kore.paging import Window, ids_of, paging_on_the_wire, sorting_on_the_wire, window
from case_tools.vendors.kore.responses import names_in, object_of, record_of

P = TypeVar("P", bound=Page)
_SORTS: Final = {name.casefold(): name for name in ("createdDate", "updatedDate", "dueDate", "priority", "name")}
_SORT: Final = re.compile(rf"({'|'.join(_SORTS)})( (?:asc|desc))?", re.IGNORECASE)
_TENANT_ID: Final = re.compile(r"[0-9a-f]{24}", re.IGNORECASE)
_USUAL: Final = {
    "status": ("Open", "In Progress", "On Hold", "Resolved", "Closed"),
    "priority": ("Low", "Medium", "High", "Critical"),
}
"""What the product's documentation names; a desk may have others."""
_OURS: Final = frozenset({"page", "limit", "detail", "sortBy"})
_LISTS: Final = ("status", "priority", "channel", "queues")


class Filters(Arguments):
    """The twelve documented filters, and ours for paging and detail."""

    other_words: ClassVar[Mapping[str, str]] = {
        "query": "searchText",
        "text": "searchText",
        "search": "searchText",
        "title": "searchText",
        "name": "searchText",
        "state": "status",
        "queue": "queues",
        "due": "dueDate",
        "from": "startDate",
        "to": "endDate",
        "since": "startDate",
        "sort": "sortBy",
        "skip": "page",
        "per_page": "limit",
    }

    searchText: Text | None = Field(None, description="Words in the title, or a reference such as CS000123")
    status: Texts | None = Field(None, description='e.g. ["Open", "In Progress"]')
    priority: Texts | None = Field(None, description='e.g. ["High"]')
    channel: Texts | None = Field(None, description='e.g. ["email", "chat"]')
    queues: Texts | None = Field(None, description='Queue names, e.g. ["Billing"]')
    unresolved: bool | None = Field(None, description="true: only those not yet resolved")
    unassigned: bool | None = Field(None, description="true: only those that nobody has")
    mycase: bool | None = Field(
        None, description="true: only the current user's own; may find none, as an app is no agent"
    )
    startDate: IsoMoment | None = Field(None, description="Created from, e.g. 2026-09-01T00:00:00Z")
    endDate: IsoMoment | None = Field(None, description="Created until")
    dueDate: IsoMoment | None = Field(None, description="Due at exactly this time")
    sortBy: Text | None = Field(
        None, description="createdDate, updatedDate, dueDate, priority or name; newest first, or `dueDate asc`"
    )
    page: WholeNumber = Field(1, ge=1, le=100_000, description="Page, from 1")
    limit: WholeNumber = Field(20, ge=1, le=50, description="Rows a page, 1 to 50, else 20")
    detail: Literal["concise", "full"] = Field(
        "concise", description="full adds id, description, email, channel, tags, task ids"
    )

    @field_validator(*_LISTS)
    @classmethod
    def _has_words(cls, given: list[str] | None) -> list[str] | None:
        if given == []:
            raise ValueError("is an empty list: leave it out to search without it.")
        return given

    @field_validator("sortBy")
    @classmethod
    def _can_be_sorted_by(cls, given: str | None) -> str | None:
        if given is None:
            return None
        parts = _SORT.fullmatch(given)
        if parts is None:
            raise ValueError("must be createdDate, updatedDate, dueDate, priority or name, e.g. `dueDate asc`.")
        return _SORTS[parts[1].casefold()] + (parts[2] or "")

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.startDate and self.endDate and self.endDate < self.startDate:
            raise ValueError("startDate is later than endDate: swap them.")
        return self


class KoreSearchTool(Tool[Filters], Generic[P]):
    """A tool that searches.

    Attributes:
        path_end: the end of the endpoint's path.
    """

    path_end: str
    result: type[P]
    scope = "cases:read"
    usual_effect = "read"
    dialog = SEARCH

    def __init__(self, account: KoreSettings) -> None:
        self._account = account
        super().__init__()

    @abstractmethod
    def page_of(self, records: Sequence[ParsedRecord], arguments: Filters) -> P:
        """Return a page that holds the rows of the records."""

    @override
    def build_request(self, arguments: Filters, resolved: Resolved) -> Request:
        filters = arguments.model_dump(mode="json", exclude_none=True, exclude=set(_OURS))
        for kind in _USUAL:
            if kind in filters:
                filters[kind] = [_spelled(kind, each, resolved, tool=self.name) for each in filters[kind]]
        sorting = sorting_on_the_wire(arguments.sortBy) if arguments.sortBy else {}
        paging = paging_on_the_wire(arguments.page, arguments.limit)
        return post(self._account.stream_id, self.path_end, {**filters, **sorting, **paging})

    @override
    def parse_response(
        self, arguments: Filters, request: Request, response: Response, resolved: Resolved
    ) -> Parsed:
        payload, results = results_of(response, self.operation)
        search = _digest(self.name, request)
        first = resolved.names.find("first page", search)
        part = window(
            payload,
            results,
            page=arguments.page,
            limit=arguments.limit,
            first_ids=first[0].value["ids"] if first else None,
        )
        shown = readable(part.rows, account_id=self._account.account_id)
        facts = {"total": part.total, "page": arguments.page, "has_more": part.has_more}
        page = self.page_of([record_of(row) for row in shown], arguments).model_copy(update=facts)
        for note in _notes(arguments, part, resolved, len(part.rows) - len(shown)):
            page = page.noting(note)
        names = names_in(readable(results, account_id=self._account.account_id))
        if arguments.page == 1:
            ids = {"ids": ids_of(part.rows)}
            names.append(LearnedName(kind="first page", id=search, name=search, value=ids, lasts=False))
        return Parsed(result=page, names=names)


def _spelled(kind: str, name: str, resolved: Resolved, *, tool: str) -> str:
    """Return a name as the desk was seen to write it, where more than the case of letters differs.

    Whether the desk minds the case is not known: its table writes `high`, its data `High`. A misspelling of
    one of several names would go unnoticed, as the rows of the others are shown; so what is nearly a name that
    was seen, or a usual one, is refused, unless it begins with `=`.
    """
    if name.startswith("="):
        return name.lstrip("= ")
    seen = [each.name for each in resolved.names.find(kind, name)]
    match = next((each for each in (*seen, *_USUAL[kind]) if fold(each) == fold(name)), None)
    if match is not None:
        return match if match.casefold() != name.casefold() else name
    if near := resolved.names.near(kind, name, usual=_USUAL[kind]):
        raise near_miss(tool, kind, line(name, 40), near)
    return name


def lookup_request(stream_id: str, tail: str, filters: Json, *, limit: int, page: int = 1) -> Request:
    """Return the one search that may find what a name stands for."""
    return post(stream_id, tail, {**filters, **paging_on_the_wire(page, limit)})


def results_of(response: Response, operation: Operation) -> tuple[Json, list[Any]]:
    """Return the payload and its list of results, of which at least one row can be read."""
    payload = object_of(response, operation)
    results = payload.get("results")
    if not isinstance(results, list) or (results and not readable(results)):
        raise unreadable(operation)
    return payload, results


def readable(results: Sequence[Any], *, account_id: str | None = None) -> list[Json]:
    """Return the rows: what is an object, has an id, and does not name another account."""
    return [
        row
        for row in results
        if isinstance(row, dict) and text_of(row.get("_id")) and not _is_foreign(row, account_id)
    ]


def _is_foreign(row: Json, account_id: str | None) -> bool:
    shown = text_of(row.get("accountId"))
    return account_id is not None and _TENANT_ID.fullmatch(shown) is not None and shown != account_id


def _notes(arguments: Filters, part: Window, resolved: Resolved, unreadable: int) -> list[str]:
    notes = [part.note] if part.note else []
    if unreadable:
        notes.append(f"{unreadable} rows could not be read, or are another account's, and are left out.")
    if not part.rows and not part.total:
        for kind, usual in _USUAL.items():
            asked, seen = getattr(arguments, kind) or [], resolved.names.all(kind)
            if any(each not in seen for each in asked):
                names = f"seen at this desk: {lines(seen[:12], 40)}" if seen else f"usual: {', '.join(usual)}"
                notes.append(f"Names of {kind} {names}.")
    return notes


def _digest(tool: str, request: Request) -> str:
    """Return what is the same for every page of a search."""
    same: dict[str, Any] = {key: value for key, value in (request.body or {}).items() if key != "skip"}
    return hashlib.sha256(json.dumps([tool, same], sort_keys=True).encode()).hexdigest()
