"""The case endpoints, and the encoding of a query."""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator

from case_tools.adapter.arguments import Text

CASES: Final = "/cm/core/va/cases"
CASE: Final = "/cm/core/va/cases/{id}"
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def as_id(given: object) -> object:
    """Take a number for an id; the pages call ids numeric and type them as texts."""
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


def _case_id(given: str) -> str:
    own = given.removeprefix("#").strip()
    if not _ID.fullmatch(own):
        raise ValueError("must be a case's id, e.g. 20808, as search_cases shows it.")
    return own


def canonical_id(own: str) -> str:
    """Return an id in the one form in which ids are compared: without zeros before a number.

    The pages call ids numeric and type them as texts, so a desk may show `00123` as `123`.
    """
    return own.lstrip("0") or own


CaseId = Annotated[Text, BeforeValidator(as_id), AfterValidator(_case_id)]


def query_of(filters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the query; a guess: the page's sample writes lists as JSON arrays, its prose says commas."""
    return [(name, _encoded(value)) for name, value in filters.items()]


def _encoded(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
