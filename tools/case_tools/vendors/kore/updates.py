"""What update_case and update_task do alike: resolve names, send what was given, compare the answer."""

from typing import Any, Final, Literal, TypeVar

from case_tools.adapter.changes import Fields, changes
from case_tools.adapter.names import NameRef, fold
from case_tools.adapter.parsing import moment_of, no_answer, other_id, text_of
from case_tools.adapter.tool import Action, Address, Json, Parsed, Request, Resolved, Response, Scope
from case_tools.adapter.write_options import OURS, refuse_if_later
from case_tools.errors import Ambiguous, Problem, Rejected
from case_tools.results import Written, moment
from case_tools.settings import KoreSettings
from case_tools.text import line, lines
from case_tools.vendors.kore.body import WritableBody, body_of
from case_tools.vendors.kore.choices import near_miss, wrong_choice
from case_tools.vendors.kore.dialog import LABELS, of_updates
from case_tools.vendors.kore.endpoints import id_of, post, wanted_address
from case_tools.vendors.kore.reconciliation import of_comments
from case_tools.vendors.kore.responses import object_of, record_of, seen_in

M = TypeVar("M", bound=WritableBody)
_CHOICES: Final = ("status", "priority")
_MOST_NAMED: Final = 12
_LONGEST_NAME: Final = 40
_FIELDS: Final = Fields(
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


def action(
    *,
    name: Literal["update_case", "update_task"],
    kind: Literal["case", "task"],
    tail: str,
    description: str,
    scope: Scope,
    arguments: type[WritableBody],
    account: KoreSettings,
) -> Action[WritableBody]:
    """Return the action that sets values of a case or of a task.

    Args:
        name: the tool's name.
        kind: what it changes; the argument that addresses it is `caseId` or `taskId`.
        tail: the end of the endpoint's path.
        description: the tool's description.
        scope: what a caller must be allowed to do.
        arguments: the model of the documented body with the address.
        account: the account.
    """
    address = f"{kind}Id"

    def wanted(given: WritableBody) -> list[NameRef]:
        own = getattr(given, address)
        if given.expected_updated_at is not None:
            return [NameRef(kind=kind, name=own, afresh=True)]
        return [*wanted_address(kind, own), *_wanted_choices(given)]

    def request(given: WritableBody, known: Resolved) -> Request:
        own_id = id_of(kind, getattr(given, address), known)
        if given.expected_updated_at is not None:
            shown = moment_of(known.rows.get(own_id, {}).get("updatedAt"))
            refuse_if_later(shown, given.expected_updated_at, tool=name, address=address)
        body = body_of(given, without=frozenset({address}))
        return post(account.stream_id, tail, _named(body, known, tool=name), **{address: own_id})

    def reading(_: WritableBody, sent: Request, answer: Response, known: Resolved) -> Parsed:
        try:
            shown = _shown(sent.path[address], answer, tool=name)
        except Rejected as refused:
            problems = _unseen_names(sent.body or {}, known)
            raise Rejected(refused.what, next_step=refused.next_step, problems=problems) from None
        before = known.rows.get(sent.path[address], {})
        done = changes(sent.body or {}, shown, before, fields=_FIELDS, tool=name)
        return Parsed(result=done.result(record_of(shown)), seen=seen_in([shown]))

    def before(sent: Request, known: Resolved) -> dict[str, str]:
        record = record_of(known.rows.get(sent.path[address], {}))
        shown = {"status": record.status, "priority": record.priority, "dueDate": moment(record.due)}
        return {key: line(value, _LONGEST_NAME) for key, value in shown.items() if value}

    return Action(
        name=name,
        title=f"Update a {kind}",
        description=description,
        scope=scope,
        effect="set",
        arguments=arguments,
        result=Written,
        wanted=wanted,
        request=request,
        reading=reading,
        appends=lambda given: given.resolutionCmts is not None,
        retrace=of_comments(account),
        address=Address(argument=address, kind=kind),
        before=before,
        speech=of_updates(kind),
    )


def _wanted_choices(given: WritableBody) -> list[NameRef]:
    """Return the status, the priority and the queues that are given by name alone."""
    chosen = [
        ("status", given.status),
        ("priority", given.priority),
        *(("queue", each) for each in given.queues or ()),
    ]
    return [NameRef(kind=kind, name=each.name) for kind, each in chosen if each and each.name and not each.id]


def _named(body: Json, known: Resolved, *, tool: str) -> Json:
    """Return the body with what names stand for in it."""
    whole: Json = {choice: _whole(choice, body[choice], known, tool=tool) for choice in _CHOICES if choice in body}
    if "queues" in body:
        whole["queues"] = [_whole("queue", each, known, tool=tool) for each in body["queues"]]
    if "currAssignee" in body:
        whole["currAssignee"] = _agent(body["currAssignee"], known, tool=tool)
    return {**body, **whole}


def _whole(kind: str, given: Json, known: Resolved, *, tool: str) -> Json:
    """Return a status or a priority as the whole object that the desk has shown.

    Whether the desk goes by `_id` or by `name` is not documented, so both are sent where both are known. A
    name that was never seen is sent as it is; one that nearly matches a name seen is taken for a slip, unless
    it begins with `=`.
    """
    own_id, name = text_of(given.get("_id")), text_of(given.get("name"))
    if not own_id and name.startswith("="):
        return {**given, "name": name.lstrip("= ")}
    found = known.names.find(kind, own_id or name)
    if len(found) == 1:
        if name and fold(name) != fold(found[0].name):
            other = line(found[0].name, 40)
            raise wrong_choice(tool, kind, f"has the id of {other!r} and another name: give one of the two.")
        return {**found[0].value, **given, "name": found[0].name}
    if found:
        choices = lines((f"{each.name} ({each.id})" for each in found[:_MOST_NAMED]), 80)
        raise wrong_choice(tool, kind, f"stands for several: {choices}. Give the id.", error=Ambiguous)
    if not own_id and (near := known.names.near(kind, name)):
        raise near_miss(tool, kind, line(name, 40), [line(each, 40) for each in near])
    return given


def _agent(given: Json, known: Resolved, *, tool: str) -> Json:
    """Return an agent that is given by name with the ids that the desk has shown."""
    name = text_of(given.get("name"))
    if not name or given.get("aId") or given.get("agentId"):
        return given
    found = known.names.find("agent", name)
    if len(found) > 1:
        choices = lines((f"{each.name} ({each.id})" for each in found[:_MOST_NAMED]), 80)
        raise wrong_choice(
            tool, "currAssignee", f"stands for several: {choices}. Give the one's aId.", error=Ambiguous
        )
    return {**found[0].value, **given} if found else given


def _unseen_names(body: Json, known: Resolved) -> list[Problem]:
    """Return the names of statuses and priorities that no case has shown, as what may be wrong."""
    return [
        Problem(
            argument=kind,
            message="may be what the desk does not take; seen are "
            f"{lines(known.names.all(kind)[:_MOST_NAMED], 40) or 'none'}.",
        )
        for kind in _CHOICES
        if kind in body and not body[kind].get("_id")
    ]


def _shown(own_id: str, answer: Response, *, tool: str) -> dict[str, Any]:
    shown = object_of(answer, tool=tool, writes=True)
    if not text_of(shown.get("_id")):
        raise no_answer(tool, writes=True)
    if shown["_id"] != own_id:
        raise other_id(tool)
    return shown
