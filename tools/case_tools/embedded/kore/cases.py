"""Kore's six endpoints, each from a request body to an answer.

Where the pages leave a rule open, the desk has none: a closed case may be changed, and a case that came
with an e-mail address and a telephone number shows the address alone, as the vendor's sample does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from case_tools.embedded.catalogue import TEMPLATE_BY_ID, Kind, RecordTemplate
from case_tools.embedded.dialect import DeskParts
from case_tools.embedded.kore import documents
from case_tools.embedded.kore.searches import envelope, query
from case_tools.embedded.kore.updates import iso_time, updated
from case_tools.embedded.records import Assignment, Customer, DeskRecord, Json
from case_tools.embedded.refusals import invalid, missing, unknown
from case_tools.embedded.store import DeskAccount

_NEW_CASE = {"caseTmp": str, "name": str, "desc": str, "userInfo": dict, "source": str, "dueDate": str}
_NEW_TASK = {"caseId": str, "caseRefId": str, "taskTmp": str, "name": str, "userInfo": dict, "source": str}


@dataclass(frozen=True, slots=True)
class KoreCall:
    """One request: its body, the id in its path (empty if it has none) and the token's subject."""

    body: Json
    target: str = ""
    caller: str = ""


def create_case(parts: DeskParts, call: KoreCall) -> Json:
    """Answer createCase.

    Raises:
        RefusedError: a required field is missing, a value is wrong, or the template is unknown.

    """
    store, body = parts.store, call.body
    _check(body, _NEW_CASE)
    user, email, phone = body["userInfo"], _optional(body, "emailId"), _optional(body, "phoneNumber")
    user_id, name = _optional(user, "_id"), _optional(user, "name")
    if not (user_id or email or phone):
        raise missing()
    template = _template("case", body["caseTmp"], "caseTmp")
    due = iso_time(body["dueDate"], "dueDate")
    with store.writing():
        person = store.known_or_new(Customer(user_id, name, email, phone))
        now = store.now()
        assigned = Assignment.of(template.agent, template.queue, now)
        record = DeskRecord(
            kind="case",
            number=store.next_number("case"),
            template=template.id,
            title=body["name"],
            description=body["desc"],
            person=person.to_json(email=email, phone=phone),
            source=body["source"],
            created=now,
            updated=now,
            due=due,
            assignment=assigned.kind,
            assignee=assigned.assignee,
            participants=assigned.participants,
            queues=assigned.queues,
        )
        store.save(record)
    return documents.created_case(record, store.account)


def create_task(parts: DeskParts, call: KoreCall) -> Json:
    """Answer createTask; the new task's id joins its case's ``taskIds``.

    Raises:
        RefusedError: a required field is missing, a value is wrong, the template is unknown, or there is
            no such case.

    """
    store, body = parts.store, call.body
    _check(body, _NEW_TASK)
    user, description = body["userInfo"], _optional(body, "desc")
    user_id, name = _optional(user, "_id"), _optional(user, "name")
    email, phone = _optional(user, "emailId"), _optional(user, "phoneNumber")
    if not name or not (user_id or email or phone):
        raise missing()
    template = _template("task", body["taskTmp"], "taskTmp")
    with store.writing():
        case = store.read("case", body["caseId"])
        if case is None:
            raise unknown()
        if case.ref != body["caseRefId"]:
            raise invalid("Invalid caseRefId")
        person = store.known_or_new(Customer(user_id, name, email, phone))
        now = store.now()
        record = DeskRecord(
            kind="task",
            number=store.next_number("task"),
            template=template.id,
            title=body["name"],
            description=description,
            person={"_id": person.id, "name": person.name},
            source=body["source"],
            created=now,
            updated=now,
            case_id=case.id,
            case_ref=case.ref,
        )
        store.save(record)
        store.save(replace(case, tasks=[*case.tasks, record.id]))
    return documents.created_task(record, store.account)


def update_case(parts: DeskParts, call: KoreCall) -> Json:
    """Answer updateCase.

    Raises:
        RefusedError: a value is wrong, or there is no such case.

    """
    return documents.updated_case(_update(parts, "case", call), parts.store.account)


def update_task(parts: DeskParts, call: KoreCall) -> Json:
    """Answer updateTask.

    Raises:
        RefusedError: a value is wrong, or there is no such task.

    """
    return documents.updated_task(_update(parts, "task", call), parts.store.account)


def get_cases(parts: DeskParts, call: KoreCall) -> Json:
    """Answer getCases.

    Raises:
        RefusedError: a filter has the wrong type.

    """
    return _found(parts, "case", call, documents.found_case)


def get_tasks(parts: DeskParts, call: KoreCall) -> Json:
    """Answer getTasks.

    Raises:
        RefusedError: a filter has the wrong type.

    """
    return _found(parts, "task", call, documents.found_task)


OPERATIONS: Mapping[str, Callable[[DeskParts, KoreCall], Json]] = {
    "createCase": create_case,
    "createTask": create_task,
    "getCases": get_cases,
    "getTasks": get_tasks,
    "updateCase": update_case,
    "updateTask": update_task,
}


def _found(parts: DeskParts, kind: Kind, call: KoreCall, shape: Callable[[DeskRecord, DeskAccount], Json]) -> Json:
    store = parts.store
    asked = query(kind, call.body, caller=call.caller, guesses=parts.guesses)
    records, total = store.find(asked)
    return envelope([shape(record, store.account) for record in records], total, asked)


def _update(parts: DeskParts, kind: Kind, call: KoreCall) -> DeskRecord:
    store = parts.store
    with store.writing():
        record = store.read(kind, call.target)
        if record is None:
            raise unknown()
        shape = documents.found_case if kind == "case" else documents.found_task
        joined = shape(record, store.account) if parts.guesses.lists == "merged" else None
        changed = updated(record, call.body, now=store.now(), joined=joined)
        store.save(changed)
    return changed


def _check(body: Json, required: Mapping[str, type]) -> None:
    """Require the fields, then their types: a field that is null or an empty text counts as missing."""
    if any(body.get(key) in (None, "") for key in required):
        raise missing()
    for key, expected in required.items():
        if not isinstance(body[key], expected):
            raise invalid(f"{key} must be {'an object' if expected is dict else 'a string'}")


def _optional(body: Json, key: str) -> str:
    value: Any = body.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise invalid(f"{key} must be a string")
    return value


def _template(kind: Kind, template_id: str, key: str) -> RecordTemplate:
    template = TEMPLATE_BY_ID.get(template_id)
    if template is None or template.kind != kind:
        raise invalid(f"Invalid {key}")
    return template
