"""What makes two writes the same: the request that was built, as it is meant and however it was spelled."""

import re
import unicodedata
from dataclasses import replace
from functools import partial
from typing import Final

from case_tools.pipeline.invocation import Built
from case_tools.state import Intent, intent_of

_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")


def intent_of_write(built: Built, *, desk: str) -> Intent:
    """Return the ledger's intent of a create or an append."""
    invocation, request = built.invocation, built.request
    meant = request.meant
    if meant is None:
        meant = {"path": {**request.path}, "query": [*request.query], "body": request.body}
    on_purpose = bool(getattr(invocation.arguments, "allow_duplicate", False))
    intent = partial(
        intent_of,
        caller=invocation.caller,
        desk=desk,
        tool=invocation.tool.name,
        request_key=invocation.request_key,
        on_purpose=on_purpose,
    )
    former = intent(arguments=invocation.arguments.model_dump(mode="json", exclude_none=True))
    today = intent(
        arguments={
            "endpoint": [request.method, request.template],
            "meant": normalized(meant),
            "on_purpose": on_purpose,
        }
    )
    return replace(today, formerly=(former.key, former.digest))


def normalized(value: object) -> object:
    """Return a JSON value in one of its spellings: composed, trimmed, with one kind of line ending.

    An e-mail address is case-folded; a whole number is one however it is written.
    """
    if isinstance(value, str):
        text = unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\r", "\n").strip()
        return text.casefold() if _ADDRESS.fullmatch(text) else text
    if isinstance(value, dict):
        return {str(normalized(key)): normalized(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [normalized(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
