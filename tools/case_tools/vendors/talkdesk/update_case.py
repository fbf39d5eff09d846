"""update_case: PATCH /cm/core/va/cases/{id}, page "Update a Case"."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from case_tools.adapter.arguments import Arguments, IsoMoment, Missing, Object
from case_tools.adapter.changes import FieldRules, changes, is_applied
from case_tools.adapter.messages import Json, Parsed, Request, Resolved, Response
from case_tools.adapter.names import NameRef
from case_tools.adapter.parsing import list_of, moment_of, other_id, text_of, unreadable
from case_tools.adapter.tool import Address, Tool
from case_tools.adapter.write_options import EXPECTED, OURS, AllowDuplicate, refuse_if_later
from case_tools.errors import NotApplied
from case_tools.results import Written
from case_tools.untrusted import line
from case_tools.vendors.talkdesk import custom_fields, notes
from case_tools.vendors.talkdesk.body import (
    ON_HOLD,
    STATUSES,
    Filled,
    Id,
    Long,
    Priority,
    Title,
    Type,
    enumeration,
    one_of,
)
from case_tools.vendors.talkdesk.dialog import LABELS, UPDATE_CASE
from case_tools.vendors.talkdesk.endpoints import CASE, CaseId, canonical_id
from case_tools.vendors.talkdesk.notes import Notes, notes_aside, shown_otherwise, with_notes
from case_tools.vendors.talkdesk.reconciliation import TalkdeskNoteReconciler
from case_tools.vendors.talkdesk.responses import CLOSED, closed, id_in, names_in, object_of, record_of

_NO_REQUESTER: Final = "Talkdesk does not change a case's customer through its API. Say so to the person."
_NO_TAGS: Final = "Talkdesk has no tags on cases through its API. Say so to the person."
_SETTABLE: Final = tuple(status for status in STATUSES if status != CLOSED)
_RULES: Final = FieldRules(
    plain_names=LABELS,
    choices=frozenset({"status", "priority", "type"}),
    compared={"custom_fields": custom_fields.compare},
)
_DESCRIPTION: Final = (
    "Change an existing customer-service case (ticket): status, priority, assignee, texts, custom fields; add "
    "notes. Only the fields given change; leave out the rest. Find the case with search_cases first and give its "
    "id. RESOLVED needs resolution or solve_reason; CLOSED cannot be set, and a closed case cannot be changed. "
    "A note is internal unless public is true: then the customer sees it. "
    'Example: {"id": "20808", "status": "RESOLVED", "resolution": "Replaced the part"}. '
    "Answers what changed, old and new."
)


class TalkdeskUpdateCaseArguments(Arguments):
    """The documented body."""

    other_words: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("name", "subject", "summary"), "title"),
        **dict.fromkeys(("desc", "body", "text", "details"), "description"),
        **dict.fromkeys(("assignee", "agent_id", "agent", "owner", "assigned_to"), "owner_id"),
        **dict.fromkeys(("group", "queue", "queues", "team"), "group_id"),
        **dict.fromkeys(("case_id", "ref", "reference"), "id"),
        **dict.fromkeys(("note", "comment", "comments", "reply", "message"), "notes"),
        **dict.fromkeys(("customer", "requester", "email", "phone"), _NO_REQUESTER),
        **dict.fromkeys(("tag", "tags", "label", "labels"), _NO_TAGS),
        **dict.fromkeys(("urgency", "severity"), "priority"),
        "fields": "custom_fields",
    }

    id: CaseId = Field(description="The case's id, e.g. 20808, from search_cases")
    title: Title | None = Field(None, description="Title, at most 150 characters")
    description: Long | None = Field(None, description="Description, at most 2,000 characters")
    priority: Priority | None = Field(None, description="LOW, NORMAL, HIGH or URGENT")
    type: Type | None = Field(None, description="QUESTION, INCIDENT, PROBLEM or TASK")
    status: Annotated[str, one_of(STATUSES, never=CLOSED), enumeration(_SETTABLE)] | None = Field(
        None, description="NEW, OPEN, PENDING, ON_HOLD or RESOLVED"
    )
    resolution: Long | None = Field(None, description="How it was solved; for RESOLVED")
    solve_reason: Long | None = Field(None, description="Why it counts as solved; for RESOLVED")
    owner_id: Id | None = Field(None, description="Assignee's id, from the administrator")
    group_id: Id | None = Field(None, description="Id of the group in charge, from the administrator")
    parent_id: Id | None = Field(None, description="Id of the parent case, from search_cases")
    custom_fields: Annotated[Object, Filled] | None = Field(
        None, description='By key, e.g. {"text1": {"value": "x"}, "drop_down1": {"label": "A", "value": "001"}}'
    )
    notes: Notes | None = Field(None, description="Notes to add")
    expected_updated_at: IsoMoment | None = Field(None, description=EXPECTED)
    allow_duplicate: AllowDuplicate = False

    @model_validator(mode="after")
    def _can_be_done(self) -> Self:
        if self.model_fields_set <= {"id", *OURS}:
            raise ValueError("name nothing to change: give at least one field besides id.")
        if self.status == "RESOLVED" and not (self.resolution or self.solve_reason):
            raise Missing("set RESOLVED without saying how: give resolution, or solve_reason.", "resolution")
        return self


class TalkdeskUpdateCase(Tool[TalkdeskUpdateCaseArguments]):
    """update_case.

    Args:
        on_hold: the literal that this desk takes for that status.
    """

    name = "update_case"
    title = "Update a case"
    description = _DESCRIPTION
    scope = "cases:write"
    usual_effect = "append"
    appending = frozenset({"notes"})
    arguments = TalkdeskUpdateCaseArguments
    result = Written
    address = Address(argument="id", kind="case")
    dialog = UPDATE_CASE

    def __init__(self, on_hold: Literal["ON_HOLD", "ON-HOLD"]) -> None:
        self._on_hold = on_hold
        super().__init__(reconciler=TalkdeskNoteReconciler())

    @override
    def names_needed(self, arguments: TalkdeskUpdateCaseArguments) -> list[NameRef]:
        if arguments.expected_updated_at is None:
            return []
        return [NameRef(kind="case", name=arguments.id, afresh=True)]

    @override
    def build_request(self, arguments: TalkdeskUpdateCaseArguments, _resolved: Resolved) -> Request:
        body = self._body(arguments)
        meant = {"id": canonical_id(arguments.id), **body}
        return Request(method="PATCH", template=CASE, path={"id": arguments.id}, body=body, meant=meant)

    @override
    def check(self, arguments: TalkdeskUpdateCaseArguments, _request: Request, resolved: Resolved) -> None:
        if resolved.names.find(CLOSED, canonical_id(arguments.id)):
            raise closed(self.name)
        if arguments.expected_updated_at is not None:
            shown = moment_of(resolved.rows.get(canonical_id(arguments.id), {}).get("update_at"))
            refuse_if_later(shown, arguments.expected_updated_at, tool=self.name, address="id")

    @override
    def shown_before(self, request: Request, resolved: Resolved) -> dict[str, str]:
        row = resolved.rows.get(canonical_id(request.path["id"]), {})
        shown = {key: line(text_of(row.get(key)), 40) for key in ("status", "priority", "type")}
        return {key: value for key, value in shown.items() if value}

    @override
    def parse_response(
        self,
        arguments: TalkdeskUpdateCaseArguments,
        request: Request,
        response: Response,
        resolved: Resolved,
    ) -> Parsed:
        shown = object_of(response, self.operation)
        if not id_in(shown):
            raise unreadable(self.operation)
        own = canonical_id(arguments.id)
        if canonical_id(id_in(shown)) != own:
            raise other_id(self.operation)
        report = notes.report(arguments.notes, shown.get("notes"))
        asked = {key: value for key, value in (request.body or {}).items() if key != "notes"}
        refused: NotApplied | None = None
        try:
            done = changes(asked, _shown(shown), resolved.rows.get(own, {}), rules=_RULES, tool=self.name)
        except NotApplied as error:
            refused = error
        if report.wrongly_visible:
            raise shown_otherwise(report, beside=refused)
        if refused is not None:
            raise notes_aside(refused, arguments.notes)
        result = with_notes(done.result(record_of(shown)), arguments.notes, report)
        return Parsed(result=result, names=names_in(shown), row=shown)

    @override
    def reread(self, request: Request, _parsed: Parsed) -> Request:
        return Request(method="GET", template=CASE, path=request.path)

    @override
    def confirmed(self, request: Request, parsed: Parsed, response: Response, resolved: Resolved) -> Written:
        result = super().confirmed(request, parsed, response, resolved)
        case = object_of(response, self.operation)
        if canonical_id(id_in(case)) != canonical_id(request.path["id"]) or _is_older(case, parsed.row):
            return result
        asked = {key: value for key, value in (request.body or {}).items() if key != "notes"}
        done = changes(asked, _shown(case), {}, rules=_RULES, tool=self.name)
        notes_left = [each for each in result.unconfirmed or () if each == "notes"]
        if notes_left and notes.shows(
            list_of(case.get("notes")), [n["note_body"] for n in (request.body or {})["notes"]]
        ):
            notes_left = []
        return result.model_copy(update={"unconfirmed": [*done.unconfirmed, *notes_left] or None})

    @override
    def is_applied(self, request: Request, resolved: Resolved) -> bool | None:
        row = resolved.rows.get(canonical_id(request.path["id"]))
        return is_applied(request.body or {}, _shown(row), rules=_RULES) if row else None

    def _body(self, arguments: TalkdeskUpdateCaseArguments) -> Json:
        """Return what the caller gave; partial bodies are a guess: the page marks two unnamed fields required."""
        body = arguments.model_dump(mode="json", exclude_unset=True, exclude={"id", "notes", *OURS})
        if body.get("status") == ON_HOLD:
            body["status"] = self._on_hold
        return body if arguments.notes is None else {**body, "notes": notes.body(arguments.notes)}


def _shown(case: Json) -> Json:
    """Return the case with the assignee under the name that an update gives it."""
    return {"owner_id": case["agent_id"], **case} if "agent_id" in case else case


def _is_older(case: Mapping[str, object], answered: Mapping[str, object]) -> bool:
    """Say whether a case was read before the write."""
    shown, answer = moment_of(case.get("update_at")), moment_of(answered.get("update_at"))
    return shown is not None and answer is not None and shown < answer
