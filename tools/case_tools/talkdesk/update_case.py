"""update_case: PATCH /cm/core/va/cases/{id}, page "Update a Case"."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import Field, model_validator

from case_tools.actions import Action, Answer, Json, Known, Reading, Request
from case_tools.arguments import Arguments, ListOf, Object
from case_tools.changes import Fields, changes
from case_tools.reading import no_answer, other_id
from case_tools.results import Written
from case_tools.talkdesk.answers import CLOSED, closed, custom_fields_of, id_in, object_of, record_of, seen_in
from case_tools.talkdesk.body import (
    ON_HOLD,
    STATUSES,
    Long,
    Note,
    Priority,
    Short,
    Title,
    Type,
    enumeration,
    notes_body,
    one_of,
    visibility,
)
from case_tools.talkdesk.endpoints import CASE, CaseId

_SETTABLE: Final = tuple(status for status in STATUSES if status != CLOSED)
_FIELDS: Final = Fields(
    plain_names={"owner_id": "assignee"},
    choices=frozenset({"status", "priority", "type"}),
    appended=frozenset({"notes"}),
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
    owner_id: Short | None = Field(None, description="Assignee's id")
    group_id: Short | None = Field(None, description="Id of the group in charge")
    parent_id: Short | None = Field(None, description="Id of the parent case")
    custom_fields: Object | None = Field(
        None, description='By key, e.g. {"text1": {"value": "x"}, "drop_down1": {"label": "A", "value": "001"}}'
    )
    notes: Annotated[list[Note], ListOf] | None = Field(None, description="Notes to add")

    @model_validator(mode="after")
    def _can_be_done(self) -> Self:
        if self.model_fields_set <= {"id"}:
            raise ValueError("name nothing to change: give at least one field besides id.")
        if self.status == "RESOLVED" and not (self.resolution or self.solve_reason):
            raise ValueError("set RESOLVED without saying how: give resolution, or solve_reason.")
        return self


def action(on_hold: Literal["ON_HOLD", "ON-HOLD"]) -> Action[UpdateCase]:
    """Return the action; `on_hold` is the literal that this desk takes for that status."""

    def request(given: UpdateCase, known: Known) -> Request:
        if known.names.find(CLOSED, given.id):
            raise closed("update_case")
        return Request(method="PATCH", template=CASE, path={"id": given.id}, body=_body(given, on_hold))

    def reading(given: UpdateCase, sent: Request, answer: Answer, known: Known) -> Reading:
        shown = object_of(answer, tool="update_case", writes=True)
        if not id_in(shown):
            raise no_answer("update_case", writes=True)
        if id_in(shown) != given.id:
            raise other_id("update_case")
        done = changes(
            _asked(sent.body or {}),
            _shown(shown),
            known.rows.get(given.id, {}),
            fields=_FIELDS,
            tool="update_case",
        )
        result = done.result(record_of(shown)).model_copy(update={"notes": visibility(given.notes)})
        return Reading(result=result, seen=seen_in(shown))

    return Action(
        name="update_case",
        title="Update a case",
        description=_DESCRIPTION,
        scope="cases:write",
        effect="set",
        arguments=UpdateCase,
        result=Written,
        wanted=lambda _: (),
        request=request,
        reading=reading,
    )


def _body(given: UpdateCase, on_hold: str) -> Json:
    """Return what the caller gave; partial updates are a guess, as the page marks two unnamed fields required."""
    body = given.model_dump(mode="json", exclude_unset=True, exclude={"id", "notes"})
    if body.get("status") == ON_HOLD:
        body["status"] = on_hold
    notes = notes_body(given.notes)
    return body if notes is None else {**body, "notes": notes}


def _asked(body: Json) -> Json:
    """Return what was sent in the form in which it is compared."""
    return {**body, **({"custom_fields": _values(body["custom_fields"])} if "custom_fields" in body else {})}


def _shown(case: Json) -> Json:
    """Return the answer in the form in which it is compared: custom fields as values, notes by their texts."""
    shown: dict[str, Any] = dict(case)
    if "custom_fields" in shown:
        shown["custom_fields"] = _values(custom_fields_of(shown["custom_fields"]))
    if isinstance(shown.get("notes"), list):
        shown["notes"] = [_note(each) for each in shown["notes"]]
    if "agent_id" in shown:  # one page's name for what the other calls owner_id
        shown.setdefault("owner_id", shown["agent_id"])
    return shown


def _note(shown: object) -> object:
    """Return a note under the names of the request; answers write `notes_title` and `notes_body` as well."""
    if not isinstance(shown, Mapping):
        return shown
    return {str(key).replace("notes_", "note_"): value for key, value in shown.items()}


def _values(fields: object) -> object:
    if not isinstance(fields, Mapping):
        return fields
    return {
        key: each["value"] if isinstance(each, Mapping) and "value" in each else each
        for key, each in fields.items()
    }
