"""A task of the evaluation: one TOML file, checked strictly when it is read."""

import json
import tomllib
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

FOLDER: Final = Path(__file__).with_name("tasks")
Status = Literal["Open", "In Progress", "On Hold", "Resolved", "Closed"]
Priority = Literal["Low", "Medium", "High", "Critical"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SeedCase(_Strict):
    """One case, or several alike, that the desk has before the play, in the practice desk's own words.

    Attributes:
        title: the title; `{n}` in it is the number of the copy, from 1.
        copies: how many such cases, each an hour older than the one before.
        due: hours from the clock until it is due, negative for overdue.
        age: hours since it was opened; its last change is as old.
        fresh: an open case that Talkdesk calls NEW.
        tasks: titles of its open tasks.
    """

    title: str
    description: str = ""
    customer: str
    email: str = ""
    phone: str = ""
    status: Status = "Open"
    priority: Priority = "Medium"
    queue: str = ""
    agent: str = ""
    due: int | None = None
    age: int = 24
    channel: str = "email"
    tags: list[str] = []
    tasks: list[str] = []
    resolution: str = ""
    custom: dict[str, Any] = {}
    fresh: bool = False
    copies: int = 1


class Fault(_Strict):
    """What the desk answers instead, from the nth request of a kind on.

    Attributes:
        method: the HTTP method.
        path: what the request's path contains.
        first: the number of the first request that is struck, from 1.
        times: how many are struck; None for all from then on.
        committed: whether the desk does what was asked all the same.
    """

    method: Literal["POST", "PATCH", "GET"]
    path: str
    first: int = Field(1, ge=1)
    times: int | None = None
    status: int = Field(ge=400, le=599)
    retry_after: int | None = None
    committed: bool = False


class Call(_Strict):
    """One call of a careful agent, and how it ends."""

    tool: str
    arguments: dict[str, Any]
    ends: Literal["done", "refused", "either"] = "done"


class Check(_Strict):
    """A statement on the desk's file and the rows that it must return, see `desk.VIEWS`."""

    sql: str
    rows: list[list[str | int | None]]


class Reply(_Strict):
    """What a careful agent says at last, and what any agent must mention.

    Attributes:
        careful: the words of the careful agent.
        mentions: each entry, or one of each list of entries, stands in the reply; case does not matter.
    """

    careful: str
    mentions: list[str | list[str]] = Field(min_length=1)


class Budget(_Strict):
    """The most that a play may take: tool calls, and tokens of their arguments and results."""

    calls: int
    tokens: int


class Task(_Strict):
    """What is asked of an agent, at which desk, and how to tell whether it was done.

    Attributes:
        tries: what it tries, one sentence.
        clock: the desk's time, which an agent is told.
        access: the server's `CASE_MCP_ACCESS`.
        request: the words of a customer or of a service agent.
        cases: what the desk has besides the practice cases.
        faults: what the desk answers instead of its own answer.
        calls: the calls of a careful agent.
        may_differ: what may differ at the desk afterwards (`CS000161.priority`, `CS000162` for a whole new
            case, `person jane.roe@example.com`); nothing else may.
        checks: what must be true of the desk afterwards.
    """

    name: str
    tries: str
    vendor: Literal["kore", "talkdesk"]
    language: str
    clock: AwareDatetime
    access: Literal["full", "read_only"] = "full"
    request: str
    cases: list[SeedCase] = []
    faults: list[Fault] = []
    calls: list[Call] = []
    may_differ: list[str]
    checks: list[Check] = Field(min_length=1)
    reply: Reply
    budget: Budget

    @model_validator(mode="after")
    def _is_plain(self) -> Self:
        json.dumps([call.arguments for call in self.calls])  # TOML dates are no arguments
        return self


def load(folder: Path = FOLDER) -> list[Task]:
    """Return every task of the folder by name.

    Raises:
        ValueError: a file is no task.
    """
    return [read(file) for file in sorted(folder.glob("*.toml"))]


def read(file: Path) -> Task:
    """Return the task of a file, named after it.

    Raises:
        ValueError: it is no task.
    """
    try:
        return Task.model_validate({"name": file.stem, **tomllib.loads(file.read_text(encoding="utf-8"))})
    except ValueError as error:
        raise ValueError(f"{file.name}: {error}") from None
