"""Change one member of a JSON file as people edit it: comments, order, indentation and line ends stay.

Ours: the JSON libraries that keep comments on a round trip are not kept up.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_BLANK: Final = re.compile(r"(?:\s|//[^\n]*|/\*[\s\S]*?\*/)*")
_REST_OF_LINE: Final = re.compile(r"[ \t]*(?://[^\r\n]*|/\*[^\r\n]*?\*/)")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_SCALAR: Final = re.compile(r'[^\s,\[\]{}"/]+')


class NotJsonError(ValueError):
    """The text is no JSON object, comments and trailing commas aside."""


@dataclass(frozen=True, slots=True)
class _Member:
    key: str
    start: int
    value: int
    end: int


@dataclass(frozen=True, slots=True)
class _Object:
    start: int
    members: tuple[_Member, ...]
    end: int


def get_member(text: str, path: Sequence[str]) -> str | None:
    """Return the text of the value at a path of keys; None where there is none.

    Raises:
        NotJsonError: the text cannot be read.
    """
    found = _find(text, path)
    return None if found is None else text[found.value : found.end]


def set_member(text: str, path: Sequence[str], value: object) -> str:
    """Return the text with the value at a path of keys, objects on the way added where they are missing.

    Raises:
        NotJsonError: the text cannot be read, or something else than an object stands on the way.
    """
    if not _BLANK.sub("", text, count=1).strip("\ufeff \t\r\n"):
        text += "{}\n"
    line_end = "\r\n" if "\r\n" in text else "\n"
    owner = _object(text, _skip(text, 1 if text.startswith("\ufeff") else 0))
    for depth, key in enumerate(path):
        member = next((each for each in owner.members if each.key == key), None)
        if member is None:
            for inner in reversed(path[depth + 1 :]):
                value = {inner: value}
            return _inserted(text, owner, key, value, line_end)
        if depth == len(path) - 1:
            if _same(text[member.value : member.end], value):
                return text
            written = _written(value, _indent_at(text, member.start), _step(text), line_end)
            return text[: member.value] + written + text[member.end :]
        owner = _object(text, member.value)
    raise NotJsonError


def remove_member(text: str, path: Sequence[str]) -> str:
    """Return the text without the member at a path of keys.

    Raises:
        NotJsonError: the text cannot be read.
    """
    owner = _find_object(text, path[:-1])
    if owner is None:
        return text
    index = next((i for i, each in enumerate(owner.members) if each.key == path[-1]), None)
    if index is None:
        return text
    member = owner.members[index]
    after = _skip(text, member.end)
    if text[after] == ",":
        if index + 1 < len(owner.members):
            return text[: member.start] + text[owner.members[index + 1].start :]
        end = after + 1
    else:
        end = member.end
    start = text.rindex(",", owner.members[index - 1].end, member.start) if index else owner.start + 1
    if index and text[after] == ",":  # a trailing comma stays behind the member before
        start += 1
    rest = text[end:].lstrip() if not index else text[end:]
    return text[:start] + rest


def _same(written: str, value: object) -> bool:
    try:
        return bool(json.loads(written) == value)
    except ValueError:
        return False


def _find(text: str, path: Sequence[str]) -> _Member | None:
    owner = _find_object(text, path[:-1])
    return next((each for each in owner.members if each.key == path[-1]), None) if owner else None


def _find_object(text: str, path: Sequence[str]) -> _Object | None:
    start = _skip(text, 1 if text.startswith("\ufeff") else 0)
    if start == len(text):
        return None
    owner = _object(text, start)
    for key in path:
        member = next((each for each in owner.members if each.key == key), None)
        if member is None:
            return None
        owner = _object(text, member.value)
    return owner


def _inserted(text: str, owner: _Object, key: str, value: object, line_end: str) -> str:
    step = _step(text)
    if owner.members:
        last = owner.members[-1]
        indent = _indent_at(text, last.start)
        after = _skip(text, last.end)
        comma = text[after] == ","
        at = after + 1 if comma else last.end
        comment = _REST_OF_LINE.match(text, at)
        end = comment.end() if comment else at
        written = f"{indent}{json.dumps(key)}: {_written(value, indent, step, line_end)}"
        return f"{text[:at]}{'' if comma else ','}{text[at:end]}{line_end}{written}{text[end:]}"
    outer = _indent_at(text, owner.start)
    indent = outer + step
    written = f"{indent}{json.dumps(key)}: {_written(value, indent, step, line_end)}"
    inside = text[owner.start + 1 : owner.end].rstrip()
    return f"{text[: owner.start + 1]}{inside}{line_end}{written}{line_end}{outer}{text[owner.end :]}"


def _written(value: object, indent: str, step: str, line_end: str) -> str:
    lines = json.dumps(value, indent=step, ensure_ascii=False).split("\n")
    return f"{line_end}{indent}".join(lines)


def _indent_at(text: str, position: int) -> str:
    line = text[text.rfind("\n", 0, position) + 1 : position].lstrip("\ufeff")
    return line[: len(line) - len(line.lstrip())]


def _step(text: str) -> str:
    """Return the indentation of one level, as the file has it."""
    match = re.search(r"\{[^\S\n]*\r?\n([ \t]+)\"", text)
    return match[1] if match else "  "


def _skip(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position


def _object(text: str, start: int) -> _Object:
    if not text.startswith("{", start):
        raise NotJsonError
    members, position = [], _skip(text, start + 1)
    while not text.startswith("}", position):
        key = _STRING.match(text, position)
        if key is None:
            raise NotJsonError
        colon = _skip(text, key.end())
        if not text.startswith(":", colon):
            raise NotJsonError
        value = _skip(text, colon + 1)
        end = _end_of(text, value)
        members.append(_Member(json.loads(key[0]), position, value, end))
        position = _after_comma(text, end, "}")
    return _Object(start, tuple(members), position)


def _end_of(text: str, start: int) -> int:
    """Return where the value that begins here ends."""
    if text.startswith("{", start):
        return _object(text, start).end + 1
    if text.startswith("[", start):
        position = _skip(text, start + 1)
        while not text.startswith("]", position):
            position = _after_comma(text, _end_of(text, position), "]")
        return position + 1
    match = _STRING.match(text, start) or _SCALAR.match(text, start)
    if match is None:
        raise NotJsonError
    return match.end()


def _after_comma(text: str, end: int, close: str) -> int:
    position = _skip(text, end)
    if text.startswith(",", position):
        return _skip(text, position + 1)
    if not text.startswith(close, position):
        raise NotJsonError
    return position
