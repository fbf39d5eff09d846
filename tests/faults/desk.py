"""A scripted desk: it keeps what is written, counts what it is asked, and answers as a script says.

It knows no key that would tell a repeat from a new request, as neither vendor documents one: whatever write
reaches it is done. What a vendor's requests and answers look like stands in a dialect.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final, Literal, Protocol

from faults.messages import Message, answer, read_message

Form = Literal["usual", "html", "text", "empty", "cut", "list", "other"]
What = Literal["create", "update", "search", "token"]
Vendor = Literal["kore", "talkdesk"]
_HTML: Final = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please wait.</body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How the desk answers one request.

    Attributes:
        commit: whether it does what was asked before it answers.
        status: the status; from 400 on the body is the vendor's error, unless the form is another.
        form: what stands in the place of the usual body.
        headers: further headers.
        words: what the vendor's error says.
        delay: seconds before it answers.
    """

    commit: bool = True
    status: int | None = None
    form: Form = "usual"
    headers: Mapping[str, str] = field(default_factory=dict)
    words: str = "An error occurred."
    delay: float = 0.0


USUAL: Final = Reply()
Script = Callable[[What, Message], Reply]


@dataclass(slots=True, kw_only=True)
class Case:
    """A case as the desk keeps it; `kept` is when, by the machine's time."""

    number: int
    title: str
    description: str
    name: str = ""
    email: str = ""
    created: datetime
    updated: datetime
    kept: datetime
    notes: list[Mapping[str, Any]] = field(default_factory=list)


class Dialect(Protocol):
    """How a vendor's requests and answers look."""

    def what(self, message: Message) -> What:
        """Return what a request asks for."""

    def create(self, body: Mapping[str, Any], case: Case) -> Mapping[str, Any]:
        """Fill a new case from a request, and return the documented answer."""

    def update(self, body: Mapping[str, Any], case: Case) -> Mapping[str, Any]:
        """Change a case, and return the documented answer."""

    def address(self, message: Message) -> str:
        """Return the id of the case that an update names."""

    def id_of(self, case: Case) -> str:
        """Return the id under which the desk shows a case."""

    def names_of(self, case: Case) -> set[str]:
        """Return the id and the reference under which it shows a case."""

    def found(self, message: Message, cases: Sequence[Case]) -> Mapping[str, Any]:
        """Return the page of a search among the cases that the index shows, the oldest first."""

    def error(self, status: int, words: str) -> Mapping[str, Any]:
        """Return the body of an error."""


class Desk:
    """One desk on a port of this machine.

    Attributes:
        cases: all cases, the oldest first.
        asked: how often each thing was asked for.
        dialect: whose desk it is.
        script: chooses how a request is answered.
        lag: chooses the seconds after which a search shows a case.
        ahead: how far the desk's time is ahead of the machine's.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.cases: list[Case] = []
        self.asked: Counter[What] = Counter()
        self.script: Script = lambda _, __: USUAL
        self.lag: Callable[[Case], float] = lambda _: 0.0
        self.port = 0
        self.ahead = timedelta()
        self.dialect = dialect
        self._by_id: dict[str, Case] = {}

    def now(self) -> datetime:
        """Return the desk's time, which moves with that of the servers' states."""
        return datetime.now(UTC) + self.ahead

    def names_by_title(self) -> Mapping[str, list[set[str]]]:
        """Return the ids and references of the cases of each title."""
        found: dict[str, list[set[str]]] = {}
        for case in self.cases:
            found.setdefault(case.title, []).append(self.dialect.names_of(case))
        return found

    def keep(self, *, title: str = "", description: str = "") -> str:
        """Keep a new case, and return its id."""
        return self.dialect.id_of(self._new(title, description))

    def _new(self, title: str = "", description: str = "") -> Case:
        now = self.now()
        case = Case(
            number=len(self.cases) + 1,
            title=title,
            description=description,
            created=now,
            updated=now,
            kept=datetime.now(UTC),
        )
        self.cases.append(case)
        self._by_id[self.dialect.id_of(case)] = case
        return case

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        with suppress(OSError, asyncio.CancelledError):
            while (message := await read_message(reader)) is not None:
                what = self.dialect.what(message)
                self.asked[what] += 1
                reply = self.script(what, message)
                status, payload = self._done(what, message) if reply.commit else (200, {})
                if reply.delay:
                    await asyncio.sleep(reply.delay)
                writer.write(self._said(reply, status, payload))
                await writer.drain()
        with suppress(OSError):
            writer.close()
            await writer.wait_closed()

    def _done(self, what: What, message: Message) -> tuple[int, Mapping[str, Any]]:
        if what == "search":
            now = datetime.now(UTC)
            shown = [case for case in self.cases if (now - case.kept).total_seconds() >= self.lag(case)]
            return 200, self.dialect.found(message, shown)
        if what == "token":
            return 200, {"access_token": "an-invented-token", "token_type": "Bearer", "expires_in": 600}
        body = json.loads(message.body)
        if what == "create":
            return 201, self.dialect.create(body, self._new())
        case = self._by_id.get(self.dialect.address(message))
        if case is None:
            return 404, self.dialect.error(404, "There is none.")
        case.updated = self.now()
        return 200, self.dialect.update(body, case)

    def _said(self, reply: Reply, status: int, payload: Mapping[str, Any]) -> bytes:
        status = status if reply.status is None else reply.status
        if status >= 400 and reply.status is not None:
            payload = self.dialect.error(status, reply.words)
        usual = json.dumps(payload).encode()
        bodies: Mapping[Form, bytes] = {
            "usual": usual,
            "html": _HTML,
            "text": b"OK, thank you!",
            "empty": b"",
            "cut": usual[: len(usual) // 2],
            "list": b"[]",
            "other": b'{"ok":true,"data":{"queued":1}}',
        }
        kind = {"html": {"Content-Type": "text/html"}, "text": {"Content-Type": "text/plain"}}.get(reply.form, {})
        date = format_datetime(self.now(), usegmt=True)
        return answer(status, bodies[reply.form], {"Date": date, **kind, **reply.headers})


@asynccontextmanager
async def scripted(dialect: Dialect) -> AsyncIterator[Desk]:
    """Yield a desk that listens."""
    desk = Desk(dialect)
    server = await asyncio.start_server(desk.connected, "127.0.0.1", 0)
    desk.port = server.sockets[0].getsockname()[1]
    try:
        yield desk
    finally:
        server.close()
