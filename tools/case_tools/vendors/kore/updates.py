"""What update_case and update_task have in common: names to resolve, request, comparison with the response."""

from dataclasses import replace
from typing import Final, TypeVar

from typing_extensions import override

from case_tools.adapter.changes import FieldRules, changes, is_applied
from case_tools.adapter.messages import Json, Parsed, Request, Resolved, Response
from case_tools.adapter.names import NameRef
from case_tools.adapter.parsing import moment_of, other_id, text_of, unreadable
from case_tools.adapter.tool import Address, Tool
from case_tools.adapter.write_options import OURS, refuse_if_later
from case_tools.errors import Problem, Rejected
from case_tools.results import Written, moment
from case_tools.settings import KoreSettings
from case_tools.untrusted import line, lines
from case_tools.vendors.kore.body import WritableBody, body_of
from case_tools.vendors.kore.choices import CHOICE_KINDS, sent_agent, sent_choice, without_unchecked_name
from case_tools.vendors.kore.dialog import LABELS
from case_tools.vendors.kore.endpoints import id_of, needed_by_address, post
from case_tools.vendors.kore.reconciliation import KoreCommentReconciler
from case_tools.vendors.kore.responses import names_in, object_of, record_of

M = TypeVar("M", bound=WritableBody)
_CHOICES: Final = ("status", "priority")
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
    """

    address: Address
    path_end: str
    result = Written
    usual_effect = "set"
    appending = frozenset({"resolutionCmts"})
    kinds = CHOICE_KINDS

    def __init__(self, account: KoreSettings, arguments: type[WritableBody]) -> None:
        self._stream_id = account.stream_id
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
        body = _sent(asked, resolved, tool=self.name)
        request = post(self._stream_id, self.path_end, body, **{argument: own_id})
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
        return Parsed(result=done.result(record_of(shown)), names=names_in([shown]))

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
    if "currAssignee" in asked:
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


def _with_names(asked: object, sent: object) -> object:
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
