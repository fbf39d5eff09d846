"""One write that a caller wants once, and the careful caller that repeats it until it is answered."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, Literal
from urllib.parse import unquote_plus

import anyio

from faults.desk import Vendor
from faults.kinds import Kind, Write
from faults.messages import Message
from faults.minutes import Minutes
from faults.server import Said, Server

DONE: Final = frozenset({"created", "replayed", "reconciled", "updated", "unchanged"})
_WAIT: Final = re.compile(r"(\d+) seconds")
_MARK: Final = re.compile(r"\b(i\d+|calm)\b")
_LONGEST_PAUSE: Final = 2.0
_PAUSE: Final = 0.3
_USUAL_PATIENCE: Final = 30.0


def mark_of(message: Message) -> str:
    """Return the mark of the intent that a request serves, `calm` for none, empty where it has no mark."""
    match = _MARK.search(message.body.decode(errors="replace")) or _MARK.search(unquote_plus(message.first[1]))
    return match[0] if match else ""


@dataclass(slots=True, kw_only=True)
class Intent:
    """One write that the caller wants once.

    Attributes:
        mark: what tells it from all others.
        kind: what befalls it.
        key: the key that the caller gives it, if it gives one.
        address: the id of the case that it changes; empty for a new one.
        end: how it ended for the caller: `done`, `unknown`, or not yet.
        told: the ids and references that the caller was told.
        may_send: whether the next call may send a write, and not only search.
        was_unknown: whether it had ended without knowing before the fault was mended.
        heard: what the caller heard, without repetitions.
        on_purpose: how often the caller had to insist, each time told that the desk shows nothing.
    """

    mark: str
    vendor: Vendor
    kind: Kind
    key: str | None = None
    address: str = ""
    end: Literal["", "done", "unknown"] = ""
    told: set[str] = field(default_factory=set)
    calls: int = 0
    may_send: bool = True
    was_unknown: bool = False
    on_purpose: int = 0
    heard: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The title of a case that is opened for it."""
        return f"Parcel {self.mark}"

    @property
    def text(self) -> str:
        """The text of a note that is added, or of a description that is set, for it."""
        return f"Note {self.mark}"

    @property
    def write(self) -> Write:
        """What is wanted."""
        return self.kind.write

    @property
    def tool(self) -> str:
        """The tool that does it."""
        return "create_case" if self.write == "create" else "update_case"

    @property
    def own_key(self) -> str | None:
        """The key to call with: another one for another write on purpose."""
        return f"{self.key}, {self.on_purpose} on purpose" if self.key and self.on_purpose else self.key

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What the caller gives."""
        insisting = {"allow_duplicate": True} if self.on_purpose and self.key is None else {}
        return {**_ARGUMENTS[self.vendor, self.write](self.mark, self.address), **insisting}


def _customer(mark: str) -> str:
    return f"caller{int(mark[1:]) % 5}@example.com"


_ARGUMENTS: Final[Mapping[tuple[Vendor, Write], Any]] = {
    ("kore", "create"): lambda mark, _: {
        "name": f"Parcel {mark}",
        "desc": f"Text {mark}",
        "userInfo": {"name": "Jane Roe"},
        "emailId": _customer(mark),
        "dueDate": "2027-01-04T10:00:00Z",
    },
    ("kore", "update"): lambda mark, address: {"caseId": address, "desc": f"Note {mark}"},
    ("talkdesk", "create"): lambda mark, _: {
        "title": f"Parcel {mark}",
        "description": f"Text {mark}",
        "requester_name": "Jane Roe",
        "requester_email": _customer(mark),
    },
    ("talkdesk", "update"): lambda mark, address: {"id": address, "description": f"Note {mark}"},
    ("talkdesk", "note"): lambda mark, address: {"id": address, "notes": [{"note_body": f"Note {mark}"}]},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """How a caller behaves.

    Attributes:
        rounds: calls after which it stops for now; 0 for as long as it takes.
        bound: seconds after which it despairs.
        gives_up: how likely it gives a call up early.
        early: the longest time after which it then gives up.
        calm: the id of a case whose updates nothing strikes.
        minutes: what a caller who was told `unknown` waits for.
        careless: whether it takes each repeat for a new intent, under a new key.
    """

    rng: Random
    calm: str
    minutes: Minutes
    rounds: int = 0
    bound: float = 300.0
    gives_up: float = 0.03
    early: float = 1.0
    careless: bool = False

    async def settle(self, intent: Intent, server: Server) -> None:
        """Repeat the call until it is answered, and insist where the desk is said to show nothing."""
        done = 0
        with anyio.move_on_after(self.bound):
            async with self.minutes.calling():
                while intent.end != "done" and (not self.rounds or done < self.rounds):
                    early = self.rng.random() < self.gives_up
                    patience = self.rng.uniform(0.01, self.early) if early else _USUAL_PATIENCE
                    key = f"call {intent.calls} of {intent.mark}" if self.careless else intent.own_key
                    async with self._calm(intent, server):
                        said = await server.call(intent.tool, intent.arguments, key=key, patience=patience)
                    intent.calls += 1
                    done += said.heard
                    await anyio.sleep(_judge(intent, said))
                    if intent.end == "unknown":
                        await self.minutes.wait()

    @asynccontextmanager
    async def _calm(self, intent: Intent, server: Server) -> AsyncIterator[None]:
        """Let a write that may fail follow on one that does not, and few fail at once.

        Five failures in a row are a desk that is down, for which the server answers by itself; what is to be
        seen here is each single one.
        """
        if not (intent.may_send and intent.kind.strikes and (intent.kind.cuts or intent.kind.replies)):
            yield
            return
        async with server.struck:
            arguments = _ARGUMENTS[intent.vendor, "update"](f"of calm {self.rng.random()}", self.calm)
            await server.call("update_case", arguments, key=None, patience=_USUAL_PATIENCE)
            yield


def _judge(intent: Intent, said: Said) -> float:
    """Take in what was said, and return the seconds to wait before the next call."""
    if said.words not in intent.heard:
        intent.heard.append(said.words)
    if not said.heard:
        return 0.0
    if said.data is not None and said.data.get("outcome") in DONE:
        intent.end = "done"
        intent.told |= {str(said.data[key]) for key in ("id", "ref") if said.data.get(key)}
        return 0.0
    if said.data is not None:
        intent.end, intent.may_send = "unknown", False
        return 0.0
    intent.end = "unknown" if "repeat window has passed" in said.words else ""
    if "new request_key" in said.words or ("allow_duplicate" in said.words and not intent.on_purpose):
        intent.on_purpose, intent.may_send = intent.on_purpose + 1, True
        return 0.0
    wait = _WAIT.search(said.words)
    return min(float(wait[1]), _LONGEST_PAUSE) if wait else _PAUSE


Group = list[tuple[Intent, Server]]
"""Who wants the same, and whom each of them calls."""
