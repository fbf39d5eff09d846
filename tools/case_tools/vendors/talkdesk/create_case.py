"""create_case: POST /cm/core/va/cases, page "Create a new case"."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final

from pydantic import Field

from case_tools.adapter.arguments import Arguments, Email, Object
from case_tools.adapter.parsing import no_answer
from case_tools.adapter.tool import Action, Parsed, Request, Resolved, Response
from case_tools.adapter.write_options import OURS, AllowDuplicate
from case_tools.results import Written
from case_tools.vendors.talkdesk import notes
from case_tools.vendors.talkdesk.body import Filled, Id, Long, Priority, Short, Title, enumeration, one_of
from case_tools.vendors.talkdesk.dialog import CREATE_CASE
from case_tools.vendors.talkdesk.endpoints import CASES
from case_tools.vendors.talkdesk.notes import Notes, created_otherwise, with_notes
from case_tools.vendors.talkdesk.reconciliation import of_create
from case_tools.vendors.talkdesk.responses import id_in, object_of, record_of

_DESCRIPTION: Final = (
    "Open a new customer-service case (ticket) for a customer's problem or request. Search with search_cases "
    "first: if the customer already has an open case for it, use update_case instead. Ask for what is missing, "
    "never invent it. Give the customer's e-mail as requester_email. A note is internal unless public is true. "
    'Example: {"title": "Parcel is late", "description": "Ordered on 2 May, not here yet", '
    '"requester_name": "Jane Roe", "requester_email": "jane.roe@example.com"}. Answers the new id.'
)


class CreateCase(Arguments):
    """The documented body."""

    other_words: ClassVar[Mapping[str, str]] = {
        "name": "title",
        "subject": "title",
        "desc": "description",
        "email": "requester_email",
        "customer": "requester_name",
        "requester": "requester_name",
        "assignee": "owner_id",
    }

    title: Title = Field(description="Title, at most 150 characters")
    description: Long = Field(description="What the customer reported, at most 2,000 characters")
    requester_name: Short | None = Field(None, description="Customer's name, e.g. Jane Roe")
    requester_email: Annotated[Email, Field(max_length=255)] | None = Field(None, description="Customer's e-mail")
    requester_type: Annotated[str, one_of(["CONTACT"]), enumeration(["Contact"])] | None = Field(
        None, description="Contact is the only one"
    )
    priority: Priority | None = Field(None, description="LOW, NORMAL, HIGH or URGENT")
    owner_id: Id | None = Field(None, description="Assignee's id, from the administrator")
    parent_id: Id | None = Field(None, description="Id of the parent case, from search_cases")
    custom_fields: Annotated[Object, Filled] | None = Field(
        None, description='Plain values by key, e.g. {"checkbox1": true, "text1": "x"}'
    )
    notes: Notes | None = Field(None, description="Notes to add")
    allow_duplicate: AllowDuplicate = False


def action() -> Action[CreateCase]:
    """Return the action."""

    def request(given: CreateCase, _: Resolved) -> Request:
        body = given.model_dump(mode="json", exclude_unset=True, exclude={"notes", *OURS})
        if "requester_type" in body:
            body["requester_type"] = "Contact"
        if given.notes is not None:
            body["notes"] = notes.body(given.notes)
        return Request(method="POST", template=CASES, body=body)

    def reading(given: CreateCase, _: Request, answer: Response, __: Resolved) -> Parsed:
        shown = object_of(answer, tool="create_case", writes=True)
        if not id_in(shown):
            raise no_answer("create_case", writes=True)
        added = notes.told(given.notes, shown.get("notes"))
        result = Written.of("created", record_of(shown))
        if not added.otherwise:
            return Parsed(result=with_notes(result, given.notes, added))
        raise created_otherwise(id_in(shown), added)

    return Action(
        name="create_case",
        title="Open a case",
        description=_DESCRIPTION,
        scope="cases:write",
        effect="create",
        arguments=CreateCase,
        result=Written,
        wanted=lambda _: (),
        request=request,
        reading=reading,
        retrace=of_create(),
        speech=CREATE_CASE,
    )
