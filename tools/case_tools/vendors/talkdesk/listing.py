"""Where a list of cases stands in a response."""

from collections.abc import Mapping
from typing import Any

from case_tools.adapter.messages import Json, Operation, Response
from case_tools.adapter.parsing import count_of, mapping_of, unreadable
from case_tools.vendors.talkdesk.responses import id_in, object_of


def cases_of(response: Response, operation: Operation) -> tuple[Json, list[Json]]:
    """Return the payload and the cases in it that can be read."""
    payload = object_of(response, operation)
    return payload, [each for each in listed_in(payload, operation) if isinstance(each, dict) and id_in(each)]


def listed_in(payload: Mapping[str, Any], operation: Operation) -> list[Any]:
    """Return the cases, which stand under `data` or `cases`; none where the desk counts none."""
    embedded = mapping_of(payload.get("_embedded"))
    lists = [embedded[key] for key in ("data", "cases") if isinstance(embedded.get(key), list)]
    if not lists and count_of(payload.get("total")) != 0:
        raise unreadable(operation)
    return next((each for each in lists if each), [])
