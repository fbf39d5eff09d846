"""Kore's dialect: its paths, its token header and the body of its refusals."""

import re
from dataclasses import dataclass

from case_tools.embedded import kore, tokens
from case_tools.embedded.allowance import Allowance
from case_tools.embedded.bodies import read_object
from case_tools.embedded.exchange import Answer, Head, Respond
from case_tools.embedded.records import Json
from case_tools.embedded.refusals import RefusedError, unknown
from case_tools.embedded.store import Store

_PREFIX = "/caseManagement/api/public/analytics/(?P<stream_id>[^/]+)"
_CREATE_OR_GET = re.compile(_PREFIX + "/(?P<operation>createCase|createTask|getCases|getTasks)")
_UPDATE = re.compile(_PREFIX + "/(?P<operation>update(?:Case|Task))/(?P<target>[^/]+)")
_TOO_MANY = "You've exceeded the per-minute rate limit. Please wait for sometime before retrying."


@dataclass(frozen=True, slots=True)
class KoreDialect:
    """Kore's six endpoints over a store."""

    store: Store
    allowance: Allowance

    def begin(self, head: Head) -> Respond:
        """Route the request and check its token, the allowance and the stream, in this order.

        Raises:
            RefusedError: one of them does not fit.

        """
        operation, stream_id, target = _route(head)
        caller = tokens.subject(self.store, head.headers.get("auth", ""))
        self.allowance.admit(_TOO_MANY)
        if stream_id != self.store.account.stream_id:
            raise RefusedError(400, "Invalid StreamId")

        def respond(raw: bytes) -> Answer:
            call = kore.Call(read_object(raw), target, caller)
            return Answer(200, kore.OPERATIONS[operation](self.store, call))

        return respond

    def problem(self, _head: Head, error: RefusedError) -> Json:
        """Write a refusal as the vendor's own tests show it."""
        return {"errors": [{"msg": error.message, "code": error.status if error.code is None else error.code}]}


def _route(head: Head) -> tuple[str, str, str]:
    """Split a path into the operation, the stream id and the id of the case or task."""
    found = _CREATE_OR_GET.fullmatch(head.path) or _UPDATE.fullmatch(head.path)
    if found is None:
        raise unknown()
    if head.method != "POST":
        raise RefusedError(405, "Method Not Allowed", headers={"allow": "POST"})
    parts = found.groupdict()
    return parts["operation"], parts["stream_id"], parts.get("target", "")
