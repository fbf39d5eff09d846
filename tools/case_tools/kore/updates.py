"""What update_case and update_task do alike: resolve names, send what was given, compare the answer."""

from typing import Any, Final, Literal, TypeVar

from case_tools.actions import Action, Answer, Json, Known, Reading, Request, Scope
from case_tools.errors import Problem, Rejected, UnexpectedAnswer
from case_tools.kore.answers import no_answer, object_of, seen_in, text_of
from case_tools.kore.body import WritableBody, body_of
from case_tools.kore.changes import written
from case_tools.kore.endpoints import id_of, post, wanted_address
from case_tools.names import Wanted
from case_tools.results import Written

M = TypeVar("M", bound=WritableBody)
_CHOICES: Final = ("status", "priority")


def something_given(arguments: M, address: str) -> M:
    """Return the arguments if they change anything."""
    if arguments.model_fields_set <= {address}:
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
    stream_id: str,
) -> Action[WritableBody]:
    """Return the action that sets values of a case or of a task.

    Args:
        name: the tool's name.
        kind: what it changes; the argument that addresses it is `caseId` or `taskId`.
        tail: the end of the endpoint's path.
        description: the tool's description.
        scope: what a caller must be allowed to do.
        arguments: the model of the documented body with the address.
        stream_id: the app's id.
    """
    address = f"{kind}Id"

    def wanted(given: WritableBody) -> list[Wanted]:
        return [*wanted_address(kind, getattr(given, address)), *_wanted_choices(given)]

    def request(given: WritableBody, known: Known) -> Request:
        body = body_of(given, without=frozenset({address}))
        for choice in _CHOICES:
            if choice in body:
                body[choice] = _whole(choice, body[choice], known, tool=name)
        return post(stream_id, tail, body, **{address: id_of(kind, getattr(given, address), known)})

    def reading(_: WritableBody, sent: Request, answer: Answer, known: Known) -> Reading:
        shown = _shown(sent.path[address], answer, tool=name)
        before = known.rows.get(sent.path[address], {})
        return Reading(result=written(sent.body, shown, before, tool=name), seen=seen_in([shown]))

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
    )


def _wanted_choices(given: WritableBody) -> list[Wanted]:
    """Return the status and the priority that are given by name alone."""
    chosen = {kind: getattr(given, kind) for kind in _CHOICES}
    return [
        Wanted(kind=kind, name=each.name) for kind, each in chosen.items() if each and each.name and not each.id
    ]


def _whole(kind: str, given: Json, known: Known, *, tool: str) -> Json:
    """Return a status or a priority as the whole object that the desk has shown.

    Whether the desk goes by `_id` or by `name` is not documented, so both are sent where both are known. A
    name that was never seen is sent as it is; one that nearly matches a name seen is taken for a slip.
    """
    found = known.names.find(kind, text_of(given.get("_id")) or text_of(given.get("name")))
    if len(found) == 1:
        return {**found[0].value, **given, "name": found[0].name}
    if found:
        choices = ", ".join(f"{each.name!r} ({each.id})" for each in found)
        raise _choice(tool, kind, f"stands for several: {choices}. Give the id.")
    if not given.get("_id") and (near := known.names.near(kind, text_of(given.get("name")))):
        names = ", ".join(map(repr, near))
        raise _choice(
            tool, kind, f"is not a name seen at this desk; near is {names}. For another one give its id, too."
        )
    return given


def _choice(tool: str, kind: str, message: str) -> Rejected:
    return Rejected(
        f"{tool} was not sent: one argument needs mending.",
        problems=[Problem(argument=kind, message=message)],
        next_step=f"Mend that and call {tool} again.",
    )


def _shown(own_id: str, answer: Answer, *, tool: str) -> dict[str, Any]:
    shown = object_of(answer, tool=tool, writes=True)
    if not text_of(shown.get("_id")):
        raise no_answer(tool, writes=True)
    if shown["_id"] != own_id:
        raise UnexpectedAnswer(
            f"The desk answered {tool} for another id than the one it was given.",
            changed="unknown",
            next_step="Look at both with search_cases before any further change, and tell the administrator.",
        )
    return shown
