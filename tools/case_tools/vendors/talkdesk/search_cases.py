"""search_cases: GET /cm/core/va/cases, page "Get case list"."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator
from typing_extensions import override

from case_tools.adapter.arguments import Arguments, Email, IsoMoment, ListOf, Object, Text, Texts, WholeNumber
from case_tools.adapter.messages import Request, Resolved, Response
from case_tools.adapter.names import plain
from case_tools.adapter.parsing import count_of, mapping_of, unreadable
from case_tools.adapter.search import (
    NOBODY,
    WORD_BY_WORD,
    Comparison,
    CountBy,
    RecordPage,
    Scan,
    SearchTool,
    Tally,
    kind_of_person,
)
from case_tools.errors import Rejected
from case_tools.results import CasePage, ParsedRecord, Row, Shown, rows_missed
from case_tools.vendors.talkdesk.body import (
    ON_HOLD,
    PRIORITIES,
    STATUSES,
    Id,
    Priority,
    Short,
    Status,
    Type,
    enumeration,
    one_of,
)
from case_tools.vendors.talkdesk.dialog import SEARCH
from case_tools.vendors.talkdesk.endpoints import CASE, CASES, CaseId, canonical_id, query_of
from case_tools.vendors.talkdesk.listing import listed_in
from case_tools.vendors.talkdesk.responses import id_in, names_in, object_of, record_of

_OURS: Final = frozenset({"page", "limit", "detail", "requester", "assignee", "count_by"})
_PERIODS: Final = ("create_at", "update_at")
_DESCRIPTION: Final = (
    "Find customer-service cases (tickets) by customer, agent, title, status, priority, type or dates, or count "
    "them. Use it before create_case, to see whether the case exists, and before update_case, to get its id. "
    "Without filters it lists cases in the desk's own order. Changes nothing. "
    'Example: {"requester": "jane.roe@example.com", "status": ["OPEN", "PENDING"]}. Answers ref (the id), '
    "title, status, priority, requester, assignee and queue of each; ids with detail=full reads one case whole."
)


def _upper(given: object) -> object:
    return given.strip().upper() if isinstance(given, str) else given


class TalkdeskSearchCasesArguments(Arguments):
    """The documented query, and ours for paging and detail."""

    other_words: ClassVar[Mapping[str, str]] = {
        "query": "title",
        "text": "title",
        "searchtext": "title",
        "email": "requester_email",
        "customer": "requester",
        "owner_id": "agent_id",
        "state": "status",
        "id": "ids",
        "per_page": "limit",
        "created": "create_at",
        "updated": "update_at",
    }

    title: Text | None = Field(None, description="Words in the title")
    description: Text | None = Field(None, description="Words in the description")
    requester_email: Email | None = Field(None, description="Customer's e-mail")
    requester_name: Text | None = Field(None, description="Customer's name")
    requester_phone: Annotated[Short, Field(max_length=20)] | None = Field(None, description="Customer's phone")
    requester_id: Id | None = Field(None, description="Customer's id")
    requester_type: Annotated[str, one_of(["AGENT", "CONTACT"]), enumeration(["AGENT", "CONTACT"])] | None = Field(
        None, description="AGENT or CONTACT"
    )
    status: Annotated[list[Status], ListOf] | None = Field(None, description='e.g. ["OPEN", "ON_HOLD"]')
    priority: Annotated[list[Priority], ListOf] | None = Field(None, description='e.g. ["HIGH"]')
    type: Annotated[list[Type], ListOf] | None = Field(None, description='e.g. ["INCIDENT"]')
    about: Texts | None = Field(None, description="What it is about")
    agent_id: Id | None = Field(None, description="Assignee's id")
    agent_name: Text | None = Field(None, description="Assignee's name")
    agent_email: Email | None = Field(None, description="Assignee's e-mail")
    ids: Annotated[list[CaseId], ListOf] | None = Field(None, description='Ids, e.g. ["20808"]')
    create_at: Annotated[list[IsoMoment], ListOf] | None = Field(
        None, description='Created between, e.g. ["2026-09-01T00:00:00Z", "2026-09-30T23:59:59Z"]'
    )
    update_at: Annotated[list[IsoMoment], ListOf] | None = Field(None, description="Updated between, as create_at")
    custom_fields: Object | None = Field(None, description="Values by key")
    order_by: Literal["create_at", "update_at"] | None = Field(None, description="create_at or update_at")
    sort: Annotated[Literal["ASC", "DESC"], BeforeValidator(_upper)] | None = Field(
        None, description="ASC or DESC"
    )
    requester: Text | None = Field(None, description="Customer: name, e-mail or phone")
    assignee: Text | None = Field(None, description="Agent's name, or nobody")
    count_by: CountBy | None = Field(None, description="Counts in the place of rows")
    page: WholeNumber = Field(1, ge=1, le=100_000, description="Page, from 1")
    limit: WholeNumber = Field(20, ge=1, le=50, description="Rows a page, 1 to 50, else 20")
    detail: Literal["concise", "full"] = Field(
        "concise", description="full adds all that the desk keeps; one case alone is shown uncut"
    )

    @field_validator("status", "priority", "type", "about", "ids", *_PERIODS)
    @classmethod
    def _has_entries(cls, given: list[Any] | None) -> list[Any] | None:
        if given == []:
            raise ValueError("is an empty list: leave it out to search without it.")
        return given

    @model_validator(mode="after")
    def _has_whole_periods(self) -> Self:
        for name in _PERIODS:
            pair = getattr(self, name)
            if pair is not None and (len(pair) != len(_PERIODS) or pair[0] > pair[1]):
                raise ValueError(f"give {name} as a period of two dates, the earlier one first.")
        return self


class TalkdeskSearchCases(SearchTool[TalkdeskSearchCasesArguments]):
    """search_cases.

    Args:
        on_hold: the literal that this desk takes for that status.
    """

    name = "search_cases"
    title = "Search cases"
    description = _DESCRIPTION
    arguments = TalkdeskSearchCasesArguments
    result = CasePage
    dialog = SEARCH

    def __init__(self, on_hold: Literal["ON_HOLD", "ON-HOLD"]) -> None:
        self._on_hold = on_hold
        super().__init__()

    @override
    def build_request(self, arguments: TalkdeskSearchCasesArguments, _resolved: Resolved) -> Request:
        filters = arguments.model_dump(mode="json", exclude_none=True, exclude=set(_OURS))
        if arguments.requester:
            filters = {f"requester_{kind_of_person(arguments.requester)}": arguments.requester, **filters}
        if arguments.assignee:
            filters = {"agent_name": arguments.assignee, **filters}
        if "status" in filters:
            filters["status"] = [self._on_hold if each == ON_HOLD else each for each in filters["status"]]
        paging = {"page": arguments.page, "per_page": arguments.limit}
        return Request(method="GET", template=CASES, query=query_of({**filters, **paging}))

    @override
    def place(self, arguments: TalkdeskSearchCasesArguments) -> tuple[int, int]:
        return arguments.page, arguments.limit

    @override
    def shown(self, arguments: TalkdeskSearchCasesArguments) -> Shown:
        times = {
            name
            for key, name in (("create_at", "created"), ("update_at", "updated"))
            if arguments.order_by == key or getattr(arguments, key)
        }
        return Shown(detail=arguments.detail, times=frozenset(times))

    @override
    def scan(self, arguments: TalkdeskSearchCasesArguments) -> Scan | None:
        """No filter finds the cases of nobody."""
        if plain(arguments.assignee or "") not in NOBODY:
            return None
        return Scan(
            arguments=arguments.model_copy(update={"assignee": None, "detail": "concise"}),
            comparison=Comparison(assignee=arguments.assignee or ""),
        )

    @override
    def scans_after_nothing(self, arguments: TalkdeskSearchCasesArguments) -> Sequence[Scan]:
        """How the desk compares names is not documented, so a person that it does not find is looked for here."""
        if arguments.requester or arguments.assignee:
            return [
                Scan(
                    arguments=arguments.model_copy(
                        update={"requester": None, "assignee": None, "detail": "concise"}
                    ),
                    comparison=Comparison(requester=arguments.requester or "", assignee=arguments.assignee or ""),
                )
            ]
        words = (arguments.title or "").split()
        if len(words) <= 1:
            return ()
        return [
            Scan(
                arguments=arguments.model_copy(update={"title": max(words, key=len), "detail": "concise"}),
                comparison=Comparison(words=words),
                pages=2,
                note=WORD_BY_WORD,
            )
        ]

    @override
    def tally(self, arguments: TalkdeskSearchCasesArguments, _resolved: Resolved) -> Tally | None:
        by = arguments.count_by
        if by is None:
            return None
        wider = arguments.model_copy(update={"count_by": None, "detail": "concise"})
        usual: Mapping[str, Sequence[str]] = {"status": STATUSES, "priority": PRIORITIES}
        asked = getattr(arguments, by, None) if by in usual else None
        return Tally(by=by, arguments=wider, values=asked or usual.get(by, ()))

    @override
    def only(
        self, arguments: TalkdeskSearchCasesArguments, by: CountBy, value: str
    ) -> TalkdeskSearchCasesArguments:
        return arguments.model_copy(update={by: [value]})

    @override
    def nothing_found(self, arguments: TalkdeskSearchCasesArguments, _resolved: Resolved) -> str:
        if arguments.title:
            return "Only titles were looked at; for a customer give `requester`, for a text `description`."
        return "No case fits all of these filters; leave one out." if arguments.model_fields_set - _OURS else ""

    @override
    def rest_of(self, record: ParsedRecord) -> Request:
        return Request(method="GET", template=CASE, path={"id": record.id})

    @override
    def with_rest(self, record: ParsedRecord, response: Response) -> ParsedRecord:
        """Return the record with what the details show and the list does not."""
        details = record_of(object_of(response, self.operation))
        if canonical_id(details.id) != canonical_id(record.id):
            return record
        added = {each.name: value for each in fields(details) if (value := getattr(details, each.name))}
        return replace(record, **added)

    @override
    def page_of(self, records: Sequence[ParsedRecord], shown: Shown) -> CasePage:
        return CasePage(cases=[Row.of(record, shown) for record in records])

    @override
    def parse_records(
        self,
        arguments: TalkdeskSearchCasesArguments,
        _request: Request,
        response: Response,
        _resolved: Resolved,
    ) -> RecordPage:
        payload = object_of(response, self.operation)
        listed, claimed = listed_in(payload, self.operation), count_of(payload.get("total"))
        cases = {id_in(case): case for case in listed if isinstance(case, dict) and id_in(case)}
        if listed and not cases:
            raise unreadable(self.operation)
        size = count_of(payload.get("per_page")) or arguments.limit
        skipped = (arguments.page - 1) * size
        if _stayed(payload, arguments.page) or (listed and claimed is not None and 0 < claimed <= skipped):
            raise _does_not_page(arguments.page)
        shown = [*cases.values()][: arguments.limit]
        reached = skipped + min(len(listed), arguments.limit)
        next_link = mapping_of(payload.get("_links")).get("next")
        goes_on = claimed is None and (next_link or len(listed) >= arguments.limit)
        total = max(claimed or 0, reached if listed else 0, reached + 1 if listed and goes_on else 0)
        has_more = bool(listed) and reached < total
        return RecordPage(
            records=[record_of(case) for case in shown],
            total=total,
            has_more=has_more,
            notes=_notes(arguments.limit, len(listed), len(cases), has_more=has_more),
            names=[name for case in shown for name in names_in(case)],
        )


def _stayed(payload: Mapping[str, Any], page: int) -> bool:
    """Tell whether the desk says that it shows another page."""
    return count_of(payload.get("page")) not in {None, page}


def _does_not_page(page: int) -> Rejected:
    return Rejected(
        f"The desk did not go to page {page} and shows rows of another page.",
        next_step="Narrow the search with more filters, or give a larger limit (up to 50) with page=1.",
    )


def _notes(limit: int, listed: int, readable: int, *, has_more: bool) -> list[str]:
    notes = []
    if listed > limit:
        notes.append(f"The desk gave {listed} rows instead of {limit}: rows between pages are missed.")
    elif has_more and listed < limit:
        notes.append(rows_missed(listed, limit))
    if readable < listed:
        notes.append(f"{listed - readable} rows of the answer could not be read, or were there twice.")
    return notes
