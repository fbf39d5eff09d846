"""What search_cases and search_tasks have in common: the documented filters, and a page of rows."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, Literal, Self

from pydantic import Field, field_validator, model_validator
from typing_extensions import override

from case_tools.adapter.arguments import Arguments, IsoMoment, Text, Texts, WholeNumber
from case_tools.adapter.messages import Json, Operation, Request, Resolved, Response
from case_tools.adapter.names import LearnedName, fold
from case_tools.adapter.parsing import text_of, unreadable
from case_tools.adapter.search import WORD_BY_WORD, Comparison, CountBy, RecordPage, Scan, SearchTool, Tally
from case_tools.results import Shown
from case_tools.settings import KoreSettings
from case_tools.untrusted import line, lines
from case_tools.vendors.kore.dialog import SEARCH
from case_tools.vendors.kore.endpoints import post
from case_tools.vendors.kore.paging import ids_of, paging_on_the_wire, sorting_on_the_wire, window
from case_tools.vendors.kore.responses import names_in, object_of, record_of

_SORTS: Final = {name.casefold(): name for name in ("createdDate", "updatedDate", "dueDate", "priority", "name")}
_SORT: Final = re.compile(rf"({'|'.join(_SORTS)})( (?:asc|desc))?", re.IGNORECASE)
_TENANT_ID: Final = re.compile(r"[0-9a-f]{24}", re.IGNORECASE)
_USUAL: Final = {
    "status": ("Open", "In Progress", "On Hold", "Resolved", "Closed"),
    "priority": ("Low", "Medium", "High", "Critical"),
}
"""What the product's documentation names; a desk may have others."""
_OURS: Final = frozenset({"page", "limit", "detail", "sortBy", "requester", "assignee", "count_by"})
_NEWEST_FIRST: Final = "createdDate"
_BY_CREATION: Final = frozenset({"startDate", "endDate"})
_REFERENCE: Final = re.compile(r"[A-Za-z]{1,6}-?\d{3,}")
_RUN: Final = re.compile(r"[A-Za-z0-9]{3,}")
_FILTERS: Final = {"status": "status", "priority": "priority", "queue": "queues"}
"""What can be counted -> the filter for it; the desk has none for an agent."""

_LISTS: Final = ("status", "priority", "channel", "queues")


class Filters(Arguments):
    """The twelve documented filters, and ours for paging and detail."""

    other_words: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("customer", "email", "emailid", "phone", "contact", "reporter", "userinfo"), "requester"),
        **dict.fromkeys(("agent", "assigned_to", "owner", "currassignee"), "assignee"),
        **dict.fromkeys(("group", "team"), "queues"),
        **dict.fromkeys(("count", "group_by", "groupby", "facet"), "count_by"),
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

    searchText: Text | None = Field(None, description="Part of the title, or a reference such as CS000123")
    status: Texts | None = Field(None, description='e.g. ["Open", "In Progress"]')
    priority: Texts | None = Field(None, description='e.g. ["High"]')
    channel: Texts | None = Field(None, description='e.g. ["email", "chat"]')
    queues: Texts | None = Field(None, description='Queue names, e.g. ["Billing"]')
    unresolved: bool | None = Field(None, description="true: only those not yet resolved")
    unassigned: bool | None = Field(
        None,
        description="true: only those given to neither agent nor queue; for a queue's own give queues and "
        "assignee nobody",
    )
    mycase: bool | None = Field(
        None, description="true: only the current user's own; may find none, as an app is no agent"
    )
    startDate: IsoMoment | None = Field(None, description="Created from, e.g. 2026-09-01T00:00:00Z")
    endDate: IsoMoment | None = Field(None, description="Created until")
    dueDate: IsoMoment | None = Field(None, description="Due at exactly this time")
    sortBy: Text | None = Field(
        None, description="createdDate, updatedDate, dueDate, priority or name; newest first, or `dueDate asc`"
    )
    requester: Text | None = Field(None, description="Customer: name, e-mail or phone")
    assignee: Text | None = Field(None, description="Agent's name, or nobody")
    count_by: CountBy | None = Field(None, description="Counts in the place of rows")
    page: WholeNumber = Field(1, ge=1, le=100_000, description="Page, from 1")
    limit: WholeNumber = Field(20, ge=1, le=50, description="Rows a page, 1 to 50, else 20")
    detail: Literal["concise", "full"] = Field(
        "concise", description="full adds all that the desk keeps; one case alone is shown uncut"
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


class KoreSearchTool(SearchTool[Filters]):
    """A tool that searches.

    Attributes:
        path_end: the end of the endpoint's path.
    """

    path_end: str
    dialog = SEARCH

    def __init__(self, account: KoreSettings) -> None:
        self._account = account
        super().__init__()

    @override
    def place(self, arguments: Filters) -> tuple[int, int]:
        return arguments.page, arguments.limit

    @override
    def shown(self, arguments: Filters) -> Shown:
        times = {"created"} if _BY_CREATION & arguments.model_fields_set else set()
        by = (arguments.sortBy or "").partition(" ")[0]
        times |= {"createdDate": {"created"}, "updatedDate": {"updated"}}.get(by, set())
        return Shown(detail=arguments.detail, times=frozenset(times))

    @override
    def scan(self, arguments: Filters) -> Scan | None:
        if not (arguments.requester or arguments.assignee):
            return None
        comparison = Comparison(requester=arguments.requester or "", assignee=arguments.assignee or "")
        return Scan(arguments=_wider(arguments, requester=None, assignee=None), comparison=comparison)

    @override
    def scans_after_nothing(self, arguments: Filters) -> Sequence[Scan]:
        """The desk matches one run of characters in the title, so words in another order find nothing."""
        words = (arguments.searchText or "").split()
        is_one_plain_word = len(words) == 1 and words[0].isascii()
        if not words or is_one_plain_word or _REFERENCE.fullmatch(arguments.searchText or ""):
            return ()
        comparison = Comparison(words=words)
        runs = sorted({run for word in words for run in _RUN.findall(word)}, key=len, reverse=True)
        texts: list[str | None] = [*runs[:1], None]
        return [
            Scan(
                arguments=_wider(arguments, searchText=text), comparison=comparison, pages=pages, note=WORD_BY_WORD
            )
            for text, pages in zip(texts, (2, 1) if runs else (2,), strict=True)
        ]

    @override
    def tally(self, arguments: Filters, resolved: Resolved) -> Tally | None:
        by = arguments.count_by
        if by is None:
            return None
        wider = _wider(arguments, count_by=None)
        if by not in _FILTERS:
            return Tally(by=by, arguments=wider)
        asked = getattr(arguments, _FILTERS[by]) or []
        known = {fold(each): each for each in (*resolved.names.all(by), *_USUAL.get(by, ()))}
        return Tally(by=by, arguments=wider, values=asked or [*known.values()])

    @override
    def only(self, arguments: Filters, by: CountBy, value: str) -> Filters:
        return arguments.model_copy(update={_FILTERS[by]: [value]})

    @override
    def nothing_found(self, arguments: Filters, resolved: Resolved) -> str:
        tried = []
        if arguments.searchText:
            tried.append("Only titles and references were looked at; for a customer give `requester`.")
        elif arguments.model_fields_set - _OURS:
            tried.append("No case fits all of these filters; leave one out.")
        for kind, filter_name in _FILTERS.items():
            asked, seen = getattr(arguments, filter_name) or [], resolved.names.all(kind)
            if any(fold(each) not in {*map(fold, seen)} for each in asked):
                names = f"seen at this desk: {lines(seen[:12], 40)}" if seen else "not known yet"
                usual = "" if seen or kind not in _USUAL else f"; usual are {', '.join(_USUAL[kind])}"
                tried.append(f"Names of {kind} {names}{usual}.")
        return " ".join(tried)

    @override
    def build_request(self, arguments: Filters, resolved: Resolved) -> Request:
        filters = arguments.model_dump(mode="json", exclude_none=True, exclude=set(_OURS))
        for kind in _USUAL:
            if kind in filters:
                filters[kind] = [_spelled(kind, each, resolved) for each in filters[kind]]
        sorting = sorting_on_the_wire(arguments.sortBy) if arguments.sortBy else {}
        paging = paging_on_the_wire(arguments.page, arguments.limit)
        return post(self._account.stream_id, self.path_end, {**filters, **sorting, **paging})

    @override
    def parse_records(
        self, arguments: Filters, request: Request, response: Response, resolved: Resolved
    ) -> RecordPage:
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
        rows = readable(part.rows, account_id=self._account.account_id)
        notes = [part.note] if part.note else []
        if left_out := len(part.rows) - len(rows):
            notes.append(f"{left_out} rows could not be read, or are another account's, and are left out.")
        notes += _probably_misspelled(arguments, resolved)
        names = names_in(rows)
        if arguments.page == 1:
            ids = {"ids": ids_of(part.rows)}
            names.append(LearnedName(kind="first page", id=search, name=search, value=ids, lasts=False))
        records = [record_of(row) for row in rows]
        own = [record for record in records if fold(record.ref) == fold(arguments.searchText or "")]
        if own and part.total > len(own) and arguments.page == 1:
            notes.append(f"{part.total - len(own)} others name it in their title.")
            return RecordPage(records=own, total=len(own), has_more=False, notes=notes, names=names)
        return RecordPage(records=records, total=part.total, has_more=part.has_more, notes=notes, names=names)


def _probably_misspelled(arguments: Filters, resolved: Resolved) -> Iterator[str]:
    """Yield a note for each name in a filter that nearly is one in use: rows of the others would pass for all."""
    for kind, filter_name in _FILTERS.items():
        usual = _USUAL.get(kind, ())
        for name in getattr(arguments, filter_name) or ():
            is_usual = any(fold(name) == fold(each) for each in usual)
            if is_usual or name.startswith("=") or resolved.names.find(kind, name):
                continue
            if near := resolved.names.near(kind, name, usual=usual):
                yield f"No case was seen with the {kind} {line(name, 40)!r}; nearest is {lines(near, 40)}."


def _wider(arguments: Filters, **changed: str | None) -> Filters:
    """Return a wider search, the newest first unless another order was asked for."""
    order = {"sortBy": arguments.sortBy or _NEWEST_FIRST}
    return arguments.model_copy(update={**order, "detail": "concise", **changed})


def _spelled(kind: str, name: str, resolved: Resolved) -> str:
    """Return a name as the desk was seen to write it, where more than the case of letters differs.

    Whether the desk minds the case is not known: its table writes `high`, its data `High`. A filter is never
    refused for a name that was not seen; an empty page names the near ones.
    """
    if name.startswith("="):
        return name.lstrip("= ")
    seen = [each.name for each in resolved.names.find(kind, name)]
    match = next((each for each in (*seen, *_USUAL[kind]) if fold(each) == fold(name)), None)
    return match if match is not None and match.casefold() != name.casefold() else name


def lookup_request(stream_id: str, tail: str, filters: Json, *, limit: int, page: int = 1) -> Request:
    """Return the one search that may find what a name stands for."""
    return post(stream_id, tail, {**filters, **paging_on_the_wire(page, limit)})


def results_of(response: Response, operation: Operation) -> tuple[Json, list[Any]]:
    """Return the payload and its list of results, of which at least one row can be read."""
    payload = object_of(response, operation)
    results = payload.get("results")
    if not isinstance(results, list) or (results and not any(map(_is_row, results))):
        raise unreadable(operation)
    return payload, results


def readable(results: Sequence[Any], *, account_id: str | None = None) -> list[Json]:
    """Return the rows: what is an object, has an id, and does not name another account."""
    return [row for row in results if _is_row(row) and not _is_foreign(row, account_id)]


def _is_row(row: object) -> bool:
    return isinstance(row, dict) and bool(text_of(row.get("_id")))


def _is_foreign(row: Json, account_id: str | None) -> bool:
    shown = text_of(row.get("accountId"))
    return account_id is not None and _TENANT_ID.fullmatch(shown) is not None and shown != account_id


def _digest(tool: str, request: Request) -> str:
    """Return what is the same for every page of a search."""
    same: dict[str, Any] = {key: value for key, value in (request.body or {}).items() if key != "skip"}
    return hashlib.sha256(json.dumps([tool, same], sort_keys=True).encode()).hexdigest()
