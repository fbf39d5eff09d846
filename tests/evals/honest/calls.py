"""The legitimate calls: what an honest client may send, by kind."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any, Final, Literal

from case_tools.embedded.catalogue import AGENTS, PRIORITIES, QUEUES, STATUSES, derived_id
from evals.honest.scripts import SCRIPTS

Json = dict[str, Any]
Vendor = Literal["kore", "talkdesk"]
A_KIND: Final = 18
_DUE: Final = "2026-12-04T14:15:00Z"
_TALKDESK_STATUSES: Final = ("OPEN", "PENDING", "ON_HOLD", "NEW")
_TALKDESK_PRIORITIES: Final = ("LOW", "NORMAL", "HIGH", "URGENT")
# As like names of the practice desk as other people's and queues' names may be: a whole word or a digit apart.
_TWIN_AGENTS: Final = (
    "Amara Osei-Bonsu",
    "Amara Kofi Osei",
    "Bjarne Nordqvist",
    "Chiara Monti",
    "Ewan Galbraith 2",
)
_NEW_AGENTS: Final = ("Jane Roe", "Tomás Núñez", "Aiko Mori", "Lena Fuchs", "Omar Haddad", "Mo Li")
_TWIN_QUEUES: Final = ("Billing EU", "Billing US", "Billing 2", "Deliveries North", "Technical Support Level 2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Honest:
    """One legitimate call.

    Attributes:
        kind: what makes it one that a careless rule refuses.
        fresh: whether the server has just been started, and knows no name of the desk.
        fills: whether the client sends every other argument of the schema, empty.
        case: the number of the case that it may change; 0 for none of those that are there.
    """

    vendor: Vendor
    kind: str
    tool: str
    arguments: Json
    fresh: bool = False
    fills: bool = False
    case: int = 0


def generated() -> Iterator[Honest]:
    """Yield 300 calls, 150 a vendor."""
    kinds = {
        "kore": {
            "fresh state": _kore_fresh,
            "new agents": _kore_agents,
            "twin names": _kore_twins,
            "lists cleared": _kore_cleared,
            "id and name pairs": _kore_pairs,
        },
        "talkdesk": {
            "fresh state": _talkdesk_fresh,
            "new agents": _talkdesk_agents,
            "twin names": _talkdesk_twins,
            "lists cleared": _talkdesk_cleared,
            "id and name pairs": _talkdesk_pairs,
        },
    }
    vendors: tuple[Vendor, ...] = ("kore", "talkdesk")
    for vendor in vendors:
        number = 0
        for kind, changes in kinds[vendor].items():
            for change in islice(cycle([*changes()]), A_KIND):
                number += 1
                yield _update(vendor, kind, 120 + number % 25, change, fresh=kind == "fresh state")
        yield from _in_scripts(vendor)
        yield from _filled(vendor)


def _update(
    vendor: Vendor, kind: str, case: int, change: Json, *, fresh: bool = False, fills: bool = False
) -> Honest:
    tool = "update_case"
    address = {"caseId": f"CS{case:06d}"} if vendor == "kore" else {"id": str(case)}
    return Honest(
        vendor=vendor, kind=kind, tool=tool, arguments=address | change, fresh=fresh, fills=fills, case=case
    )


def _kore_fresh() -> Iterator[Json]:
    for status in STATUSES:
        yield {"status": {"name": status.name}}
        yield {"status": {"name": status.name.lower()}}
    for priority in PRIORITIES:
        yield {"priority": {"name": priority.name}}
    yield {"queues": [{"_id": QUEUES[1].id, "name": QUEUES[1].name}]}


def _kore_agents() -> Iterator[Json]:
    for number, name in enumerate(
        ("Jane Roe", "Tomás Núñez", "Aiko Mori", "Lena Fuchs", "Omar Haddad"), start=500
    ):
        seat, person = derived_id("a", number), derived_id("u", number)
        yield {"currAssignee": {"aId": seat, "name": name, "agentId": person}, "assigneeType": "agent"}
        yield {"currAssignee": {"aId": seat, "agentId": person}}
        yield {"participants": [{"aId": seat, "name": name, "agentId": person}]}


def _kore_twins() -> Iterator[Json]:
    for number, (agent, queue) in enumerate(zip(_TWIN_AGENTS, _TWIN_QUEUES, strict=True), start=600):
        yield {
            "currAssignee": {"aId": derived_id("a", number), "name": agent, "agentId": derived_id("u", number)},
            "assigneeType": "agent",
        }
        yield {"queues": [{"_id": derived_id("qu", number), "name": queue}]}
        yield {"participants": [{"aId": derived_id("a", number), "name": agent}]}


def _kore_cleared() -> Iterator[Json]:
    for number, name in enumerate(("tags", "queues", "participants")):
        yield {name: []}
        yield {name: [], "priority": {"name": PRIORITIES[number].name}}
        yield {name: [], "desc": "The list is empty now."}
    yield {"tags": [], "queues": []}
    yield {"tags": [], "participants": []}


def _kore_pairs() -> Iterator[Json]:
    for status in STATUSES:
        yield {"status": {"_id": status.id, "name": status.name}}
    for priority in PRIORITIES:
        yield {"priority": {"_id": priority.id, "name": priority.name}}
    for agent in AGENTS:
        yield {
            "currAssignee": {"aId": agent.seat, "name": agent.name, "agentId": agent.id},
            "assigneeType": "agent",
        }


def _talkdesk_fresh() -> Iterator[Json]:
    for status in _TALKDESK_STATUSES:
        yield {"status": status}
        yield {"status": status.lower()}
    for priority in _TALKDESK_PRIORITIES:
        yield {"priority": priority}
    yield {"status": "RESOLVED", "resolution": "Done."}
    yield {"status": "ON-HOLD"}
    yield {"type": "INCIDENT"}


def _talkdesk_agents() -> Iterator[Json]:
    for number in range(500, 500 + A_KIND):
        yield {"owner_id": f"61036b508ff57b5578f2{number:04d}"}


def _talkdesk_twins() -> Iterator[Json]:
    for name in (*_TWIN_AGENTS, *_TWIN_QUEUES):
        yield {"title": f"For {name}"}
    for number in range(5):
        yield {"group_id": f"group-{number}"}


def _talkdesk_cleared() -> Iterator[Json]:
    empty: Json = {"custom_fields": {}, "notes": []}
    for change in ({"priority": "HIGH"}, {"title": "The list is empty now"}, {"type": "TASK"}):
        for name in empty:
            yield {name: empty[name], **change}
        yield {"custom_fields": {"multi_select1": {"label": [], "value": []}}, **change}


def _talkdesk_pairs() -> Iterator[Json]:
    for number, priority in enumerate(_TALKDESK_PRIORITIES):
        yield {"custom_fields": {"drop_down1": {"label": f"Choice {number}", "value": f"00{number}"}}}
        several = {"label": ["A", "B"], "value": ["1", "2"]}
        yield {"custom_fields": {"multi_select1": several}, "priority": priority}
        yield {"owner_id": AGENTS[number].id, "priority": priority}
    yield {"notes": [{"note_title": "Call", "note_body": "She will ring again.", "public": False}]}


def _in_scripts(vendor: Vendor) -> Iterator[Honest]:
    for number, (name, title, text) in enumerate(SCRIPTS.values(), start=130):
        new, search, change = {
            "kore": (
                _kore_case(name, title, text, number),
                {"searchText": title},
                {"name": title, "desc": text},
            ),
            "talkdesk": (
                {"title": title, "description": text, "requester_name": name, **_address(number)},
                {"title": title},
                {"title": title, "description": text},
            ),
        }[vendor]
        kind = "fifteen scripts"
        yield Honest(vendor=vendor, kind=kind, tool="create_case", arguments=new)
        yield Honest(vendor=vendor, kind=kind, tool="search_cases", arguments=search)
        yield _update(vendor, kind, number, change)


def _kore_case(name: str, title: str, text: str, number: int) -> Json:
    contact = {"emailId": f"customer{number}@example.com"}
    return {"name": title, "desc": text, "userInfo": {"name": name}, "dueDate": _DUE, **contact}


def _address(number: int) -> Json:
    return {"requester_email": f"customer{number}@example.com", "requester_type": "Contact"}


def _filled(vendor: Vendor) -> Iterator[Honest]:
    kind, searches, changes = "every argument filled", _SEARCHES[vendor], _CHANGES[vendor]
    for search in searches:
        yield Honest(vendor=vendor, kind=kind, tool="search_cases", arguments=search, fills=True)
    for number in range(5):
        new = {
            "kore": _kore_case("Jane Roe", f"Kettle {number} leaks", "At the lid.", 900 + number),
            "talkdesk": {
                "title": f"Kettle {number} leaks",
                "description": "At the lid.",
                **_address(900 + number),
            },
        }[vendor]
        yield Honest(vendor=vendor, kind=kind, tool="create_case", arguments=new, fills=True)
    for number, change in enumerate(changes, start=146):
        yield _update(vendor, kind, number, change, fills=True)


_SEARCHES: Final[Mapping[Vendor, tuple[Json, ...]]] = {
    "kore": (
        {"searchText": "router"},
        {"status": ["Open"]},
        {"priority": ["High"]},
        {"queues": ["Billing"]},
        {"unresolved": True},
    ),
    "talkdesk": (
        {"title": "router"},
        {"status": ["OPEN"]},
        {"priority": ["HIGH"]},
        {"requester_name": "Jane Roe"},
        {"type": ["TASK"]},
    ),
}
_CHANGES: Final[Mapping[Vendor, tuple[Json, ...]]] = {
    "kore": (
        {"priority": {"name": "Low"}},
        {"status": {"name": "On Hold"}},
        {"name": "Another title"},
        {"desc": "Another text."},
        {"dueDate": _DUE},
    ),
    "talkdesk": (
        {"priority": "LOW"},
        {"status": "PENDING"},
        {"title": "Another title"},
        {"description": "Another text."},
        {"type": "INCIDENT"},
    ),
}
