"""What create_case and create_task do alike: defaults from the settings, and the reading of the answer."""

from functools import cache
from typing import Any, Final, TypeVar

from pydantic import Field, create_model

from case_tools.adapter.arguments import Arguments, Text
from case_tools.adapter.parsing import no_answer, text_of
from case_tools.adapter.tool import Parsed, Response
from case_tools.results import Written
from case_tools.vendors.kore.endpoints import CaseTemplateId
from case_tools.vendors.kore.responses import object_of, record_of, seen_in

M = TypeVar("M", bound=Arguments)
_TYPES: Final[dict[str, Any]] = {"caseTmp": CaseTemplateId, "source": Text}


@cache
def with_defaults(model: type[M], **defaults: str | None) -> type[M]:
    """Return the model in which what the administrator set may be left out."""
    fields: dict[str, Any] = {}
    for name, value in defaults.items():
        if value is not None:
            meaning = f"{model.model_fields[name].description}. Unless given: {value}"
            fields[name] = (_TYPES[name], Field(value, description=meaning))
    return create_model(model.__name__, __base__=model, **fields) if fields else model


def reading(answer: Response, *, tool: str, prefix: str) -> Parsed:
    """Return what the desk's answer to a create says; its id must be of the kind that was created."""
    shown = object_of(answer, tool=tool, writes=True)
    if not text_of(shown.get("_id")).startswith(prefix):
        raise no_answer(tool, writes=True)
    return Parsed(result=Written.of("created", record_of(shown)), seen=seen_in([shown]))
