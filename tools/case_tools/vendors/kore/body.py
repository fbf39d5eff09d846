"""The body that updateCase and updateTask share, field by field as the two pages list it.

`_id` is spelled `id` in arguments: a leading underscore makes a server unusable in four client libraries.
What identifies the tenant (`accountId`, `lid`, `orgId`) has no place in a body of ours.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import ConfigDict, Field, WithJsonSchema, model_validator
from pydantic.json_schema import SkipJsonSchema

from case_tools.adapter.arguments import (
    Arguments,
    Email,
    EpochMoment,
    IsoMoment,
    ListOf,
    Objects,
    Part,
    ProseOf,
    Text,
    Texts,
)
from case_tools.adapter.write_options import EXPECTED, OURS, AllowDuplicate
from case_tools.vendors.kore.endpoints import AgentId, FieldId, PriorityId, QueueId, StatusId, TaskId, UserId

_REPLACES = "Replaces the whole list."
_NO_COMMENTS = (
    "Kore.ai takes no comments and no replies through its API. Say so to the person; resolutionCmts is only for "
    "how a case was resolved."
)


class KoreNamed(Part):
    """Something of the desk with an id and a name; what is only in the samples is taken, not shown."""

    bare_word_is: ClassVar[str | None] = "name"

    name: Text | None = Field(None, description="Its name")
    lname: SkipJsonSchema[Text | None] = None
    type: SkipJsonSchema[Text | None] = None
    desc: SkipJsonSchema[Text | None] = None
    isEnabled: SkipJsonSchema[bool | None] = None
    isActive: SkipJsonSchema[bool | None] = None

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if not getattr(self, "id", None) and not self.name:
            raise ValueError('does not say which: give its name, e.g. {"name": "…"}, or its id.')
        return self


class KoreStatus(KoreNamed):
    """A status; the desk shows eight keys of it, the update sample sends four."""

    id: StatusId | None = Field(None, serialization_alias="_id", description="Its id")
    statusCategory: SkipJsonSchema[Text | None] = None


class KorePriority(KoreNamed):
    """A priority."""

    id: PriorityId | None = Field(None, serialization_alias="_id", description="Its id")
    color: SkipJsonSchema[Text | None] = None
    score: SkipJsonSchema[float | None] = None


class KoreQueue(KoreNamed):
    """A queue."""

    id: QueueId | None = Field(None, serialization_alias="_id", description="Its id")
    status: SkipJsonSchema[Text | None] = None
    startTime: SkipJsonSchema[Text | None] = None


class KoreCustomer(Part):
    """Who a case is for."""

    bare_word_is: ClassVar[str | None] = "name"
    other_words: ClassVar[Mapping[str, str]] = {"email": "emailId", "phone": "phoneNumber", "userid": "id"}

    id: UserId | None = Field(None, serialization_alias="_id", description="User id u-…")
    name: Text | None = Field(None, description="e.g. Jane Roe")


class KoreContact(KoreCustomer):
    """A customer with the ways to reach them."""

    emailId: Email | None = Field(None, description="E-mail")
    phoneNumber: Text | None = Field(None, description="Phone")

    @model_validator(mode="after")
    def _says_who(self) -> Self:
        if not (self.id or self.emailId or self.phoneNumber):
            raise ValueError("does not say who: give id, emailId or phoneNumber, all that the case is to keep.")
        return self


class KoreAgent(Part):
    """An agent, with the vendor's own names for the two ids."""

    bare_word_is: ClassVar[str | None] = "name"
    bare_id_is: ClassVar[str] = "aId"

    aId: AgentId | None = Field(None, description="Agent id a-…")
    agentId: UserId | None = Field(None, description="User id u-…")
    name: Text | None = Field(None, description="e.g. Sam Porter")
    pStatus: SkipJsonSchema[Text | None] = None
    assignedAt: SkipJsonSchema[Text | None] = None


class KorePerson(Part):
    """Who created or updated something."""

    bare_word_is: ClassVar[str | None] = "name"

    id: UserId | None = Field(None, serialization_alias="_id", description="User id u-…")
    name: Text | None = Field(None, description="Name")
    profImage: SkipJsonSchema[Text | None] = None


class KoreFieldValue(Part):
    """A field of the template; whatever else the desk shows of it is taken as it is."""

    model_config = ConfigDict(extra="allow")

    id: FieldId | None = Field(None, serialization_alias="_id", description="Field id fd-…")
    displayName: Text | None = Field(None, description="Its name")
    selectedValue: Annotated[Any, WithJsonSchema({"type": "string"})] = Field(
        None, description="New value; any JSON is taken"
    )

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if not self.id and not self.displayName:
            raise ValueError("does not say which field: give its id fd-…, or its displayName.")
        return self


class WritableBody(Arguments):
    """The documented fields that an update sets."""

    other_words: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("title", "subject", "summary"), "name"),
        **dict.fromkeys(("description", "body", "text", "details"), "desc"),
        **dict.fromkeys(("customer", "requester", "contact", "email", "phone", "reporter"), "userInfo"),
        **dict.fromkeys(("assignee", "assigned_to", "agent", "owner"), "currAssignee"),
        **dict.fromkeys(("group", "queue", "team"), "queues"),
        **dict.fromkeys(("due", "due_at", "deadline"), "dueDate"),
        **dict.fromkeys(("state", "stage"), "status"),
        **dict.fromkeys(("urgency", "severity"), "priority"),
        **dict.fromkeys(("label", "labels", "tag"), "tags"),
        **dict.fromkeys(("custom_fields", "properties"), "fields"),
        **dict.fromkeys(("comment", "comments", "note", "notes", "reply", "message"), _NO_COMMENTS),
        **dict.fromkeys(("resolution", "resolution_comment"), "resolutionCmts"),
        "template": "caseTmp",
        "tasks": "taskIds",
    }

    name: Text | None = Field(None, description="Title, e.g. Parcel is late")
    desc: Text | None = Field(None, description="Description")
    status: KoreStatus | None = Field(
        None, description='e.g. {"name": "Resolved"}; search results show names in use'
    )
    priority: KorePriority | None = Field(None, description='e.g. {"name": "High"}')
    dueDate: EpochMoment | None = Field(None, description="When it is due, e.g. 2026-09-04T14:15:00Z")
    tags: Texts | None = Field(None, description=f'e.g. ["vip"]. {_REPLACES}')
    currAssignee: KoreAgent | None = Field(
        None, description='Agent in charge, e.g. {"name": "Sam Porter"}, or nobody'
    )
    assigneeType: Text | None = Field(
        None, description="agent, queues or unassigned; left out, it goes with what is given"
    )
    queues: Annotated[list[KoreQueue], ListOf] | None = Field(
        None, description=f'e.g. [{{"name": "Billing"}}]; without an agent it removes the agent. {_REPLACES}'
    )
    resolutionCmts: (
        Annotated[list[Any], ProseOf, WithJsonSchema({"type": "array", "items": {"type": "string"}})] | None
    ) = Field(None, description=f"How it was resolved, not a comment. {_REPLACES}")
    userInfo: KoreContact | None = Field(None, description="Customer. Replaces all of it")
    channel: Texts | None = Field(None, description=f'e.g. ["email"]. {_REPLACES}')
    language: Text | None = Field(None, description="e.g. en")
    source: Text | None = Field(None, description="e.g. rtm")
    caseTmp: Text | None = Field(None, description="Template id ctm-…, from the administrator")
    fields: Annotated[list[KoreFieldValue], ListOf] | None = Field(
        None, description=f"Template fields. {_REPLACES}"
    )
    participants: Annotated[list[KoreAgent], ListOf] | None = Field(
        None, description=f"Agents who follow it. {_REPLACES}"
    )
    taskIds: Annotated[list[TaskId], ListOf] | None = Field(
        None, description=f"Ids ti-… of its tasks, from search_cases with detail=full. {_REPLACES}"
    )
    sessIds: Texts | None = Field(None, description=f"Session ids. {_REPLACES}")
    convIds: Texts | None = Field(None, description=f"Conversation ids. {_REPLACES}")
    attachments: Objects | None = Field(None, description=f"Files, as the desk holds them. {_REPLACES}")
    feedback: Objects | None = Field(None, description=f"What the customer thought of it. {_REPLACES}")
    isActive: bool | None = Field(None, description="Whether it is active")
    supportCustomTasks: bool | None = Field(None, description="Whether own tasks may be added")
    ETA: IsoMoment | None = Field(None, description="Expected resolution, ISO 8601 with offset")
    expected_updated_at: IsoMoment | None = Field(None, description=EXPECTED)
    allow_duplicate: SkipJsonSchema[AllowDuplicate] = False


class DeskKeptBody(Arguments):
    """The documented fields that the desk keeps itself; taken only where the operator asks for all."""

    lname: Text | None = Field(None, description="Name in lower case")
    refId: Text | None = Field(None, description="Reference")
    conversationType: Text | None = Field(None, description="case or task")
    createdBy: KorePerson | None = Field(None, description="Who created it")
    updatedBy: KorePerson | None = Field(None, description="Who updated it last")
    createdAt: IsoMoment | None = Field(None, description="When it was created")
    updatedAt: IsoMoment | None = Field(None, description="When it was updated last")
    timestampValue: EpochMoment | None = Field(None, description="Time of the last update")
    isBreached: bool | None = Field(None, description="Due time missed")
    activityIds: Texts | None = Field(None, description=_REPLACES)
    commentIds: Texts | None = Field(None, description=_REPLACES)


def body_of(arguments: Arguments, *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return what the caller gave, and nothing else, as the desk takes it."""
    return arguments.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={*without, *OURS})
