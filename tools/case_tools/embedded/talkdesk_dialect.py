"""Talkdesk's dialect: its paths, its access tokens and the bodies of its refusals.

No page lists error codes, and none describes a refusal for too many requests: both are our guesses.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from case_tools.embedded import talkdesk, talkdesk_tokens
from case_tools.embedded.allowance import Allowance
from case_tools.embedded.exchange import Answer, Head, Respond
from case_tools.embedded.records import Json
from case_tools.embedded.refusals import RefusedError, unknown
from case_tools.embedded.store import Store
from case_tools.embedded.talkdesk_tokens import READ, WRITE

_TOKEN = "/oauth/token"  # noqa: S105 - a path
_CASES = re.compile(r"/cm/core/va/cases(?:/(?P<target>[^/]+))?")
_Operation = tuple[str, Callable[[Store, talkdesk.Call], Answer]]
_OF_ALL: Mapping[str, _Operation] = {"GET": (READ, talkdesk.list_cases), "POST": (WRITE, talkdesk.create_case)}
_OF_ONE: Mapping[str, _Operation] = {"GET": (READ, talkdesk.get_case), "PATCH": (WRITE, talkdesk.update_case)}
_CODES: Mapping[int, str] = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    429: "too_many_requests",
}


def speaks(path: str) -> bool:
    """Say whether a path is of this dialect."""
    return path.startswith(("/oauth/", "/cm/"))


@dataclass(frozen=True, slots=True)
class TalkdeskDialect:
    """Talkdesk's token endpoint and its four case endpoints over a store; ``wall`` dates the tokens."""

    store: Store
    allowance: Allowance
    wall: Callable[[], float]

    def begin(self, head: Head) -> Respond:
        """Route the request and check its access token and the allowance; the token endpoint needs neither.

        Raises:
            RefusedError: one of them does not fit.

        """
        if head.path == _TOKEN:
            _check_method(head, ["POST"])
            return lambda raw: talkdesk_tokens.issue(self.store, head, raw, now=self.wall())
        found = _CASES.fullmatch(head.path)
        if found is None:
            raise unknown()
        target = found["target"] or ""
        operations = _OF_ONE if target else _OF_ALL
        _check_method(head, operations)
        scope, operation = operations[head.method]
        talkdesk_tokens.check(self.store, head, scope, now=self.wall())
        self.allowance.admit("Too Many Requests")
        return lambda raw: operation(self.store, talkdesk.Call(head, target, raw))

    def problem(self, head: Head, error: RefusedError) -> Json:
        """Write a refusal as the pages document it: one shape for tokens, another for cases."""
        if head.path == _TOKEN:
            own = "server_error" if error.status >= 500 else "invalid_request"  # noqa: PLR2004
            return {"error": error.code or own, "error_description": error.message}
        document: Json = {"code": _CODES.get(error.status, "internal_error"), "message": error.message}
        if error.fields:
            document["fields"] = [
                {"name": name, "description": description} for name, description in error.fields.items()
            ]
        return document


def _check_method(head: Head, allowed: Mapping[str, _Operation] | list[str]) -> None:
    if head.method not in allowed:
        raise RefusedError(405, "Method Not Allowed", headers={"allow": ", ".join(allowed)})
