"""update_case: PATCH /cm/core/va/cases/{id}, page "Update a Case"."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, model_validator

from case_tools.adapter.arguments import Arguments, IsoMoment, Missing, Object
from case_tools.adapter.changes import Fields, changes
from case_tools.adapter.names import NameRef
from case_tools.adapter.parsing import moment_of, no_answer, other_id, text_of
from case_tools.adapter.tool import Action, Address, Json, Parsed, Request, Resolved, Response
from case_tools.adapter.write_options import EXPECTED, OURS, AllowDuplicate, refuse_if_later
from case_tools.errors import NotApplied
from case_tools.results import Written
from case_tools.text import line
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
from case_tools.vendors.talkdesk.endpoints import CASE, CaseId
from case_tools.vendors.talkdesk.notes import Notes, notes_aside, with_notes, wrongly_seen
from case_tools.vendors.talkdesk.reconciliation import of_notes
from case_tools.vendors.talkdesk.responses import CLOSED, closed, id_in, object_of, record_of, seen_in

_SETTABLE: Final = tuple(status for status in STATUSES if status != CLOSED)
_FIELDS: Final = Fields(
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


class UpdateCase(Arguments):
    """The documented body."""

    other_words: ClassVar[Mapping[str, str]] = {
        "name": "title",
        "subject": "title",
        "desc": "description",
        "assignee": "owner_id",
        "agent_id": "owner_id",
        "case_id": "id",
        "ref": "id",
        "note": "notes",
        "comment": "notes",
        "group": "group_id",
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


def action(on_hold: Literal["ON_HOLD", "ON-HOLD"]) -> Action[UpdateCase]:
    """Return the action; `on_hold` is the literal that this desk takes for that status."""

    def request(given: UpdateCase, known: Resolved) -> Request:
        if any(each.id == given.id for each in known.names.find(CLOSED, given.id)):
            raise closed("update_case")
        if given.expected_updated_at is not None:
            shown = moment_of(known.rows.get(given.id.lstrip("0"), {}).get("update_at"))
            refuse_if_later(shown, given.expected_updated_at, tool="update_case", address="id")
        return Request(method="PATCH", template=CASE, path={"id": given.id}, body=_body(given, on_hold))

    def reading(given: UpdateCase, sent: Request, answer: Response, known: Resolved) -> Parsed:
        shown = object_of(answer, tool="update_case", writes=True)
        if not id_in(shown):
            raise no_answer("update_case", writes=True)
        if id_in(shown).lstrip("0") != given.id.lstrip("0"):
            raise other_id("update_case")
        added = notes.told(given.notes, shown.get("notes"))
        asked = {key: value for key, value in (sent.body or {}).items() if key != "notes"}
        refused: NotApplied | None = None
        try:
            done = changes(
                asked, _shown(shown), known.rows.get(given.id.lstrip("0"), {}), fields=_FIELDS, tool="update_case"
            )
        except NotApplied as error:
            refused = error
        if added.otherwise:
            raise wrongly_seen(added, beside=refused)
        if refused is not None:
            raise notes_aside(refused, given.notes)
        return Parsed(result=with_notes(done.result(record_of(shown)), given.notes, added), seen=seen_in(shown))

    return Action(
        name="update_case",
        title="Update a case",
        description=_DESCRIPTION,
        scope="cases:write",
        effect="append",
        arguments=UpdateCase,
        result=Written,
        wanted=lambda given: (
            [NameRef(kind="case", name=given.id, afresh=True)] if given.expected_updated_at else ()
        ),
        request=request,
        reading=reading,
        appends=lambda given: given.notes is not None,
        retrace=of_notes(),
        address=Address(argument="id", kind="case"),
        before=_before,
        speech=UPDATE_CASE,
    )


def _body(given: UpdateCase, on_hold: str) -> Json:
    """Return what the caller gave; partial updates are a guess, as the page marks two unnamed fields required."""
    body = given.model_dump(mode="json", exclude_unset=True, exclude={"id", "notes", *OURS})
    if body.get("status") == ON_HOLD:
        body["status"] = on_hold
    return body if given.notes is None else {**body, "notes": notes.body(given.notes)}


def _before(sent: Request, known: Resolved) -> dict[str, str]:
    """Return what the desk itself names of a case before it is changed."""
    row = known.rows.get(sent.path["id"].lstrip("0"), {})
    return {
        key: line(text_of(row.get(key)), 40) for key in ("status", "priority", "type") if text_of(row.get(key))
    }


def _shown(case: Json) -> Json:
    """Return the answer with the assignee under the name that an update gives it."""
    return {"owner_id": case["agent_id"], **case} if "agent_id" in case else case
