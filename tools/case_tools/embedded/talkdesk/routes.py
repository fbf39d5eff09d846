"""Talkdesk's dialect: its paths, its access tokens and the bodies of its refusals.

No page lists error codes, and none describes a refusal for too many requests: both are our guesses.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from case_tools.embedded.dialect import DeskParts
from case_tools.embedded.http import RequestHead, Respond, WireResponse
from case_tools.embedded.records import Json
from case_tools.embedded.refusals import RefusedError, unknown
from case_tools.embedded.talkdesk import cases, tokens
from case_tools.embedded.talkdesk.tokens import READ, WRITE

_TOKEN = "/oauth/token"  # noqa: S105 - a path
_CASES = re.compile(r"/cm/core/va/cases(?:/(?P<target>[^/]+))?")
_Operation = tuple[str, Callable[[DeskParts, cases.TalkdeskCall], WireResponse]]
_OF_ALL: Mapping[str, _Operation] = {"GET": (READ, cases.list_cases), "POST": (WRITE, cases.create_case)}
_OF_ONE: Mapping[str, _Operation] = {"GET": (READ, cases.get_case), "PATCH": (WRITE, cases.update_case)}
_CODES: Mapping[int, str] = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    429: "too_many_requests",
}


@dataclass(frozen=True, slots=True)
class TalkdeskRoutes:
    """Talkdesk's token endpoint and its four case endpoints over the cases of one desk."""

    parts: DeskParts

    def begin(self, head: RequestHead) -> Respond:
        """Route the request and check its access token and the allowance; the token endpoint needs neither.

        Raises:
            RefusedError: one of them does not fit.

        """
        if head.path == _TOKEN:
            _check_method(head, ["POST"])
            return lambda raw: tokens.issue(self.parts.store, head, raw, now=self.parts.wall())
        found = _CASES.fullmatch(head.path)
        if found is None:
            raise unknown()
        target = found["target"] or ""
        operations = _OF_ONE if target else _OF_ALL
        _check_method(head, operations)
        scope, operation = operations[head.method]
        tokens.check(self.parts.store, head, scope, now=self.parts.wall())
        self.parts.quota.admit("Too Many Requests")
        return lambda raw: operation(self.parts, cases.TalkdeskCall(head, target, raw))

    def problem(self, head: RequestHead, error: RefusedError) -> Json:
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


def _check_method(head: RequestHead, allowed: Mapping[str, _Operation] | list[str]) -> None:
    if head.method not in allowed:
        raise RefusedError(405, "Method Not Allowed", headers={"allow": ", ".join(allowed)})
