"""What every answer has and no test can foresee."""

import re
from collections.abc import Mapping
from typing import Any, Final

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def undated(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page without the time of the answer, which it must have."""
    assert _TIME.fullmatch(data["as_of"])
    return {key: value for key, value in data.items() if key != "as_of"}


def undated_words(text: str) -> str:
    """Return the words of a page without the time of the answer, which they must hold."""
    assert len(re.findall(f" as of {_TIME.pattern}", text)) == 1
    return re.sub(f" as of {_TIME.pattern}", "", text)
