"""The plain values that the corridor and the vendors share: actions, requests, answers.

A vendor is a set of actions and a way to sign a request. Everything here is data or a pure function; what
awaits stands in `desk.py`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, TypeVar

from case_tools.adapter.arguments import Arguments
from case_tools.adapter.names import LearnedName, LearnedNames, NameRef
from case_tools.results import Record, Result

A = TypeVar("A", bound=Arguments)
Json = dict[str, Any]
Scope = Literal["cases:read", "cases:write", "tasks:write"]
Effect = Literal["read", "create", "set", "append"]
"""How an action may be repeated: a read freely, a create and what appends never by itself, values set again."""
Period = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request before it is signed.

    Attributes:
        method: the HTTP method.
        template: the path with its variables in braces, as the vendor's page prints it.
        path: the value of each variable, one path segment each.
        query: the query, name by name.
        body: the JSON body; None for none.
        form: the fields of a form, in the place of a JSON body.
        headers: what this request adds to the vendor's headers; may hold secrets.
        url: scheme, host and port where they are not the desk's own.
    """

    method: str
    template: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Sequence[tuple[str, str]] = field(default=(), repr=False)
    body: Json | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP answer as it came; headers have lower-case names."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

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
class Parsed:
    """What an answer says: the result, and what it shows for later."""

    result: Result
    seen: Sequence[LearnedName] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What is known when a request is built and its answer read.

    Attributes:
        names: everything the process has seen.
        rows: id -> row as the desk showed it in the search just made for this call, if one was needed.
    """

    names: LearnedNames
    rows: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One search that may find what a name stands for.

    Attributes:
        request: the search.
        read: its answer, the tool's name -> the rows by id, and what they show.
        needed: whether the call cannot be made without it; else a desk that refuses it is passed over.
    """

    request: Request
    read: Callable[[Response, str], tuple[Mapping[str, Json], Sequence[LearnedName]]]
    needed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What one page of a search for something sent shows.

    Attributes:
        records: what it may be.
        more: whether the desk has rows that the page did not show.
        told: whether the rows show enough to say that something is not there.
    """

    records: Sequence[Record]
    more: bool = False
    told: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """How a write is found again when its answer was lost.

    Attributes:
        facts: the request -> what of it a search needs, as JSON; None where it cannot be searched for.
        search: the facts, a period, a page from 1 -> the search.
        read: the facts, the period, the mark that stands in the text or none, the answer -> what it shows.
        marked: the request, a mark -> the request with the mark in a text that the desk keeps.
    """

    facts: Callable[[Request, Resolved], Json | None]
    search: Callable[[Mapping[str, Any], Period, int], Request]
    read: Callable[[Mapping[str, Any], Period, str, Response], Candidates]
    marked: Callable[[Request, str], Request] = lambda request, _: request


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """How people speak of an action's arguments.

    Attributes:
        labels: an argument -> the name that people know it by, where they differ.
        questions: an argument -> the question by which a person is asked for it.
        found: the question for what the action changes, where it was not found.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    questions: Mapping[str, str] = field(default_factory=dict)
    found: str = "I could not find that. What is its reference?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """The argument that says what an update changes.

    Attributes:
        argument: its name.
        kind: what it is a reference of, e.g. `case`.
    """

    argument: str
    kind: str

    def of(self, given: Arguments) -> NameRef:
        """Return what the arguments address, as a search finds it."""
        return NameRef(kind=self.kind, name=getattr(given, self.argument))


def _never(_: object) -> bool:
    return False


def _nothing(_: object, __: object) -> Mapping[str, str]:
    return {}


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
        appends: arguments -> whether the call adds something, so that it must not be done twice.
        retrace: how what was created or appended is found again.
        address: the argument that says what is changed; None where something new is made.
        before: the request, what is known -> argument -> what the desk shows of it before the change, where the
            desk itself has named that: a status, a priority, a type, a time; never a text of somebody's.
        speech: how people speak of the arguments.
    """

    name: str
    title: str
    description: str
    scope: Scope
    effect: Effect
    arguments: type[A]
    result: type[Result]
    wanted: Callable[[A], Sequence[NameRef]]
    request: Callable[[A, Resolved], Request]
    reading: Callable[[A, Request, Response, Resolved], Parsed]
    appends: Callable[[A], bool] = _never
    retrace: Reconciler | None = None
    address: Address | None = None
    before: Callable[[Request, Resolved], Mapping[str, str]] = _nothing
    speech: Dialog = field(default_factory=Dialog)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token, and for how many seconds from now it is good."""

    value: str = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenGrant:
    """One request that earns an access token.

    Attributes:
        request: makes the request, with the client's credentials.
        read: its answer -> the token; refuses in words for the administrator.
        headers: the token -> the headers of a request that it signs.
    """

    request: Callable[[], Request]
    read: Callable[[Response], Token]
    headers: Callable[[Token], Mapping[str, str]]


class Vendor(Protocol):
    """A case system as the corridor sees it."""

    @property
    def url(self) -> str:
        """Scheme, host and port, without a path."""

    @property
    def identity(self) -> str:
        """Which account of which desk this is, in the state's file."""

    @property
    def actions(self) -> Mapping[str, Action[Any]]:
        """The actions by tool name, in the order in which they are listed."""

    @property
    def choices(self) -> Mapping[str, Sequence[str]]:
        """What the interface itself fixes: the kind, e.g. `status`, -> its names."""

    def finding(self, ref: str) -> Mapping[str, object]:
        """Return the arguments of search_cases that find one case by its reference."""

    def headers(self) -> dict[str, str]:
        """Return the headers of one HTTP attempt, freshly signed where the vendor signs each."""

    def exchange(self, scope: Scope) -> TokenGrant | None:
        """Return what earns a token for a scope; None where no token is exchanged."""

    def lookup(self, wanted: NameRef) -> Lookup | None:
        """Return the search that may find what is wanted, if the vendor has one."""
