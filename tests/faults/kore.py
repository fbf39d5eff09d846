"""Kore's dialect of the scripted desk: the keys of the vendor pages' samples, and no more."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from faults.desk import Case, What
from faults.messages import Message
from vendor_samples import sample

ACCOUNT_ID: Final = "000000000000000000000001"
STREAM_ID: Final = "st-00000000-0000-4000-8000-000000000001"
_PATH: Final = re.compile(rf"/caseManagement/api/public/analytics/{STREAM_ID}/(\w+)(?:/([\w-]+))?")
_WHATS: Final[Mapping[str, What]] = {"createCase": "create", "updateCase": "update", "getCases": "search"}
_CREATED: Final = sample("create_case.answer")
_UPDATED: Final = sample("update_case.answer")
_PAGE: Final = sample("search_cases.answer")
_USUAL_LIMIT: Final = 50


class Kore:
    """The four endpoints of cases."""

    def what(self, message: Message) -> What:
        """Return what the path asks for."""
        return _WHATS[_parts(message)[0]]

    def create(self, body: Mapping[str, Any], case: Case) -> Mapping[str, Any]:
        """Page "Create a case API": its answer has neither `desc` nor `dueDate`."""
        case.title, case.description = body["name"], body["desc"]
        case.name, case.email = body["userInfo"].get("name", ""), body.get("emailId", "")
        return self._shown(_CREATED, case)

    def update(self, body: Mapping[str, Any], case: Case) -> Mapping[str, Any]:
        """Page "Update a Case API"."""
        case.title, case.description = body.get("name", case.title), body.get("desc", case.description)
        return self._shown(_UPDATED, case)

    def address(self, message: Message) -> str:
        """Return the id in the path."""
        return _parts(message)[1]

    def id_of(self, case: Case) -> str:
        """Return an id of the form that the samples have."""
        return f"ci-{case.number:07x}-8245-4e5e-ac8c-{case.number:012x}"

    def names_of(self, case: Case) -> set[str]:
        """Return the id, and a reference such as the samples have."""
        return {self.id_of(case), f"CS{case.number:06}"}

    def found(self, message: Message, cases: Sequence[Case]) -> Mapping[str, Any]:
        """Page "Get Cases API": words of the title, the time of creation, the status; the newest first.

        `skip` and `limit` are those of the getTasks sample; every case here is open.
        """
        asked = json.loads(message.body)
        since, until = (_moment(asked.get(key)) for key in ("startDate", "endDate"))
        words = str(asked.get("searchText", "")).casefold()
        rows = [
            case
            for case in reversed(cases)
            if words in case.title.casefold()
            and (since is None or case.created >= since)
            and (until is None or case.created <= until)
            and ("status" not in asked or "open" in [str(each).casefold() for each in asked["status"]])
        ]
        skip, limit = int(asked.get("skip", 0)), int(asked.get("limit", _USUAL_LIMIT))
        part = rows[skip : skip + limit]
        return {
            "results": [self._shown(_PAGE["results"][0], case) for case in part],
            "page": skip // limit + 1,
            "limit": limit,
            "hasMore": skip + len(part) < len(rows),
            "totalPages": -(-len(rows) // limit),
            "totalResults": len(rows),
        }

    def error(self, status: int, words: str) -> Mapping[str, Any]:
        """Return the shape that the vendor's wider platform answers."""
        return {"errors": [{"msg": words, "code": status}]}

    def _shown(self, like: Mapping[str, Any], case: Case) -> Mapping[str, Any]:
        """Return a case with the keys of a sample."""
        values = {
            "_id": self.id_of(case),
            "refId": f"CS{case.number:06}",
            "name": case.title,
            "lname": case.title.lower(),
            "desc": case.description,
            "userInfo": {**like["userInfo"], "name": case.name, "emailId": case.email},
            "accountId": ACCOUNT_ID,
            "iId": STREAM_ID,
            "createdAt": _iso(case.created),
            "updatedAt": _iso(case.updated),
            "timestampValue": int(case.created.timestamp() * 1000),
        }
        return {key: values.get(key, value) for key, value in like.items()}


def _parts(message: Message) -> tuple[str, str]:
    match = _PATH.fullmatch(message.first[1])
    assert match is not None, message.first
    return match[1], match[2] or ""


def _moment(given: object) -> datetime | None:
    return datetime.fromisoformat(str(given)) if given else None


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
