"""What create_case and create_task have in common: defaults from the settings, and the parsed response."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, TypeVar

from pydantic import Field, create_model
from typing_extensions import override

from case_tools.adapter.arguments import Arguments, Text
from case_tools.adapter.messages import Json, Parsed, Request, Resolved, Response
from case_tools.adapter.parsing import text_of, unreadable
from case_tools.adapter.tool import Tool
from case_tools.results import Written
from case_tools.vendors.kore.endpoints import CaseTemplateId
from case_tools.vendors.kore.reconciliation import KoreCreateReconciler
from case_tools.vendors.kore.responses import names_in, object_of, record_of

A = TypeVar("A", bound=Arguments)
_TYPES: Final[dict[str, Any]] = {"caseTmp": CaseTemplateId, "source": Text}


@cache
def with_defaults(model: type[A], **defaults: str | None) -> type[A]:
    """Return the model in which what the administrator set may be left out."""
    fields: dict[str, Any] = {}
    for name, value in defaults.items():
        if value is not None:
            meaning = f"{model.model_fields[name].description}. Unless given: {value}"
            fields[name] = (_TYPES[name], Field(value, description=meaning))
    return create_model(model.__name__, __base__=model, **fields) if fields else model


class KoreCreateTool(Tool[A]):
    """A tool that creates; the id in the response shows what kind of thing was created.

    Attributes:
        id_prefix: what the id of a new one begins with.
    """

    id_prefix: str
    result = Written
    usual_effect = "create"

    def __init__(
        self, arguments: type[A], defaults: Mapping[str, str | None], reconciler: KoreCreateReconciler
    ) -> None:
        self.arguments = with_defaults(arguments, **defaults)
        self._defaults = defaults
        super().__init__(reconciler=reconciler)

    def without_defaults(self, body: Json) -> Json:
        """Return the body without the values that the settings give where a call leaves them out."""
        return {key: value for key, value in body.items() if value != self._defaults.get(key)}

    @override
    def parse_response(self, _arguments: A, _request: Request, response: Response, _resolved: Resolved) -> Parsed:
        shown = object_of(response, self.operation)
        if not text_of(shown.get("_id")).startswith(self.id_prefix):
            raise unreadable(self.operation)
        return Parsed(result=Written.of("created", record_of(shown)), names=names_in([shown]))
