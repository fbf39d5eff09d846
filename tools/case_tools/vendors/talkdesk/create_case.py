"""create_case: POST /cm/core/va/cases, page "Create a new case"."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final

from pydantic import Field
from typing_extensions import override

from case_tools.adapter.arguments import Arguments, Email, Object
from case_tools.adapter.messages import Parsed, Request, Resolved, Response
from case_tools.adapter.parsing import unreadable
from case_tools.adapter.tool import Tool
from case_tools.adapter.write_options import OURS, AllowDuplicate
from case_tools.results import Written
from case_tools.vendors.talkdesk import notes
from case_tools.vendors.talkdesk.body import Filled, Id, Long, Priority, Short, Title, enumeration, one_of
from case_tools.vendors.talkdesk.dialog import CREATE_CASE
from case_tools.vendors.talkdesk.endpoints import CASES
from case_tools.vendors.talkdesk.notes import Notes, created_otherwise, with_notes
from case_tools.vendors.talkdesk.reconciliation import TalkdeskCreateReconciler
from case_tools.vendors.talkdesk.responses import id_in, object_of, record_of

_DESCRIPTION: Final = (
    "Open a new customer-service case (ticket) for a customer's problem or request. Search with search_cases "
    "first: if the customer already has an open case for it, use update_case instead. Ask for what is missing, "
    "never invent it. Give the customer's e-mail as requester_email. A note is internal unless public is true. "
    'Example: {"title": "Parcel is late", "description": "Ordered on 2 May, not here yet", '
    '"requester_name": "Jane Roe", "requester_email": "jane.roe@example.com"}. Answers the new id.'
)


class TalkdeskCreateCaseArguments(Arguments):
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


class TalkdeskCreateCase(Tool[TalkdeskCreateCaseArguments]):
    """create_case."""

    name = "create_case"
    title = "Open a case"
    description = _DESCRIPTION
    scope = "cases:write"
    usual_effect = "create"
    arguments = TalkdeskCreateCaseArguments
    result = Written
    dialog = CREATE_CASE

    def __init__(self) -> None:
        super().__init__(reconciler=TalkdeskCreateReconciler())

    @override
    def build_request(self, arguments: TalkdeskCreateCaseArguments, _resolved: Resolved) -> Request:
        body = arguments.model_dump(mode="json", exclude_unset=True, exclude={"notes", *OURS})
        if "requester_type" in body:
            body["requester_type"] = "Contact"
        if arguments.notes is not None:
            body["notes"] = notes.body(arguments.notes)
        return Request(method="POST", template=CASES, body=body)

    @override
    def parse_response(
        self,
        arguments: TalkdeskCreateCaseArguments,
        _request: Request,
        response: Response,
        _resolved: Resolved,
    ) -> Parsed:
        shown = object_of(response, self.operation)
        if not id_in(shown):
            raise unreadable(self.operation)
        report = notes.report(arguments.notes, shown.get("notes"))
        result = Written.of("created", record_of(shown))
        if not report.wrongly_visible:
            return Parsed(result=with_notes(result, arguments.notes, report))
        raise created_otherwise(id_in(shown), report)
