"""A write in words, before it is done: the request that was built, and never a text of the desk's.

A customer's words could ask a person to say yes. So of what stands at the desk only what the desk itself names is
shown: statuses, priorities, types and times.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from case_tools.adapter.names import LearnedNames
from case_tools.pipeline.invocation import Built
from case_tools.pipeline.preview import Preview
from case_tools.results import moment
from case_tools.untrusted import CUT, line

_LONGEST: Final = 300
_IDS: Final = ("_id", "id", "aId", "agentId")
_NAMES: Final = ("name", "displayName")
_NOT_CHECKED: Final = "(name not checked)"


def preview_of(built: Built) -> Preview:
    """Return what a write would do, field by field as its request is sent, defaults included."""
    invocation, names = built.invocation, built.resolved.names
    tool, arguments = invocation.tool, invocation.arguments
    address = tool.address.of(arguments) if tool.address else None
    before = tool.shown_before(built.request, built.resolved)
    asked = built.request.meant or {}
    fields: dict[str, tuple[str, str]] = {}
    body = built.request.body or {}
    for argument in sorted(body, key=lambda each: each not in asked):  # defaults of the settings come last
        value = body[argument]
        if tool.address and argument == tool.address.argument:
            continue
        given = getattr(arguments, argument, None)
        if isinstance(given, datetime):  # on the wire it may be a number
            new = moment(given)
        elif argument in tool.kinds and value == {}:
            new = f"removes agent {before[argument]}" if before.get(argument) else "removes the agent"
        elif argument in tool.kinds:
            new = _choices(value, asked.get(argument), tool.kinds[argument], names)
        else:
            new = _words(value)
        fields[tool.dialog.labels.get(argument, argument)] = (before.get(argument, ""), _on_one_line(new))
    if getattr(arguments, "allow_duplicate", False):
        fields[tool.dialog.labels.get("allow_duplicate", "allow_duplicate")] = ("", "yes")
    found = names.find(address.kind, address.name) if address else []
    ref = found[0].name if len(found) == 1 else address.name if address else ""
    creates = invocation.effect == "create"
    return Preview(tool=tool.name, title=tool.title, ref=ref, fields=fields, creates=creates)


def _choices(value: object, asked: object, kind: str, names: LearnedNames) -> str:
    """Return what the desk knows a choice as: its name, and the id where that was asked for."""
    if isinstance(value, list):
        each_asked = asked if isinstance(asked, list) and len(asked) == len(value) else value
        pairs = zip(value, each_asked, strict=True)
        return "; ".join(_choices(one, other, kind, names) for one, other in pairs) or "none"
    if not isinstance(value, Mapping):
        return _words(value)
    own_id = next((str(value[key]) for key in _IDS if value.get(key)), "")
    if not own_id or (isinstance(asked, Mapping) and not any(asked.get(key) for key in _IDS)):
        return _words(value.get("name") or value)
    known = next((each for each in names.find(kind, own_id) if each.id == own_id), None)
    return f"{known.name} (id {own_id})" if known else f"id {own_id} {_NOT_CHECKED}"


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        named: dict[str, Any] = {key.lstrip("_"): each for key, each in value.items() if each is not None}
        if [*named] == ["name"]:
            return _words(named["name"])
        pair = any(named.get(key) for key in _IDS) and any(named.get(key) for key in _NAMES)
        parts = ", ".join(f"{key} {_words(each)}" for key, each in named.items())
        return f"{parts} {_NOT_CHECKED}" if pair else parts
    if isinstance(value, list):
        return "; ".join(map(_words, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _on_one_line(words: str) -> str:
    """Return the words on one line, and how long they are where they are cut."""
    cut = line(words, _LONGEST)
    return f"{cut} ({len(words):,} characters in all)" if cut.endswith(CUT) else cut
