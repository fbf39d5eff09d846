"""Custom fields: an object of values on an update, shown as an object or as JSON in a text."""

import json
from collections.abc import Mapping

from case_tools.adapter.changes import same_scalar


def compare(asked: object, shown: object) -> bool | None:
    """Tell whether every field asked for is shown with its value or its label; None where that is unclear."""
    fields = _read(shown)
    if not isinstance(asked, Mapping) or not isinstance(fields, Mapping):
        return None
    verdicts = [_same(value, fields.get(key)) for key, value in asked.items()]
    return False if False in verdicts else None if None in verdicts else True


def _read(shown: object) -> object:
    if not isinstance(shown, str):
        return shown
    try:
        return json.loads(shown)
    except (ValueError, RecursionError):
        return None


def _same(asked: object, shown: object) -> bool | None:
    ours, theirs = _said(asked), _said(shown)
    if not ours or not theirs:
        return None
    if any(same_scalar(one, other) for one in ours for other in theirs):
        return True
    both_plain = not isinstance(shown, Mapping) or set(shown) & {"value", "label"}
    return False if both_plain else None


def _said(field: object) -> list[object]:
    """Return what a field says: its value and its label, a list as one text in its order and sorted."""
    parts = [field.get("value"), field.get("label")] if isinstance(field, Mapping) else [field]
    said: list[object] = []
    for part in parts:
        if isinstance(part, list):
            said += [",".join(map(str, part)), ",".join(sorted(map(str, part)))]
        elif part is not None and not isinstance(part, Mapping):
            said.append(part)
    return said
