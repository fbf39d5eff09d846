"""The shapes of Talkdesk's answers, and the literals by which its dialect calls statuses and priorities.

The stored status ``Open`` has two literals, ``NEW`` and ``OPEN``. Every documented key is always there, empty
where the case has nothing; the pages do not say what the vendor does. ``solve_reason`` is in no documented
answer, so it is kept but not shown.
"""

import json
from collections.abc import Mapping
from typing import Final

from case_tools.embedded.catalogue import OPEN, PRIORITIES, STATUSES, TEMPLATE_BY_ID
from case_tools.embedded.records import Customer, DeskRecord, Json, text
from case_tools.embedded.talkdesk.part import TalkdeskPart
from case_tools.embedded.times import iso

NEW: Final = "NEW"
CLOSED: Final = "CLOSED"
STATUS_LITERALS: Mapping[str, str] = dict(
    zip((entry.id for entry in STATUSES), ("OPEN", "PENDING", "ON_HOLD", "RESOLVED", CLOSED), strict=True)
)
PRIORITY_LITERALS: Mapping[str, str] = dict(
    zip((entry.id for entry in PRIORITIES), ("LOW", "NORMAL", "HIGH", "URGENT"), strict=True)
)
STATUS_IDS: Mapping[str, str] = {NEW: OPEN.id} | {
    literal: status_id for status_id, literal in STATUS_LITERALS.items()
}
PRIORITY_IDS: Mapping[str, str] = {literal: priority_id for priority_id, literal in PRIORITY_LITERALS.items()}
TYPES: Mapping[str, str] = {literal: literal for literal in ("QUESTION", "INCIDENT", "PROBLEM", "TASK")}


def literal(value: str) -> str:
    """Bring a literal to the form of the vendor's OpenAPI; its page "Update a Case" writes ``ON-HOLD``."""
    return value.upper().replace("-", "_")


def status(record: DeskRecord) -> str:
    """Tell the literal of the case's status."""
    return NEW if record.fresh else STATUS_LITERALS[record.status]


def written_case(record: DeskRecord, requester: Customer) -> Json:
    """Show a case as the answers to a create and an update do (pages "Create a New Case", "Update a Case")."""
    part = TalkdeskPart.of(record)
    return _core(record, requester) | {
        "parent_id": part.parent,
        "owner_id": text(record.assignee.get("agentId")),
        "resolution": part.resolution,
        "custom_fields": part.custom,
        "notes": [
            {
                "id": note["id"],
                "note_title": note["title"],
                "note_body": note["body"],
                "public": note["public"],
            }
            for note in part.notes
        ],
    }


def detailed_case(record: DeskRecord, requester: Customer) -> Json:
    """Show a case as page "Get Case Details" does, with the ``owner_id`` that the OpenAPI has instead."""
    return written_case(record, requester) | _agent(record)


def listed_case(record: DeskRecord, requester: Customer) -> Json:
    """Show a case as a row of page "Get a Case List", whose keys of notes have an ``s`` more."""
    part = TalkdeskPart.of(record)
    return (
        _core(record, requester)
        | _agent(record)
        | {
            "requester_integration": {},
            "group_name": "",
            "form_name": TEMPLATE_BY_ID[record.template].name,
            "about": "",
            "custom_fields": json.dumps(part.custom, ensure_ascii=False),
            "notes": [
                {
                    "id": note["id"],
                    "notes_title": note["title"],
                    "notes_body": note["body"],
                    "public": note["public"],
                }
                for note in part.notes
            ],
        }
    )


def _core(record: DeskRecord, requester: Customer) -> Json:
    part = TalkdeskPart.of(record)
    return {
        "id": str(record.number),
        "title": record.title,
        "description": record.description,
        "priority": PRIORITY_LITERALS[record.priority],
        "type": part.type,
        "status": status(record),
        "group_id": part.group,
        "requester_id": requester.id,
        "requester_name": requester.name,
        "requester_email": requester.email,
        "requester_phone": requester.phone,
        "create_at": iso(record.created),
        "update_at": iso(record.updated),
    }


def _agent(record: DeskRecord) -> Json:
    return {
        "agent_id": text(record.assignee.get("agentId")),
        "agent_name": text(record.assignee.get("name")),
    }
