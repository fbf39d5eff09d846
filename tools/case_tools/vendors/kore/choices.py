"""A status, priority, queue or agent as it is sent: what its name or id stands for, and why it cannot be sent.

Where an id and a name are both given, what the person reads is the name and what the desk goes by is the id. So a
pair that is known to disagree is refused, and of one that was never seen the id alone is sent: the response shows
whose name it is.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from case_tools.adapter.messages import Json, Resolved
from case_tools.adapter.names import LearnedName, fold
from case_tools.adapter.parsing import text_of
from case_tools.adapter.rejections import rejected
from case_tools.errors import Ambiguous, Problem, Rejected
from case_tools.untrusted import line, lines

CHOICE_KINDS: Final[Mapping[str, str]] = {
    "status": "status",
    "priority": "priority",
    "queues": "queue",
    "currAssignee": "agent",
    "participants": "agent",
}
"""Argument -> the kind of name that it holds."""

_IDS: Final = ("_id", "aId", "agentId")
_MOST_NAMED: Final = 12


def sent_choice(kind: str, asked: Json, resolved: Resolved, *, tool: str) -> Json:
    """Return a status, a priority or a queue as the whole object that the desk has shown.

    Whether the desk goes by `_id` or by `name` is not documented, so both are sent where both are known. A
    name that was never seen is sent as it is; a misspelling of a name seen is refused, unless it begins with `=`.
    """
    own_id, name = text_of(asked.get("_id")), text_of(asked.get("name"))
    if own_id:
        known = _by_id(kind, own_id, resolved)
        if known is None:
            return {"_id": own_id}
        _refuse_disagreement(kind, name, known, tool=tool)
        return {**asked, **known.value, "name": known.name}
    if name.startswith("="):
        return {**asked, "name": name.lstrip("= ")}
    known = _by_name(kind, kind, name, resolved, tool=tool)
    if known is not None:
        return {**asked, **known.value, "name": known.name}
    _refuse_misspelling(kind, kind, name, resolved, tool=tool)
    return asked


def sent_agent(argument: str, asked: Json, resolved: Resolved, *, tool: str) -> Json:
    """Return an agent with the ids that the desk has shown of it."""
    name, ids = text_of(asked.get("name")), [key for key in ("aId", "agentId") if text_of(asked.get(key))]
    if not ids:
        if name.startswith("="):
            return {**asked, "name": name.lstrip("= ")}
        known = _by_name("agent", argument, name, resolved, tool=tool) if name else None
        if known is None:
            _refuse_misspelling("agent", argument, name, resolved, tool=tool)
        return {**asked, **known.value} if known else asked
    agents = [_by_id("agent" if key == "aId" else "agent user", asked[key], resolved) for key in ids]
    for known in agents:
        if known is not None:
            _refuse_disagreement(argument, name, known, tool=tool)
            if any(asked[key] != known.value.get(key, asked[key]) for key in ids):
                raise wrong_choice(tool, argument, "has the ids of two agents: give one of them.")
    return asked if name and all(agents) else without_unchecked_name(asked)


def without_unchecked_name(asked: Json, *, name: str = "name") -> Json:
    """Return the object by its id alone where it has one; the name is compared with the response."""
    has_id = any(text_of(asked.get(key)) for key in _IDS)
    return {key: value for key, value in asked.items() if key != name} if has_id else asked


def wrong_choice(tool: str, argument: str, message: str, *, error: type[Rejected] = Rejected) -> Rejected:
    """Return the error for a choice that cannot be sent."""
    return rejected(tool, [Problem(argument=argument, message=message)], error=error)


def near_miss(tool: str, argument: str, name: str, near: Iterable[str]) -> Rejected:
    """Return the error for a name that is probably misspelled."""
    names = ", ".join(map(repr, near))
    return wrong_choice(
        tool,
        argument,
        f"holds {name!r}, which no case has shown; near is {names}. To send it all the same, put = before it.",
    )


def _by_id(kind: str, own_id: str, resolved: Resolved) -> LearnedName | None:
    return next((each for each in resolved.names.find(kind, own_id) if each.id == own_id), None)


def _by_name(kind: str, argument: str, name: str, resolved: Resolved, *, tool: str) -> LearnedName | None:
    found = resolved.names.find(kind, name)
    if not found[1:]:
        return found[0] if found else None
    choices = lines((f"{each.name} ({each.id})" for each in found[:_MOST_NAMED]), 80)
    step = "Give the one's aId." if kind == "agent" else "Give the id."
    raise wrong_choice(tool, argument, f"stands for several: {choices}. {step}", error=Ambiguous)


def _refuse_misspelling(kind: str, argument: str, name: str, resolved: Resolved, *, tool: str) -> None:
    if near := resolved.names.misspelled(kind, name):
        raise near_miss(tool, argument, line(name, 40), [line(each, 40) for each in near])


def _refuse_disagreement(argument: str, name: str, known: LearnedName, *, tool: str) -> None:
    if name and fold(name) != fold(known.name):
        other = line(known.name, 40)
        raise wrong_choice(tool, argument, f"has the id of {other!r} and another name: give one of the two.")
