"""One yes is one change, whatever is asked, repeated, confirmed with other keys, or changed by others."""

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import anyio.from_thread
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from case_tools import (
    CaseDesk,
    CaseError,
    ConfirmationNeeded,
    Settings,
)
from case_tools.adapter.messages import Request, Response

Dialect = Literal["kore", "talkdesk"]
Change = tuple[str, dict[str, Any]]

CHANGES: Final[Mapping[Dialect, Mapping[str, Change]]] = {
    "kore": {
        "high": ("update_case", {"caseId": "CS000160", "priority": {"name": "High"}}),
        "low": ("update_case", {"caseId": "CS000160", "priority": {"name": "Low"}}),
        "medium": ("update_case", {"caseId": "CS000160", "priority": {"name": "Medium"}}),
        "note": ("update_case", {"caseId": "CS000160", "resolutionCmts": ["Replaced the part"]}),
        "case": (
            "create_case",
            {
                "name": "Boiler leaks",
                "desc": "Water on the floor.",
                "userInfo": {"name": "Jane Roe"},
                "emailId": "jane.roe@example.com",
                "dueDate": "2027-01-04T10:00:00Z",
            },
        ),
    },
    "talkdesk": {
        "high": ("update_case", {"id": "160", "priority": "HIGH"}),
        "low": ("update_case", {"id": "160", "priority": "LOW"}),
        "medium": ("update_case", {"id": "160", "priority": "NORMAL"}),
        "note": ("update_case", {"id": "160", "notes": [{"note_body": "Called back", "public": True}]}),
        "case": ("create_case", {"title": "Boiler leaks", "description": "Water on the floor."}),
    },
}
ONCE: Final = frozenset({"note", "case"})
NAMES: Final = ("high", "low", "note", "case")
KEYS: Final = (None, "a key", "another key")
ITS_OWN: Final = "its own"


class TwoDesks:
    """The practice desk as two callers see it: one whose changes need a yes, and somebody else.

    Attributes:
        writes: how many writes of the one that needs a yes have reached the desk.
    """

    def __init__(self, folder: Path, dialect: Dialect) -> None:
        self._common = {"state": str(folder / "state.db"), "embedded_dialect": dialect, "rate": 0}
        self.writes = 0
        self.somebody = CaseDesk(Settings.model_validate(self._common))
        self.asking = self.open()

    def open(self) -> CaseDesk:
        """Open the desk that needs a yes, as a process that starts does."""
        return CaseDesk(Settings.model_validate({**self._common, "access": "confirm"}), observe=self._observe)

    def _observe(self, request: Request, _: Response) -> None:
        reads = request.method == "GET" or "/get" in request.template or request.form is not None
        self.writes += not reads


class OneYesOneChange(RuleBasedStateMachine):
    """Any sequence of questions, yeses, repeats, other keys, other changes, restarts and changes by others.

    The model is what the desk's priority is, what the ledger holds, and which confirmations were spent.
    """

    dialect: Dialect

    @initialize()
    def begin(self) -> None:
        """Open both desks."""
        self.folder = tempfile.TemporaryDirectory()
        self.loop = anyio.from_thread.start_blocking_portal()
        self.portal = self.loop.__enter__()
        self.desks = TwoDesks(Path(self.folder.name), self.dialect)
        self.portal.call(self.desks.somebody.call, *CHANGES[self.dialect]["high"])
        self.priority = "high"
        self.asked: list[tuple[str, str, str | None, str]] = []
        self.ledger: dict[str, str] = {}
        self.spent: set[str] = set()

    def teardown(self) -> None:
        """Close everything."""
        if hasattr(self, "desks"):
            self.portal.call(self.desks.asking.close)
            self.portal.call(self.desks.somebody.close)
            self.loop.__exit__(None, None, None)
            self.folder.cleanup()

    @rule(name=st.sampled_from(NAMES), key=st.sampled_from(KEYS))
    def ask(self, name: str, key: str | None) -> None:
        """Make a change without a confirmation: nothing is written."""
        end, word = self._ends(name, key, None)
        assert end == self._from_the_ledger(name, key) or end == "asked"
        if end == "asked":
            self.asked.append((word, name, key, self.priority))

    @precondition(lambda self: self.asked)
    @rule(
        of=st.integers(0, 1),
        name=st.sampled_from([ITS_OWN] * 5 + [*NAMES]),
        key=st.sampled_from([ITS_OWN] * 3 + [*KEYS]),
    )
    def confirm(self, of: int, name: str, key: str | None) -> None:
        """Make a change with a confirmation, which may be another one's."""
        word, own_name, own_key, seen = self.asked[-1 - of % len(self.asked)]
        name, key = own_name if name == ITS_OWN else name, own_key if key == ITS_OWN else key
        expected = self._from_the_ledger(name, key)
        if not expected:
            fits = (name, key) == (own_name, own_key) and word not in self.spent
            expected = "NotConfirmed" if not fits else "written"
            if fits and name not in ONCE and seen != self.priority:
                expected = "Conflict"
        end, _ = self._ends(name, key, word)
        assert end == expected
        if end == "written":
            self.spent.add(word)
            if name in ONCE:
                self.ledger[key or f"derived {name}"] = name
            else:
                self.priority = name

    @precondition(lambda self: self.asked)
    @rule(of=st.integers(0, 1), key=st.sampled_from([ITS_OWN, *KEYS]))
    def confirm_twice_at_once(self, of: int, key: str | None) -> None:
        """Make a change twice at the same moment with one confirmation: it is made once at most."""
        word, name, own_key, _ = self.asked[-1 - of % len(self.asked)]
        before = self.desks.writes

        async def both() -> None:
            calls = [self._call(name, each, word) for each in (own_key, own_key if key == ITS_OWN else key)]
            await asyncio.gather(*calls)

        self.portal.call(both)
        left = self.desks.writes - before
        assert left <= (word not in self.spent)
        if left:
            self.spent.add(word)
            if name in ONCE:
                self.ledger[own_key or f"derived {name}"] = name
            else:
                self.priority = name

    @precondition(lambda self: self.asked)
    @rule(of=st.integers(0, 1), priority=st.sampled_from(["high", "medium"]))
    def somebody_else_changes_it(self, of: int, priority: str) -> None:
        """Change at the desk what a question has shown, between the question and the yes."""
        self.portal.call(self.desks.somebody.call, *CHANGES[self.dialect][priority])
        self.priority = priority
        self.confirm(of, ITS_OWN, ITS_OWN)

    @rule()
    def restart(self) -> None:
        """Start the process that asks anew."""
        self.portal.call(self.desks.asking.close)
        self.desks.asking = self.desks.open()

    def _from_the_ledger(self, name: str, key: str | None) -> str:
        """Return how a call ends that the ledger answers; empty where it does not."""
        held = self.ledger.get(key or f"derived {name}") if name in ONCE else None
        return "" if held is None else "replayed" if held == name else "Rejected"

    def _ends(self, name: str, key: str | None, word: str | None) -> tuple[str, str]:
        """Call, and return how it ended: what was written has left, and nothing else has."""
        before = self.desks.writes
        end, said = self.portal.call(self._call, name, key, word)
        assert self.desks.writes - before == (end == "written")
        return end, said

    async def _call(self, name: str, key: str | None, word: str | None) -> tuple[str, str]:
        tool, arguments = CHANGES[self.dialect][name]
        try:
            result = await self.desks.asking.call(tool, arguments, request_key=key, confirmation=word)
        except ConfirmationNeeded as needed:
            return "asked", needed.confirmation
        except CaseError as error:
            return type(error).__name__, str(error)
        outcome = str(result.data()["outcome"])
        return "written" if outcome in {"created", "updated", "unchanged"} else outcome, ""


class OneYesOneChangeAtKore(OneYesOneChange):
    """The same at the practice desk in Kore's dialect."""

    dialect = "kore"


class OneYesOneChangeAtTalkdesk(OneYesOneChange):
    """The same at the practice desk in Talkdesk's dialect."""

    dialect = "talkdesk"


TestOneYesOneChangeAtKore = OneYesOneChangeAtKore.TestCase
TestOneYesOneChangeAtTalkdesk = OneYesOneChangeAtTalkdesk.TestCase
TestOneYesOneChangeAtKore.settings = hypothesis_settings(max_examples=25, stateful_step_count=20, deadline=None)
TestOneYesOneChangeAtTalkdesk.settings = TestOneYesOneChangeAtKore.settings
