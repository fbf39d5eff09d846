"""Kore's dialect: its paths, its token header and the body of its refusals."""

import re
from dataclasses import dataclass

from case_tools.embedded.bodies import read_object
from case_tools.embedded.dialect import DeskParts
from case_tools.embedded.http import RequestHead, Respond, WireResponse
from case_tools.embedded.kore import cases, tokens
from case_tools.embedded.records import Json
from case_tools.embedded.refusals import RefusedError, unknown

_PREFIX = "/caseManagement/api/public/analytics/(?P<stream_id>[^/]+)"
_CREATE_OR_GET = re.compile(_PREFIX + "/(?P<operation>createCase|createTask|getCases|getTasks)")
_UPDATE = re.compile(_PREFIX + "/(?P<operation>update(?:Case|Task))/(?P<target>[^/]+)")
_TOO_MANY = "You've exceeded the per-minute rate limit. Please wait for sometime before retrying."


@dataclass(frozen=True, slots=True)
class KoreRoutes:
    """Kore's six endpoints over the cases of one desk."""

    parts: DeskParts

    def begin(self, head: RequestHead) -> Respond:
        """Route the request and check its token, the allowance and the stream, in this order.

        Raises:
            RefusedError: one of them does not fit.

        """
        operation, stream_id, target = _route(head)
        caller = tokens.subject(self.parts.store, head.headers.get("auth", ""))
        self.parts.quota.admit(_TOO_MANY)
        if stream_id != self.parts.store.account.stream_id:
            raise RefusedError(400, "Invalid StreamId")

        def respond(raw: bytes) -> WireResponse:
            call = cases.KoreCall(read_object(raw), target, caller)
            return WireResponse(200, cases.OPERATIONS[operation](self.parts, call))

        return respond

    def problem(self, _head: RequestHead, error: RefusedError) -> Json:
        """Write a refusal as the vendor's own tests show it."""
        return {"errors": [{"msg": error.message, "code": error.status if error.code is None else error.code}]}


def _route(head: RequestHead) -> tuple[str, str, str]:
    """Split a path into the operation, the stream id and the id of the case or task."""
    found = _CREATE_OR_GET.fullmatch(head.path) or _UPDATE.fullmatch(head.path)
    if found is None:
        raise unknown()
    if head.method != "POST":
        raise RefusedError(405, "Method Not Allowed", headers={"allow": "POST"})
    parts = found.groupdict()
    return parts["operation"], parts["stream_id"], parts.get("target", "")
