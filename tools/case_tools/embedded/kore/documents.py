"""The shapes of Kore's answers: what each endpoint shows of a case or a task.

The key sets are those of the vendor's samples. ``dueDate``, and ``desc`` of a task, are left out where
there is none, as the samples do.
"""

from case_tools.embedded.catalogue import (
    DESCRIPTION,
    DUE_DATE,
    ORGANISATION_ID,
    PRIORITY_BY_ID,
    STATUS_BY_ID,
    TEMPLATE_BY_ID,
    TITLE,
    SystemField,
)
from case_tools.embedded.kore.part import KorePart, due_text
from case_tools.embedded.records import DeskRecord, Json
from case_tools.embedded.store import DeskAccount
from case_tools.embedded.times import iso

_UPDATED_CASE = (
    "_id caseTmp name lname userInfo accountId status priority refId assigneeType isActive createdAt updatedAt ETA"
)
_UPDATED_TASK = (
    "_id caseId caseRefId taskTmp name lname tags userInfo status priority refId assigneeType isActive "
    "createdAt updatedAt ETA"
)


def found_case(record: DeskRecord, account: DeskAccount) -> Json:
    """Show a case as a row of getCases (page "Get Cases API")."""
    part = KorePart.of(record)
    document = {
        "_id": record.id,
        "caseTmp": TEMPLATE_BY_ID[record.template].name,
        "name": record.title,
        "lname": record.title.lower(),
        "desc": record.description,
        "tags": part.tags,
        "userInfo": record.person,
        "sessIds": [],
        "accountId": account.account_id,
        "iId": account.stream_id,
        "orgId": ORGANISATION_ID,
        "convIds": [],
        "status": status(record.status),
        "source": record.source,
        "language": record.language,
        "conversationType": "CASE",
        "fields": [
            field(TITLE, record.title),
            field(DESCRIPTION, record.description),
            field(DUE_DATE, due_text(record)),
        ],
        "participants": record.participants,
        "queues": record.queues,
        "priority": priority(record.priority),
        "refId": record.ref,
        "assigneeType": record.assignment,
        "isActive": part.active,
        "taskIds": record.tasks,
        "attachments": [],
        "feedback": [],
        "createdBy": record.author,
        "updatedBy": record.author,
        "timestampValue": record.created,
        "activityIds": [],
        "commentIds": [],
        "resolutionCmts": [],
        "dueDate": record.due,
        "isBreached": record.breached,
        "supportCustomTasks": True,
        "channel": record.channels,
        "createdAt": iso(record.created),
        "updatedAt": iso(record.updated),
        "currAssignee": record.assignee,
        "ETA": due_text(record) or "",
    }
    return _without_none(document | part.extra)


def created_case(record: DeskRecord, account: DeskAccount) -> Json:
    """Show a new case as createCase does (page "Create a case API"): no ``desc``, no ``dueDate``."""
    document = found_case(record, account)
    return {key: value for key, value in document.items() if key not in {"desc", "dueDate"}} | {
        "status": _part(document["status"], "_id name statusCategory"),
        "priority": _part(document["priority"], "_id name color score"),
        "fields": [
            field(DESCRIPTION, "", data_type=True),
            field(DUE_DATE, None, data_type=True),
            field(TITLE, None, data_type=True),
        ],
        "tasks": [],
    }


def updated_case(record: DeskRecord, account: DeskAccount) -> Json:
    """Show a case as updateCase does (page "Update a Case API", sample response)."""
    return _updated(found_case(record, account), _UPDATED_CASE)


def found_task(record: DeskRecord, account: DeskAccount) -> Json:
    """Show a task as a row of getTasks (the vendor's page "Get Tasks API", its longest sample)."""
    part = KorePart.of(record)
    document = {
        "_id": record.id,
        "caseId": record.case_id,
        "caseRefId": record.case_ref,
        "taskTmp": TEMPLATE_BY_ID[record.template].name,
        "name": record.title,
        "lname": record.title.lower(),
        "desc": record.description or None,
        "tags": part.tags,
        "userInfo": record.person,
        "sessIds": [],
        "accountId": account.account_id,
        "iId": account.stream_id,
        "orgId": ORGANISATION_ID,
        "convIds": [],
        "status": status(record.status),
        "source": record.source,
        "conversationType": "TASK",
        "fields": [
            field(DESCRIPTION, record.description or None, data_type=True),
            field(DUE_DATE, due_text(record), data_type=True),
            field(TITLE, record.title, data_type=True),
        ],
        "participants": record.participants,
        "priority": priority(record.priority),
        "refId": record.ref,
        "assigneeType": record.assignment,
        "isCustTsk": False,
        "taskIds": record.tasks or None,
        "isActive": part.active,
        "attachments": [],
        "feedback": [],
        "createdBy": record.author,
        "updatedBy": record.author,
        "timestampValue": record.created,
        "activityIds": [],
        "commentIds": [],
        "resolutionCmts": [],
        "dueDate": record.due,
        "isBreached": record.breached,
        "queues": record.queues,
        "channel": record.channels,
        "createdAt": iso(record.created),
        "updatedAt": iso(record.updated),
        "currAssignee": record.assignee,
        "ETA": due_text(record) or "",
    }
    return _without_none(document | part.extra)


def created_task(record: DeskRecord, account: DeskAccount) -> Json:
    """Show a new task as createTask does (the vendor's page "Create a Task API")."""
    document = found_task(record, account)
    return {key: value for key, value in document.items() if key != "desc"} | {
        "status": _part(document["status"], "_id name statusCategory"),
        "priority": _part(document["priority"], "_id name color score"),
        "fields": [field(each, None, data_type=True) for each in (DUE_DATE, DESCRIPTION, TITLE)],
    }


def updated_task(record: DeskRecord, account: DeskAccount) -> Json:
    """Show a task as updateTask does: the keys seen on page "Update a Task API" and the case's others."""
    return _updated(found_task(record, account), _UPDATED_TASK)


def status(status_id: str) -> Json:
    """Show a status in full."""
    entry = STATUS_BY_ID[status_id]
    return {
        "_id": entry.id,
        "name": entry.name,
        "lname": entry.name.lower(),
        "statusCategory": entry.category,
        "type": "system",
        "desc": entry.desc,
        "isEnabled": True,
        "isActive": True,
    }


def priority(priority_id: str) -> Json:
    """Show a priority in full."""
    entry = PRIORITY_BY_ID[priority_id]
    return {
        "_id": entry.id,
        "name": entry.name,
        "lname": entry.name.lower(),
        "type": "system",
        "desc": entry.desc,
        "color": entry.color,
        "isEnabled": True,
        "isActive": True,
        "score": entry.score,
    }


def field(entry: SystemField, value: str | None, *, data_type: bool = False) -> Json:
    """Show a system field, with its value unless that is None."""
    document: Json = {
        "_id": entry.id,
        "show": True,
        "displayName": entry.name,
        "lname": entry.name.lower(),
        "desc": entry.desc,
        "isEnabled": True,
        "isActive": True,
        "metaData": {
            "type": entry.type,
            "displayName": entry.name,
            "name": entry.key,
            "description": entry.desc,
            "placeholder": entry.placeholder,
            "readOnly": False,
            "tooltipText": entry.desc,
        },
        "type": "system",
        "required": True,
    }
    if data_type:
        document["dataType"] = entry.type
    if value is not None:
        document["selectedValue"] = value
    return document


def _updated(document: Json, keys: str) -> Json:
    return _part(document, keys) | {
        "status": _part(document["status"], "_id name statusCategory"),
        "priority": _part(document["priority"], "_id name desc"),
    }


def _part(document: Json, keys: str) -> Json:
    return {key: document[key] for key in keys.split()}


def _without_none(document: Json) -> Json:
    return {key: value for key, value in document.items() if value is not None}
