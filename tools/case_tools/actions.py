"""The plain values that the corridor and the vendors share: actions, requests, answers.

A vendor is a set of actions and a way to sign a request. Everything here is data or a pure function; what
awaits stands in `desk.py`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar

from case_tools.arguments import Arguments
from case_tools.names import Names, Seen, Wanted
from case_tools.results import Result

A = TypeVar("A", bound=Arguments)
Json = dict[str, Any]
Scope = Literal["cases:read", "cases:write", "tasks:write"]
Effect = Literal["read", "create", "set"]
"""How an action may be repeated: a read freely, a create never by itself, values set come out the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request before it is signed.

    Attributes:
        method: the HTTP method.
        template: the path with its variables in braces, as the vendor's page prints it.
        path: the value of each variable, one path segment each.
        body: the JSON body.
    """

    method: str
    template: str
    path: Mapping[str, str] = field(default_factory=dict)
    body: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer as it came; headers have lower-case names."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def payload(self) -> object:
        """Return the body read as JSON.

        Raises:
            ValueError: when it is not JSON.
        """
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("nested too deeply") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an answer says: the result, and what it shows for later."""

    result: Result
    seen: Sequence[Seen] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known when a request is built and its answer read.

    Attributes:
        names: everything the process has seen.
        rows: id -> row as the desk showed it in the search just made for this call, if one was needed.
    """

    names: Names
    rows: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One search that may find what a name stands for.

    Attributes:
        request: the search.
        read: its answer -> the rows by id, and what they show.
    """

    request: Request
    read: Callable[[Answer], tuple[Mapping[str, Json], Sequence[Seen]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(Generic[A]):
    """One tool: what it takes, what it sends, how its answer reads.

    Attributes:
        name: the tool's name.
        title: the name for people.
        description: the text for a model that has never seen the vendor.
        scope: what a caller must be allowed to do.
        effect: how it may be repeated.
        arguments: the model of what it takes.
        result: the model of what it answers.
        wanted: arguments -> the names and references that stand for ids, the most needed first.
        request: arguments -> the request; refuses a reference that nothing is known of.
        reading: arguments, the request sent, its answer -> the result.
    """

    name: str
    title: str
    description: str
    scope: Scope
    effect: Effect
    arguments: type[A]
    result: type[Result]
    wanted: Callable[[A], Sequence[Wanted]]
    request: Callable[[A, Known], Request]
    reading: Callable[[A, Request, Answer, Known], Reading]


class Vendor(Protocol):
    """A case system as the corridor sees it."""

    @property
    def url(self) -> str:
        """Scheme, host and port, without a path."""

    @property
    def actions(self) -> Mapping[str, Action[Any]]:
        """The actions by tool name, in the order in which they are listed."""

    def headers(self) -> dict[str, str]:
        """Return the headers of one HTTP attempt, freshly signed."""

    def lookup(self, wanted: Wanted) -> Lookup | None:
        """Return the search that may find what is wanted, if the vendor has one."""
