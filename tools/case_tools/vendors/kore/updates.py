"""What update_case and update_task have in common: names to resolve, request, comparison with the response."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final, TypeVar

from typing_extensions import override

from case_tools.adapter.arguments import iso
from case_tools.adapter.changes import FieldRules, changes, is_applied
from case_tools.adapter.messages import Json, Parsed, Request, Resolved, Response
from case_tools.adapter.names import NameRef
from case_tools.adapter.parsing import moment_of, name_of, other_id, text_of, unreadable
from case_tools.adapter.tool import Address, Tool
from case_tools.adapter.write_options import OURS, refuse_if_later
from case_tools.errors import Problem, Rejected
from case_tools.results import Written, moment
from case_tools.settings import KoreSettings
from case_tools.untrusted import line, lines
from case_tools.vendors.kore.assignment import NO_AGENT, whole_assignment
from case_tools.vendors.kore.body import WritableBody, body_of
from case_tools.vendors.kore.choices import CHOICE_KINDS, sent_agent, sent_choice, without_unchecked_name
from case_tools.vendors.kore.dialog import LABELS
from case_tools.vendors.kore.endpoints import id_of, needed_by_address, post
from case_tools.vendors.kore.reconciliation import KoreCommentReconciler
from case_tools.vendors.kore.responses import names_in, object_of, record_of
from case_tools.vendors.kore.searches import lookup_request, readable, results_of

M = TypeVar("M", bound=WritableBody)
_CHOICES: Final = ("status", "priority")
_ROWS: Final = 50
_SLACK: Final = timedelta(seconds=2)
_MOST_NAMED: Final = 12
_LONGEST_NAME: Final = 40
_RULES: Final = FieldRules(
    plain_names=LABELS,
    moments=frozenset({"dueDate", "ETA", "createdAt", "updatedAt", "timestampValue"}),
    choices=frozenset(_CHOICES),
    appended=frozenset({"fields", "resolutionCmts"}),
    named_in_answers=frozenset({"caseTmp"}),
)


def something_given(arguments: M, address: str) -> M:
    """Return the arguments if they change anything."""
    if arguments.model_fields_set <= {address, *OURS}:
        raise ValueError(f"name nothing to change: give at least one field besides {address}.")
    return arguments


class KoreUpdateTool(Tool[WritableBody]):
    """A tool that sets values of a case or of a task.

    Attributes:
        address: the argument that addresses it.
        path_end: the end of the endpoint's path.
        search_path_end: the end of the path of the search that shows it.
    """

    address: Address
    path_end: str
    search_path_end: str
    result = Written
    usual_effect = "set"
    appending = frozenset({"resolutionCmts"})
    kinds = CHOICE_KINDS

    def __init__(self, account: KoreSettings, arguments: type[WritableBody]) -> None:
        self._account = account
        self.arguments = arguments
        super().__init__(reconciler=KoreCommentReconciler(account))

    @override
    def names_needed(self, arguments: WritableBody) -> list[NameRef]:
        own = self.address.of(arguments)
        if arguments.expected_updated_at is not None:
            return [replace(own, afresh=True)]
        return [*needed_by_address(own.kind, own.name), *_choices_needed(arguments)]

    @override
    def build_request(self, arguments: WritableBody, resolved: Resolved) -> Request:
        argument = self.address.argument
        own_id = id_of(self.address.kind, getattr(arguments, argument), resolved)
        asked = body_of(arguments, without=frozenset({argument}))
        body = _sent(whole_assignment(asked, tool=self.name), resolved, tool=self.name)
        request = post(self._account.stream_id, self.path_end, body, **{argument: own_id})
        return replace(request, meant={argument: own_id, **asked})

    @override
    def check(self, arguments: WritableBody, request: Request, resolved: Resolved) -> None:
        if arguments.expected_updated_at is not None:
            shown = moment_of(self._row_before(request, resolved).get("updatedAt"))
            argument = self.address.argument
            refuse_if_later(shown, arguments.expected_updated_at, tool=self.name, address=argument)

    @override
    def shown_before(self, request: Request, resolved: Resolved) -> dict[str, str]:
        record = record_of(self._row_before(request, resolved))
        shown = {"status": record.status, "priority": record.priority, "dueDate": moment(record.due)}
        if (request.body or {}).get("currAssignee") == NO_AGENT:
            shown["currAssignee"] = record.assignee
        return {key: line(value, _LONGEST_NAME) for key, value in shown.items() if value}

    @override
    def parse_response(
        self, _arguments: WritableBody, request: Request, response: Response, resolved: Resolved
    ) -> Parsed:
        try:
            shown = self._shown(request, response)
        except Rejected as refused:
            problems = _unseen_names(request.body or {}, resolved)
            raise Rejected(refused.what, next_step=refused.next_step, problems=problems) from None
        before = self._row_before(request, resolved)
        done = changes(_compared(request), shown, before, rules=_RULES, tool=self.name)
        return Parsed(result=done.result(record_of(shown)), names=names_in([shown]), row=shown)

    @override
    def reread(self, request: Request, parsed: Parsed) -> Request | None:
        """Search by the time of creation, which the response shows; the filter is documented."""
        created = moment_of(parsed.row.get("createdAt"))
        if created is None:
            return None
        period = {"startDate": iso(created - _SLACK), "endDate": iso(created + _SLACK)}
        return lookup_request(self._account.stream_id, self.search_path_end, period, limit=_ROWS)

    @override
    def confirmed(self, request: Request, parsed: Parsed, response: Response, resolved: Resolved) -> Written:
        result = super().confirmed(request, parsed, response, resolved)
        rows = readable(results_of(response, self.operation)[1], account_id=self._account.account_id)
        row = next((row for row in rows if row["_id"] == parsed.row["_id"]), None)
        if row is None or _is_older(row, parsed.row):
            return result
        asked, before = _compared(request), self._row_before(request, resolved)
        if _is_routed(asked, row, before):
            asked = {key: value for key, value in asked.items() if key != "currAssignee"}
        done = changes(asked, row, before, rules=_RULES, tool=self.name)
        shown = Written.of("updated", record_of(row))
        return result.model_copy(
            update={
                "assignee": shown.assignee,
                "queue": shown.queue,
                "due": shown.due,
                "status": shown.status,
                "priority": shown.priority,
                "updated": shown.updated,
                "unconfirmed": [*done.unconfirmed] or None,
            }
        )

    @override
    def is_applied(self, request: Request, resolved: Resolved) -> bool | None:
        row = self._row_before(request, resolved)
        return is_applied(_compared(request), row, rules=_RULES) if row else None

    def _row_before(self, request: Request, resolved: Resolved) -> Json:
        return resolved.rows.get(request.path[self.address.argument], {})

    def _shown(self, request: Request, response: Response) -> Json:
        shown = object_of(response, self.operation)
        if not text_of(shown.get("_id")):
            raise unreadable(self.operation)
        if shown["_id"] != request.path[self.address.argument]:
            raise other_id(self.operation)
        return shown


def _choices_needed(given: WritableBody) -> list[NameRef]:
    """Return the status, the priority and the queues that are given by name alone."""
    chosen = [
        ("status", given.status),
        ("priority", given.priority),
        *(("queue", each) for each in given.queues or ()),
    ]
    return [NameRef(kind=kind, name=each.name) for kind, each in chosen if each and each.name and not each.id]


def _sent(asked: Json, resolved: Resolved, *, tool: str) -> Json:
    """Return the body with what its names and ids stand for."""
    body = dict(asked)
    for choice in _CHOICES:
        if choice in asked:
            body[choice] = sent_choice(choice, asked[choice], resolved, tool=tool)
    if "queues" in asked:
        body["queues"] = [sent_choice("queue", each, resolved, tool=tool) for each in asked["queues"]]
    if asked.get("currAssignee"):
        body["currAssignee"] = sent_agent("currAssignee", asked["currAssignee"], resolved, tool=tool)
    if "participants" in asked:
        agents = asked["participants"]
        body["participants"] = [sent_agent("participants", each, resolved, tool=tool) for each in agents]
    if "fields" in asked:
        body["fields"] = [without_unchecked_name(each, name="displayName") for each in asked["fields"]]
    return body


def _compared(request: Request) -> Json:
    """Return the body with the names that were asked for beside an id, so that both are compared."""
    meant, body = request.meant or {}, request.body or {}
    return {key: _with_names(meant.get(key), value) for key, value in body.items()}


def _is_older(row: Json, answered: Mapping[str, object]) -> bool:
    """Say whether a row was read before the write: a search may lag."""
    shown, answer = moment_of(row.get("updatedAt")), moment_of(answered.get("updatedAt"))
    return shown is not None and answer is not None and shown < answer


def _is_routed(asked: Json, row: Json, before: Json) -> bool:
    """Say whether the agent shown after a move to a queue is another than before: the desk has routed it."""
    agent, earlier = (name_of(each.get("currAssignee")) for each in (row, before))
    return asked.get("currAssignee") == NO_AGENT and bool(agent and earlier) and agent != earlier


def _with_names(asked: object, sent: object) -> object:
    if sent == NO_AGENT:
        return sent
    if isinstance(asked, dict) and isinstance(sent, dict):
        return {**asked, **sent}
    if isinstance(asked, list) and isinstance(sent, list) and len(asked) == len(sent):
        return [_with_names(one, other) for one, other in zip(asked, sent, strict=True)]
    return sent


def _unseen_names(body: Json, resolved: Resolved) -> list[Problem]:
    """Return the names of statuses and priorities that no case has shown, as what may be wrong."""
    return [
        Problem(
            argument=kind,
            message="may be what the desk does not take; seen are "
            f"{lines(resolved.names.all(kind)[:_MOST_NAMED], 40) or 'none'}.",
        )
        for kind in _CHOICES
        if kind in body and not body[kind].get("_id")
    ]
