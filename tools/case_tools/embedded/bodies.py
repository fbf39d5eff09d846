"""Strict reading of JSON that strangers send."""

import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn

from case_tools.embedded.records import Json
from case_tools.embedded.refusals import invalid

LARGEST_BODY = 4 * 1024 * 1024

_DEEPEST = 64
_LARGEST_NUMBER = 2**63


def read_object(raw: bytes) -> Json:
    """Read a JSON object.

    Raises:
        RefusedError: it is no JSON object, is nested too deeply, or holds what UTF-8 or a 64 bit number
            cannot say (halves of surrogate pairs, NaN, endless and huge numbers).

    """
    try:
        body = read_json(raw.decode())
    except ValueError:
        raise invalid("The request body is not valid JSON") from None
    if not isinstance(body, dict):
        raise invalid("The request body is not a JSON object")
    if _too_deep(body):
        raise invalid("The request body is nested too deeply")
    return body


def read_json(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Read JSON of any kind.

    Raises:
        ValueError: it is none, or holds what UTF-8 or a 64 bit number cannot say.

    """
    try:
        value: Any = json.loads(text, parse_int=_whole, parse_float=_finite, parse_constant=_refuse)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def storable(value: object) -> str:
    """Take a value that may be of any type if it is a text, in a form that can be stored."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def _whole(digits: str) -> int:
    number = int(digits)
    if abs(number) >= _LARGEST_NUMBER:
        _refuse(digits)
    return number


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        _refuse(digits)
    return number


def _refuse(_literal: str) -> NoReturn:
    raise ValueError("not a JSON number")


def _too_deep(body: Json) -> bool:
    level: list[Any] = [body]
    for _ in range(_DEEPEST):
        level = [child for value in level for child in _children(value)]
        if not level:
            return False
    return True


def _children(value: object) -> Iterable[Any]:
    inside: Iterable[Any] = ()
    if isinstance(value, dict):
        inside = value.values()
    elif isinstance(value, list):
        inside = value
    return [child for child in inside if isinstance(child, dict | list)]
