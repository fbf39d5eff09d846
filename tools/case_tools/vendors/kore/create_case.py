"""create_case: POST createCase, page "Create a case API"."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final, Self

from pydantic import Field, model_validator
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import override

from case_tools.adapter.arguments import Arguments, Email, IsoMoment, Missing, Text
from case_tools.adapter.messages import Request, Resolved
from case_tools.adapter.write_options import OURS, AllowDuplicate
from case_tools.settings import KoreSettings
from case_tools.vendors.kore.body import KoreCustomer
from case_tools.vendors.kore.creates import KoreCreateTool
from case_tools.vendors.kore.dialog import CREATE_CASE
from case_tools.vendors.kore.endpoints import CaseTemplateId, post
from case_tools.vendors.kore.reconciliation import KoreCreateReconciler

_DESCRIPTION: Final = (
    "Open a new customer-service case (ticket) for a customer's problem or request. Search with search_cases "
    "first: if the customer already has an open case for it, use update_case instead. Ask for what is missing, "
    "never invent it. One of userInfo.id, emailId and phoneNumber must say who the customer is. Example: "
    '{"name": "Parcel is late", "desc": "Ordered on 2 May, not here yet", "userInfo": {"name": "Jane Roe"}, '
    '"emailId": "jane.roe@example.com", "dueDate": "2026-09-04T14:15:00Z"}. Answers the new reference.'
)


class KoreCaseCustomer(KoreCustomer):
    """The customer of a new case; e-mail and phone belong beside it, and are moved there."""

    emailId: SkipJsonSchema[Email | None] = None
    phoneNumber: SkipJsonSchema[Text | None] = None


_WAYS: Final = ("emailId", "phoneNumber")


class KoreCreateCaseArguments(Arguments):
    """The documented body."""

    other_words: ClassVar[Mapping[str, str]] = {
        "title": "name",
        "subject": "name",
        "description": "desc",
        "customer": "userInfo",
        "requester": "userInfo",
        "email": "emailId",
        "phone": "phoneNumber",
        "due": "dueDate",
        "deadline": "dueDate",
        "template": "caseTmp",
    }

    caseTmp: CaseTemplateId = Field(description="Case template id ctm-…, from the administrator")
    name: Text = Field(description="Title, e.g. Parcel is late")
    desc: Text = Field(description="What the customer reported")
    userInfo: KoreCaseCustomer = Field(description='Customer, e.g. {"name": "Jane Roe"}')
    emailId: Email | None = Field(None, description="Customer's e-mail, if no userInfo.id")
    phoneNumber: Text | None = Field(None, description="Customer's phone, if no userInfo.id")
    dueDate: IsoMoment = Field(description="When it is due, e.g. 2026-09-04T14:15:00Z")
    source: Text = Field(description="Where the case comes from, e.g. rtm")
    allow_duplicate: AllowDuplicate = False

    @model_validator(mode="after")
    def _says_who_the_customer_is(self) -> Self:
        for way in _WAYS:
            inner, outer = getattr(self.userInfo, way), getattr(self, way)
            if inner and outer and inner != outer:
                raise ValueError(f"hold two values of {way}: give it once, beside userInfo.")
        if not (self.userInfo.id or any(getattr(each, way) for each in (self, self.userInfo) for way in _WAYS)):
            raise Missing(
                "do not say who the customer is: give emailId, phoneNumber or userInfo.id. Ask the customer.",
                "emailId",
            )
        return self


class KoreCreateCase(KoreCreateTool[KoreCreateCaseArguments]):
    """create_case for one account; a template and a source that the account sets may be left out of a call."""

    name = "create_case"
    title = "Open a case"
    description = _DESCRIPTION
    scope = "cases:write"
    id_prefix = "ci-"
    dialog = CREATE_CASE

    def __init__(self, account: KoreSettings) -> None:
        self._stream_id = account.stream_id
        defaults = {"caseTmp": account.case_template, "source": account.source}
        super().__init__(KoreCreateCaseArguments, defaults, KoreCreateReconciler(account, search_of="getCases"))

    @override
    def build_request(self, arguments: KoreCreateCaseArguments, _resolved: Resolved) -> Request:
        body = arguments.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=set(OURS))
        moved = {way: body["userInfo"].pop(way) for way in _WAYS if way in body["userInfo"]}
        whole = {**body, **moved}
        return replace(post(self._stream_id, "createCase", whole), meant=self.without_defaults(whole))
