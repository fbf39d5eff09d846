"""Print how many requests a call takes: ``uv run python tests/bench/requests_a_call.py``.

Each tool is called at a practice desk of its own state, by access mode, with names that the state has learned
and with names that it has not, with reading back on and off where there is such a setting. Token requests are
not counted. A confirmed call counts the question's requests and its own.
"""

import statistics
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))

import anyio

from case_tools import CaseDesk, ConfirmationNeeded, Settings
from evals.report import table

Json = dict[str, Any]
CALLS: Final[Mapping[str, Mapping[str, list[Json]]]] = {
    "kore": {
        "create_case": [
            {"name": f"Kettle {number}", "desc": "It leaks.", "userInfo": {"name": "Jane Roe"}, **address}
            for number, address in enumerate(
                [{"emailId": "jane.roe@example.com", "dueDate": "2026-12-04T14:15:00Z"}] * 3
            )
        ],
        "update_case": [
            {"caseId": "CS000146", "priority": {"name": "High"}},
            {"caseId": "CS000148", "status": {"name": "On Hold"}},
            {"caseId": "CS000153", "queues": [{"name": "Billing"}]},
            {"caseId": "CS000154", "currAssignee": {"name": "Devika Raman"}, "assigneeType": "agent"},
            {"caseId": "CS000156", "desc": "Another text."},
        ],
        "update_task": [
            {"taskId": "TS000123", "status": {"name": "Resolved"}},
            {"taskId": "TS000124", "priority": {"name": "Low"}},
        ],
        "search_cases": [
            {"searchText": "router"},
            {"searchText": "CS000129", "detail": "full"},
            {"searchText": "thunderstorm router offline"},
            {"requester": "Jane Roe"},
            {"assignee": "Devika Raman", "status": ["Open"]},
            {"count_by": "status"},
            {"count_by": "queue"},
        ],
    },
    "talkdesk": {
        "create_case": [{"title": f"Kettle {number}", "description": "It leaks."} for number in range(3)],
        "update_case": [
            {"id": "146", "priority": "HIGH"},
            {"id": "148", "status": "PENDING"},
            {"id": "153", "notes": [{"note_title": "Call", "note_body": "At six.", "public": False}]},
        ],
        "search_cases": [
            {"title": "router"},
            {"ids": ["129"], "detail": "full"},
            {"requester": "Jane Roe"},
            {"assignee": "Devika Raman"},
            {"count_by": "status"},
        ],
    },
}


@dataclass(slots=True)
class Counter:
    """Counts what an adapter sends, but for tokens."""

    sent: int = 0

    def __call__(self, request: Any, _response: object) -> None:
        """Count one request."""
        self.sent += "/oauth/" not in request.template


def main() -> None:
    """Print the table."""
    rows = [anyio.run(_row, *case) for case in _cases()]
    print(table(["vendor", "tool", "access", "names", "verify", "calls", "median", "maximum"], rows))


def _cases() -> Iterator[tuple[str, str, str, bool, str]]:
    verifies = ("on", "off") if "verify" in Settings.model_fields else ("not set",)
    for vendor, tools in CALLS.items():
        for tool in tools:
            modes = ("full", "read_only") if tool.startswith("search") else ("full", "confirm")
            for access in modes:
                for known in (True, False):
                    for verify in verifies:
                        yield vendor, tool, access, known, verify


async def _row(vendor: str, tool: str, access: str, known: bool, verify: str) -> tuple[object, ...]:
    counts = []
    given = {"CASE_MCP_STATE": ":memory:", "CASE_MCP_EMBEDDED_DIALECT": vendor, "CASE_MCP_ACCESS": access}
    if verify in {"on", "off"}:
        given["CASE_MCP_VERIFY"] = "true" if verify == "on" else "false"
    for arguments in CALLS[vendor][tool]:
        counter = Counter()
        async with CaseDesk(Settings.from_environment(given), observe=counter) as desk:
            if known:
                await desk.call("search_cases", {"limit": 50})
                await desk.call("search_cases", {"limit": 50, "page": 2})
            counter.sent = 0
            await _call(desk, tool, arguments)
        counts.append(counter.sent)
    names = "known" if known else "unknown"
    return vendor, tool, access, names, verify, len(counts), statistics.median(counts), max(counts)


async def _call(desk: CaseDesk, tool: str, arguments: Json) -> None:
    try:
        await desk.call(tool, arguments)
    except ConfirmationNeeded as needed:
        await desk.call(tool, arguments, confirmation=needed.confirmation)


if __name__ == "__main__":
    main()
