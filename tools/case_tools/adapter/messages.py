"""The plain values between the pipeline and a vendor: requests, responses and what is parsed from them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from case_tools.adapter.names import LearnedName, LearnedNames
from case_tools.results import Result

Json = dict[str, Any]
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
        meant: what makes this write the same as another, where that is not its path, query and body: without
            defaults from the settings and what was learned from the desk, a name as it was asked for.
    """

    method: str
    template: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Sequence[tuple[str, str]] = field(default=(), repr=False)
    body: Json | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    url: str | None = None
    meant: Json | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP response; headers have lower-case names."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def payload(self) -> object:
        """Return the body parsed as JSON.

        Raises:
            ValueError: it is not JSON.
        """
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("nested too deeply") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a response responds to, as far as its errors depend on it.

    Attributes:
        tool: the tool's name, for messages.
        writes: whether the request may have changed something.
        addressed: whether it addresses a case or task, so that 404 means that there is none.
    """

    tool: str
    writes: bool = False
    addressed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A parsed response.

    Attributes:
        result: the result for the caller.
        names: the names that the response shows, to be learned.
        row: the case or task as the response to a write shows it.
    """

    result: Result
    names: Sequence[LearnedName] = ()
    row: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What names stand for while one request is built and its response parsed.

    Attributes:
        names: every name that the desk has shown.
        rows: id -> row, as the desk showed it in the search made for this call; empty without a search.
    """

    names: LearnedNames
    rows: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One search that may find what a name stands for.

    Attributes:
        request: the search.
        parse: the response and the operation -> the rows by id, and the names that they show.
        required: whether the call fails where the desk refuses the search; else it goes on without it.
    """

    request: Request
    parse: Callable[[Response, Operation], tuple[Mapping[str, Json], Sequence[LearnedName]]]
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token, and for how many seconds from now it is valid."""

    value: str = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenGrant:
    """One request for an access token.

    Attributes:
        request: builds the request, with the client's credentials.
        parse: the response -> the token; its errors are worded for the administrator.
        headers: the token -> the headers of a request that it signs.
    """

    request: Callable[[], Request]
    parse: Callable[[Response], Token]
    headers: Callable[[Token], Mapping[str, str]]
