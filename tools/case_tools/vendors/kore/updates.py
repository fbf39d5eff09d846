"""What update_case and update_task have in common: names to resolve, request, comparison with the response."""

from dataclasses import replace
from typing import Final, TypeVar

from typing_extensions import override

from case_tools.adapter.changes import FieldRules, changes
from case_tools.adapter.messages import Json, Parsed, Request, Resolved, Response
from case_tools.adapter.names import NameRef, fold
from case_tools.adapter.parsing import moment_of, other_id, text_of, unreadable
from case_tools.adapter.tool import Address, Tool
from case_tools.adapter.write_options import OURS, refuse_if_later
from case_tools.errors import Ambiguous, Problem, Rejected
from case_tools.results import Written, moment
from case_tools.settings import KoreSettings
from case_tools.untrusted import line, lines
from case_tools.vendors.kore.body import WritableBody, body_of
from case_tools.vendors.kore.choices import near_miss, wrong_choice
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
        body = _named(asked, resolved, tool=self.name)
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
        body = request.body or {}
        try:
            shown = self._shown(request, response)
        except Rejected as refused:
            problems = _unseen_names(body, resolved)
            raise Rejected(refused.what, next_step=refused.next_step, problems=problems) from None
        done = changes(body, shown, self._row_before(request, resolved), rules=_RULES, tool=self.name)
        return Parsed(result=done.result(record_of(shown)), names=names_in([shown]))

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


def _named(body: Json, resolved: Resolved, *, tool: str) -> Json:
    """Return the body with what names stand for in it."""
    whole: Json = {
        choice: _whole(choice, body[choice], resolved, tool=tool) for choice in _CHOICES if choice in body
    }
    if "queues" in body:
        whole["queues"] = [_whole("queue", each, resolved, tool=tool) for each in body["queues"]]
    if "currAssignee" in body:
        whole["currAssignee"] = _agent(body["currAssignee"], resolved, tool=tool)
    return {**body, **whole}


def _whole(kind: str, given: Json, resolved: Resolved, *, tool: str) -> Json:
    """Return a status or a priority as the whole object that the desk has shown.

    Whether the desk goes by `_id` or by `name` is not documented, so both are sent where both are known. A
    name that was never seen is sent as it is; one that nearly matches a name seen is refused as a misspelling,
    unless it begins with `=`.
    """
    own_id, name = text_of(given.get("_id")), text_of(given.get("name"))
    if not own_id and name.startswith("="):
        return {**given, "name": name.lstrip("= ")}
    found = resolved.names.find(kind, own_id or name)
    if len(found) == 1:
        if name and fold(name) != fold(found[0].name):
            other = line(found[0].name, 40)
            raise wrong_choice(tool, kind, f"has the id of {other!r} and another name: give one of the two.")
        return {**found[0].value, **given, "name": found[0].name}
    if found:
        choices = lines((f"{each.name} ({each.id})" for each in found[:_MOST_NAMED]), 80)
        raise wrong_choice(tool, kind, f"stands for several: {choices}. Give the id.", error=Ambiguous)
    if not own_id and (near := resolved.names.near(kind, name)):
        raise near_miss(tool, kind, line(name, 40), [line(each, 40) for each in near])
    return given


def _agent(given: Json, resolved: Resolved, *, tool: str) -> Json:
    """Return an agent that is given by name with the ids that the desk has shown."""
    name = text_of(given.get("name"))
    if not name or given.get("aId") or given.get("agentId"):
        return given
    found = resolved.names.find("agent", name)
    if len(found) > 1:
        choices = lines((f"{each.name} ({each.id})" for each in found[:_MOST_NAMED]), 80)
        raise wrong_choice(
            tool, "currAssignee", f"stands for several: {choices}. Give the one's aId.", error=Ambiguous
        )
    return {**found[0].value, **given} if found else given


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
