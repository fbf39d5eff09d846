"""Talkdesk's dialect of the scripted desk: the keys of the vendor's pages, and no more."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from faults.desk import Case, What
from faults.messages import Message

_CASES: Final = "/cm/core/va/cases"
_USUAL_LIMIT: Final = 50


class Talkdesk:
    """The endpoints of cases, and that of tokens.

    Attributes:
        shows_notes: whether rows of a search have their notes; the pages tell it both ways.
    """

    def __init__(self, *, shows_notes: bool = True) -> None:
        self.shows_notes = shows_notes

    def what(self, message: Message) -> What:
        """Return what method and path ask for."""
        method, target, _ = message.first
        path = urlsplit(target).path
        if path == "/oauth/token":
            return "token"
        assert path == _CASES or path.startswith(f"{_CASES}/"), message.first
        return {"POST": "create", "PATCH": "update", "GET": "search"}[method]  # type: ignore[return-value]

    def create(self, body: Mapping[str, Any], case: Case) -> Mapping[str, Any]:
        """Page "Create a New Case": the keys that its answer requires."""
        case.title, case.description = body["title"], body["description"]
        case.name, case.email = body.get("requester_name", ""), body.get("requester_email", "")
        return {**self._core(case), **_requester(case)}

    def update(self, body: Mapping[str, Any], case: Case) -> Mapping[str, Any]:
        """Page "Update a Case"."""
        case.title, case.description = body.get("title", case.title), body.get("description", case.description)
        for note in body.get("notes", []):
            case.notes.append({"id": str(len(case.notes) + 1), **note})
        return {
            **self._core(case),
            "parent_id": "",
            "owner_id": "",
            "priority": "NORMAL",
            "type": "QUESTION",
            "resolution": "",
            "notes": case.notes,
            "custom_fields": {},
            "group_id": "",
        }

    def address(self, message: Message) -> str:
        """Return the id in the path."""
        return message.first[1].removeprefix(f"{_CASES}/")

    def id_of(self, case: Case) -> str:
        """Return a numeric id as a text."""
        return str(case.number)

    def names_of(self, case: Case) -> set[str]:
        """Return the id, which is the reference as well."""
        return {self.id_of(case)}

    def found(self, message: Message, cases: Sequence[Case]) -> Mapping[str, Any]:
        """Page "Get Case List": words of the title, the requester, the time of creation; the newest first."""
        query = urlsplit(message.first[1]).query
        asked = {name: values[-1] for name, values in parse_qs(query).items()}
        since, until = [*map(datetime.fromisoformat, json.loads(asked.get("create_at", "[]"))), None, None][:2]
        ids = set(json.loads(asked.get("ids", "[]")))
        rows = [
            case
            for case in reversed(cases)
            if asked.get("title", "").casefold() in case.title.casefold()
            and asked.get("requester_email", case.email).casefold() == case.email.casefold()
            and asked.get("requester_name", case.name).casefold() == case.name.casefold()
            and (since is None or case.created >= since)
            and (until is None or case.created <= until)
            and (not ids or self.id_of(case) in ids)
        ]
        page, size = int(asked.get("page", 1)), int(asked.get("per_page", _USUAL_LIMIT))
        part = rows[(page - 1) * size : page * size]
        return {
            "total": len(rows),
            "count": len(part),
            "page": page,
            "per_page": size,
            "_links": {"self": {"href": f"https://desk.example{_CASES}?{query}"}},
            "_embedded": {"data": [self._row(case) for case in part]},
        }

    def error(self, status: int, words: str) -> Mapping[str, Any]:
        """Return the documented shape; that of a token's refusal has its two keys beside."""
        return {"code": f"{status:07}", "message": words, "error": "invalid_client", "error_description": words}

    def _row(self, case: Case) -> Mapping[str, Any]:
        notes = [
            {"id": each["id"], "notes_title": "", "notes_body": each["note_body"], "public": each["public"]}
            for each in case.notes
        ]
        return {
            **self._core(case),
            **_requester(case),
            "agent_id": "",
            "agent_name": "",
            "priority": "NORMAL",
            "type": "QUESTION",
            "create_at": case.created.isoformat(),
            "update_at": case.updated.isoformat(),
            "custom_fields": "{}",
            **({"notes": notes} if self.shows_notes else {}),
        }

    def _core(self, case: Case) -> Mapping[str, Any]:
        own = self.id_of(case)
        return {"id": own, "title": case.title, "description": case.description, "status": "NEW"}


def _requester(case: Case) -> Mapping[str, Any]:
    return {"requester_id": f"r-{case.email}", "requester_name": case.name, "requester_email": case.email}
