"""Where a list of cases stands in an answer."""

from collections.abc import Mapping
from typing import Any

from case_tools.adapter.parsing import count_of, mapping_of, no_answer
from case_tools.adapter.tool import Json, Response
from case_tools.vendors.talkdesk.responses import id_in, object_of


def cases_of(answer: Response) -> tuple[Json, list[Json]]:
    """Return the answer and the cases in it that can be read."""
    payload = object_of(answer, tool="search_cases", writes=False)
    return payload, [each for each in listed_in(payload) if isinstance(each, dict) and id_in(each)]


def listed_in(payload: Mapping[str, Any]) -> list[Any]:
    """Return the cases, which stand under `data` or `cases`; none where the desk counts none."""
    embedded = mapping_of(payload.get("_embedded"))
    lists = [embedded[key] for key in ("data", "cases") if isinstance(embedded.get(key), list)]
    if not lists and count_of(payload.get("total")) != 0:
        raise no_answer("search_cases", writes=False)
    return next((each for each in lists if each), [])
